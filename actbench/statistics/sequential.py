"""Seeds until it is decided: exact tests at several looks, whose false verdicts add up to no more than one test's.

Who tests, adds seeds and tests again has several chances to be wrong. Here the error is a budget that is spent over the
looks (Lan & DeMets 1983, Discrete sequential boundaries for clinical trials, Biometrika 70; Jennison & Turnbull 2000,
Group sequential methods, chapter 7), and the tests are sign-flip permutation tests, so that what each look spends is
counted, not approximated. Several arms share the budget by the largest of their statistics, stepping down as arms are
decided (Westfall & Young 1993; closed testing over looks: Maurer & Bretz 2013, Multiple testing in group sequential
trials using graphical approaches).

**The count.** If arm and baseline can be exchanged within every seed, each row of differences (one a seed, all arms
together) was as likely to have the other sign. At a look of n seeds the 2ⁿ patterns of signs are listed; what a pattern
did at the earlier looks is known from its first rows. The threshold is the smallest with which the share of patterns
that crossed it at this look, or an earlier one its own threshold, is at most `spending(n)`.

**The budget** does not depend on the last look: whoever goes on beyond a planned end still keeps the error.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from actbench.statistics.permutation import EXACT_ROWS, RANDOM_PATTERNS
from actbench.statistics.samples import FLOAT_NOISE, not_negative
from actbench.statistics.verdict import Standing, joint_standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

FIRST_LOOK = 6
SPENDING = "alpha - (alpha - 2/64) (6/n)^2"
"""The name of `spending` in manifests."""
LOOKS = (FIRST_LOOK, 8, 10, 15, 20, 30)
# Sums that should be equal differ by rounding; patterns this close (relative to the largest possible) are equal.
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class SequentialVerdict:
    """What the looks came to for one arm.

    Attributes:
        by_values: better, worse, equivalent, or undecided after the last look, by the values of runs that learned.
        reliability: the same by how often it learned; None where every run of the arm and its baseline did.
        look: the look at which it was decided, counted from 1; the last one where it was not.
        seeds: how many seeds that look had.
        p_value: of the values: the share of the sign patterns that crossed the threshold of an earlier look, or are now
            as extreme as the arm (stagewise ordering, Jennison & Turnbull 2000, section 8.4), no smaller than those of
            what was rejected before it at this look.
        reliability_p: the same of how often it learned.
        level: what the looks so far may spend; better and worse mean a p-value up to it.
        negligible: whether some look showed the values to lie within the margin; a better arm can be negligibly better.
        learned_alike: whether as many of its runs learned as of the baseline's.
    """

    by_values: Standing
    reliability: Standing | None
    look: int
    seeds: int
    p_value: float
    reliability_p: float | None
    level: float
    negligible: bool
    learned_alike: bool

    @property
    def standing(self) -> Standing:
        """In all."""
        return joint_standing(self.by_values, self.reliability)

    @property
    def decided(self) -> bool:
        """Whether the arm needs no more seeds."""
        return not self.standing.is_open


def looks_until(most: int, begun: Sequence[int] = ()) -> tuple[int, ...]:
    """The looks of a design that ends with ``most`` seeds: 6, 8, 10, 15, 20, 30, 40, 60, 80, 120 … and ``most`` itself.

    Args:
        most: seeds at the last look, at least 6.
        begun: the looks of a design to go on with: they stay as they are, up to ``most``, and later ones are added.

    Raises:
        ValueError: a last look before the first.
    """
    if most < FIRST_LOOK:
        raise ValueError(f"the first look takes {FIRST_LOOK} seeds, so the last one cannot take {most}")
    last = begun[-1] if begun else 0
    schedule = [*LOOKS]
    while schedule[-1] < most:
        schedule.append(2 * schedule[-2])
    added = [n for n in (*(n for n in schedule if n < most), most) if n > last]
    return (*(n for n in begun if n <= most), *added)


def spending(n: int, alpha: float = 0.05) -> float:
    """The error that the looks up to ``n`` seeds may spend together: α − (α − 2/2⁶)·(6/n)².

    At six seeds that is 2/64 = 3.1 %, what a test of six differences of one sign needs, and it grows towards α, which
    it never passes: 3.9 % at 8, 4.3 % at 10, 4.7 % at 15, 4.9 % at 30. With a first power instead of the square, eight
    seeds could not decide what six have not: 3.6 % of 2⁸ patterns is no whole pair more than 3.1 %.

    Raises:
        ValueError: an alpha that six seeds cannot reach, or fewer seeds than six.
    """
    first = 0.5 ** (FIRST_LOOK - 1)
    if not first <= alpha < 1 or n < FIRST_LOOK:
        raise ValueError(f"nothing can be spent of {alpha} with {n} seeds")
    spared: float = (FIRST_LOOK / n) ** 2
    return alpha - (alpha - first) * spared


def decide_in_looks(
    arms: Mapping[str, ArrayLike],
    looks: Sequence[int],
    *,
    margin: float,
    higher_is_better: bool,
    alpha: float = 0.05,
) -> dict[str, SequentialVerdict]:
    """A verdict on every arm of a family after some looks.

    - better, worse: at some look the T of a column, |Σ dᵢ| / √(Σ dᵢ²), is above the threshold for the largest T over
      all columns not rejected yet. Over all looks and arms the chance of any false "better" or "worse" is at most
      alpha, where arm and baseline can be exchanged within the seeds.
    - equivalent: both Σ (dᵢ + margin) and Σ (margin - dᵢ) are shown to be above zero, each by a one-sided test of its
      own that may spend half of `spending` over the looks, and as many runs of the arm learned as of the baseline. The
      chance that an arm whose differences lie symmetrically about the margin, or beyond it, is called equivalent is at
      most alpha/2, for each arm by itself.

    What lies behind the look at which an arm was decided is not looked at: the answer is the same whether its later
    seeds were trained or not. What was not rejected of a decided arm stays in the family with its differences taken
    again in turn, so that giving it no more seeds does not lower the threshold of the others.

    Args:
        arms: for each arm its differences from the baseline, arm minus baseline, by seed in the order of the looks;
            nan where there is none. Shape (seeds,), or (seeds, 2) with the difference of the values where both runs
            learned, and 1, 0 or -1 where only the arm's, both or neither, or only the baseline's learned. An arm that
            was decided may have fewer seeds than the looks.
        looks: numbers of seeds, rising, from `FIRST_LOOK` on; none is no verdict.
        margin: smallest difference worth caring about, >= 0, in the unit of the values.
        higher_is_better: True for accuracy.
        alpha: error over all looks and arms.

    Raises:
        ValueError: a negative margin, or looks that do not rise from six on.
    """
    not_negative(margin, "the margin")
    if list(looks) != sorted(set(looks)):
        raise ValueError(f"the looks must rise: {list(looks)}")
    family = _Family({arm: _two_columns(values) for arm, values in arms.items()})
    sides = {arm: _Within(margin) for arm in arms}
    levels = [spending(n, alpha) for n in looks]
    found: dict[str, SequentialVerdict] = {}
    for number, (n, level) in enumerate(zip(looks, levels, strict=True), start=1):
        candidates = [arm for arm in arms if arm not in found or not found[arm].decided]
        if not candidates:
            break
        p_values = family.look(looks[:number], levels[:number], candidates)
        for arm in candidates:
            rows = family.rows(arm, n)
            lead = float(np.nansum(rows[:, 1]))
            by_values = _standing(p_values[arm, 0], level, better=(np.nansum(rows[:, 0]) > 0) == higher_is_better)
            negligible = sides[arm].look(rows[:, 0], level)
            if negligible and not lead and by_values.is_open:
                by_values = Standing.EQUIVALENT
            some_failed = bool((np.isnan(rows[:, 0]) & ~np.isnan(rows[:, 1])).any())
            reliability = _standing(p_values[arm, 1], level, better=lead > 0) if some_failed else None
            found[arm] = SequentialVerdict(
                by_values,
                reliability,
                number,
                n,
                p_values[arm, 0],
                p_values[arm, 1] if some_failed else None,
                level,
                negligible,
                learned_alike=not lead,
            )
            if found[arm].decided:
                family.stop(arm, n)
    return found


def within_in_looks(differences: ArrayLike, looks: Sequence[int], *, margin: float, alpha: float = 0.05) -> bool:
    """Whether some look shows an arm's values to lie within a margin, by the tests of `decide_in_looks`.

    Whatever chose the number of looks, an arm that lies beyond the margin is said to be within it with a chance of at
    most alpha/2.

    Args:
        differences: as one of the arms of `decide_in_looks`.
        looks: those that were taken.
        margin: in the unit of the values, >= 0.
        alpha: error over all looks, twice that of this question.

    Raises:
        ValueError: as `decide_in_looks`.
    """
    values = _two_columns(differences)[:, 0]
    test = _Within(not_negative(margin, "the margin"))
    return any(test.look(values[:n], spending(n, alpha)) for n in looks)


def _two_columns(values: ArrayLike) -> NDArray[np.float64]:
    """Differences of values, and of how often the runs learned: not at all, where nobody says."""
    table = np.asarray(values, dtype=np.float64)
    return np.column_stack([table, 0 * table]) if table.ndim == 1 else table


def _standing(p_value: float, level: float, *, better: bool) -> Standing:
    if p_value > level:
        return Standing.UNDECIDED
    return Standing.BETTER if better else Standing.WORSE


Column: TypeAlias = tuple[str, int]
"""An arm, and which of its columns."""


class _Family:
    """Columns that share a budget. A set of them has its own test, begun anew from the first look when it shrinks."""

    def __init__(self, arms: Mapping[str, NDArray[np.float64]]) -> None:
        self.arms = arms
        self.unrejected: list[Column] = [(arm, column) for arm in arms for column in (0, 1)]
        self.stopped: dict[str, int] = {}
        self._tests: dict[tuple[Column, ...], _Spending] = {}

    def rows(self, arm: str, n: int) -> NDArray[np.float64]:
        """The arm's differences over the first n seeds, shape (n, 2), nan where there is none."""
        rows = self.arms[arm][:n]
        if arm in self.stopped:
            return rows[np.arange(n) % self.stopped[arm]]
        return np.concatenate([rows, np.full((n - len(rows), 2), np.nan)])

    def stop(self, arm: str, n: int) -> None:
        """Give an arm no more seeds than n."""
        self.stopped[arm] = n

    def look(self, looks: Sequence[int], levels: Sequence[float], candidates: Sequence[str]) -> dict[Column, float]:
        """p-values of the candidates' columns at the last of the looks, stepping down over those that are rejected."""
        p_values: dict[Column, float] = {}
        least = 0.0
        while left := [column for column in self.unrejected if column[0] in candidates]:
            found = self._test(looks, levels)
            passed = [column for column in left if found[column] <= levels[-1]]
            p_values |= {column: max(least, found[column]) for column in (passed or left)}
            if not passed:
                break
            least = max(p_values[column] for column in passed)
            self.unrejected = [column for column in self.unrejected if column not in passed]
        return p_values

    def _test(self, looks: Sequence[int], levels: Sequence[float]) -> dict[Column, float]:
        """The p-value at the last of the looks of every column not rejected yet."""
        test = self._tests.setdefault(tuple(self.unrejected), _Spending(two_sided=True))
        p_values: list[float] = []
        for n, level in list(zip(looks, levels, strict=True))[len(test.thresholds) :]:
            columns = np.column_stack([self.rows(arm, n)[:, column] for arm, column in self.unrejected])
            p_values = test.look(np.nan_to_num(columns), level)
        return dict(zip(self.unrejected, p_values, strict=True))


