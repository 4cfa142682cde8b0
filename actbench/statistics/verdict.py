"""Better, worse, equivalent, or undecided: one verdict per arm, with the family-wise error under control."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from actbench.statistics.samples import probability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actbench.statistics.comparison import Comparison, TimeComparison


class Standing(StrEnum):
    """How an arm stands to the baseline."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    """No difference of more than the margin."""
    UNDECIDED = "undecided"

    @property
    def is_different(self) -> bool:
        """Whether a difference was shown."""
        return self in (Standing.BETTER, Standing.WORSE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said about one arm.

    Attributes:
        standing: better, worse, equivalent or undecided.
        adjusted_p: Holm's adjusted p-value; None where so few seeds could never decide.
        margin: the smallest difference worth caring about, as given to `judge`.
        negligible: whether the whole interval lies within the margin; a better arm can be negligibly better.
        n: seeds that the comparison rests on, in the arm with the fewer.
        seeds: if undecided, about how many seeds would tell; None for more than 1,000, and where nothing is undecided.
        at_least: whether `seeds` is only a lower bound, since one seed shows no spread to plan with.
    """

    standing: Standing
    adjusted_p: float | None
    margin: float
    negligible: bool
    n: int
    seeds: int | None
    at_least: bool


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjusted p-values (Holm 1979), in the order given.

    With the m p-values sorted, adjusted(i) = max over j <= i of min(1, (m-j+1)·p(j)); rejecting where it is <= alpha
    keeps the chance of any false rejection in the family at alpha, whatever the dependence between the tests.

    None stays None and does not count towards m. That keeps the promise as long as an entry is None for a reason that
    does not depend on its values: here, that it has too few seeds for its test ever to reject (Tarone 1990).

    Args:
        p_values: from 0 to 1, or None.

    Raises:
        ValueError: a p-value that is nan or outside 0 to 1.
    """
    tested = [p for p in p_values if p is not None]
    if not all(0 <= p <= 1 for p in tested):
        raise ValueError(f"p-values must lie between 0 and 1: {tested}")
    order = np.argsort(tested, kind="stable")
    steps = np.asarray(tested)[order] * np.arange(len(tested), 0, -1)
    adjusted = np.empty(len(tested))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(steps))
    remaining = iter(adjusted.tolist())
    return [None if p is None else next(remaining) for p in p_values]


def judge(
    comparisons: Sequence[Comparison | TimeComparison],
    *,
    margin: float,
    higher_is_better: bool,
    alpha: float = 0.05,
    power: float = 0.8,
) -> list[Verdict]:
    """One verdict for each arm of a family: all the comparisons of one metric with one baseline.

    - better, worse: Holm's adjusted p-value is <= alpha, so that among arms that equal the baseline the chance of even
      one "better" or "worse" is at most alpha.
    - equivalent, "no difference of more than d shown": neither, but the whole interval lies within ±margin, which at
      95 % is two one-sided tests at 2.5 % each (Schuirmann 1987), for each arm by itself. It takes as many seeds as
      the test of one arm alone needs to reach alpha: accuracies come in steps of 1/(test size), and two or three
      seeds that happen to agree would have an interval of no width.
    - undecided, with the number of seeds that would decide it with probability `power`, going by the observed spread.

    Args:
        comparisons: the family, in any order.
        margin: smallest difference worth caring about, >= 0: in the unit of the values for `Comparison`, relative for
            `TimeComparison` (0.05 for 5 %).
        higher_is_better: True for accuracy; False for losses and all times.
        alpha: family-wise error allowed.
        power: of the planning, between alpha and 1.

    Returns:
        One verdict per comparison, in the same order.

    Raises:
        ValueError: a margin that is negative or nan, alpha outside (0, 1), power outside (alpha, 1).
    """
    probability(alpha, "alpha")
    if not margin >= 0:
        raise ValueError(f"the smallest difference worth caring about must not be negative: {margin}")
    adjusted = holm([comparison.p_value for comparison in comparisons])
    verdicts = []
    for comparison, p in zip(comparisons, adjusted, strict=True):
        n = min(comparison.n, comparison.n_baseline)
        negligible = comparison.lies_within(margin)
        standing = Standing.UNDECIDED
        seeds = None
        if p is not None and p <= alpha:
            standing = Standing.BETTER if (comparison.direction > 0) == higher_is_better else Standing.WORSE
        elif negligible and comparison.smallest_p <= alpha:
            standing = Standing.EQUIVALENT
        else:
            seeds = comparison.seeds_that_would_tell(margin, alpha=alpha, arms=len(comparisons), power=power)
            seeds = None if seeds is None else max(seeds, n + 1)
        verdicts.append(Verdict(standing, p, margin, negligible, n, seeds, at_least=not comparison.shows_spread))
    return verdicts
