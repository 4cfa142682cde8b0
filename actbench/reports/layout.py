"""Tables as lines of text, laid out to the width of a screen: all that a command prints as a table comes through here.

A heading is broken at its blanks, then words are; then columns give way by their rank, and a line says which; then
every row becomes a block of lines. No word is ever broken, and no figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from actbench.printable import fitted, words_of
from actbench.reports import words
from actbench.reports.sheet.parts import Cell, Content, Grid, Head, Tone

if TYPE_CHECKING:
    from rich.console import Console

GAP = 3
FEWEST_LETTERS = 24
"""What a column of words is not squeezed below, where it has that many."""
HEADING_LINES = (2, 1)
"""Of a heading, where there is room."""
STYLES = {Tone.GOOD: "green", Tone.BAD: "red", Tone.NEUTRAL: ""}
Styled = tuple[str, str]
"""A line with its line feed, and its style."""


def pairs_grid(pairs: Iterable[tuple[str, str]]) -> Grid:
    """Names and what they stand for: a table that needs no headings."""
    heads = (Head("", Content.NAME), Head("", Content.WORDS))
    return Grid("", heads, tuple((Cell(name), Cell(text)) for name, text in pairs))


def show_grid(grid: Grid, console: Console) -> None:
    """Print a table with its title and notes; one without headings stands close and at the edge, as a list does."""
    from rich.text import Text

    if grid.title:
        console.print(grid.title)
    # Laid out here: a library that measures and wraps every cell takes seconds for a thousand arms.
    kept = _places_for(grid, console.width)
    lines = _lines(grid, console.width, kept)
    if any(column.title for column in grid.columns):
        lines = [("\n", ""), *lines, ("\n", "")]
    else:
        lines = [(line.removeprefix(" "), style) for line, style in lines]
    console.print(Text.assemble(*lines), soft_wrap=True, end="")
    notes = grid.all_notes if kept is None else grid.notes_with(grid.columns[place] for place in kept)
    for note in notes:
        console.print(note, style="dim")
    if notes:
        console.print()


def lay_out(grid: Grid, width: int) -> list[Styled]:
    """A grid as lines of text with a style each, numbers on the right."""
    return _lines(grid, width, _places_for(grid, width))


def _lines(grid: Grid, width: int, kept: list[int] | None) -> list[Styled]:
    """The same with these of its columns; None where there is no room for any table."""
    if kept is None:
        return _blocks(grid, width)
    columns = [grid.columns[place] for place in kept]
    texts = [[row[place].text for place in kept] for row in grid.rows]
    widths = _widths(columns, texts, width)
    right = [column.is_number for column in columns]
    headings = [column.title for column in columns]
    lines: list[Styled] = []
    if any(headings):
        lines += [(line, "bold") for line in _broken(headings, widths, right, bottom=True)]
        lines.append((" " + "─" * (_total(widths) - 1) + "\n", "dim"))
    for row, cells in zip(grid.rows, texts, strict=True):
        lines += [(line, _style(row)) for line in _broken(cells, widths, right)]
    left = [column.title for place, column in enumerate(grid.columns) if place not in kept]
    if left:
        lines.append((fitted(words.no_room(left, grid.elsewhere), width) + "\n", "dim"))
    return lines


def _places_for(grid: Grid, width: int) -> list[int] | None:
    """Which columns there is room for, the least important left out; None where there is none even for the others."""
    least = [_least(column, [row[place].text for row in grid.rows]) for place, column in enumerate(grid.columns)]
    kept = list(range(len(least)))
    while _total([least[place] for place in kept]) > width:
        last = max(kept, key=lambda place: (grid.columns[place].rank, place))
        if not grid.columns[last].rank:
            return None
        kept.remove(last)
    return kept


def _least(column: Head, texts: Sequence[str]) -> int:
    """How wide a column is at least."""
    longest = max(map(cell_len, texts), default=0)
    if column.content is Content.WORDS:
        longest = max(min(longest, FEWEST_LETTERS), *map(_longest_word, texts), 0)
    return max(_longest_word(column.title), longest)


def _widths(columns: Sequence[Head], texts: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column is: as it likes, or as it must be, with what is left shared by the columns of words."""
    cells = [[row[place] for row in texts] for place in range(len(columns))]
    liked = [max(map(cell_len, [column.title, *cell])) for column, cell in zip(columns, cells, strict=True)]
    if _total(liked) <= width:
        return liked
    widths = [_least(column, cell) for column, cell in zip(columns, cells, strict=True)]
    wordy = [place for place, column in enumerate(columns) if column.content is Content.WORDS]
    # Who asks for least goes first: what it leaves is the others'.
    for already, place in enumerate(sorted(wordy, key=lambda place: liked[place] - widths[place])):
        room = (width - _total(widths)) // (len(wordy) - already)
        widths[place] += min(room, liked[place] - widths[place])
    for lines in HEADING_LINES:
        for place, column in enumerate(columns):
            lower = widths.copy()
            lower[place] = _width_for_lines(column.title, widths[place], lines)
            widths = lower if _total(lower) <= width else widths
    return widths


