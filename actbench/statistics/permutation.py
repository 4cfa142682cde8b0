"""Exact permutation tests, for as many seeds as people really run.

A test of n pairs has 2ⁿ sign patterns, four billion at 32 pairs. They need not be listed: every pattern joins one of
the left half of the pairs to one of the right half, so two lists of 2^(n/2) sums, one of them sorted, tell how many of
all the sums are extreme (meeting in the middle, Horowitz & Sahni 1974). Milliseconds at 32 pairs; beyond that, seeded
Monte Carlo.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.samples import FLOAT_NOISE, finite_sample, probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

EXACT_VALUES = 32
RANDOM_PATTERNS = 100_000
# Sums that should be equal differ by rounding. A pattern this close to the observed one counts as equally extreme,
# which can only make a p-value larger.
_SUM_NOISE = 1e-9
_CHUNK = 20_000


def sign_flip_test(differences: ArrayLike, *, seed: int = 0) -> float:
    """Two-sided p-value of the paired sign-flip permutation test (Fisher 1935, The Design of Experiments, section 21).

    If the two arms of a pair can be exchanged, each difference was as likely to have the other sign. p is the share of
    the 2ⁿ sign patterns s for which |Σ sᵢ·dᵢ| >= |Σ dᵢ|: exact up to 32 pairs. Beyond, 100,000 random patterns with
    the observed one counted in, p = (1 + hits)/(1 + patterns), which keeps the test valid (Phipson & Smyth 2010).
    A difference of zero stays in: it says nothing, and doubles hits and patterns alike.

    Args:
        differences: shape (n,), any unit, finite.
        seed: of the random patterns, beyond 32 pairs.

    Raises:
        ValueError: no differences, or one that is nan or inf.
    """
    sample = finite_sample(differences, "differences")
    threshold = float(abs(sample.sum()) - _SUM_NOISE * np.abs(sample).sum())
    if sample.size <= EXACT_VALUES:
        left, right = np.array_split(sample, 2)
        return _extreme_pairs(_signed_sums(left), _signed_sums(right), threshold) / 2.0**sample.size
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(RANDOM_PATTERNS // _CHUNK):
        signs = rng.integers(0, 2, size=(_CHUNK, sample.size), dtype=np.int8) * 2 - 1
        hits += int(np.count_nonzero(np.abs(signs @ sample) >= threshold))
    return (1 + hits) / (1 + RANDOM_PATTERNS)


def two_sample_test(arm: ArrayLike, baseline: ArrayLike, *, seed: int = 0) -> float:
    """Two-sided p-value of the permutation test of two independent samples (Pitman 1937).

    p is the share of the C(n+m, n) ways to deal the pooled values out to the two arms for which the difference of the
    means is at least as large in absolute value as the one observed: exact up to 32 values in both arms together,
    beyond that 100,000 random deals with the observed one counted in, as in `sign_flip_test`. Its null hypothesis is
    that both arms have the same distribution, spread included.

    Args:
        arm: shape (n,), any unit, finite.
        baseline: shape (m,), same unit, finite.
        seed: of the random deals, beyond 32 values.

    Raises:
        ValueError: an empty sample, or a value that is nan or inf.
    """
    first, second = finite_sample(arm, "arm"), finite_sample(baseline, "baseline")
    pooled = np.concatenate([first, second])
    # Around the pooled mean, the difference of the means is proportional to the sum of the arm alone.
    centred = pooled - pooled.mean()
    noise = _SUM_NOISE * np.abs(centred).sum() + FLOAT_NOISE * np.abs(pooled).sum()
    threshold = abs(centred[: first.size].sum()) - noise
    if pooled.size <= EXACT_VALUES:
        left, right = np.array_split(centred, 2)
        left_sums, left_sizes = _subset_sums(left), _subset_sums(np.ones_like(left))
        right_sums, right_sizes = _subset_sums(right), _subset_sums(np.ones_like(right))
        hits = sum(
            _extreme_pairs(left_sums[left_sizes == size], right_sums[right_sizes == first.size - size], threshold)
            for size in range(left.size + 1)
        )
        return hits / math.comb(pooled.size, first.size)
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(RANDOM_PATTERNS // _CHUNK):
        deals = rng.permuted(np.broadcast_to(centred, (_CHUNK, centred.size)), axis=1)
        hits += int(np.count_nonzero(np.abs(deals[:, : first.size].sum(axis=1)) >= threshold))
    return (1 + hits) / (1 + RANDOM_PATTERNS)


def smallest_sign_flip_p(n: int) -> float:
    """The smallest p-value that `sign_flip_test` can give for n pairs: 2/2ⁿ, all the signs alike."""
    return 2 / 2**n if n <= EXACT_VALUES else 1 / (1 + RANDOM_PATTERNS)


def smallest_two_sample_p(n: int, m: int) -> float:
    """The smallest p-value of `two_sample_test` for n and m values: 1/C(n+m, n), twice that if n = m (arms swapped)."""
    return (2 if n == m else 1) / math.comb(n + m, n) if n + m <= EXACT_VALUES else 1 / (1 + RANDOM_PATTERNS)


def least_pairs(alpha: float) -> int:
    """The fewest pairs with which a sign-flip test can reach `alpha`: the least n with 2/2ⁿ <= alpha; 6 at 5 %.

    Raises:
        ValueError: an alpha outside (0, 1).
    """
    probability(alpha, "alpha")
    n = 1
    while 2 / 2**n > alpha:
        n += 1
    return n


def _subset_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of all 2ⁿ subsets, in the same order for every array of the same length."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def _signed_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums under all 2ⁿ sign patterns."""
    return 2 * _subset_sums(values) - float(values.sum())


def _extreme_pairs(left: NDArray[np.float64], right: NDArray[np.float64], threshold: float) -> int:
    """How many pairs, one number from each side, have |left + right| >= threshold."""
    if threshold <= 0:
        return left.size * right.size
    ordered = np.sort(right)
    above = ordered.size - np.searchsorted(ordered, threshold - left, side="left")
    below = np.searchsorted(ordered, -threshold - left, side="right")
    return int(above.sum() + below.sum())
