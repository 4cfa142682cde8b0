"""How many seeds would tell, and what these seeds could have told.

Planning takes the differences as normal. It answers for the sign-flip test, not for the t test, by allowing for the
steps of its p-values: with k = ⌊alpha·2^(n-1)⌋ pairs of mirrored patterns that reject, the test really runs at the
attainable level k/2^(n-1), which at six seeds is 3.1 % and not 5 %.

Powers are integrals over the distribution of the sample's standard deviation, given which everything is normal. That is
what the noncentral t distribution stands for; SciPy's gives nan in its far tails, and the search goes there.
"""

from __future__ import annotations

import bisect
import functools
import math
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.permutation import least_pairs
from actbench.statistics.samples import probability

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST_SEEDS = 1000
# 2^-60 is far below any alpha: more pairs make the steps no finer in floating point.
_FINEST_STEPS = 60
_QUADRATURE_NODES = 100


def detection_power(effect: float, n: int, alpha: float = 0.05) -> float:
    """The probability that n pairs show a difference of `effect` standard deviations at the level `alpha`.

    P(|T| > t), T noncentral t with n-1 degrees of freedom and noncentrality effect·√n, t the critical value at the
    attainable level (Cohen 1988, Statistical Power Analysis, chapter 2). Where only the pattern "all signs alike"
    rejects, its probability Φ(effect)ⁿ + Φ(-effect)ⁿ is exact and taken instead. Against simulated sign-flip tests
    the result is right to within 0.06.

    Args:
        effect: |mean difference| / standard deviation of the differences; no unit.
        n: number of pairs, at least 1.
        alpha: two-sided level; the Holm-first-step level alpha/m where m comparisons are made.

    Returns:
        A probability; 0.0 where n pairs can never reach `alpha`.

    Raises:
        ValueError: an alpha outside (0, 1).
    """
    from scipy.special import ndtr, stdtrit

    half_patterns = 2.0 ** min(n - 1, _FINEST_STEPS)
    rejecting = math.floor(probability(alpha, "alpha") * half_patterns)
    if rejecting == 0:
        return 0.0
    if rejecting == 1:
        return float(ndtr(effect) ** n + ndtr(-effect) ** n)
    spreads, weights = _spreads(n - 1)
    bounds = stdtrit(n - 1, 1 - rejecting / half_patterns / 2) * spreads
    shift = effect * math.sqrt(n)
    return float(weights @ (ndtr(shift - bounds) + ndtr(-shift - bounds)))


