"""A family in, verdicts out: all arms beside one baseline by one metric, with the error of the whole family held.

The one rule, for accuracies, losses, seconds and times alike:

- **better, worse**: exact permutation tests within seeds, step-down max-T over all arms (`max_t`); times and seconds by
  their signed ranks. Arms whose seeds cannot be paired are tested apart (`two_sample_test`), and the parts share alpha.
- **runs that never learned** are no low values: where a family has any, each arm is tested in two respects, both in the
  same max-T family. How often it learned: rᵢ = learned(arm) - learned(baseline), -1, 0 or 1. And how well: dᵢ over the
  seeds where both learned.
- **equal within the margin**: two one-sided exact tests at alpha/2 each, and as many runs learned in both arms.
- **too few**: no values of so few seeds could have decided. Else undecided.

What is tested is exchangeability: that within a seed the two runs could as well have come the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.comparison import (
    AnyComparison,
    Comparison,
    RatioComparison,
    compare_paired,
    compare_ratios,
    compare_times,
    compare_unpaired,
    paired_differences,
    signed_ranks,
)
from actbench.statistics.intervals import Interval, share_interval
from actbench.statistics.pairing import Arm, Pairing, pair
from actbench.statistics.permutation import (
    equivalence_p,
    least_apart,
    least_pairs,
    max_t,
    smallest_apart_p,
    smallest_sign_flip_p,
    two_sample_test,
)
from actbench.statistics.planning import SeedRange, sooner
from actbench.statistics.samples import not_negative, probability, ranks
from actbench.statistics.summary import interquartile_mean, probability_of_improvement
from actbench.statistics.verdict import Standing, Verdict, joint_standing

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Measure(StrEnum):
    """What values are, and so how they are compared."""

    MEAN = "mean"
    """Finite: differences of means."""
    RATIO = "ratio"
    """Above zero, of pairs that were measured together: ratios, by signed ranks. Always paired."""
    TIME = "time"
    """Not negative, a miss is inf: by signed ranks."""


class Respect(StrEnum):
    """In what respect two arms can differ."""

    VALUES = "values"
    """In the values of the runs that learned."""
    RELIABILITY = "reliability"
    """In how many learned."""


@dataclass(frozen=True, slots=True)
class Learned:
    """How many of an arm's runs learned, with the exact interval of the share."""

    k: int
    n: int
    interval: Interval


@dataclass(frozen=True, slots=True)
class Judged:
    """One arm beside the baseline.

    Attributes:
        pairing: how the seeds were laid side by side.
        comparison: of the values where both learned; None where there is no such seed.
        over_all: mean(arm) - mean(baseline) with the runs that did not learn; None where all did, or a value is not
            finite, and for times and ratios.
        improvement: the chance that a run of the arm beats one of the baseline, all runs counted; None where no run
            has a value.
        iqm_difference: difference of the interquartile means, all runs counted; None where ``over_all`` could not be.
        learned: how many of all its runs did.
        learned_baseline: how many of the baseline's.
        verdict: what can be said.
    """

    pairing: Pairing
    comparison: AnyComparison | None
    over_all: float | None
    improvement: float | None
    iqm_difference: float | None
    learned: Learned
    learned_baseline: Learned
    verdict: Verdict


