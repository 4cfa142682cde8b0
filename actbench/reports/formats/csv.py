"""Comma-separated values, for spreadsheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.formats import sheet_format
from actbench.tables.arms import to_csv

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Sheet


@sheet_format("csv", ".csv", warns=False)
def csv(sheet: Sheet, _: Console) -> str:
    """The figures as one table, unrounded; an empty cell for what is missing."""
    return to_csv(sheet.table)
