"""One run from the first weight to the last evaluation: ``train(run, data) -> record``. Touches no file."""

from __future__ import annotations

import datetime as dt
import itertools
import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from actbench import activations, environment, models
from actbench.errors import UserError
from actbench.initializers import INITIALIZERS
from actbench.lazy import lazy
from actbench.optimizers import OPTIMIZERS
from actbench.record import Epoch, Record, Run, Status
from actbench.registry import bind, parse

if TYPE_CHECKING:
    import numpy as np

    from actbench.datasets import Dataset
    from actbench.engine import Engine

keras = lazy("keras")

OnEpoch = Callable[[Epoch], None]


class Built(NamedTuple):
    """A network with its initial weights, and the stream that goes on to draw the batch orders."""

    model: Any
    stream: np.random.RandomState


def train(
    run: Run,
    data: Dataset,
    *,
    on_epoch: OnEpoch | None = None,
    callbacks: Sequence[Any] = (),
    jobs: int = 1,
) -> Record:
    """Train one network and say what came of it.

    Args:
        run: what to do.
        data: the data that the run names.
        on_epoch: called with every row, epoch 0 included, as soon as it is known.
        callbacks: ``keras.callbacks.Callback`` objects; their train and epoch methods are called.
        jobs: how many runs share the machine, for the record.

    Returns:
        A record whose status is ``ok``; ``diverged`` once a loss is NaN or infinite; ``oom`` when memory ran out;
        ``failed``, with the reason, for any other error of the network's own code.

    Raises:
        UserError: the run cannot be trained as asked.
    """
    from actbench import engine  # importing TensorFlow is no part of any run

    began = time.perf_counter()
    started_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    environment.reset_peak_memory()
    story = _Story(run, data, on_epoch, callbacks)
    status: Status
    error = ""
    try:
        status = story.tell()
    except UserError:
        raise
    except engine.OUT_OF_MEMORY as problem:
        status, error = "oom", _one_line(problem)
    except Exception as problem:  # noqa: BLE001 - a person's own activation may raise anything: it costs its run only
        status, error = "failed", _one_line(problem)
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
        wall_seconds=time.perf_counter() - began,
        peak_memory_mib=story.peak_memory_mib(),
        started_at=started_at,
        versions=environment.versions(),
    )


def build(run: Run, data: Dataset) -> Built:
    """Build the run's network and draw its kernels: the same for every activation of the same seed.

    ``RandomState(seed)`` draws the kernels of the reference layers in layer order and then the batch orders. An
    activation's own weights come from streams of their own, one per site, so they shift nothing.
    """
    import numpy as np

    from actbench.engine import precision
    from actbench.site import Site

    activation = activations.resolve(run.activation.spelling)
    numbers = itertools.count()

    def site() -> Site:
        number = next(numbers)
        seed = int(np.random.SeedSequence([run.seed, number]).generate_state(1)[0])
        return Site(activation, seed, name=f"site_{number}")

    keras.utils.set_random_seed(run.seed)
    with precision(run.precision):
        model = models.resolve(run.model.spelling).build(site, data.input_shape, data.classes)
    if tuple(model.output_shape) != (None, data.classes):
        raise UserError(
            f"The model {run.model.spelling!r} ends in shape {model.output_shape}, but it must end in "
            f"(None, {data.classes}): the data has {data.classes} classes."
        )
    stream = np.random.RandomState(run.seed)
    draw = INITIALIZERS[run.initializer].draw
    own = {id(weight) for layer in model._flatten_layers() if isinstance(layer, Site) for weight in layer.weights}  # noqa: SLF001
    for weight in model.trainable_weights:
        if id(weight) not in own and len(weight.shape) > 1:
            shape = tuple(weight.shape)
            weight.assign(draw(stream, shape))
    return Built(model, stream)


class _Story:
    """The course of one run. What it knows so far stays readable when it breaks off."""

    def __init__(self, run: Run, data: Dataset, on_epoch: OnEpoch | None, callbacks: Sequence[Any]) -> None:
        self.run = run
        self.data = data
        self.on_epoch = on_epoch
        self.extra_callbacks = callbacks
        self.epochs: list[Epoch] = []
        self.engine: Engine | None = None
        self.parameters: int | None = None
        self.compile_seconds: float | None = None
        self.train_seconds = 0.0
        self.eval_seconds = 0.0

    def tell(self) -> Status:
        """Build, compile, train; returns ``ok`` or ``diverged``, or raises what went wrong."""
        from actbench.engine import Engine, choose_compiler

        run = self.run
        model, stream = build(run, self.data)
        self.parameters = model.count_params()
        entry = OPTIMIZERS[parse(run.optimizer.spelling).name]
        optimizer = entry.make(run.learning_rate, **bind("optimizer", entry, parse(run.optimizer.spelling)))
        model.compile(optimizer)  # callbacks look for model.optimizer
        self.engine = engine = Engine(
            model,
            optimizer,
            self.data,
            batch_size=run.batch_size,
            device=run.device,
            compiler=choose_compiler(model, run.device, deterministic=run.deterministic),
        )
        began = time.perf_counter()
        engine.compile()
        self.compile_seconds = time.perf_counter() - began

        callbacks = self._callbacks(model)
        callbacks.on_train_begin()
        self._note(0, None)
        for epoch in range(1, run.epochs + 1):
            callbacks.on_epoch_begin(epoch - 1)
            order = stream.permutation(len(self.data.x_train))
            began = time.perf_counter()
            result = engine.train_epoch(order)
            self.train_seconds += time.perf_counter() - began
            row = self._note(epoch, result)
            if not all(
                math.isfinite(loss) for loss in (row.train_loss, row.val_loss, row.test_loss) if loss is not None
            ):
                return "diverged"
            callbacks.on_epoch_end(epoch - 1, _logs(row))
            if model.stop_training:
                break
        callbacks.on_train_end()
        return "ok"

    def _callbacks(self, model: Any) -> Any:
        chosen = list(self.extra_callbacks)
        if self.run.patience is not None:
            chosen.append(keras.callbacks.EarlyStopping(monitor="val_loss", mode="min", patience=self.run.patience))
        return keras.callbacks.CallbackList(chosen, add_history=False, add_progbar=False, model=model)

    def _note(self, epoch: int, trained: tuple[float, float] | None) -> Epoch:
        """Evaluate off the training clock and keep the row. Epoch 0 evaluates the training part as well."""
        assert self.engine is not None  # noqa: S101 - tells the type checker; tell() has just made it
        began = time.perf_counter()
        train = trained or self.engine.evaluate("train")
        val = self.engine.evaluate("val") or (None, None)
        test = self.engine.evaluate("test")
        self.eval_seconds += time.perf_counter() - began
        assert train is not None and test is not None  # noqa: S101, PT018 - the data was checked: neither part is empty
        # A float32 0.1 is written 0.1, as it was asked for, not 0.10000000149011612.
        rate = float(str(self.engine.optimizer.learning_rate.numpy()))
        row = Epoch(
            epoch=epoch,
            train_loss=train[0],
            train_accuracy=train[1],
            val_loss=val[0],
            val_accuracy=val[1],
            test_loss=test[0],
            test_accuracy=test[1],
            train_seconds=self.train_seconds,
            eval_seconds=self.eval_seconds,
            learning_rate=rate,
        )
        self.epochs.append(row)
        if self.on_epoch:
            self.on_epoch(row)
        return row

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


def _one_line(problem: BaseException) -> str:
    text = " ".join(f"{type(problem).__name__}: {problem}".split())
    return text if len(text) <= 500 else text[:497] + "…"  # noqa: PLR2004 - a CSV cell that people can still read