def judge_family(
    baseline: Arm,
    arms: Sequence[Arm],
    *,
    measure: Measure = Measure.MEAN,
    margin: float,
    higher_is_better: bool,
    always_paired: bool = False,
    alpha: float = 0.05,
    power: float = 0.8,
    seed: int = 0,
) -> list[Judged]:
    """One verdict for each arm of a family: all the comparisons of one metric with one baseline.

    Arms are paired with the baseline over the seeds that both have, if these are at least half of either's; see
    `shared_seeds`. What cannot be paired is tested by itself, so that the family has u parts: the paired arms together,
    and each of the others; p-values are multiplied by u. Parts, and arms, with too few seeds for any p-value to reach
    alpha leave the family: u is the least k for which no more than k parts can reach alpha/k (Tarone 1990), and which
    these are follows from the numbers of seeds alone. Unpaired, too, it takes as many seeds of either arm as a test of
    pairs would (6 at 5 %). So an arm of three seeds takes nothing from one of eight.

    Args:
        baseline: with at least one seed.
        arms: in any order, each with at least one seed.
        measure: what the values are.
        margin: smallest difference worth caring about, >= 0: in the unit of the values for `Measure.MEAN`, else
            relative (0.05 for 5 %).
        higher_is_better: True for accuracy; False for losses and all times.
        always_paired: never compare over different seeds, as with clocks, which only pairs make comparable. The arm
            then has to share a seed with the baseline. `Measure.RATIO` is always paired.
        alpha: family-wise error allowed: the chance that, of arms that can be exchanged with the baseline, any is
            called better or worse.
        power: of the planning, between alpha and 1.
        seed: of the random patterns, beyond 20 seeds.

    Returns:
        One for each arm, in the same order.

    Raises:
        ValueError: a margin that is negative or nan, alpha outside (0, 1), power outside (alpha, 1), an arm without
            seeds, a value that the measure does not have.
    """
    probability(alpha, "alpha")
    not_negative(margin, "the smallest difference worth caring about")
    some_failed = bool(baseline.failed or any(arm.failed for arm in arms))
    always = always_paired or measure is Measure.RATIO
    contests = [_Contest.of(arm, baseline, measure, always_paired=always, some_failed=some_failed) for arm in arms]
    parts = _test(contests, alpha, seed)
    return [
        contest.judged(margin, higher_is_better=higher_is_better, alpha=alpha, parts=parts, arms=len(arms), power=power)
        for contest in contests
    ]


def _test(contests: Sequence[_Contest], alpha: float, seed: int) -> int:
    """Give each contest the adjusted p-values of the respects in which so many seeds could decide.

    Returns:
        The number of parts that share alpha.
    """
    paired = [contest for contest in contests if contest.pairing.paired]
    apart = [contest for contest in contests if not contest.pairing.paired]
    smallest = [contest.smallest_p(alpha) for contest in apart]
    smallest += [min(contest.smallest_p(alpha) for contest in paired)] if paired else []
    # Tarone's k; with none of the parts able to decide it is 1.
    parts = next(k for k in range(1, len(smallest) + 2) if sum(p <= alpha / k for p in smallest) <= k)
    columns = [
        (contest, respect, column)
        for contest in paired
        for respect, column in contest.differences().items()
        if smallest_sign_flip_p(len(column)) <= alpha / parts
    ]
    if columns:
        seeds = sorted({one for _, _, column in columns for one in column})
        table = np.array([[column.get(one, np.nan) for _, _, column in columns] for one in seeds])
        for (contest, respect, _), p in zip(columns, max_t(table, seed=seed).tolist(), strict=True):
            contest.p_values[respect] = min(1.0, parts * p)
    for contest in apart:
        samples = contest.samples()
        tests = parts * len(samples)
        for respect, (first, second) in samples.items():
            if smallest_apart_p(first.size, second.size, alpha) <= alpha / tests:
                contest.p_values[respect] = min(1.0, tests * two_sample_test(first, second, seed=seed))
    return parts


