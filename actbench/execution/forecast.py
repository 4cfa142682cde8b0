"""What a sweep would do, how long it would take, going by the runs that the store holds, and whether it can tell."""

from __future__ import annotations

import functools
import itertools
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from actbench.execution.plan import Plan
from actbench.registry import Choice
from actbench.results.columns import FINAL, SCORING, SETTINGS, TUNING, Run
from actbench.results.read import is_unchanged, read_runs
from actbench.results.sittings import family_key
from actbench.statistics import least_pairs
from actbench.statistics.pairing import shared_seeds
from actbench.tables.comparison import ALPHA

TIMELESS = ("dataset", "epochs", "learning_rate", "patience", "initializer")
"""Settings that leave the seconds of an epoch as they are: the data is known by its hash, whatever it is called."""
ALIKE = ("dataset_sha256", *(c.name for c in SETTINGS.values() if c.shared and c.name not in TIMELESS))
"""Columns in which runs agree that take as long an epoch as each other, if they are of the same activation."""
BUT_FOR_THE_SEED = ("dataset_sha256", *(column.name for column in SETTINGS.values() if column.name != "seed"))
"""Columns in which the runs of an arm agree."""
TRIED = tuple(column.name for column in SETTINGS.values() if column.name not in ("activation", "seed"))
"""Columns in which trials of an arm may differ."""


ArmOfTuning: TypeAlias = tuple[str, str]
"""The name of a tuning, and the spelling of an activation."""


@dataclass(frozen=True)
class Prospect:
    """A plan with what is known of runs that are not in it yet, since they follow from what comes of its own.

    Attributes:
        plan: what is known run by run.
        folder: of the store.
        later: how many more runs each arm of a tuning takes for certain.
        more: how many more there may be at most, of which arms is not known.
    """

    plan: Plan
    folder: Path
    later: Mapping[ArmOfTuning, int] = field(default_factory=dict)
    more: int = 0


@dataclass(frozen=True)
class Forecast:
    """What is to be trained of an arm.

    Attributes:
        run: its first run.
        values: those that its runs have of each setting but the seed; several where a tuning tries them.
        trials: how many combinations of these it has.
        stored, todo: how many of its runs are stored, and how many are to train.
        seconds: that these take; None where the store knows no run like the arm's.
        sites: of its network; None where the store knows none of that.
    """

    run: Run
    values: Mapping[str, tuple[Any, ...]]
    trials: int
    stored: int
    todo: int
    seconds: float | None
    sites: int | None = None


def forecast(
    plan: Plan, folder: Path, *, rerun: bool = False, later: Mapping[ArmOfTuning, int] | None = None
) -> list[Forecast]:
    """What ``sweep`` would train, and how long it took for runs like these in the store. Writes nothing.

    ``rerun``: what is stored is trained again. ``later``: see `Prospect`.
    """
    rows = [row for row in read_runs(folder) if is_unchanged(row)]
    statuses = {row["run_key"]: row["status"] for row in rows}
    arms: dict[tuple[str, str], list[Run]] = {}
    for run, _ in plan.runs:
        arm = (run.tuning, run.activation.spelling) if run.role == TUNING else ("", run.arm)
        arms.setdefault(arm, []).append(run)
    seconds_like = functools.cache(functools.partial(_seconds_like, rows=rows))
    found = []
    for arm, runs in arms.items():
        stored = 0 if rerun else sum(statuses.get(run.key) in FINAL for run in runs)
        todo = len(runs) - stored + (later or {}).get(arm, 0)
        trials = {run.arm: run for run in runs}.values()
        values = {name: tuple(dict.fromkeys(getattr(run, name) for run in trials)) for name in TRIED}
        each = [
            seconds_like(run.activation.spelling, run.epochs, tuple(_cell(getattr(run, name)) for name in ALIKE))
            for run in trials
        ]
        known = [seconds for seconds in each if seconds is not None]
        seconds = statistics.fmean(known) * todo if len(known) == len(each) else None
        sites = _sites_like(runs[0], rows)
        found.append(Forecast(runs[0], values, len(trials), stored, todo, seconds, sites))
    return found


