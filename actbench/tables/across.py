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
from actbench.results.thresholds import EpochsTo
from actbench.tables.costs import relative_costs
from actbench.tables.metrics import PLAIN, time_metric, values_by_arm
from actbench.tables.tasks import KEYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from actbench.tables.tasks import Distinction, Task

LEAST_TASKS = 2
TESTED_ON = ("dataset", "dataset_sha256", "test_size")
"""Settings in which two tasks may differ that score the same networks."""
TAUS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True)
class AcrossRow:
    """One arm over all tasks.

    Attributes:
        arm: its name.
        accuracy: mean over the tasks (as they weigh, see `Across`) of the mean test accuracy, a fraction.
        mean_rank: of the mean test accuracy within each task, 1 is best.
        speedup: geometric mean over the tasks of baseline seconds / arm seconds to the task's threshold, see
            `Across.times`; nan where the arm or the baseline missed it in a task.
        cost: geometric mean of the seconds per epoch, relative to the baseline's; see `relative_costs`.
        solved: tasks in which the median run reached the target.
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
        times: to the target, tasks with a target x rows: the median run's epochs, times the arm's cost of an epoch. So
            the unit is the seconds of an epoch of the baseline; inf for a miss, and for an arm that was timed apart.
        left_out: arms that some task lacks.
        timed_apart: arms whose seconds and the baseline's were not measured together in every task; they have neither
            speed-up nor profile.
        weights: of these tasks, in the order of ``times``.
        networks: how many sets of trained networks the tasks score. Tasks that score the same ones, on other test
            inputs, are no independent evidence and weigh as much as one together.
        without_baseline: the same of the other tasks, which no figure is about.
    """

    tasks: tuple[Distinction, ...]
    targets: tuple[float | None, ...]
    baseline: str
    rows: tuple[AcrossRow, ...]
    times: NDArray[np.float64]
    left_out: tuple[str, ...]
    timed_apart: tuple[str, ...]
    weights: NDArray[np.float64]
    networks: int
    without_baseline: tuple[Distinction, ...] = ()

    @property
    def timed_networks(self) -> int:
        """How many sets of trained networks these tasks score."""
        return round(float(self.weights.sum()))

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
    SAME_NETWORKS = auto()
    """All tasks score the same trained networks."""


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
    networks = same_networks(tasks)
    if len(set(networks)) < LEAST_TASKS:
        return NotAcross(AcrossObstacle.SAME_NETWORKS, baseline, len(has), len(tasks))
    weights = _shared_out(networks)
    accuracy = _matrix(accuracies, every)
    costs_of_tasks = [relative_costs(task.runs, baseline, "seconds_per_epoch") for task in tasks]
    relative = _matrix([{arm: cost.ratio for arm, cost in its.items()} for its in costs_of_tasks], every)
    targets, epochs = _targets(tasks, every, baseline, thresholds)
    has_target = [target is not None for target in targets]
    times = (epochs * np.where(np.isfinite(relative), relative, np.inf))[has_target]
    apart = [arm for arm, costs in zip(every, relative.T, strict=True) if not np.isfinite(costs).all()]
    timed_networks = list(itertools.compress(networks, has_target))
    timed = _shared_out(timed_networks)
    ranks = statistics.mean_rank(accuracy, higher_is_better=True, weights=weights)
    at = every.index(baseline)
    nothing = np.full(len(every), np.nan)
    enough = len(set(timed_networks)) >= LEAST_TASKS
    speedups = statistics.geometric_mean_speedup(times, at, weights=timed) if enough else nothing
    shares = statistics.performance_profile(times, TAUS, weights=timed) if enough else None
    profile = np.full((len(TAUS), len(every)), np.nan) if shares is None else shares
    profile[:, [arm in apart for arm in every]] = np.nan
    costs = np.exp(np.average(np.log(relative), axis=0, weights=weights))
    known = np.where(np.isfinite(costs), costs, np.inf)
    mean_accuracy = np.average(accuracy, axis=0, weights=weights)
    front = statistics.pareto_front(mean_accuracy, known)
    rows = [
        AcrossRow(
            arm,
            float(mean_accuracy[column]),
            float(ranks[column]),
            float(speedups[column]),
            float(costs[column]),
            int(np.isfinite(epochs[:, column]).sum()),
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
        tuple(apart),
        timed,
        len(set(networks)),
        without_baseline,
    )


def same_networks(tasks: Sequence[Task]) -> list[int]:
    """For each task the number of the first one that scores the same trained networks.

    They were asked the same but for the data's name and test part, and every run that both have ended with the very
    same training loss: two networks that are not the same do not agree in all its digits.
    """
    found: list[int] = []
    for number, task in enumerate(tasks):
        before = (other for other in range(number) if found[other] == other)
        found.append(next((other for other in before if _are_the_same(tasks[other], task)), number))
    return found


def _shared_out(networks: Sequence[int]) -> NDArray[np.float64]:
    """The weight of each task: those of the same networks weigh as much as one together."""
    return np.array([1 / networks.count(number) for number in networks], dtype=np.float64)


def _are_the_same(first: Task, second: Task) -> bool:
    if any(str(first.settings[key]) != str(second.settings[key]) for key in KEYS if key not in TESTED_ON):
        return False
    ends = [
        task.finished.set_index(["arm", "seed"])[["last_train_loss", "last_train_accuracy"]] for task in (first, second)
    ]
    pairs = ends[0].join(ends[1].add_suffix("_too"), how="inner")
    losses = pairs[["last_train_loss", "last_train_loss_too"]].to_numpy()
    accuracies = pairs[["last_train_accuracy", "last_train_accuracy_too"]].to_numpy()
    same = all(np.array_equal(some[:, 0], some[:, 1], equal_nan=True) for some in (losses, accuracies))
    return same and bool((np.isfinite(losses) & (losses != 0)).any())


def _figures(task: Task, column: str, middle: Callable[[list[float]], Any]) -> dict[str, float]:
    by_arm = values_by_arm(PLAIN[column], task.runs)
    return {arm: float(middle(list(by_seed.values()))) for arm, by_seed in by_arm.items() if by_seed}


def _matrix(figures: Sequence[dict[str, float]], arms: Sequence[str]) -> NDArray[np.float64]:
    return np.array([[task.get(arm, np.nan) for arm in arms] for task in figures])


def _targets(
    tasks: Sequence[Task], arms: Sequence[str], baseline: str, thresholds: Sequence[Sequence[float]]
) -> tuple[tuple[float | None, ...], NDArray[np.float64]]:
    """Each task's target, and the median run's epochs to it, tasks x arms: inf for a miss, and where there is none."""
    targets: list[float | None] = []
    epochs = []
    for task, measured in zip(tasks, thresholds, strict=True):
        medians = {threshold: _median_epochs(task, threshold) for threshold in measured}
        by_baseline = [t for t in measured if math.isfinite(medians[t][baseline])]
        by_any = [t for t in measured if any(math.isfinite(median) for median in medians[t].values())]
        target = max(by_baseline or by_any, default=None)
        targets.append(target)
        epochs.append([math.inf if target is None else medians[target][arm] for arm in arms])
    return tuple(targets), np.array(epochs, dtype=np.float64)


def _median_epochs(task: Task, threshold: float) -> dict[str, float]:
    by_arm = values_by_arm(time_metric(EpochsTo(threshold)), task.runs)
    return {arm: float(np.median(list(times.values()))) if times else math.inf for arm, times in by_arm.items()}
