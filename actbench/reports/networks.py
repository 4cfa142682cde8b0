"""A network as a table: its layers, and what becomes of each activation in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from actbench.models.surgery import Row
from actbench.reports.sheet.parts import Cell, Content, Grid, Head
from actbench.reports.words import networks as words
from actbench.reports.words.numbers import NOTHING


def network_grid(title: str, rows: Sequence[Row], swap: str) -> Grid:
    """One row a layer: its name, what it is, the shape of its output, its parameters, its activation."""
    heads = (
        Head("layer", Content.NAME),
        Head("what it is", Content.NAME, rank=2),
        Head("shape", Content.NAME, rank=1),
        Head("parameters"),
        Head("activation", Content.NAME),
        Head("", Content.WORDS),
    )
    return Grid(title, heads, tuple(_cells(row, swap) for row in rows), elsewhere="--json")


def _cells(row: Row, swap: str) -> tuple[Cell, ...]:
    becomes = Counter(words.what_becomes(place, swap) for place in row.places)
    return (
        Cell(row.path),
        Cell(row.kind),
        Cell("×".join(NOTHING if side is None else str(side) for side in row.shape)),
        Cell(f"{row.parameters:,}" if row.parameters else NOTHING, row.parameters),
        Cell(", ".join(dict.fromkeys(place.was for place in row.places))),
        Cell(words.SITE if row.kind == words.SITE_KIND else "; ".join(words.counted(becomes))),
    )


def network_json(rows: Sequence[Row], swap: str) -> dict[str, Any]:
    """The same as plain values, with the sums."""
    return {
        "parameters": sum(row.parameters for row in rows),
        "trained_parameters": sum(row.trained for row in rows),
        "sites": words.sites_in(rows, swap),
        "layers": [
            {
                "path": row.path,
                "kind": row.kind,
                "shape": list(row.shape),
                "parameters": row.parameters,
                "trained_parameters": row.trained,
                "places": [
                    {
                        "path": place.path,
                        "activation": place.was,
                        "swapped": place.is_meant(swap),
                        "reason": place.reason.value if place.reason and not place.is_meant(swap) else None,
                    }
                    for place in row.places
                ],
            }
            for row in rows
        ],
    }
