"""An article's printed figures and our own, side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actbench.results.column import Unit
from actbench.results.columns import BY_NAME
from actbench.results.thresholds import ColumnName, EpochsTo, FractionT, in_percent
from actbench.studies.article import Article, PrintedCurve, PrintedFigure, printed_cells, printed_curves
from actbench.tables.arms import finished

if TYPE_CHECKING:
    import pandas as pd

CLOCKS = ("train_seconds", "step_milliseconds")
"""Columns that no other machine repeats."""
CURVE_ACCURACIES = ("train_accuracy", "test_accuracy")
CURVE_LOSSES = ("train_loss", "test_loss")


@dataclass(frozen=True)
class ReproducedFigure:
    """A printed figure beside ours, in the unit in which it was printed.

    Attributes:
        printed: what the article says.
        runs: how many of our runs stand behind our figure: one where the article named its seed.
        ours: their mean, or their median where it is a number of epochs to a threshold; None for a miss, or no run.
        sd: their standard deviation (ddof 1); None for a single run and for epochs to a threshold.
        exact: whether ours, rounded as printed, reads the same; None without a named seed, for clocks, or without runs.
    """

    printed: PrintedFigure
    runs: int
    ours: float | None
    sd: float | None
    exact: bool | None

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
        """How far ours and theirs lie apart, of an accuracy as a fraction; None where either is missing."""
        apart = self.difference
        return None if apart is None else abs(apart) / as_printed(self.printed, 1.0)

    @property
    def arm(self) -> str:
        """Variant and activation, as claims name them."""
        return self.printed.arm


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
    return [_cell(printed, done) for printed in printed_cells(article)]


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


def _cell(printed: PrintedFigure, done: pd.DataFrame) -> ReproducedFigure:
    rows = done[_is_arm(done, printed.variant, printed.activation)]
    if printed.seed is not None:
        rows = rows[rows["seed"] == printed.seed]
    values = as_printed(printed, rows[printed.column])
    sd = None
    if isinstance(printed.column, EpochsTo):
        middle = float(values.fillna(math.inf).median()) if len(values) else math.nan
    else:
        middle = float(values.mean()) if len(values) else math.nan
        sd = float(values.std()) if len(values) > 1 else None
    ours = middle if math.isfinite(middle) else None
    comparable = printed.seed is not None and len(values) > 0 and printed.column not in CLOCKS
    exact = printed.quantity.shown(ours) == printed.quantity.text if comparable else None
    return ReproducedFigure(printed, len(values), ours, sd, exact)


def _is_arm(runs: pd.DataFrame, variant: str, activation: str) -> pd.Series[bool]:
    return (runs["variant"] == variant) & (runs["activation"] == activation)
