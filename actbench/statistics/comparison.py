"""One arm against the baseline: the difference, how sure it is, and how large.

Two kinds of values, two kinds of comparison. Accuracies, losses and seconds per epoch are finite: means are compared.
Epochs and seconds to a threshold hold misses (inf): ranks are compared, and speed-ups are medians.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.intervals import Interval, median_interval, t_interval
from actbench.statistics.permutation import (
    least_pairs,
    sign_flip_test,
    smallest_sign_flip_p,
    smallest_two_sample_p,
    two_sample_test,
)
from actbench.statistics.planning import seeds_to_detect, seeds_to_detect_by_rank, seeds_to_exclude
from actbench.statistics.samples import FLOAT_NOISE, finite_sample, probability, same_length, time_sample
from actbench.statistics.summary import spread, summarize

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Comparison:
    """Means of finite values, arm minus baseline.

    Attributes:
        paired: whether the values were paired by seed; False says that seeds were missing and Welch stepped in.
        n: values of the arm: the number of pairs, if paired.
        n_baseline: values of the baseline.
        difference: mean(arm) - mean(baseline), in the unit of the values.
        sd: standard deviation of the paired differences; unpaired √(sd_arm² + sd_baseline²), what it would be for
            independent pairs. None for a single value.
        interval: of the difference, by Student's t or Welch's; None where sd is.
        p_value: of the exact permutation test, two-sided, not yet corrected; None where it could never be small enough.
        smallest_p: the smallest p-value that this many seeds can give.
        effect_size: Hedges' g_z (paired) or g, no unit; None below three pairs or without spread.
    """

    paired: bool
    n: int
    n_baseline: int
    difference: float
    sd: float | None
    interval: Interval | None
    p_value: float | None
    smallest_p: float
    effect_size: float | None

    @property
    def direction(self) -> int:
        """1 where the arm's values are higher, -1 where they are lower, 0 where neither."""
        return int(np.sign(self.difference))

    @property
    def shows_spread(self) -> bool:
        """Whether there are enough values to plan with."""
        return self.sd is not None

    def lies_within(self, margin: float) -> bool:
        """Whether the whole interval lies within ±margin, `margin` in the unit of the values."""
        return self.interval is not None and self.interval.lies_in(-margin, margin)

    def seeds_that_would_tell(self, margin: float, *, alpha: float, arms: int, power: float) -> int | None:
        """About how many seeds would show the observed difference, or that it is within ±margin: whichever is fewer.

        Without spread in sight, the fewest that could. None for more than 1,000. Unpaired, as if the seeds were paired
        and independent: pairs that go together need fewer.
        """
        if self.sd is None:
            return least_pairs(alpha / arms)
        return _fewer(
            seeds_to_detect(self.difference, self.sd, alpha=alpha / arms, power=power),
            seeds_to_exclude(self.difference, self.sd, margin, alpha=alpha, power=power),
        )


