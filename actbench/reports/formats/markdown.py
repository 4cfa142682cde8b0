"""GitHub-flavoured Markdown, fit for the summary page of a CI job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actbench.printable import printable
from actbench.reports import words
from actbench.reports.formats import sheet_format

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Grid, Sheet


@sheet_format("md", ".md", aliases=("markdown",))
def markdown(sheet: Sheet, _: Console) -> str:
    """Sections under headings, with tables and notes."""
    lines: list[str] = []
    for section in sheet.sections:
        lines += [f"### {_escape(section.title)}", ""]
        lines += [_escape(section.subtitle), ""] if section.subtitle else []
        for grid in section.grids:
            lines += grid_lines(grid)
        mark = "- " * (len(section.notes) > 1)
        lines += [mark + _escape(note) for note in section.notes] + [""] * bool(section.notes)
        lines += _warnings(section.warnings)
    lines += _warnings(sheet.warnings)
    return "\n".join(lines).strip("\n") + "\n"


def grid_lines(grid: Grid) -> list[str]:
    """A table as lines of Markdown."""
    marks = ["---:" if column.is_number else "---" for column in grid.columns]
    rows = [[_escape(cell.text) for cell in row] for row in grid.rows]
    lines = [f"**{_escape(words.sentence(grid.title))}**", ""] if grid.title else []
    lines += ["| " + " | ".join(line) + " |" for line in [[column.title for column in grid.columns], marks, *rows]]
    return [*lines, "", *(_escape(note) + "  " for note in grid.all_notes), *([""] if grid.all_notes else [])]


def _warnings(warnings: Sequence[str]) -> list[str]:
    return ["> [!WARNING]", *(f"> {_escape(warning)}  " for warning in warnings), ""] if warnings else []


def _escape(text: str) -> str:
    """Text that a Markdown cell shows as it is: names of arms may hold anything."""
    text = printable(text)  # first: its backslashes are escaped, too
    for mark in "\\`*_|[]#~$":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split())
