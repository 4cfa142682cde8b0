"""Accuracy against seconds, and the arms that no other arm beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.reports.plots import Look, Panel, picture
from actbench.reports.plots.style import AXIS_INCHES, Shape, label_points, write_remark
from actbench.reports.words import in_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import TaskFindings

FEW = 8


def _shape(_: Sequence[TaskFindings], __: Palette, size: tuple[float, float]) -> Shape:
    """Names stand beside their points, so the right margin needs no room for them."""
    return Shape(*size, left=AXIS_INCHES, right=0.15)


@picture(caption="Accuracy against training seconds", place=4, shape=_shape)
def pareto(axes: Axes, panel: Panel, palette: Palette, _: Look) -> None:
    """Accuracy against seconds: mean test accuracy and median training seconds of each arm, and the Pareto front.

    The lines through a point are ± one standard deviation of the accuracy and the middle half of the runs' seconds: a
    difference in time that is smaller than these is the machine's.
    """
    found = panel.one_task
    arms = found.arms.dropna(subset=["test_accuracy", "train_seconds"])
    if arms.empty:
        axes.text(0.5, 0.5, "no finished run", ha="center", transform=axes.transAxes)
        return
    names = list(arms["activation"])
    seconds, accuracy = arms["train_seconds"].to_numpy(), in_percent(arms["test_accuracy"].to_numpy())
    spread = in_percent(np.nan_to_num(arms["test_accuracy_sd"].to_numpy()))
    seconds_of = found.task.finished.groupby("arm")["train_seconds"]
    quarters = seconds_of.quantile(np.array([0.25, 0.75])).unstack().loc[names].to_numpy()
    front = statistics.pareto_front(accuracy, seconds)
    order = np.argsort(seconds[front], kind="stable")
    axes.plot(
        seconds[front][order], accuracy[front][order], drawstyle="steps-post", color=palette.theme.muted,
        linewidth=1, linestyle=(0, (4, 3)), zorder=1,
    )  # fmt: skip
    labelled = []
    for name, x, y, sd, middle, best in zip(names, seconds, accuracy, spread, quarters, front, strict=True):
        named = palette.named(name) or bool(best)
        colour = palette.colour(name)
        about = [[x - middle[0]], [middle[1] - x]]
        axes.errorbar(x, y, sd, about, color=colour, elinewidth=1, alpha=0.6 if named else 0.3, zorder=2)
        axes.scatter(x, y, s=46 if named else 18, color=colour, alpha=1 if named else 0.6, zorder=4,
                     linewidths=0)  # fmt: skip
        if best:
            # Apart from the point, so that it shows around the baseline's, too, which is of the same ink.
            axes.scatter(x, y, s=120, facecolors="none", edgecolors=palette.theme.ink, linewidths=1.2, zorder=4)
        if named or len(names) <= FEW:
            labelled.append((name, float(x), float(y)))
    axes.margins(x=0.18, y=0.15)
    axes.set_ylim(max(axes.get_ylim()[0], 0), min(axes.get_ylim()[1], 101))
    axes.set_xlabel("training seconds of a run, median" + (" and quartiles" if np.ptp(quarters, axis=1).any() else ""))
    axes.set_ylabel("test accuracy (%)" + (", mean ± sd" if spread.any() else ""))
    axes.locator_params(axis="y", nbins=6)
    label_points(axes, [(palette.short[name], x, y) for name, x, y in labelled], palette.theme)
    grey = palette.others([name for name in names if name not in {known for known, _, _ in labelled}])
    remarks = filter(None, ["better: up and to the left; ringed: Pareto front, by means and medians alone", grey])
    write_remark(axes, "; ".join(remarks), palette.theme.muted)
