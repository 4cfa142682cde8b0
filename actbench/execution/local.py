"""Worker processes: each trains one run after the other, and dies alone.

The driver talks to a worker over one pipe. It sends ``Task`` objects and, to end a run early, ``STOP``; a worker sends
``Started``, ``Progressed``, ``Checkpoint`` and, at the end of each task, a ``Record``. Processes are spawned, never
forked: a fork of a process with threads can deadlock.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import multiprocessing as mp
import os
import queue
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from actbench import datasets, environment
from actbench.datasets import Request
from actbench.errors import UserError
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import Epoch, Record, Run, Versions
from actbench.training.run import Observer, Trainer, one_line

STOP = "stop"
POLL_SECONDS = 0.2
"""How long the driver may take to notice that it was asked to stop."""


@dataclass(frozen=True)
class Task:
    """A run to train, with what a worker needs for it.

    ``checkpoint_epochs``: take a checkpoint every so many epochs; None takes one about every ``checkpoint_seconds``.
    """

    run: Run
    request: Request
    checkpoint: Checkpoint | None = None
    checkpoint_epochs: int | None = None
    checkpoint_seconds: float = 300.0
    jobs: int = 1


@dataclass(frozen=True)
class Started:
    """A worker has begun with a run."""

    run: Run


@dataclass(frozen=True)
class Progressed:
    """A run has a new row."""

    run: Run
    row: Epoch


Event: TypeAlias = Started | Progressed | Checkpoint | Record


Halt: TypeAlias = Callable[[], bool]
"""Whether somebody wants the sweep to end after the running epochs."""


class Engine(Protocol):
    """Where runs are trained: worker processes of this machine, or a cluster."""

    def device_kind(self, asked: str) -> str:
        """Resolve ``auto``, ``cpu`` and ``gpu`` to what a run will get. Raises UserError."""

    def run(self, tasks: Sequence[Task], jobs: int, halt: Halt) -> Iterator[Event]:
        """Train the tasks, so many at a time, until told to halt, and yield everything that becomes known of them."""


def execute(
    task: Task,
    trainer: Trainer,
    send: Callable[[Event], None],
    stop: Callable[[], bool],
    load: Callable[[Request], datasets.Dataset],
) -> None:
    """Train one task and send everything that becomes known of it; the record comes last, whatever happens."""
    send(Started(task.run))
    try:
        data = load(task.request)
        watch = _Watch(task, send, stop)
        record = trainer.train(task.run, data, watch, checkpoint=task.checkpoint, jobs=task.jobs)
    except MemoryError as error:
        record = broken(task, "oom", one_line(error))
    except UserError as error:
        record = broken(task, "failed", " ".join(str(error).split()))
    except Exception as error:  # noqa: BLE001 - whatever it is, it costs this run only
        record = broken(task, "failed", one_line(error))
    send(record)


def broken(task: Task, status: Any, reason: str) -> Record:
    """The record of a run that came to nothing."""
    return Record(
        run=task.run, status=status, error=reason, jobs=task.jobs, versions=Versions(**environment.versions())
    )


class _Watch(Observer):
    """Passes a run's rows and checkpoints on, and its wish to stop back."""

    def __init__(self, task: Task, send: Callable[[Event], None], stop: Callable[[], bool]) -> None:
        self.task = task
        self.send = send
        self.stop = stop  # type: ignore[method-assign]
        self.last = time.monotonic()
        self.since = 0

    def epoch(self, row: Epoch) -> None:
        self.since += row.epoch > 0
        self.send(Progressed(self.task.run, row))

    def checkpoint_due(self) -> bool:
        if self.task.checkpoint_epochs is not None:
            return self.since >= self.task.checkpoint_epochs
        return time.monotonic() - self.last >= self.task.checkpoint_seconds

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        self.send(checkpoint)
        self.last, self.since = time.monotonic(), 0


def work(connection: Connection, settings: Mapping[str, str], log: str) -> None:
    """The life of a worker process: tasks in, events out, until the driver hangs up."""
    # Ctrl-C and a group's SIGTERM reach every process; only the driver decides what they mean.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.environ.update(settings)  # before TensorFlow is imported: it reads them once
    with Path(log).open("ab", buffering=0) as file:
        os.dup2(file.fileno(), 2)
    tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()
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
                tasks.put(message)

    threading.Thread(target=listen, daemon=True).start()
    trainer = Trainer()
    # Two data sets at a time: arms are interleaved, so a grid over data sets would otherwise reload at each run.
    load = functools.lru_cache(maxsize=2)(datasets.load)
    while True:
        execute(tasks.get(), trainer, connection.send, stopping.is_set, load)