def minimum_detectable_difference(sd: float, n: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The smallest mean difference that n pairs would have shown with probability `power`.

    The difference δ at which `detection_power(δ/sd, n, alpha)` equals `power`; inf where n pairs are too few
    to reach `alpha` however large the difference is; 0 where there is no spread.

    Args:
        sd: standard deviation of the paired differences, >= 0, in the unit of the values, as the result is.
        n: number of pairs, at least 1.
        alpha: two-sided level; alpha/m where m comparisons are made.
        power: probability of showing it, between alpha and 1.

    Raises:
        ValueError: sd negative or not finite, alpha outside (0, 1), power outside (alpha, 1).
    """
    _check(sd, alpha, power)
    if n < least_pairs(alpha):
        return math.inf
    from scipy.optimize import brentq

    largest = 1.0
    while detection_power(largest, n, alpha) < power:
        largest *= 2
    return sd * float(brentq(lambda effect: detection_power(effect, n, alpha) - power, 0.0, largest))


def seeds_to_detect(difference: float, sd: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """About how many pairs would show a difference of this size: the least n with `detection_power` >= power.

    Args:
        difference: mean of the paired differences, finite, any unit.
        sd: their standard deviation, same unit, >= 0.
        alpha: two-sided level; alpha/m where m comparisons are made.
        power: probability of showing it, between alpha and 1.

    Returns:
        At least `least_pairs(alpha)`; None where more than 1,000 are needed, or the difference is zero.

    Raises:
        ValueError: difference or sd not finite, sd negative, alpha outside (0, 1), power outside (alpha, 1).
    """
    _check(sd, alpha, power, difference)
    if difference == 0:
        return None
    if sd == 0:
        return least_pairs(alpha)
    effect = abs(difference) / sd
    return _least_n(lambda n: detection_power(effect, n, alpha), alpha, power)


def seeds_to_exclude(
    difference: float, sd: float, margin: float, *, alpha: float = 0.05, power: float = 0.8
) -> int | None:
    """About how many pairs would show that the difference is no larger than `margin`, if it is as small as it looks.

    The least n for which the (1-alpha) t interval lies within ±margin with probability `power`: the exact power of two
    one-sided tests at alpha/2 each (Schuirmann 1987; Phillips 1990).

    Args:
        difference: mean δ of the paired differences, finite, any unit.
        sd: their standard deviation, same unit, >= 0.
        margin: the smallest difference worth caring about, same unit, >= 0.
        alpha: 1 - level of the interval.
        power: probability of showing it, between alpha and 1.

    Returns:
        At least `least_pairs(alpha)`; None where more than 1,000 are needed, as always where |δ| >= margin.

    Raises:
        ValueError: difference or sd not finite, sd negative, alpha outside (0, 1), power outside (alpha, 1).
    """
    from scipy.special import ndtr, stdtrit

    _check(sd, alpha, power, difference)
    if sd == 0:
        return least_pairs(alpha) if abs(difference) <= margin else None

    def exclusion_power(n: int) -> float:
        spreads, weights = _spreads(n - 1)
        standard_error = sd / math.sqrt(n)
        # How far the mean may lie from zero, in standard errors, before the interval leaves the margin.
        room = margin / standard_error - stdtrit(n - 1, 1 - alpha / 2) * spreads
        shift = difference / standard_error
        return float(weights @ np.maximum(0, ndtr(room - shift) - ndtr(-room - shift)))

    return _least_n(exclusion_power, alpha, power)


def seeds_to_detect_by_rank(superiority: float, *, paired: bool, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """About how many seeds an arm would show a difference to a rank test (Noether 1987).

    n = (z(1-alpha/2) + z(power))² / (3·(p-½)²) for pairs, with p = P(D + D' > 0) for two paired differences; with 6 in
    place of 3, and p = P(arm > baseline), for two independent samples of n each. The formula asks for somewhat too many
    where p is near 0 or 1; at 0 and 1 themselves the fewest that the test needs will do, if all go on as they did.

    Args:
        superiority: p above, 0 to 1, ties counted half; no unit.
        paired: whether the seeds are paired.
        alpha: two-sided level; alpha/m where m comparisons are made.
        power: probability of showing it, between alpha and 1.

    Returns:
        At least `least_pairs(alpha)`; None where more than 1,000 are needed, or p is 1/2.

    Raises:
        ValueError: alpha outside (0, 1), power outside (alpha, 1).
    """
    from scipy.special import ndtri

    _check(0.0, alpha, power)
    lean = superiority - 0.5
    if lean == 0:
        return None
    if abs(lean) == 0.5:  # noqa: PLR2004 - one arm has always been the faster
        return least_pairs(alpha)
    n = math.ceil(float(ndtri(1 - alpha / 2) + ndtri(power)) ** 2 / ((3 if paired else 6) * lean**2))
    return max(n, least_pairs(alpha)) if n <= MOST_SEEDS else None


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


def _least_n(power_of: Callable[[int], float], alpha: float, power: float) -> int | None:
    candidates = range(least_pairs(alpha), MOST_SEEDS + 1)
    # One more pair never lowers the attainable level, so the power rises with n and can be searched by halves.
    found = bisect.bisect_left(candidates, power, key=power_of)
    return candidates[found] if found < len(candidates) else None


def _check(sd: float, alpha: float, power: float, difference: float = 0.0) -> None:
    probability(alpha, "alpha")
    if not alpha < power < 1:
        raise ValueError(f"power must lie between alpha ({alpha}) and 1, not {power}")
    if not 0 <= sd < math.inf:
        raise ValueError(f"the standard deviation must be finite and not negative, not {sd}")
    if not math.isfinite(difference):
        raise ValueError(f"the difference must be finite, not {difference}")
