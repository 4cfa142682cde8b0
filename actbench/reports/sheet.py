"""Findings laid out as sections of plain cells, which every format for people draws in its own way."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actbench.errors import UserError, did_you_mean
from actbench.reports import words
from actbench.results.thresholds import EpochsTo, Reached, SecondsTo, ThresholdColumn, percent
from actbench.tables.across import TAUS, Across
from actbench.tables.arms import ACCURACIES
from actbench.tables.tasks import shown

if TYPE_CHECKING:
    import pandas as pd

    from actbench.results.thresholds import ColumnName
    from actbench.tables.comparison import MetricComparison, Row
    from actbench.tables.findings import Findings, TaskFindings

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
SETTINGS = ("optimizer", "learning_rate", "batch_size", "epochs", "initializer", "precision", "device")
WORDY = ("verdict", "figures", "fails if", "claim")
"""Columns of words, which may be broken."""
DEFAULT, ARTICLE, ALL = "default", "article", "all"


@dataclass(frozen=True)
class View:
    """How to show findings.

    Attributes:
        columns: of the arm table, in order: names, ``*`` and ``?`` standing for anything, or ``default``, ``all``,
            ``article``; none is ``default``.
        sort: a column to sort the arms by; a minus before it turns the order round. None keeps the order of the runs.
        article: the headings and cells of the articles: means alone, ``TS95``.
    """

    columns: tuple[str, ...] = ()
    sort: str | None = None
    article: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of text.

    Attributes:
        title: a line above it, or nothing.
        headings, rows: its cells.
        notes: lines below it.
        keys: for each row the values behind its cells, for sorting; None where the text is what counts.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    keys: tuple[tuple[float | None, ...], ...] = ()


@dataclass(frozen=True)
class Section:
    """A task, or what was found across them: a title, a line about settings, tables, and what to beware of."""

    title: str
    subtitle: str
    grids: tuple[Grid, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def sections(findings: Findings, view: View) -> list[Section]:
    """One section a task, one across them if there are several, one for the checks if there are any."""
    found = [task_section(item, view, alone=len(findings.tasks) == 1) for item in findings.tasks]
    if isinstance(findings.across, Across):
        found.append(across_section(findings.across))
    elif len(findings.tasks) > 1:
        found.append(Section("Across tasks", "", (), (f"{words.not_across(findings.across)}.",)))
    if findings.checks or findings.skipped_checks:
        found.append(checks_section(findings))
    return found


def task_section(found: TaskFindings, view: View, *, alone: bool) -> Section:
    """The arms of a task, and each comparison with its baseline."""
    grids = [arm_grid(found, view, alone=alone)]
    grids += [comparison_grid(comparison) for comparison in found.comparisons]
    notes = (words.not_compared(found.not_compared),) if found.not_compared else ()
    warnings = tuple(map(words.warning, found.warnings))
    return Section(found.task.title, settings_line(found), tuple(grids), notes, warnings)


def settings_line(found: TaskFindings) -> str:
    """What was trained, and how, as far as the title does not say it."""
    settings = found.task.settings
    words_of = [shown(key, settings[key]) for key in SETTINGS]
    sizes = [f"{settings[key]:,.0f} {name}" for key, name in (("train_size", "training"), ("test_size", "test inputs"))
             if not math.isnan(settings[key])]  # fmt: skip
    parameters = sorted({f"{value:,.0f}" for value in found.arms["parameters"].dropna()})
    same = [f"{parameters[0]} parameters"] if len(parameters) == 1 else []
    titled = set(found.task.title.split(" · "))
    return " · ".join(word for word in [*words_of, " + ".join(sizes), *same] if word and word not in titled)


def arm_grid(found: TaskFindings, view: View, *, alone: bool = True) -> Grid:
    """The arm table. Where there are several tasks, thresholds that no run of this one reached become a note."""
    arms = sort_arms(found.arms, view.sort)
    unreached = [] if alone else [t for t in found.thresholds if not arms[Reached(t)].any()]
    columns = choose_columns(arms, view, [t for t in found.thresholds if t not in unreached])
    if view.columns:
        unreached = []
    article = view.article or ARTICLE in view.columns
    headings = tuple(heading(column, article=article) for column in columns)
    records: list[Any] = arms.to_dict("records")
    rows = tuple(tuple(cell(row, column, article=article) for column in columns) for row in records)
    keys = tuple(tuple(_key(row[column]) for column in columns) for row in records)
    notes = [f"No run reached {' or '.join(percent(t) for t in unreached)} %."] if unreached else []
    if article:
        runs = sorted({row["runs"] for row in records})
        many = f"{runs[0]}" if len(runs) == 1 else f"{runs[0]} to {runs[-1]}"
        notes.append(f"Means over {many} run{'s' * (runs[-1] != 1)}; TS: median epochs to that test accuracy.")
    return Grid("", headings, rows, tuple(notes), keys)


def sort_arms(arms: pd.DataFrame, column: str | None) -> pd.DataFrame:
    """The arms in another order, misses last. Raises UserError for an unknown column."""
    if column is None:
        return arms
    falling, name = column.startswith("-"), column.removeprefix("-")
    named = {str(label): label for label in arms.columns}
    if name not in named:
        raise UserError(f"--sort knows no column {name!r}.{did_you_mean(name, named)}")
    return arms.sort_values(named[name], ascending=not falling, kind="stable", na_position="last")


def choose_columns(arms: pd.DataFrame, view: View, thresholds: Sequence[float]) -> list[ColumnName]:
    """The columns to show. Raises UserError for one that is not there."""
    there: list[ColumnName] = list(arms.columns)
    shortcuts: dict[str, list[ColumnName]] = {
        DEFAULT: _default_columns(arms, thresholds),
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


def _default_columns(arms: pd.DataFrame, thresholds: Sequence[float]) -> list[ColumnName]:
    counts = [name for name in ("diverged", "failed") if arms[name].any()]
    varying = ["parameters"] if len(set(arms["parameters"].dropna())) > 1 else []
    times = map(EpochsTo, thresholds)
    clocks = ["train_seconds", "seconds_per_epoch", "wall_seconds"]
    return ["activation", "runs", *counts, *ACCURACIES, *times, *clocks, *varying]


def heading(column: ColumnName, *, article: bool) -> str:
    """A column's heading, with its unit."""
    if isinstance(column, ThresholdColumn):
        if article and isinstance(column, EpochsTo):
            return f"TS{percent(column.threshold)}"
        return f"s to {percent(column.threshold)} %" if isinstance(column, SecondsTo) else column.title
    if article and column in ARTICLE_HEADINGS:
        return ARTICLE_HEADINGS[column]
    return HEADINGS.get(column, column.replace("_", " "))


