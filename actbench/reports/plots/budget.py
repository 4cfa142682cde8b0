"""What a smaller search would have found: the error of the expected best against random trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from actbench.reports.plots import Look, Panel, picture
from actbench.reports.plots.errors import ErrorScale
from actbench.reports.plots.labels import LineEnd, label_line_ends
from actbench.reports.plots.style import shape_of_pens, whole_numbers, write_remark
from actbench.reports.words import NO_TRIALS, tuning_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import Findings


def _panels(findings: Findings) -> list[Panel]:
    """One a tuned task."""
    return [
        Panel(findings, found, tuning_title(found.task.distinction))
        for found in findings.tasks
        if found.tuning and any(arm in found.tuning.arms for arm in found.task.arms)
    ]


@picture(
    caption="What a search of fewer trials would have found",
    place=6,
    shape=shape_of_pens,
    panels=_panels,
    missing=NO_TRIALS,
)
def budget(axes: Axes, panel: Panel, palette: Palette, _: Look) -> None:
    """What tuning is worth: the error of the best that so many random trials of each arm find, as expected.

    An arm whose line is high from the first trial on needs no tuning. See `studies.tuning.budget.expected_best`.
    """
    found = panel.one_task.tuning
    assert found is not None  # noqa: S101 - `_panels` are of tuned tasks
    arms = palette.layers([arm for arm in panel.one_task.task.arms if arm in found.arms])
    best = {arm: found.budget(arm) for arm in arms}
    scale = ErrorScale.of([accuracy for its in best.values() for accuracy in its])
    ends = []
    for arm in arms:
        pen, errors = palette.pen(arm), scale.heights(best[arm])
        axes.plot(np.arange(1, errors.size + 1), errors, color=pen.colour, linewidth=pen.width, linestyle=pen.dash,
                  alpha=pen.alpha, marker=pen.marker, markersize=3)  # fmt: skip
        if pen.letter:
            ends.append(LineEnd(palette.short[arm], float(errors[-1]), pen.colour, pen))
    scale.draw(axes)
    axes.set_ylabel("expected least validation error (%)")
    axes.set_xlabel("random trials")
    whole_numbers(axes)
    label_line_ends(axes, ends)
    write_remark(axes, palette.without_pen(arms), palette.theme.muted)
