"""Error against the learning rate: how much each arm minds it, and what a tuning chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from actbench.reports.plots import Look, Panel, picture
from actbench.reports.plots.errors import ErrorScale
from actbench.reports.plots.labels import LineEnd, beside_each_other, label_line_ends
from actbench.reports.plots.style import shape_of_pens, write_remark
from actbench.reports.words import NO_RATES, family_title, range_name, scored_on, tuning_title
from actbench.tables.sensitivity import Sensitivity, by_tasks, by_tuning
from actbench.tables.tasks import over_rates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette, Pen
    from actbench.tables.findings import Findings
    from actbench.tables.sensitivity import AtRate
    from actbench.tables.tasks import Task

MARK, CHOSEN = 22, {"o": 34, "D": 24, "s": 28}
"""Areas of marks, in square points; of the dots by their shape."""
APART = 4.0
"""How far dots stand from each other, in points."""
FAILED = {"x": "diverged", "v": "others"}
"""Marks, and the runs of a rate that they stand for."""
EDGE_POINTS = 16
"""How far the arrow at an edge reaches."""


def _panels(findings: Findings) -> list[Panel]:
    """One a tuned task; where none is tuned, one for tasks that differ in the learning rate alone."""
    tuned = [
        Panel(findings, found, tuning_title(found.task.distinction))
        for found in findings.tasks
        if found.tuning and by_tuning(found.tuning, found.task.arms)
    ]
    return tuned or [_together(findings, tasks) for tasks in over_rates([found.task for found in findings.tasks])]


def _together(findings: Findings, tasks: Sequence[Task]) -> Panel:
    first, *others = (found for found in findings.tasks if any(found.task is task for task in tasks))
    return Panel(findings, first, family_title(first.task.distinction, "learning_rate"), beside=tuple(others))


@picture(
    caption="How much each arm minds its learning rate",
    place=5,
    shape=shape_of_pens,
    panels=_panels,
    missing=NO_RATES,
)
def sensitivity(axes: Axes, panel: Panel, palette: Palette, _: Look) -> None:
    """Error against the learning rate: mean and range over the seeds of each arm, and the rate that it was given.

    Of a tuning it is that of the validation accuracy by which it chose; of a study at several rates that of the test
    accuracy. The axis is logarithmic, the least error on top. A cross is a run that diverged, a triangle one that did
    not learn. A dot is an arm's own rate, beside it where several would lie over each other, with an arrow where that
    rate lies on the edge of what was tried; the vertical line is the rate that all arms share. The range is drawn of
    the arms that have a colour of their own.
    """
    found = panel.one_task
    if found.tuning:
        lines, scored = by_tuning(found.tuning, found.task.arms), "validation"
    else:
        lines, scored = by_tasks([found.task, *(other.task for other in panel.beside)]), scored_on(found.task.rule)
    points = [point for line in lines.values() for point in line.runs]
    scale = ErrorScale.of([value for point in points for value in point.accuracies])
    arms = palette.layers(list(lines))
    for arm in arms:
        _draw_line(axes, lines[arm], palette.pen(arm), scale)
    if found.tuning and (shared := found.tuning.stored.shared.get("learning_rate")):
        axes.axvline(shared, color=palette.theme.muted, linewidth=0.8, zorder=1)
    rates = sorted({point.rate for point in points})
    axes.set_xscale("log")
    axes.set_xlim(rates[0] / 1.5, rates[-1] * 1.5)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel("learning rate")
    scale.draw(axes)
    axes.set_ylabel(f"{scored} error (%), least on top")
    _draw_chosen(axes, lines, palette, scale)
    named = [(arm, palette.pen(arm)) for arm in arms if palette.pen(arm).letter]
    label_line_ends(
        axes,
        [LineEnd(palette.short[arm], _mean(lines[arm].runs[-1], scale), pen.colour, pen) for arm, pen in named],
    )
    seeds = [len(point.accuracies) for point in points]
    diverged, unlearned = (any(getattr(point, kind) for point in points) for kind in FAILED.values())
    letters = "".join(dict.fromkeys(palette.pen(arm).letter for arm in reversed(arms))) if found.tuning else ""
    spread, marks = range_name((min(seeds), max(seeds)), diverged=diverged, unlearned=unlearned, chosen=letters)
    remark = "; ".join(filter(None, [spread, palette.without_pen(arms)]))
    write_remark(axes, "\n".join(filter(None, [remark, marks])), palette.theme.muted)


def _mean(point: AtRate, scale: ErrorScale) -> float:
    return float(scale.heights(np.mean(point.accuracies)))


def _draw_line(axes: Axes, line: Sensitivity, pen: Pen, scale: ErrorScale) -> None:
    """The mean with its range, and the marks of runs that did not learn."""
    rates = [point.rate for point in line.runs]
    mean = [_mean(point, scale) for point in line.runs]
    axes.plot(rates, mean, color=pen.colour, linewidth=pen.width, linestyle=pen.dash, alpha=pen.alpha, zorder=3)
    if pen.front:
        low, high = ([how(scale.heights(point.accuracies)) for point in line.runs] for how in (np.min, np.max))
        axes.fill_between(rates, low, high, color=pen.colour, alpha=0.12, linewidth=0)
    for mark, kind in FAILED.items():
        if failed := [(point.rate, value) for point in line.runs for value in getattr(point, kind)]:
            across, accuracies = zip(*failed, strict=True)
            axes.scatter(
                across, scale.heights(accuracies), s=MARK, marker=mark, color=pen.colour, alpha=0.8 * pen.alpha,
                linewidths=1, facecolors=pen.colour if mark == "x" else "none", zorder=4,
            )  # fmt: skip


def _draw_chosen(axes: Axes, lines: Mapping[str, Sensitivity], palette: Palette, scale: ErrorScale) -> None:
    """A dot at each arm's own rate."""
    places = {
        arm: (line.chosen.trial.rate, float(scale.heights(line.chosen.score.accuracy)))
        for arm, line in lines.items()
        if line.chosen is not None and line.chosen.trial.rate is not None
    }
    for (arm, place), where in zip(places.items(), beside_each_other(axes, [*places.values()], APART), strict=True):
        pen, line = palette.pen(arm), lines[arm]
        axes.scatter(*place, s=CHOSEN[pen.marker], marker=pen.marker, color=pen.colour, edgecolors=palette.theme.ground,
                     linewidths=0.6, transform=where, zorder=5)  # fmt: skip
        if line.chosen and line.chosen.on_edge:
            way = -EDGE_POINTS if place[0] == line.runs[0].rate else EDGE_POINTS
            axes.annotate(
                "", place, xytext=(way, 0), xycoords=where, textcoords="offset points", annotation_clip=False,
                arrowprops={"arrowstyle": "<-", "color": pen.colour, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 3},
            )  # fmt: skip
