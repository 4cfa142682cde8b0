"""Tables of an earlier actbench: how a row of its ``runs.csv`` becomes one of today's.

A change of the columns raises ``record.SCHEMA_VERSION`` by one and adds one function to ``UPGRADES``; stores are then
upgraded when they are opened for writing, and read as if they had been.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from actbench.errors import UserError
from actbench.results import record

Row: TypeAlias = dict[str, str]

UPGRADES: dict[int, Callable[[Row], Row]] = {}
"""By schema version, what makes a row of that version one of the next. Version 1 is the first."""


def upgraded(path: Path) -> str | None:
    """The table as text in today's form, a torn last line left out; None where it needs no upgrade.

    Raises:
        UserError: it is older than any upgrade reaches.
        OSError: it cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.DictReader(file)
        first = next(rows, None)
        if first is None or not is_older(first.get("schema_version")):
            return None  # a table is of one version
        whole = [row for row in itertools.chain([first], rows) if None not in row.values()]
    text = io.StringIO()
    writer = csv.DictWriter(text, record.RUN_COLUMNS, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_upgraded(path, row) for row in whole)
    return text.getvalue()


def is_older(version: str | None) -> bool:
    """Whether the text of a cell is a schema version before today's."""
    return bool(version) and str(version).isdigit() and int(str(version)) < record.SCHEMA_VERSION


def _upgraded(path: Path, row: Row) -> Row:
    for version in range(int(row["schema_version"]), record.SCHEMA_VERSION):
        if version not in UPGRADES:
            raise UserError(
                f"{str(path)!r} has schema version {version}, which is too old for this actbench. Take another "
                "--results."
            )
        row = UPGRADES[version](row) | {"schema_version": str(version + 1)}
    return row
