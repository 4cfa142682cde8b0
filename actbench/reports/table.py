"""Findings as text for the screen, for files and for other programs."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from actbench.reports import words
from actbench.reports.sheet import WORDY, Grid, Section, View, choose_columns, sections, sort_arms
from actbench.statistics import Comparison
from actbench.tables.across import Across, NotAcross
from actbench.tables.arms import to_csv
from actbench.tables.findings import full_table

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.results.thresholds import ColumnName
    from actbench.tables.checks import CheckResult
    from actbench.tables.comparison import MetricComparison, Row
    from actbench.tables.findings import Findings, NotCompared, TaskFindings
    from actbench.tables.warnings import TableWarning


GAP = 3
FEWEST_LETTERS = 24
VERDICT_STYLES = {
    "better": "green",
    "worse": "red",
    "confirmed": "green",
    "reproduced to the digit": "green",
    "refuted": "red",
}
CSV_FIGURES = ("difference", "speedup", "low", "high", "p", "verdict")


def csv_of(findings: Findings, view: View) -> str:
    """All arms as one table, with the settings in which the tasks differ, and the comparisons as further columns."""
    table = full_table(findings)
    settings = list(table.columns[: list(table.columns).index("activation")])
    shown: list[ColumnName] = list(table.columns)
    if view.columns or view.article:
        shown = [*settings, *choose_columns(table, view, findings.thresholds)]
    for metric in _metrics(findings):
        cells = [row for found in findings.tasks for row in _csv_rows(found, metric)]
        for name in [name for name in CSV_FIGURES if any(name in row for row in cells)]:
            table[f"{metric}_{name}"] = [row.get(name) for row in cells]
            shown.append(f"{metric}_{name}")
    return to_csv(sort_arms(table, view.sort)[shown])


def json_of(findings: Findings, view: View) -> str:
    """Everything, unrounded; null for what was not reached and for what cannot be said."""
    document = {
        "schema_version": 1,
        "stores": [str(folder) for folder in findings.stores],
        "thresholds": list(findings.thresholds),
        "warnings": [_json_warning(warning) for warning in findings.warnings],
        "tasks": [
            {
                "title": found.task.title,
                "settings": found.task.settings,
                "warnings": [_json_warning(warning) for warning in found.warnings],
                "baseline": found.baseline or None,
                "arms": sort_arms(found.arms, view.sort).to_dict("records"),
                "comparisons": [_json_comparison(comparison) for comparison in found.comparisons],
                "not_compared": _json_not_compared(found.not_compared),
            }
            for found in findings.tasks
        ],
        "across": _json_across(findings.across),
        "checks": [_json_check(result) for result in findings.checks],
        "skipped_checks": list(findings.skipped_checks),
    }
    return json.dumps(plain(document), indent=2, ensure_ascii=False)


def markdown_of(findings: Findings, view: View) -> str:
    """GitHub-flavoured Markdown, fit for the summary page of a CI job."""
    lines = [
        *markdown_lines(sections(findings, view)),
        *_markdown_warnings(tuple(map(words.warning, findings.warnings))),
    ]
    return "\n".join(lines).strip("\n") + "\n"


def markdown_lines(parts: Sequence[Section]) -> list[str]:
    """Sections as lines of Markdown."""
    lines: list[str] = []
    for section in parts:
        lines += [f"### {_escape(section.title)}", ""]
        lines += [_escape(section.subtitle), ""] if section.subtitle else []
        for grid in section.grids:
            lines += markdown_grid(grid)
        mark = "- " * (len(section.notes) > 1)
        lines += [mark + _escape(note) for note in section.notes] + [""] * bool(section.notes)
        lines += _markdown_warnings(section.warnings)
    return lines


def show(findings: Findings, view: View, screen: Console) -> None:
    """Print the findings on a screen."""
    parts = sections(findings, view)
    for section in parts:
        show_section(section, screen, titled=len(parts) > 1 or bool(section.subtitle))
    for warning in findings.warnings:
        _line(screen, f"warning: {words.warning(warning)}", style="yellow")


def show_section(section: Section, screen: Console, *, titled: bool = True) -> None:
    """Print one section on a screen."""
    if titled:
        _line(screen, section.title, style="bold")
        if section.subtitle:
            _line(screen, section.subtitle, style="dim")
    for grid in section.grids:
        _show_grid(grid, screen)
    for note in section.notes:
        _line(screen, note)
    for warning in section.warnings:
        _line(screen, f"warning: {warning}", style="yellow")
    if section.notes or section.warnings:
        screen.print()


def _show_grid(grid: Grid, screen: Console) -> None:
    from rich.text import Text

    if grid.title:
        _line(screen, grid.title)
    # Laid out here: a library that measures and wraps every cell takes seconds for a thousand arms.
    lines = lay_out(grid, screen.width)
    screen.print(Text.assemble("\n", *lines, "\n"), soft_wrap=True, end="")
    for note in grid.notes:
        _line(screen, note, style="dim")
    if grid.notes:
        screen.print()


def lay_out(grid: Grid, width: int) -> list[tuple[str, str]]:
    """A grid as lines of text with a style each, numbers on the right.

    Where the screen is too narrow, headings are broken first, then words; figures never are.
    """
    places = range(len(grid.headings))
    right = [is_numeric(grid, place) for place in places]
    cells = [max((len(row[place]) for row in grid.rows), default=0) for place in places]
    widths = [max(len(name), cell) for name, cell in zip(grid.headings, cells, strict=True)]
    breaks = [name in WORDY for name in grid.headings]
    if _total(widths) > width:
        widths = [
            max(max(map(len, name.split()), default=0), cell if not wordy else len(name))
            for name, cell, wordy in zip(grid.headings, cells, breaks, strict=True)
        ]
        # What is left is shared by the columns of words.
        room = max(width - _total(widths), 0)
        for place in (place for place in places if breaks[place]):
            widths[place] = min(
                max(cells[place], widths[place]), max(widths[place] + room // sum(breaks), FEWEST_LETTERS)
            )
    lines = [(line, "bold") for line in _broken(grid.headings, widths, right, bottom=True)]
    lines.append((" " + "─" * (_total(widths) - 1) + "\n", "dim"))
    for row in grid.rows:
        lines += [(line, VERDICT_STYLES.get(row[-1].partition(",")[0], "")) for line in _broken(row, widths, right)]
    return lines


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1) + 1


def _broken(row: Sequence[str], widths: Sequence[int], right: Sequence[bool], *, bottom: bool = False) -> list[str]:
    """The lines of a row: each cell in its own column, broken at blanks where it is too long."""
    columns = [
        [cell] if len(cell) <= width else textwrap.wrap(cell, width) for cell, width in zip(row, widths, strict=True)
    ]
    height = max(map(len, columns))
    filled = [[""] * (height - len(c)) + c if bottom else c + [""] * (height - len(c)) for c in columns]
    lines = []
    for parts in zip(*filled, strict=True):
        aligned = [
            part.rjust(width) if number else part.ljust(width)
            for part, width, number in zip(parts, widths, right, strict=True)
        ]
        lines.append((" " + (" " * GAP).join(aligned)).rstrip() + "\n")
    return lines


def is_numeric(grid: Grid, place: int) -> bool:
    """Whether a column is one of numbers, which stand on the right; a task's name may begin with one and is none."""
    cells = [row[place] for row in grid.rows]
    if place == 0 or grid.headings[place] == "task":
        return False
    return all(cell[:1] in "-+±<∞" or cell[:1].isdigit() for cell in cells) and any(cells)


