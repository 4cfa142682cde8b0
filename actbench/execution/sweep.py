"""Carry out a plan: train what the store does not hold yet, and keep the derived files up to date."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

import msgspec

from actbench import environment
from actbench.errors import UserError
from actbench.execution.events import (
    CheckpointRefused,
    CheckpointTaken,
    Event,
    Listener,
    RunEnded,
    StopAsked,
    SweepPlanned,
    TrialEnded,
)
from actbench.execution.executor import Assignment, Executor
from actbench.execution.local import LocalExecutor
from actbench.execution.plan import Plan
from actbench.results.columns import FINAL, SCORING, Record, Run
from actbench.results.read import check_exists, read_manifest
from actbench.results.sittings import Sitting, seeds_text, sittings_in
from actbench.results.store import Store
from actbench.studies.settings import is_of_ones_own
from actbench.training import backends
from actbench.training.run import now, one_line

BROKEN = frozenset({"failed", "oom"})

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Options:
    """How to carry a plan out.

    Nothing here changes a number, but for ``jobs`` on a CPU: runs share its cores, and sums that are split over other
    threads may differ in their last digits, as those of convolutions do. A deterministic run has one thread, and its
    numbers are the same whatever ``jobs``.

    Attributes:
        jobs: runs at a time.
        rerun: train again what is stored.
        reuse: stores to take finished runs from before anything is trained.
        max_failures: give an arm up after so many failing runs of it in a row.
        checkpoint_epochs: take a checkpoint every so many epochs; None: about every five minutes.
        executor: where to train.
    """

    jobs: int = 1
    rerun: bool = False
    reuse: tuple[Path, ...] = ()
    max_failures: int = 5
    checkpoint_epochs: int | None = None
    executor: Executor = field(default_factory=LocalExecutor)


@dataclass(frozen=True)
class Outcome:
    """What a sweep came to.

    Attributes:
        trained: the records of the runs that were trained now.
        complete: whether the store now holds a result of every run of the plan.
        gave_up: the arms of which too many runs failed in a row, so that the rest was not begun; by activation.
        interrupted: somebody asked it to stop.
    """

    trained: tuple[Record, ...]
    complete: bool
    gave_up: tuple[str, ...] = ()
    interrupted: bool = False

    @property
    def broken(self) -> tuple[Record, ...]:
        """The runs that did not come to a result."""
        return tuple(record for record in self.trained if record.status in BROKEN)


def sweep(plan: Plan, folder: Path, options: Options | None = None, listeners: Sequence[Listener] = ()) -> Outcome:
    """Train the plan's runs that ``folder`` does not hold yet, and store them.

    What is to be stored is stored before the listeners hear of it. One that raises is left out from then on, with a
    warning: hours of training do not end because of a progress bar.

    Ctrl-C (or SIGTERM, or a terminal that is closed) lets the running epochs end and keeps their state; a second Ctrl-C
    or SIGTERM ends everything at once.

    A person's own code is tried with a few inputs first, each activation in each network once.

    Raises:
        UserError: the store cannot be written, one to reuse does not exist, or a person's own code does not work.
        KeyboardInterrupt: the second Ctrl-C.
    """
    options = options or Options()
    for other in options.reuse:
        check_exists(other)
    announce = Announcer(listeners)
    failures = _Failures(options.max_failures)
    trained: list[Record] = []
    with Store.open(folder) as store, _Interruption(announce) as interruption:
        for other in options.reuse:
            store.take_over(other, [run for run, _ in plan.runs])
        store.note_tunings(run for run, _ in plan.runs)
        todo = [pair for pair in plan.runs if options.rerun or store.statuses.get(pair[0].key) not in FINAL]
        announce(SweepPlanned(tuple(run for run, _ in todo), len(plan.runs) - len(todo), plan.varying))
        store.write_manifest(manifest(plan) | (_with_sitting(plan, folder) if todo else {}))
        jobs = max(1, min(options.jobs, len(todo)))
        assignments = [
            Assignment(
                run,
                request,
                checkpoint=None if options.rerun else store.load_checkpoint(run.key),
                checkpoint_epochs=options.checkpoint_epochs,
                jobs=jobs,
                folder=plan.study.folder,
            )
            for run, request in todo
        ]
        trials = [replace(each, trial=True, checkpoint=None) for each in _with_own_code(assignments)]
        events = options.executor.run([*trials, *assignments], jobs, interruption.heard, failures.gave_up)
        with contextlib.closing(events):
            for event in events:
                match event:
                    case TrialEnded():
                        if not interruption.asked:  # a signal to all ends the trial, too: no fault of what was tried
                            _check_tried(event)
                    case CheckpointTaken():
                        store.save_checkpoint(event.checkpoint)
                    case CheckpointRefused(run, reason):
                        store.set_aside(run.key, reason)
                    case RunEnded(record):
                        store.append(record)
                        failures.note(record)
                        trained.append(record)
                announce(event)
        complete = all(store.statuses.get(key) in FINAL for key in plan.keys)
        write_table(store, plan.thresholds)
    return Outcome(tuple(trained), complete, failures.given_up, interruption.asked)


def manifest(plan: Plan) -> dict[str, Any]:
    """What stands beside the tables: the machine, the versions, the whole study, and the data with its hashes."""
    used = sorted({run.backend for run, _ in plan.runs})
    asked = msgspec.to_builtins(plan.study)
    del asked["folder"]  # where it lies on this machine is nobody's business
    return {
        "hardware": environment.hardware(),
        "versions": environment.versions() | {f"{name}_version": backends.get(name).version for name in used},
        "studies": {plan.study.name: asked | {"thresholds": list(plan.thresholds)}},
        "datasets": {label: asdict(info) for label, info in plan.data.items()},
        **plan.designs_entry,
    }


def _with_sitting(plan: Plan, folder: Path) -> dict[str, Any]:
    """The manifest's sittings with this one; a command that goes on after a break begins none."""
    known = sittings_in(read_manifest(folder))
    most = max((design.looks[-1] for design in plan.designs.values()), default=0)
    seeds = range(most) if most else (run.seed for run, _ in plan.runs)
    this = Sitting(at=now(), study=plan.study.name, seeds=seeds_text(seeds), until_decided=bool(most))
    if known and this.continues(known[-1]):
        return {}
    return {"sittings": msgspec.to_builtins([*known, this])}


