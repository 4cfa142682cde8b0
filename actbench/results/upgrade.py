"""Tables of an earlier actbench: how their rows become today's.

A new column says in its declaration since which version it is there, and rows of older versions get its neutral value:
that needs no line here. ``STEPS`` holds what is more than that: a column that was renamed, a figure in another unit, a
key that is formed differently. Stores are upgraded when they are opened for writing, and read as if they had been.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from actbench.results.columns import EPOCH_COLUMNS, RUN_COLUMNS, SCHEMA_VERSION, row_digest

Row: TypeAlias = dict[str, str]


def _second(row: Row) -> Row:
    """What computes is called a backend, whichever library it is."""
    return {"backend_version" if name == "tensorflow_version" else name: cell for name, cell in row.items()}


def _sixth(row: Row) -> Row:
    """``frelu`` had Keras's batch normalization, and was called by its name alone, which now means its authors'."""
    found = re.fullmatch(r"frelu(?:\((kernel_size=[0-9]+)\))?", row["activation"])
    if not found:
        return row
    words = [*filter(None, found.groups()), "epsilon=0.001", "momentum=0.99"]
    renamed = row | {"activation": f"frelu({', '.join(words)})"}
    proved = row.get("row_digest") and row["row_digest"] == row_digest(_completed(row))
    return renamed | {"row_digest": row_digest(_completed(renamed))} if proved else renamed


STEPS: dict[int, Callable[[Row], Row]] = {1: _second, 5: _sixth}
"""By schema version, what makes a row of ``runs.csv`` of that version one of the next, where columns alone do not. A
step may give a row another ``run_key``: its epochs follow."""

FORMER = frozenset({"tensorflow_version"})
"""Columns that ``runs.csv`` had once, under these names."""


def upgraded_run(row: Row) -> Row:
    """A row of ``runs.csv``, of today's version or an older one, in today's form.

    A row without a version, as hand-written tables may have, is taken for one of today's.
    """
    written = version_in(row.get("schema_version", ""))
    for version in range(SCHEMA_VERSION if written is None else written, SCHEMA_VERSION):
        row = STEPS.get(version, _same)(row)
    return _completed(row) | {"schema_version": str(SCHEMA_VERSION)}


def upgraded_epoch(row: Row, keys: dict[str, str]) -> Row:
    """A row of ``epochs.csv`` in today's form. ``keys``: by old run key the new one, where it was changed."""
    today = {column.name: row.get(column.name, column.neutral_text) for column in EPOCH_COLUMNS}
    return today | {"run_key": keys.get(today["run_key"], today["run_key"])}


def changed_keys(rows: Iterable[Row]) -> dict[str, str]:
    """By the old run key the new one, for rows of ``runs.csv`` whose upgrade gives them another."""
    pairs = ((row["run_key"], upgraded_run(row)["run_key"]) for row in rows)
    return {old: new for old, new in pairs if old != new}


def is_older(version: str | None) -> bool:
    """Whether the text of a cell is a schema version before today's."""
    written = version_in(version or "")
    return written is not None and written < SCHEMA_VERSION


def version_in(cell: str) -> int | None:
    """The schema version that a cell holds; None where it holds something else."""
    # Not str.isdigit: "²" is a digit, too, and thousands of nines are digits all.
    return int(cell) if re.fullmatch("[0-9]{1,9}", cell) else None


def _completed(row: Row) -> Row:
    """Today's columns; neutral where the row is older than one."""
    return {column.name: row.get(column.name, column.neutral_text) for column in RUN_COLUMNS}


def _same(row: Row) -> Row:
    return row
