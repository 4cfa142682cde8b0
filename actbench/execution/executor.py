"""Where runs are trained: the protocol between a sweep and its executors."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from actbench.datasets import Request
from actbench.execution.events import RunEvent
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import Run
from actbench.training import backends

POLL_SECONDS = 0.2
"""How long an executor may take to notice that it was asked to halt."""

Skip: TypeAlias = Callable[[Run], bool]
"""Whether a run that has not been begun is not wanted any more."""
Halt: TypeAlias = Callable[[], bool]
"""Whether somebody wants the sweep to end after the running epochs."""


@dataclass(frozen=True)
class Assignment:
    """A run to train, with what a worker needs for it.

    Attributes:
        run: what to train.
        request: the data to train it on.
        checkpoint: the state to go on from, if it was begun before.
        checkpoint_epochs: take a checkpoint every so many epochs; None takes one about every ``checkpoint_seconds``.
        jobs: how many runs share the machine, for the record.
        folder: what the names of files are relative to.
        trial: only try it with a few inputs; see ``training.trial``.
    """

    run: Run
    request: Request
    checkpoint: Checkpoint | None = None
    checkpoint_epochs: int | None = None
    checkpoint_seconds: float = 300.0
    jobs: int = 1
    folder: str = "."
    trial: bool = False


def none(_run: Run) -> bool:
    """All runs are wanted: a `Skip`."""
    return False


class Executor(Protocol):
    """Trains runs somewhere: in processes of this machine, on a cluster, or, in tests, not at all."""

    def device_kind(self, asked: str, backend: str = backends.DEFAULT) -> str:
        """Resolve ``auto``, ``cpu`` or ``gpu`` to the kind that a run will get. Raises UserError."""

    def run(self, assignments: Sequence[Assignment], jobs: int, halt: Halt, skip: Skip = none) -> Generator[RunEvent]:
        """Train the assignments, begun in this order, and yield everything that becomes known of them.

        Every run that is begun ends in a ``RunEnded``, also one whose worker dies; a trial in a ``TrialEnded``. Once
        ``halt`` says so, none is begun any more, and those running end after their epoch, with a checkpoint. Closing
        the generator ends all at once.

        Args:
            assignments: what to train.
            jobs: how many at a time.
            halt: asked now and then.
            skip: asked before each run is begun.
        """
