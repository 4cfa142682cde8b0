"""The formats of ``actbench compare``: a function from findings to text, and its name here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from actbench.reports.html import html_of
from actbench.reports.junit import junit_of
from actbench.reports.latex import latex_of
from actbench.reports.sheet import View
from actbench.reports.table import csv_of, json_of, markdown_of

if TYPE_CHECKING:
    from actbench.tables.findings import Findings

RENDERERS: dict[str, Callable[[Findings, View], str]] = {
    "csv": csv_of,
    "html": html_of,
    "json": json_of,
    "junit": junit_of,
    "latex": latex_of,
    "md": markdown_of,
}
