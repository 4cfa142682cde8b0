"""Text for the screen, laid out to its width."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actbench.reports.formats import SCREEN, sheet_format
from actbench.reports.sheet.parts import Content, Tone

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Cell, Grid, Section, Sheet

GAP = 3
FEWEST_LETTERS = 24
STYLES = {Tone.GOOD: "green", Tone.BAD: "red", Tone.NEUTRAL: ""}


@sheet_format(SCREEN, ".txt")
def screen(sheet: Sheet, console: Console) -> str:
    """What fits on a screen, in its colours if it has any."""
    parts = sheet.overview
    with console.capture() as captured:
        for section in parts:
            _show_section(section, console, titled=len(parts) > 1 or bool(section.subtitle))
        for warning in sheet.warnings:
            _line(console, f"warning: {warning}", style="yellow")
        if sheet.closing:
            _line(console, sheet.closing)
    return captured.get()


def _show_section(section: Section, console: Console, *, titled: bool) -> None:
    if titled:
        _line(console, section.title, style="bold")
        if section.subtitle:
            _line(console, section.subtitle, style="dim")
    for grid in section.grids:
        _show_grid(grid, console)
    for note in section.notes:
        _line(console, note)
    for warning in section.warnings:
        _line(console, f"warning: {warning}", style="yellow")
    if section.notes or section.warnings:
        console.print()


def _show_grid(grid: Grid, console: Console) -> None:
    from rich.text import Text

    if grid.title:
        _line(console, grid.title)
    # Laid out here: a library that measures and wraps every cell takes seconds for a thousand arms.
    lines = lay_out(grid, console.width)
    console.print(Text.assemble("\n", *lines, "\n"), soft_wrap=True, end="")
    for note in grid.notes:
        _line(console, note, style="dim")
    if grid.notes:
        console.print()


def _line(console: Console, text: str, style: str | None = None) -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def lay_out(grid: Grid, width: int) -> list[tuple[str, str]]:
    """A grid as lines of text with a style each, numbers on the right.

    Where the screen is too narrow, headings are broken first, then words; figures never are.
    """
    places = range(len(grid.columns))
    headings = [column.title for column in grid.columns]
    right = [column.is_number for column in grid.columns]
    cells = [max((len(row[place].text) for row in grid.rows), default=0) for place in places]
    widths = [max(len(name), cell) for name, cell in zip(headings, cells, strict=True)]
    breaks = [column.content is Content.WORDS for column in grid.columns]
    if _total(widths) > width:
        widths = [
            max(max(map(len, name.split()), default=0), cell if not wordy else len(name))
            for name, cell, wordy in zip(headings, cells, breaks, strict=True)
        ]
        # What is left is shared by the columns of words.
        room = max(width - _total(widths), 0)
        for place in (place for place in places if breaks[place]):
            widths[place] = min(
                max(cells[place], widths[place]), max(widths[place] + room // sum(breaks), FEWEST_LETTERS)
            )
    lines = [(line, "bold") for line in _broken(headings, widths, right, bottom=True)]
    lines.append((" " + "─" * (_total(widths) - 1) + "\n", "dim"))
    for row in grid.rows:
        lines += [(line, _style(row)) for line in _broken([cell.text for cell in row], widths, right)]
    return lines


def _style(row: Sequence[Cell]) -> str:
    """A row is as good or bad as the verdict in it."""
    return next((STYLES[cell.tone] for cell in row if cell.tone is not None), "")


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
