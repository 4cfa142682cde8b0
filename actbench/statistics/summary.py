"""What one arm did: mean, spread and interval; medians that know about misses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.intervals import Interval, median_interval, t_interval
from actbench.statistics.samples import FLOAT_NOISE, finite_sample, time_sample

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Summary:
    """One arm's finite values. One value shows no spread: `sd` and `interval` are None then."""

    n: int
    mean: float
    sd: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class TimeSummary:
    """One arm's times to a threshold, misses among them. `interval` is None where n is too small for one."""

    n: int
    reached: int
    median: float
    interval: Interval | None


def summarize(values: ArrayLike, *, level: float = 0.95) -> Summary:
    """Mean, standard deviation and Student's t interval of one arm.

    mean ± t(n-1; (1+level)/2) · sd/√n, sd with n-1 in the denominator (Student 1908).

    The interval keeps its level for a normal spread and, at 3 to 30 values, within about one percentage point for the
    differences of two arms that are each moderately skewed (gamma with shape 2), one with twice the spread of the
    other: differencing cancels most of the skew. It does not for one heavily skewed sample: ten values of a lognormal
    with log-sd 1 give 84 % where 95 % was asked.

    Equal values give an interval of no width: they show no spread, not that there is none.

    Args:
        values: shape (n,), any unit, finite.
        level: coverage, between 0 and 1.

    Raises:
        ValueError: no values, a value that is nan or inf, or a level outside (0, 1).
    """
    sample = finite_sample(values)
    sd = spread(sample)
    mean = float(sample.mean()) if sd else float(sample[0])
    interval = None if sd is None else t_interval(mean, sd / math.sqrt(sample.size), sample.size - 1, level)
    return Summary(sample.size, mean, sd, interval)


def summarize_times(values: ArrayLike, *, level: float = 0.95) -> TimeSummary:
    """Median and reach rate of times (epochs or seconds) to a threshold, where inf says that it was never reached.

    A miss counts as infinity: the median of (3, inf) is inf, and nothing is averaged over the successes only.

    Args:
        values: shape (n,), epochs or seconds, >= 0 or inf.
        level: coverage of the interval for the median, between 0 and 1; see `median_interval`.

    Raises:
        ValueError: no values, a negative value or nan, or a level outside (0, 1).
    """
    sample = time_sample(values)
    return TimeSummary(
        n=sample.size,
        reached=int(np.isfinite(sample).sum()),
        median=float(np.median(sample)),
        interval=median_interval(sample, level=level),
    )


def spread(sample: NDArray[np.float64]) -> float | None:
    """Sample standard deviation; None for one value, and exactly 0 where the values differ by float noise only."""
    if sample.size < 2:  # noqa: PLR2004
        return None
    if np.ptp(sample) <= FLOAT_NOISE * np.abs(sample).max():
        return 0.0
    return float(sample.std(ddof=1))


def interquartile_mean(values: ArrayLike) -> float:
    """Mean of the middle half: ⌊n/4⌋ values are left out at either end (Agarwal et al. 2021, as their rliable has it).

    Args:
        values: shape (n,), any unit, finite.

    Raises:
        ValueError: no values, or one that is nan or inf.
    """
    ordered = np.sort(finite_sample(values))
    left_out = ordered.size // 4
    return float(ordered[left_out : ordered.size - left_out].mean())


def probability_of_improvement(arm: ArrayLike, baseline: ArrayLike, *, higher_is_better: bool) -> float:
    """The chance that a run of the arm beats a run of the baseline, ties counted half (Agarwal et al. 2021).

    The share of all n·m couples, whatever their seeds: the Mann-Whitney U by n·m, as rliable has it.

    Args:
        arm: shape (n,), any unit; infinities are values like any others.
        baseline: shape (m,), same unit.
        higher_is_better: True for accuracy, False for losses and times.

    Raises:
        ValueError: an empty sample, or nan.
    """
    first, second = (np.asarray(sample, dtype=np.float64) for sample in (arm, baseline))
    if first.size == 0 or second.size == 0 or np.isnan(first).any() or np.isnan(second).any():
        raise ValueError("a probability of improvement needs values in both arms, without nan")
    above, equal = first[:, None] > second, first[:, None] == second
    share = float((above + 0.5 * equal).mean())
    return share if higher_is_better else 1 - share
