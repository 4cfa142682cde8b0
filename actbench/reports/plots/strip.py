"""Strip of seeds: every run a dot, every arm a mean or a median with its interval, and the picture says which."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from actbench import statistics
from actbench.reports.plots import Look, Panel, chosen_metric, picture
from actbench.reports.plots.style import Shape, name_inches, write_remark
from actbench.reports.words import bar_name, beyond_scale, in_percent, metric_title
from actbench.tables.metrics import OF_LEARNING, values_by_arm
from actbench.tables.outcomes import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import TaskFindings

AXIS = {"accuracy": "%", "loss": "nats", "perplexity": "exp nats", "seconds": "s", "epochs": "epochs"}
MOST_ROWS = 30
DOTS_ABREAST = 100
"""As many dots fit beside each other."""
DOT_ROWS, SPREAD_ROWS, MIDDLE_ROWS = 0.14, 0.2, 0.1
"""In rows: how far apart dots of one place stand, how far from their middle at most, and how high that is."""
SQUEEZED = 4.0
"""By how many times the range of the runs that learned the others have to lie off to be not drawn to scale."""
Bar: TypeAlias = tuple[float, statistics.Interval | None]


def _shape(tasks: Sequence[TaskFindings], colours: Palette, size: tuple[float, float]) -> Shape:
    """As high as it has rows, with the arms' names on the left."""
    rows = min(max(len(found.arms) for found in tasks), MOST_ROWS)
    names = [colours.short[arm] for found in tasks for arm in found.arms["activation"]]
    return Shape(size[0], max(1.6, 1.15 + 0.34 * rows), left=name_inches(names), right=0.65)


