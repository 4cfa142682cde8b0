"""How sure a figure is: intervals that say what they promise, and None where they could promise nothing."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from actbench.statistics.samples import FLOAT_NOISE, finite_sample, not_negative, probability, same_length, subset_sums

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEAST_SPREAD = 3
"""As many values as an interval, or a plan, has to have: two that happen to agree say nothing."""
# All 2ⁿ subsets are listed up to so many values; beyond, as many random ones.
EXACT_SUBSETS = 20
RANDOM_SUBSETS = 100_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval, in the unit of the values; `level` is the coverage, 0.95 for 95 %."""

    low: float
    high: float
    level: float

    def within(self, low: float, high: float) -> Interval:
        """The part of it that values between `low` and `high` can have."""
        return Interval(max(self.low, low), min(self.high, high), self.level)

    def lies_in(self, low: float, high: float) -> bool:
        """Whether the whole interval lies between `low` and `high`, ends included."""
        return low <= self.low and self.high <= high


def t_interval(center: float, standard_error: float, df: float, level: float) -> Interval:
    """The interval center ± t(df; (1+level)/2) · standard_error."""
    from scipy.special import stdtrit

    half_width = float(stdtrit(df, (1 + probability(level, "level")) / 2)) * standard_error
    return Interval(center - half_width, center + half_width, level)


class Moments(NamedTuple):
    """What articles print of a sample: its mean, its standard deviation with n-1 in the denominator, and n."""

    mean: float
    sd: float
    n: int


def welch_interval(arm: Moments, baseline: Moments, *, level: float = 0.95) -> Interval | None:
    """Welch's interval of the difference of two means, of which only moments are known (Welch 1947).

    difference ± t(ν)·√(s²/n + s_b²/m), with ν = (s²/n + s_b²/m)² / ((s²/n)²/(n-1) + (s_b²/m)²/(m-1)).

    Args:
        arm: in any one unit.
        baseline: in the same unit.
        level: coverage, between 0 and 1.

    Returns:
        That of arm - baseline; None below three values of either, and where neither shows any spread.

    Raises:
        ValueError: a negative standard deviation, a level outside (0, 1).
    """
    parts = [not_negative(sample.sd, "a standard deviation") ** 2 / sample.n for sample in (arm, baseline)]
    noise = FLOAT_NOISE * max(abs(arm.mean), abs(baseline.mean))
    if min(arm.n, baseline.n) < LEAST_SPREAD or math.hypot(arm.sd, baseline.sd) <= noise:
        return None
    df = sum(parts) ** 2 / (parts[0] ** 2 / (arm.n - 1) + parts[1] ** 2 / (baseline.n - 1))
    return t_interval(arm.mean - baseline.mean, math.sqrt(sum(parts)), df, level)


def mean_interval(differences: ArrayLike, *, level: float = 0.95) -> Interval | None:
    """The interval of a mean of paired differences that keeps its promise in the simulations of the test suite.

    From 6 values on (at 95 %) that of the sign-flip test, `sign_flip_interval`, so that test and interval agree; with
    3 to 5, which it is not made for, Student's mean ± t(n-1)·sd/√n. None with one or two values, where coarse and
    two-peaked differences tie too often for Student's, and where all are equal: they show no spread, which is not that
    there is none. Differences of two arms of one shape are symmetric, which is what both rest on; the docstring of
    `summarize` says what skew does to a single arm.

    Args:
        differences: shape (n,), any unit, finite.
        level: coverage, between 0 and 1.

    Raises:
        ValueError: no values, one that is nan or inf, or a level outside (0, 1).
    """
    sample = finite_sample(differences, "differences")
    if sample.size < LEAST_SPREAD or np.ptp(sample) <= FLOAT_NOISE * np.abs(sample).max():
        return None
    exact = sign_flip_interval(sample, level=level)
    error = float(sample.std(ddof=1)) / math.sqrt(sample.size)
    return exact or t_interval(float(sample.mean()), error, sample.size - 1, level)


def sign_flip_interval(values: ArrayLike, *, level: float = 0.95, seed: int = 0) -> Interval | None:
    """The centres that the sign-flip test does not reject: an interval from the means of subsets (Hartigan 1969).

    The n values have 2ⁿ-1 subsets that are not empty; with k = ⌊2ⁿ·(1-level)/2⌋ the interval goes from the k-th
    smallest of their means to the k-th largest. Where the values are symmetric about their centre, whatever their
    shape, it covers the centre with a probability of 1 - 2k/2ⁿ exactly (at least that, where values tie): no normality,
    no asymptotics. Exact up to 20 values; beyond, 100,000 random subsets, which covers as well.

    Args:
        values: shape (n,), any unit, finite.
        level: least coverage, between 0 and 1.
        seed: of the random subsets.

    Returns:
        The interval, with the coverage reached; None where k is 0: below 6 values at 95 %.

    Raises:
        ValueError: no values, one that is nan or inf, a level outside (0, 1).
    """
    sample = finite_sample(values)
    tail = (1 - probability(level, "level")) / 2
    centre = sample.mean()
    means = centre + _subset_means(sample - centre, seed)
    # Rounding must not lose a pattern where alpha·2ⁿ is a whole number.
    k = int(tail * (means.size + 1) * (1 + 1e-12))
    if k == 0:
        return None
    ends = np.partition(means, [k - 1, means.size - k])
    return Interval(float(ends[k - 1]), float(ends[means.size - k]), 1 - 2 * k / (means.size + 1))


