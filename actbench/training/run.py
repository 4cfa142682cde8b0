"""One run from the first weight to the last evaluation: iterate over its epochs, then take its record.

``Trainer.begin(run, data)`` returns a ``Training``. It owns the clocks; it touches no file and tells nobody anything.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from actbench import environment
from actbench.custom import named_error, place_in, unwrapped
from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import Epoch, Record, Run, Status, Versions
from actbench.training import backends, schedules
from actbench.training.backends import Program
from actbench.training.build import build
from actbench.training.programs import Programs

if TYPE_CHECKING:
    import numpy as np

    from actbench.datasets import Dataset

keras = lazy("keras")

ANSI = re.compile(r"\x1b\[[0-9;]*m")


LONGEST = 500
"""Letters of an error that people still read."""
STARVED = re.compile(
    "bad_alloc|out of memory|cannot allocate memory|allocation failed|failed to allocate|resource_exhausted",
    re.IGNORECASE,
)
"""What C++, LLVM, XLA and the system say where memory ran out, whatever kind of error that becomes."""


class CheckpointError(Exception):
    """A checkpoint does not fit the run's network; the message says why."""


class ProcessSettings(NamedTuple):
    """What a run sets for its whole process, for good: no run with other settings may follow it there.

    Attributes:
        backend: Keras is imported for one only.
        deterministic: the switch knows no way back.
    """

    backend: str
    deterministic: bool

    @classmethod
    def of(cls, run: Run) -> ProcessSettings:
        """Those that a run needs."""
        return cls(run.backend, run.deterministic)

    def environment(self, threads: int | None = None) -> dict[str, str]:
        """Variables for such a process, which may use so many threads (None: all cores).

        How a sum is split over threads changes its last digits, so a deterministic process has one, whatever the
        machine and however many runs share it.
        """
        return backends.get(self.backend).environment(1 if self.deterministic else threads)


def versions(run: Run) -> Versions:
    """The versions of all that computes the run's numbers."""
    return Versions(**environment.versions(), backend_version=backends.get(run.backend).version)


class Trainer:
    """Trains runs one after the other, and keeps what they have in common.

    Attributes:
        programs: what is compiled, and the data that it is compiled for.
    """

    def __init__(self) -> None:
        self.programs = Programs()

    def begin(self, run: Run, data: Dataset, *, checkpoint: Checkpoint | None = None, jobs: int = 1) -> Training:
        """A run about to be trained.

        Args:
            run: what to do.
            data: the data that the run names.
            checkpoint: go on from here.
            jobs: how many runs share the machine, for the record.
        """
        return Training(self, run, data, checkpoint, jobs)


class _State(NamedTuple):
    """What changes from epoch to epoch."""

    program: Program
    stream: np.random.RandomState


