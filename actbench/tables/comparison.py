"""Every arm of a task against its baseline: from the frame to arrays, through the statistics, to rows."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from actbench import statistics
from actbench.errors import UserError
from actbench.statistics import Comparison, Summary, TimeComparison, TimeSummary, Verdict
from actbench.tables.metrics import ACCURACY_MARGIN, RELATIVE_MARGIN, Metric, values_by_arm
from actbench.tables.select import matching

if TYPE_CHECKING:
    from actbench.tables.sequential import Looks
    from actbench.tables.tasks import Task

ALPHA = 0.05
POWER = 0.8
DEFAULT_BASELINE = "relu"
FEWEST_PAIRS = 2


class UnpairedTest(StrEnum):
    """What compares two arms whose seeds cannot be paired."""

    WELCH = auto()
    RANK_SUM = auto()


@dataclass(frozen=True)
class Pairing:
    """How the seeds of an arm and of the baseline were laid side by side.

    Attributes:
        n: seeds of the arm.
        n_baseline: seeds of the baseline.
        shared: seeds that both have.
        missing: those of the baseline that the arm lacks.
        missing_in_baseline: those of the arm that the baseline lacks.
        unpaired_test: what was done instead where too few are shared; None where the shared ones were paired.
    """

    n: int
    n_baseline: int
    shared: int
    missing: tuple[int, ...]
    missing_in_baseline: tuple[int, ...]
    unpaired_test: UnpairedTest | None

    @property
    def paired(self) -> bool:
        """Whether the seeds that both have were paired."""
        return self.unpaired_test is None


@dataclass(frozen=True)
class Row:
    """One arm beside the baseline.

    Attributes:
        arm: its name.
        summary: of all the arm's own runs.
        comparison: with the baseline, as ``pairing`` says.
        verdict: after Holm's correction over all the arms.
        could_show: the smallest difference that so many seeds would have shown with a probability of 80 %, going by
            their spread; infinite where they are too few for any, None where there is no such number (times).
        pairing: how the seeds were laid side by side.
    """

    arm: str
    summary: Summary | TimeSummary
    comparison: Comparison | TimeComparison
    verdict: Verdict
    could_show: float | None
    pairing: Pairing


@dataclass(frozen=True)
class MetricComparison:
    """All arms of a task against its baseline by one metric: one family of tests.

    Attributes:
        metric: what is compared.
        baseline: the arm that the others are compared with, and why it is that one, if nobody chose it.
        baseline_summary: of the baseline's runs.
        rows: the others, in the order of the table.
        margin: the smallest difference worth caring about, in the unit of the metric; relative where ``by_rank``.
        relative_margin: the share of the baseline's mean that it is; None for accuracies, whose margin is absolute.
        by_rank: whether ranks were compared, since a run missed the threshold or diverged.
        left_out: arms of which no run has a figure.
        looks: where the seeds were chosen while results came in: what the verdicts come from, instead of one test.
    """

    metric: Metric
    baseline: str
    baseline_summary: Summary | TimeSummary
    rows: tuple[Row, ...]
    margin: float
    relative_margin: float | None
    by_rank: bool
    left_out: tuple[str, ...] = ()
    looks: Looks | None = None

    @property
    def counts_diverged_losses(self) -> bool:
        """Whether ranks were compared since a diverged run's loss counts as infinity."""
        return self.by_rank and not self.metric.is_time_to


def choose_baseline(task: Task, wanted: str | None) -> str:
    """The arm to compare with: the one asked for (UserError where it is not there), else ``relu``, else the first."""
    if wanted is not None:
        return matching(wanted, task.arms, "--baseline")[0]
    return default_baseline(task.arms)


def default_baseline(arms: Sequence[str]) -> str:
    """``relu``, or else the first arm."""
    return DEFAULT_BASELINE if DEFAULT_BASELINE in arms else arms[0]


