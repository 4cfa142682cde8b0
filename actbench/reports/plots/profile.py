"""Time to a threshold: how many runs got there by when, and over several tasks the performance profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.reports.plots import Look, Panel, picture
from actbench.reports.plots.labels import LineEnd, label_line_ends
from actbench.reports.plots.style import whole_numbers, write_remark
from actbench.reports.words import across_title, in_percent, scored_on
from actbench.results.thresholds import EpochsTo, Reached, SecondsTo, threshold_percent
from actbench.tables.across import LEAST_TASKS, Across
from actbench.tables.metrics import time_metric, values_by_arm

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import Findings, TaskFindings


def _over_tasks(findings: Findings) -> Panel | None:
    """A single panel where at least two tasks have a target."""
    across = findings.across
    if not isinstance(across, Across) or across.timed_networks < LEAST_TASKS:
        return None
    caption = "Performance profile: how often an arm is how close to the fastest"
    return Panel(
        findings, None, f"Performance profile over {across_title(across.timed, across.timed_networks)}", caption
    )


@picture(caption="How many runs had reached the target, and when", options=("x",), place=3, across=_over_tasks)
def profile(axes: Axes, panel: Panel, palette: Palette, look: Look) -> None:
    """Time to a threshold: how many runs got there by when, and over several tasks the performance profile."""
    if panel.task is not None:
        _draw_reach(axes, panel.task, palette, x=look.x)
    elif isinstance(panel.findings.across, Across):
        _draw_profile(axes, panel.findings.across, palette)


def _draw_reach(axes: Axes, found: TaskFindings, palette: Palette, *, x: str) -> None:
    """Draw the share of each arm's runs that had reached the task's target after so many epochs or seconds.

    The target is the highest threshold that the baseline's median run reached, or else the highest that any run did.
    """
    target = _target_of(found)
    if target is None:
        axes.text(0.5, 0.5, "no run reached a threshold", ha="center", transform=axes.transAxes)
        return
    metric = time_metric(SecondsTo(target) if x == "seconds" else EpochsTo(target))
    times = {arm: np.array(list(by.values())) for arm, by in values_by_arm(metric, found.task.runs).items() if by}
    finite = np.concatenate([some[np.isfinite(some)] for some in times.values()])
    start, end = 0.0, float(finite.max()) * 1.05
    ends = []
    for arm in palette.layers(list(times)):
        some = np.sort(times[arm])
        hits = some[np.isfinite(some)]
        steps = in_percent(np.arange(hits.size + 1) / some.size)
        colour, named = palette.colour(arm), palette.named(arm)
        axes.step(
            [start, *hits, end], [*steps, steps[-1]], where="post", color=colour,
            linewidth=1.8 if named else 0.8, alpha=1 if named else 0.45,
        )  # fmt: skip
        if named:
            ends.append((arm, float(steps[-1]), float(np.median(some)), colour))
    axes.set_xlim(start, end)
    axes.set_ylim(-3, 103)
    axes.set_xlabel("training seconds" if x == "seconds" else "epochs")
    if x == "epochs":
        whole_numbers(axes)
    write_remark(axes, palette.others(list(times)), palette.theme.muted)
    axes.set_ylabel(f"runs at {threshold_percent(target)} % {scored_on(found.task.rule)} accuracy (%)")
    # Where several arrive at the same share, the fastest stands on top.
    ends.sort(key=lambda item: (item[1], -item[2]))
    label_line_ends(
        axes,
        [
            LineEnd(palette.short[arm], share + place * 1e-6, colour)
            for place, (arm, share, _, colour) in enumerate(ends)
        ],
    )


def _draw_profile(axes: Axes, across: Across, palette: Palette) -> None:
    """Draw the performance profile: the share of tasks solved within τ times the best arm's seconds."""
    finite = across.times[np.isfinite(across.times).all(axis=1) | np.isfinite(across.times).any(axis=1)]
    ratios = finite / finite.min(axis=1, keepdims=True)
    longest = max(float(ratios[np.isfinite(ratios)].max()) * 1.1, 1.5)
    taus = np.unique(np.concatenate([np.geomspace(1, longest, 200), ratios[np.isfinite(ratios) & (ratios <= longest)]]))
    # A ratio that was computed must not fall just short of itself.
    shares = in_percent(statistics.performance_profile(across.times, taus * (1 + 1e-12), weights=across.weights))
    names = [row.arm for row in across.rows]
    ends = []
    for arm in palette.layers([name for name in names if name not in across.timed_apart]):
        share = shares[:, names.index(arm)]
        colour, named = palette.colour(arm), palette.named(arm)
        axes.step(taus, share, where="post", color=colour, linewidth=1.8 if named else 0.8, alpha=1 if named else 0.45)
        if named:
            ends.append((arm, float(share[-1]), float(share.mean()), colour))
    axes.set_xscale("log")
    ticks = [tick for tick in (1, 1.25, 1.5, 2, 3, 5, 10, 20, 50, 100) if tick <= longest]
    axes.set_xticks(ticks, [f"{tick:g}×" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlim(1, longest)
    axes.set_ylim(-3, 103)
    axes.set_xlabel("τ: at most so many times the best arm's seconds to the target")
    write_remark(axes, palette.others(names), palette.theme.muted)
    axes.set_ylabel(f"tasks solved within τ (% of {across.timed_networks})")
    ends.sort(key=lambda item: item[1:3])
    label_line_ends(
        axes,
        [
            LineEnd(palette.short[arm], share + place * 1e-6, colour)
            for place, (arm, share, _, colour) in enumerate(ends)
        ],
    )


def _target_of(found: TaskFindings) -> float | None:
    """The threshold that a task's picture is about."""
    reference = found.arms[found.arms["activation"] == found.baseline]
    reached = [t for t in found.thresholds if found.arms[Reached(t)].any()]
    by_baseline = [t for t in reached if reference[EpochsTo(t)].notna().any()]
    return max(by_baseline or reached, default=None)
