"""What a reader must know before putting figures side by side: other machines, other versions, busy ones, failures.

Warnings are values; `actbench.reports.words` makes the sentences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from actbench.results.columns import FINAL, VERSION_FIELDS
from actbench.tables.arms import finished
from actbench.tables.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

VERSIONS = (*(column.name for column in VERSION_FIELDS if column.name != "git_commit"), "provider_version")
"""Columns of versions. A commit is none: every change of a comment is another one."""
MEASURED_ON = ("device_name", "compiler")

Groups: TypeAlias = tuple[tuple[Any, tuple[str, ...]], ...]
"""Values, each with the arms that have runs with it."""


@dataclass(frozen=True)
class MixedJobs:
    """Seconds of runs that were measured with different numbers of others beside them: ``groups`` by that number."""

    kind: ClassVar[str] = "mixed jobs"
    groups: Groups


@dataclass(frozen=True)
class ParallelRuns:
    """All seconds were measured with so many runs at a time."""

    kind: ClassVar[str] = "parallel runs"
    jobs: int


@dataclass(frozen=True)
class MixedMachines:
    """Seconds of runs whose device or compiler differs: ``column`` says which, ``groups`` by its values."""

    kind: ClassVar[str] = "mixed machines"
    column: str
    groups: Groups


@dataclass(frozen=True)
class MixedVersions:
    """Runs of different versions: for each column of a version its values."""

    kind: ClassVar[str] = "mixed versions"
    versions: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class MissingResults:
    """Runs of an arm that did not end well: their seeds, each status among them, and the first error."""

    kind: ClassVar[str] = "missing results"
    arm: str
    seeds: tuple[int, ...]
    statuses: tuple[str, ...]
    error: str


@dataclass(frozen=True)
class NotLearned:
    """Runs of an arm that came to their end and yet did not learn: their seeds, by `Outcome`."""

    kind: ClassVar[str] = "not learned"
    arm: str
    seeds: tuple[tuple[Outcome, tuple[int, ...]], ...]


@dataclass(frozen=True)
class ChanceUnknown:
    """So many runs of which nobody knows what chance is: they count as learned unless they diverged."""

    kind: ClassVar[str] = "chance unknown"
    runs: int


@dataclass(frozen=True)
class SeenInTraining:
    """So many of the test inputs are equal to training inputs: they tell how well a network remembers."""

    kind: ClassVar[str] = "seen in training"
    seen: int
    inputs: int


@dataclass(frozen=True)
class SeveralCopies:
    """Runs that lie in several stores: how many, and the stores whose figures are shown."""

    kind: ClassVar[str] = "several copies"
    runs: int
    stores: tuple[str, ...]


@dataclass(frozen=True)
class RepeatedSeeds:
    """Runs that look alike in every column but are not; the newest of each is shown."""

    kind: ClassVar[str] = "repeated seeds"
    runs: int
    arms: tuple[str, ...]


@dataclass(frozen=True)
class KeptApart:
    """Tasks that look alike: what they share, and the settings in which they differ, each with its values."""

    kind: ClassVar[str] = "kept apart"
    family: tuple[str, ...]
    settings: tuple[tuple[str, tuple[Any, ...]], ...]


@dataclass(frozen=True)
class SensitivityStudy:
    """Tasks that differ in their learning rate alone: what they share, and the rates."""

    kind: ClassVar[str] = "sensitivity study"
    family: tuple[str, ...]
    rates: tuple[float, ...]


@dataclass(frozen=True)
class ChosenOnEdge:
    """Arms whose own learning rate is the lowest or highest that was tried: a better one may lie beyond."""

    kind: ClassVar[str] = "chosen on the edge"
    arms: tuple[str, ...]


@dataclass(frozen=True)
class ChosenByLuck:
    """Arms whose own settings are others than the baseline's, while the tuning cannot tell the two apart."""

    kind: ClassVar[str] = "chosen by luck"
    arms: tuple[str, ...]
    baseline: str


@dataclass(frozen=True)
class TriedLess:
    """Arms that were tuned with fewer trials than others, which a later study tuned further: ``arms`` with how many."""

    kind: ClassVar[str] = "tried less"
    arms: Mapping[str, int]
    most: int


@dataclass(frozen=True)
class LearnedNowhere:
    """Arms of which no tuning run learned with what is called their best."""

    kind: ClassVar[str] = "learned nowhere"
    arms: tuple[str, ...]


@dataclass(frozen=True)
class UnknownTuning:
    """Tunings that chose the settings of some runs, and that no manifest knows: ``names``."""

    kind: ClassVar[str] = "unknown tuning"
    names: tuple[str, ...]


@dataclass(frozen=True)
class NotScoredThere:
    """Arms whose scoring runs are not at what their tuning is best with by now."""

    kind: ClassVar[str] = "not scored there"
    arms: tuple[str, ...]


class Hindrance(StrEnum):
    """Why the looks at a family cannot be counted: what is asked for now is not what its seeds were chosen by."""

    METRIC = auto()
    RULE = auto()
    BASELINE = auto()
    MARGIN = auto()
    ARMS = auto()
    RUNS = auto()
    CLAIMS = auto()
    DESIGNS = auto()
    """Two of them were about arms of this family."""


