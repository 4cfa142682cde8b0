"""Tasks: runs that were asked the same question, but for the activation and the seed. Nothing else shares a table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from actbench.results.columns import FINAL
from actbench.results.tunings import BESIDE, names_in
from actbench.studies.tuning.asked import place_of
from actbench.tables.arms import LABELS, SHARED_COLUMNS, SIZES, arm_names, finished, with_sizes
from actbench.tables.measured import EpochRule
from actbench.tables.warnings import KeptApart, NotScoredThere, RepeatedSeeds, SensitivityStudy, TableWarning

if TYPE_CHECKING:
    import pandas as pd

    from actbench.results.tunings import StoredTuning
    from actbench.tables.tuning import TuningFindings

# Arms that one tuning chose settings for are a question of their own, in which what it chose is open.
KEYS = (*(column for column in SHARED_COLUMNS if column not in LABELS), "tuning")
FAMILY = ("dataset", "model", "variant")
NAMING = (*FAMILY, "tuning")
"""What the title of every task begins with, where it has it."""
Distinction: TypeAlias = tuple[tuple[str, Any], ...]
"""Names of settings, each with its value, None where it has none: those that tell a task from the others beside it."""


@dataclass(frozen=True)
class Task:
    """The runs of one question.

    Attributes:
        distinction: what tells it from the others; its title is made of that.
        settings: the values of `KEYS`, and of `LABELS` the names of all studies and variants that asked it.
        runs: the measured runs, with the column ``arm``.
        open: the settings that a tuning chose for each arm by itself; ``settings`` hold None there.
    """

    distinction: Distinction
    settings: dict[str, Any]
    runs: pd.DataFrame
    open: tuple[str, ...] = ()

    @property
    def tuning(self) -> str:
        """The name of the tuning that chose its arms' settings; empty where none did."""
        return str(self.settings["tuning"])

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


def split(
    measured: pd.DataFrame,
    tunings: Mapping[str, StoredTuning] = MappingProxyType({}),
    found: Mapping[str, TuningFindings] = MappingProxyType({}),
) -> tuple[list[Task], list[TableWarning]]:
    """The tasks of some runs, in the order of first appearance, and warnings about what was kept apart or left out.

    Runs whose settings a tuning chose are a task together, whatever these are; and beside it they are with the runs
    that share their settings, where some of those were not chosen so.

    Args:
        measured: scoring runs.
        tunings: by name, as manifests know them; of others nothing is known, and they make no task.
        found: what came of them. Runs at what was best once, before a later study tried more, are in no tuned task.
    """
    runs = with_sizes(measured)
    runs["arm"] = arm_names(runs)
    views, asked, left = _views(runs, tunings, found)
    kept, warnings = _one_run_a_seed(views, asked)
    views, asked = views[kept], asked[kept]
    numbers = task_numbers(asked)
    parts = [(views[numbers == number], asked[numbers == number]) for number in sorted(set(numbers))]
    shown = {beside for name in tunings for beside in (name, name + BESIDE)}
    parts = [
        (part, its)
        for part, its in parts
        if its["tuning"].iloc[0] or not all(shown.intersection(names_in(cell)) for cell in part["tuning"])
    ]
    settings = [
        {key: _known(its[key].iloc[0]) for key in KEYS}
        | {label: " + ".join(filter(None, dict.fromkeys(part[label]))) for label in LABELS}
        for part, its in parts
    ]
    distinctions = _distinctions(settings)
    tasks = [
        Task(distinction, chosen, part, _opened(chosen["tuning"], tunings))
        for distinction, chosen, (part, _) in zip(distinctions, settings, parts, strict=True)
    ]
    return tasks, [*left, *warnings, *_kept_apart(tasks)]


def _views(
    runs: pd.DataFrame, tunings: Mapping[str, StoredTuning], found: Mapping[str, TuningFindings]
) -> tuple[pd.DataFrame, pd.DataFrame, list[TableWarning]]:
    """The runs, each as often as tasks see it; beside them the `KEYS` that they are sorted into tasks by; and what was
    left out.
    """
    import numpy as np
    import pandas as pd

    views, asked = [], []
    left: list[TableWarning] = []
    names = [names_in(cell) for cell in runs["tuning"]]
    for name in dict.fromkeys(name for some in names for name in some if name in tunings):
        part = runs[[name in some for some in names]]
        if name in found:
            arms = part["arm"]
            rows = cast("list[dict[str, Any]]", part.to_dict("records"))
            part = part[np.array([found[name].has_chosen(row) for row in rows], dtype=np.bool_)]
            if gone := tuple(arm for arm in dict.fromkeys(arms) if arm not in set(part["arm"])):
                left.append(NotScoredThere(gone))
        hidden = dict.fromkeys(_opened(name, tunings))
        # Looks are about arms that share their settings.
        views.append(part.assign(designs=pd.Series([()] * len(part), index=part.index, dtype=object)))
        asked.append(part[list(KEYS)].assign(**hidden, tuning=name))
    views.append(runs)
    asked.append(runs[list(KEYS)].assign(tuning=""))
    return pd.concat(views, ignore_index=True), pd.concat(asked, ignore_index=True), left


