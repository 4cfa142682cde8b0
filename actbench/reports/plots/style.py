"""How pictures look: two themes, colours that colour-blind people can tell apart, labels beside what they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.reports.words import in_grey
from actbench.tables.findings import common_baseline

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from actbench.tables.findings import Findings, TaskFindings

POINTS_PER_INCH = 72
LABEL_POINTS = 9
MOST_COLOURED = 6
MOST_LETTERS = 24
INCHES_A_LETTER = 0.078
# Room for ticks like 97.875 and the title beside them.
AXIS_INCHES = 0.85
REMARK_POINTS = 36
"""How far below the axis a remark begins: below the axis's title."""
REMARK = "remark"
"""The label by which a panel's remark is known among its texts."""


@dataclass(frozen=True)
class Theme:
    """Colours of a picture: ``ink`` for text and the baseline, ``series`` for the other arms, in order.

    ``ground`` is what lies behind: ``paper`` where the picture brings its own, else that of the page.
    """

    paper: str
    ground: str
    ink: str
    muted: str
    faint: str
    series: tuple[str, ...]


# Found by a search that began at Okabe & Ito's palette (2008), which is too light on white and too dark on black: each
# colour has a contrast of 3:1 with the paper, and any two are far apart for people with protanopia, deuteranopia or
# tritanopia, as for everybody else.
LIGHT = Theme(
    "#ffffff",
    "#ffffff",
    "#1b1f24",
    "#5c6670",
    "#d9dee3",
    ("#1f93ff", "#e27504", "#22694e", "#b881ab", "#7d4600", "#654f9a"),
)
DARK = Theme(
    "#14181d",
    "#14181d",
    "#eef1f4",
    "#9aa5b1",
    "#343c45",
    ("#1794fa", "#c13d0b", "#5cee91", "#b77579", "#eacf00", "#9996c5"),
)
# Stands in for both where the page decides: every colour becomes a CSS variable of that name.
VARIABLES = {"#fe0004": "--paper", "#fe0001": "--ink", "#fe0002": "--muted", "#fe0003": "--faint"} | {
    f"#fe001{number}": f"--series-{number}" for number in range(MOST_COLOURED)
}
PAGE = Theme(
    "none", "#fe0004", "#fe0001", "#fe0002", "#fe0003", tuple(f"#fe001{number}" for number in range(MOST_COLOURED))
)
THEMES: Mapping[str, Theme] = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True)
class Palette:
    """Which arm has which colour: the same in all pictures of some findings.

    The baseline is drawn in ink; six others have colours, the best by mean rank of test accuracy where there are more;
    the rest is muted and has no label.
    """

    theme: Theme
    baseline: str
    coloured: tuple[str, ...]
    short: Mapping[str, str]
    """Every arm's name as pictures write it."""

    def colour(self, arm: str) -> str:
        """The colour of an arm."""
        if arm == self.baseline:
            return self.theme.ink
        return self.theme.series[self.coloured.index(arm)] if arm in self.coloured else self.theme.muted

    def named(self, arm: str) -> bool:
        """Whether the arm has a colour and a label."""
        return arm == self.baseline or arm in self.coloured

    def others(self, arms: Sequence[str]) -> str:
        """Which arms have no colour, in words, or nothing."""
        return in_grey([self.short[arm] for arm in arms if not self.named(arm)])

    def layers(self, arms: Sequence[str]) -> list[str]:
        """The arms from back to front: muted ones, coloured ones, the baseline."""
        return sorted(arms, key=lambda arm: (self.named(arm), arm == self.baseline))


def palette(findings: Findings, theme: Theme) -> Palette:
    """Give the arms of some findings their colours."""
    ranks: dict[str, list[float]] = {}
    for found in findings.tasks:
        ordered = found.arms.sort_values("test_accuracy", ascending=False, kind="stable", na_position="last")
        for rank, arm in enumerate(ordered["activation"]):
            ranks.setdefault(arm, []).append(rank)
    baseline = common_baseline(findings.tasks)
    others = [arm for found in findings.tasks for arm in found.arms["activation"] if arm != baseline]
    others = list(dict.fromkeys(others))
    if len(others) > MOST_COLOURED:
        best = sorted(others, key=lambda arm: float(np.mean(ranks[arm])))[:MOST_COLOURED]
        others = [arm for arm in others if arm in best]
    return Palette(theme, baseline, tuple(others), short_names([baseline, *ranks]))


@dataclass(frozen=True)
class Shape:
    """A panel and the margins beside it, in inches."""

    width: float
    height: float
    left: float
    right: float


def shape_of_lines(tasks: Sequence[TaskFindings], colours: Palette, size: tuple[float, float]) -> Shape:
    """The room of a panel with an axis on the left and the names of lines on the right."""
    names = [colours.baseline, *colours.coloured]
    # Beside a name stands how many runs learned, where some did not.
    pairs = [pair for found in tasks for pair in zip(found.arms["learned"], found.arms["runs"], strict=True)]
    count = max((f" {learned}/{runs}" for learned, runs in pairs if learned < runs), default="", key=len)
    return Shape(*size, left=AXIS_INCHES, right=name_inches([f"{colours.short[name]}{count}" for name in names]))


def name_inches(names: Sequence[str]) -> float:
    """How wide a margin must be for the longest of some names."""
    return 0.35 + INCHES_A_LETTER * max(len(name) for name in names)


