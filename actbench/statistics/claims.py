"""Does a claim about one arm and some rivals hold? Decided by exact tests of paired differences alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.permutation import Alternative, equivalence_p, least_pairs, max_t
from actbench.statistics.samples import probability, signed_ranks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

CLAIM_ALPHA = 0.05
"""The share of claims about equal arms that get any verdict, right or wrong: half of it confirmed, half refuted."""


class Decision(StrEnum):
    """What a claim can come to."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    TOO_FEW = "too few"


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a claim.

    Attributes:
        decision: confirmed, refuted, undecided, or too few pairs for any of these.
        rival: the number of the rival that decided: the closest call of those that confirm, the clearest of those that
            refute, the furthest from confirming otherwise.
        p_value: of the claim, against that rival; 1 where nothing speaks for it.
        p_against: of the opposite, adjusted for all rivals.
        level: what a p-value must not exceed.
        n: pairs with that rival.
        n_learned: those of them whose values are compared: where both learned.
        least: pairs that could decide at all.
    """

    decision: Decision
    rival: int
    p_value: float
    p_against: float
    level: float
    n: int
    n_learned: int
    least: int


def decide_order(
    rivals: Sequence[Sequence[ArrayLike]], *, higher: bool, by_ranks: bool = False, alpha: float = CLAIM_ALPHA
) -> Decided:
    """Decide the claim that an arm is higher (or lower) than each of its rivals.

    A rival is met in one respect (accuracy) or in two (accuracy where both learned, and how often each learned). The
    claim holds against it where the exact one-sided sign-flip test shows the claimed order in some respect, step-down
    max-T over the respects (`max_t`). It is confirmed where it holds against every rival: all must, so their number
    needs no correction (the intersection-union test, Berger 1982). It is refuted where the same test the other way
    round, step-down over all rivals and respects, shows that it fails against one. Where both are shown, neither is;
    nor is an order of accuracies shown by an arm whose runs learned less often than those that it is to be above.

    Each way takes alpha/2: of arms that are alike, at most a share alpha get either verdict, and an arm with one rival
    is judged as `compare` judges it. It takes as many pairs: 2/2ⁿ <= alpha, 6 at 5 %.

    Args:
        rivals: for each rival and respect the differences arm - rival, shape (n,), row i of all of them of the same
            seed; nan where the seed is missing, or the respect has nothing to say. The second respect is reliability.
        higher: whether the claim says higher.
        by_ranks: judge by the signed ranks of the differences (Wilcoxon 1945), which a few wild ones hardly move.
        alpha: error allowed.

    Raises:
        ValueError: no rival or respect, unequal lengths, an infinite difference, alpha outside (0, 1).
    """
    tables = [_table(respects) for respects in rivals]
    if not tables:
        raise ValueError("a claim needs at least one rival")
    tested = [_tested(table, alpha, by_ranks=by_ranks) for table in tables]
    ways: tuple[Alternative, Alternative] = ("greater", "less")
    claimed, opposite = ways if higher else ways[::-1]
    support = np.array([max_t(table, alternative=claimed).min() for table in tested])
    against = _by_rival(max_t(np.hstack(tested), alternative=opposite), tested)
    side = 1 if higher else -1
    leads = [side * _lead(table) for table in tables]
    learned = np.array([side * np.nansum(table[:, 1:]) for table in tables])
    return _decided(support, against, leads, tables, alpha, learned)


def decide_alike(
    differences: Sequence[ArrayLike],
    *,
    margin: float,
    reliability: Sequence[ArrayLike] = (),
    by_ranks: bool = False,
    alpha: float = CLAIM_ALPHA,
) -> Decided:
    """Decide the claim that an arm differs from each of its rivals, or from some figures, by no more than ``margin``.

    Confirmed where two one-sided sign-flip tests show it of every rival (`equivalence_p`, each at alpha/2), and the arm
    learned as often as each of them. Refuted where the one-sided tests of the opposite (each side of the margin at
    alpha/2, step-down over all rivals) show a rival outside, or that one of the two learns more often.

    Args:
        differences: arm - rival of each rival, shape (n,), as in `decide_order`.
        margin: in the unit of the differences, above 0.
        reliability: of each rival, whether the arm learned less whether the rival did: -1, 0 or 1, shape (n,); left out
            where every run learned.
        by_ranks: as in `decide_order`.
        alpha: error allowed.

    Raises:
        ValueError: no rival, a margin that is not above 0, and as `decide_order`.
    """
    if not margin > 0:
        raise ValueError(f"what counts as alike needs a margin above 0, not {margin}")
    if not differences:
        raise ValueError("a claim needs at least one rival")
    respects = zip(differences, reliability, strict=True) if reliability else ((sample,) for sample in differences)
    tables = [_table(columns) for columns in respects]
    support = np.array([_alike_p(table, margin, by_ranks=by_ranks) for table in tables])
    # An arm cannot lie above and below: each side is a family of its own, at alpha/2.
    sides = [
        [
            _tested(np.column_stack([sign * table[:, :1] - margin, sign * table[:, 1:]]), alpha, by_ranks=by_ranks)
            for table in tables
        ]
        for sign in (1, -1)
    ]
    against = np.min([_by_rival(max_t(np.hstack(side), alternative="greater"), side) for side in sides], axis=0)
    leads = [-abs(_lead(table)) for table in tables]
    return _decided(support, against, leads, tables, alpha)


def _decided(
    support: NDArray[np.float64],
    against: NDArray[np.float64],
    leads: Sequence[float],
    tables: Sequence[NDArray[np.float64]],
    alpha: float,
    learned: NDArray[np.float64] | float = 0.0,
) -> Decided:
    """The decision. ``learned``: for each rival, by how many runs reliability is on the claimed side."""
    level = probability(alpha, "alpha") / 2
    least = least_pairs(alpha)
    shown, opposite = support <= level, against <= level
    holds, fails = shown & (learned >= 0), opposite & (learned <= 0)
    # Of equal p-values, the smallest lead is the closest call, and the largest deficit the clearest refutation.
    closest = min(range(len(leads)), key=lambda rival: (holds[rival], -support[rival], leads[rival]))
    worst = min(range(len(leads)), key=lambda rival: (not fails[rival], against[rival], leads[rival]))
    decision, rival = Decision.UNDECIDED, closest
    if holds.all() and not opposite.any():
        decision = Decision.CONFIRMED
    elif fails.any() and not shown.all():
        decision, rival = Decision.REFUTED, worst
    elif _compared(tables[closest]) < least:
        decision = Decision.TOO_FEW
    p_values = float(support[rival]), float(against[rival])
    return Decided(decision, rival, *p_values, level, _pairs(tables[rival]), _compared(tables[rival]), least)


def _table(respects: Sequence[ArrayLike]) -> NDArray[np.float64]:
    """The respects as columns, a row a seed."""
    if not respects:
        raise ValueError("a rival needs at least one respect")
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in respects])


def _tested(table: NDArray[np.float64], alpha: float, *, by_ranks: bool) -> NDArray[np.float64]:
    """What is tested of a rival: the respects of which so many pairs could decide, as ranks if wanted."""
    known = (~np.isnan(table)).sum(axis=0) >= least_pairs(alpha)
    columns = np.where(known, table, np.nan)
    return np.column_stack([signed_ranks(column) for column in columns.T]) if by_ranks else columns


def _pairs(table: NDArray[np.float64]) -> int:
    return int((~np.isnan(table)).any(axis=1).sum())


def _compared(table: NDArray[np.float64]) -> int:
    """The pairs that have values to compare, however often the arms learned in others."""
    return int((~np.isnan(table[:, 0])).sum())


def _lead(table: NDArray[np.float64]) -> float:
    """By how much the arm is ahead, in the first respect that says anything."""
    means = (float(column[~np.isnan(column)].mean()) for column in table.T if not np.isnan(column).all())
    return next(means, 0.0)


def _by_rival(adjusted: NDArray[np.float64], tables: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The smallest p-value of each rival's columns."""
    parts = np.split(adjusted, np.cumsum([table.shape[1] for table in tables])[:-1])
    return np.array([part.min() for part in parts])


def _alike_p(table: NDArray[np.float64], margin: float, *, by_ranks: bool) -> float:
    """The p-value of lying within the margin; 1 where nothing is known, or one of the two learned more often."""
    differences = table[~np.isnan(table[:, 0]), 0]
    if not differences.size or np.nansum(table[:, 1:]):
        return 1.0
    return equivalence_p(differences, margin, by_ranks=by_ranks)