@dataclass(frozen=True, slots=True)
class TimeComparison:
    """Times to a threshold, misses (inf) among them; a hit against a miss is a definite win, two misses are a tie.

    Attributes:
        paired: whether the values were paired by seed.
        n: values of the arm: the number of pairs, if paired.
        n_baseline: values of the baseline.
        wins: pairs in which the arm was faster; unpaired, of all n·n_baseline couples.
        losses: pairs, or couples, in which it was slower.
        ties: pairs, or couples, with equal times or two misses.
        speedup: median of the ratios baseline/arm over the pairs (couples), above 1 for a faster arm; 1 for a tie,
            inf and 0 for definite wins and losses.
        interval: order-statistic interval of `speedup`; None unpaired, or where n is too small for one.
        geometric_speedup: geometric mean of the ratios; None unless every run reached the threshold.
        direction: sign of the rank sum: -1 where the arm needs less time, 1 where more, 0 where neither.
        superiority: probability that the arm needs more time, as `seeds_to_detect_by_rank` defines it; None for one
            pair.
        p_value: of the exact rank test, two-sided, not yet corrected; None where it could never be small enough.
        smallest_p: the smallest p-value that this many seeds can give.
    """

    paired: bool
    n: int
    n_baseline: int
    wins: int
    losses: int
    ties: int
    speedup: float
    interval: Interval | None
    geometric_speedup: float | None
    direction: int
    superiority: float | None
    p_value: float | None
    smallest_p: float

    @property
    def shows_spread(self) -> bool:
        """Whether there are enough values to plan with."""
        return self.superiority is not None

    def lies_within(self, margin: float) -> bool:
        """Whether the whole interval of the speed-up lies in [1/(1+margin), 1+margin]: 0.05 for 5 %.

        Never where a run missed the threshold: two arms that both miss it have not been shown to be equally fast.
        """
        if self.interval is None or self.geometric_speedup is None:
            return False
        return self.interval.lies_in(1 / (1 + margin), 1 + margin)

    def seeds_that_would_tell(self, margin: float, *, alpha: float, arms: int, power: float) -> int | None:  # noqa: ARG002
        """About how many seeds would show the observed lead to the rank test; None for more than 1,000.

        `margin` plays no part: there is no such formula for showing that ranks are alike. Only where all times are
        equal is it plain that the fewest seeds with an interval would show that.
        """
        if self.superiority is None:
            return least_pairs(alpha / arms)
        if self.paired and self.ties == self.n and self.geometric_speedup is not None:
            return least_pairs(alpha)
        return seeds_to_detect_by_rank(self.superiority, paired=self.paired, alpha=alpha / arms, power=power)


def compare_paired(
    arm: ArrayLike, baseline: ArrayLike, *, level: float = 0.95, alpha: float = 0.05, arms: int = 1, seed: int = 0
) -> Comparison:
    """Compare the means of two arms whose values are paired by seed.

    With d = arm - baseline: mean(d) ± t(n-1)·sd(d)/√n (see `summarize` for how well it covers), the sign-flip
    permutation test of d, and Hedges' g_z = J(n-1)·mean(d)/sd(d), Cohen's d_z (Cohen 1988) with the small-sample
    correction J(k) = Γ(k/2) / (√(k/2)·Γ((k-1)/2)) (Hedges 1981; Lakens 2013).

    The p-value is None where 2/2ⁿ, the smallest that n pairs can give, is above alpha/arms, Holm's first step:
    such a test could never decide, whatever the values.

    Args:
        arm: shape (n,), any unit, finite; number i is paired with number i of the baseline.
        baseline: shape (n,), same unit, finite.
        level: coverage of the interval.
        alpha: family-wise error that will be allowed.
        arms: how many arms are compared with this baseline in all.
        seed: of the random sign patterns, beyond 32 pairs.

    Raises:
        ValueError: empty or unequal samples, a value that is nan or inf, level or alpha outside (0, 1), arms below 1.
    """
    first, second = finite_sample(arm, "arm"), finite_sample(baseline, "baseline")
    same_length(first, second)
    differences = _differences(first, second)
    summary = summarize(differences, level=level)
    smallest_p = smallest_sign_flip_p(differences.size)
    return Comparison(
        paired=True,
        n=differences.size,
        n_baseline=differences.size,
        difference=summary.mean,
        sd=summary.sd,
        interval=summary.interval,
        p_value=sign_flip_test(differences, seed=seed) if _can_decide(smallest_p, alpha, arms) else None,
        smallest_p=smallest_p,
        effect_size=_hedges(summary.mean, summary.sd, differences.size - 1),
    )


