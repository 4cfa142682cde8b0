"""What a sweep would do, and how long it would take, going by the runs that the store holds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actbench.execution.plan import Plan
from actbench.registry import Choice
from actbench.results.columns import FINAL, SETTINGS, TUNING, Run
from actbench.results.key import digest
from actbench.results.read import is_unchanged, read_runs

TIMELESS = ("dataset", "epochs", "learning_rate", "patience", "initializer")
"""Settings that leave the seconds of an epoch as they are: the data is known by its hash, whatever it is called."""
ALIKE = ("dataset_sha256", *(c.name for c in SETTINGS.values() if c.shared and c.name not in TIMELESS))
"""Columns in which runs agree that take as long an epoch as each other, if they are of the same activation."""


@dataclass(frozen=True)
class Forecast:
    """Per arm its first run, how many of its runs are stored, and how many are to train.

    ``rates`` are the learning rates that a tuning tries, or the one. ``seconds`` is None where the store knows no run
    like the arm's.
    """

    run: Run
    rates: tuple[float, ...]
    stored: int
    todo: int
    seconds: float | None


def forecast(plan: Plan, folder: Path, *, rerun: bool = False) -> list[Forecast]:
    """What ``sweep`` would train, and how long it took for runs like these in the store. Writes nothing.

    ``rerun``: what is stored is trained again.
    """
    rows = [row for row in read_runs(folder) if is_unchanged(row)]
    statuses = {row["run_key"]: row["status"] for row in rows}
    arms: dict[str, list[Run]] = {}
    for run, _ in plan.runs:
        apart = digest(run.definition | {"seed": None, "learning_rate": None}) if run.role == TUNING else run.arm
        arms.setdefault(apart, []).append(run)
    found = []
    for runs in arms.values():
        stored = 0 if rerun else sum(statuses.get(run.key) in FINAL for run in runs)
        todo = len(runs) - stored
        seconds = _seconds_like(runs[0], rows)
        rates = tuple(sorted({run.learning_rate for run in runs}))
        found.append(Forecast(runs[0], rates, stored, todo, None if seconds is None else seconds * todo))
    return found


def _seconds_like(run: Run, rows: Iterable[dict[str, str]]) -> float | None:
    """Wall-clock of stored runs like this one, scaled to its epochs; of the same activation if there are any.

    Like this one are finished runs on the same data that agree in every setting that tasks share, a later one too, but
    for those in `TIMELESS`: in limit, split, model, optimizer, batch size, precision, determinism, device and backend.
    """
    cells = {name: _cell(getattr(run, name)) for name in ALIKE}
    alike = [row for row in rows if row["status"] == "ok" and all(row[name] == cells[name] for name in ALIKE)]
    measured = [(row, clocks) for row in alike if (clocks := _clocks(row)) is not None]
    same = [clocks for row, clocks in measured if row["activation"] == run.activation.spelling]
    same = same or [clocks for _, clocks in measured]
    if not same:
        return None
    around = statistics.median(clocks.around for clocks in same)
    return max(around, 0.0) + statistics.median(clocks.per_epoch for clocks in same) * run.epochs


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
