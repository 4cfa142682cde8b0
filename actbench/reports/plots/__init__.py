"""Pictures of findings: learning curves, strips of seeds, profiles and Pareto fronts, as files or for the report."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from actbench.errors import UserError
from actbench.reports.plots.curves import LABELS, draw_curves
from actbench.reports.plots.pareto import draw_pareto
from actbench.reports.plots.profile import draw_profile, draw_reach
from actbench.reports.plots.strip import MOST_ROWS, draw_strip
from actbench.reports.plots.style import PAGE, THEMES, VARIABLES, Palette, drawing, palette, shorten
from actbench.tables.across import Across
from actbench.tables.metrics import Metric, parse_metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actbench.tables.findings import Findings, TaskFindings

KINDS = ("curves", "profile", "pareto", "strip")
FORMATS = ("png", "svg", "pdf")
MOST_PANELS = 12
PANEL_INCHES = (6.4, 3.8)
PAGE_INCHES = (5.0, 3.2)
INCHES_A_LETTER = 0.078
# Room for ticks like 97.875 and the title beside them.
AXIS_INCHES = 0.85
DOTS_PER_INCH = 160


@dataclass(frozen=True)
class Look:
    """How a picture is drawn.

    Attributes:
        theme: ``light`` or ``dark``.
        metric: of curves (accuracy or loss) and strips (any).
        x: ``epochs`` or ``seconds``, of curves and of a single task's profile.
    """

    theme: str = "light"
    metric: str = "test_accuracy"
    x: str = "epochs"


@dataclass(frozen=True)
class Shape:
    """A panel and its margins, in inches."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float


def save_picture(kind: str, findings: Findings, look: Look, path: Path) -> None:
    """Draw a picture of all tasks and write it. Raises UserError where it cannot be drawn or written."""
    form = path.suffix.lower().removeprefix(".")
    if form not in FORMATS:
        raise UserError(f"--output {str(path)!r} must end in .png, .svg or .pdf.")
    theme = THEMES[look.theme]
    with drawing(theme):
        figure = draw(kind, findings, palette(findings, theme), look)
        # No date and no program's name: the same results give the same file.
        nothing = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}[form]
        try:
            figure.savefig(path, format=form, dpi=DOTS_PER_INCH, metadata=nothing)
        except OSError as error:
            raise UserError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from None


def inline_svg(kind: str, findings: Findings, found: TaskFindings | None, look: Look, prefix: str) -> str:
    """A picture of one task (None: across all) as SVG for a page, which gives it its colours by CSS variables.

    Args:
        kind: one of `KINDS`.
        findings: all that was found; colours are the same in all their pictures.
        found: the task.
        look: its theme is the page's.
        prefix: keeps the identifiers of several pictures on one page apart.
    """
    with drawing(PAGE):
        colours = palette(findings, PAGE)
        tasks = [found] if found is not None else findings.tasks
        figure, (axes,) = _panels(_shape(kind, tasks, colours, on_page=True), 1)
        _draw_panel(kind, axes, findings, found, colours, look)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    svg = text.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", svg)
    svg = re.sub(r' (width|height)="[\d.]+pt"', "", svg, count=2)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg


def draw(kind: str, findings: Findings, colours: Palette, look: Look) -> Figure:
    """A figure with a panel a task; the profile of several tasks is a single panel across them."""
    if kind == "profile" and isinstance(findings.across, Across) and findings.across.timed > 1:
        figure, (axes,) = _panels(_shape(kind, findings.tasks, colours, on_page=False), 1)
        _draw_panel(kind, axes, findings, None, colours, look)
        axes.set_title(f"Performance profile over {findings.across.timed} tasks")
        return figure
    tasks = findings.tasks
    if len(tasks) > MOST_PANELS:
        raise UserError(
            f"{len(tasks)} tasks are too many for one picture (at most {MOST_PANELS}). Choose with --data, --model or "
            "--where, or draw the profile, which lays all tasks together."
        )
    figure, panels = _panels(_shape(kind, tasks, colours, on_page=False), len(tasks))
    for axes, found in zip(panels, tasks, strict=True):
        _draw_panel(kind, axes, findings, found, colours, look)
        axes.set_title(found.task.title)
    return figure


def _draw_panel(
    kind: str, axes: Axes, findings: Findings, found: TaskFindings | None, colours: Palette, look: Look
) -> None:
    if found is None:
        if not isinstance(findings.across, Across):
            raise UserError(f"There is no profile across tasks: {findings.across}.")
        draw_profile(axes, findings.across, colours)
        return
    if kind == "curves":
        metric = _metric(look.metric, findings)
        if metric.name not in LABELS:
            raise UserError(f"Curves can show {', '.join(LABELS)}, not {metric.name!r}.")
        draw_curves(axes, findings, found, colours, y=metric.name, x=look.x)
        return
    if kind == "strip":
        draw_strip(axes, found, colours, metric=_metric(look.metric, findings))
        return
    draw_alone: dict[str, Callable[[], None]] = {
        "profile": lambda: draw_reach(axes, found, colours, x=look.x),
        "pareto": lambda: draw_pareto(axes, found, colours),
    }
    draw_alone[kind]()


def _metric(name: str, findings: Findings) -> Metric:
    chosen = parse_metrics([name], findings.thresholds)
    if len(chosen) != 1:
        raise UserError(f"A picture shows one metric: say which threshold, like {name}:0.95.")
    return chosen[0]


def _panels(shape: Shape, count: int) -> tuple[Figure, list[Axes]]:
    """A figure with so many panels, with room in the margins for names."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(count, 2 if count <= 4 else 3)  # noqa: PLR2004 - two by two
    lines = math.ceil(count / columns)
    figure = Figure(figsize=(shape.width * columns, shape.height * lines))
    FigureCanvasAgg(figure)
    panels = []
    for number in range(count):
        left = (number % columns) * shape.width + shape.left
        bottom = (lines - 1 - number // columns) * shape.height + shape.bottom
        size = shape.width - shape.left - shape.right, shape.height - shape.top - shape.bottom
        fractions = (left / columns / shape.width, bottom / lines / shape.height)
        panels.append(figure.add_axes((*fractions, size[0] / columns / shape.width, size[1] / lines / shape.height)))
    return figure, panels


def _shape(kind: str, tasks: Sequence[TaskFindings], colours: Palette, *, on_page: bool) -> Shape:
    """The room that a panel needs: a page's pictures are smaller, since phones shrink them, and have no title."""
    width, height = PAGE_INCHES if on_page else PANEL_INCHES
    if kind == "strip":
        names = [arm for found in tasks for arm in found.arms["activation"]]
        rows = min(max(len(found.arms) for found in tasks), MOST_ROWS)
        height = max(1.6, 1.0 + 0.34 * rows)
    else:
        names = [colours.baseline, *colours.coloured]
    margin = 0.35 + INCHES_A_LETTER * max(len(shorten(name)) for name in names)
    left, right = {"strip": (margin, 0.65), "pareto": (AXIS_INCHES, 0.15)}.get(kind, (AXIS_INCHES, margin))
    return Shape(width, height, left, right, top=0.15 if on_page else 0.4, bottom=0.55)
