"""The table of arms: which columns it has, how they are headed, and what stands in their cells."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from actbench.errors import UserError, did_you_mean
from actbench.reports import words
from actbench.reports.sheet.parts import Cell, Content, Grid, Head, View
from actbench.results.thresholds import KINDS, EpochsTo, Reached, SecondsTo, ThresholdColumn, threshold_percent
from actbench.tables.arms import ACCURACIES, CLOCKS, COUNTS, LEARNED, LOSSES, MEANS, SPREADS

if TYPE_CHECKING:
    import pandas as pd

    from actbench.results.thresholds import ColumnName
    from actbench.tables.findings import TaskFindings

ARM_HEADINGS = {
    "train_accuracy": "train %",
    "test_accuracy": "test %",
    "best_test_accuracy": "best on test %",
    "train_accuracy_sd": "train sd",
    "test_accuracy_sd": "test sd",
    "best_test_accuracy_sd": "best on test sd",
    "train_accuracy_learned": "train % learned",
    "test_accuracy_learned": "test % learned",
    "best_test_accuracy_learned": "best on test % learned",
    "test_loss": "test loss",
    "test_perplexity": "perplexity",
    "train_seconds": "train s",
    "seconds_per_epoch": "s/epoch",
    "wall_seconds": "wall s",
}
ARM_RANKS = {
    "activation": 0,
    "test_accuracy": 0,
    "learned": 1,
    "diverged": 1,
    "failed": 1,
    "test_accuracy_learned": 1,
    "test_loss": 1,
    "test_perplexity": 1,
    "seconds_per_epoch": 2,
    "runs": 2,
    "train_accuracy": 3,
    "train_seconds": 4,
}
THRESHOLD_RANK, OTHER_RANK = 3, 5
"""How soon columns give way on a screen; see ``Head.rank``."""
ARTICLE_HEADINGS = {"train_accuracy": "train", "test_accuracy": "test", "best_test_accuracy": "best"}
DEFAULT, ARTICLE, ALL = "default", "article", "all"
COLUMNS = (
    DEFAULT, ARTICLE, ALL, "runs", "diverged", "failed", "learned", *MEANS, *LOSSES, *SPREADS.values(),
    *(f"{kind}_*" for kind in KINDS), *CLOCKS, *COUNTS,
)  # fmt: skip
"""What may be asked for in every comparison."""


def arm_grid(found: TaskFindings, view: View) -> Grid:
    """The arm table. Thresholds that no run reached become a note, unless their columns are asked for."""
    arms = sort_arms(found.arms, view.sort)
    article = view.article or ARTICLE in view.columns
    asked = view.columns or article
    unreached = [] if asked else [t for t in found.thresholds if not arms[Reached(t)].any()]
    compared = [comparison.metric.name for comparison in found.comparisons]
    names = choose_columns(arms, view, [t for t in found.thresholds if t not in unreached], compared)
    records: list[Any] = arms.to_dict("records")
    rows = tuple(tuple(_cell(row, name, article=article) for name in names) for row in records)
    notes = [words.unreached([threshold_percent(t) for t in unreached])] if unreached else []
    notes += [words.explain_learned()] * any(name in names for name in ("learned", *LEARNED.values()))
    if article:
        runs = sorted({row["runs"] for row in records})
        many = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
        notes.append(f"Means over {many} run{'s' * (runs[-1] != 1)}; TS: median epochs to that test accuracy.")
    baseline = next((n for n, row in enumerate(records) if row["activation"] == found.baseline), None)
    heads = [_head(name, article=article) for name in names]
    if view.columns:  # what is asked for gives way to nothing
        heads = [replace(head, rank=0) for head in heads]
    elsewhere = "'actbench compare' with --columns, or with --format csv"
    return Grid("", tuple(heads), rows, tuple(notes), baseline, elsewhere)


def sort_arms(arms: pd.DataFrame, column: str | None) -> pd.DataFrame:
    """The arms in another order, misses last. Raises UserError for an unknown column."""
    if column is None:
        return arms
    falling, name = column.startswith("-"), column.removeprefix("-")
    named = {str(label): label for label in arms.columns}
    if name not in named:
        raise UserError(f"--sort knows no column {name!r}.{did_you_mean(name, named)}")
    return arms.sort_values(named[name], ascending=not falling, kind="stable", na_position="last")


def choose_columns(
    arms: pd.DataFrame, view: View, thresholds: Sequence[float], compared: Sequence[str] = ()
) -> list[ColumnName]:
    """The columns to show: those asked for, else the usual ones with those of losses that arms are `compared` by.

    Raises:
        UserError: for one that is not there.
    """
    there: list[ColumnName] = list(arms.columns)
    shortcuts: dict[str, list[ColumnName]] = {
        DEFAULT: _default_columns(arms, thresholds, compared),
        ALL: there,
        ARTICLE: ["activation", *ACCURACIES, *map(EpochsTo, thresholds)],
    }
    wanted = view.columns or ((ARTICLE,) if view.article else (DEFAULT,))
    chosen: list[ColumnName] = []
    for name in wanted:
        found = shortcuts.get(name) or [column for column in there if fnmatch.fnmatchcase(str(column), name)]
        if not found:
            known = [*shortcuts, *map(str, there)]
            raise UserError(f"--columns knows no {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}.")
        chosen += found
    return list(dict.fromkeys(["activation", *chosen]))


def _default_columns(arms: pd.DataFrame, thresholds: Sequence[float], compared: Sequence[str]) -> list[ColumnName]:
    counts = [name for name in ("diverged", "failed") if arms[name].any()]
    # Figures of the runs that learned stand beside those of all where the two differ.
    told_apart = (arms["learned"] < arms["runs"]).any()
    accuracies = [*ACCURACIES[:2], LEARNED["test_accuracy"], *ACCURACIES[2:]] if told_apart else ACCURACIES
    counts += ["learned"] * bool(told_apart)
    varying = [name for name in COUNTS if len(set(arms[name].dropna())) > 1]
    times = map(EpochsTo, thresholds)
    losses = [name for name in LOSSES if name in compared]
    return ["activation", "runs", *counts, *accuracies, *losses, *times, *CLOCKS, *varying]


def _head(name: ColumnName, *, article: bool) -> Head:
    """The head of a column, with its unit."""
    content = Content.NAME if name in ("activation", "epoch_rule") else Content.NUMBER
    if isinstance(name, ThresholdColumn):
        if article and isinstance(name, EpochsTo):
            heading = f"TS{threshold_percent(name.threshold)}"
        else:
            heading = f"s to {threshold_percent(name.threshold)} %" if isinstance(name, SecondsTo) else name.title
        return Head(heading, content, rank=THRESHOLD_RANK)
    heading = ARM_HEADINGS.get(name, name.replace("_", " "))
    if article:
        heading = ARTICLE_HEADINGS.get(name, heading)
    return Head(heading, content, rank=ARM_RANKS.get(name, OTHER_RANK))


def _cell(row: dict[Any, Any], name: ColumnName, *, article: bool) -> Cell:
    value = row[name]
    return Cell(str(value)) if isinstance(value, str) else Cell(_text(row, name, article=article), value)


def _text(row: dict[Any, Any], column: ColumnName, *, article: bool) -> str:  # noqa: PLR0911 - one for each kind of column
    """Accuracies in percent ± sd, and ``-`` for what was not reached."""
    value = row[column]
    if column == "learned":
        return words.learned(value, row["runs"], row["learned_low"], row["learned_high"])
    if column in SPREADS:
        shown = words.with_spread if column in LOSSES else words.accuracy
        return shown(value, None if article else row[SPREADS[str(column)]])
    if isinstance(column, Reached):
        return f"{value}/{row['runs']}"
    if isinstance(column, ThresholdColumn):
        figure = words.number(value, "{:g}") if isinstance(column, EpochsTo) else words.seconds(value)
        return figure if article else words.with_reach(figure, row[Reached(column.threshold)], row["runs"])
    if column in map(SPREADS.get, MEANS) or column in ("learned_low", "learned_high"):
        return words.accuracy(value)
    if column in ("train_seconds", "wall_seconds"):
        return words.number(value, "{:.1f}")
    if column == "seconds_per_epoch":
        return words.seconds(value)
    if column in COUNTS:
        return words.number(value, "{:,.0f}")
    return words.number(value, "{:g}")