@dataclass(frozen=True)
class TooFewSeeds:
    """Tasks of which no test can tell two arms apart, whatever comes of the runs.

    Attributes:
        lacking: how many tasks are so, of ``tasks`` with two arms or more.
        tasks: all of these.
        arms: in the first of those that lack seeds.
        seeds: the most that two of its arms have to be compared by.
        least: what would do.
    """

    lacking: int
    tasks: int
    arms: int
    seeds: int
    least: int


def too_few_seeds(plan: Plan, folder: Path) -> TooFewSeeds | None:
    """Which tasks of a plan have too few seeds for any verdict, with what is stored.

    None where no task has, or where all runs are there: the verdicts themselves say it then.
    """
    rows = [row for row in read_runs(folder) if row["status"] in FINAL and is_unchanged(row)]
    if {row["run_key"] for row in rows}.issuperset(plan.keys):
        return None
    families: dict[str, dict[str, set[int]]] = {}
    for run in (run for run, _ in plan.runs if run.role == SCORING):
        arms = families.setdefault(family_key(run), {})
        if run.arm not in arms:
            cells = {name: _cell(getattr(run, name)) for name in BUT_FOR_THE_SEED}
            alike = (row for row in rows if all(row[name] == cell for name, cell in cells.items()))
            arms[run.arm] = {int(row["seed"]) for row in alike}
        arms[run.arm].add(run.seed)
    several = [list(arms.values()) for arms in families.values() if len(arms) > 1]
    counts = [max(itertools.starmap(_to_compare_by, itertools.combinations(arms, 2))) for arms in several]
    least = least_pairs(ALPHA)
    lacking = [number for number, count in enumerate(counts) if count < least]
    if not lacking:
        return None
    return TooFewSeeds(len(lacking), len(several), len(several[lacking[0]]), counts[lacking[0]], least)


def _to_compare_by(one: set[int], other: set[int]) -> int:
    """By how many seeds two arms can be compared: pairs or, where they are not paired, the fewer of the two."""
    return len(shared_seeds(one, other)) or min(len(one), len(other))


def _sites_like(run: Run, rows: Iterable[dict[str, str]]) -> int | None:
    """The activation sites of stored runs' network, where it is this run's."""
    same = {name: _cell(getattr(run, name)) for name in ("dataset_sha256", "model")}
    return next((int(row["sites"]) for row in rows if row["sites"] and same.items() <= row.items()), None)


def _seconds_like(
    activation: str, epochs: int, cells: Sequence[str], *, rows: Iterable[dict[str, str]]
) -> float | None:
    """Wall-clock of stored runs like one with these ``cells`` of `ALIKE`, scaled to its epochs; of the same activation
    if there are any.

    Like this one are finished runs on the same data that agree in every setting that tasks share, a later one too, but
    for those in `TIMELESS`: in limit, split, model, optimizer, batch size, precision, determinism, device and backend.
    """
    asked = dict(zip(ALIKE, cells, strict=True))
    alike = [row for row in rows if row["status"] == "ok" and asked.items() <= row.items()]
    measured = [(row, clocks) for row in alike if (clocks := _clocks(row)) is not None]
    same = [clocks for row, clocks in measured if row["activation"] == activation]
    same = same or [clocks for _, clocks in measured]
    if not same:
        return None
    around = statistics.median(clocks.around for clocks in same)
    return max(around, 0.0) + statistics.median(clocks.per_epoch for clocks in same) * epochs


@dataclass(frozen=True)
class _Clocks:
    """Seconds that a run took for each epoch, and besides."""

    per_epoch: float
    around: float


def _clocks(row: dict[str, str]) -> _Clocks | None:
    """A stored run's clocks; None where one of them is missing or no number."""
    try:
        wall, spent = float(row["wall_seconds"]), float(row["train_seconds"]) + float(row["eval_seconds"])
        epochs = int(row["epochs_run"])
    except ValueError:
        return None
    return _Clocks(spent / max(epochs, 1), wall - spent) if math.isfinite(wall + spent) else None


def _cell(value: Any) -> str:
    """A setting as it stands in ``runs.csv``."""
    return "" if value is None else value.spelling if isinstance(value, Choice) else str(value)
