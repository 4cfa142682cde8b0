"""The parts of a sheet. A sheet says what is shown; how it is written is the formats' business.

A new sheet is a class with the members of `Sheet`; a new format writes every one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from actbench.reports.words import NOTHING

if TYPE_CHECKING:
    import pandas as pd

    from actbench.reports.plots import Look, Panel


class Content(StrEnum):
    """What the cells of a column hold.

    Names stay whole and stand on the left; numbers stay whole, stand on the right and are sorted by their values; words
    stand on the left and may be broken.
    """

    NAME = "name"
    NUMBER = "number"
    WORDS = "words"


class Tone(StrEnum):
    """Whether a verdict is good news."""

    GOOD = "good"
    BAD = "bad"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval to draw beside its figures; ``low`` and ``high`` are None where there is none, only a middle."""

    low: float | None
    middle: float
    high: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """What all bars of a column share: the band from -margin to margin, and the largest distance from 0 that fits."""

    margin: float
    reach: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: as people read it.
        value: the number behind it, unrounded, in the unit of its column; None where there is none.
        tone: of a verdict; None for everything else.
        bar: the interval to draw, in a column with a scale.
    """

    text: str
    value: float | None = None
    tone: Tone | None = None
    bar: Bar | None = None

    @property
    def key(self) -> float:
        """What a number is sorted by: a miss comes after everything."""
        return math.inf if self.value is None or math.isnan(self.value) else float(self.value)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column.

    Attributes:
        heading: what it shows.
        content: what its cells hold.
        unit: of its figures, where the heading does not say it.
        scale: of the bars in its cells, if it has any.
        rank: how soon it gives way where a screen has no room for all columns, the highest rank first; 0 never does.
        note: a line below the table that explains it, wherever the column is shown.
    """

    heading: str
    content: Content = Content.NUMBER
    unit: str = ""
    scale: Scale | None = None
    rank: int = 0
    note: str = ""

    @property
    def title(self) -> str:
        """The heading with its unit."""
        return f"{self.heading} ({self.unit})" if self.unit else self.heading

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers."""
        return self.content is Content.NUMBER


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        title: a line above it, or nothing.
        columns, rows: its heads and cells; every row has as many cells as there are columns.
        notes: lines below it, before those of its columns.
        baseline: the row of the arm that the others are compared with, if there is one among them.
        elsewhere: what shows the columns that a screen has no room for, where any may give way.
    """

    title: str
    columns: tuple[Head, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    baseline: int | None = None
    elsewhere: str = ""

    def notes_with(self, columns: Iterable[Head]) -> tuple[str, ...]:
        """The lines below it where these of its columns are shown."""
        return (*self.notes, *(column.note for column in columns if column.note))

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The lines below it where all of its columns are shown."""
        return self.notes_with(self.columns)

    @property
    def telling(self) -> Grid:
        """Without the columns that may give way and say nothing in any row."""
        kept = [
            place
            for place, column in enumerate(self.columns)
            if not column.rank or any(row[place].text not in ("", NOTHING) for row in self.rows)
        ]
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return replace(self, columns=tuple(self.columns[place] for place in kept), rows=rows)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture that a page shows: which, of what, and how it looks."""

    plot: str
    panel: Panel
    look: Look
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a sheet: a title, a line about settings, tables, pictures, and what to beware of.

    ``anchor`` is its address on a page.
    """

    title: str
    subtitle: str
    grids: tuple[Grid, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a summary, about the section of that anchor; ``about`` is empty where there is only one."""

    about: str
    anchor: str
    text: str


class CaseStatus(StrEnum):
    """What became of a test case."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class SuiteCase:
    """A test case as CI systems show it.

    Attributes:
        name: of the case.
        group: what it belongs to.
        status: what became of it.
        message: why it did not pass; empty where it did.
        reason: the same as a single word for machines.
        seconds: that it took, or None.
        output: what else there is to say.
    """

    name: str
    group: str
    status: CaseStatus
    message: str = ""
    reason: str = ""
    seconds: float | None = None
    output: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """Test cases under one name, and what there is to say about them all."""

    name: str
    cases: tuple[SuiteCase, ...]
    output: str = ""


class Sheet(Protocol):
    """Everything that any format writes. What only some of them need is worked out when it is asked for."""

    @property
    def name(self) -> str:
        """Of the kind of sheet, as the command is called: a page explains its words by it."""

    @property
    def title(self) -> str:
        """What it is about."""

    @property
    def scope(self) -> str:
        """How much it rests on."""

    @property
    def summary(self) -> Sequence[Line]:
        """What came out, in sentences."""

    @property
    def sections(self) -> Sequence[Section]:
        """All that is shown."""

    @property
    def overview(self) -> Sequence[Section]:
        """What is enough for a screen."""

    @property
    def closing(self) -> str:
        """A last line for a screen: where to look for more."""

    @property
    def warnings(self) -> Sequence[str]:
        """What is to be known before any figure is trusted, and stands in no section."""

    @property
    def all_warnings(self) -> Sequence[str]:
        """These and those of the sections, for a format that can hold none."""

    @property
    def document(self) -> dict[str, Any]:
        """Everything as plain values, unrounded, for other programs."""

    @property
    def table(self) -> pd.DataFrame:
        """The figures as one table, unrounded."""

    @property
    def suites(self) -> Sequence[Suite]:
        """The same as test cases."""

    @property
    def commands(self) -> Sequence[tuple[str, str]]:
        """What each of the commands repeats, and the command."""

    @property
    def machine(self) -> Sequence[tuple[str, str]]:
        """Hardware, versions and hashes of data: name and value."""

    @property
    def manifests(self) -> Sequence[tuple[str, str]]:
        """The stores' manifests: a title and the text of each."""


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
