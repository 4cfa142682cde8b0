"""The table of arms: which columns it has, how they are headed, and what stands in their cells."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from actbench.errors import UserError, did_you_mean
from actbench.reports import words
from actbench.reports.sheet.parts import Cell, Column, Content, Grid, View
from actbench.tables.arms import ACCURACIES, percent

if TYPE_CHECKING:
    import pandas as pd

    from actbench.tables.findings import TaskFindings

HEADINGS = {
    "train_accuracy": "train %",
    "test_accuracy": "test %",
    "best_test_accuracy": "best %",
    "train_accuracy_sd": "train sd",
    "test_accuracy_sd": "test sd",
    "best_test_accuracy_sd": "best sd",
    "train_seconds": "train s",
    "seconds_per_epoch": "s/epoch",
    "wall_seconds": "wall s",
}
ARTICLE_HEADINGS = {"train_accuracy": "train", "test_accuracy": "test", "best_test_accuracy": "best"}
DEFAULT, ARTICLE, ALL = "default", "article", "all"


def arm_grid(found: TaskFindings, view: View, *, alone: bool = True) -> Grid:
    """The arm table. Where there are several tasks, thresholds that no run of this one reached become a note."""
    arms = sort_arms(found.arms, view.sort)
    unreached = [] if alone else [t for t in found.thresholds if not arms[f"reached_{percent(t)}"].any()]
    names = choose_columns(arms, view, [t for t in found.thresholds if t not in unreached])
    if view.columns:
        unreached = []
    article = view.article or ARTICLE in view.columns
    records: list[Any] = arms.to_dict("records")
    rows = tuple(tuple(_cell(row, name, article=article) for name in names) for row in records)
    notes = [f"No run reached {' or '.join(percent(t) for t in unreached)} %."] if unreached else []
    if article:
        runs = sorted({row["runs"] for row in records})
        many = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
        notes.append(f"Means over {many} run{'s' * (runs[-1] != 1)}; TS: median epochs to that test accuracy.")
    baseline = next((n for n, row in enumerate(records) if row["activation"] == found.baseline), None)
    return Grid("", tuple(_column(name, article=article) for name in names), rows, tuple(notes), baseline)


def sort_arms(arms: pd.DataFrame, column: str | None) -> pd.DataFrame:
    """The arms in another order, misses last. Raises UserError for an unknown column."""
    if column is None:
        return arms
    falling, name = column.startswith("-"), column.removeprefix("-")
    if name not in arms:
        raise UserError(f"--sort knows no column {name!r}.{did_you_mean(name, arms.columns)}")
    return arms.sort_values(name, ascending=not falling, kind="stable", na_position="last")


def choose_columns(arms: pd.DataFrame, view: View, thresholds: Sequence[float]) -> list[str]:
    """The columns to show. Raises UserError for one that is not there."""
    there = list(arms.columns)
    shortcuts = {
        DEFAULT: _default_columns(arms, thresholds),
        ALL: there,
        ARTICLE: ["activation", *ACCURACIES, *(f"epochs_to_{percent(t)}" for t in thresholds)],
    }
    wanted = view.columns or ((ARTICLE,) if view.article else (DEFAULT,))
    chosen: list[str] = []
    for name in wanted:
        found = shortcuts.get(name) or [column for column in there if fnmatch.fnmatchcase(column, name)]
        if not found:
            known = [*shortcuts, *there]
            raise UserError(f"--columns knows no {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}.")
        chosen += found
    return list(dict.fromkeys(["activation", *chosen]))


def _default_columns(arms: pd.DataFrame, thresholds: Sequence[float]) -> list[str]:
    counts = [name for name in ("diverged", "failed") if arms[name].any()]
    varying = ["parameters"] if len(set(arms["parameters"].dropna())) > 1 else []
    times = [f"epochs_to_{percent(t)}" for t in thresholds]
    clocks = ["train_seconds", "seconds_per_epoch", "wall_seconds"]
    return ["activation", "runs", *counts, *ACCURACIES, *times, *clocks, *varying]


def _column(name: str, *, article: bool) -> Column:
    """A column's heading, with its unit."""
    content = Content.NAME if name == "activation" else Content.NUMBER
    if article and name in ARTICLE_HEADINGS:
        return Column(ARTICLE_HEADINGS[name], content)
    for kind, full in (("epochs_to_", "epochs to {} %"), ("seconds_to_", "s to {} %"), ("reached_", "reached {} %")):
        if name.startswith(kind):
            short = article and kind == "epochs_to_"
            return Column(("TS{}" if short else full).format(name.removeprefix(kind)), content)
    return Column(HEADINGS.get(name, name.replace("_", " ")), content)


def _cell(row: dict[str, Any], name: str, *, article: bool) -> Cell:
    value = row[name]
    return Cell(str(value)) if isinstance(value, str) else Cell(_text(row, name, article=article), value)


def _text(row: dict[str, Any], column: str, *, article: bool) -> str:  # noqa: PLR0911 - one for each kind of column
    """Accuracies in percent ± sd, and ``-`` for what was not reached."""
    value = row[column]
    if column in ACCURACIES:
        return words.accuracy(value, None if article else row[f"{column}_sd"])
    if column.endswith("_sd"):
        return words.accuracy(value)
    if column.startswith(("epochs_to_", "seconds_to_")):
        figure = words.number(value, "{:g}") if column.startswith("epochs") else words.seconds(value)
        reached = row[f"reached_{column.partition('_to_')[2]}"]
        return figure if article else words.with_reach(figure, reached, row["runs"])
    if column.startswith("reached_"):
        return f"{value}/{row['runs']}"
    if column in ("train_seconds", "wall_seconds"):
        return words.number(value, "{:.1f}")
    if column == "seconds_per_epoch":
        return words.seconds(value)
    if column == "parameters":
        return words.number(value, "{:,.0f}")
    return words.number(value, "{:g}")
