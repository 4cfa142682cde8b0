"""Carry out a study: plan its runs, train what the store does not hold yet, and keep the derived files up to date."""

from __future__ import annotations

import functools
import signal
import statistics
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, Self

import msgspec

from actbench import datasets, environment
from actbench.datasets import Facts, Request
from actbench.execution.local import Engine, Event, LocalEngine, Progressed, Started, Task
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import FINAL, Epoch, Record, Run
from actbench.results.read import check_exists, read_manifest, read_runs
from actbench.results.store import Store
from actbench.studies.plan import plan
from actbench.studies.study import Study

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
class Options:
    """How to carry a study out; nothing here changes a number.

    Attributes:
        jobs: runs at a time.
        rerun: train again what is stored.
        reuse: stores to take finished runs from before anything is trained.
        max_failures: give up after so many failing runs in a row.
        checkpoint_epochs: take a checkpoint every so many epochs; None: about every five minutes.
        engine: where to train.
    """

    jobs: int = 1
    rerun: bool = False
    reuse: tuple[Path, ...] = ()
    max_failures: int = 5
    checkpoint_epochs: int | None = None
    engine: Engine = field(default_factory=LocalEngine)


@dataclass(frozen=True)
class Outcome:
    """What a sweep came to: the keys of all runs of the study, in order, and the records of those trained now.

    ``gave_up``: too many runs failed in a row, and the rest was not begun. ``interrupted``: somebody asked it to stop.
    """

    keys: tuple[str, ...]
    trained: tuple[Record, ...]
    gave_up: bool = False
    interrupted: bool = False

    @property
    def broken(self) -> tuple[Record, ...]:
        """The runs that did not come to a result."""
        return tuple(record for record in self.trained if record.status in BROKEN)


def sweep(study: Study, folder: Path, listener: Listener, options: Options | None = None) -> Outcome:
    """Train the study's runs that ``folder`` does not hold yet, and store them.

    Ctrl-C (or SIGTERM) lets the running epochs end and keeps their state; a second one ends everything at once.

    Raises:
        UserError: the study cannot be planned or the store cannot be written.
        KeyboardInterrupt: the second Ctrl-C.
    """
    options = options or Options()
    for other in options.reuse:
        check_exists(other)
    facts = functools.cache(datasets.facts)
    runs = plan(study, facts, options.engine.device_kind)
    with Store.open(folder) as store, _Interruption() as interruption:
        for other in options.reuse:
            store.take_over(other, [run for run, _ in runs])
        todo = [pair for pair in runs if options.rerun or store.statuses.get(pair[0].key) not in FINAL]
        listener.planned([run for run, _ in todo], len(runs) - len(todo))
        store.write_manifest(manifest(study, {request.label: facts(request) for _, request in runs}))
        jobs = max(1, min(options.jobs, len(todo)))
        tasks = [
            Task(
                run,
                request,
                checkpoint=None if options.rerun else store.load_checkpoint(run.key),
                checkpoint_epochs=options.checkpoint_epochs,
                jobs=jobs,
            )
            for run, request in todo
        ]
        failures = _Failures(options.max_failures)
        events = options.engine.run(tasks, jobs, lambda: interruption.asked or failures.too_many)
        trained = tuple(_keep(events, store, listener, failures))
        _write_table(store, study)
    return Outcome(tuple(run.key for run, _ in runs), trained, failures.too_many, interruption.asked)


def manifest(study: Study, data: Mapping[str, Facts]) -> dict[str, Any]:
    """What stands beside the tables: the machine, the versions, the whole study, and the data with its hashes."""
    return {
        "hardware": environment.hardware(),
        "versions": environment.versions(),
        "studies": {study.name: msgspec.to_builtins(study) | {"thresholds": list(study.chosen_thresholds())}},
        "datasets": {label: asdict(facts) for label, facts in data.items()},
    }