@dataclass(frozen=True)
class LooksNotCounted:
    """The family's seeds were chosen while results came in, and this comparison cannot allow for that: why not."""

    kind: ClassVar[str] = "looks not counted"
    metric: str
    hindrance: Hindrance


@dataclass(frozen=True)
class GrewBetweenLooks:
    """Arms that got more seeds in a later sitting, when so many seeds could have been tested already."""

    kind: ClassVar[str] = "grew between looks"
    arms: tuple[str, ...]
    before: int


@dataclass(frozen=True)
class StoppedEarly:
    """Arms of which so many of the seeds that were asked for have a result, the others not having been tried."""

    kind: ClassVar[str] = "stopped early"
    arms: tuple[str, ...]
    there: int
    asked: int


TableWarning: TypeAlias = (
    MixedJobs
    | ParallelRuns
    | MixedMachines
    | MixedVersions
    | MissingResults
    | NotLearned
    | ChanceUnknown
    | SeenInTraining
    | SeveralCopies
    | RepeatedSeeds
    | KeptApart
    | SensitivityStudy
    | ChosenOnEdge
    | ChosenByLuck
    | TriedLess
    | LearnedNowhere
    | UnknownTuning
    | NotScoredThere
    | LooksNotCounted
    | GrewBetweenLooks
    | StoppedEarly
)


def about_task(runs: pd.DataFrame) -> list[TableWarning]:
    """Warnings about the runs of one task."""
    done = finished(runs)
    return [
        *_seen(done), *_beside_others(done), *_machines(done), *_versions(done), *_failures(runs), *_outcomes(done),
    ]  # fmt: skip


def about_stores(runs: pd.DataFrame) -> list[TableWarning]:
    """Warnings about several stores read as one."""
    if "copies" not in runs or not (runs["copies"] > 1).any():
        return []
    twice = runs[runs["copies"] > 1]
    return [SeveralCopies(len(twice), tuple(dict.fromkeys(twice["store"])))]


def _seen(done: pd.DataFrame) -> list[TableWarning]:
    """Test inputs that were trained on, where anybody counted: alike for all runs, which are of the same data."""
    known = done[(done["seen_in_training"] > 0) & done["test_size"].notna()]
    return (
        [SeenInTraining(int(known["seen_in_training"].iloc[0]), int(known["test_size"].iloc[0]))] if len(known) else []
    )


def _beside_others(done: pd.DataFrame) -> list[TableWarning]:
    """Seconds measured with other runs beside them, and whether that was so in every arm alike."""
    groups = _by_value(done, "jobs")
    if len(groups) > 1:
        return [MixedJobs(groups)]
    return [ParallelRuns(jobs) for jobs, _ in groups if jobs > 1]


def _machines(done: pd.DataFrame) -> list[TableWarning]:
    found = [(column, _by_value(done, column)) for column in MEASURED_ON]
    return [MixedMachines(column, groups) for column, groups in found if len(groups) > 1]


def _versions(done: pd.DataFrame) -> list[TableWarning]:
    mixed = []
    for column in VERSIONS:
        values = tuple(dict.fromkeys(done[column]))
        if column == "provider_version":
            # Providers have versions of their own; what counts is one arm with several.
            pairs = done[["arm", column]].drop_duplicates()
            values = tuple(dict.fromkeys(pairs[pairs.duplicated("arm", keep=False)][column]))
        if len(values) > 1:
            mixed.append((column, values))
    return [MixedVersions(tuple(mixed))] if mixed else []


def _failures(runs: pd.DataFrame) -> list[TableWarning]:
    return [
        MissingResults(
            str(arm),
            tuple(int(seed) for seed in broken["seed"]),
            tuple(dict.fromkeys(broken["status"])),
            next((error for error in broken["error"] if error), ""),
        )
        for arm, broken in runs[~runs["status"].isin(FINAL)].groupby("arm", sort=False)
    ]


def _outcomes(done: pd.DataFrame) -> list[TableWarning]:
    """Runs that never learned or collapsed, arm by arm; those that diverged have a column of their own."""
    found: list[TableWarning] = []
    for arm, runs in done[done["outcome"].isin([Outcome.NEVER_LEARNED, Outcome.COLLAPSED])].groupby("arm", sort=False):
        ends = [Outcome(end) for end in dict.fromkeys(runs["outcome"])]
        seeds = ((end, tuple(map(int, runs["seed"][runs["outcome"] == end]))) for end in ends)
        found.append(NotLearned(str(arm), tuple(seeds)))
    unknown = int(done["chance_level"].isna().sum())
    return [*found, *([ChanceUnknown(unknown)] if unknown else [])]


def _by_value(done: pd.DataFrame, column: str) -> Groups:
    """The column's values, and the arms that have runs with each."""
    values: dict[Any, list[str]] = {}
    pairs = done[[column, "arm"]].drop_duplicates()
    for value, arm in zip(pairs[column], pairs["arm"], strict=True):
        known = (1 if math.isnan(value) else int(value)) if column == "jobs" else value
        values.setdefault(known, []).append(arm)
    return tuple((value, tuple(arms)) for value, arms in values.items())
