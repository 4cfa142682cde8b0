"""Strip of seeds: every run a dot, every arm a mean with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.reports.plots import Look, Panel, chosen_metric, picture
from actbench.reports.plots.style import Shape, name_inches, shorten
from actbench.reports.words import in_percent, metric_title
from actbench.tables.metrics import values_by_arm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import TaskFindings

AXIS = {"accuracy": "%", "loss": "nats", "seconds": "s", "epochs": "epochs"}
MOST_ROWS = 30


def _shape(tasks: Sequence[TaskFindings], _: Palette, size: tuple[float, float]) -> Shape:
    """As high as it has rows, with the arms' names on the left."""
    rows = min(max(len(found.arms) for found in tasks), MOST_ROWS)
    names = [arm for found in tasks for arm in found.arms["activation"]]
    return Shape(size[0], max(1.6, 1.0 + 0.34 * rows), left=name_inches(names), right=0.65)


@picture(
    caption="Every seed a dot: {metric}; the bar is the mean with its 95 % interval",
    options=("metric",),
    follows_metric=True,
    place=2,
    shape=_shape,
)
def strip(axes: Axes, panel: Panel, palette: Palette, look: Look) -> None:
    """Every run a dot: the runs of a task's arms by one metric, the best arm on top.

    The bar is the mean with its 95 % interval, or the median where runs can miss. Misses stand as crosses at the right
    edge. The dashed line is the baseline's middle.
    """
    found, metric = panel.one_task, chosen_metric(look, panel)
    by_arm = values_by_arm(metric, found.task.runs)
    values = {arm: np.array(list(by_seed.values())) for arm, by_seed in by_arm.items() if by_seed}
    if metric.unit == "accuracy":
        values = {arm: in_percent(some) for arm, some in values.items()}
    if not values:
        axes.text(0.5, 0.5, "no finished run", ha="center", transform=axes.transAxes)
        return
    ranked = any(np.isinf(some).any() for some in values.values()) or metric.is_time_to
    middles = {arm: float(np.median(some) if ranked else some.mean()) for arm, some in values.items()}
    order = sorted(values, key=lambda arm: middles[arm], reverse=metric.higher_is_better)
    if len(order) > MOST_ROWS:
        kept = set(order[: MOST_ROWS - 1]) | {found.baseline}
        order = [arm for arm in order if arm in kept]
    left_out = len(values) - len(order)
    finite = np.concatenate([some[np.isfinite(some)] for some in values.values()] or [np.zeros(1)])
    edge = float(finite.max() + 0.08 * (np.ptp(finite) or 1.0)) if finite.size else 1.0
    for row, arm in enumerate(order):
        some, colour = values[arm], palette.colour(arm)
        hits = some[np.isfinite(some)]
        # A small shift by rank, so that equal values do not hide each other.
        shift = (np.arange(hits.size) % 3 - 1) * 0.09
        axes.scatter(hits, row + shift, s=16, color=colour, alpha=0.45, linewidths=0, zorder=3)
        if len(some) > len(hits):
            axes.scatter([edge], [row], marker="x", s=28, color=colour, zorder=4)
            axes.annotate(f"{len(some) - len(hits)} missed", (edge, row), xytext=(6, 0), textcoords="offset points",
                          va="center", fontsize=8, color=palette.theme.muted, annotation_clip=False)  # fmt: skip
        _middle(axes, some, row, colour, ranked=ranked)
    if math.isfinite(middles.get(found.baseline, math.inf)):
        axes.axvline(middles[found.baseline], color=palette.theme.ink, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
    axes.set_yticks(range(len(order)), [shorten(arm) for arm in order])
    for tick, arm in zip(axes.get_yticklabels(), order, strict=True):
        tick.set_fontweight("bold" if arm == found.baseline else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    axes.set_ylim(len(order) - 0.5, -0.5)
    if metric.unit == "accuracy":
        axes.set_xlim(max(axes.get_xlim()[0], -1), min(axes.get_xlim()[1], 101))
    axes.locator_params(axis="x", nbins=6)
    not_shown = f"; {left_out} arms not shown" if left_out > 0 else ""
    axes.set_xlabel(f"{metric_title(metric)} ({AXIS[metric.unit]}){not_shown}")


def _middle(axes: Axes, values: np.ndarray, row: int, colour: str, *, ranked: bool) -> None:
    if ranked:
        middle, interval = float(np.median(values)), statistics.median_interval(values)
    else:
        summary = statistics.summarize(values)
        middle, interval = summary.mean, summary.interval
    if not math.isfinite(middle):
        return
    if interval is not None and math.isfinite(interval.high) and math.isfinite(interval.low):
        axes.plot([interval.low, interval.high], [row + 0.26] * 2, color=colour, linewidth=2.2, zorder=4)
    axes.plot([middle] * 2, [row + 0.12, row + 0.4], color=colour, linewidth=2.2, zorder=5)
