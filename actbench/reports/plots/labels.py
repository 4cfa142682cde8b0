"""Names beside what they name, so that none touches another, and marks beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actbench.reports.plots.style import LABEL_POINTS, PIECE_POINTS, POINTS_PER_INCH, figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform
    from numpy.typing import NDArray

    from actbench.reports.plots.style import Pen

LINE = 1.35
"""From one name to the next, in heights of letters."""
GAP = 0.05
"""From the axes to what names a line, as a share of their width."""
NAME_POINTS = 4
"""From a piece of a line to its name."""
PIECE = "piece"
"""The label by which pieces of lines beside their names are known among the lines."""


@dataclass(frozen=True)
class LineEnd:
    """Where a line ends that is to be named.

    Attributes:
        name: as it is written.
        height: in data units.
        colour: of the line.
        pen: of the line, of which a piece is shown; None where the colour tells it from all others.
    """

    name: str
    height: float
    colour: str
    pen: Pen | None = None


def label_line_ends(axes: Axes, ends: Sequence[LineEnd]) -> None:
    """Write names in the right margin at the height where their lines end, moved apart where they would touch.

    Args:
        axes: with its final limits and scales.
        ends: of each line.
    """
    width, height = axes.get_position().size * figure_of(axes).get_size_inches() * POINTS_PER_INCH
    up = axes.get_yaxis_transform() - axes.transAxes
    shares = [float(np.clip(up.transform((1, end.height))[1], 0, 1)) for end in ends]
    wanted = sorted(zip(shares, ends, strict=True), key=lambda pair: (pair[0], pair[1].name))
    size = min(LABEL_POINTS, height / LINE / max(len(ends), 1))
    places = spread_out([place for place, _ in wanted], LINE * size / height)
    for (place, end), label in zip(wanted, places, strict=True):
        lead = {
            "arrowstyle": "-",
            "color": end.colour,
            "linewidth": 1.4,
            "shrinkA": 1,
            "shrinkB": 0,
            "relpos": (0, 0.5),
        }
        piece = 0.0 if end.pen is None else (PIECE_POINTS + NAME_POINTS) / width
        axes.annotate(
            end.name,
            xy=(1.0, place),
            xytext=(1 + GAP + piece, label),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=size,
            color=axes.xaxis.label.get_color(),
            annotation_clip=False,
            arrowprops=lead if end.pen is None else None,
        )
        if end.pen is not None:
            _draw_piece(axes, (place, label), PIECE_POINTS / width, end.pen)


def _draw_piece(axes: Axes, heights: tuple[float, float], length: float, pen: Pen) -> None:
    """Draw a piece of a line beside the axes, and a thin line to it from the height where that one ends."""
    from matplotlib.lines import Line2D

    place, label = heights
    across = 1 + GAP + length * np.array([0, 0.5, 1])
    thin = Line2D([1, across[0]], [place, label], color=pen.colour, linewidth=0.5)
    piece = Line2D(across, [label] * across.size, color=pen.colour, linestyle=pen.dash, linewidth=pen.width,
                   marker=pen.marker, markersize=3.5, markevery=[1], label=PIECE)  # fmt: skip
    for line in (thin, piece):
        line.set(transform=axes.transAxes, clip_on=False)
        axes.add_line(line)


def spread_out(places: Sequence[float], gap: float) -> list[float]:
    """Rising places moved as little as it takes to keep a gap between neighbours, within 0 … 1 if there is room.

    Groups of labels that touch are centred on the mean of the places they wanted.
    """
    groups: list[tuple[float, int]] = []  # centre, count
    for place in places:
        centre, count = place, 1
        while groups and centre - (count - 1) * gap / 2 < groups[-1][0] + (groups[-1][1] + 1) * gap / 2:
            before, several = groups.pop()
            centre = (before * several + centre * count) / (several + count)
            count += several
            half = (count - 1) * gap / 2
            centre = min(max(centre, half), max(1 - half, half))
        groups.append((centre, count))
    return [centre + (number - (count - 1) / 2) * gap for centre, count in groups for number in range(count)]


def beside_each_other(axes: Axes, points: Sequence[tuple[float, float]], apart: float) -> list[Transform]:
    """Where marks are drawn that would lie over each other: as little to the right or the left as it takes.

    Args:
        axes: with its final limits and scales.
        points: of the marks, in data units.
        apart: how far their middles are to be from each other, in points.

    Returns:
        A transform of data units for each mark.
    """
    from matplotlib.transforms import ScaledTranslation

    figure = figure_of(axes)
    places = axes.transData.transform(np.reshape(points, (-1, 2))) * POINTS_PER_INCH / figure.dpi
    moved: dict[int, NDArray[np.float64]] = {}
    for number in sorted(range(len(places)), key=lambda number: -places[number][1]):
        steps = (sign * step * apart / 4 for step in range(4 * len(points) + 1) for sign in (1, -1))
        tried = (places[number] + (step, 0) for step in steps)
        moved[number] = next(
            place for place in tried if all(np.hypot(*(place - other)) >= apart - 1e-6 for other in moved.values())
        )
    return [
        axes.transData + ScaledTranslation((moved[number] - place)[0] / POINTS_PER_INCH, 0, figure.dpi_scale_trans)
        for number, place in enumerate(places)
    ]