@dataclass(frozen=True, slots=True)
class _Contest:
    """An arm and the baseline on their way to a verdict."""

    arm: Arm
    baseline: Arm
    measure: Measure
    some_failed: bool
    pairing: Pairing
    seeds: tuple[list[int], list[int]]
    """Seeds of the arm and of the baseline whose values are compared: where both learned, if paired."""
    p_values: dict[Respect, float] = field(default_factory=dict)

    @classmethod
    def of(cls, arm: Arm, baseline: Arm, measure: Measure, *, always_paired: bool, some_failed: bool) -> _Contest:
        pairing = pair(arm, baseline, always=always_paired)
        both = baseline.learned(arm.learned(pairing.shared))
        seeds = (both, both) if pairing.paired else (arm.learned(arm.seeds), baseline.learned(baseline.seeds))
        return cls(arm, baseline, measure, some_failed, pairing, seeds)

    def smallest_p(self, alpha: float) -> float:
        """The smallest p-value that so many seeds can give."""
        if self.pairing.paired:
            return smallest_sign_flip_p(len(self.pairing.shared))
        return smallest_apart_p(self.pairing.n, self.pairing.n_baseline, alpha)

    @property
    def values(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What is compared; number i of the one belongs with number i of the other, if paired."""
        return self.arm.picked(self.seeds[0]), self.baseline.picked(self.seeds[1])

    def differences(self) -> dict[Respect, dict[int, float]]:
        """By respect the paired differences by seed, or their signed ranks: what `max_t` tests."""
        columns: dict[Respect, dict[int, float]] = {}
        first, second = self.values
        if first.size:
            step = paired_differences if self.measure is Measure.MEAN else signed_ranks
            if self.measure is Measure.RATIO:
                first, second = np.log(first), np.log(second)
            columns[Respect.VALUES] = dict(zip(self.seeds[0], step(first, second).tolist(), strict=True))
        if self.some_failed:
            shared = self.pairing.shared
            lead = self.arm.flags(shared) - self.baseline.flags(shared)
            columns[Respect.RELIABILITY] = dict(zip(shared, lead.tolist(), strict=True))
        return columns

    def samples(self) -> dict[Respect, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """By respect the two samples that an unpaired test compares."""
        found = {}
        first, second = self.values
        if first.size and second.size:
            if self.measure is Measure.TIME:
                # Misses share the last ranks.
                together = ranks(np.concatenate([first, second]))
                first, second = together[: first.size], together[first.size :]
            found[Respect.VALUES] = first, second
        if self.some_failed:
            found[Respect.RELIABILITY] = self.arm.flags(self.arm.seeds), self.baseline.flags(self.baseline.seeds)
        return found

    def judged(
        self, margin: float, *, higher_is_better: bool, alpha: float, parts: int, arms: int, power: float
    ) -> Judged:
        """The verdict, with the figures beside it."""
        found = self._compared()
        learned, learned_baseline = (
            _share(len(one.seeds) - len(one.failed), len(one.seeds), alpha) for one in (self.arm, self.baseline)
        )
        lead = self._lead()
        negligible = found is not None and self._is_negligible(found, margin, alpha)
        reliability = self._standing(Respect.RELIABILITY, alpha, better=lead > 0) if self.some_failed else None
        values = self._standing(
            Respect.VALUES, alpha, better=found is not None and (found.direction > 0) == higher_is_better
        )
        alike = lead == 0
        if negligible and alike and values.is_open:
            values = Standing.EQUIVALENT
        standing = joint_standing(values, reliability)
        seeds = None
        if standing.is_open:
            seeds = self._seeds_that_would_tell(found, lead, margin, alpha=alpha, arms=arms, power=power)
        verdict = Verdict(
            standing,
            values,
            reliability,
            self.p_values.get(Respect.VALUES),
            self.p_values.get(Respect.RELIABILITY),
            margin,
            negligible,
            alike,
            self._n,
            self._n_learned,
            self._least(alpha, parts),
            seeds,
            1 - self._arrived(learned, alpha).interval.low,
        )
        return Judged(
            self.pairing, found, *self._over_all(higher_is_better=higher_is_better), learned, learned_baseline, verdict
        )

    def _least(self, alpha: float, parts: int) -> int:
        """With how many seeds a test could decide: pairs, or seeds of either arm."""
        if self.pairing.paired:
            return least_pairs(alpha / parts)
        return least_apart(alpha / (parts * len(self.samples()) or 1), fewest=least_pairs(alpha))

    def _arrived(self, learned: Learned, alpha: float) -> Learned:
        """How many of the arm's runs got to where "equal" is about: to the threshold, or to having learned."""
        if self.measure is not Measure.TIME:
            return learned
        times = self.arm.picked(self.arm.valued)
        return _share(int(np.isfinite(times).sum()), times.size, alpha)

    def _seeds_that_would_tell(
        self, found: AnyComparison | None, lead: float, margin: float, *, alpha: float, arms: int, power: float
    ) -> SeedRange | None:
        """How many seeds would tell in one respect or the other, whichever takes fewer; None with nothing to plan by.

        The values take so many seeds where both learn. Where one arm learned more often than the other they can only be
        shown to differ, and how often can be, too.
        """
        plans = []
        if found is not None:
            plan = found.seeds_that_would_tell(0.0 if lead else margin, alpha=alpha, arms=arms, power=power)
            plans.append(plan and plan.where(self._n_learned / self._n))
        if lead:
            often = (compare_paired if self.pairing.paired else compare_unpaired)(*self._flags)
            plans.append(often.seeds_that_would_tell(0.0, alpha=alpha, arms=arms, power=power))
        return sooner(plan for plan in plans if plan is not None)

    @property
    def _n(self) -> int:
        """Pairs of seeds, or seeds of the arm with the fewer."""
        return len(self.pairing.shared) if self.pairing.paired else min(self.pairing.n, self.pairing.n_baseline)

    @property
    def _n_learned(self) -> int:
        """Those of them whose values are compared."""
        return min(map(len, self.seeds))

    def _compared(self) -> AnyComparison | None:
        first, second = self.values
        if not first.size or not second.size:
            return None
        if self.measure is Measure.RATIO:
            return compare_ratios(first, second)
        if self.measure is Measure.TIME:
            return compare_times(first, second, paired=self.pairing.paired)
        return compare_paired(first, second) if self.pairing.paired else compare_unpaired(first, second)

    def _standing(self, respect: Respect, alpha: float, *, better: bool) -> Standing:
        if respect not in self.p_values:
            return Standing.TOO_FEW
        if self.p_values[respect] > alpha:
            return Standing.UNDECIDED
        return Standing.BETTER if better else Standing.WORSE

    @property
    def _flags(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of the arm and the baseline which runs learned, over the pairs if there are any."""
        shared = self.pairing.shared
        first, second = (shared, shared) if self.pairing.paired else (self.arm.seeds, self.baseline.seeds)
        return self.arm.flags(first), self.baseline.flags(second)

    def _lead(self) -> float:
        """How much larger a share of the arm's runs learned than of the baseline's."""
        first, second = self._flags
        return float(first.mean() - second.mean())

    def _is_negligible(self, found: AnyComparison, margin: float, alpha: float) -> bool:
        """Whether two one-sided tests at alpha/2 each show the values to lie within the margin."""
        if isinstance(found, RatioComparison):
            arm, baseline = map(np.log, self.values)
            return equivalence_p(arm - baseline, math.log1p(margin), by_ranks=True) <= alpha / 2
        if isinstance(found, Comparison) and found.paired:
            return equivalence_p(paired_differences(*self.values), margin) <= alpha / 2
        # Other figures come with intervals that begin at six pairs. Welch's does not, and is held to the same.
        return min(found.n, found.n_baseline) >= least_pairs(alpha) and found.lies_within(margin)

    def _over_all(self, *, higher_is_better: bool) -> tuple[float | None, float | None, float | None]:
        """Difference of the means (where some failed), improvement, and difference of the interquartile means."""
        own, others = self.arm.seeds, self.baseline.seeds
        if self.pairing.paired:
            own = others = frozenset(self.pairing.shared)
        first, second = (
            one.picked(sorted(seed for seed in seeds if seed in one.values))
            for one, seeds in ((self.arm, own), (self.baseline, others))
        )
        if not first.size or not second.size:
            return None, None, None
        improvement = probability_of_improvement(first, second, higher_is_better=higher_is_better)
        if self.measure is not Measure.MEAN or not np.isfinite([*first, *second]).all():
            return None, improvement, None
        difference = float(first.mean() - second.mean()) if self.some_failed else None
        return difference, improvement, interquartile_mean(first) - interquartile_mean(second)


def _share(k: int, n: int, alpha: float) -> Learned:
    return Learned(k, n, share_interval(k, n, level=1 - alpha))