def cell(row: dict[Any, Any], column: ColumnName, *, article: bool) -> str:  # noqa: PLR0911 - one for each kind of column
    """A cell: accuracies in percent ± sd, and ``-`` for what was not reached."""
    value = row[column]
    if column in ACCURACIES:
        return words.accuracy(value, None if article else row[f"{column}_sd"])
    if isinstance(column, Reached):
        return f"{value}/{row['runs']}"
    if isinstance(column, ThresholdColumn):
        figure = words.number(value, "{:g}") if isinstance(column, EpochsTo) else words.seconds(value)
        return figure if article else words.with_reach(figure, row[Reached(column.threshold)], row["runs"])
    if column.endswith("_sd"):
        return words.accuracy(value)
    if column in ("train_seconds", "wall_seconds"):
        return words.number(value, "{:.1f}")
    if column == "seconds_per_epoch":
        return words.seconds(value)
    if column == "parameters":
        return words.number(value, "{:,.0f}")
    return words.number(value, "{:g}") if isinstance(value, (int, float)) else str(value)


def comparison_grid(comparison: MetricComparison) -> Grid:
    """Differences from the baseline, how sure they are, and the verdict in words."""
    metric, baseline = comparison.metric, words.summary(comparison.metric, comparison.baseline_summary)
    columns = _rank_columns(comparison) if comparison.by_rank else _mean_columns(comparison)
    rows = tuple(tuple(text(row) for _, text in columns) for row in comparison.rows)
    pairings: dict[str, list[str]] = {}
    for row in comparison.rows:
        pairings.setdefault(words.pairing(row.pairing), []).append(row.arm)
    common, *others = sorted(pairings.items(), key=lambda item: -len(item[1]))
    title = f"{metric.title}, against {comparison.baseline} ({baseline})"
    family = len(comparison.rows)
    tested = any(row.verdict.adjusted_p is not None for row in comparison.rows)
    planned = any(row.could_show is not None and math.isfinite(row.could_show) for row in comparison.rows)
    notes = [
        f"{common[0][:1].upper()}{common[0][1:]}" + (f"; {_family(family)}" if family > 1 and tested else ""),
        *(f"{', '.join(arms)}: {pairing}" for pairing, arms in others),
        *map(words.sentence, words.notes(comparison)),
        *(["Could show: the smallest difference that so many seeds would have shown four times in five"] * planned),
    ]
    return Grid(title, tuple(name for name, _ in columns), rows, tuple(f"{note}." for note in notes))


