"""What Python is given: a question's findings, as data frames, as text, and as a notebook shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console

from actbench.printable import printable
from actbench.reports.formats import FORMATS
from actbench.reports.sheet import View
from actbench.reports.sheet.comparison import ComparisonSheet

if TYPE_CHECKING:
    import pandas as pd

    from actbench.tables.findings import Findings

WIDTH = 200
"""Characters of a line where nobody says how wide the paper is: enough for every table."""


@dataclass(frozen=True)
class Answer:
    """What is known of some runs. Its text is what the command line prints, and a notebook shows it as tables.

    Attributes:
        findings: everything that was found, as frozen dataclasses: ``findings.tasks``, and of each its ``comparisons``.
    """

    findings: Findings = field(repr=False)

    @property
    def arms(self) -> pd.DataFrame:
        """A row an arm: its means and medians, and for each metric its difference from the baseline and the verdict."""
        return self._sheet.table

    @property
    def runs(self) -> pd.DataFrame:
        """A row a run: what was asked for, what came of it, with which versions. Accuracies are fractions."""
        return self.findings.runs

    @property
    def epochs(self) -> pd.DataFrame:
        """A row an epoch of every run, by its ``run_key``; epoch 0 is before training."""
        return self.findings.epochs

    @property
    def warnings(self) -> list[str]:
        """What a reader must know before putting figures side by side."""
        return self._sheet.all_warnings

    def write(self, format: str = "table") -> str:  # noqa: A002 - as the command line calls it
        """The text in a format of ``actbench compare``: table, markdown, latex, csv, json, html, junit.

        Raises:
            UserError: there is no such format.
        """
        return printable(
            FORMATS[format].write(self._sheet, Console(width=WIDTH, color_system=None, force_jupyter=False))
        )

    def __str__(self) -> str:
        return self.write()

    def _repr_markdown_(self) -> str:
        return self.write("markdown")

    @property
    def _sheet(self) -> ComparisonSheet:
        return ComparisonSheet(self.findings, View())