def _line(screen: Console, text: str, style: str | None = None) -> None:
    screen.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def markdown_grid(grid: Grid) -> list[str]:
    """A grid as lines of Markdown."""
    marks = ["---:" if is_numeric(grid, place) else "---" for place in range(len(grid.headings))]
    rows = [[_escape(cell) for cell in row] for row in grid.rows]
    lines = [f"**{_escape(grid.title[:1].upper() + grid.title[1:])}**", ""] if grid.title else []
    lines += ["| " + " | ".join(line) + " |" for line in [list(grid.headings), marks, *rows]]
    return [*lines, "", *(_escape(note) + "  " for note in grid.notes), *([""] if grid.notes else [])]


def _markdown_warnings(warnings: tuple[str, ...]) -> list[str]:
    return ["> [!WARNING]", *(f"> {_escape(warning)}  " for warning in warnings), ""] if warnings else []


def _escape(text: str) -> str:
    """Text that a Markdown cell shows as it is: names of arms may hold anything."""
    for mark in "\\`*_|[]#~$":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split())


def _metrics(findings: Findings) -> list[str]:
    return next(([c.metric.name for c in found.comparisons] for found in findings.tasks if found.comparisons), [])


def _csv_rows(found: TaskFindings, metric: str) -> list[dict[str, Any]]:
    """For each arm the figures of its comparison, as columns of the CSV."""
    comparison = next((c for c in found.comparisons if c.metric.name == metric), None)
    rows = {row.arm: _json_row(comparison, row) for row in comparison.rows} if comparison else {}
    cells = []
    for arm in found.arms["activation"]:
        figures = rows.get(arm, {"words": "baseline"} if comparison and arm == comparison.baseline else {})
        named = figures | {"verdict": figures.get("words")}
        cells.append({name: named[name] for name in CSV_FIGURES if named.get(name) is not None})
    return cells


