"""What a smaller search would have found: expected best validation accuracy against random trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from actbench.reports.plots import Look, Panel, picture
from actbench.reports.plots.style import label_line_ends, whole_numbers, write_remark
from actbench.reports.words import in_percent, no_trials, task_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import Findings


def _panels(findings: Findings) -> list[Panel]:
    """One a tuned task."""
    return [Panel(findings, found, task_title(found.task.distinction)) for found in findings.tasks if found.tuning]


@picture(caption="What a search of fewer trials would have found", place=6, panels=_panels)
def budget(axes: Axes, panel: Panel, palette: Palette, _: Look) -> None:
    """What tuning is worth: the expected best validation accuracy of so many random trials of each arm.

    An arm whose line is high from the first trial on needs no tuning. See `studies.tuning.budget.expected_best`.
    """
    found = panel.one_task
    arms = palette.layers([arm for arm in found.task.arms if found.tuning and arm in found.tuning.arms])
    if found.tuning is None or not arms:
        axes.text(0.5, 0.5, no_trials(), ha="center", va="center", transform=axes.transAxes)
        return
    ends = []
    for arm in arms:
        best = in_percent(np.array(found.tuning.budget(arm)))
        colour, named = palette.colour(arm), palette.named(arm)
        trials = np.arange(1, best.size + 1)
        axes.plot(trials, best, color=colour, linewidth=1.8 if named else 0.8, alpha=1 if named else 0.45, marker="o",
                  markersize=3 if named else 2)  # fmt: skip
        if named:
            ends.append((palette.short[arm], float(best[-1]), colour))
    axes.set_xlabel("random trials")
    axes.set_ylabel("expected best validation accuracy (%)")
    whole_numbers(axes)
    axes.margins(y=0.06)
    axes.set_ylim(*axes.get_ylim())
    label_line_ends(axes, ends)
    write_remark(axes, palette.others(arms), palette.theme.muted)
