"""How much an arm minds its learning rate: accuracies by rate, of a tuning or of a study at several rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actbench.studies.tuning.trials import Tuned, in_a_row
from actbench.tables.outcomes import Outcome

if TYPE_CHECKING:
    from actbench.tables.tasks import Task
    from actbench.tables.tuning import TuningFindings


@dataclass(frozen=True)
class AtRate:
    """The runs of an arm at one learning rate: the accuracies of those that learned, of those that diverged, and of the
    others, which did not learn, as fractions.
    """

    rate: float
    learned: tuple[float, ...]
    diverged: tuple[float, ...]
    others: tuple[float, ...]

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Of all of them."""
        return self.learned + self.diverged + self.others


@dataclass(frozen=True)
class Sensitivity:
    """An arm's runs by rising rate, and what a tuning chose by them; None where it was none."""

    runs: tuple[AtRate, ...]
    chosen: Tuned | None = None


def by_tuning(found: TuningFindings, arms: Sequence[str]) -> dict[str, Sensitivity]:
    """The validation accuracies of a tuning's runs; nothing where it searched more than the learning rate."""
    return {
        arm: Sensitivity(_tried(found, arm, tuned), tuned)
        for arm in arms
        if (tuned := found.arms.get(arm)) is not None and in_a_row(list(tuned.scores)) is not None
    }


def by_tasks(tasks: Sequence[Task]) -> dict[str, Sensitivity]:
    """The test accuracies of tasks that differ in their learning rate alone."""
    points: dict[str, list[AtRate]] = {}
    for task in sorted(tasks, key=lambda task: float(task.settings["learning_rate"])):
        for arm, runs in task.finished.groupby("arm", sort=False):
            learned, diverged = (runs["outcome"] == outcome for outcome in (Outcome.LEARNED, Outcome.DIVERGED))
            accuracies = runs["test_accuracy"].astype(float)
            point = AtRate(
                float(task.settings["learning_rate"]),
                *(tuple(accuracies[some]) for some in (learned, diverged, ~(learned | diverged))),
            )
            points.setdefault(str(arm), []).append(point)
    return {arm: Sensitivity(tuple(its)) for arm, its in points.items()}


def _tried(found: TuningFindings, arm: str, tuned: Tuned) -> tuple[AtRate, ...]:
    places: Mapping[float, tuple[list[float], list[float], list[float]]] = {
        trial.rate: ([], [], []) for trial in in_a_row(list(tuned.scores)) or () if trial.rate is not None
    }
    for (its, trial, _), result in found.results.items():
        if its == arm and trial.rate is not None:
            kind = 0 if result.learned else 1 if math.isinf(result.loss) else 2
            places[trial.rate][kind].append(result.accuracy)
    return tuple(AtRate(rate, *map(tuple, kinds)) for rate, kinds in places.items())