@dataclass
class _Spending:
    """One sequential test: of the largest T over some columns, or one-sided of a single column.

    Attributes:
        two_sided: whether either sign counts.
        thresholds: of the looks so far; a pattern crosses where it lies above.
        sizes: their numbers of seeds.
        spent: share of the patterns that crossed by now.
    """

    two_sided: bool
    thresholds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    spent: float = 0.0
    _crossed: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, dtype=bool))

    def look(self, columns: NDArray[np.float64], level: float) -> list[float]:
        """Take another look, and tell the p-value of every column.

        Args:
            columns: shape (n, columns), 0 where there is no difference; the rows of earlier looks first.
            level: share of patterns that may have crossed after this look.
        """
        n = len(columns)
        norms = np.sqrt((columns**2).sum(axis=0))
        scaled = columns / np.where(norms > 0, norms, 1)
        own = scaled.sum(axis=0)
        own = np.abs(own) if self.two_sided else own
        if n <= EXACT_ROWS:
            values = self._listed(scaled)
            before = np.tile(self._crossed, values.size // self._crossed.size)
        else:
            values = self._drawn(_random_signs(n), columns)
            before = np.zeros(values.size, dtype=bool)
            for size, threshold in zip(self.sizes, self.thresholds, strict=True):
                before |= self._drawn(_random_signs(n)[:, :size], columns[:size]) > threshold
        noise = _NOISE * np.sqrt(n)
        left = values[~before]
        allowed = int((level - self.spent) * values.size * (1 + _NOISE) + _NOISE)
        # The largest value that does not cross; what ties with it does not either.
        place = left.size - 1 - allowed
        threshold = (np.partition(left, place)[place] if place >= 0 else -np.inf) + noise
        hits = [int(np.count_nonzero(left >= value - noise)) for value in own]
        p_values = [min(1.0, self.spent + count / values.size) for count in hits]
        crossing = ~before & (values > threshold)
        self.spent += int(np.count_nonzero(crossing)) / values.size
        self._crossed = before | crossing
        self.thresholds.append(float(threshold))
        self.sizes.append(n)
        return p_values

    def _listed(self, scaled: NDArray[np.float64]) -> NDArray[np.float64]:
        """The statistic of every pattern: those of the first rows repeat in turn, as more rows are added.

        The largest of absolute values is the same with all signs turned, so that half of the patterns will do.
        """
        n = len(scaled)
        largest = np.full(2 ** (n - 1 if self.two_sided else n), 0.0 if self.two_sided else -np.inf)
        # A column of zeros cannot be the largest of absolute values.
        for column in scaled.T[scaled.any(axis=0)] if self.two_sided else scaled.T:
            sums = column[:1] if self.two_sided else np.array([column[0], -column[0]])
            for value in column[1:]:
                sums = np.concatenate([sums + value, sums - value])
            np.maximum(largest, np.abs(sums) if self.two_sided else sums, out=largest)
        return largest

    def _drawn(self, signs: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
        """The statistic of random patterns, shape (patterns, n)."""
        norms = np.sqrt((columns**2).sum(axis=0))
        sums = signs @ (columns / np.where(norms > 0, norms, 1))
        largest: NDArray[np.float64] = (np.abs(sums) if self.two_sided else sums).max(axis=1)
        return largest


@dataclass
class _Within:
    """Whether an arm's values lie above -margin and below +margin: two one-sided tests, half of the budget each."""

    margin: float
    shown: bool = False
    """At some look so far."""
    _sides: tuple[_Spending, _Spending] = field(
        default_factory=lambda: (_Spending(two_sided=False), _Spending(two_sided=False))
    )

    def look(self, differences: NDArray[np.float64], level: float) -> bool:
        """Take another look at all differences so far, nan where there is none; what was shown stays so."""
        noise = FLOAT_NOISE * max(self.margin, float(np.nanmax(np.abs(differences), initial=0)))
        p_values = []
        for test, side in zip(self._sides, (differences + self.margin, self.margin - differences), strict=True):
            side[np.isnan(side) | (np.abs(side) <= noise)] = 0
            p_values += test.look(side[:, None], level / 2)
        self.shown = self.shown or max(p_values) <= level / 2
        return self.shown


@functools.lru_cache(maxsize=1)
def _random_signs(n: int) -> NDArray[np.float64]:
    """Random patterns, shape (patterns, n), the observed one first; those of fewer rows are their beginnings."""
    rng = np.random.default_rng(0)
    columns = [rng.integers(0, 2, size=RANDOM_PATTERNS, dtype=np.int8) for _ in range(n)]
    signs: NDArray[np.float64] = np.stack(columns, axis=1).astype(np.float64) * 2 - 1
    signs[0] = 1
    return signs
