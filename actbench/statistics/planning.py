"""How many seeds would tell, and what these seeds could have told.

Planning takes the differences as normal. It answers for the sign-flip test, not for the t test, by allowing for the
steps of its p-values: with k = ⌊alpha·2^(n-1)⌋ pairs of mirrored patterns that reject, the test really runs at the
attainable level k/2^(n-1), which at six seeds is 3.1 % and not 5 %. Of m arms each is taken to be tested at the m-th
part of that: a little less than max-T gives it.

What was observed of n seeds says little about the next ones. So a plan is a range: the seeds that it takes for all
effects and all spreads from the 10 % to the 90 % quantile of what the observed ones leave possible.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect_left
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.permutation import least_pairs
from actbench.statistics.samples import FLOAT_NOISE, not_negative, probability

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

NORMAL = NormalDist()
MOST_SEEDS = 1000
RANGE = (0.1, 0.9)
"""Quantiles of the effect and of the spread between which seeds are counted; from the fewest to the most."""
# To 1/4,000 of the margin: a number of seeds below 1,000 then differs by one at most.
_HALVINGS = 12
# 2^-60 is far below any alpha: more pairs make the steps no finer in floating point.
_FINEST_STEPS = 60
_QUADRATURE_NODES = 100


@dataclass(frozen=True, slots=True)
class SeedRange:
    """From how many seeds to how many it may take to tell; None for more than 1,000.

    In simulations of normal differences the upper end is enough in more than four of five undecided studies.
    """

    fewest: int | None
    most: int | None

    def where(self, share: float) -> SeedRange:
        """The same where only that share of the seeds, above 0, counts."""
        return SeedRange(*(_counted(math.ceil(end / share - FLOAT_NOISE)) for end in self.ends))

    @property
    def ends(self) -> tuple[int, int]:
        """Both ends, with a number for what is beyond all counting."""
        return self.fewest or MOST_SEEDS + 1, self.most or MOST_SEEDS + 1


def sooner(ranges: Iterable[SeedRange]) -> SeedRange | None:
    """From the fewest to the fewest of the mosts: where several ways may tell; None without any."""
    both = [found.ends for found in ranges]
    return SeedRange(*(_counted(min(some)) for some in zip(*both, strict=True))) if both else None


def _counted(seeds: int) -> int | None:
    return seeds if seeds <= MOST_SEEDS else None


def detection_power(effect: float, n: int, alpha: float = 0.05, arms: int = 1) -> float:
    """The probability that n pairs show a difference of `effect` standard deviations at the level `alpha`.

    P(|T| > t), T noncentral t with n-1 degrees of freedom and noncentrality effect·√n, t the critical value at the
    attainable level (Cohen 1988, Statistical Power Analysis, chapter 2): an integral over the distribution of the
    sample's standard deviation, given which everything is normal. Where only the pattern "all signs alike" rejects and
    there is one arm, its probability Φ(effect)ⁿ + Φ(-effect)ⁿ is exact and taken instead. Against simulated sign-flip
    tests the result is right to within 0.06.

    Args:
        effect: |mean difference| / standard deviation of the differences; no unit.
        n: number of pairs, at least 1.
        alpha: two-sided family-wise level.
        arms: how many are compared with the baseline.

    Returns:
        A probability; 0.0 where n pairs can never reach `alpha`.

    Raises:
        ValueError: an alpha outside (0, 1).
    """
    from scipy.special import ndtr, stdtrit

    level = float(_attainable(np.array([n]), alpha)[0])
    if level == 0:
        return 0.0
    if arms == 1 and level == 2.0 ** (1 - n):
        return float(ndtr(effect) ** n + ndtr(-effect) ** n)
    spreads, weights = _spreads(n - 1)
    bounds = stdtrit(n - 1, 1 - level / arms / 2) * spreads
    shift = effect * math.sqrt(n)
    return float(weights @ (ndtr(shift - bounds) + ndtr(-shift - bounds)))


@functools.cache
def detectable_effect(n: int, alpha: float = 0.05, arms: int = 1, power: float = 0.8) -> float:
    """The smallest effect, in standard deviations, that n pairs show with probability `power`.

    The effect at which `detection_power` equals `power`; inf where n pairs are too few to reach `alpha`.

    Args:
        n: number of pairs, at least 1.
        alpha: two-sided family-wise level.
        arms: how many are compared with the baseline.
        power: between alpha and 1.

    Raises:
        ValueError: alpha outside (0, 1), power outside (alpha, 1).
    """
    from scipy.optimize import brentq

    _check(alpha, power)
    if n < least_pairs(alpha):
        return math.inf
    largest = 1.0
    while detection_power(largest, n, alpha, arms) < power:
        largest *= 2
    return float(brentq(lambda effect: detection_power(effect, n, alpha, arms) - power, 0.0, largest))


def seeds_to_detect(effect: float, *, alpha: float = 0.05, arms: int = 1, power: float = 0.8) -> int | None:
    """About how many pairs show an effect with probability `power`.

    The least n with effect·√n >= t·c + z·√(1 + t²(1-c²)): Johnson & Welch's normal approximation to the noncentral t
    (1940), t the critical value at the attainable level, c the mean of √(χ²/df), z the normal quantile of `power`.

    Args:
        effect: mean difference / standard deviation of the differences; no unit; inf where there is no spread.
        alpha: two-sided family-wise level.
        arms: how many are compared with the baseline.
        power: between alpha and 1.

    Returns:
        At least `least_pairs(alpha)`; None where more than 1,000 are needed.

    Raises:
        ValueError: an effect that is nan, alpha outside (0, 1), power outside (alpha, 1).
    """
    _check(alpha, power)
    if math.isnan(effect):
        raise ValueError("the effect must be a number, not nan")
    n, needed = _effects_needed(alpha, arms, power)
    # One more pair never lowers the attainable level, so that what is needed falls with n.
    found = int(np.searchsorted(-needed, -abs(effect)))
    return int(n[found]) if found < n.size else None


def seeds_to_exclude(effect: float, margin: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """About how many pairs show that the difference is no larger than `margin`, if it is what `effect` says.

    The power of two one-sided tests at alpha/2 each (Schuirmann 1987; Phillips 1990), by the normal approximation of
    `seeds_to_detect` on either side.

    Args:
        effect: mean difference / standard deviation of the differences; no unit.
        margin: the smallest difference worth caring about, by the same standard deviation, >= 0.
        alpha: both errors together.
        power: between alpha and 1.

    Returns:
        At least `least_pairs(alpha)`; None where more than 1,000 are needed, as always where |effect| >= margin.

    Raises:
        ValueError: a margin below 0, alpha outside (0, 1), power outside (alpha, 1).
    """
    _check(alpha, power)
    if abs(effect) >= not_negative(margin, "the margin"):
        return None
    n, critical, mean, variance = _critical_values(alpha, 1)

    def power_with(place: int) -> float:
        t, root = float(critical[place]), math.sqrt(n[place])
        spread = math.sqrt(1 + t**2 * variance[place])
        above, below = (
            NORMAL.cdf((side * root - t * mean[place]) / spread) for side in (margin - effect, margin + effect)
        )
        return above + below - 1

    # It rises with n, as that of `seeds_to_detect` does.
    found = bisect_left(range(n.size), power, key=power_with)
    return int(n[found]) if found < n.size else None


def seeds_that_would_tell(
    effect: float, n: int, margin: float | None, *, alpha: float = 0.05, arms: int = 1, power: float = 0.8
) -> SeedRange:
    """The range of seeds that would show an observed effect, or that it lies within the margin: whichever is fewer.

    The effect's noncentrality has, given the observed t = effect·√n, about the quantiles t·c + z·√(1 + t²(1-c²))
    (Johnson & Welch 1940, turned round), and the margin in true standard deviations is √(χ²/df) times what it is in
    observed ones. Seeds are counted for all effects and margins between the 10 % and the 90 % quantiles: an effect near
    the margin takes the most, and it may lie between effects that take few.

    Args:
        effect: observed mean difference / standard deviation; no unit; inf where there is no spread.
        n: pairs that it was observed in, at least 2.
        margin: the smallest difference worth caring about, by the same standard deviation; None where there is none.
        alpha: two-sided family-wise level.
        arms: how many are compared with the baseline.
        power: of the planning.

    Raises:
        ValueError: as `seeds_to_detect` and `seeds_to_exclude`.
    """
    from scipy.special import gammaincinv, ndtri

    def count(possible: float, limit: float | None) -> int:
        ways = [seeds_to_detect(possible, alpha=alpha, arms=arms, power=power)]
        if limit is not None:
            ways.append(seeds_to_exclude(possible, limit, alpha=alpha, power=power))
        return min((found for found in ways if found is not None), default=MOST_SEEDS + 1)

    def hardest(limit: float) -> tuple[float, float]:
        """Two effects, close together, between which it becomes easier to show a difference than to exclude one."""
        low, high = 0.0, limit
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            detected = seeds_to_detect(middle, alpha=alpha, arms=arms, power=power)
            if detected is None or count(middle, limit) < detected:
                low = middle
            else:
                high = middle
        return low, high

    if math.isinf(effect):
        least = max(least_pairs(alpha), n + 1)
        return SeedRange(least, least)
    mean = float(_mean_spread(np.array([n - 1.0]))[0])
    t = effect * math.sqrt(n)
    low, high = ((t * mean + ndtri(RANGE) * math.sqrt(1 + t**2 * (1 - mean**2))) / math.sqrt(n)).tolist()
    spreads = np.sqrt(2 * gammaincinv((n - 1) / 2, RANGE) / (n - 1)).tolist()
    counts = []
    # Within no margin at all nothing is ever shown to lie.
    for limit in [margin * ratio for ratio in spreads] if margin else [None]:
        # Where the count turns: at no effect, and where one way out becomes longer than the other.
        turns = [0.0, *(side * turn for turn in hardest(limit) for side in (1, -1))] if limit is not None else [0.0]
        counts += [count(possible, limit) for possible in (low, high, *turns) if low <= possible <= high]
    return SeedRange(*(_counted(max(found, n + 1)) for found in (min(counts), max(counts))))


@functools.cache
def _effects_needed(alpha: float, arms: int, power: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For every number of pairs the effect that it shows with probability `power`."""
    from scipy.special import ndtri

    n, critical, mean, variance = _critical_values(alpha, arms)
    needed: NDArray[np.float64] = (critical * mean + ndtri(power) * np.sqrt(1 + critical**2 * variance)) / np.sqrt(n)
    return n, needed