def stored_keys(study: Study, folder: Path) -> tuple[str, ...] | None:
    """The keys of the study's runs if the store holds a result of every one of them, else None.

    Neither the data nor a device is looked at: the store knows what its runs were made of, so that results can be read
    on a machine that could not have made them.
    """
    rows = list(read_runs(folder))
    known = read_manifest(folder).get("datasets", {})
    devices = {row["device"] for row in rows}

    def facts(request: Request) -> Facts:
        return msgspec.convert(known[request.label], Facts)

    try:
        (device,) = devices
        runs = plan(study, facts, lambda asked: device if asked == "auto" else asked)
    except (KeyError, ValueError):  # other data, or several devices
        return None
    finished = {row["run_key"] for row in rows if row["status"] in FINAL}
    keys = tuple(run.key for run, _ in runs)
    return keys if finished.issuperset(keys) else None


@dataclass(frozen=True)
class Forecast:
    """What a sweep would do: per arm its first run, how many of its runs are stored, and how many are to train.

    ``seconds`` is None where the store knows no run like the arm's.
    """

    run: Run
    stored: int
    todo: int
    seconds: float | None


def forecast(study: Study, folder: Path, engine: Engine) -> list[Forecast]:
    """What ``sweep`` would train, and how long it took for runs like these in the store. Writes nothing."""
    rows = list(read_runs(folder))
    statuses = {row["run_key"]: row["status"] for row in rows}
    arms: dict[str, list[Run]] = {}
    for run, _ in plan(study, functools.cache(datasets.facts), engine.device_kind):
        arms.setdefault(run.arm, []).append(run)
    found = []
    for runs in arms.values():
        stored = sum(statuses.get(run.key) in FINAL for run in runs)
        todo = len(runs) - stored
        seconds = _seconds_like(runs[0], rows)
        found.append(Forecast(runs[0], stored, todo, None if seconds is None else seconds * todo))
    return found


def _seconds_like(run: Run, rows: Iterable[dict[str, str]]) -> float | None:
    """Wall-clock of stored runs like this one, scaled to its epochs; of the same activation if there are any."""
    alike = [
        row
        for row in rows
        if row["status"] == "ok"
        and (row["dataset_sha256"], row["model"], row["device"], row["precision"])
        == (run.dataset_sha256, run.model.spelling, run.device, run.precision)
    ]
    same = [row for row in alike if row["activation"] == run.activation.spelling] or alike
    if not same:
        return None
    epochs = [float(row["train_seconds"]) + float(row["eval_seconds"]) for row in same]
    around = statistics.median(float(row["wall_seconds"]) - spent for row, spent in zip(same, epochs, strict=True))
    each = statistics.median(spent / max(int(row["epochs_run"]), 1) for row, spent in zip(same, epochs, strict=True))
    return max(around, 0.0) + each * run.epochs


class _Failures:
    """Counts failing runs in a row."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_a_row = 0
        self.too_many = False

    def note(self, record: Record) -> None:
        self.in_a_row = self.in_a_row + 1 if record.status in BROKEN else 0
        self.too_many |= self.in_a_row >= self.limit


def _keep(events: Iterable[Event], store: Store, listener: Listener, failures: _Failures) -> Iterator[Record]:
    """Store what comes in, tell the listener, and pass the records on."""
    for event in events:
        match event:
            case Started(run):
                listener.started(run)
            case Progressed(run, row):
                listener.epoch(run, row)
            case Checkpoint():
                store.save_checkpoint(event)
            case Record():
                store.append(event)
                failures.note(event)
                listener.finished(event)
                yield event


def _write_table(store: Store, study: Study) -> None:
    from actbench.results.frames import read_frames
    from actbench.tables import arm_table, to_csv

    if store.statuses:
        store.write_table(to_csv(arm_table(*read_frames(store.folder), study.chosen_thresholds())))


class _Interruption:
    """Ctrl-C and SIGTERM inside the block: the first is noted in ``asked``, the second raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there can signals be handled
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
