r"""LaTeX tables (booktabs), to be put into a paper with \input."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actbench.printable import printable
from actbench.reports import words
from actbench.reports.formats import sheet_format

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Grid, Section, Sheet

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "±": r"$\pm$", "×": r"$\times$", "∞": r"$\infty$", "…": r"\dots{}", "·": r"$\cdot$", "τ": r"$\tau$",
    "'": r"\textquotesingle{}",
}  # fmt: skip
SIGN = re.compile(r"(?<![\w.(])[+-](?=\d)")


@sheet_format("latex", ".tex")
def latex(sheet: Sheet, _: Console) -> str:
    """One ``table`` environment for each table; needs the packages booktabs and textcomp."""
    lines = ["% needs \\usepackage{booktabs}"]
    for section in sheet.sections:
        for grid in section.grids:
            lines += _table(section, grid)
        lines += [
            f"% {' '.join(note.split())}" for note in (*section.notes, *(f"warning: {w}" for w in section.warnings))
        ]
    lines += [f"% warning: {' '.join(warning.split())}" for warning in sheet.warnings]
    return "\n".join(lines) + "\n"


def _table(section: Section, grid: Grid) -> list[str]:
    title, subtitle = section.title, section.subtitle
    parts = [f"{title}: {grid.title}" if grid.title else title, *([subtitle] if subtitle and not grid.title else [])]
    caption = ". ".join(_escape(text) for text in [*parts, *(note.rstrip(".") for note in grid.all_notes)])
    marks = "".join("r" if column.is_number else "l" for column in grid.columns)
    headings = [column.title for column in grid.columns]
    rows = [[cell.text for cell in row] for row in grid.rows]
    return [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption{{{caption}.}}",
        rf"  \begin{{tabular}}{{{marks}}}",
        r"    \toprule",
        *(f"    {line}" for line in [_row(headings), r"\midrule", *map(_row, rows)]),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]


def _row(cells: Sequence[str]) -> str:
    return " & ".join(_cell(cell) for cell in cells) + r" \\"


def _cell(text: str) -> str:
    if text == words.NOTHING:
        return "--"
    # A minus sign is not a hyphen on paper.
    return SIGN.sub(r"$\g<0>$", _escape(text))


def _escape(text: str) -> str:
    """Text that LaTeX prints as it is. What cannot be printed is written out first: its backslash is escaped, too."""
    return "".join(SPECIAL.get(letter, letter) for letter in printable(" ".join(text.split())))
