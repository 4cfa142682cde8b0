"""Accuracy against cost, and the arms that no other arm beats in both."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.reports.plots import Look, Panel, picture
from actbench.reports.plots.callouts import Point, label_points
from actbench.reports.plots.style import AXIS_INCHES, LABEL_POINTS, Shape, write_remark
from actbench.reports.words import in_percent
from actbench.tables.costs import relative_costs
from actbench.tables.select import name_some

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import TaskFindings

MOST_NAMED = 20
"""Of more arms those alone are named that have a colour or stand on the front."""
DOT, SMALL, RING = 46, 18, 120
"""Areas of points, of those of arms without a colour, and of rings."""
SMALL_POINTS = 7.5


def _shape(_: Sequence[TaskFindings], __: Palette, size: tuple[float, float]) -> Shape:
    """Names stand beside their points, so the right margin needs no room for them."""
    return Shape(*size, left=AXIS_INCHES, right=0.15)


@picture(caption="Accuracy against training time", place=4, shape=_shape)
def pareto(axes: Axes, panel: Panel, palette: Palette, _: Look) -> None:
    """Accuracy against cost: each arm's mean test accuracy, its training time over the baseline's, the Pareto front.

    Means are over the runs that learned. Times are ratios over the pairs of runs that were timed together, so that what
    was measured on another day, or beside other work, is no difference of activations. The lines through a point are ±
    one standard deviation of the accuracy and the middle half of the pairs' ratios.
    """
    found = panel.one_task
    every = found.arms.set_index("activation")
    learned = every[every["test_accuracy_learned"].notna()]
    if learned.empty:
        axes.text(0.5, 0.5, "no run learned", ha="center", transform=axes.transAxes)
        return
    baseline = found.baseline if found.baseline in learned.index else str(learned.index[0])
    costs = relative_costs(found.task.runs, baseline, "train_seconds")
    arms = learned[learned.index.isin(list(costs))]
    names = [str(name) for name in arms.index]
    seconds = np.array([costs[name].ratio for name in names])
    quarters = np.array([(costs[name].low, costs[name].high) for name in names])
    accuracy = in_percent(arms["test_accuracy_learned"].to_numpy())
    spread = in_percent(np.nan_to_num(arms["test_accuracy_learned_sd"].to_numpy()))
    front = statistics.pareto_front(accuracy, seconds)
    order = np.argsort(seconds[front], kind="stable")
    axes.plot(
        seconds[front][order], accuracy[front][order], drawstyle="steps-post", color=palette.theme.muted,
        linewidth=1, linestyle=(0, (4, 3)), zorder=1,
    )  # fmt: skip
    counts = dict(zip(names, map(_share, arms["learned"], arms["runs"]), strict=True))
    points = []
    for name, x, y, sd, middle, best in zip(names, seconds, accuracy, spread, quarters, front, strict=True):
        named = palette.named(name) or bool(best)
        colour, area = palette.colour(name), DOT if named else SMALL
        about = [[max(x - middle[0], 0)], [max(middle[1] - x, 0)]]
        axes.errorbar(x, y, sd, about, color=colour, elinewidth=1, alpha=0.6 if named else 0.3, zorder=2)
        axes.scatter(x, y, s=area, color=colour, alpha=1 if named else 0.6, zorder=4, linewidths=0)
        if best:
            # Apart from the point, so that it shows around the baseline's, too, which is of the same ink.
            axes.scatter(x, y, s=RING, facecolors="none", edgecolors=palette.theme.ink, linewidths=1.2, zorder=4)
        points.append(
            Point(
                (float(x), float(y)),
                math.sqrt((RING if best else area) / math.pi),
                (float(x - about[0][0]), float(x + about[1][0])),
                (float(y - sd), float(y + sd)),
                palette.short[name] + counts[name] if named or len(names) <= MOST_NAMED else "",
                LABEL_POINTS if named else SMALL_POINTS,
                palette.theme.ink if named else palette.theme.muted,
                colour,
            )
        )
    axes.margins(x=0.18, y=0.15)
    axes.set_ylim(max(axes.get_ylim()[0], 0), min(axes.get_ylim()[1], 101))
    quartiles = " (quartiles of pairs)" if np.ptp(quarters, axis=1).any() else ""
    axes.set_xlabel(f"training time, {palette.short[baseline]} = 1{quartiles}")
    axes.set_ylabel("test accuracy (%)" + (", mean ± sd" if spread.any() else ""))
    axes.locator_params(axis="y", nbins=6)
    label_points(axes, points)
    remarks = [
        "better: up and to the left; ringed: Pareto front, by these figures alone",
        palette.others([name for name, point in zip(names, points, strict=True) if not point.name]),
        _left_out("never learned", every.index.difference(learned.index, sort=False)),
        _left_out(f"not timed together with {baseline}", learned.index.difference(arms.index, sort=False)),
    ]
    write_remark(axes, "; ".join(filter(None, remarks)), palette.theme.muted)


def _share(learned: int, runs: int) -> str:
    """How many of an arm's runs learned, where not all did."""
    return f" ({learned} of {runs} learned)" if learned < runs else ""


def _left_out(why: str, names: Iterable[str]) -> str:
    some = [*names]
    return f"{why}: {name_some(some)}" if some else ""
