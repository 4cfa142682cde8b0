"""Exact permutation tests, for as many seeds as people really run.

A test of n pairs has 2ⁿ sign patterns, four billion at 32 pairs. They need not be listed: every pattern joins one of
the left half of the pairs to one of the right half, so two lists of 2^(n/2) sums, one of them sorted, tell how many of
all the sums are extreme (meeting in the middle, Horowitz & Sahni 1974). Milliseconds at 32 pairs; beyond that, seeded
Monte Carlo. `max_t` needs every pattern's largest statistic, and lists them, up to 20 pairs.

What these tests are about is exchangeability: that within a seed the two values could as well have come the other way
round. Two arms of different shape and equal mean are not exchangeable, and no test of so few values can promise
anything about their means (Bahadur & Savage 1956).
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from actbench.statistics.samples import FLOAT_NOISE, finite_sample, not_negative, probability, signed_ranks, subset_sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

Alternative: TypeAlias = Literal["two-sided", "greater", "less"]
EXACT_VALUES = 32
EXACT_ROWS = 20
RANDOM_PATTERNS = 100_000
# Sums that should be equal differ by rounding. A pattern this close to the observed one counts as equally extreme,
# which can only make a p-value larger.
_SUM_NOISE = 1e-9
_CHUNK = 20_000


def sign_flip_test(differences: ArrayLike, *, alternative: Alternative = "two-sided", seed: int = 0) -> float:
    """p-value of the paired sign-flip permutation test (Fisher 1935, The Design of Experiments, section 21).

    If the two arms of a pair can be exchanged, each difference was as likely to have the other sign. p is the share of
    the 2ⁿ sign patterns s for which |Σ sᵢ·dᵢ| >= |Σ dᵢ|; one-sided, for which Σ sᵢ·dᵢ >= Σ dᵢ ("greater": the
    differences tend to be above 0) or <= ("less"). Exact up to 32 pairs; beyond, 100,000 random patterns with the
    observed one counted in, p = (1 + hits)/(1 + patterns), which keeps the test valid (Phipson & Smyth 2010).
    A difference of zero stays in: it says nothing, and doubles hits and patterns alike.

    Args:
        differences: shape (n,), any unit, finite.
        alternative: what is to be shown.
        seed: of the random patterns, beyond 32 pairs.

    Raises:
        ValueError: no differences, or one that is nan or inf.
    """
    sample = finite_sample(differences, "differences")
    if alternative == "less":
        sample = -sample
    two_sided = alternative == "two-sided"
    observed = abs(sample.sum()) if two_sided else sample.sum()
    threshold = float(observed - _SUM_NOISE * np.abs(sample).sum())
    if sample.size <= EXACT_VALUES:
        left, right = (_signed_sums(half) for half in np.array_split(sample, 2))
        count = _extreme_pairs if two_sided else _high_pairs
        return count(left, right, threshold) / 2.0**sample.size
    hits = 0
    for signs in _random_signs(sample.size, seed):
        sums = signs @ sample
        hits += int(np.count_nonzero((np.abs(sums) if two_sided else sums) >= threshold))
    return (1 + hits) / (1 + RANDOM_PATTERNS)


def equivalence_p(differences: ArrayLike, margin: float, *, by_ranks: bool = False, seed: int = 0) -> float:
    """p-value of two one-sided sign-flip tests that the differences lie within ±margin (Schuirmann 1987).

    The larger of the p-values of d + margin being above 0 and d - margin below 0. Where it is <= a, "within the margin"
    is wrong with a chance of at most a, as long as the differences are symmetric about their centre. That is so where
    the interval of `sign_flip_interval` (by ranks, of `paired_ratio`) at level 1-2a lies inside ±margin, and may or may
    not be where it ends on the margin.

    Args:
        differences: shape (n,), any unit, finite.
        margin: the smallest difference worth caring about, same unit, >= 0.
        by_ranks: test the signed ranks of the shifted differences (Wilcoxon 1945), which a few wild ones hardly move.
        seed: of the random patterns, beyond 32 pairs.

    Raises:
        ValueError: no differences, one that is nan or inf, a margin that is negative or nan.
    """
    sample = finite_sample(differences, "differences")
    noise = FLOAT_NOISE * max(not_negative(margin, "the margin"), float(np.abs(sample).max()))
    shifted = [sample + margin, sample - margin]
    for values in shifted:
        values[np.abs(values) <= noise] = 0
    if by_ranks:
        shifted = [signed_ranks(values) for values in shifted]
    above = sign_flip_test(shifted[0], alternative="greater", seed=seed)
    below = sign_flip_test(shifted[1], alternative="less", seed=seed)
    return max(above, below)


def max_t(differences: ArrayLike, *, alternative: Alternative = "two-sided", seed: int = 0) -> NDArray[np.float64]:
    """Adjusted p-values of several arms' differences from one baseline: step-down max-T (Westfall & Young 1993, 4.1).

    The rows of the table are seeds, and a pattern flips whole rows: that keeps what the arms of a seed have in common.
    T_j = |Σ sᵢ·dᵢⱼ| / √(Σ dᵢⱼ²), without the bars where one-sided. A flip leaves Σ d² alone and Student's t rises with
    T, so this is the studentized test (Romano & Wolf 2005, section 4). With the arms ordered by their observed T, the
    adjusted p of an arm is the share of patterns whose largest T among this arm and those below it is at least the
    observed one, and no smaller than the p of the arms above. Arms with p <= a are rejected with a chance of at most a
    that any of them is a false one. Six pairs reach 2/2⁶ for any number of arms, where Holm needs ever more.

    For one arm this is `sign_flip_test`. For several it takes rows that could as well have had all their signs turned.
    A skewed baseline that all arms share breaks that; the simulations of the test suite show that 5 % hold there too.

    Exact up to 20 rows that are not all zero; beyond, 100,000 random patterns with the observed one counted in.

    Args:
        differences: shape (n, m), n seeds and m arms, any unit (also ranks); nan where an arm lacks the seed, which
            then says nothing about it, as 0 does.
        alternative: what is to be shown of every arm.
        seed: of the random patterns.

    Returns:
        Shape (m,), from 2/2ⁿ (one-sided 1/2ⁿ) to 1; 1 for an arm without any difference.

    Raises:
        ValueError: not a table, or one with an infinite entry.
    """
    table = np.nan_to_num(_table(differences))
    table = table[table.any(axis=1)] * (-1.0 if alternative == "less" else 1.0)
    lengths = np.sqrt((table**2).sum(axis=0))
    adjusted = np.ones(table.shape[1])
    compared = np.flatnonzero(lengths)
    if compared.size == 1:
        adjusted[compared] = sign_flip_test(table[:, compared[0]], alternative=_turned(alternative), seed=seed)
    if compared.size < 2:  # noqa: PLR2004 - no family
        return adjusted
    two_sided = alternative == "two-sided"
    scaled = (table[:, compared] / lengths[compared]).T
    observed = np.abs(scaled.sum(axis=1)) if two_sided else scaled.sum(axis=1)
    order = np.argsort(observed, kind="stable")
    scaled, thresholds = scaled[order], observed[order] - _SUM_NOISE * math.sqrt(len(table))
    hits, patterns = np.zeros(order.size), 0
    for sums in _pattern_sums(scaled, seed):
        # A pattern and its mirror image: both count, and only one of them is listed.
        for side in [np.abs(sums)] if two_sided else [sums, -sums]:
            hits += _successive_hits(side, thresholds)
            patterns += side.shape[1]
    if len(table) > EXACT_ROWS:
        hits, patterns = hits + 1, patterns + 1
    steps = np.maximum.accumulate((hits / patterns)[::-1])[::-1]
    adjusted[compared[order]] = steps
    return adjusted


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
        left_sums, left_sizes = subset_sums(left), subset_sums(np.ones_like(left))
        right_sums, right_sizes = subset_sums(right), subset_sums(np.ones_like(right))
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


def smallest_sign_flip_p(n: int, *, sides: Literal[1, 2] = 2) -> float:
    """The smallest p-value that `sign_flip_test` can give for n pairs: sides/2ⁿ, all the signs alike."""
    return sides / 2**n if n <= EXACT_VALUES else 1 / (1 + RANDOM_PATTERNS)


def smallest_two_sample_p(n: int, m: int) -> float:
    """The smallest p-value of `two_sample_test` for n and m values: 1/C(n+m, n), twice that if n = m (arms swapped)."""
    return (2 if n == m else 1) / math.comb(n + m, n) if n + m <= EXACT_VALUES else 1 / (1 + RANDOM_PATTERNS)


def least_pairs(alpha: float, *, sides: Literal[1, 2] = 2) -> int:
    """The fewest pairs with which a sign-flip test can reach `alpha`: the least n with sides/2ⁿ <= alpha.

    At 5 %: 6, and 5 where it is one-sided.

    Raises:
        ValueError: an alpha outside (0, 1).
    """
    probability(alpha, "alpha")
    n = 1
    while sides / 2**n > alpha:
        n += 1
    return n


def smallest_apart_p(n: int, m: int, alpha: float) -> float:
    """The same, but 1 where either arm has fewer seeds than a test of pairs takes to reach `alpha`."""
    return smallest_two_sample_p(n, m) if min(n, m) >= least_pairs(alpha) else 1.0


def least_apart(alpha: float, *, fewest: int = 1) -> int:
    """The fewest seeds of either arm, ``fewest`` at least, with which a two-sample test can reach `alpha`."""
    return next(n for n in itertools.count(fewest) if smallest_two_sample_p(n, n) <= alpha)


def _turned(alternative: Alternative) -> Alternative:
    """The alternative for differences whose signs were turned so that "less" became "greater"."""
    return "two-sided" if alternative == "two-sided" else "greater"


def _table(differences: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(differences, dtype=np.float64)
    if table.ndim != 2:  # noqa: PLR2004
        raise ValueError(f"differences must be a table of seeds x arms, not of shape {table.shape}")
    if np.isinf(table).any():
        raise ValueError("differences must be finite, or nan where an arm lacks the seed")
    return table


def _random_signs(n: int, seed: int) -> Iterator[NDArray[np.int8]]:
    """Random sign patterns, shape (chunk, n), in chunks that fit into memory."""
    rng = np.random.default_rng(seed)
    for _ in range(RANDOM_PATTERNS // _CHUNK):
        yield rng.integers(0, 2, size=(_CHUNK, n), dtype=np.int8) * 2 - 1


def _pattern_sums(rows: NDArray[np.float64], seed: int) -> Iterator[NDArray[np.float64]]:
    """The sums of m rows of n values under sign patterns, shape (m, chunk): half of all, or as many random ones.

    Half of all means those in which the first value keeps its sign; the rest are their mirror images.
    """
    n = rows.shape[1]
    if n > EXACT_ROWS:
        for signs in _random_signs(n, seed):
            yield rows @ signs.T
        return
    middle = (n + 1) // 2
    left = np.stack([row[0] + _signed_sums(row[1:middle]) for row in rows])
    right = np.stack([_signed_sums(row[middle:]) for row in rows])
    at_once = max(1, _CHUNK // right.shape[1])
    for start in range(0, left.shape[1], at_once):
        block = left[:, start : start + at_once, None] + right[:, None, :]
        yield block.reshape(len(rows), -1)


def _successive_hits(sums: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many patterns have, among each row and those before it, a maximum of at least the row's threshold."""
    largest = np.maximum.accumulate(sums, axis=0)
    hits: NDArray[np.float64] = np.count_nonzero(largest >= thresholds[:, None], axis=1).astype(np.float64)
    return hits


def _signed_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums under all 2ⁿ sign patterns."""
    return 2 * subset_sums(values) - float(values.sum())


def _extreme_pairs(left: NDArray[np.float64], right: NDArray[np.float64], threshold: float) -> int:
    """How many pairs, one number from each side, have |left + right| >= threshold."""
    if threshold <= 0:
        return left.size * right.size
    ordered = np.sort(right)
    above = ordered.size - np.searchsorted(ordered, threshold - left, side="left")
    below = np.searchsorted(ordered, -threshold - left, side="right")
    return int(above.sum() + below.sum())


def _high_pairs(left: NDArray[np.float64], right: NDArray[np.float64], threshold: float) -> int:
    """How many pairs, one number from each side, have left + right >= threshold."""
    ordered = np.sort(right)
    return int((ordered.size - np.searchsorted(ordered, threshold - left, side="left")).sum())