def compare_arms(task: Task, metric: Metric, baseline: str, margin: float | None = None) -> MetricComparison | None:
    """Compare the arms of a task with one of them; None where there is nothing to compare: fewer than two arms
    have figures, or no run of any arm got to the threshold.

    Args:
        task: the runs.
        metric: what to compare by.
        baseline: one of ``task.arms``.
        margin: the smallest difference worth caring about; None takes half a percentage point of accuracy, or 5 %.
    """
    values = values_by_arm(metric, task.runs)
    reference = values.pop(baseline)
    left_out = tuple(arm for arm, by_seed in values.items() if not by_seed)
    arms = {arm: by_seed for arm, by_seed in values.items() if by_seed}
    everything = [value for part in (reference, *arms.values()) for value in part.values()]
    if not reference or not arms or all(map(math.isinf, everything)):
        return None
    by_rank = metric.is_time_to or any(map(math.isinf, everything))
    compared = [(*_compare_arm(by_seed, reference, len(arms), by_rank=by_rank), by_seed) for by_seed in arms.values()]
    limit, relative = margin_of(metric, reference, margin, by_rank=by_rank)
    verdicts = statistics.judge(
        [comparison for comparison, _, _ in compared],
        margin=limit,
        higher_is_better=metric.higher_is_better,
        alpha=ALPHA,
        power=POWER,
    )
    rows = tuple(
        Row(arm, _summary(by_seed, by_rank=by_rank), comparison, verdict, _could_show(comparison, len(arms)), pairing)
        for arm, (comparison, pairing, by_seed), verdict in zip(arms, compared, verdicts, strict=True)
    )
    return MetricComparison(
        metric, baseline, _summary(reference, by_rank=by_rank), rows, limit, relative, by_rank, left_out
    )


def shared_seeds(arm: Sequence[int], baseline: Sequence[int]) -> list[int]:
    """The seeds over which two arms are paired: those that both have, if these are at least half of either's.

    With fewer in common, pairing would throw away most of the runs; none, then, and the arms are compared unpaired. The
    choice looks at seeds alone and never at values, so it favours nobody.
    """
    shared = sorted(set(arm) & set(baseline))
    enough = len(shared) >= FEWEST_PAIRS or len(set(arm) | set(baseline)) == 1
    return shared if enough and 2 * len(shared) >= max(len(arm), len(baseline)) else []


def _compare_arm(
    arm: dict[int, float], baseline: dict[int, float], arms: int, *, by_rank: bool
) -> tuple[Comparison | TimeComparison, Pairing]:
    shared = shared_seeds(list(arm), list(baseline))
    first = [arm[seed] for seed in shared] if shared else list(arm.values())
    second = [baseline[seed] for seed in shared] if shared else list(baseline.values())
    if by_rank:
        return (
            statistics.compare_times(first, second, paired=bool(shared), alpha=ALPHA, arms=arms),
            _pairing(arm, baseline, shared, UnpairedTest.RANK_SUM),
        )
    compare_means = statistics.compare_paired if shared else statistics.compare_unpaired
    return compare_means(first, second, alpha=ALPHA, arms=arms), _pairing(arm, baseline, shared, UnpairedTest.WELCH)


def _pairing(arm: dict[int, float], baseline: dict[int, float], shared: list[int], fallback: UnpairedTest) -> Pairing:
    return Pairing(
        len(arm),
        len(baseline),
        len(set(arm) & set(baseline)),
        tuple(sorted(set(baseline) - set(arm))),
        tuple(sorted(set(arm) - set(baseline))),
        None if shared else fallback,
    )


def _summary(by_seed: dict[int, float], *, by_rank: bool) -> Summary | TimeSummary:
    values = list(by_seed.values())
    return statistics.summarize_times(values) if by_rank else statistics.summarize(values)


def margin_of(
    metric: Metric, baseline: dict[int, float], wanted: float | None, *, by_rank: bool
) -> tuple[float, float | None]:
    """The margin as `judge` takes it, and the share that it is where it is relative."""
    if wanted is not None and not 0 <= wanted < math.inf:
        raise UserError(f"--margin {wanted:g} must not be negative.")
    if metric.unit == "accuracy":
        return ACCURACY_MARGIN if wanted is None else wanted, None
    share = RELATIVE_MARGIN if wanted is None else wanted
    mean = 1.0 if by_rank else abs(sum(baseline.values()) / len(baseline))
    return share * mean, share


def _could_show(comparison: Comparison | TimeComparison, arms: int) -> float | None:
    if isinstance(comparison, TimeComparison) or comparison.sd is None:
        return None
    # An unpaired comparison is planned as the statistics plan it: as if the seeds were paired and independent.
    effect = _detectable_effect(min(comparison.n, comparison.n_baseline), ALPHA / arms)
    return effect if math.isinf(effect) else effect * comparison.sd


@functools.cache
def _detectable_effect(n: int, alpha: float) -> float:
    """The smallest detectable difference in standard deviations: many arms share it."""
    return statistics.minimum_detectable_difference(1.0, n, alpha=alpha, power=POWER)
