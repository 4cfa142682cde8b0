"""Worker processes of this machine: each trains one run after the other, and dies alone.

The driver talks to a worker over one pipe. It sends an ``Assignment`` and, to end a run early, ``STOP``; a worker sends
events. Processes are spawned, never forked: a fork of a process with threads can deadlock.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import multiprocessing as mp
import signal
import sys
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType

from actbench import environment
from actbench.execution.events import RunEnded, RunEvent, TrialEnded
from actbench.execution.executor import POLL_SECONDS, Assignment, Halt, Skip, none
from actbench.execution.scratch import scratch_folder
from actbench.execution.worker import STOP, ended, work
from actbench.results.columns import Status
from actbench.training import backends
from actbench.training.run import STARVED, ProcessSettings

GROWTH_SHARE = 0.25
"""Of the machine's memory, divided by the runs at a time: how far a worker may grow over its runs before a fresh one
takes its place. A process gets back next to nothing of what is compiled in it, kept or not: 10 MiB an arm of a small
MLP, 600 MiB over sixty (``benchmarks/memory.py``). A fresh one costs some seconds, and compiles anew."""
LAST_WORDS = 20_000
"""How many bytes of what a worker wrote before its death are searched for the reason."""


@dataclass(frozen=True)
class LocalExecutor:
    """Trains runs in worker processes on this machine. See ``Executor``, which this class is one of.

    Attributes:
        growth_mib: how far a worker may grow, in MiB; None: by a share of the machine's memory. See ``Growth``.
    """

    growth_mib: float | None = None

    def device_kind(self, asked: str, backend: str = backends.DEFAULT) -> str:
        """What the backend sees here."""
        return backends.get(backend).device_kind(asked)

    def run(self, assignments: Sequence[Assignment], jobs: int, halt: Halt, skip: Skip = none) -> Generator[RunEvent]:
        """Train the assignments; a worker that dies costs its run, and another one takes its place."""
        with scratch_folder() as folder:
            share = GROWTH_SHARE * environment.total_memory_mib() / jobs
            pool = _Pool(folder, jobs, deque(assignments), share if self.growth_mib is None else self.growth_mib)
            try:
                while pool.busy:
                    if halt():
                        pool.ask_to_stop()
                    pool.hand_out(skip)
                    yield from pool.collect()
            except BaseException:
                pool.end(kill=True)
                raise
            pool.end(kill=False)


class Growth:
    """How far a process has grown since its first run, not counting the run that it grew by most, in MiB.

    A fresh process would have to grow by that one too, for the size of its network or data: what is left is what a
    fresh process is rid of. So no single run, however large, has the process replaced again and again.
    """

    def __init__(self) -> None:
        self._sizes: list[float] = []

    def note(self, mib: float) -> float:
        """Take the size after a run, and say how far the process has grown."""
        self._sizes.append(mib)
        steps = [later - earlier for earlier, later in itertools.pairwise(self._sizes)]
        return sum(steps) - max(steps, default=0.0)


class _Worker:
    """The driver's end of a worker process."""

    def __init__(self, settings: ProcessSettings, variables: Mapping[str, str], folder: Path, number: int) -> None:
        context = mp.get_context("spawn")
        self.settings = settings
        self.log = folder / f"worker-{number}.log"
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=work, args=(theirs, variables, str(self.log)), name=f"actbench-worker-{number}", daemon=True
        )
        with _program_left_out():
            self.process.start()
        # Whatever way the driver goes, Python waits for its processes at its end, after a SIGTERM, which they ignore.
        # They must be gone by then; what is registered last is called first.
        atexit.register(self.process.kill)
        theirs.close()
        self.assignment: Assignment | None = None
        self.growth = Growth()
        self._written_before = 0

    def give(self, assignment: Assignment) -> None:
        self.assignment = assignment
        self._written_before = self._written()
        # A worker that died meanwhile is found by its sentinel, together with the run that it never got.
        with contextlib.suppress(OSError):
            self.connection.send(assignment)

    def ask_to_stop(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.send(STOP)

    def events(self) -> Iterator[RunEvent]:
        """What has arrived; ends quietly where the pipe is broken."""
        with contextlib.suppress(EOFError, OSError):
            while self.connection.poll():
                yield self.connection.recv()

    def death(self) -> tuple[Status, str]:
        """The status and reason of a worker that ended in the middle of a run."""
        self.process.join()
        code = self.process.exitcode or 0
        lines = [line.strip() for line in self._last_words().splitlines() if line.strip()]
        # Before LLVM ends, it says why, and then where in many lines.
        starved = next((line for line in lines if STARVED.search(line)), None)
        last = starved or (lines or [""])[-1]
        name = f"{signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        hint = " (the system kills so when memory runs out)" if name == "SIGKILL" else ""
        return (
            "oom" if starved is not None else "failed",
            f"the worker process died of {name}{hint}. {last[:300]}".strip(),
        )

    def _last_words(self) -> str:
        """The end of what was written during the run."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(self._written_before, self._written() - LAST_WORDS))
            return file.read().decode(errors="replace")

    def _written(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def end(self, *, kill: bool = False) -> None:
        self.connection.close()
        if kill:
            self.process.kill()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        atexit.unregister(self.process.kill)


@contextlib.contextmanager
def _program_left_out() -> Iterator[None]:
    """Inside the block, new processes import nothing of the program that was started.

    They need nothing of it; a notebook has nothing to import, and a script without ``if __name__ == "__main__"`` would
    begin all over in each of them.
    """
    program = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = program


class _Pool:
    """The workers, and the assignments that wait for one."""

    def __init__(self, folder: Path, jobs: int, pending: deque[Assignment], growth_mib: float) -> None:
        self.folder = folder
        self.jobs = jobs
        self.pending = pending
        self.growth_mib = growth_mib
        self.threads = max(1, environment.usable_cores() // jobs) if jobs > 1 else None
        self.workers: list[_Worker] = []
        self.numbers = itertools.count()

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""
        return bool(self.pending) or any(worker.assignment for worker in self.workers)

    def ask_to_stop(self) -> None:
        """Begin nothing more, and let what runs end after its epoch."""
        self.pending.clear()
        for worker in self.workers:
            worker.ask_to_stop()

    def hand_out(self, skip: Skip) -> None:
        """Give every idle worker an assignment, in order, while there is one that is wanted."""
        while self.pending:
            if skip(self.pending[0].run):
                self.pending.popleft()
                continue
            worker = self._worker_for(ProcessSettings.of(self.pending[0].run))
            if worker is None:
                return
            worker.give(self.pending.popleft())

    def _worker_for(self, settings: ProcessSettings) -> _Worker | None:
        """An idle worker with these settings, an old one or a new one; None where all are busy.

        A worker keeps its settings for life. Where an idle one has others and there is room for no more, it makes way.
        """
        idle = [worker for worker in self.workers if worker.assignment is None]
        for worker in idle:
            if worker.settings == settings:
                return worker
        if len(self.workers) >= self.jobs:
            if not idle:
                return None
            idle[0].end()
            self.workers.remove(idle[0])
        # What libraries leave in the folder for temporary files goes with the pool's own, however a worker ends.
        variables = settings.environment(self.threads) | {"TMPDIR": str(self.folder)}
        worker = _Worker(settings, variables, self.folder, next(self.numbers))
        self.workers.append(worker)
        return worker

    def collect(self) -> Iterator[RunEvent]:
        """Wait a moment for news; a worker that has died gives a record for its run, and is gone.

        So is one that has grown too far, once its run has ended.
        """
        ends = [end for worker in self.workers for end in (worker.connection, worker.process.sentinel)]
        wait(ends, timeout=POLL_SECONDS)
        for worker in list(self.workers):
            gone = not worker.process.is_alive()  # asked first: what it sent before is then all there
            for event in worker.events():
                if isinstance(event, (RunEnded, TrialEnded)):
                    worker.assignment = None
                    gone |= worker.growth.note(environment.memory_mib(worker.process.pid)) > self.growth_mib
                yield event
            if gone:
                self.workers.remove(worker)
                worker.end()
                if worker.assignment is not None:
                    yield ended(worker.assignment, *worker.death())

    def end(self, *, kill: bool) -> None:
        """No worker outlives the sweep."""
        for worker in self.workers:
            worker.end(kill=kill)
