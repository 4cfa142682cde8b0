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
TITLE_POINTS = 11
MOST_COLOURED = 6
MOST_LETTERS = 24
INCHES_A_LETTER = 0.078
# Room for ticks like 97.875 and the title beside them.
AXIS_INCHES = 0.85
PIECE_POINTS = 22
"""How long the piece of a line beside its name is."""
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
class Pen:
    """How an arm is drawn where all are to be told apart that can be.

    Attributes:
        colour, dash, width, alpha: of its line.
        marker, letter: of its points, and the same in a text.
        front: whether the colour is its own in all pictures.
    """

    colour: str
    dash: Any
    marker: str
    letter: str
    width: float = 1.4
    alpha: float = 1.0
    front: bool = False


STROKES: tuple[tuple[Any, str, str], ...] = (("-", "o", "●"), ((0, (4, 1.6)), "D", "◆"), ((0, (1, 1.2)), "s", "■"))
"""Dashes with markers and their letters: with each, every colour can be used once."""


@dataclass(frozen=True)
class Palette:
    """Which arm has which colour: the same in all pictures of some findings.

    The baseline is drawn in ink; six others have colours, the best by mean rank of test accuracy where there are more;
    the rest is muted and has no label, but where a picture uses `pen`.
    """

    theme: Theme
    baseline: str
    coloured: tuple[str, ...]
    rest: tuple[str, ...]
    """The others, the best first."""
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

    def pen(self, arm: str) -> Pen:
        """The arm's colour, or one of the same again with another dash and marker; grey where these are used up."""
        if arm == self.baseline:
            return Pen(self.theme.ink, *STROKES[0], width=1.8, front=True)
        if arm in self.coloured:
            return Pen(self.colour(arm), *STROKES[0], width=1.8, front=True)
        again, number = divmod(self.rest.index(arm) + MOST_COLOURED, MOST_COLOURED)
        if again < len(STROKES):
            return Pen(self.theme.series[number], *STROKES[again])
        return Pen(self.theme.muted, "-", "o", "", width=0.8, alpha=0.45)

    def without_pen(self, arms: Sequence[str]) -> str:
        """Which arms have nothing of their own in `pen`, in words, or nothing."""
        return in_grey([self.short[arm] for arm in arms if not self.pen(arm).letter])

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
    best = sorted(others, key=lambda arm: float(np.mean(ranks[arm])))
    coloured = tuple(arm for arm in others if arm in best[:MOST_COLOURED])
    return Palette(theme, baseline, coloured, tuple(best[MOST_COLOURED:]), short_names([baseline, *ranks]))


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


def shape_of_pens(tasks: Sequence[TaskFindings], colours: Palette, size: tuple[float, float]) -> Shape:
    """The same where every arm that has a pen is named."""
    arms = [arm for found in tasks for arm in found.arms["activation"] if colours.pen(arm).letter]
    names = name_inches([colours.short[arm] for arm in arms])
    return Shape(*size, left=AXIS_INCHES, right=names + PIECE_POINTS / POINTS_PER_INCH)


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
        "axes.titlesize": TITLE_POINTS,
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


def figure_of(axes: Axes) -> Figure:
    """The figure in which axes lie."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - every axes here was made by a figure
    return figure