def _width_for_lines(text: str, least: int, lines: int) -> int:
    """How wide a text must be to take no more than so many lines."""
    return next(wide for wide in range(least, max(cell_len(text), least) + 1) if len(_wrapped(text, wide)) <= lines)


def _longest_word(text: str) -> int:
    return max(map(cell_len, words_of(text)))


def _style(row: Sequence[Cell]) -> str:
    """A row is as good or bad as the verdict in it."""
    return next((STYLES[cell.tone] for cell in row if cell.tone is not None), "")


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1) + 1


def _wrapped(text: str, width: int) -> list[str]:
    return fitted(text, width).split("\n")


def _broken(row: Sequence[str], widths: Sequence[int], right: Sequence[bool], *, bottom: bool = False) -> list[str]:
    """The lines of a row: each cell in its own column, broken at blanks where it is too long."""
    columns = [
        [cell] if cell_len(cell) <= width else _wrapped(cell, width) for cell, width in zip(row, widths, strict=True)
    ]
    height = max(map(len, columns))
    filled = [[""] * (height - len(c)) + c if bottom else c + [""] * (height - len(c)) for c in columns]
    lines = []
    for parts in zip(*filled, strict=True):
        aligned = [
            _aligned(part, width, right=number) for part, width, number in zip(parts, widths, right, strict=True)
        ]
        lines.append((" " + (" " * GAP).join(aligned)).rstrip() + "\n")
    return lines


def _aligned(text: str, width: int, *, right: bool) -> str:
    room = " " * (width - cell_len(text))
    return room + text if right else text + room


def _blocks(grid: Grid, width: int) -> list[Styled]:
    """Every row as a block: what it is about, and below it a line a column. Nothing is left out but empty cells."""
    titles = max(cell_len(column.title) for column in grid.columns[1:])
    lines: list[Styled] = []
    for row in grid.rows:
        first, *rest = row
        lines += [(f" {line}\n", "bold") for line in _wrapped(first.text, width - 1)]
        for column, cell in zip(grid.columns[1:], rest, strict=True):
            if cell.text:
                lines += [(f"{line}\n", _style([cell])) for line in _entry(column.title, titles, cell.text, width)]
        if len(grid.columns) > 2:  # noqa: PLR2004 - a name and what it stands for need no space between
            lines.append(("\n", ""))
    return lines[:-1] if lines and lines[-1][0] == "\n" else lines


def _entry(title: str, titles: int, text: str, width: int) -> list[str]:
    """A title, and beside it the text; below it, where it would be broken more than words have to be."""
    room = width - titles - 5
    if titles and room < min(cell_len(text), FEWEST_LETTERS):
        return [f"   {title}", *(f"     {line}" for line in _wrapped(text, width - 5))]
    gap = 2 * bool(titles)
    first, *rest = _wrapped(text, width - 3 - titles - gap)
    return [f"   {title:<{titles + gap}}{first}", *(" " * (3 + titles + gap) + line for line in rest)]
