"""One arm beside the baseline: how large the difference is, and how sure its size. What is shown of it says `family`.

Three kinds of values, three kinds of figures. Accuracies and losses are finite: differences of means. Seconds are
finite and above zero, and a busy machine spoils some: ratios, robustly. Epochs and seconds to a threshold hold misses
(inf): ranks and medians.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from actbench.statistics import samples
from actbench.statistics.intervals import (
    LEAST_SPREAD,
    Interval,
    Moments,
    mean_interval,
    median_interval,
    paired_ratio,
    welch_interval,
)
from actbench.statistics.planning import SeedRange, seeds_that_would_tell
from actbench.statistics.samples import FLOAT_NOISE, finite_sample, same_length, time_sample
from actbench.statistics.summary import spread

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
        interval: of the difference, see `mean_interval`; Welch's if unpaired. None below three values, and where they
            show no spread.
        effect_size: Hedges' g_z (paired) or g, two different quantities, no unit; None below three values or without
            spread.
    """

    paired: bool
    n: int
    n_baseline: int
    difference: float
    sd: float | None
    interval: Interval | None
    effect_size: float | None

    @property
    def direction(self) -> int:
        """1 where the arm's values are higher, -1 where they are lower, 0 where neither."""
        return int(np.sign(self.difference))

    @property
    def shows_no_spread(self) -> bool:
        """Whether there are several values, and all differences are equal."""
        return self.sd == 0

    def lies_within(self, margin: float) -> bool:
        """Whether the whole interval lies within ±margin, `margin` in the unit of the values."""
        return self.interval is not None and self.interval.lies_in(-margin, margin)

    def seeds_that_would_tell(self, margin: float, *, alpha: float, arms: int, power: float) -> SeedRange | None:
        """How many seeds would show the observed difference, or that it is within ±margin; see `_plan` for None.

        Unpaired, as if the seeds were paired and independent: pairs that go together need fewer.
        """
        n = min(self.n, self.n_baseline)
        return _plan(self.difference, self.sd, n, margin, alpha=alpha, arms=arms, power=power)


@dataclass(frozen=True, slots=True)
class RatioComparison:
    """Seconds of pairs that were measured together, arm over baseline.

    Attributes:
        n: pairs.
        ratio: Hodges and Lehmann's estimate, see `paired_ratio`; below 1 for a faster arm.
        interval: its exact interval; None below 6 pairs.
        log_sd: standard deviation of the log ratios; None for a single pair.
        direction: sign of the rank sum: 1 where the arm takes more, -1 where it takes less, 0 where neither. The ratio
            may be 1 all the same, where most pairs are equal.
    """

    n: int
    ratio: float
    interval: Interval | None
    log_sd: float | None
    direction: int
    paired: bool = True

    @property
    def n_baseline(self) -> int:
        """Values of the baseline."""
        return self.n

    def seeds_that_would_tell(self, margin: float, *, alpha: float, arms: int, power: float) -> SeedRange | None:
        """How many seeds would show the observed ratio, or that it is within the margin, by the log ratios."""
        step, limit = math.log(self.ratio), math.log1p(margin)
        return _plan(step, self.log_sd, self.n, limit, alpha=alpha, arms=arms, power=power)


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
        superiority: P(D + D' > 0) for two different paired differences, P(arm > baseline) of the couples if unpaired,
            ties counted half: the probability that the arm needs more time. None for one pair.
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

    def lies_within(self, margin: float) -> bool:
        """Whether the whole interval of the speed-up lies in [1/(1+margin), 1+margin]: 0.05 for 5 %.

        Never where a run missed the threshold: two arms that both miss it have not been shown to be equally fast.
        """
        if self.interval is None or self.geometric_speedup is None:
            return False
        return self.interval.lies_in(1 / (1 + margin), 1 + margin)

    def seeds_that_would_tell(self, margin: float, *, alpha: float, arms: int, power: float) -> SeedRange | None:  # noqa: ARG002
        """How many seeds would show the observed lead to the rank test; None below three values, or if all are ties.

        With the effect that gives normal differences the same `superiority`: z(p)/√2 for pairs, z(p) for what would be
        pairs of independent samples. `margin` plays no part: that ranks are alike has no such measure.
        """
        from scipy.special import ndtri

        n = min(self.n, self.n_baseline)
        if self.superiority is None or n < LEAST_SPREAD or not self.wins + self.losses:
            return None
        # One arm that was always the faster is not known to be so for ever: half a couple more says otherwise.
        couples = n * (n - 1) / 2 if self.paired else self.n * self.n_baseline
        lean = min(max(self.superiority, 0.5 / couples), 1 - 0.5 / couples)
        effect = float(ndtri(lean)) / (math.sqrt(2) if self.paired else 1)
        return seeds_that_would_tell(effect, n, None, alpha=alpha, arms=arms, power=power)


AnyComparison: TypeAlias = Comparison | RatioComparison | TimeComparison


def compare_paired(arm: ArrayLike, baseline: ArrayLike, *, level: float = 0.95) -> Comparison:
    """Compare the means of two arms whose values are paired by seed.

    With d = arm - baseline: mean(d) with its `mean_interval`, and Hedges' g_z = J(n-1)·mean(d)/sd(d), Cohen's d_z
    (Cohen 1988) with the small-sample correction J(k) = Γ(k/2) / (√(k/2)·Γ((k-1)/2)) (Hedges 1981; Lakens 2013).

    Args:
        arm: shape (n,), any unit, finite; number i is paired with number i of the baseline.
        baseline: shape (n,), same unit, finite.
        level: coverage of the interval.

    Raises:
        ValueError: empty or unequal samples, a value that is nan or inf, level outside (0, 1).
    """
    first, second = finite_sample(arm, "arm"), finite_sample(baseline, "baseline")
    same_length(first, second)
    differences = paired_differences(first, second)
    sd = spread(differences)
    mean = float(differences.mean()) if sd else float(differences[0])
    return Comparison(
        paired=True,
        n=differences.size,
        n_baseline=differences.size,
        difference=mean,
        sd=sd,
        interval=mean_interval(differences, level=level),
        effect_size=_hedges(mean, sd, differences.size - 1),
    )


def compare_unpaired(arm: ArrayLike, baseline: ArrayLike, *, level: float = 0.95) -> Comparison:
    """Compare the means of two arms whose seeds do not match: the open fall-back, with wider intervals.

    The interval is Welch's, `welch_interval`, from three values of either on; Hedges' g = J(n+m-2)·difference/s_pooled.

    Args:
        arm: shape (n,), any unit, finite.
        baseline: shape (m,), same unit, finite.
        level: coverage of the interval.

    Raises:
        ValueError: an empty sample, a value that is nan or inf, level outside (0, 1).
    """
    first, second = finite_sample(arm, "arm"), finite_sample(baseline, "baseline")
    difference = float(first.mean() - second.mean())
    if abs(difference) <= _noise(first, second):
        difference = 0.0
    sd_first, sd_second = spread(first), spread(second)
    sd = interval = effect_size = None
    if sd_first is not None and sd_second is not None:
        sd = math.hypot(sd_first, sd_second)
        interval = welch_interval(
            Moments(difference, sd_first, first.size), Moments(0.0, sd_second, second.size), level=level
        )
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
        effect_size=effect_size,
    )


