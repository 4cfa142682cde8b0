"""Carry out a study: plan its runs, train what the store does not hold yet, and keep the derived files up to date."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from actbench import environment
from actbench.datasets import Dataset
from actbench.record import FINAL, Epoch, Record, Run
from actbench.store import Store
from actbench.study import Settings, Study, load_data, plan

BROKEN = frozenset({"failed", "oom"})


class Listener(Protocol):
    """Who wants to know how a sweep goes on; every method may do nothing."""

    def planned(self, runs: Sequence[Run], stored: int) -> None:
        """The runs to come, and how many more were found in the store."""

    def started(self, run: Run) -> None:
        """A run begins."""

    def epoch(self, run: Run, epoch: Epoch) -> None:
        """A run has finished an epoch (epoch 0: the evaluation before training)."""

    def finished(self, record: Record) -> None:
        """A run has ended, and its record is stored."""


@dataclass(frozen=True)
class Outcome:
    """What a sweep came to: the keys of all runs of the study, in order, and the statuses of those trained now."""

    keys: tuple[str, ...]
    trained: tuple[Record, ...]

    @property
    def broken(self) -> tuple[Record, ...]:
        """The runs that did not come to a result."""
        return tuple(record for record in self.trained if record.status in BROKEN)


def sweep(study: Study, folder: Path, listener: Listener, *, rerun: bool = False) -> Outcome:
    """Train the study's runs that ``folder`` does not hold yet (all of them with ``rerun``), and store them.

    Raises:
        UserError: the study cannot be planned or the store cannot be written.
    """
    # Two data sets at a time: arms are interleaved, so a grid over data sets would otherwise reload at each run.
    load = functools.lru_cache(maxsize=2)(functools.partial(_load, data_dir=study.data_dir))
    runs = plan(study, lambda chosen: load(_data_settings(chosen)), _device_kind)
    if any(run.deterministic for run, _ in runs):
        from actbench import engine

        engine.set_determinism()
    trained: list[Record] = []
    with Store.open(folder) as store:
        todo = [(run, chosen) for run, chosen in runs if rerun or store.statuses.get(run.key) not in FINAL]
        listener.planned([run for run, _ in todo], len(runs) - len(todo))
        store.write_manifest(manifest(study, [run for run, _ in runs]))
        for run, chosen in todo:
            trained.append(_one(run, load(_data_settings(chosen)), store, listener))
        _write_table(store, study)
    return Outcome(tuple(run.key for run, _ in runs), tuple(trained))


def manifest(study: Study, runs: Sequence[Run]) -> dict[str, Any]:
    """What stands beside the tables: the machine, the versions, the whole study and the data's hashes."""
    return {
        "hardware": environment.hardware(),
        "versions": environment.versions(),
        "studies": {study.name: msgspec.to_builtins(study) | {"thresholds": list(study.chosen_thresholds())}},
        "datasets": {run.dataset: run.dataset_sha256 for run in runs},
    }


def _one(run: Run, data: Dataset, store: Store, listener: Listener) -> Record:
    from actbench.train import train

    listener.started(run)
    record = train(run, data, on_epoch=lambda epoch: listener.epoch(run, epoch))
    store.append(record)
    listener.finished(record)
    return record


def _write_table(store: Store, study: Study) -> None:
    from actbench.reports.table import to_csv
    from actbench.tables import arm_table, read_frames

    store.write_table(to_csv(arm_table(*read_frames(store.folder), study.chosen_thresholds())))


def _device_kind(asked: str) -> str:
    from actbench import engine  # imports TensorFlow: only once everything else has been checked

    return engine.device_kind(asked)


def _data_settings(chosen: Settings) -> Settings:
    """Only what the data depends on, so that runs which differ in anything else share what was loaded."""
    return Settings(
        data=chosen.data, limit=chosen.limit, validation_split=chosen.validation_split, precision=chosen.precision
    )


def _load(chosen: Settings, data_dir: str | None) -> Dataset:
    return load_data(chosen, Path(data_dir) if data_dir else None)
