"""Accuracy against the learning rate: how much each arm minds it, and what a tuning chose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from actbench.reports.plots import Look, Panel, picture
from actbench.reports.plots.style import label_line_ends, write_remark
from actbench.reports.words import family_title, in_percent, no_rates, range_name, scored_on, task_title
from actbench.tables.sensitivity import Sensitivity, by_tasks, by_tuning
from actbench.tables.tasks import over_rates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import Findings
    from actbench.tables.tasks import Task

MARK, CHOSEN = 22, 46
"""Areas of marks, in square points."""
FAILED = {"x": "diverged", "v": "others"}
"""Marks, and the runs of a rate that they stand for."""
EDGE_POINTS = 16
"""How far the arrow at an edge reaches."""


def _panels(findings: Findings) -> list[Panel]:
    """One a tuned task; where none is tuned, one for tasks that differ in the learning rate alone."""
    tuned = [
        Panel(findings, found, task_title(found.task.distinction))
        for found in findings.tasks
        if found.tuning and by_tuning(found.tuning, found.task.arms)
    ]
    return tuned or [_together(findings, tasks) for tasks in over_rates([found.task for found in findings.tasks])]


def _together(findings: Findings, tasks: Sequence[Task]) -> Panel:
    first, *others = (found for found in findings.tasks if any(found.task is task for task in tasks))
    return Panel(findings, first, family_title(first.task.distinction, "learning_rate"), beside=tuple(others))


@picture(caption="How much each arm minds its learning rate", place=5, panels=_panels)
def sensitivity(axes: Axes, panel: Panel, palette: Palette, _: Look) -> None:
    """Accuracy against the learning rate: mean and range over the seeds of each arm, and the rate that it was given.

    Of a tuning it is the validation accuracy by which it chose; of a study at several rates the test accuracy. A cross
    is a run that diverged, a triangle one that did not learn. A dot is an arm's own rate, with an arrow where that lies
    on the edge of what was tried; the vertical line is the rate that all arms share.
    """
    found = panel.one_task
    lines = by_tuning(found.tuning, found.task.arms) if found.tuning else {}
    if not lines and panel.beside:
        lines = by_tasks([found.task, *(other.task for other in panel.beside)])
    if not lines:
        axes.text(
            0.5, 0.5, no_rates(searched=found.tuning is not None), ha="center", va="center", transform=axes.transAxes
        )
        return
    axes.set_xscale("log")
    arms = palette.layers(list(lines))
    for arm in arms:
        _draw_line(axes, lines[arm], palette.colour(arm), named=palette.named(arm))
    if found.tuning and (shared := found.tuning.stored.shared.get("learning_rate")):
        axes.axvline(shared, color=palette.theme.muted, linewidth=0.8, zorder=1)
    points = [point for line in lines.values() for point in line.runs]
    rates = sorted({point.rate for point in points})
    axes.set_xlim(rates[0] / 1.5, rates[-1] * 1.5)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("learning rate")
    axes.set_ylabel("validation accuracy (%)" if found.tuning else f"{scored_on(found.task.rule)} accuracy (%)")
    heights = in_percent(np.array([value for point in points for value in point.accuracies]))
    room = 0.06 * float(np.ptp(heights)) or 1.0
    axes.set_ylim(float(heights.min()) - room, min(float(heights.max()) + room, 100.5))
    ends = [
        (palette.short[arm], in_percent(float(np.mean(lines[arm].runs[-1].accuracies))), palette.colour(arm))
        for arm in arms
        if palette.named(arm)
    ]
    label_line_ends(axes, ends)
    seeds = [len(point.accuracies) for point in points]
    diverged, unlearned = (any(getattr(point, kind) for point in points) for kind in FAILED.values())
    spread, marks = range_name(
        (min(seeds), max(seeds)), diverged=diverged, unlearned=unlearned, chosen=found.tuning is not None
    )
    remark = "; ".join(filter(None, [spread, palette.others(arms)]))
    write_remark(axes, "\n".join(filter(None, [remark, marks])), palette.theme.muted)


def _draw_line(axes: Axes, line: Sensitivity, colour: str, *, named: bool) -> None:
    """The mean with its range, and the marks."""
    rates = [point.rate for point in line.runs]
    mean, low, high = (
        in_percent(np.array([how(point.accuracies) for point in line.runs])) for how in (np.mean, np.min, np.max)
    )
    axes.plot(rates, mean, color=colour, linewidth=1.8 if named else 0.8, alpha=1 if named else 0.45, zorder=3)
    if named:
        axes.fill_between(rates, low, high, color=colour, alpha=0.16, linewidth=0)
    for mark, kind in FAILED.items():
        if failed := [(point.rate, in_percent(value)) for point in line.runs for value in getattr(point, kind)]:
            across, up = zip(*failed, strict=True)
            axes.scatter(across, up, s=MARK, marker=mark, color=colour, alpha=0.8 if named else 0.45, linewidths=1,
                         facecolors=colour if mark == "x" else "none", zorder=4)  # fmt: skip
    if line.chosen is not None and line.chosen.trial.rate is not None:
        rate, height = line.chosen.trial.rate, in_percent(line.chosen.score.accuracy)
        axes.scatter([rate], [height], s=CHOSEN if named else MARK, color=colour, linewidths=0, zorder=5)
        if line.chosen.on_edge:
            way = -EDGE_POINTS if rate == rates[0] else EDGE_POINTS
            axes.annotate(
                "", (rate, height), xytext=(way, 0), textcoords="offset points", annotation_clip=False,
                arrowprops={"arrowstyle": "<-", "color": colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 3},
            )  # fmt: skip
