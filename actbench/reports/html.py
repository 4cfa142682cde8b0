"""The report: one self-contained file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.sheet import View

if TYPE_CHECKING:
    from actbench.tables.findings import Findings


def html_of(findings: Findings, view: View) -> str:
    """Placeholder."""
    raise NotImplementedError