def _json_comparison(comparison: MetricComparison) -> dict[str, Any]:
    return {
        "metric": comparison.metric.name,
        "title": comparison.metric.title,
        "unit": comparison.metric.unit,
        "baseline": comparison.baseline,
        "baseline_summary": asdict(comparison.baseline_summary),
        "margin": comparison.margin,
        "relative_margin": comparison.relative_margin,
        "by_rank": comparison.by_rank,
        "left_out": list(comparison.left_out),
        "notes": words.notes(comparison),
        "rows": [_json_row(comparison, row) for row in comparison.rows],
    }


def _json_row(comparison: MetricComparison, row: Row) -> dict[str, Any]:
    found, interval = row.comparison, row.comparison.interval
    figures: dict[str, Any] = {
        "activation": row.arm,
        "summary": asdict(row.summary),
        "pairing": words.pairing(row.pairing),
        "seeds_missing": list(row.pairing.missing),
        "seeds_missing_in_baseline": list(row.pairing.missing_in_baseline),
        "paired": found.paired,
        "n": found.n,
        "n_baseline": found.n_baseline,
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "level": interval.level if interval else None,
        "p": row.verdict.adjusted_p,
        "p_uncorrected": found.p_value,
        "verdict": row.verdict.standing,
        "words": words.verdict(comparison, row),
        "seeds_that_would_tell": row.verdict.seeds,
        "could_show": row.could_show,
    }
    if isinstance(found, Comparison):
        return figures | {"difference": found.difference, "sd": found.sd, "effect_size": found.effect_size}
    return figures | {
        "speedup": found.speedup,
        "geometric_speedup": found.geometric_speedup,
        "wins": found.wins,
        "losses": found.losses,
        "ties": found.ties,
    }


def _json_warning(warning: TableWarning) -> dict[str, Any]:
    return {"kind": warning.kind, "text": words.warning(warning), **asdict(warning)}


def _json_not_compared(reason: NotCompared | None) -> dict[str, Any] | None:
    return asdict(reason) | {"text": words.not_compared(reason)} if reason else None


def _json_check(result: CheckResult) -> dict[str, Any]:
    return asdict(result) | {"figures": dict(result.figures), "reason": words.check_figures(result)}


def _json_across(across: Across | NotAcross) -> dict[str, Any]:
    if isinstance(across, NotAcross):
        return {"rows": [], "not_compared": asdict(across) | {"text": words.not_across(across)}}
    return {
        "tasks": list(across.tasks),
        "targets": list(across.targets),
        "baseline": across.baseline,
        "left_out": list(across.left_out),
        "without_baseline": list(across.without_baseline),
        "rows": [asdict(row) for row in across.rows],
    }


def plain(value: Any) -> Any:
    """Values as JSON has them: no nan, no infinity, none of NumPy's types."""
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
