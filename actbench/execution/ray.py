"""The same study on a Ray cluster: one run a Ray task, the driver still the only writer.

What Ray does by itself and what is wanted differ in places, and each is settled here: it sets OMP_NUM_THREADS, leaves
GPUs visible to tasks that asked for none, retries tasks killed for memory for ever, and replaces the SIGTERM handler.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import socket
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from actbench import custom, datasets
from actbench.errors import UserError
from actbench.execution.events import CheckpointTaken, RunEnded, RunEvent, TrialEnded
from actbench.execution.executor import POLL_SECONDS, Assignment, Halt, Skip, none
from actbench.execution.worker import carry_out, ended
from actbench.lazy import lazy
from actbench.results.checkpoint import Checkpoint
from actbench.training import backends
from actbench.training.run import ProcessSettings, Trainer, one_line

ray = lazy("ray")

LOST_RETRIES = 3
"""How often a run begins again (at its last checkpoint) after its worker or node was lost; a failing run never does."""
RUNS_PER_PROCESS = 50
"""After so many runs on the CPU, Ray ends their process: the memory that compiled programs took comes back in no other
way. Ray can count runs, not memory; a run with a GPU has a process of its own, as Ray has it by default."""


@dataclass(frozen=True)
class RayExecutor:
    """Trains runs on a Ray cluster. See ``Executor``, which this class is one of.

    Attributes:
        address: of an existing cluster (``auto``, ``HOST:PORT``, ``ray://…``); None starts a local one.
        cpus_per_run: CPU cores that a run asks for, and threads that it may use.
        gpus_per_run: GPUs that a run asks for; with none it runs on the CPU and sees no GPU.
    """

    address: str | None = None
    cpus_per_run: int = 1
    gpus_per_run: float = 0

    def device_kind(self, asked: str, backend: str = backends.DEFAULT) -> str:  # noqa: ARG002 - asked for all alike
        """What the runs ask for decides: they are trained elsewhere. Raises UserError for a GPU not asked for."""
        if asked == "gpu" and not self.gpus_per_run:
            raise UserError("--device gpu on a cluster needs --gpus-per-run, for instance 1.")
        return "gpu" if asked != "cpu" and self.gpus_per_run else "cpu"

    def run(self, assignments: Sequence[Assignment], jobs: int, halt: Halt, skip: Skip = none) -> Generator[RunEvent]:
        """Train the assignments, ``jobs`` at a time or, where that is 1, as many as the cluster has room for."""
        if not assignments:
            return
        self._connect()
        try:
            yield from _Driver(self, assignments, jobs).events(halt, skip)
        finally:
            ray.shutdown()

    def task_options(self) -> dict[str, Any]:
        """What every run asks of Ray."""
        bounds = {} if self.gpus_per_run else {"max_calls": RUNS_PER_PROCESS}
        return {"num_cpus": self.cpus_per_run, "num_gpus": self.gpus_per_run, "max_retries": 0} | bounds

    def environment(self, settings: ProcessSettings) -> dict[str, str]:
        """Set in a worker before it imports the backend; Ray gives runs with another one another process."""
        hidden = {} if self.gpus_per_run else {"CUDA_VISIBLE_DEVICES": ""}
        own = {"ACTBENCH_PROCESS_SETTINGS": f"{settings.backend} deterministic={settings.deterministic}"}
        return settings.environment(self.cpus_per_run) | hidden | own

    def _connect(self) -> None:
        # Read by the driver when Ray is imported: a run that was killed for its memory would be killed again.
        os.environ.setdefault("RAY_task_oom_retries", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        os.environ.setdefault("RAY_DEDUP_LOGS", "0")
        handler = signal.getsignal(signal.SIGTERM)
        self._probe()
        options: dict[str, Any] = {"address": self.address} if self.address else {"include_dashboard": False}
        try:
            ray.init(**options, log_to_driver=False, logging_level="error")
        except ModuleNotFoundError:
            raise UserError("--executor ray needs the extra 'ray': install it with pip install -e '.[ray]'.") from None
        except Exception as error:  # Ray raises whatever its layers raise, from ConnectionError to RuntimeError
            where = f"the Ray cluster at {self.address!r}" if self.address else "a local Ray cluster"
            raise UserError(f"Cannot reach {where}: {one_line(error)}. Is it running ('ray status')?") from error
        if signal.getsignal(signal.SIGTERM) is not handler:
            signal.signal(signal.SIGTERM, handler)

    def _probe(self) -> None:
        """Refuse at once an address where nobody listens: Ray itself tries for more than a minute."""
        host, _, port = (self.address or "").removeprefix("ray://").rpartition(":")
        if not host or not re.fullmatch("[0-9]{1,5}", port):
            return
        try:
            socket.create_connection((host, int(port)), timeout=10).close()
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(f"Cannot reach the Ray cluster at {self.address!r}: {reason}. Is it running?") from None


class _Mailbox:
    """An actor on the driver's node: what runs send on their way, and whether they are to stop."""

    def __init__(self) -> None:
        self.events: list[RunEvent] = []
        self.stopped = False

    def put(self, event: RunEvent) -> None:
        self.events.append(event)

    def take(self) -> list[RunEvent]:
        events, self.events = self.events, []
        return events

    def stop(self) -> None:
        self.stopped = True

    def stopping(self) -> bool:
        return self.stopped


def train_remotely(assignment: Assignment, data: list[Any], mailbox: Any, folder: str) -> RunEvent:
    """The remote function: one run, in a process that Ray chose, with data that its node has fetched once."""
    if Path(folder).is_dir():
        os.chdir(folder)  # where the study was started: the names of a person's own files lead on from there
    last: list[RunEvent] = []

    def send(event: RunEvent) -> None:
        # The last event is the return value, not a message: it arrives with the end of the task, once.
        if isinstance(event, (RunEnded, TrialEnded)):
            last.append(event)
        else:
            mailbox.put.remote(event)

    def stopping() -> bool:
        return bool(ray.get(mailbox.stopping.remote()))

    carry_out(assignment, _trainer(), send, stopping, lambda _: _fetch(data[0]))
    return last[0]


@functools.cache
def _trainer() -> Trainer:
    return Trainer()


@functools.lru_cache(maxsize=2)
def _fetch(reference: Any) -> datasets.Dataset:
    data: datasets.Dataset = ray.get(reference)
    return data


class _Driver:
    """The runs in flight, and those that wait."""

    def __init__(self, executor: RayExecutor, assignments: Sequence[Assignment], jobs: int) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self.mailbox = ray.remote(num_cpus=0, scheduling_strategy=here)(_Mailbox).remote()
        self.executor = executor
        self.remote = ray.remote(scheduling_strategy="SPREAD", **executor.task_options())(train_remotely)
        self.jobs = jobs if jobs > 1 else _capacity(executor)
        self.pending = deque(replace(assignment, jobs=self.jobs) for assignment in assignments)
        self.running: dict[Any, Assignment] = {}
        self.lost: dict[str, int] = {}
        self.checkpoints: dict[str, Checkpoint] = {}
        self.data = functools.lru_cache(maxsize=2)(_put)

    def events(self, halt: Halt, skip: Skip) -> Iterator[RunEvent]:
        """Everything the runs send, and a last event for each that was begun."""
        while self.pending or self.running:
            if halt():
                self.pending.clear()
                self.mailbox.stop.remote()
            while self.pending and len(self.running) < self.jobs:
                assignment = self.pending.popleft()
                if not skip(assignment.run):
                    self.running[self.submit(assignment)] = assignment
            if not self.running:  # nothing of what was left is wanted any more
                continue
            done, _ = ray.wait(list(self.running), timeout=POLL_SECONDS)
            yield from self.mail()
            for reference in done:
                event = self.outcome(reference, self.running.pop(reference))
                if event is not None:
                    yield event

    def submit(self, assignment: Assignment) -> Any:
        """Hand a run to Ray. Returns the reference to its last event."""
        variables = self.executor.environment(ProcessSettings.of(assignment.run))
        remote = self.remote.options(runtime_env={"env_vars": variables})
        # In a list, so that Ray passes the reference on, and each worker keeps one copy for all its runs.
        data = [self.data(assignment.request, assignment.folder)]
        return remote.remote(assignment, data, self.mailbox, str(Path.cwd()))

    def mail(self) -> Iterator[RunEvent]:
        """What has arrived on the way; the last checkpoints are kept for runs that get lost."""
        for event in ray.get(self.mailbox.take.remote()):
            if isinstance(event, CheckpointTaken):
                self.checkpoints[event.run.key] = event.checkpoint
            yield event

    def outcome(self, reference: Any, assignment: Assignment) -> RunEvent | None:
        """The last event of a run that has ended, or None where it begins again because its worker was lost."""
        try:
            event: RunEvent = ray.get(reference)
        except ray.exceptions.OutOfMemoryError as error:
            return ended(assignment, "oom", one_line(error))
        except ray.exceptions.RayTaskError as error:
            return ended(assignment, "failed", one_line(error.cause or error))
        except ray.exceptions.RayError as error:
            key = assignment.run.key
            self.lost[key] = self.lost.get(key, 0) + 1
            if self.lost[key] > LOST_RETRIES:
                return ended(assignment, "failed", f"lost {self.lost[key]} times: {one_line(error)}")
            self.pending.appendleft(replace(assignment, checkpoint=self.checkpoints.get(key, assignment.checkpoint)))
            return None
        self.checkpoints.pop(assignment.run.key, None)
        return event


def _put(request: datasets.Request, folder: str) -> Any:
    with custom.names_from(folder):
        return ray.put(datasets.load(request))


def _capacity(executor: RayExecutor) -> int:
    """How many runs the cluster has room for. Raises UserError where there is none for a single one."""
    there = ray.cluster_resources()
    places = [there.get("CPU", 0) / executor.cpus_per_run]
    if executor.gpus_per_run:
        places.append(there.get("GPU", 0) / executor.gpus_per_run)
    if min(places) < 1:
        raise UserError(
            f"The cluster has {there.get('CPU', 0):g} CPUs and {there.get('GPU', 0):g} GPUs in all: too few for one "
            f"run, which asks for {executor.cpus_per_run} and {executor.gpus_per_run:g}."
        )
    return int(min(places))
