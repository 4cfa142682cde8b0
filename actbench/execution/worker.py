"""The worker's side: an assignment in, events out, whatever happens."""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

from actbench import custom, datasets
from actbench.datasets import Dataset, Request
from actbench.execution.events import (
    CheckpointRefused,
    CheckpointTaken,
    EpochEnded,
    Phase,
    PhaseBegan,
    RunEnded,
    RunEvent,
    RunStarted,
    TrialEnded,
)
from actbench.execution.executor import Assignment
from actbench.results.columns import Record, Status
from actbench.training.programs import KEPT_DATA
from actbench.training.run import CheckpointError, Trainer, one_line, plain, versions
from actbench.training.trial import try_out

STOP = "stop"
"""What the driver sends, in place of an assignment, to have the run end after its epoch."""


def carry_out(
    assignment: Assignment,
    trainer: Trainer,
    send: Callable[[RunEvent], None],
    stopping: Callable[[], bool],
    load: Callable[[Request], Dataset],
) -> None:
    """Train one run and send everything that becomes known of it; ``RunEnded`` comes last, whatever happens.

    One that is only tried has one event, ``TrialEnded``.

    Args:
        assignment: the run.
        trainer: keeps what runs have in common.
        send: takes the events.
        stopping: asked after every epoch: whether the run is to end there, with a checkpoint.
        load: gets the data.
    """
    if assignment.trial:
        send(_tried(assignment, load))
        return
    send(RunStarted(assignment.run, assignment.checkpoint.epochs[-1].epoch if assignment.checkpoint else 0))
    try:
        # A person's own code may leave the current folder; the next run begins where this one did.
        with contextlib.chdir("."), custom.names_from(assignment.folder):
            try:
                record = _train(assignment, trainer, send, stopping, load)
            except CheckpointError as reason:
                send(CheckpointRefused(assignment.run, plain(str(reason))))
                record = _train(replace(assignment, checkpoint=None), trainer, send, stopping, load)
    except MemoryError as error:
        record = failure(assignment, "oom", one_line(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it costs this run only
        record = failure(assignment, "failed", one_line(error))
    send(RunEnded(record))


def _tried(assignment: Assignment, load: Callable[[Request], Dataset]) -> TrialEnded:
    """What came of trying a run. Where memory runs out, that is for the run itself to say."""
    try:
        with contextlib.chdir("."), custom.names_from(assignment.folder):
            return TrialEnded(assignment.run, found=try_out(assignment.run, load(assignment.request)))
    except MemoryError:
        return TrialEnded(assignment.run)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a person's own code may raise anything
        return TrialEnded(assignment.run, one_line(error), custom.whole_trace(error))


def _train(
    assignment: Assignment,
    trainer: Trainer,
    send: Callable[[RunEvent], None],
    stopping: Callable[[], bool],
    load: Callable[[Request], Dataset],
) -> Record:
    run = assignment.run
    send(PhaseBegan(run, Phase.READING))
    data = load(assignment.request)
    send(PhaseBegan(run, Phase.COMPILING))
    training = trainer.begin(run, data, checkpoint=assignment.checkpoint, jobs=assignment.jobs)
    kept_at, epochs_since = time.monotonic(), 0
    for row in training:
        send(EpochEnded(run, row))
        if training.ended or not row.epoch:
            continue
        epochs_since += 1
        due = (
            time.monotonic() - kept_at >= assignment.checkpoint_seconds
            if assignment.checkpoint_epochs is None
            else epochs_since >= assignment.checkpoint_epochs
        )
        stop = stopping()
        if due or stop:
            send(CheckpointTaken(run, training.checkpoint()))
            kept_at, epochs_since = time.monotonic(), 0
        if stop:
            training.interrupt()
    return training.record()


def ended(assignment: Assignment, status: Status, reason: str) -> RunEvent:
    """The last event of an assignment that came to nothing."""
    if assignment.trial:
        return TrialEnded(assignment.run, reason)
    return RunEnded(failure(assignment, status, reason))


def failure(assignment: Assignment, status: Status, reason: str) -> Record:
    """The record of a run that came to nothing."""
    run = assignment.run
    return Record(run=run, status=status, error=reason, jobs=assignment.jobs, versions=versions(run))


def work(connection: Connection, variables: Mapping[str, str], log: str) -> None:
    """The life of a worker process: assignments in, events out, until the driver hangs up."""
    # Ctrl-C, a group's SIGTERM and a closed terminal reach every process; only the driver decides what they mean.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):  # not every system has all
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.environ.update(variables)  # before the backend is imported: it reads them once
    with Path(log).open("ab", buffering=0) as file:
        # What a person's own code prints must not get among the driver's results.
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    assignments: queue.SimpleQueue[Assignment] = queue.SimpleQueue()
    stopping = threading.Event()

    def listen() -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                os._exit(0)  # the driver is gone or has no more work: whatever still runs is nobody's
            if message == STOP:
                stopping.set()
            else:
                assignments.put(message)

    threading.Thread(target=listen, daemon=True).start()
    trainer = Trainer()
    load = functools.lru_cache(maxsize=KEPT_DATA)(datasets.load)
    while True:
        carry_out(assignments.get(), trainer, connection.send, stopping.is_set, load)