def compare_ratios(arm: ArrayLike, baseline: ArrayLike, *, level: float = 0.95) -> RatioComparison:
    """Compare the seconds of pairs that were measured together; see `paired_ratio`.

    Args:
        arm: shape (n,), any unit, above zero; number i is paired with number i of the baseline.
        baseline: shape (n,), same unit.
        level: least coverage of the interval.

    Raises:
        ValueError: as `paired_ratio`.
    """
    found = paired_ratio(arm, baseline, level=level)
    logs = np.log(np.asarray(arm, dtype=np.float64)) - np.log(np.asarray(baseline, dtype=np.float64))
    # Equal times have logarithms that differ by rounding; a clock tells no such thing apart.
    sd = 0.0 if np.ptp(logs) <= FLOAT_NOISE else spread(logs)
    direction = int(np.sign(samples.signed_ranks(logs).sum()))
    return RatioComparison(logs.size, found.ratio, found.interval, sd if logs.size > 1 else None, direction)


def compare_times(arm: ArrayLike, baseline: ArrayLike, *, paired: bool = True, level: float = 0.95) -> TimeComparison:
    """Compare epochs or seconds to a threshold, where inf says that it was never reached.

    Speed-ups are ratios baseline/arm and their median is taken of the logarithms, so that swapping the arms inverts it;
    between a definite win and a definite loss it is 1.

    Args:
        arm: shape (n,), epochs or seconds, >= 0 or inf; if paired, number i belongs with number i of the baseline.
        baseline: shape (m,), same unit, m = n if paired.
        paired: whether the values are paired by seed.
        level: least coverage of the interval for the median speed-up.

    Raises:
        ValueError: an empty sample, unequal lengths of pairs, nan, a negative time, level outside (0, 1).
    """
    first, second = time_sample(arm, "arm"), time_sample(baseline, "baseline")
    if paired:
        same_length(first, second)
        couples = first, second
        steps = _steps(*couples)
        lead, superiority = signed_ranks(first, second).sum(), _walsh_superiority(steps)
    else:
        couples = np.repeat(first, second.size), np.tile(second, first.size)
        steps = _steps(*couples)
        superiority = float(np.heaviside(steps, 0.5).mean())
        lead = superiority - 0.5
    with np.errstate(divide="ignore"):
        log_arm, log_baseline = (np.log(times) for times in couples)
    log_ratios = _steps(log_baseline, log_arm)
    all_reached = bool(np.isfinite(log_ratios).all() and np.isfinite(first).all() and np.isfinite(second).all())
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
    )


def paired_differences(arm: NDArray[np.float64], baseline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Arm - baseline without its rounding: what should be zero is zero, and what should be equal is equal."""
    noise = _noise(arm, baseline)
    differences = arm - baseline
    differences[np.abs(differences) <= noise] = 0
    if np.ptp(differences) <= noise:
        differences[:] = differences[0]
    return differences


def signed_ranks(arm: NDArray[np.float64], baseline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wilcoxon's signed ranks of the paired differences (Wilcoxon 1945), exact for ties under flips of their signs.

    The differences are ranked by size, ties sharing the mean of their ranks. A hit against a miss is ±inf and takes the
    top ranks, a miss against a miss is 0; zeros are ranked and then drop out (Pratt 1959).
    """
    return samples.signed_ranks(_steps(arm, baseline))


def _plan(
    step: float, sd: float | None, n: int, margin: float, *, alpha: float, arms: int, power: float
) -> SeedRange | None:
    """How many seeds would show a step of that spread, or that it is within ±margin.

    None below three values, and where all values were the same and no difference is too small to care about: if that
    goes on, no number of seeds decides.
    """
    if sd is None or n < LEAST_SPREAD or (sd == 0 and step == 0 and margin == 0):
        return None
    effect, limit = (step / sd, margin / sd) if sd else (math.inf, None)
    return seeds_that_would_tell(effect, n, limit, alpha=alpha, arms=arms, power=power)


def _noise(arm: NDArray[np.float64], baseline: NDArray[np.float64]) -> float:
    """How much rounding a difference between the two arms may hold."""
    return float(FLOAT_NOISE * max(np.abs(arm).max(), np.abs(baseline).max()))


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