def _family(arms: int) -> str:
    return f"p-values after Holm's correction over {arms} arms, intervals for each arm by itself"


Column = tuple[str, Callable[["Row"], str]]


def _mean_columns(comparison: MetricComparison) -> list[Column]:
    metric = comparison.metric
    unit = words.unit(metric)
    columns: list[Column] = [
        ("activation", lambda row: row.arm),
        (f"difference ({unit})", lambda row: words.difference(metric, _mean(row).difference)),
        ("95 % interval", lambda row: words.interval(metric, row.comparison)),
        ("p", lambda row: words.p_value(row.verdict.adjusted_p)),
        ("effect size", lambda row: words.number(_mean(row).effect_size, "{:+.2f}")),
        (f"could show ({unit})", lambda row: _could_show(comparison, row)),
        ("verdict", lambda row: words.verdict(comparison, row)),
    ]
    return columns


def _mean(row: Row) -> Any:
    return row.comparison


def _could_show(comparison: MetricComparison, row: Row) -> str:
    if row.could_show is None or math.isinf(row.could_show):
        return words.NOTHING
    return f"± {words.difference(comparison.metric, row.could_show, signed=False)}"


def _rank_columns(comparison: MetricComparison) -> list[Column]:
    metric = comparison.metric
    what = ("faster", "slower") if metric.is_time_to else ("lower", "higher")
    return [
        ("activation", lambda row: row.arm),
        (f"median ({words.unit(metric)})", lambda row: words.median(metric, _mean_summary(row))),
        ("speed-up" if metric.is_time_to else "baseline / arm", lambda row: words.factor(_mean(row).speedup)),
        ("95 % interval", lambda row: words.interval(metric, row.comparison)),
        (
            f"{what[0]} / {what[1]} / tied",
            lambda row: f"{_mean(row).wins} / {_mean(row).losses} / {_mean(row).ties}",
        ),
        ("p", lambda row: words.p_value(row.verdict.adjusted_p)),
        ("verdict", lambda row: words.verdict(comparison, row)),
    ]


def _mean_summary(row: Row) -> Any:
    return row.summary


def across_section(across: Across) -> Section:
    """Ranks, speed-ups and the performance profile over all tasks."""
    taus = [tau for tau in TAUS if tau in (1.0, 1.5, 2.0, 3.0)]
    timed = across.timed >= 2  # noqa: PLR2004 - as many as a comparison across tasks needs
    headings = ["activation", "mean rank", "mean test %", "cost of an epoch"]
    headings += ["speed-up", "solved", *(f"within {tau:g}×" for tau in taus)] if timed else []
    headings.append("Pareto front")
    rows = []
    for row in across.rows:
        cells = [row.arm, f"{row.mean_rank:.2f}", words.accuracy(row.accuracy), words.factor(row.cost)]
        if timed:
            shares = [words.share(row.profile[TAUS.index(tau)]) for tau in taus]
            cells += [words.factor(row.speedup), f"{row.solved}/{across.timed}", *shares]
        rows.append((*cells, "yes" if row.on_front else ""))
    notes = [
        "Mean rank by test accuracy, 1 is best; it describes, and is no test",
        f"cost: seconds per epoch relative to {across.baseline}, geometric mean",
        "Pareto front: no other arm is both more accurate and cheaper",
    ]
    if timed:
        notes += [
            f"speed-up over {across.baseline} in seconds to the target, geometric mean; '-': a median run missed it",
            "within τ×: share of the tasks solved in at most τ times the best arm's seconds",
            f"targets: {words.targets(across)}",
        ]
    notes = [f"{note[:1].upper()}{note[1:]}." for note in notes]
    notes += words.left_out(across)
    return Section(f"Across {len(across.tasks)} tasks", "", (Grid("", tuple(headings), tuple(rows), tuple(notes)),))


def checks_section(findings: Findings) -> Section:
    """What the checks came to."""
    rows = tuple(
        ("FAILED" if result.failed else "passed", result.check, result.task, words.check_figures(result))
        for result in findings.checks
    )
    notes = tuple(f"Not run, since its arms are not here: {text}" for text in findings.skipped_checks)
    grids = (Grid("", ("result", "fails if", "task", "figures"), rows, notes),) if rows else ()
    return Section("Checks", "", grids, () if rows else notes)


def _key(value: Any) -> float | None:
    """What a cell is sorted by, where that is a number; a miss comes after everything."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None if isinstance(value, str) else math.inf
    return math.inf if math.isnan(value) else float(value)