@picture(
    caption="Every seed a dot: {metric}",
    options=("metric",),
    follows_metric=True,
    place=2,
    shape=_shape,
)
def strip(axes: Axes, panel: Panel, palette: Palette, look: Look) -> None:
    """Every run a dot: the runs of a task's arms by one metric, the best arm on top.

    The bar is the mean with Student's 95 % interval, or the median where runs can miss: the picture names it. Misses
    stand as crosses at the right edge. Runs that did not learn are hollow, and no bar of accuracies or losses counts
    them; the order of the arms does. Where they lie so far off that they would squeeze all others, they stand beyond a
    line, in one place. The dashed line is the baseline's middle.
    """
    found, metric = panel.one_task, chosen_metric(look, panel)
    by_arm = {arm: by_seed for arm, by_seed in values_by_arm(metric, found.task.runs).items() if by_seed}
    values = {arm: np.array(list(by_seed.values())) for arm, by_seed in by_arm.items()}
    outcomes = found.task.runs.set_index(["arm", "seed"])["outcome"].to_dict()
    learned = {
        arm: np.array([outcomes[arm, seed] == Outcome.LEARNED for seed in by_seed]) for arm, by_seed in by_arm.items()
    }
    if metric.unit == "accuracy":
        values = {arm: in_percent(some) for arm, some in values.items()}
    if not values:
        axes.text(0.5, 0.5, "no finished run", ha="center", transform=axes.transAxes)
        return
    ranked = any(np.isinf(some).any() for some in values.values()) or metric.is_time_to
    middles = {arm: float(np.median(some) if ranked else some.mean()) for arm, some in values.items()}
    order = _best(sorted(values, key=lambda arm: middles[arm], reverse=metric.higher_is_better), found.baseline)
    left_out = len(values) - len(order)
    # Where runs that did not learn end is no low value of what the others reach: they stand apart.
    apart = metric.unit in OF_LEARNING and not ranked and not all(some.all() for some in learned.values())
    bars: dict[str, Bar] = {}
    sides = _beyond(values, learned) if apart else []
    shown = {arm: _moved(some, learned[arm], sides) for arm, some in values.items()}
    finite = np.concatenate([some[np.isfinite(some)] for some in shown.values()] or [np.zeros(1)])
    width = float(np.ptp(finite) / DOTS_ABREAST) if finite.size else 0.0
    edge = float(finite.max() + 0.08 * (np.ptp(finite) or 1.0)) if finite.size else 1.0
    for row, arm in enumerate(order):
        some, well, colour = values[arm], learned[arm], palette.colour(arm)
        _draw_dots(axes, shown[arm], well, (row, width), colour)
        missed = np.count_nonzero(~np.isfinite(some))
        if missed:
            axes.scatter([edge], [row], marker="x", s=28, color=colour, zorder=4)
            _write_beside(axes, f"{missed} missed", (edge, row), "data", palette)
        if apart and not well.all():
            _write_beside(axes, f"{well.sum()}/{some.size}", (1, row), ("axes fraction", "data"), palette)
        bar = _middle(some[well] if apart else some, ranked=ranked)
        if bar is not None:
            bar = _possible(bar) if metric.unit == "accuracy" else bar
            bars[arm] = bar
            _draw_bar(axes, bar, row, colour)
    if found.baseline in bars:
        axes.axvline(bars[found.baseline][0], color=palette.theme.ink, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    _name_rows(axes, order, found.baseline, palette)
    intervals = any(interval for _, interval in bars.values())
    remark = bar_name(ranked=ranked, apart=apart, intervals=intervals)
    for side in sides:
        axes.axvline(side.line, color=palette.theme.muted, linewidth=0.7, zorder=1)
        remark = f"{remark}; {beyond_scale(side.ends, AXIS[metric.unit])}"
    write_remark(axes, remark, palette.theme.muted)
    if metric.unit == "accuracy":
        axes.set_xlim(max(axes.get_xlim()[0], -1), min(axes.get_xlim()[1], 101))
    axes.locator_params(axis="x", nbins=6)
    not_shown = f"; {left_out} arms not shown" if left_out > 0 else ""
    axes.set_xlabel(f"{metric_title(metric)} ({AXIS[metric.unit]}){not_shown}")


def _best(order: list[str], baseline: str) -> list[str]:
    """As many arms as there are rows for, the baseline among them."""
    if len(order) <= MOST_ROWS:
        return order
    kept = {*order[: MOST_ROWS - 1], baseline}
    return [arm for arm in order if arm in kept]


@dataclass(frozen=True)
class _Side:
    """Where runs that did not learn stand in place of their values, which lie too far off.

    Attributes:
        sign: -1 on the left, 1 on the right.
        first: beyond what value.
        place, line: where they stand, and what sets them apart, on the axis.
        ends: the lowest and the highest of their values.
    """

    sign: int
    first: float
    place: float
    line: float
    ends: tuple[float, float]


def _beyond(values: Mapping[str, np.ndarray], learned: Mapping[str, np.ndarray]) -> list[_Side]:
    """The sides on which runs that did not learn would squeeze the others."""
    well = np.concatenate([some[learned[arm] & np.isfinite(some)] for arm, some in values.items()])
    dead = np.concatenate([some[~learned[arm] & np.isfinite(some)] for arm, some in values.items()])
    span = float(np.ptp(well)) if well.size else 0.0
    sides = []
    for sign, edge in ((-1, well.min), (1, well.max)) if span else ():
        first = float(edge()) + sign * SQUEEZED * span
        some = dead[sign * dead > sign * first]
        if some.size:
            place, line = (float(edge()) + sign * share * span for share in (0.16, 0.08))
            sides.append(_Side(sign, first, place, line, (float(some.min()), float(some.max()))))
    return sides


def _moved(values: np.ndarray, learned: np.ndarray, sides: Sequence[_Side]) -> np.ndarray:
    """The values of an arm, as they are drawn."""
    for side in sides:
        values = np.where(~learned & (side.sign * values > side.sign * side.first), side.place, values)
    return values


def _name_rows(axes: Axes, arms: Sequence[str], baseline: str, palette: Palette) -> None:
    """Write the arms' names on the left, the baseline's in bold."""
    axes.set_yticks(range(len(arms)), [palette.short[arm] for arm in arms])
    for tick, arm in zip(axes.get_yticklabels(), arms, strict=True):
        tick.set_fontweight("bold" if arm == baseline else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(len(arms) - 0.4, -0.5)


def _draw_dots(axes: Axes, values: np.ndarray, learned: np.ndarray, place: tuple[int, float], colour: str) -> None:
    """Draw a dot for every run of a row that has a number: full for one that learned, else hollow."""
    row, width = place
    shown = np.isfinite(values)
    full, hollow = np.sort(values[shown & learned]), np.sort(values[shown & ~learned])
    axes.scatter(full, row + _heights(full, width), s=16, color=colour, alpha=0.8, linewidths=0, zorder=3)
    axes.scatter(hollow, row + _heights(hollow, width), s=16, facecolors="none", edgecolors=colour, zorder=3)


def _heights(values: np.ndarray, width: float) -> np.ndarray:
    """How far from a row's line the dots of rising values stand, in rows: those of one place one above the other."""
    if not values.size:
        return values
    starts = np.flatnonzero(np.diff(values, prepend=-math.inf) > width)
    counts = np.diff(starts, append=values.size)
    above = np.arange(values.size) - np.repeat(starts + (counts - 1) / 2, counts)
    steps = np.minimum(DOT_ROWS, 2 * SPREAD_ROWS / np.maximum(counts - 1, 1))
    heights: np.ndarray = above * np.repeat(steps, counts) - MIDDLE_ROWS
    return heights


def _write_beside(axes: Axes, text: str, place: tuple[float, int], coordinates: Any, palette: Palette) -> None:
    """A small remark to the right of a place."""
    axes.annotate(text, place, xycoords=coordinates, xytext=(6, 0), textcoords="offset points", va="center", fontsize=8,
                  color=palette.theme.muted, annotation_clip=False)  # fmt: skip


def _middle(values: np.ndarray, *, ranked: bool) -> Bar | None:
    """The middle of an arm's values and its interval, None where that has no ends; None for no finite middle."""
    if not values.size:
        return None
    if ranked:
        middle, interval = float(np.median(values)), statistics.median_interval(values)
    else:
        summary = statistics.summarize(values)
        middle, interval = summary.mean, summary.interval if summary.n >= statistics.LEAST_SPREAD else None
    if not math.isfinite(middle):
        return None
    return middle, interval if interval and math.isfinite(interval.high - interval.low) else None


def _possible(bar: Bar) -> Bar:
    """An interval of percents without what no accuracy can be."""
    middle, interval = bar
    if interval is None:
        return bar
    return middle, interval.within(in_percent(0.0), in_percent(1.0))


def _draw_bar(axes: Axes, bar: Bar, row: int, colour: str) -> None:
    """Draw a middle and its interval below the dots of a row."""
    middle, interval = bar
    if interval is not None:
        axes.plot([interval.low, interval.high], [row + 0.26] * 2, color=colour, linewidth=2.2, zorder=4)
    axes.plot([middle] * 2, [row + 0.12, row + 0.4], color=colour, linewidth=2.2, zorder=5)
