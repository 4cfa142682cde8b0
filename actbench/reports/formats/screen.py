"""Text for the screen, laid out to its width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.formats import SCREEN, sheet_format
from actbench.reports.layout import show_grid

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Section, Sheet


@sheet_format(SCREEN, ".txt")
def screen(sheet: Sheet, console: Console) -> str:
    """What fits on a screen, in its colours if it has any."""
    parts = sheet.overview
    with console.capture() as captured:
        for section in parts:
            _show_section(section, console, titled=len(parts) > 1 or bool(section.subtitle))
        for warning in sheet.warnings:
            console.print(f"warning: {warning}", style="yellow")
        if sheet.closing:
            console.print(sheet.closing)
    return captured.get()


def _show_section(section: Section, console: Console, *, titled: bool) -> None:
    if titled:
        console.print(section.title, style="bold")
        if section.subtitle:
            console.print(section.subtitle, style="dim")
        if section.grids and section.grids[0].title:
            console.print()
    for grid in section.grids:
        show_grid(grid, console)
    for note in section.notes:
        console.print(note)
    for warning in section.warnings:
        console.print(f"warning: {warning}", style="yellow")
    if section.notes or section.warnings:
        console.print()
