"""Figures: the panels of a picture side by side in a file, or one of them on a page."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actbench.errors import UserError
from actbench.printable import printable
from actbench.reports.plots import PLOTS, Look, Panel, Plot
from actbench.reports.plots.fit import fit_texts, fit_title
from actbench.reports.plots.style import PAGE, THEMES, VARIABLES, Palette, Shape, Theme, palette, themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actbench.tables.findings import Findings

# No date and no program's name: the same results give the same file.
FILES: dict[str, dict[str, None]] = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
MOST_PANELS = 12
PANEL_INCHES = (6.4, 3.8)
# A page's pictures are smaller, since phones shrink them, and have no title.
PAGE_INCHES = (5.0, 3.2)
TOP_INCHES, PAGE_TOP_INCHES, BOTTOM_INCHES = 0.4, 0.15, 0.75
DOTS_PER_INCH = 160


@dataclass(frozen=True)
class Picture:
    """A picture of all tasks; a notebook shows it as it stands.

    Attributes:
        figure: Matplotlib's, to be changed before it is saved.
        theme: of the paper.
    """

    figure: Figure
    theme: Theme

    def content(self, form: str) -> bytes:
        """What a file of it holds; ``form`` is ``png``, ``svg`` or ``pdf``."""
        written = io.BytesIO()
        with themed(self.theme):
            self.figure.savefig(written, format=form, dpi=DOTS_PER_INCH, metadata=FILES[form])
        content = written.getvalue()
        return printable(content.decode()).encode() if form == "svg" else content

    def save(self, path: Path | str) -> None:
        """Write it. Raises UserError where that cannot be."""
        content = self.content(_form_of(Path(path)))
        try:
            Path(path).write_bytes(content)
        except OSError as error:
            raise UserError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from None

    def _repr_png_(self) -> bytes:
        return self.content("png")


def drawn(name: str, findings: Findings, look: Look) -> Picture:
    """Draw a picture of all tasks. Raises UserError where it cannot be drawn."""
    theme = THEMES[look.theme]
    with themed(theme):
        return Picture(draw_figure(PLOTS[name], findings, palette(findings, theme), look), theme)


def save_picture(name: str, findings: Findings, look: Look, path: Path) -> None:
    """Draw a picture of all tasks and write it. Raises UserError where it cannot be drawn or written."""
    _form_of(path)
    drawn(name, findings, look).save(path)


def _form_of(path: Path) -> str:
    """What a file of that name is to hold. Raises UserError for what no picture is written in."""
    form = path.suffix.lower().removeprefix(".")
    if form not in FILES:
        raise UserError(f"--output {str(path)!r} must end in .png, .svg or .pdf.")
    return form


def inline_svg(name: str, panel: Panel, look: Look, prefix: str) -> str:
    """One panel as SVG for a page, which gives it its colours by CSS variables.

    Args:
        name: of the picture.
        panel: what it shows.
        look: its theme is the page's.
        prefix: keeps the identifiers of several pictures on one page apart.
    """
    with themed(PAGE):
        figure = draw_panel(PLOTS[name], panel, palette(panel.findings, PAGE), look)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    svg = printable(text.getvalue())
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg


def draw_figure(plot: Plot, findings: Findings, colours: Palette, look: Look) -> Figure:
    """A figure with a panel a task, or a single one across them.

    Raises:
        UserError: too many tasks, or none with anything to show.
    """
    panels = panels_of(plot, findings)
    if not panels:
        raise UserError(plot.missing)
    if len(panels) > MOST_PANELS:
        alike = [other.name for other in PLOTS if other.across(findings) is not None]
        together = f", or draw the {' or '.join(alike)}, which lays all tasks together" if alike else ""
        raise UserError(
            f"{len(panels)} tasks are too many for one picture (at most {MOST_PANELS}). Choose with --data, --model or "
            f"--where{together}."
        )
    shape = plot.shape(findings.tasks, colours, PANEL_INCHES)
    figure, places = _panels(shape, TOP_INCHES, len(panels))
    for axes, panel in zip(places, panels, strict=True):
        plot.draw(axes, panel, colours, look)
    titles = [axes.set_title(panel.title) for axes, panel in zip(places, panels, strict=True)]
    above = max(fit_title(figure, axes, title, shape) for axes, title in zip(places, titles, strict=True))
    _fit(figure, places, shape, TOP_INCHES, above)
    return figure


def draw_panel(plot: Plot, panel: Panel, colours: Palette, look: Look) -> Figure:
    """A figure with one panel alone, in the size of a page's pictures."""
    tasks = panel.findings.tasks if panel.task is None else [panel.task]
    shape = plot.shape(tasks, colours, PAGE_INCHES)
    figure, places = _panels(shape, PAGE_TOP_INCHES, 1)
    plot.draw(places[0], panel, colours, look)
    _fit(figure, places, shape, PAGE_TOP_INCHES)
    return figure


def panels_of(plot: Plot, findings: Findings) -> Sequence[Panel]:
    """The one across all tasks where the picture has such a one, or else those that show something."""
    across = plot.across(findings)
    return plot.panels(findings) if across is None else [across]


def _panels(shape: Shape, top: float, count: int) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, with room in the margins for names."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure()
    FigureCanvasAgg(figure)
    places = [figure.add_axes((0, 0, 1, 1), label=str(number)) for number in range(count)]
    _place(figure, places, shape, top, BOTTOM_INCHES)
    return figure, places


def _place(figure: Figure, places: Sequence[Axes], shape: Shape, top: float, bottom: float, above: float = 0.0) -> None:
    """Put the axes into their panels; what is below them in excess of the usual, and above, makes the figure higher."""
    columns = min(len(places), 2 if len(places) <= 4 else 3)  # noqa: PLR2004 - two by two
    lines = math.ceil(len(places) / columns)
    height = shape.height - BOTTOM_INCHES + bottom + above
    figure.set_size_inches(shape.width * columns, height * lines)
    size = (
        (shape.width - shape.left - shape.right) / columns / shape.width,
        (height - top - above - bottom) / lines / height,
    )
    for number, axes in enumerate(places):
        left = (number % columns) * shape.width + shape.left
        under = (lines - 1 - number // columns) * height + bottom
        axes.set_position((left / columns / shape.width, under / lines / height, *size))


def _fit(figure: Figure, places: Sequence[Axes], shape: Shape, top: float, above: float = 0.0) -> None:
    """Make room for all that is written around the axes, and for lines of titles above them, in inches."""
    below = max(fit_texts(figure, axes, shape, top) for axes in places)
    if below > BOTTOM_INCHES or above:
        _place(figure, places, shape, top, max(below, BOTTOM_INCHES), above)