@functools.cache
def _critical_values(
    alpha: float, arms: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Numbers of pairs up to the most; for each the critical t, and mean and variance of √(χ²/df)."""
    from scipy.special import stdtrit

    n = np.arange(least_pairs(alpha), MOST_SEEDS + 1)
    mean = _mean_spread((n - 1).astype(np.float64))
    return n, stdtrit(n - 1, 1 - _attainable(n, alpha) / arms / 2), mean, 1 - mean**2


def _attainable(n: NDArray[np.int64], alpha: float) -> NDArray[np.float64]:
    """The levels that sign-flip tests of n pairs really have where `alpha` is asked of them."""
    half_patterns = 2.0 ** np.minimum(n - 1, _FINEST_STEPS)
    levels: NDArray[np.float64] = np.floor(probability(alpha, "alpha") * half_patterns) / half_patterns
    return levels


def _mean_spread(df: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of √(χ²(df)/df), the sample's sd by the true one."""
    from scipy.special import gammaln

    means: NDArray[np.float64] = np.exp(gammaln((df + 1) / 2) - gammaln(df / 2)) * np.sqrt(2 / df)
    return means


@functools.cache
def _spreads(df: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes and weights for a mean over √(χ²(df)/df), the sample's sd by the true one: Gauss-Legendre on quantiles."""
    from scipy.special import gammaincinv

    nodes, weights = _quadrature()
    return np.sqrt(2 * gammaincinv(df / 2, (1 + nodes) / 2) / df), weights / 2


@functools.cache
def _quadrature() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The rule on [-1, 1]: an eigenvalue problem, and the same for every df."""
    return np.polynomial.legendre.leggauss(_QUADRATURE_NODES)


def _check(alpha: float, power: float) -> None:
    probability(alpha, "alpha")
    if not alpha < power < 1:
        raise ValueError(f"power must lie between alpha ({alpha}) and 1, not {power}")
