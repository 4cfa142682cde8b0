"""Names of points, each with a line to its own: none touches another, or a point, or leaves the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actbench.reports.plots.style import POINTS_PER_INCH, figure_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DISTANCES = (7, 11, 16, 23, 32, 43, 57, 75, 100, 140)
"""From a point to its name, in points."""
DIRECTIONS = 24
PAD = 2.5
"""Between names, and between a name and a point."""
PASSES = 8
"""So many times each name is given its best place beside the others."""
TOUCHES, LEADS_OVER, CROSSES, HIDES = 1000.0, 60.0, 60.0, 12.0
"""What it costs, in points of distance: to touch, to lead over a point, to cross another line, to hide a bar."""
SAMPLES = np.linspace(0, 1, 12)
"""Places on a line at which it is asked whether a name lies there."""


@dataclass(frozen=True)
class Point:
    """A point with a name, or one that names keep away from.

    Attributes:
        place: in data units.
        radius: in points.
        across, up: the ends of the bars through it, in data units.
        name: empty for none.
        size: of its letters, in points.
        ink: of its letters.
        colour: of the line that leads to it.
    """

    place: tuple[float, float]
    radius: float
    across: tuple[float, float]
    up: tuple[float, float]
    name: str
    size: float
    ink: str
    colour: str


def label_points(axes: Axes, points: Sequence[Point]) -> None:
    """Write the names of points near them, each with a thin line to its point.

    Args:
        axes: with its final limits and scales.
        points: all that are drawn.
    """
    named = [number for number, point in enumerate(points) if point.name]
    if not named:
        return
    scale = POINTS_PER_INCH / figure_of(axes).dpi
    corners = axes.get_window_extent().get_points() * scale
    places = axes.transData.transform([point.place for point in points]) * scale
    bars = np.concatenate([_bars(axes, point) for point in points]) * scale
    radii = np.array([point.radius for point in points])
    sizes = np.array([_size(axes, points[number]) for number in named]) * scale
    field = _Field(places, radii, bars, (corners[0], corners[1]))
    middles = _arrange(field, np.array(named), sizes)
    for number, middle, size in zip(named, middles, sizes, strict=True):
        point, place = points[number], places[number]
        dx, dy = middle - place
        axes.annotate(
            point.name, point.place, xytext=(dx, dy), textcoords="offset points", ha="center", va="center",
            fontsize=point.size, color=point.ink, annotation_clip=False, zorder=6,
            arrowprops={
                "arrowstyle": "-", "color": point.colour, "linewidth": 0.7, "shrinkA": 0, "shrinkB": point.radius,
                "relpos": tuple(np.clip(0.5 + (place - middle) / size, 0, 1)), "zorder": 3,
            },
        )  # fmt: skip


def _bars(axes: Axes, point: Point) -> Floats:
    """The two bars through a point as boxes, in pixels."""
    (x, y), (left, right), (low, high) = point.place, point.across, point.up
    ends = axes.transData.transform([(left, y), (right, y), (x, low), (x, high)])
    return np.array([[*ends[0], *ends[1]], [*ends[2], *ends[3]]])


def _size(axes: Axes, point: Point) -> tuple[float, float]:
    """How wide and how high a name is, in pixels."""
    text = axes.text(0, 0, point.name, fontsize=point.size)
    box = text.get_window_extent()
    text.remove()
    return box.width, box.height


@dataclass(frozen=True)
class _Field:
    """What names find in the axes, in points: places and radii of points, bars as boxes, two corners."""

    places: Floats
    radii: Floats
    bars: Floats
    corners: tuple[Floats, Floats]


def _arrange(field: _Field, named: NDArray[np.int_], sizes: Floats) -> Floats:
    """The middles of names: each at its best beside those that have a place, until none moves."""
    turns = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    round_about = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    steps = np.array(DISTANCES, dtype=float)
    offsets = [
        ((steps[:, None, None] + field.radii[number] + size / 2) * round_about).reshape(-1, 2)
        for number, size in zip(named, sizes, strict=True)
    ]
    lengths = np.repeat(steps, DIRECTIONS)
    around = field.places[named] - np.median(field.places, axis=0)
    distances, angles = np.hypot(*around.T), np.arctan2(*around.T)
    found = []
    # Which name has its place first decides much: from outside to inside, the other way, and round about.
    for order in (np.argsort(how, kind="stable") for how in (-distances, distances, angles, -angles)):
        middles, total = np.full((len(named), 2), np.nan), np.inf
        for _ in range(PASSES):
            before, total = total, 0.0
            for its in order:
                tried = field.places[named[its]] + offsets[its]
                others = [other for other in order if other != its and np.isfinite(middles[other, 0])]
                costs = np.round(lengths + _cost(field, named, sizes, middles, its, tried, others), 6)
                best = int(np.argmin(costs))
                middles[its], total = tried[best], total + costs[best]
            if total == before:
                break
        found.append((total, middles))
    return min(found, key=lambda pair: pair[0])[1]


def _cost(
    field: _Field, named: NDArray[np.int_], sizes: Floats, middles: Floats, its: int, tried: Floats, others: list[int]
) -> Floats:
    """What is against each of the places that are tried for a name."""
    boxes, lines = _boxes(tried, sizes[its]), _lines(field.places[named[its]], tried, sizes[its])
    squares = np.hstack([field.places - field.radii[:, None], field.places + field.radii[:, None]])
    apart = np.arange(len(field.places)) != named[its]
    (left, low), (right, high) = field.corners
    beyond = np.stack([left - boxes[:, 0], low - boxes[:, 1], boxes[:, 2] - right, boxes[:, 3] - high])
    cost: Floats = TOUCHES * np.clip(beyond, 0, None).sum(axis=0)
    cost += TOUCHES * _overlap(boxes, squares).sum(axis=1)
    cost += HIDES * _overlap(boxes, field.bars).sum(axis=1)
    near = _distance(lines, field.places[apart]) < field.radii[apart]
    cost += LEADS_OVER * near.sum(axis=1)
    if others:
        there = np.stack([_boxes(middles[[other]], sizes[other])[0] for other in others])
        leads = np.stack([_lines(field.places[named[other]], middles[[other]], sizes[other])[0] for other in others])
        touches = _overlap(boxes, there) | _runs_through(lines, there) | _runs_through(leads, boxes).T
        cost += TOUCHES * touches.sum(axis=1)
        cost += CROSSES * _cross(lines, leads).sum(axis=1)
    return cost


def _boxes(middles: Floats, size: Floats) -> Floats:
    """Boxes of one size about their middles: left, low, right, high."""
    return np.hstack([middles - size / 2, middles + size / 2])


def _lines(place: Floats, middles: Floats, size: Floats) -> Floats:
    """From boxes, where they are nearest, to a place: (n, 2 ends, 2)."""
    ends = np.clip(place, middles - size / 2, middles + size / 2)
    return np.stack([ends, np.broadcast_to(place, ends.shape)], axis=1)


def _overlap(some: Floats, others: Floats) -> NDArray[np.bool_]:
    """Which boxes touch which."""
    a, b = some[:, None], others[None]
    touching: NDArray[np.bool_] = np.all((a[..., :2] < b[..., 2:] + PAD) & (b[..., :2] - PAD < a[..., 2:]), axis=-1)
    return touching


def _runs_through(lines: Floats, boxes: Floats) -> NDArray[np.bool_]:
    """Which lines run through which boxes."""
    on = lines[:, :1] + SAMPLES[:, None] * (lines[:, 1:] - lines[:, :1])
    at = on[:, None]
    inside = np.all((at > boxes[None, :, None, :2]) & (at < boxes[None, :, None, 2:]), axis=-1)
    return np.asarray(inside.any(axis=-1))


def _distance(lines: Floats, places: Floats) -> Floats:
    """From lines to places."""
    start, along = lines[:, 0, None], (lines[:, 1] - lines[:, 0])[:, None]
    share = ((places - start) * along).sum(axis=-1) / np.maximum((along**2).sum(axis=-1), 1e-9)
    apart = start + np.clip(share, 0, 1)[..., None] * along - places
    return np.asarray(np.hypot(apart[..., 0], apart[..., 1]))


def _cross(some: Floats, others: Floats) -> NDArray[np.bool_]:
    """Which lines cross which."""
    a, b, c, d = some[:, None, 0], some[:, None, 1], others[None, :, 0], others[None, :, 1]
    return (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)


def _side(start: Floats, end: Floats, place: Floats) -> Floats:
    """On which side of lines places lie, by the sign."""
    one, other = end - start, place - start
    return one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