class _Worker:
    """The driver's end of a worker process."""

    def __init__(self, settings: Mapping[str, str], folder: Path, number: int) -> None:
        context = mp.get_context("spawn")
        self.log = folder / f"worker-{number}.log"
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=work, args=(theirs, settings, str(self.log)), name=f"actbench-worker-{number}", daemon=True
        )
        self.process.start()
        theirs.close()
        self.task: Task | None = None

    def give(self, task: Task) -> None:
        self.task = task
        # A worker that died meanwhile is found by its sentinel, together with the task that it never got.
        with contextlib.suppress(OSError):
            self.connection.send(task)

    def ask_to_stop(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.send(STOP)

    def events(self) -> Iterator[Event]:
        """What has arrived; ends quietly where the pipe is broken."""
        with contextlib.suppress(EOFError, OSError):
            while self.connection.poll():
                yield self.connection.recv()

    def death(self) -> tuple[str, str]:
        """The status and reason of a worker that ended in the middle of a run."""
        self.process.join()
        code = self.process.exitcode or 0
        said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:] if self.log.exists() else ""
        last = next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "")
        name = f"{signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        hint = " (the system kills so when memory runs out)" if name == "SIGKILL" else ""
        starved = any(word in said for word in ("bad_alloc", "out of memory", "Cannot allocate memory"))
        return "oom" if starved else "failed", f"the worker process died of {name}{hint}. {last[:300]}".strip()

    def end(self, *, kill: bool = False) -> None:
        self.connection.close()
        if kill:
            self.process.kill()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class LocalEngine:
    """Trains tasks in worker processes on this machine."""

    def device_kind(self, asked: str) -> str:
        """Resolve ``auto``; TensorFlow, which takes seconds to import, is asked only where there might be a GPU."""
        if asked == "cpu" or (asked == "auto" and not environment.gpu_possible()):
            return "cpu"
        from actbench.training.backends import tensorflow as engine

        return engine.device_kind(asked)

    def run(self, tasks: Sequence[Task], jobs: int, halt: Halt) -> Iterator[Event]:
        """Train the tasks, ``jobs`` at a time, and yield what the workers send, as it comes.

        Every task that is begun ends in a record, also one whose worker dies; another worker then takes its place. Once
        ``halt`` says so, no task is begun any more and those running end after their epoch.
        """
        with tempfile.TemporaryDirectory(prefix="actbench-") as folder:
            pool = _Pool(Path(folder), jobs, deque(tasks))
            try:
                while pool.busy:
                    if halt():
                        pool.ask_to_stop()
                    pool.hand_out()
                    yield from pool.collect()
            except BaseException:
                pool.end(kill=True)
                raise
            pool.end(kill=False)


class _Pool:
    """The workers, and the tasks that wait for one."""

    def __init__(self, folder: Path, jobs: int, pending: deque[Task]) -> None:
        self.folder = folder
        self.jobs = jobs
        self.pending = pending
        cores = environment.usable_cores()
        # What libraries leave in the folder for temporary files goes with the pool's own, however a worker ends.
        self.settings = {"TMPDIR": str(folder)} | (thread_settings(max(1, cores // jobs)) if jobs > 1 else {})
        self.workers: list[_Worker] = []
        self.numbers = itertools.count()

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""
        return bool(self.pending) or any(worker.task for worker in self.workers)

    def ask_to_stop(self) -> None:
        """Begin nothing more, and let what runs end after its epoch."""
        self.pending.clear()
        for worker in self.workers:
            worker.ask_to_stop()

    def hand_out(self) -> None:
        """Give every idle worker a task; start another one while there may be more of them."""
        while self.pending:
            idle = next((worker for worker in self.workers if worker.task is None), None)
            if idle is None:
                if len(self.workers) >= self.jobs:
                    return
                idle = _Worker(self.settings, self.folder, next(self.numbers))
                self.workers.append(idle)
            idle.give(self.pending.popleft())

    def collect(self) -> Iterator[Event]:
        """Wait a moment for news; a worker that has died gives a record for its task, and is gone."""
        ends = [end for worker in self.workers for end in (worker.connection, worker.process.sentinel)]
        wait(ends, timeout=POLL_SECONDS)
        for worker in list(self.workers):
            dead = not worker.process.is_alive()  # asked first: what it sent before is then all there
            for event in worker.events():
                if isinstance(event, Record):
                    worker.task = None
                yield event
            if dead:
                self.workers.remove(worker)
                if worker.task is not None:
                    yield broken(worker.task, *worker.death())

    def end(self, *, kill: bool) -> None:
        """No worker outlives the sweep."""
        for worker in self.workers:
            worker.end(kill=kill)


def thread_settings(threads: int) -> dict[str, str]:
    """Environment variables that hold a worker to so many threads, so that workers do not fight over the cores."""
    return dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), str(threads))