class Announcer:
    """Calls every listener with every event."""

    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = list(listeners)

    def __call__(self, event: Event) -> None:
        """Tell them all; one that raises is left out from then on."""
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - whatever a listener does wrong, the training is not to blame
                self._listeners.remove(listener)
                log.warning("A listener is left out from here on, %r: %s.", listener, one_line(error))


class _TraceError(Exception):
    """What another process says of where it failed: what a traceback shows of this error."""


def _with_own_code(assignments: Sequence[Assignment]) -> list[Assignment]:
    """Of the runs with a person's own code one for each activation and network, on each data set."""
    found: dict[tuple[str, ...], Assignment] = {}
    for each in assignments:
        run = each.run
        names = {"activation": run.activation.spelling, "model": run.model.spelling}
        if any(is_of_ones_own(name, value) for name, value in names.items()):
            alike = (run.activation.definition, run.model.definition, run.dataset_sha256, run.precision, run.backend)
            found.setdefault(alike, each)
    return list(found.values())


def _check_tried(event: TrialEnded) -> None:
    """Raise UserError where a trial found what does not work."""
    if event.error:
        names = [("activation", event.run.activation), ("model", event.run.model)]
        own = " in ".join(repr(choice.spelling) for name, choice in names if is_of_ones_own(name, choice.spelling))
        raise UserError(
            f"{own} was tried with a few inputs, and does not work, so that nothing is trained: {event.error}"
        ) from (_TraceError(event.trace) if event.trace else None)


class _Failures:
    """Counts failing runs in a row, for each arm by itself: a broken one must not cost the others."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_a_row: Counter[str] = Counter()
        self.names: dict[str, str] = {}

    def note(self, record: Record) -> None:
        arm = record.run.arm
        self.in_a_row[arm] = self.in_a_row[arm] + 1 if record.status in BROKEN else 0
        if self.in_a_row[arm] >= self.limit:
            self.names[arm] = record.run.activation.spelling

    def gave_up(self, run: Run) -> bool:
        return run.arm in self.names

    @property
    def given_up(self) -> tuple[str, ...]:
        return tuple(self.names.values())


def write_table(store: Store, thresholds: Sequence[float]) -> None:
    """Write the derived table of a store anew; without any run there is none."""
    from actbench.results.frames import read_frames
    from actbench.tables import arm_table, to_csv

    if store.statuses:
        runs, epochs = read_frames(store.folder)
        scoring = runs[runs["role"] == SCORING]
        if len(scoring):
            store.write_table(to_csv(arm_table(scoring, epochs, thresholds)))


class _Interruption:
    """Ctrl-C and SIGTERM inside the block: the first is noted in ``asked``, the second raises KeyboardInterrupt.

    A terminal that closes sends its SIGHUP twice, by the system and by the shell, so that one never counts as second.
    """

    def __init__(self, announce: Listener) -> None:
        self.asked = False
        self._announce = announce
        self._answered = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # only there can signals be handled
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
            hangup = getattr(signal, "SIGHUP", None)  # not on Windows
            if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:  # as under nohup
                self._before[hangup] = signal.signal(hangup, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def heard(self) -> bool:
        """Whether it was asked; the first time that it was, everybody is told."""
        if self.asked and not self._answered:
            self._answered = True
            self._announce(StopAsked())
        return self.asked

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