def compare_unpaired(
    arm: ArrayLike, baseline: ArrayLike, *, level: float = 0.95, alpha: float = 0.05, arms: int = 1, seed: int = 0
) -> Comparison:
    """Compare the means of two arms whose seeds do not match: the open fall-back, with wider intervals.

    Welch's interval (Welch 1947): difference ± t(ν)·√(s²/n + s_b²/m), with ν = (s²/n + s_b²/m)² /
    ((s²/n)²/(n-1) + (s_b²/m)²/(m-1)); the two-sample permutation test; Hedges' g = J(n+m-2)·difference/s_pooled.

    Args:
        arm: shape (n,), any unit, finite.
        baseline: shape (m,), same unit, finite.
        level: coverage of the interval.
        alpha: family-wise error that will be allowed.
        arms: how many arms are compared with this baseline in all.
        seed: of the random deals, beyond 32 values.

    Raises:
        ValueError: an empty sample, a value that is nan or inf, level or alpha outside (0, 1), arms below 1.
    """
    first, second = finite_sample(arm, "arm"), finite_sample(baseline, "baseline")
    difference = float(first.mean() - second.mean())
    if abs(difference) <= _noise(first, second):
        difference = 0.0
    smallest_p = smallest_two_sample_p(first.size, second.size)
    sd_first, sd_second = spread(first), spread(second)
    sd = interval = effect_size = None
    if sd_first is not None and sd_second is not None:
        sd = math.hypot(sd_first, sd_second)
        parts = sd_first**2 / first.size, sd_second**2 / second.size
        # Without spread any degrees of freedom give the same interval, which has no width.
        df = sum(parts) ** 2 / (parts[0] ** 2 / (first.size - 1) + parts[1] ** 2 / (second.size - 1)) if sd else 1.0
        interval = t_interval(difference, math.sqrt(sum(parts)), df, level)
        pooled_df = first.size + second.size - 2
        pooled = ((first.size - 1) * sd_first**2 + (second.size - 1) * sd_second**2) / pooled_df
        effect_size = _hedges(difference, math.sqrt(pooled), pooled_df)
    return Comparison(
        paired=False,
        n=first.size,
        n_baseline=second.size,
        difference=difference,
        sd=sd,
        interval=interval,
        p_value=two_sample_test(first, second, seed=seed) if _can_decide(smallest_p, alpha, arms) else None,
        smallest_p=smallest_p,
        effect_size=effect_size,
    )


def compare_times(
    arm: ArrayLike,
    baseline: ArrayLike,
    *,
    paired: bool = True,
    level: float = 0.95,
    alpha: float = 0.05,
    arms: int = 1,
    seed: int = 0,
) -> TimeComparison:
    """Compare epochs or seconds to a threshold, where inf says that it was never reached.

    Paired: Wilcoxon's signed-rank test (Wilcoxon 1945), made exact for ties by flipping the signs of the ranks. The
    differences arm - baseline are ranked by size, ties sharing the mean of their ranks. A hit against a miss is ±inf
    and takes the top ranks, a miss against a miss is 0; zeros are ranked and then drop out (Pratt 1959).
    Unpaired: the Wilcoxon-Mann-Whitney test, made exact likewise, misses sharing the top ranks.

    Speed-ups are ratios baseline/arm and their median is taken of the logarithms, so that swapping the arms inverts it;
    between a definite win and a definite loss it is 1. The same function serves losses where a diverged run is inf.

    Args:
        arm: shape (n,), epochs or seconds, >= 0 or inf; if paired, number i belongs with number i of the baseline.
        baseline: shape (m,), same unit, m = n if paired.
        paired: whether the values are paired by seed.
        level: least coverage of the interval for the median speed-up.
        alpha: family-wise error that will be allowed.
        arms: how many arms are compared with this baseline in all.
        seed: of the random patterns, beyond 32 values.

    Raises:
        ValueError: an empty sample, unequal lengths of pairs, nan, a negative time, level or alpha outside (0, 1), arms
            below 1.
    """
    from scipy.stats import rankdata

    first, second = time_sample(arm, "arm"), time_sample(baseline, "baseline")
    if paired:
        same_length(first, second)
        couples = first, second
        steps = _steps(*couples)
        ranks = np.sign(steps) * rankdata(np.abs(steps))
        lead, superiority = ranks.sum(), _walsh_superiority(steps)
        p_value, smallest_p = sign_flip_test(ranks, seed=seed), smallest_sign_flip_p(first.size)
    else:
        couples = np.repeat(first, second.size), np.tile(second, first.size)
        steps = _steps(*couples)
        ranks = rankdata(np.concatenate([first, second]))
        arm_ranks, baseline_ranks = ranks[: first.size], ranks[first.size :]
        lead, superiority = arm_ranks.mean() - baseline_ranks.mean(), float(np.heaviside(steps, 0.5).mean())
        p_value = two_sample_test(arm_ranks, baseline_ranks, seed=seed)
        smallest_p = smallest_two_sample_p(first.size, second.size)
    with np.errstate(divide="ignore"):
        log_ratios = _steps(*np.log(couples[::-1]))
    all_reached = np.isfinite([*first, *second, *log_ratios]).all()
    log_interval = median_interval(log_ratios, level=level) if paired else None
    return TimeComparison(
        paired=paired,
        n=first.size,
        n_baseline=second.size,
        wins=int(np.count_nonzero(steps < 0)),
        losses=int(np.count_nonzero(steps > 0)),
        ties=int(np.count_nonzero(steps == 0)),
        speedup=_exp(_median(log_ratios)),
        interval=log_interval and Interval(_exp(log_interval.low), _exp(log_interval.high), log_interval.level),
        geometric_speedup=_exp(log_ratios.mean()) if all_reached else None,
        direction=int(np.sign(lead)),
        superiority=superiority,
        p_value=p_value if _can_decide(smallest_p, alpha, arms) else None,
        smallest_p=smallest_p,
    )


