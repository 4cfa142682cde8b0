"""What is shown, for every format alike: typed cells in tables, tables in sections, sections on a sheet."""

from actbench.reports.sheet.parts import (
    Bar,
    CaseStatus,
    Cell,
    Content,
    Drawing,
    Grid,
    Head,
    Line,
    Scale,
    Section,
    Sheet,
    Suite,
    SuiteCase,
    Tone,
    View,
)

__all__ = [
    "Bar",
    "CaseStatus",
    "Cell",
    "Content",
    "Drawing",
    "Grid",
    "Head",
    "Line",
    "Scale",
    "Section",
    "Sheet",
    "Suite",
    "SuiteCase",
    "Tone",
    "View",
]
