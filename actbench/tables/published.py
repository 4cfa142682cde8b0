"""An article's printed figures and our own, side by side."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actbench.results.column import Unit
from actbench.results.columns import BY_NAME
from actbench.results.thresholds import ColumnName, EpochsTo, FractionT, in_percent
from actbench.statistics import Interval, Moments, welch_interval
from actbench.studies.article import Article, PrintedCurve, PrintedFigure, printed_cells, printed_curves
from actbench.tables.arms import finished
from actbench.tables.comparison import ALPHA
from actbench.tables.outcomes import Outcome

if TYPE_CHECKING:
    import pandas as pd

CLOCKS = ("train_seconds", "step_milliseconds")
"""Columns that no other machine repeats."""
TEST_ACCURACIES = ("test_accuracy", "best_test_accuracy")
CURVE_ACCURACIES = ("train_accuracy", "test_accuracy")
CURVE_LOSSES = ("train_loss", "test_loss")


@dataclass(frozen=True)
class ReproducedFigure:
    """A printed figure beside ours, in the unit in which it was printed.

    Attributes:
        printed: what the article says.
        by_seed: ours of each seed: of one where the article named it.
        learned: those of the runs that learned.
        ours: their mean, or the median of clocks and of epochs to a threshold; None for a miss, or no run.
        sd: their standard deviation (ddof 1); None for a single run and for medians.
        exact: whether ours, rounded as printed, reads the same; None without a named seed, for clocks, or without runs.
    """

    printed: PrintedFigure
    by_seed: Mapping[int, float]
    learned: Mapping[int, float]
    ours: float | None
    sd: float | None
    exact: bool | None

    @property
    def runs(self) -> int:
        """How many of our runs stand behind our figure."""
        return len(self.by_seed)

    @property
    def where_learned(self) -> float | None:
        """Our mean over the runs that learned, of an accuracy; None where all did, or none."""
        some = 0 < len(self.learned) < self.runs
        return sum(self.learned.values()) / len(self.learned) if some and self.is_accuracy else None

    @property
    def is_accuracy(self) -> bool:
        """Whether it is an accuracy, printed as a fraction or in percent."""
        return is_accuracy(self.printed.column)

    @property
    def difference(self) -> float | None:
        """Ours minus theirs, in the printed unit; None where either is missing."""
        theirs = self.printed.quantity.number
        return None if self.ours is None or theirs is None else self.ours - theirs

    @property
    def fraction_apart(self) -> float | None:
        """Ours minus theirs, of an accuracy as a fraction; None where either is missing."""
        apart = self.difference
        return None if apart is None else apart / as_printed(self.printed, 1.0)

    @property
    def fractions_apart(self) -> dict[int, float]:
        """The same of each seed; none where theirs is missing."""
        theirs, unit = self.printed.quantity.number, as_printed(self.printed, 1.0)
        return {} if theirs is None else {seed: (ours - theirs) / unit for seed, ours in self.by_seed.items()}

    def difference_interval(self, level: float) -> Interval | None:
        """Welch's interval of the true mean of ours minus theirs, of a mean of several runs, in the printed unit.

        Their seeds are not ours: nothing is paired. None below three runs of either, and where neither spreads.
        """
        theirs, printed = self.printed.quantity.number, self.printed
        if theirs is None or printed.runs is None or printed.sd is None or self.ours is None or self.sd is None:
            return None
        ours, printed_moments = Moments(self.ours, self.sd, self.runs), Moments(theirs, printed.sd, printed.runs)
        return welch_interval(ours, printed_moments, level=level)

    @property
    def arm(self) -> str:
        """Variant and activation, as claims name them."""
        return self.printed.arm

    @property
    def name(self) -> str:
        """The same without a variant that has no name."""
        return self.arm.removeprefix(": ")


@dataclass(frozen=True)
class ComparedMean:
    """A printed mean of several runs and ours.

    Attributes:
        cell: the two.
        interval: of the true mean of ours minus theirs, by itself, in the printed unit; None for too few runs.
        agrees: whether this interval lies within the margin.
        differs: whether they are shown to differ by more than the margin: in a family none of which does, any is called
            so with a chance of at most 5 %.
    """

    cell: ReproducedFigure
    interval: Interval | None
    agrees: bool
    differs: bool

    @property
    def bound(self) -> float | None:
        """Within what the two agree: the end of the interval that is further from 0, in the printed unit."""
        return None if self.interval is None else max(abs(self.interval.low), abs(self.interval.high))


def compare_means(cells: Sequence[ReproducedFigure], margin: float = 0.0) -> list[ComparedMean]:
    """Printed means beside ours, as one family; ``margin`` is a fraction, as accuracies are.

    Each agrees or not by its own 95 % interval, since all of them have to; the error of calling any different is shared
    out among them (Bonferroni).
    """
    found = []
    for cell in cells:
        limit = as_printed(cell.printed, margin)
        interval = cell.difference_interval(1 - ALPHA)
        wide = cell.difference_interval(1 - ALPHA / len(cells))
        agrees = interval is not None and interval.lies_in(-limit, limit)
        differs = wide is not None and (wide.low > limit or wide.high < -limit)
        found.append(ComparedMean(cell, interval, agrees, differs))
    return found


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int


@dataclass(frozen=True)
class Digits:
    """How many printed cells read the same.

    Attributes:
        all: of those that can be compared: a named seed, no clock, and a run.
        distinct: of those that say something for the first time; an article may print a row twice.
        accuracies: of the distinct ones, the test accuracies, last and best.
    """

    all: Share
    distinct: Share
    accuracies: Share


def count_digits(cells: Iterable[ReproducedFigure]) -> Digits:
    """Count the cells that read the same as printed."""
    comparable = [cell for cell in cells if cell.exact is not None]
    distinct = {(cell.arm, cell.printed.seed, cell.printed.column): cell for cell in comparable}
    tested = [cell for cell in distinct.values() if cell.printed.column in TEST_ACCURACIES]
    return Digits(
        *(
            Share(sum(bool(cell.exact) for cell in some), len(some))
            for some in (comparable, list(distinct.values()), tested)
        )
    )


@dataclass(frozen=True)
class ReproducedCurve:
    """A printed curve beside ours: for each epoch and column the printed figure and our own."""

    curve: PrintedCurve
    points: dict[int, dict[str, tuple[float, float]]]

    @property
    def arm(self) -> str:
        """Variant and activation, as claims name them."""
        return f"{self.curve.variant}: {self.curve.activation}"

    def largest_difference(self, columns: Sequence[str], through: int | None = None) -> tuple[float, int]:
        """The largest difference in any of the columns up to that epoch, and where; nan at 0 without points."""
        found = [
            (abs(theirs - ours), epoch)
            for epoch, row in self.points.items()
            if through is None or epoch <= through
            for column, (theirs, ours) in row.items()
            if column in columns
        ]
        return max(found, default=(math.nan, 0))


def with_epoch_seconds(runs: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """The runs with ``epoch_seconds``, each one's median over its epochs: a machine that is busy for a while shifts the
    mean and the sum, but not the median; and with ``step_milliseconds``, the same for a step of training.
    """
    ordered = epochs.sort_values(["run_key", "epoch"])
    each = ordered.groupby("run_key")["train_seconds"].diff().groupby(ordered["run_key"]).median()
    seconds = runs["run_key"].map(each)
    steps = -(-runs["train_size"] // runs["batch_size"])
    return runs.assign(epoch_seconds=seconds, step_milliseconds=1000 * seconds / steps)


def lay_beside(article: Article, runs: pd.DataFrame) -> list[ReproducedFigure]:
    """Our figures for every printed cell, from runs as `measure` and `with_epoch_seconds` give them."""
    done = finished(runs)
    return [figure_beside(printed, done) for printed in printed_cells(article)]


def follow_curves(article: Article, runs: pd.DataFrame, epochs: pd.DataFrame) -> list[ReproducedCurve]:
    """Our figures for every point of the printed curves; none where that run is not there."""
    found = []
    for curve in printed_curves(article):
        keys = runs["run_key"][_is_arm(runs, curve.variant, curve.activation) & (runs["seed"] == curve.seed)]
        ours = epochs[epochs["run_key"].isin(keys)].set_index("epoch")
        points = {
            epoch: {column: (theirs, float(ours[column][epoch])) for column, theirs in row.items()}
            for epoch, row in curve.points.items()
            if epoch in ours.index
        }
        found.append(ReproducedCurve(curve, points))
    return found


def is_accuracy(column: ColumnName) -> bool:
    """Whether a printed column is of accuracies."""
    return isinstance(column, str) and column in BY_NAME and BY_NAME[column].unit is Unit.FRACTION


def as_printed(printed: PrintedFigure, figures: FractionT) -> FractionT:
    """Our figures of its column in the printed unit."""
    return in_percent(figures) if is_accuracy(printed.column) and printed.quantity.unit == "%" else figures


def figure_beside(printed: PrintedFigure, done: pd.DataFrame) -> ReproducedFigure:
    """Our figure for one printed cell, from the finished runs."""
    rows = done[_is_arm(done, printed.variant, printed.activation)]
    if printed.seed is not None:
        rows = rows[rows["seed"] == printed.seed]
    values = as_printed(printed, rows[printed.column])
    sd = None
    if isinstance(printed.column, EpochsTo):
        middle = float(values.fillna(math.inf).median()) if len(values) else math.nan
    elif printed.column in CLOCKS:
        middle = float(values.median()) if len(values) else math.nan
    else:
        middle = float(values.mean()) if len(values) else math.nan
        sd = float(values.std()) if len(values) > 1 else None
    ours = middle if math.isfinite(middle) else None
    comparable = printed.seed is not None and len(values) > 0 and printed.column not in CLOCKS
    exact = printed.quantity.shown(ours) == printed.quantity.text if comparable else None
    by_seed = dict(zip(rows["seed"].astype(int), values.astype(float), strict=True))
    learned = {seed: by_seed[seed] for seed in rows.loc[rows["outcome"] == Outcome.LEARNED, "seed"].astype(int)}
    return ReproducedFigure(printed, by_seed, learned, ours, sd, exact)


def _is_arm(runs: pd.DataFrame, variant: str, activation: str) -> pd.Series[bool]:
    return (runs["variant"] == variant) & (runs["activation"] == activation)
