"""What there is of each data set on this machine, for ``actbench data``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actbench.datasets import DATASETS, Source
from actbench.datasets.fetching.cache import archive, state_of
from actbench.datasets.fetching.stamps import State
from actbench.datasets.published.files import PUBLISHED
from actbench.reports.sheet.parts import Cell, Content, Grid, Head
from actbench.reports.words import data as words

BUILT_IN = "built in"


@dataclass(frozen=True)
class Holding:
    """A data set, and what lies here of it.

    ``size`` is that of the published files, in bytes, 0 where nobody states it; ``path`` is None for what is built in.
    """

    name: str
    summary: str
    size: int
    state: State | None
    licence: str
    path: Path | None


def holding(source: Source, found: State | None = None) -> Holding:
    """A data set by what a look at its stamp says, unless ``found`` says more."""
    if source.name not in PUBLISHED.names:
        return Holding(source.name, source.summary, 0, None, "", None)
    published = PUBLISHED[source.name]
    path = archive(source.name)
    sizes = [file.size for file in published.containers[0].files]
    return Holding(
        source.name,
        source.summary,
        sum(sizes) if all(sizes) else 0,
        state_of(published) if found is None else found,
        published.licence,
        path,
    )


def holdings() -> list[Holding]:
    """Every data set that has a name."""
    return [holding(source) for source in DATASETS]


def holdings_grid(rows: Sequence[Holding]) -> Grid:
    """One row a data set: what it is, how large, what is here of it, under which terms."""
    heads = (
        Head("name", Content.NAME),
        Head("what it is", Content.WORDS),
        Head("size", rank=1),
        Head("state", Content.NAME),
        Head("licence", Content.WORDS, rank=2),
    )
    cells = [
        (
            Cell(row.name),
            Cell(row.summary),
            Cell(words.size(row.size), row.size),
            Cell(row.state or BUILT_IN),
            Cell(row.licence),
        )
        for row in rows
    ]
    return Grid("", heads, tuple(cells), elsewhere="--json")


def states_grid(rows: Sequence[Holding]) -> Grid:
    """One row a data set: what lies where."""
    heads = tuple(Head(heading, Content.NAME) for heading in ("name", "state", "where"))
    return Grid("", heads, tuple((Cell(row.name), Cell(row.state or BUILT_IN), Cell(str(row.path))) for row in rows))


def holding_json(row: Holding) -> dict[str, Any]:
    """The same as plain values."""
    return {
        "name": row.name,
        "summary": row.summary,
        "size": row.size or None,
        "state": row.state.name.lower() if row.state else "built_in",
        "licence": row.licence or None,
        "path": str(row.path) if row.path else None,
    }
