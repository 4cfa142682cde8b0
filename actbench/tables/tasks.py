"""Tasks: runs that were asked the same question, but for the activation and the seed. Nothing else shares a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from actbench.results.columns import FINAL
from actbench.tables.arms import LABELS, SHARED_COLUMNS, SIZES, arm_names, finished, with_sizes
from actbench.tables.measured import EpochRule
from actbench.tables.warnings import KeptApart, RepeatedSeeds, TableWarning

if TYPE_CHECKING:
    import pandas as pd

KEYS = tuple(column for column in SHARED_COLUMNS if column not in LABELS)
FAMILY = ("dataset", "model", "variant")
Distinction: TypeAlias = tuple[tuple[str, Any], ...]
"""Names of settings, each with its value, None where it has none: those that tell a task from the others beside it."""


@dataclass(frozen=True)
class Task:
    """The runs of one question.

    Attributes:
        distinction: what tells it from the others; its title is made of that.
        settings: the values of `KEYS`, and of `LABELS` the names of all studies and variants that asked it.
        runs: the measured runs, with the column ``arm``.
    """

    distinction: Distinction
    settings: dict[str, Any]
    runs: pd.DataFrame

    @property
    def arms(self) -> list[str]:
        """The arms' names, in the order in which they were met."""
        return list(dict.fromkeys(self.runs["arm"]))

    @property
    def rule(self) -> EpochRule:
        """Which epoch's figures its runs have."""
        return EpochRule(self.runs["epoch_rule"].iloc[0])

    @property
    def finished(self) -> pd.DataFrame:
        """The runs that came to a result."""
        return finished(self.runs)


def split(measured: pd.DataFrame) -> tuple[list[Task], list[TableWarning]]:
    """The tasks of some runs, in the order of first appearance, and warnings about what was kept apart or left out."""
    runs = with_sizes(measured)
    runs["arm"] = arm_names(runs)
    runs, warnings = _one_run_a_seed(runs)
    parts = [part for _, part in runs.groupby(task_numbers(runs))]
    settings = [
        {key: part[key].iloc[0] for key in KEYS}
        | {label: " + ".join(filter(None, dict.fromkeys(part[label]))) for label in LABELS}
        for part in parts
    ]
    distinctions = _distinctions(settings)
    tasks = [Task(*its) for its in zip(distinctions, settings, parts, strict=True)]
    return tasks, [*warnings, *_kept_apart(tasks)]


def task_numbers(runs: pd.DataFrame) -> pd.Series[int]:
    """For every run the number of its task, in the order of first appearance. Columns that are not there are alike."""
    return runs.groupby([key for key in KEYS if key in runs], sort=False, dropna=False).ngroup()


def _one_run_a_seed(runs: pd.DataFrame) -> tuple[pd.DataFrame, list[TableWarning]]:
    """Runs that look alike in every column but are not: the newest stands."""
    names = [*KEYS, "arm", "seed"]
    # Among several of a seed a finished one comes before one that failed.
    order = runs.assign(_done=runs["status"].isin(FINAL)).sort_values("_done", kind="stable")
    again = order.duplicated(names, keep="last").reindex(runs.index)
    if not again.any():
        return runs, []
    return runs[~again], [RepeatedSeeds(int(again.sum()), tuple(dict.fromkeys(runs["arm"][again])))]


def _distinctions(settings: Sequence[dict[str, Any]]) -> list[Distinction]:
    """Of each task data, model and variant, and whatever else it takes to tell it from the others."""
    varying = [key for key in KEYS if len({str(chosen[key]) for chosen in settings}) > 1 and key not in FAMILY]
    # Sizes and hashes follow the data set, its limit and its split: they are named only where those do not tell.
    derived = [key for key in ("dataset_sha256", *SIZES) if key in varying]
    telling = [key for key in varying if key not in derived]
    distinctions: list[Distinction] = []
    for keys in ([], telling, varying):
        distinctions = [
            (*((key, chosen[key]) for key in FAMILY if chosen[key]), *((key, _known(chosen[key])) for key in keys))
            for chosen in settings
        ]
        if len(set(distinctions)) == len(distinctions):
            break
    return distinctions


def _known(value: Any) -> Any:
    """None for nan, which equals nothing."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _kept_apart(tasks: Sequence[Task]) -> list[TableWarning]:
    """Which tasks look alike, and in what they differ."""
    families: dict[tuple[str, ...], list[Task]] = {}
    for task in tasks:
        families.setdefault(tuple(str(task.settings[key]) for key in FAMILY), []).append(task)
    warnings: list[TableWarning] = []
    for family, members in families.items():
        if len(members) > 1:
            values = {key: {str(task.settings[key]): task.settings[key] for task in members} for key in KEYS}
            differing = tuple((key, tuple(found.values())) for key, found in values.items() if len(found) > 1)
            warnings.append(KeptApart(tuple(part for part in family if part), differing))
    return warnings