def _opened(tuning: str, tunings: Mapping[str, StoredTuning]) -> tuple[str, ...]:
    """The settings that a tuning chose."""
    return tuple(dict.fromkeys(map(place_of, tunings[tuning].searched))) if tuning else ()


def task_numbers(runs: pd.DataFrame) -> pd.Series[int]:
    """For every run the number of its task, in the order of first appearance. Columns that are not there are alike."""
    return runs.groupby([key for key in KEYS if key in runs], sort=False, dropna=False).ngroup()


def _one_run_a_seed(views: pd.DataFrame, asked: pd.DataFrame) -> tuple[pd.Series[bool], list[TableWarning]]:
    """Which views stand: of several runs of one task, arm and seed, which look alike but are not, the newest."""
    told = asked.assign(arm=views["arm"], seed=views["seed"], _done=views["status"].isin(FINAL))
    # Among several of a seed a finished one comes before one that failed.
    again = told.sort_values("_done", kind="stable").duplicated([*KEYS, "arm", "seed"], keep="last")
    again = again.reindex(views.index)
    found = [RepeatedSeeds(int(again.sum()), tuple(dict.fromkeys(views["arm"][again])))] if again.any() else []
    return ~again, list(found)


def _distinctions(settings: Sequence[dict[str, Any]]) -> list[Distinction]:
    """Of each task data, model, variant and tuning, and whatever else it takes to tell it from the others.

    What a tuning chose tells it from nothing: that is open. Which tuning it was is told where nothing else tells tasks
    apart.
    """
    varying = [key for key in KEYS if len({str(chosen[key]) for chosen in settings}) > 1 and key not in NAMING]
    # Sizes and hashes follow the data set, its limit and its split: they are named only where those do not tell.
    derived = [key for key in ("dataset_sha256", *SIZES) if key in varying]
    telling = [key for key in varying if key not in derived]
    distinctions: list[Distinction] = []
    for tells_tuning, keys in itertools.product((False, True), ([], telling, varying)):
        shown = settings if tells_tuning else [chosen | {"tuning": bool(chosen["tuning"])} for chosen in settings]
        distinctions = [
            (
                *((key, chosen[key]) for key in NAMING if chosen[key]),
                *((key, chosen[key]) for key in keys if not (chosen["tuning"] and chosen[key] is None)),
            )
            for chosen in shown
        ]
        if len(set(distinctions)) == len(distinctions):
            break
    return distinctions


def _known(value: Any) -> Any:
    """None for nan, which equals nothing."""
    return None if isinstance(value, float) and math.isnan(value) else value


def _kept_apart(tasks: Sequence[Task]) -> list[TableWarning]:
    """Which tasks look alike, and in what they differ. Tuned ones are no rivals of those at shared settings."""
    warnings: list[TableWarning] = []
    for members in _families(tasks):
        family = tuple(part for key in FAMILY if (part := str(members[0].settings[key])))
        differing = _differing(members)
        if [key for key, _ in differing] == ["learning_rate"]:
            warnings.append(SensitivityStudy(family, tuple(sorted(differing[0][1]))))
        else:
            warnings.append(KeptApart(family, differing))
    return warnings


def over_rates(tasks: Sequence[Task]) -> list[list[Task]]:
    """Those that differ in their learning rate alone, family by family."""
    return [its for its in _families(tasks) if [key for key, _ in _differing(its)] == ["learning_rate"]]


def first_rates(tasks: Sequence[Task]) -> list[Task]:
    """The tasks without those that ask at another learning rate what an earlier one asks."""
    again = [task for its in over_rates(tasks) for task in its[1:]]
    return [task for task in tasks if not any(task is other for other in again)]


def _families(tasks: Sequence[Task]) -> list[list[Task]]:
    """Tasks that look alike, two or more of each."""
    families: dict[tuple[str, ...], list[Task]] = {}
    for task in tasks:
        families.setdefault(tuple(str(task.settings[key]) for key in NAMING), []).append(task)
    return [members for members in families.values() if len(members) > 1]


def _differing(tasks: Sequence[Task]) -> tuple[tuple[str, tuple[Any, ...]], ...]:
    """The settings in which tasks differ, each with its values."""
    values = {key: {str(task.settings[key]): task.settings[key] for task in tasks} for key in KEYS}
    return tuple((key, tuple(found.values())) for key, found in values.items() if len(found) > 1)
