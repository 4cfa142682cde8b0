"""One self-contained page: words, sortable tables, pictures, and how to repeat it all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actbench.environment import __version__
from actbench.reports import words
from actbench.reports.formats import sheet_format
from actbench.reports.sheet.parts import Content

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Bar, Cell, Drawing, Grid, Head, Scale, Section, Sheet

BAR_WIDTH = 130
BAR_EDGE = 6
CLASSES = {Content.NAME: "", Content.NUMBER: "number", Content.WORDS: "words"}


@sheet_format("html", ".html", ".htm")
def html(sheet: Sheet, _: Console) -> str:
    """A page that needs nothing else. Whatever comes from data is escaped, and nothing is loaded from anywhere."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("actbench.reports.formats"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2").render(
        guide=f"guide_{sheet.name}.html.j2",
        version=__version__,
        title=sheet.title,
        scope=sheet.scope,
        summary=sheet.summary,
        warnings=sheet.warnings,
        sections=[_section(section) for section in sheet.sections],
        machine=sheet.machine,
        commands=[(what, _parts(command)) for what, command in sheet.commands],
        manifests=sheet.manifests,
    )


def _section(section: Section) -> dict[str, Any]:
    return {
        "anchor": section.anchor,
        "title": section.title,
        "subtitle": section.subtitle,
        "grids": [_table(grid) for grid in section.grids],
        "notes": section.notes,
        "warnings": section.warnings,
        "pictures": [
            {"caption": drawing.caption, "svg": _svg(drawing, f"{section.anchor}-{number}")}
            for number, drawing in enumerate(section.drawings)
        ],
    }


def _svg(drawing: Drawing, prefix: str) -> Any:
    from markupsafe import Markup

    from actbench.reports.plots.figures import inline_svg

    return Markup(inline_svg(drawing.plot, drawing.panel, drawing.look, prefix))  # noqa: S704 - matplotlib escapes


def _parts(command: str) -> list[str]:
    """The command between whose parts a line may be broken: each option stays with its value."""
    called, *options = re.split(r" (?=--)", command)
    return [*called.split(" "), *options]


def _verdict_first(grid: Grid) -> Grid:
    """With the verdict behind the name: what is first is seen on a phone."""
    places = range(len(grid.columns))
    judged = [any(row[place].tone is not None for row in grid.rows) for place in places]
    order = sorted(places, key=lambda place: (place > 0, not judged[place]))
    rows = tuple(tuple(row[place] for place in order) for row in grid.rows)
    return replace(grid, columns=tuple(grid.columns[place] for place in order), rows=rows)


def _table(grid: Grid) -> dict[str, Any]:
    grid = _verdict_first(grid)
    return {
        "title": words.sentence(grid.title),
        "columns": [heading for column in grid.columns for heading in _headings(column)],
        "rows": [
            {
                "cells": [
                    shown for column, cell in zip(grid.columns, row, strict=True) for shown in _cells(column, cell)
                ],
                "baseline": number == grid.baseline,
            }
            for number, row in enumerate(grid.rows)
        ],
        "notes": grid.all_notes,
    }


def _headings(column: Head) -> Iterator[dict[str, Any]]:
    yield {"text": column.title.replace(" %", "\N{NO-BREAK SPACE}%"), "number": column.is_number}
    if column.scale is not None:
        yield {"text": "picture", "number": False}


@dataclass(frozen=True)
class Shown:
    """A cell as the page has it: ``key`` is what it sorts by, ``bar`` what is drawn instead of the text."""

    text: str
    classes: str = ""
    key: str | None = None
    bar: dict[str, Any] | None = None

    @property
    def broken(self) -> Any:
        """The text, which may be broken before what stands in brackets: a name's parameters go to the next line."""
        from markupsafe import Markup

        return Markup("<wbr>(").join(self.text.split("("))


def _cells(column: Head, cell: Cell) -> Iterator[Shown]:
    """The cell, and behind it the picture of its interval where the column has a scale for one."""
    classes = " ".join(part for part in (CLASSES[column.content], cell.tone) if part)
    yield Shown(cell.text, classes, _key(cell.key) if column.is_number else None)
    if column.scale is not None:
        yield Shown("", key=_key(cell.bar.middle), bar=_bar(cell.bar, column.scale)) if cell.bar else Shown("")


def _bar(bar: Bar, scale: Scale) -> dict[str, Any]:
    half = BAR_WIDTH / 2

    def place(value: float) -> float:
        return round(half + value / scale.reach * (half - BAR_EDGE), 1)

    return {
        "zero": half,
        "margin_low": place(-scale.margin),
        "margin_width": round(place(scale.margin) - place(-scale.margin), 1),
        "low": None if bar.low is None else place(bar.low),
        "high": None if bar.high is None else place(bar.high),
        "middle": place(bar.middle),
        "label": bar.label,
    }


def _key(key: float) -> str:
    return "Infinity" if math.isinf(key) else f"{key:.10g}"
