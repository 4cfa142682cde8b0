"""Families whose seeds were chosen while results came in: their verdicts come from the looks, whoever asks.

And those that grew without such a design, as far as a store tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.results.columns import FINAL, RUN_FIELDS
from actbench.results.sittings import Design, Sitting
from actbench.statistics import Arm, SequentialVerdict, Standing, Verdict
from actbench.statistics.sequential import FIRST_LOOK
from actbench.statistics.verdict import joint_standing
from actbench.tables.arms import LABELS
from actbench.tables.comparison import ALPHA, Looks, Margin, compare_arms, margin_of
from actbench.tables.metrics import failed_by_arm, values_by_arm
from actbench.tables.warnings import GrewBetweenLooks, Hindrance, LooksNotCounted, StoppedEarly

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from actbench.tables.comparison import MetricComparison
    from actbench.tables.metrics import Metric
    from actbench.tables.tasks import Task

FAMILY = tuple(column.name for column in RUN_FIELDS if column.shared and column.name not in LABELS)
"""What the arms of a family share."""


def compare_in_looks(
    task: Task, metric: Metric, baseline: str, margin: float | None, designs: Sequence[Design]
) -> tuple[MetricComparison | None, LooksNotCounted | None]:
    """As `compare_arms`, with the verdicts of the looks where the seeds were chosen so, or a warning that they are not.

    Args:
        task: the runs.
        metric: what to compare by.
        baseline: one of ``task.arms``.
        margin: the smallest difference worth caring about; None takes the design's, else the metric's own.
        designs: those of the task, if any.
    """
    found = compare_arms(task.runs, metric, baseline, margin)
    if found is None or not designs:
        return found, None
    reason = _hindrance(task, metric, baseline, margin, designs)
    if reason is not None:
        return found, LooksNotCounted(metric.name, reason)
    (design,) = designs
    # A margin that follows from results must not follow the later ones.
    first = {seed: value for seed, value in values_by_arm(metric, task.runs)[baseline].items() if seed < FIRST_LOOK}
    failed = failed_by_arm(metric, task.runs)
    answers = metric.counted(task.runs)
    limit = margin_of(metric, Arm(first, failed.get(baseline, frozenset())), design.margin, answers=answers)
    return _honoured(found, take_looks(task, metric, design, limit), failed), None


def judge_by_looks(
    task: Task, metric: Metric, designs: Sequence[Design], arm: str, baseline: str, margin: float | None
) -> Verdict | Hindrance | None:
    """What the looks say of one arm: by the family that its seeds were chosen for, and within whatever margin is asked.

    Args:
        task: the runs; those of arms that no look was about are left aside.
        metric: what to compare by.
        designs: those of the task, one at least.
        arm: one of ``task.arms``.
        baseline: another.
        margin: of "equal within"; None takes the design's.

    Returns:
        The verdict, or why the looks say nothing of these two; None where nothing can be compared.
    """
    names = set(_names(task, designs[0]).values())
    task = replace(task, runs=task.runs[task.runs["arm"].isin(names)])
    reason = _hindrance(task, metric, baseline, None, designs)
    if reason is not None or arm not in names:
        return reason or Hindrance.ARMS
    found, _ = compare_in_looks(task, metric, baseline, None, designs)
    row = next((row for row in found.rows if row.arm == arm), None) if found else None
    if row is None or found is None or found.looks is None:
        return None
    if margin is None or not found.looks.verdicts:
        return row.verdict
    taken = found.looks.planned[: found.looks.verdicts[arm].look]
    negligible = statistics.within_in_looks(
        _differences(task, metric, arm, baseline, taken[-1]), taken, margin=margin, alpha=designs[0].alpha
    )
    values = row.verdict.by_values
    if not values.is_different:
        values = Standing.EQUIVALENT if negligible and row.verdict.learned_alike else Standing.UNDECIDED
    standing = joint_standing(values, row.verdict.reliability)
    return replace(row.verdict, standing=standing, by_values=values, margin=margin, negligible=negligible)


def with_designs(runs: pd.DataFrame, designs: Sequence[Design]) -> pd.DataFrame:
    """All runs of some stores with the column ``designs``: which of them were about runs of these settings, by number.

    It is found out before anything is left out, so that what is left knows of it.
    """
    import pandas as pd

    about: list[tuple[int, ...]] = [()] * len(runs)
    if designs:
        keys = runs["run_key"].to_numpy()
        for rows in runs.groupby(list(FAMILY), sort=False, dropna=False).indices.values():
            there = set(keys[rows])
            numbers = tuple(number for number, design in enumerate(designs) if there & set(design.arms.values()))
            for row in rows:
                about[row] = numbers
    return runs.assign(designs=pd.Series(about, index=runs.index, dtype=object))


def designs_of(task: Task, designs: Sequence[Design]) -> list[Design]:
    """The designs that were about runs of this task; one that two stores hold is one."""
    numbers = sorted({number for some in task.runs["designs"] for number in some})
    different: list[Design] = []
    for design in (designs[number] for number in numbers):
        if not any(design.asks_the_same(other) and design.looks == other.looks for other in different):
            different.append(design)
    return different


def _hindrance(
    task: Task, metric: Metric, baseline: str, margin: float | None, designs: Sequence[Design]
) -> Hindrance | None:
    """What keeps the looks of the task's designs from being counted in a comparison, if anything."""
    (design, *others) = designs
    names = _names(task, design)
    reasons = {
        Hindrance.DESIGNS: bool(others),
        Hindrance.METRIC: metric.name != design.metric,
        Hindrance.RULE: metric.rule != design.rule,
        Hindrance.RUNS: len(names) < len(design.arms),
        Hindrance.ARMS: set(names.values()) < set(task.arms),
        Hindrance.BASELINE: names.get(design.baseline) != baseline,
        Hindrance.MARGIN: margin is not None and margin != design.margin,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def baseline_of(task: Task, designs: Sequence[Design]) -> str | None:
    """The name of the arm that the task's only design compares with; None where there is no such one."""
    return _names(task, designs[0]).get(designs[0].baseline) if len(designs) == 1 else None


def _honoured(comparison: MetricComparison, looks: Looks, failed: Mapping[str, frozenset[int]]) -> MetricComparison:
    """A comparison with the verdicts of the looks in place of its own; ``failed`` by arm: seeds that did not learn."""
    rows = []
    for row in comparison.rows:
        failures = failed.get(row.arm, frozenset())
        verdict = _verdict(looks.verdicts.get(row.arm), row.verdict, looks.limit.value, failures)
        rows.append(replace(row, judged=replace(row.judged, verdict=verdict)))
    return replace(comparison, rows=tuple(rows), limit=looks.limit, looks=looks)


def take_looks(task: Task, metric: Metric, design: Design, limit: Margin) -> Looks:
    """The looks that a design has come to, from the runs that are there.

    A look counts once all its seeds have a result, in the baseline and in every arm that it is about.

    Args:
        task: the runs.
        metric: the design's.
        design: how seeds are chosen; all its arms are in the task.
        limit: the smallest difference worth caring about.
    """
    names = _names(task, design)
    baseline = names[design.baseline]
    done = task.runs[task.runs["status"].isin(FINAL)]
    seeds = {arm: set(done["seed"][done["arm"] == arm].astype(int)) for arm in task.arms}
    arms = {arm: _differences(task, metric, arm, baseline, design.looks[-1]) for arm in task.arms if arm != baseline}
    taken = [n for n in design.looks if seeds[baseline].issuperset(range(n))]
    while True:
        verdicts = statistics.decide_in_looks(
            arms, taken, margin=limit.value, higher_is_better=metric.higher_is_better, alpha=design.alpha
        )
        # What an arm lacks behind the look at which it was decided is not missing.
        lacking = [
            number
            for arm, verdict in verdicts.items()
            for number, n in enumerate(taken[: verdict.look])
            if not seeds[arm].issuperset(range(n))
        ]
        if not lacking:
            last = max((verdict.look for verdict in verdicts.values()), default=0)
            return Looks(design.looks, tuple(taken[:last]), verdicts, limit, design.margin, design.alpha)
        taken = taken[: min(lacking)]


def growth(task: Task, sittings: Mapping[str, Sequence[Sitting]]) -> list[GrewBetweenLooks]:
    """Arms that were given further seeds after a plain sweep had given them enough for a test.

    A run belongs to the last sitting that began before it did: one program at a time writes to a store. Runs from
    before the first that the manifest knows of, and those taken over from elsewhere, tell nothing.

    Args:
        task: the runs, with the column ``store``.
        sittings: by the name of the store.
    """
    done = task.runs[task.runs["status"].isin(FINAL)]
    grown: dict[str, int] = {}
    for (store, arm), runs in done.groupby(["store", "arm"], sort=False):
        known = sittings.get(str(store), ())
        placed = _placed(runs, known)
        if not placed or known[min(placed)[0]].until_decided:
            continue
        first = known[min(placed)[0]]
        added = [number for number, seed in placed if seed not in first.asked]
        before = sum(number < min(added) for number, _ in placed) if added else 0
        if before >= FIRST_LOOK:
            grown[str(arm)] = before
    return [GrewBetweenLooks(tuple(grown), min(grown.values()))] if grown else []


def _placed(runs: pd.DataFrame, sittings: Sequence[Sitting]) -> list[tuple[int, int]]:
    """The number of the sitting that each run belongs to, and its seed; see `growth`."""
    return [
        (number, int(seed))
        for started, seed in zip(runs["started_at"], runs["seed"], strict=True)
        if isinstance(started, str) and (number := sum(sitting.at <= started for sitting in sittings) - 1) >= 0
    ]


def with_stops(runs: pd.DataFrame, sittings: Mapping[str, Sequence[Sitting]]) -> pd.DataFrame:
    """All runs of some stores with the columns ``seeds_there`` and ``seeds_asked``: how many of the seeds that a plain
    sweep asked for have a result, where others were never tried, and how many it asked for; else 0.

    Arms are told apart where a study has no variants; with variants, which may have seeds of their own, seeds count as
    tried where any of its runs has them: sweeps go seed by seed. It is found out before anything is left out.
    """
    there, asked = np.zeros(len(runs), dtype=np.int64), np.zeros(len(runs), dtype=np.int64)
    runs = runs.reset_index(drop=True)
    for (store, _), study in runs.groupby(["store", "study"], sort=False):
        known = sittings.get(str(store), ())
        plain = {number for number, sitting in enumerate(known) if not sitting.until_decided}
        if not plain:
            continue
        parts = [study] if study["variant"].any() else [part for _, part in study.groupby("activation", sort=False)]
        for part in parts:
            done = part[part["status"].isin(FINAL)]
            wanted = set().union(*(known[number].asked for number, _ in _placed(done, known) if number in plain))
            tried = set(part["seed"][part["status"] != "interrupted"].astype(int))
            if wanted - tried:
                there[part.index] = len(wanted & set(done["seed"].astype(int)))
                asked[part.index] = len(wanted)
    return runs.assign(seeds_there=there, seeds_asked=asked)


def stops(task: Task) -> list[StoppedEarly]:
    """Arms of which a sweep was stopped when a test was possible, before it had all the seeds that it asked for."""
    runs = task.runs[task.runs["seeds_there"] >= FIRST_LOOK]
    if not len(runs):
        return []
    fewest = runs.sort_values("seeds_there", kind="stable").iloc[0]
    arms = tuple(dict.fromkeys(map(str, runs["arm"])))
    return [StoppedEarly(arms, int(fewest["seeds_there"]), int(fewest["seeds_asked"]))]


def _names(task: Task, design: Design) -> dict[str, str]:
    """The task's name of every arm of the design that is there."""
    arms = dict(zip(task.runs["run_key"], task.runs["arm"], strict=True))
    return {spelling: str(arms[key]) for spelling, key in design.arms.items() if key in arms}


def _differences(task: Task, metric: Metric, arm: str, baseline: str, n: int) -> NDArray[np.float64]:
    """By seed, the difference where both runs learned, and which of them learned; nan where a run has no result."""
    values, failed = values_by_arm(metric, task.runs), failed_by_arm(metric, task.runs)
    ours, theirs = (Arm(values[name], failed.get(name, frozenset())) for name in (arm, baseline))
    table = np.full((n, 2), math.nan)
    for seed in sorted(seed for seed in ours.seeds & theirs.seeds if seed < n):
        table[seed, 1] = int(seed in theirs.failed) - int(seed in ours.failed)
    both = theirs.learned(ours.learned(range(n)))
    table[both, 0] = ours.picked(both) - theirs.picked(both)
    return table


def _verdict(found: SequentialVerdict | None, plain: Verdict, margin: float, failed: frozenset[int]) -> Verdict:
    """The looks' verdict as the comparison's, about the seeds that it comes from; nothing is known before the first."""
    if found is None:
        none = Standing.UNDECIDED
        return replace(
            plain, standing=none, by_values=none, adjusted_p=None, reliability_p=None, margin=margin, seeds=None
        )
    learned = sum(seed not in failed for seed in range(found.seeds))
    return replace(
        plain,
        standing=found.standing,
        by_values=found.by_values,
        reliability=found.reliability,
        adjusted_p=found.p_value,
        reliability_p=found.reliability_p,
        margin=margin,
        negligible=found.negligible,
        learned_alike=found.learned_alike,
        n=found.seeds,
        seeds=None,
        failures_not_excluded=1 - statistics.share_interval(learned, found.seeds, level=1 - ALPHA).low,
    )
