"""Stores whose truth is known: rows made by the project's own classes, numbers by a seeded generator."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from actbench.registry import Choice
from actbench.reports.plots import PLOTS
from actbench.results.columns import Epoch, Record, Run, Versions, epoch_rows, row_digest, run_row
from actbench.results.read import EPOCH_TABLE, RUN_TABLE

DRAWN_OF_ALL = [plot.name for plot in PLOTS if not plot.missing]
"""Pictures that show something of every store."""
VERSIONS = {
    "actbench_version": "0.1.0",
    "keras_version": "3.15.1",
    "backend_version": "2.21.0",
    "python_version": "3.11.7",
    "git_commit": "0123456789ab",
}


@dataclass(frozen=True)
class Arm:
    """How the runs of one activation turn out.

    ``accuracy`` after infinitely many epochs, approached as 1 - exp(-epoch/speed); ``spread`` of it over the seeds,
    half of which all arms share; ``seconds`` of an epoch. ``statuses`` and ``versions`` by seed, where they are not ok.
    """

    name: str
    accuracy: float = 0.97
    speed: float = 2.0
    spread: float = 0.002
    seconds: float = 0.25
    seeds: tuple[int, ...] = tuple(range(10))
    statuses: dict[int, str] = field(default_factory=dict)
    error: str = "ValueError: no luck"
    jobs: int = 1
    provider: str = "actbench"
    version: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    parameters: int = 84060
    sites: int = 2
    compiler: str = "xla"


@dataclass(frozen=True)
class Task:
    """A question: its data and settings."""

    dataset: str = "mnist"
    model: str = "mlp(100, 50)"
    variant: str = ""
    study: str = "made-up"
    epochs: int = 20
    chance: float = 0.1
    device_name: str = "Two cores of a machine that never was"
    settings: dict[str, Any] = field(default_factory=dict)


def record(task: Task, arm: Arm, seed: int) -> Record:
    run = Run(
        study=task.study,
        variant=task.variant,
        activation=Choice(arm.name, f"{arm.name}#{arm.version}", provider=arm.provider, version=arm.version),
        dataset=task.dataset,
        dataset_sha256=f"{abs(hash_text(task.dataset)):064x}",
        limit=None,
        validation_split=0.0,
        model=Choice(task.model, task.model),
        optimizer=Choice("adam", "adam"),
        learning_rate=0.001,
        batch_size=100,
        epochs=task.epochs,
        patience=None,
        initializer="glorot_uniform",
        precision="float32",
        deterministic=False,
        seed=seed,
        device="cpu",
    )
    run = replace(run, **task.settings)
    status = arm.statuses.get(seed, "ok")
    base = Record(
        run=run,
        status=status,
        parameters=arm.parameters,
        sites=arm.sites,
        train_size=60000,
        test_size=10000,
        compiler=arm.compiler,
        device_name=task.device_name,
        jobs=arm.jobs,
        compile_seconds=0.5,
        peak_memory_mib=1300.0,
        started_at="2026-11-20T19:48:35+00:00",
        versions=Versions(**VERSIONS | arm.versions),
    )
    if status in ("failed", "oom"):
        return replace(base, error=arm.error, train_size=None, test_size=None, parameters=None, sites=None)
    epochs = tuple(_epochs(task, arm, seed, diverged=status == "diverged"))
    return replace(base, epochs=epochs, wall_seconds=epochs[-1].train_seconds * 1.1 + 0.5)


def _epochs(task: Task, arm: Arm, seed: int, *, diverged: bool) -> Iterable[Epoch]:
    shared = np.random.default_rng([seed, 1])
    own = np.random.default_rng([seed, 2, hash_text(arm.name)])
    # sd = spread in each arm, half of the variance in common: what pairing by seed is good for.
    final = arm.accuracy + arm.spread * (shared.normal() + own.normal()) / np.sqrt(2)
    pace = arm.speed * np.exp(own.normal() * 0.05)
    seconds = 0.0
    for epoch in range(task.epochs + 1):
        share = 1 - np.exp(-epoch / pace)
        level = task.chance + (final - task.chance) * share + (own.normal() * arm.spread / 3 if epoch else 0)
        test = float(min(max(round(level * 10000) / 10000, 0), 1))
        train = float(min(max(test + 0.02 * share, 0), 1))
        # Networks that learned from other data do not end with the very same loss.
        loss = float(-np.log(max(test, 0.01))) + hash_text(task.dataset) * 1e-9
        if diverged and epoch >= 3:
            yield Epoch(epoch, np.nan, 0.1, None, None, np.nan, task.chance, seconds + arm.seconds, 0.02 * epoch, 0.001)
            return
        yield Epoch(epoch, loss, train, None, None, loss * 1.1, test, seconds, 0.02 * (epoch + 1), 0.001)
        seconds += arm.seconds * float(np.exp(own.normal() * 0.03))


_made: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}


def rows_of(task: Task, arm: Arm, seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A run's row and its epochs', each made once in a process: most tests write the same few stores."""
    name = repr((task, arm, seed))
    if name not in _made:
        made = record(task, arm, seed)
        _made[name] = run_row(made), epoch_rows(made)
    row, epochs = _made[name]
    return dict(row), epochs


def hash_text(text: str) -> int:
    """The same in every process, unlike hash()."""
    return sum((place + 1) * ord(letter) for place, letter in enumerate(text))


def write(
    folder: Path,
    tasks: Iterable[tuple[Task, Iterable[Arm]]],
    *,
    thresholds: tuple[float, ...] = (0.90, 0.95, 0.96),
    checks: tuple[str, ...] = (),
    edit: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda row: row,
) -> Path:
    """Write a store. ``edit`` may change each row of runs.csv, or drop it by returning None."""
    folder.mkdir(parents=True, exist_ok=True)
    studies = {}
    with (folder / "runs.csv").open("w", newline="") as runs, (folder / "epochs.csv").open("w", newline="") as epochs:
        run_writer = csv.DictWriter(runs, RUN_TABLE.names, lineterminator="\n")
        epoch_writer = csv.DictWriter(epochs, EPOCH_TABLE.names, lineterminator="\n")
        run_writer.writeheader()
        epoch_writer.writeheader()
        for task, arms in tasks:
            listed = list(arms)
            studies[task.study] = {"name": task.study, "thresholds": list(thresholds), "checks": list(checks)}
            for seed in sorted({seed for arm in listed for seed in arm.seeds}):
                for arm in listed:
                    if seed in arm.seeds:
                        row, epoch_lines = rows_of(task, arm, seed)
                        row = edit(row)
                        if row is not None:
                            run_writer.writerow(row | {"row_digest": row_digest(row)})
                            epoch_writer.writerows({**e, "run_key": row["run_key"]} for e in epoch_lines)
    manifest = {
        "hardware": {"cpu": "Made-up processor", "cores": 2, "memory_gib": 23.5, "system": "Linux"},
        "versions": VERSIONS,
        "studies": studies,
        "datasets": {},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2))
    return folder