def share_interval(k: int, n: int, *, level: float = 0.95) -> Interval:
    """The exact interval of a share, k of n (Clopper & Pearson 1934): it covers with at least `level`, whatever it is.

    From B(tail; k, n-k+1) to B(1-tail; k+1, n-k), quantiles of beta distributions, tail = (1-level)/2.

    Args:
        k: how many had it, 0 to n.
        n: of how many, at least 1.
        level: least coverage, between 0 and 1.

    Raises:
        ValueError: k outside 0 to n, n below 1, a level outside (0, 1).
    """
    from scipy.special import betaincinv

    if not 0 <= k <= n or n < 1:
        raise ValueError(f"a share needs k of n with 0 <= k <= n and n >= 1, not {k} of {n}")
    tail = (1 - probability(level, "level")) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return Interval(low, high, level)


def failures_not_excluded(n: int, *, alpha: float = 0.05) -> float:
    """The share of failures that n runs without one do not exclude: 1 - alpha^(1/n), about 3/n at 5 %.

    Where more than this share of all runs failed, the chance to see none in n was below `alpha` (the "rule of three",
    Hanley & Lippman-Hand 1983).

    Args:
        n: runs, none of which failed; at least 1.
        alpha: between 0 and 1.

    Raises:
        ValueError: n below 1, alpha outside (0, 1).
    """
    if n < 1:
        raise ValueError(f"failures can only be missed in at least 1 run, not in {n}")
    return float(1 - probability(alpha, "alpha") ** (1 / n))


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of paired values, no unit; `interval` is None where there are too few pairs for one."""

    ratio: float
    interval: Interval | None


def paired_ratio(arm: ArrayLike, baseline: ArrayLike, *, level: float = 0.95) -> Ratio:
    """How many times the baseline's an arm's values are: robust against a few pairs that a busy machine spoilt.

    exp of the median of the Walsh averages (lᵢ + lⱼ)/2, i <= j, of the log ratios l (Hodges & Lehmann 1963), and the
    interval from the k-th smallest to the k-th largest of them, k from the exact distribution of Wilcoxon's signed
    ranks. It covers the centre of symmetric log ratios, whatever their shape (Hollander, Wolfe & Chicken 2014, 3.3).

    Args:
        arm: shape (n,), seconds or another unit, above 0, finite; number i is paired with number i of the baseline.
        baseline: shape (n,), same unit.
        level: least coverage, between 0 and 1; the interval carries the one reached.

    Returns:
        The ratio arm/baseline; its interval is None below 6 pairs at 95 %.

    Raises:
        ValueError: empty or unequal samples, a value that is not above 0 or not finite, a level outside (0, 1).
    """
    first, second = finite_sample(arm, "arm"), finite_sample(baseline, "baseline")
    same_length(first, second)
    if not (first > 0).all() or not (second > 0).all():
        raise ValueError("ratios need values above zero")
    averages = walsh_averages(np.log(first) - np.log(second))
    tails = _signed_rank_tails(first.size)
    k = int(np.count_nonzero(tails <= (1 - probability(level, "level")) / 2))
    interval = None
    if k:
        low, high = np.exp(averages[k - 1]), np.exp(averages[-k])
        interval = Interval(float(low), float(high), float(1 - 2 * tails[k - 1]))
    return Ratio(float(np.exp(np.median(averages))), interval)


def walsh_averages(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The averages of all pairs of values, each with itself among them, in order."""
    first, second = np.triu_indices(values.size)
    return np.sort((values[first] + values[second]) / 2)


def median_interval(values: ArrayLike, *, level: float = 0.95) -> Interval | None:
    """Distribution-free interval for a median: from the k-th smallest to the k-th largest value.

    Its coverage is 1 - 2·P(B < k) with B ~ Binomial(n, 1/2); k is the largest that keeps it at `level` or above, and
    the result carries the coverage reached (David & Nagaraja 2003, Order Statistics, section 7.1). Infinite values
    are values like any others. None where not even the smallest and the largest value reach `level`: below 6 at 95 %.

    Args:
        values: shape (n,), any unit, may hold ±inf.
        level: least coverage, between 0 and 1.

    Raises:
        ValueError: no values, nan, or a level outside (0, 1).
    """
    from scipy.special import bdtr

    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if ordered.ndim != 1 or ordered.size == 0 or np.isnan(ordered).any():
        raise ValueError("a median needs a one-dimensional array of numbers without nan")
    tails = bdtr(np.arange(ordered.size), ordered.size, 0.5)
    k = int(np.count_nonzero(tails <= (1 - probability(level, "level")) / 2))
    if k == 0:
        return None
    return Interval(float(ordered[k - 1]), float(ordered[-k]), float(1 - 2 * tails[k - 1]))


def _subset_means(sample: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """The means of all subsets that are not empty, or of random ones."""
    if sample.size > EXACT_SUBSETS:
        members = np.random.default_rng(seed).random((RANDOM_SUBSETS, sample.size)) < 0.5  # noqa: PLR2004 - a coin
        members = members[members.any(axis=1)]
        random: NDArray[np.float64] = (members @ sample) / members.sum(axis=1)
        return random
    means: NDArray[np.float64] = subset_sums(sample)[1:] / _subset_sizes(sample.size)
    return means


@functools.cache
def _subset_sizes(n: int) -> NDArray[np.float64]:
    """How many values the subsets of `_subset_means` have."""
    return subset_sums(np.ones(n))[1:]


@functools.cache
def _signed_rank_tails(n: int) -> NDArray[np.float64]:
    """P(W <= w) for w = 0, 1, …, W the sum of the ranks 1 to n of which each counts with probability 1/2."""
    chances = np.zeros(n * (n + 1) // 2 + 1)
    chances[0] = 1
    for rank in range(1, n + 1):
        chances[rank:] = (chances[rank:] + chances[:-rank]) / 2
        chances[:rank] /= 2
    tails: NDArray[np.float64] = np.cumsum(chances)
    return tails
