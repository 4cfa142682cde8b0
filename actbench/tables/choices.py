"""Verdicts on tuned arms that hold whichever of two settings is taken, where the tuning cannot tell these apart.

Two arms of one function may choose different learning rates by luck, and then they do differ, at these rates. So where
an arm's own settings lead the baseline's by no more than luck could make of it, or the other way round, both are scored
at equal settings too, and *better*, *worse* or *equal* is said only where all of it agrees. That can take a verdict
back, and never makes one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from actbench.statistics import Standing
from actbench.studies.tuning.asked import value_in
from actbench.tables.arms import arm_names
from actbench.tables.comparison import compare_arms
from actbench.tables.tasks import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from actbench.studies.tuning.asked import Values
    from actbench.studies.tuning.trials import Trial, Tuned
    from actbench.tables.comparison import MetricComparison
    from actbench.tables.tasks import Task
    from actbench.tables.tuning import TuningFindings

Pairs = tuple[tuple["Values", "pd.DataFrame"], ...]
"""Settings, each with the runs of an arm and its baseline at them."""


def doubted(arms: Mapping[str, Tuned], arm: str, baseline: str) -> list[Trial]:
    """The settings at which an arm and its baseline are to be compared, too; none where the tuning tells them apart.

    ``arms`` is what each is best with, by its name.
    """
    if arm not in arms or baseline not in arms:
        return []
    one, other = arms[arm], arms[baseline]
    if one.trial == other.trial:
        return []
    return [
        *([] if one.tells_from(other.trial) else [other.trial]),
        *([] if other.tells_from(one.trial) else [one.trial]),
    ]


def at_equal_settings(task: Task, found: TuningFindings, measured: pd.DataFrame, baseline: str) -> dict[str, Pairs]:
    """For each arm that is in doubt its runs and the baseline's at equal settings, as far as these were trained.

    Args:
        task: a tuned one.
        found: its tuning.
        measured: all scoring runs.
        baseline: one of its arms.

    Returns:
        By arm; an arm whose runs at some of these settings are not there has none at all.
    """
    runs = measured.assign(arm=arm_names(measured))
    for key in KEYS:
        if key not in (*task.open, "tuning"):
            value = task.settings[key]
            runs = runs[runs[key].isna() if value is None else runs[key] == value]
    pairs = {}
    for arm in task.arms:
        frames = [
            (trial.settings, _at(runs, trial, found.stored.searched, (arm, baseline)))
            for trial in doubted(found.arms, arm, baseline)
        ]
        if frames and all(set(frame["arm"]) == {arm, baseline} for _, frame in frames):
            pairs[arm] = tuple(frames)
    return pairs


def _at(runs: pd.DataFrame, trial: Trial, searched: tuple[str, ...], arms: tuple[str, str]) -> pd.DataFrame:
    """The runs of these arms with the settings of a trial."""
    own = runs[runs["arm"].isin(arms)]
    rows = cast("list[dict[str, Any]]", own.to_dict("records"))
    there = [tuple((name, value_in(row, name)) for name in searched) == trial.settings for row in rows]
    return own[np.array(there, dtype=bool)]


def confirmed(comparison: MetricComparison, pairs: Mapping[str, Pairs], margin: float | None) -> MetricComparison:
    """A comparison whose verdicts also hold at equal settings, which it shows; the others are taken back.

    Args:
        comparison: of a tuned task.
        pairs: as `at_equal_settings` gives them.
        margin: as the comparison was asked for.
    """
    rows = []
    for row in comparison.rows:
        others = [
            (settings, compare_arms(runs, comparison.metric, comparison.baseline, margin))
            for settings, runs in pairs.get(row.arm, ())
        ]
        at_equal = tuple((settings, found.rows[0]) for settings, found in others if found)
        agrees = len(at_equal) == len(others) and all(
            other.verdict.standing is row.verdict.standing for _, other in at_equal
        )
        judged = row.judged
        if not row.verdict.standing.is_open and not agrees:
            verdict = replace(
                row.verdict,
                standing=Standing.UNDECIDED,
                by_values=Standing.UNDECIDED,
                seeds=None,
                taken_back=row.verdict.standing,
            )
            judged = replace(judged, verdict=verdict)
        rows.append(replace(row, judged=judged, at_equal=at_equal))
    return replace(comparison, rows=tuple(rows))