@contextmanager
def themed(theme: Theme) -> Iterator[None]:
    """Matplotlib's settings for a picture, and only for as long as it is drawn."""
    import matplotlib as mpl

    settings: Any = {
        "figure.facecolor": theme.paper,
        "savefig.facecolor": theme.paper,
        "axes.facecolor": "none",
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.titlecolor": theme.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.labelsize": LABEL_POINTS,
        "axes.grid": True,
        "grid.color": theme.faint,
        "grid.linewidth": 0.7,
        "axes.axisbelow": True,
        "text.color": theme.ink,
        "text.parse_math": False,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelcolor": theme.ink,
        "ytick.labelcolor": theme.ink,
        "xtick.labelsize": LABEL_POINTS,
        "ytick.labelsize": LABEL_POINTS,
        "lines.solid_capstyle": "round",
        "font.family": "DejaVu Sans",
        "svg.fonttype": "none",
        "svg.hashsalt": "actbench",
        "pdf.fonttype": 42,
    }
    with mpl.rc_context(settings):
        yield


def label_line_ends(axes: Axes, ends: Sequence[tuple[str, float, str]]) -> None:
    """Write names in the right margin at the height where their lines end, moved apart where they would touch.

    Args:
        axes: with its final limits.
        ends: name, height in data units and colour of each line.
    """
    figure = _figure(axes)
    height = axes.get_position().height * figure.get_figheight() * POINTS_PER_INCH
    low, high = axes.get_ylim()
    wanted = [(min(max((value - low) / (high - low), 0.0), 1.0), name, colour) for name, value, colour in ends]
    wanted.sort()
    places = spread_out([place for place, _, _ in wanted], 1.35 * LABEL_POINTS / height)
    for (place, name, colour), label in zip(wanted, places, strict=True):
        axes.annotate(
            name,
            xy=(1.0, place),
            xytext=(1.05, label),
            xycoords="axes fraction",
            textcoords="axes fraction",
            va="center",
            fontsize=LABEL_POINTS,
            color=axes.xaxis.label.get_color(),
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 1.4,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),
            },
        )


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


def label_points(axes: Axes, points: Sequence[tuple[str, float, float]], theme: Theme) -> None:
    """Write names beside points, on the first side where they touch neither a point nor another name."""
    figure = _figure(axes)
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    from matplotlib.transforms import Bbox

    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in axes.transData.transform([p[1:] for p in points])]
    frame = axes.get_window_extent(renderer)
    sides: list[tuple[int, int, Any, Any]] = [
        (6, 5, "left", "bottom"), (-6, 5, "right", "bottom"), (6, -5, "left", "top"), (-6, -5, "right", "top"),
        (8, 0, "left", "center"), (-8, 0, "right", "center"), (0, 9, "center", "bottom"), (0, -9, "center", "top"),
        (10, 20, "left", "bottom"), (10, -20, "left", "top"),
    ]  # fmt: skip
    for name, x, y in points:
        best: tuple[float, Any] | None = None
        for dx, dy, ha, va in sides:
            text = axes.annotate(
                name, (x, y), xytext=(dx, dy), textcoords="offset points", ha=ha, va=va,
                fontsize=LABEL_POINTS, color=theme.ink, annotation_clip=False, zorder=3,
                bbox={"boxstyle": "square,pad=0.05", "facecolor": theme.ground, "edgecolor": "none", "alpha": 0.85},
            )  # fmt: skip
            box = text.get_window_extent(renderer)
            overlap = sum(_shared(box, other) for other in taken) + _outside(box, frame)
            if best is None or overlap < best[0]:
                if best is not None:
                    best[1].remove()
                best = (overlap, text)
            else:
                text.remove()
            if best[0] == 0:
                break
        if best is not None:
            taken.append(best[1].get_window_extent(renderer))


def write_remark(axes: Axes, text: str, colour: str) -> None:
    """A small remark below the axis and its title, where no line runs; `fit.fit_texts` finds room for it."""
    axes.annotate(
        text, (1, 0), xytext=(0, -REMARK_POINTS), xycoords="axes fraction", textcoords="offset points", ha="right",
        va="top", fontsize=8, linespacing=1.0, color=colour, annotation_clip=False, label=REMARK,
    )  # fmt: skip


def whole_numbers(axes: Axes) -> None:
    """Ticks of epochs: there is no half of one."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins="auto", integer=True))


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Names that fit into a margin, by the names in full: parameters that find no room are left out whole.

    Those in which arms of one function differ go first: ``frelu(momentum=0.9, …)`` beside ``frelu(momentum=0.99, …)``.
    """
    parts = {name: _parted(name) for name in dict.fromkeys(names)}
    alike: dict[str, list[set[str]]] = {}
    for head, given in parts.values():
        alike.setdefault(head, []).append(set(given))
    return {name: _short(name, *parts[name], set.intersection(*alike[parts[name][0]])) for name in parts}


def _parted(name: str) -> tuple[str, list[str]]:
    head, bracket, rest = name.partition("(")
    return head, rest.removesuffix(")").split(", ") if bracket else []


def _short(name: str, head: str, given: Sequence[str], common: set[str]) -> str:
    if len(name) <= MOST_LETTERS:
        return name
    kept = sorted(given, key=common.__contains__)
    while kept and len(_spelled(head, kept)) > MOST_LETTERS:
        kept.pop()
    short = _spelled(head, [one for one in given if one in kept]) if given else head
    return short if len(short) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def _spelled(head: str, kept: Sequence[str]) -> str:
    return f"{head}({', '.join([*kept, '…'])})"


def _shared(first: Any, second: Any) -> float:
    width = min(first.x1, second.x1) - max(first.x0, second.x0)
    height = min(first.y1, second.y1) - max(first.y0, second.y0)
    return width * height if width > 0 and height > 0 else 0.0


def _outside(box: Any, frame: Any) -> float:
    area = box.width * box.height
    return float(area - _shared(box, frame)) if area - _shared(box, frame) > 1 else 0.0


def _figure(axes: Axes) -> Figure:
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - every axes here was made by a figure
    return figure
