"""Rows as lines of a table, and what proves that lines are still those that were written."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST_CELL = 100_000
"""Characters; a reader of tables gives up at 131,072."""
LINE_BREAKS = re.compile("[\r\n]")


def as_cell(text: str) -> str:
    r"""The text as any table can hold it: line breaks and halves of characters as Python writes them, ``\n``, and cut.

    A row that is cut by a break of the program is known by its missing end of line, so that no cell may have one.
    """
    if text.isascii() and text.isprintable() and len(text) <= LONGEST_CELL:
        return text  # as nearly every cell is: numbers, names, digests
    fit = LINE_BREAKS.sub(lambda found: repr(found[0])[1:-1], text).encode(errors="backslashreplace").decode()
    return fit if len(fit) <= LONGEST_CELL else f"{fit[: LONGEST_CELL - 1]}…"


def csv_lines(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as lines without a header, in the order of the names; an empty cell for None."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[cell_of(row[name]) for name in names] for row in rows])
    return text.getvalue()


def cell_of(value: Any) -> str:
    """A value as it stands in a table."""
    return "" if value is None else as_cell(str(value))


class LineDigest:
    """The digest of a run's lines in ``epochs.csv``: of all that stands behind the run key.

    Empty cells at the end do not count, so that a column that comes later, and stands last, changes no digest.
    """

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.lines = 0

    def add(self, cells: bytes) -> None:
        """One line more: what follows its run key and the comma."""
        self._sha256.update(cells.rstrip(b",\r\n") + b"\n")
        self.lines += 1

    @property
    def text(self) -> str:
        """Its first 16 hex digits; empty where there is no line."""
        return self._sha256.hexdigest()[:16] if self.lines else ""
