r"""Findings as LaTeX tables (booktabs), to be put into a paper with \input."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from actbench.reports import words
from actbench.reports.sheet import Grid, View, sections
from actbench.reports.table import is_numeric

if TYPE_CHECKING:
    from actbench.tables.findings import Findings

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "±": r"$\pm$", "×": r"$\times$", "∞": r"$\infty$", "…": r"\dots{}", "·": r"$\cdot$", "τ": r"$\tau$",
    "'": r"\textquotesingle{}",
}  # fmt: skip
SIGN = re.compile(r"(?<![\w.(])[+-](?=\d)")


def latex_of(findings: Findings, view: View) -> str:
    """One ``table`` environment for each table; needs the packages booktabs and textcomp."""
    lines = ["% needs \\usepackage{booktabs}"]
    for section in sections(findings, view):
        for grid in section.grids:
            lines += _table(section.title, section.subtitle, grid)
        lines += [
            f"% {' '.join(note.split())}" for note in (*section.notes, *(f"warning: {w}" for w in section.warnings))
        ]
    lines += [f"% warning: {' '.join(words.warning(warning).split())}" for warning in findings.warnings]
    return "\n".join(lines) + "\n"


def _table(title: str, subtitle: str, grid: Grid) -> list[str]:
    texts = [f"{title}: {grid.title}" if grid.title else title, *([subtitle] if subtitle and not grid.title else [])]
    caption = ". ".join(escape(text) for text in [*texts, *(note.rstrip(".") for note in grid.notes)])
    marks = "".join("r" if is_numeric(grid, place) else "l" for place in range(len(grid.headings)))
    return [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{caption}.}}",
        rf"  \begin{{tabular}}{{{marks}}}",
        r"    \toprule",
        *(f"    {line}" for line in [_row(grid.headings), r"\midrule", *(_row(row) for row in grid.rows)]),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]


def _row(cells: tuple[str, ...]) -> str:
    return " & ".join(_cell(cell) for cell in cells) + r" \\"


def _cell(cell: str) -> str:
    if cell == "-":
        return "--"
    # A minus sign is not a hyphen on paper.
    return SIGN.sub(r"$\g<0>$", escape(cell))


def escape(text: str) -> str:
    """Text that LaTeX prints as it is."""
    return "".join(SPECIAL.get(letter, letter) for letter in " ".join(text.split()))
