"""The one stream of events, from the worker that trains to whoever watches.

Executors yield events, ``sweep`` stores what is to be stored and hands every event on to its listeners. A listener is
anything that can be called with an event: a progress bar, a logger, the ``append`` of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import Epoch, Record, Run
from actbench.training.tried import Tried

if TYPE_CHECKING:
    from actbench.studies.tuning.trials import Tuned
    from actbench.tables.findings import TaskFindings


@dataclass(frozen=True)
class SweepPlanned:
    """The first event of a sweep.

    Attributes:
        runs: what is to be trained, in order.
        stored: how many more runs the store holds already.
        varying: beside the activation, the fields of a run that tell the runs of the plan apart.
    """

    runs: tuple[Run, ...]
    stored: int
    varying: tuple[str, ...] = ()


@dataclass(frozen=True)
class StopAsked:
    """Somebody wants the sweep to end: it will, after the running epochs."""


@dataclass(frozen=True)
class RunStarted:
    """A worker has begun with a run, or goes on with it after so many epochs."""

    run: Run
    after: int = 0


class Phase(StrEnum):
    """What a run is at before its first epoch."""

    READING = "reading data"
    COMPILING = "compiling"


@dataclass(frozen=True)
class PhaseBegan:
    """A run that was begun has come to this."""

    run: Run
    phase: Phase


@dataclass(frozen=True)
class EpochEnded:
    """A run has a new row; that of epoch 0 is the evaluation before training."""

    run: Run
    row: Epoch


@dataclass(frozen=True)
class CheckpointTaken:
    """A run's state after an epoch, to go on from."""

    run: Run
    checkpoint: Checkpoint


@dataclass(frozen=True)
class CheckpointRefused:
    """A run could not go on from its checkpoint, for this reason, and begins anew."""

    run: Run
    reason: str


@dataclass(frozen=True)
class RunEnded:
    """A run has come to an end, whatever end. The last event of every run that was begun."""

    record: Record


@dataclass(frozen=True)
class TrialEnded:
    """A run was tried with a few inputs, to see whether a person's own code in it works.

    ``error`` says why it does not, in a sentence, and ``trace`` where; both are empty where it does. ``found`` is what
    was met that is hardly meant.
    """

    run: Run
    error: str = ""
    trace: str = ""
    found: Tried | None = None


@dataclass(frozen=True)
class LookEnded:
    """Seeds are added until it is decided, and so many have been looked at: what is known of every task by now."""

    seeds: int
    tasks: tuple[TaskFindings, ...]


@dataclass(frozen=True)
class TuningEnded:
    """Every arm has settings of its own: by the name of each tuning, by arm."""

    chosen: Mapping[str, Mapping[str, Tuned]]


RunEvent: TypeAlias = RunStarted | PhaseBegan | EpochEnded | CheckpointTaken | CheckpointRefused | RunEnded | TrialEnded
"""What an executor yields."""
Event: TypeAlias = SweepPlanned | StopAsked | RunEvent | LookEnded | TuningEnded
"""What a listener is called with."""
Listener: TypeAlias = Callable[[Event], None]
