"""Does a claim about one arm and some rivals hold? Decided by intervals of paired differences alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from actbench.statistics.comparison import Comparison, compare_paired
from actbench.statistics.samples import probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Decision(StrEnum):
    """What a claim can come to."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a claim.

    Attributes:
        decision: confirmed, refuted or undecided.
        rival: the number of the rival that decided: the closest call of those that confirm, the clearest of those that
            refute, the furthest from confirming otherwise.
        comparison: the arm with that rival, with the interval that decided.
    """

    decision: Decision
    rival: int
    comparison: Comparison


def decide_order(arm: ArrayLike, rivals: Sequence[ArrayLike], *, higher: bool, alpha: float = 0.05) -> Decided:
    """Decide the claim that an arm is higher (or lower) than each of its rivals.

    Confirmed where every rival's interval of arm - rival, at level 1-alpha, lies on the claimed side of 0: all must,
    so their number needs no correction (the intersection-union test, Berger 1982). Refuted where at least one interval
    lies wholly on the other side, at level 1-alpha/k for k rivals (Bonferroni), since any one may. Either error thus
    has a chance of at most alpha.

    Args:
        arm: shape (n,), any unit, finite, paired by seed with each rival.
        rivals: one sample of shape (n,) each; at least one.
        higher: whether the claim says higher.
        alpha: error allowed.

    Raises:
        ValueError: no rival, empty or unequal samples, a value that is nan or inf, alpha outside (0, 1).
    """
    probability(alpha, "alpha")
    if not rivals:
        raise ValueError("a claim needs at least one rival")
    sign = 1.0 if higher else -1.0
    loose = [compare_paired(arm, rival, level=1 - alpha) for rival in rivals]
    strict = [compare_paired(arm, rival, level=1 - alpha / len(rivals)) for rival in rivals]
    against = [sign * _end(comparison, -sign) for comparison in strict]
    if min(against) < 0:
        worst = against.index(min(against))
        return Decided(Decision.REFUTED, worst, strict[worst])
    support = [sign * _end(comparison, sign) for comparison in loose]
    closest = support.index(min(support))
    return Decided(Decision.CONFIRMED if support[closest] > 0 else Decision.UNDECIDED, closest, loose[closest])


def decide_alike(arm: ArrayLike, rivals: Sequence[ArrayLike], *, margin: float, alpha: float = 0.05) -> Decided:
    """Decide the claim that an arm differs from each of its rivals by no more than ``margin``.

    Confirmed where every interval of arm - rival, at level 1-alpha, lies within ±margin (two one-sided tests,
    Schuirmann 1987); refuted where one, at level 1-alpha/k, lies wholly outside.

    Args:
        arm: shape (n,), any unit, finite, paired by seed with each rival.
        rivals: one sample of shape (n,) each; at least one.
        margin: in the unit of the values, above 0.
        alpha: error allowed.

    Raises:
        ValueError: no rival, a margin that is not above 0, and as `decide_order`.
    """
    probability(alpha, "alpha")
    if not rivals or not margin > 0:
        raise ValueError("a claim needs at least one rival and a margin above 0")
    loose = [compare_paired(arm, rival, level=1 - alpha) for rival in rivals]
    strict = [compare_paired(arm, rival, level=1 - alpha / len(rivals)) for rival in rivals]
    nearest = [max(_end(comparison, 1.0), -_end(comparison, -1.0)) for comparison in strict]
    if max(nearest) > margin:
        worst = nearest.index(max(nearest))
        return Decided(Decision.REFUTED, worst, strict[worst])
    furthest = [max(-_end(comparison, 1.0), _end(comparison, -1.0)) for comparison in loose]
    closest = furthest.index(max(furthest))
    return Decided(Decision.CONFIRMED if furthest[closest] <= margin else Decision.UNDECIDED, closest, loose[closest])


def _end(comparison: Comparison, side: float) -> float:
    """The lower end of the interval for side 1, the upper for side -1; without an interval it has none."""
    if comparison.interval is None:
        return -side * float("inf")
    return comparison.interval.low if side > 0 else comparison.interval.high
