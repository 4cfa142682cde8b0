"""One run from the first weight to the last evaluation: ``train(run, data) -> record``. Touches no file."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import re
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from actbench import activations, environment, models
from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.registry import bind, parse
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import Epoch, Record, Run, Status, Versions
from actbench.training.initializers import INITIALIZERS
from actbench.training.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    import numpy as np

    from actbench.datasets import Dataset
    from actbench.training.backends.tensorflow import DeviceData, Engine

keras = lazy("keras")

ANSI = re.compile(r"\x1b\[[0-9;]*m")
KEPT_PROGRAMS = 32
"""Compiled programs that a trainer keeps: the arms of one study, so that later seeds need not compile again."""


class Observer:
    """Who watches a run, and may end it. This one watches nothing and lets it run to its end."""

    def epoch(self, row: Epoch) -> None:
        """A row is known; epoch 0 is the evaluation before training."""

    def checkpoint_due(self) -> bool:
        """Whether ``checkpoint`` is wanted after this epoch."""
        return False

    def checkpoint(self, checkpoint: Checkpoint) -> None:
        """The state after an epoch at which a checkpoint was due or the run was stopped."""

    def stop(self) -> bool:
        """Whether to stop after this epoch; the run is then ``interrupted``."""
        return False


def train(
    run: Run,
    data: Dataset,
    observer: Observer | None = None,
    *,
    callbacks: Sequence[Any] = (),
    checkpoint: Checkpoint | None = None,
    jobs: int = 1,
) -> Record:
    """Train one network, and say what came of it. See ``Trainer.train``; several runs had better share a trainer."""
    return Trainer().train(run, data, observer, callbacks=callbacks, checkpoint=checkpoint, jobs=jobs)


class Trainer:
    """Trains runs one after the other, and keeps what they have in common: data on the device, compiled programs."""

    def __init__(self) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._device_data: tuple[Dataset, str, DeviceData] | None = None

    def train(
        self,
        run: Run,
        data: Dataset,
        observer: Observer | None = None,
        *,
        callbacks: Sequence[Any] = (),
        checkpoint: Checkpoint | None = None,
        jobs: int = 1,
    ) -> Record:
        """Train one network, and say what came of it.

        Args:
            run: what to do.
            data: the data that the run names.
            observer: is told of every epoch, may take checkpoints and may stop the run.
            callbacks: ``keras.callbacks.Callback`` objects; their train and epoch methods are called.
            checkpoint: go on from here.
            jobs: how many runs share the machine, for the record.

        Returns:
            A record whose status is ``ok``; ``diverged`` once a loss is NaN or infinite; ``interrupted`` when the
            observer stopped it; ``oom`` when memory ran out; ``failed``, with the reason, for any other error of the
            network's own code.

        Raises:
            UserError: the run cannot be trained as asked.
        """
        from actbench.training.backends import tensorflow as engine  # its import is no part of any run

        if run.deterministic:
            engine.set_determinism()
        started_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        environment.reset_peak_memory()
        story = _Story(self, run, data, observer or Observer(), checkpoint)
        status: Status
        error = ""
        try:
            status = story.tell(callbacks)
        except Exception as problem:
            if isinstance(problem, UserError) and problem.__context__ is None:
                raise  # not an accident of somebody's code: it was asked for what cannot be
            status = "oom" if _comes_from(problem, engine.OUT_OF_MEMORY) else "failed"
            error = one_line(problem)
        return Record(
            run=run,
            status=status,
            error=error,
            epochs=tuple(story.epochs),
            parameters=story.parameters,
            train_size=len(data.x_train),
            test_size=len(data.x_test),
            compiler=story.engine.compiler if story.engine else "",
            device_name=engine.device_name(run.device),
            jobs=jobs,
            compile_seconds=story.compile_seconds,
            wall_seconds=story.wall_seconds,
            peak_memory_mib=story.peak_memory_mib(),
            started_at=started_at,
            versions=Versions(**environment.versions()),
        )

    def device_data(self, data: Dataset, device: str) -> DeviceData:
        """The data on the device; the last one used stays there."""
        from actbench.training.backends.tensorflow import DeviceData

        if self._device_data is None or self._device_data[0] is not data or self._device_data[1] != device:
            self._engines.clear()  # they hold on to the old data
            self._device_data = None  # and it must go before the new comes
            self._device_data = (data, device, DeviceData(data, device))
        return self._device_data[2]

    def engine(self, run: Run, data: Dataset, model: Any) -> tuple[Engine, float]:
        """An engine for the freshly built model, and the seconds spent on compiling it.

        A run that differs from an earlier one in its seed alone takes over that one's programs: 0 seconds.
        """
        from actbench.training.backends.tensorflow import Engine, choose_compiler, precision

        device_data = self.device_data(data, run.device)
        if run.arm in self._engines:
            self._engines.move_to_end(run.arm)
            self._engines[run.arm].start_from(model)
            return self._engines[run.arm], 0.0
        entry = OPTIMIZERS[parse(run.optimizer.spelling).name]
        with precision(run.precision):  # the learning rate is a variable too
            optimizer = entry.make(run.learning_rate, **bind("optimizer", entry, parse(run.optimizer.spelling)))
        model.compile(optimizer)  # callbacks look for model.optimizer
        compiler = choose_compiler(model, run.device, deterministic=run.deterministic)
        engine = Engine(model, optimizer, device_data, batch_size=run.batch_size, compiler=compiler)
        began = time.perf_counter()
        engine.compile()
        seconds = time.perf_counter() - began
        self._engines[run.arm] = engine
        if len(self._engines) > KEPT_PROGRAMS:
            self._engines.popitem(last=False)
        return engine, seconds


class Built(NamedTuple):
    """A network with its initial weights, and the stream that goes on to draw the batch orders."""

    model: Any
    stream: np.random.RandomState


def build(run: Run, data: Dataset) -> Built:
    """Build the run's network and draw its kernels: the same for every activation of the same seed.

    ``RandomState(seed)`` draws the kernels of the reference layers in layer order and then the batch orders. An
    activation's own weights come from streams of their own, one per site, so they shift nothing.

    Raises:
        UserError: the network's output does not fit the data's classes, or an activation changes the shape.
    """
    import numpy as np

    from actbench.training.backends.tensorflow import precision, sites
    from actbench.training.site import Site

    activation = activations.resolve(run.activation.spelling)
    numbers = itertools.count()

    def site() -> Site:
        number = next(numbers)
        seed = int(np.random.SeedSequence([run.seed, number]).generate_state(1)[0])
        return Site(activation, seed, name=f"site_{number}")

    keras.utils.set_random_seed(run.seed)
    with precision(run.precision):
        model = models.resolve(run.model.spelling).build(site, data.input_shape, data.classes)
        if not isinstance(model, keras.Model):
            raise UserError(f"The model {run.model.spelling!r} is to return a keras.Model, but it returned {model!r}.")
        if not model.built:
            model.build((None, *data.input_shape))
    if tuple(model.output_shape) != (None, data.classes):
        raise UserError(
            f"The model {run.model.spelling!r} ends in shape {model.output_shape}, but it must end in "
            f"(None, {data.classes}): the data has {data.classes} classes."
        )
    stream = np.random.RandomState(run.seed)
    draw = INITIALIZERS[run.initializer].draw
    own = {id(weight) for place in sites(model) for weight in place.weights}
    for weight in model.trainable_weights:
        if id(weight) not in own and len(weight.shape) > 1:
            weight.assign(draw(stream, tuple(weight.shape)))
    return Built(model, stream)


class _Story:
    """The course of one run. What it knows so far stays readable when it breaks off."""

    def __init__(
        self, trainer: Trainer, run: Run, data: Dataset, observer: Observer, checkpoint: Checkpoint | None
    ) -> None:
        self.trainer = trainer
        self.run = run
        self.data = data
        self.observer = observer
        self.checkpoint = checkpoint
        self.epochs: list[Epoch] = list(checkpoint.epochs) if checkpoint else []
        self.engine: Engine | None = None
        self.parameters: int | None = None
        self.compile_seconds: float | None = checkpoint.compile_seconds if checkpoint else None
        self.train_seconds = self.epochs[-1].train_seconds if self.epochs else 0.0
        self.eval_seconds = self.epochs[-1].eval_seconds if self.epochs else 0.0
        # A run that was broken off has its earlier sittings' time on the clock already.
        self.began = time.perf_counter() - (checkpoint.wall_seconds if checkpoint else 0.0)

    @property
    def wall_seconds(self) -> float:
        """Everything so far, from building to now."""
        return time.perf_counter() - self.began

    def tell(self, callbacks: Sequence[Any]) -> Status:
        """Build, compile, train; returns how it ended, or raises what went wrong."""
        run = self.run
        model, stream = build(run, self.data)
        self.parameters = model.count_params()
        self.engine, seconds = self.trainer.engine(run, self.data, model)
        self.compile_seconds = (self.compile_seconds or 0.0) + seconds
        watching = self._callbacks(callbacks)
        watching.on_train_begin()
        if self.checkpoint is None:
            self._note(0, self._evaluate("train"))
        else:
            self.engine.set_state(self.checkpoint.variables)
            stream.set_state(self.checkpoint.stream)
            for row in self.epochs[1:]:  # early stopping remembers what it saw
                watching.on_epoch_end(row.epoch - 1, _logs(row))
        while len(self.epochs) <= run.epochs and not self.engine.model.stop_training:
            epoch = len(self.epochs)
            watching.on_epoch_begin(epoch - 1)
            order = stream.permutation(len(self.data.x_train))
            began = time.perf_counter()
            result = self.engine.train_epoch(order)
            self.train_seconds += time.perf_counter() - began
            row = self._note(epoch, result)
            if not all(math.isfinite(x) for x in (row.train_loss, row.val_loss, row.test_loss) if x is not None):
                return "diverged"
            watching.on_epoch_end(epoch - 1, _logs(row))
            stopped = self.observer.stop() and epoch < run.epochs
            if stopped or self.observer.checkpoint_due():
                self.observer.checkpoint(self._checkpoint(stream))
            if stopped:
                return "interrupted"
        watching.on_train_end()
        return "ok"

    def _callbacks(self, callbacks: Sequence[Any]) -> Any:
        assert self.engine is not None  # noqa: S101 - tells the type checker; tell() has just made it
        chosen = list(callbacks)
        if self.run.patience is not None:
            chosen.append(keras.callbacks.EarlyStopping(monitor="val_loss", mode="min", patience=self.run.patience))
        return keras.callbacks.CallbackList(chosen, add_history=False, add_progbar=False, model=self.engine.model)

    def _evaluate(self, part: str) -> tuple[Any, Any]:
        """Evaluate one part, on the evaluation clock; two Nones for a part without inputs."""
        assert self.engine is not None  # noqa: S101 - see above
        began = time.perf_counter()
        result = self.engine.evaluate(part)
        self.eval_seconds += time.perf_counter() - began
        return result or (None, None)

    def _note(self, epoch: int, trained: tuple[Any, Any]) -> Epoch:
        """Evaluate what was not trained on, and keep the row."""
        assert self.engine is not None  # noqa: S101 - see above
        val, test = self._evaluate("val"), self._evaluate("test")
        row = Epoch(
            epoch=epoch,
            train_loss=trained[0],
            train_accuracy=trained[1],
            val_loss=val[0],
            val_accuracy=val[1],
            test_loss=test[0],
            test_accuracy=test[1],
            train_seconds=self.train_seconds,
            eval_seconds=self.eval_seconds,
            # A float32 0.1 is written 0.1, as it was asked for, not 0.10000000149011612.
            learning_rate=float(str(self.engine.optimizer.learning_rate.numpy())),
        )
        self.epochs.append(row)
        self.observer.epoch(row)
        return row

    def _checkpoint(self, stream: np.random.RandomState) -> Checkpoint:
        assert self.engine is not None  # noqa: S101 - see above
        return Checkpoint(
            run_key=self.run.key,
            epochs=tuple(self.epochs),
            variables=self.engine.state(),
            stream=stream.get_state(legacy=True),
            compile_seconds=self.compile_seconds or 0.0,
            wall_seconds=self.wall_seconds,
        )

    def peak_memory_mib(self) -> float:
        """The run's peak: the GPU's memory where it ran there, else the process's."""
        device = self.engine.peak_device_memory_mib() if self.engine else None
        return device if device is not None else environment.peak_memory_mib()


def _logs(row: Epoch) -> dict[str, float | None]:
    """An epoch's figures under the names that Keras callbacks know."""
    return {
        "loss": row.train_loss,
        "accuracy": row.train_accuracy,
        "val_loss": row.val_loss,
        "val_accuracy": row.val_accuracy,
        "test_loss": row.test_loss,
        "test_accuracy": row.test_accuracy,
        "learning_rate": row.learning_rate,
    }


def _comes_from(problem: BaseException | None, kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether an error is, or was raised because of, one of these kinds: Keras raises new ones in place of others."""
    while problem is not None:
        if isinstance(problem, kinds):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def one_line(problem: BaseException) -> str:
    """An error as a cell of a table: its class and its message on one line.

    TensorFlow and Keras tell where they are before they tell what is wrong, so a long message keeps its end.
    """
    text = " ".join(ANSI.sub("", f"{type(problem).__name__}: {problem}").split())
    return text if len(text) <= 500 else f"{text[:100]} … {text[-397:]}"  # noqa: PLR2004 - what people still read
