"""Across tasks: who is best where, how often, and by how much. Only where there are at least two tasks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench import statistics
from actbench.results.thresholds import SecondsTo
from actbench.tables.metrics import PLAIN, time_metric, values_by_arm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from actbench.tables.tasks import Distinction, Task

LEAST_TASKS = 2
TAUS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True)
class AcrossRow:
    """One arm over all tasks.

    Attributes:
        arm: its name.
        accuracy: mean over the tasks of the mean test accuracy, a fraction.
        mean_rank: of the mean test accuracy within each task, 1 is best.
        speedup: geometric mean over the tasks of baseline seconds / arm seconds to the task's threshold, medians over
            the runs; nan where the arm or the baseline missed it in a task.
        cost: geometric mean of the seconds per epoch, relative to the baseline's.
        solved: tasks in which the median run reached the threshold.
        profile: share of tasks solved within each of `TAUS` times the best arm's seconds.
        on_front: whether no arm is both more accurate and cheaper per epoch.
    """

    arm: str
    accuracy: float
    mean_rank: float
    speedup: float
    cost: float
    solved: int
    profile: tuple[float, ...]
    on_front: bool


@dataclass(frozen=True)
class Across:
    """All arms that every task has, best mean rank first.

    Attributes:
        tasks: what tells the tasks that have the baseline from each other.
        targets: the accuracy that counts as solving each of them, None where no arm got to any threshold.
        baseline: the arm that speed-ups refer to.
        rows: one an arm.
        times: median seconds to the target, tasks with a target x rows; inf for a miss.
        left_out: arms that some task lacks.
        without_baseline: the same of the other tasks, which no figure is about.
    """

    tasks: tuple[Distinction, ...]
    targets: tuple[float | None, ...]
    baseline: str
    rows: tuple[AcrossRow, ...]
    times: NDArray[np.float64]
    left_out: tuple[str, ...]
    without_baseline: tuple[Distinction, ...] = ()

    @property
    def timed(self) -> int:
        """How many tasks have a target."""
        return len(self.times)


class AcrossObstacle(StrEnum):
    """Why arms cannot be compared across tasks."""

    ONE_TASK = auto()
    """There is no other one."""
    BASELINE_RARE = auto()
    """The baseline has results in fewer than two tasks."""
    NO_COMMON_ARM = auto()
    """No other arm has results in every task."""


@dataclass(frozen=True)
class NotAcross:
    """Why nothing was compared across tasks: how many there are, and how many of them have the baseline."""

    obstacle: AcrossObstacle
    baseline: str
    tasks: int
    with_baseline: int


def across_tasks(tasks: Sequence[Task], baseline: str, thresholds: Sequence[Sequence[float]]) -> Across | NotAcross:
    """Compare the arms over all tasks that have the baseline, or say why that cannot be done.

    Args:
        tasks: at least one.
        baseline: an arm.
        thresholds: for each task those that were measured; its target is the highest that the baseline's median run
            reached, or else the highest that any arm's did.
    """
    results = [_figures(task, "test_accuracy", np.mean) for task in tasks]
    has = [baseline in figures for figures in results]
    without_baseline = tuple(task.distinction for task, there in zip(tasks, has, strict=True) if not there)
    if len(tasks) < LEAST_TASKS:
        return NotAcross(AcrossObstacle.ONE_TASK, baseline, len(tasks), sum(has))
    if sum(has) < LEAST_TASKS:
        return NotAcross(AcrossObstacle.BASELINE_RARE, baseline, len(tasks), sum(has))
    tasks, thresholds = list(itertools.compress(tasks, has)), list(itertools.compress(thresholds, has))
    accuracies = list(itertools.compress(results, has))
    every = [arm for arm in tasks[0].arms if all(arm in figures for figures in accuracies)]
    left_out = tuple(dict.fromkeys(arm for task in tasks for arm in task.arms if arm not in every))
    if len(every) == 1:
        return NotAcross(AcrossObstacle.NO_COMMON_ARM, baseline, len(has), len(tasks))
    accuracy = _matrix(accuracies, every)
    epoch_seconds = _matrix([_figures(task, "seconds_per_epoch", np.median) for task in tasks], every)
    targets, times = _targets(tasks, every, baseline, thresholds)
    ranks = statistics.mean_rank(accuracy, higher_is_better=True)
    at = every.index(baseline)
    nothing = np.full(len(every), np.nan)
    enough = len(times) >= LEAST_TASKS
    speedups = statistics.geometric_mean_speedup(times, at) if enough else nothing
    profile = statistics.performance_profile(times, TAUS) if enough else np.full((len(TAUS), len(every)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        costs = np.exp(np.log(epoch_seconds / epoch_seconds[:, [at]]).mean(axis=0))
    known = np.where(np.isfinite(costs), costs, np.inf)
    front = statistics.pareto_front(accuracy.mean(axis=0), known)
    rows = [
        AcrossRow(
            arm,
            float(accuracy[:, column].mean()),
            float(ranks[column]),
            float(speedups[column]),
            float(costs[column]),
            int(np.isfinite(times[:, column]).sum()) if len(times) else 0,
            tuple(float(share) for share in profile[:, column]),
            bool(front[column]),
        )
        for column, arm in enumerate(every)
    ]
    order = sorted(range(len(every)), key=lambda column: rows[column].mean_rank)
    return Across(
        tuple(task.distinction for task in tasks),
        targets,
        baseline,
        tuple(rows[column] for column in order),
        times[:, order],
        left_out,
        without_baseline,
    )


def _figures(task: Task, column: str, middle: Callable[[list[float]], Any]) -> dict[str, float]:
    by_arm = values_by_arm(PLAIN[column], task.runs)
    return {arm: float(middle(list(by_seed.values()))) for arm, by_seed in by_arm.items() if by_seed}


def _matrix(figures: Sequence[dict[str, float]], arms: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[task.get(arm, np.nan) for arm in arms] for task in figures])


def _targets(
    tasks: Sequence[Task], arms: Sequence[str], baseline: str, thresholds: Sequence[Sequence[float]]
) -> tuple[tuple[float | None, ...], NDArray[np.float64]]:
    targets: list[float | None] = []
    times = []
    for task, measured in zip(tasks, thresholds, strict=True):
        medians = {threshold: _median_seconds(task, threshold) for threshold in measured}
        by_baseline = [t for t in measured if math.isfinite(medians[t][baseline])]
        by_any = [t for t in measured if any(math.isfinite(median) for median in medians[t].values())]
        target = max(by_baseline or by_any, default=None)
        targets.append(target)
        if target is not None:
            # A threshold that was reached in no measurable time still took some.
            times.append([max(medians[target][arm], 1e-9) for arm in arms])
    return tuple(targets), np.array(times, dtype=np.float64).reshape(len(times), len(arms))


def _median_seconds(task: Task, threshold: float) -> dict[str, float]:
    by_arm = values_by_arm(time_metric(SecondsTo(threshold)), task.runs)
    return {arm: float(np.median(list(times.values()))) if times else math.inf for arm, times in by_arm.items()}
