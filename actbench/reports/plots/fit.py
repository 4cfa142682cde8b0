"""Every word of a panel lies within it: long titles of axes and remarks are moved, broken, and given room below."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from actbench.reports.plots.style import LABEL_POINTS, POINTS_PER_INCH, REMARK, REMARK_POINTS, TITLE_POINTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    from actbench.reports.plots.style import Shape

EDGE_POINTS = 8
"""At each side, since fonts of other sizes and of other programs are somewhat wider."""
BELOW_POINTS = 3
LINE = 1.2
"""The height of a line, in that of its letters."""
FEWEST_LETTERS = 10


def fit_texts(figure: Figure, axes: Axes, shape: Shape, top: float) -> float:
    """Move and break what is written around a panel's axes so that it lies within the panel.

    Args:
        figure: the panel's.
        axes: everything drawn.
        shape: the panel's margins, in inches.
        top: the margin above, in inches.

    Returns:
        How much room it takes below the axes, in inches.
    """
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    frame = axes.get_window_extent(renderer)
    point = figure.dpi / POINTS_PER_INCH
    left = frame.x0 - shape.left * figure.dpi + EDGE_POINTS * point
    right = frame.x1 + shape.right * figure.dpi - EDGE_POINTS * point

    _break(axes.yaxis.label, frame.height + 2 * top * figure.dpi)
    title = axes.xaxis.label
    half = _break(title, right - left) / 2
    middle = min(max((frame.x0 + frame.x1) / 2, left + half), right - half)
    title.set_x((middle - frame.x0) / frame.width)
    lower = title.get_text().count("\n") * LINE * LABEL_POINTS
    for remark in axes.texts:
        if remark.get_label() == REMARK:
            end = max(frame.x1, left + _break(remark, right - left))
            remark.set_position(((end - frame.x1) / point, -REMARK_POINTS - lower))
    box = axes.get_tightbbox(renderer)
    return 0.0 if box is None else float(frame.y0 - box.y0 + BELOW_POINTS * point) / figure.dpi


def fit_title(figure: Figure, axes: Axes, title: Text, shape: Shape) -> float:
    """Break a panel's title, which begins where its axes do, so that it ends within the panel.

    Returns:
        How much room the lines take that it has more, in inches.
    """
    room = axes.get_window_extent().width + (shape.right * figure.dpi - EDGE_POINTS * figure.dpi / POINTS_PER_INCH)
    _break(title, room)
    return title.get_text().count("\n") * LINE * TITLE_POINTS / POINTS_PER_INCH


def _break(text: Text, room: float) -> float:
    """Break the lines of a text, be it upright or not, that are longer than there is room; return its length then."""
    whole = text.get_text().split("\n")
    letters = max(len(line) for line in whole)
    while (length := _length(text)) > room and letters > FEWEST_LETTERS:
        letters -= 1
        text.set_text("\n".join(textwrap.fill(line, letters, break_long_words=False) for line in whole))
    return length


def _length(text: Text) -> float:
    box = text.get_window_extent()
    return float(max(box.width, box.height)) if text.get_text() else 0.0