def _can_decide(smallest_p: float, alpha: float, arms: int) -> bool:
    if arms < 1:
        raise ValueError(f"a comparison needs at least 1 arm beside the baseline, not {arms}")
    return smallest_p <= probability(alpha, "alpha") / arms


def _fewer(first: int | None, second: int | None) -> int | None:
    return min((count for count in (first, second) if count is not None), default=None)


def _noise(arm: NDArray[np.float64], baseline: NDArray[np.float64]) -> float:
    """How much rounding a difference between the two arms may hold."""
    return float(FLOAT_NOISE * max(np.abs(arm).max(), np.abs(baseline).max()))


def _differences(arm: NDArray[np.float64], baseline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arm - baseline without its rounding: what should be zero is zero, and what should be equal is equal."""
    noise = _noise(arm, baseline)
    differences = arm - baseline
    differences[np.abs(differences) <= noise] = 0
    if np.ptp(differences) <= noise:
        differences[:] = differences[0]
    return differences


def _steps(arm: NDArray[np.float64], baseline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arm - baseline among numbers that may be infinite, with inf - inf = 0: a tie."""
    return np.subtract(arm, baseline, where=arm != baseline, out=np.zeros_like(arm))


def _walsh_superiority(steps: NDArray[np.float64]) -> float | None:
    """P(D + D' > 0) over all pairs of two different steps, ties counted half; None for a single step."""
    if steps.size == 1:
        return None
    first, second = np.triu_indices(steps.size, k=1)
    return float(np.heaviside(_steps(steps[first], -steps[second]), 0.5).mean())


def _median(values: NDArray[np.float64]) -> float:
    """Median of numbers that may be ±inf; halfway between -inf and inf is 0."""
    ordered = np.sort(values)
    low, high = ordered[(ordered.size - 1) // 2], ordered[ordered.size // 2]
    return 0.0 if low == -high else float(low + high) / 2


def _exp(logarithm: float) -> float:
    return float(np.exp(logarithm))


def _hedges(difference: float, sd: float | None, df: int) -> float | None:
    """Standardized mean difference with Hedges' correction; None without spread, and at df = 1, where J is 0."""
    if not sd or df < 2:  # noqa: PLR2004
        return None
    correction = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    return correction * difference / sd