class Training:
    """One run in progress: iterating over it trains an epoch at a time and gives each one's row.

    The first row is that of epoch 0, an evaluation before training, unless a checkpoint holds it already. Between two
    epochs, ``checkpoint`` gives the state and ``interrupt`` ends the run. When no more rows come, ``record`` says what
    came of it: ``ok``; ``diverged`` once a loss is NaN or infinite; ``interrupted``; ``oom`` when memory ran out;
    ``failed``, with the reason, for any other error of the network's own code.

    Iterating raises UserError where the run cannot be trained as asked, and CheckpointError where it cannot go on from
    the checkpoint given: without it, it can begin anew.

    Attributes:
        run: what is trained.
        ended: whether the last row was the last one, and nothing is left to interrupt.
    """

    def __init__(
        self, trainer: Trainer, run: Run, data: Dataset, checkpoint: Checkpoint | None = None, jobs: int = 1
    ) -> None:
        self.run = run
        self.ended = False
        self._trainer = trainer
        self._data = data
        self._checkpoint = checkpoint
        self._jobs = jobs
        self._backend = backends.settle(run.backend)
        self._status: Status = "ok"
        self._error = ""
        self._epochs: list[Epoch] = list(checkpoint.epochs) if checkpoint else []
        self._state: _State | None = None
        self._parameters: int | None = None
        self._sites: int | None = None
        self._compile_seconds: float | None = checkpoint.compile_seconds if checkpoint else None
        self._train_seconds = self._epochs[-1].train_seconds if self._epochs else 0.0
        self._eval_seconds = self._epochs[-1].eval_seconds if self._epochs else 0.0
        self._suspended = environment.suspended_seconds()
        self._cpu = environment.CpuWatch()
        self._started_at = now()
        self._sittings = 1 + (checkpoint.sittings if checkpoint else 0)
        # A run that was broken off has its earlier sittings' time on the clock already.
        self._began = environment.running_seconds() - (checkpoint.wall_seconds if checkpoint else 0.0)

    def __iter__(self) -> Iterator[Epoch]:
        """Build, compile and train; a row an epoch."""
        environment.reset_peak_memory()
        if self.run.deterministic:
            self._backend.set_determinism()
        try:
            yield from self._rows()
        except CheckpointError:
            raise
        except Exception as problem:
            if isinstance(problem, UserError) and problem.__context__ is None:
                raise  # not an accident of somebody's code: it was asked for what cannot be
            self._error = one_line(problem)
            starved = _comes_from(problem, self._backend.out_of_memory) or STARVED.search(self._error)
            self._status = "oom" if starved else "failed"
        self.ended = True

    def interrupt(self) -> None:
        """Train no further epoch. A run that has ended already stays as it ended."""
        if not self.ended:
            self._status = "interrupted"
            self.ended = True

    def checkpoint(self) -> Checkpoint:
        """The state after the last row, to go on from with the very same numbers.

        Raises:
            RuntimeError: there is no row yet, and so nothing to keep.
        """
        if self._state is None:
            raise RuntimeError("A run has a state to keep once its first row is known.")
        return Checkpoint(
            run_key=self.run.key,
            epochs=tuple(self._epochs),
            variables=self._state.program.state(),
            stream=self._state.stream.get_state(legacy=True),
            compile_seconds=self._compile_seconds or 0.0,
            wall_seconds=environment.running_seconds() - self._began,
            sittings=self._sittings,
        )

    def record(self) -> Record:
        """What came of the run up to now."""
        program = self._state.program if self._state else None
        device_memory = program.peak_device_memory_mib() if program else None
        return Record(
            run=self.run,
            status=self._status,
            error=self._error,
            epochs=tuple(self._epochs),
            parameters=self._parameters,
            sites=self._sites,
            train_size=len(self._data.x_train),
            seen_in_training=self._data.seen_in_training,
            test_size=len(self._data.x_test),
            train_targets=self._data.train_targets,
            test_targets=self._data.test_targets,
            chance=self._data.chance,
            compiler=program.compiler if program else "",
            device_name=self._backend.device_name(self.run.device),
            jobs=self._jobs,
            others_cores=self._cpu.others(),
            compile_seconds=self._compile_seconds,
            wall_seconds=environment.running_seconds() - self._began,
            peak_memory_mib=environment.peak_memory_mib() if device_memory is None else device_memory,
            started_at=self._started_at,
            sittings=self._sittings,
            versions=versions(self.run),
        )

    def _rows(self) -> Iterator[Epoch]:
        run = self.run
        model, stream = build(run, self._data)
        from actbench.training.site import sites  # Keras is there by now

        self._parameters, self._sites = model.count_params(), len(sites(model))
        program, seconds = self._trainer.programs.take(run, self._data, model)
        self._state = _State(program, stream)
        self._compile_seconds = (self._compile_seconds or 0.0) + seconds
        enough = _early_stopping(run, model)
        if self._checkpoint is None:
            yield self._row(program, 0, self._evaluate(program, "train"))
        else:
            _go_on_from(self._checkpoint, program, stream)
            # It remembers what it saw, and may have seen enough by the last row.
            shown = [enough(row) for row in self._epochs[1:]]
            self.ended = any(shown) or len(self._epochs) > run.epochs
        while not self.ended:
            order = stream.permutation(len(self._data.x_train))
            began = environment.running_seconds()
            result = program.train_epoch(order)
            self._train_seconds += environment.running_seconds() - began
            row = self._row(program, len(self._epochs), result)
            if not all(math.isfinite(x) for x in (row.train_loss, row.val_loss, row.test_loss) if x is not None):
                self._status, self.ended = "diverged", True
            else:
                self.ended = enough(row) or row.epoch == run.epochs
            yield row

    def _evaluate(self, program: Program, part: str) -> tuple[Any, Any]:
        """Evaluate one part, on the evaluation clock; two Nones for a part without inputs."""
        began = environment.running_seconds()
        result = program.evaluate(part)
        self._eval_seconds += environment.running_seconds() - began
        return result or (None, None)

    def _row(self, program: Program, epoch: int, trained: tuple[Any, Any]) -> Epoch:
        """Evaluate what was not trained on, and keep the row."""
        val, test = self._evaluate(program, "val"), self._evaluate(program, "test")
        row = Epoch(
            epoch=epoch,
            train_loss=trained[0],
            train_accuracy=trained[1],
            val_loss=val[0],
            val_accuracy=val[1],
            test_loss=test[0],
            test_accuracy=test[1],
            train_seconds=self._train_seconds,
            eval_seconds=self._eval_seconds,
            learning_rate=self._learning_rate(epoch),
            suspended_seconds=self._suspended_since_last_row(),
        )
        self._epochs.append(row)
        return row

    def _learning_rate(self, epoch: int) -> float:
        """That of the epoch's last step; before the first epoch, that of the step to come."""
        steps = -(-len(self._data.x_train) // self.run.batch_size)
        step = max(epoch * steps - 1, 0)
        return schedules.rate_at(self.run.schedule, self.run.learning_rate, self.run.epochs * steps, step)

    def _suspended_since_last_row(self) -> float | None:
        before, self._suspended = self._suspended, environment.suspended_seconds()
        return round(self._suspended - before, 1) or None


def _go_on_from(checkpoint: Checkpoint, program: Program, stream: np.random.RandomState) -> None:
    """Put the checkpoint's state into both. Raises CheckpointError, with nothing changed, where it does not fit."""
    kept, needed = ([value.shape for value in values] for values in (checkpoint.variables, program.state()))
    if len(kept) != len(needed):
        raise CheckpointError(f"it holds {len(kept)} variables, the network has {len(needed)}")
    for number, (found, expected) in enumerate(zip(kept, needed, strict=True)):
        if found != expected:
            raise CheckpointError(f"its variable {number} has the shape {found}, the network's {expected}")
    try:
        stream.set_state(checkpoint.stream)
    except (TypeError, ValueError, IndexError) as error:
        raise CheckpointError(f"it cannot go on drawing batches: {error}") from error
    program.set_state(checkpoint.variables)


def _early_stopping(run: Run, model: Any) -> Callable[[Epoch], bool]:
    """A function that is shown every trained epoch in turn and says whether that is enough: Keras's own rule."""
    if run.patience is None:
        return lambda _: False
    rule = keras.callbacks.EarlyStopping(monitor="val_loss", mode="min", patience=run.patience)
    model.stop_training = False
    rule.set_model(model)
    rule.on_train_begin()

    def enough(row: Epoch) -> bool:
        rule.on_epoch_end(row.epoch - 1, {"val_loss": row.val_loss})
        return bool(model.stop_training)

    return enough


def _comes_from(problem: BaseException | None, kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether an error is, or was raised because of, one of these kinds: Keras raises new ones in place of others."""
    while problem is not None:
        if isinstance(problem, kinds):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def now() -> str:
    """The time, as the tables write it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def one_line(problem: BaseException) -> str:
    """An error as a cell of a table, on one line: its class and its message, and where in a person's own code it arose.

    Libraries tell where they are before they tell what is wrong, so a long message keeps its end. What is said to the
    person needs no class.
    """
    text = plain(str(problem) if isinstance(problem, UserError) else named_error(unwrapped(problem)))
    if len(text) > LONGEST:
        # Words are left whole, where there are any.
        text = f"{text[:100].rsplit(' ', 1)[0]} … {text[-(LONGEST - 103) :].split(' ', 1)[-1]}"
    place = plain(place_in(problem))
    return f"{text.rstrip('.')} ({place})." if place else text


def plain(text: str) -> str:
    """A text on one line, without colours, that any UTF-8 file can hold: half a surrogate pair is spelled out."""
    return " ".join(ANSI.sub("", text).encode(errors="backslashreplace").decode().split())
