"""The compiled programs: one call an epoch, and one an evaluation, over data that already sits on the device."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from actbench.datasets import NO_TARGET
from actbench.errors import UserError
from actbench.lazy import load
from actbench.training.augmentation import chain
from actbench.training.site import Site, kernels, sites

if TYPE_CHECKING:
    from actbench.datasets import Dataset
    from actbench.training.backends import Recipe

keras = load("keras")
tf = load("tensorflow")

# Small enough for one core's caches, which a tenth of MNIST's test images is, and for a convolution's intermediates.
EVALUATION_BATCH = 1_000
EVALUATION_TOKENS = 16_000
"""Of sequences so many tokens at a time: of each there are vectors in every layer, and attention has pairs of them."""
FLOAT32 = 2**24
"""So many numbers from [0, 1), evenly apart, are float32 without rounding."""
TRACING_SEED = 0
"""TensorFlow's own seed while programs are traced and called: Keras's random layers do not read it, and an operation
that does must not depend on which run came first."""


def choose_compiler(model: Any, device: str, *, deterministic: bool) -> str:
    """``xla``, ``fused`` or ``graph``, whichever is fastest for this network on this device.

    XLA fuses a dense network's epoch into one program and halves its time; on a CPU its convolutions are three times
    slower than oneDNN's, which the plain graph uses. ``fused`` is that graph with each element-wise activation as an
    XLA program of its own (see ``fuse``). Determinism turns XLA off.
    """
    if deterministic:
        return "graph"
    convolution = any("Conv" in type(layer).__name__ for layer in model._flatten_layers())  # noqa: SLF001 - no public walk
    return "fused" if device == "cpu" and convolution else "xla"


def fuse(function: Callable[[Any], Any], shape: tuple[int | None, ...], dtype: str) -> Callable[[Any], Any]:
    """The same element-wise function in one pass over memory forward, and one backward.

    In the plain graph every operation of an activation and of its derivative is a pass of its own over a tensor much
    larger than the caches, and that is what most of them cost. Here XLA compiles f(x) to one loop, and f′(x)·dy, with
    f computed again inside it rather than kept, to another. A function of a single operation (relu, tanh) has nothing
    to fuse, and one that is random or reads variables must not be computed twice: those are returned as they are.
    """
    graph = tf.function(function).get_concrete_function(tf.TensorSpec(shape, dtype)).graph
    work = [op for op in graph.get_operations() if op.type not in ("Placeholder", "Const", "Identity")]
    if len(work) < 2 or graph.captures or any(op.op_def.is_stateful for op in work):  # noqa: PLR2004
        return function
    forward = tf.function(function, jit_compile=True)

    @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
    def backward(x: Any, dy: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x, output_gradients=dy, unconnected_gradients="zero")

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def fused(x: Any) -> tuple[Any, Callable[[Any], Any]]:
        return forward(x), lambda dy: backward(x, dy)

    return cast("Callable[[Any], Any]", fused)


def _refuse_cut_off(site: Site) -> None:
    """Raise UserError where no gradient passes: all layers before the site would stay as they began, in silence.

    A gradient that is 0 everywhere is a function's own affair; here there is no path from output to input at all. The
    call is traced, not carried out, so that it draws no random numbers and moves no statistics.
    """

    def slope(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = site(x, training=True)
        return tape.gradient(y, x)

    inputs = tf.TensorSpec(site.input.shape, site.compute_dtype)
    if tf.function(slope).get_concrete_function(inputs).structured_outputs is None:
        raise UserError(
            f"The activation {site.activation.choice.spelling!r} lets no gradient through, so that the layers before "
            "it would never learn. Look for stop_gradient, casts to integers, comparisons and rounding in it."
        )


class DeviceData:
    """A data set on a device. All parts lie in one tensor, so that one compiled program evaluates any of them.

    ``parts`` maps ``train``, ``val`` and ``test`` to their first and past-the-last index; ``kind`` is ``cpu`` or
    ``gpu``, and ``device`` TensorFlow's name for it. ``evaluation_batch`` inputs are evaluated at a time.
    """

    def __init__(self, data: Dataset, device: str) -> None:
        sizes = {"train": len(data.x_train), "val": len(data.x_val), "test": len(data.x_test)}
        stops = np.cumsum(list(sizes.values()))
        ends = zip(sizes.items(), stops, strict=True)
        self.parts = {part: (int(stop) - size, int(stop)) for (part, size), stop in ends}
        self.kind = device
        self.device = f"/{device.upper()}:0"
        with tf.device(self.device):
            self.x = tf.constant(np.concatenate([data.x_train, data.x_val, data.x_test]))
            self.y = tf.constant(np.concatenate([data.y_train, data.y_val, data.y_test]))
        at_a_time = EVALUATION_TOKENS // data.x_train.shape[1] if data.vocabulary else EVALUATION_BATCH
        self.evaluation_batch = max(1, min(EVALUATION_BATCH, at_a_time, len(self.x)))


class TensorFlowProgram:
    """See ``Program``, which this class is one of.

    Args:
        model: a built Keras model, as ``Backend.program`` takes it.
        optimizer: a fresh Keras optimizer.
        data: the data, on the device where everything is to be computed.
        recipe: how to train.
        compiler: ``xla``, ``fused`` or ``graph``; see ``choose_compiler``.
    """

    def __init__(self, model: Any, optimizer: Any, data: DeviceData, recipe: Recipe, *, compiler: str) -> None:
        self.model = model
        self.optimizer = optimizer
        self.compiler = compiler
        self.recipe = recipe
        self.batch_size = recipe.batch_size
        self._data = data
        self._train_size = data.parts["train"][1]
        self._from_logits = not _ends_in_softmax(model)
        with tf.device(data.device):
            optimizer.build(model.trainable_variables)
        self._seed = recipe.seed
        self._augment = chain(recipe.augment)
        self._kernels = kernels(model)
        self._optimizer_start = [variable.numpy() for variable in optimizer.variables]
        tf.random.set_seed(TRACING_SEED)
        self._prepare()

    @property
    def variables(self) -> list[Any]:
        """Everything that training changes: weights, moving statistics, random streams, the optimizer's state."""
        return [*self.model.variables, *self.optimizer.variables]

    def state(self) -> list[np.ndarray[Any, Any]]:
        """A copy of all variables' values."""
        return [variable.numpy() for variable in self.variables]

    def set_state(self, values: list[np.ndarray[Any, Any]]) -> None:
        """Go on from the values that ``state`` gave, here or in a program for the same kind of network."""
        for variable, value in zip(self.variables, values, strict=True):
            variable.assign(value)

    def start_from(self, model: Any, recipe: Recipe) -> None:
        """Begin a new run in the programs compiled already, from a freshly built twin of the model."""
        tf.random.set_seed(TRACING_SEED)
        self.set_state([*(variable.numpy() for variable in model.variables), *self._optimizer_start])
        rate = self.optimizer.learning_rate
        if isinstance(rate, keras.Variable):  # that of a schedule is a tensor
            rate.assign(recipe.learning_rate)
        self._seed = recipe.seed

    def _prepare(self) -> None:
        jit = self.compiler == "xla"
        self._epoch_program = tf.function(self._epoch, jit_compile=jit)
        self._evaluation_program = tf.function(self._evaluation, jit_compile=jit)
        for site in sites(self.model):
            if site.activation.entry is None:
                _refuse_cut_off(site)
            plain = site.activation.function
            fusible = self.compiler == "fused" and site.activation.kind == "elementwise"
            site.function = fuse(plain, site.input.shape, site.compute_dtype) if fusible else plain

    def compile(self) -> None:
        """Trace and compile everything by one training step of each size and one evaluation batch; then undo them.

        XLA programs inside a plain graph compile when they first run, so that zero steps would not do. Afterwards every
        variable, those of random streams included, has its old value again.

        Where XLA cannot compile an operation of the network (a person's own activation may hold anything), the plain
        graph takes over, and ``compiler`` says so.
        """
        try:
            self._compile()
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            if self.compiler == "graph":
                raise
            self.compiler = "graph"
            self._prepare()
            self._compile()

    def _compile(self) -> None:
        data, state = self._data, self.state()
        steps, rest = divmod(self._train_size, self.batch_size)
        with tf.device(data.device):
            order, zero, one = tf.range(self._train_size), tf.constant(0), tf.constant(1)
            counts = one if steps else zero, one if rest else zero
            try:
                self._epoch_program(data.x, data.y, order, *counts, tf.constant(self._draws()))
                self._evaluation_program(data.x, data.y, zero, one)
            finally:
                self.set_state(state)

    def train_epoch(self, order: np.ndarray[Any, Any]) -> tuple[float, float]:
        """Train once through the data in the order given; see ``Program``."""
        steps, rest = divmod(self._train_size, self.batch_size)
        data = self._data
        with tf.device(data.device):
            loss, correct, targets = self._epoch_program(
                data.x, data.y, tf.constant(order, tf.int32), tf.constant(steps), tf.constant(int(rest > 0)),
                tf.constant(self._draws()),
            )  # fmt: skip
        return float(loss) / int(targets), float(correct) / int(targets)

    def _draws(self) -> np.ndarray[Any, Any]:
        """Uniform numbers from [0, 1) for an epoch's augmentation, (draws, inputs), in the order of training.

        They go by the seed and the steps behind: no state of their own to keep. NumPy draws them, as TensorFlow's
        are others in a plain graph than under XLA, and all arms of a seed are to see the same images.
        """
        shape = self._augment.draws, self._train_size
        stream = np.random.RandomState([self._seed, int(self.optimizer.iterations.numpy())])
        return np.asarray(stream.randint(FLOAT32, size=shape) / FLOAT32, np.float32)

    def evaluate(self, part: str) -> tuple[float, float] | None:
        """Mean loss and accuracy on ``train``, ``val`` or ``test`` in inference mode; None for an empty part."""
        data = self._data
        start, stop = data.parts[part]
        if start == stop:
            return None
        with tf.device(data.device):
            loss, correct, targets = self._evaluation_program(data.x, data.y, tf.constant(start), tf.constant(stop))
        return float(loss) / int(targets), float(correct) / int(targets)

    def peak_device_memory_mib(self) -> float | None:
        """The largest use of GPU memory so far, in MiB; None on a CPU."""
        if self._data.kind != "gpu":
            return None
        return float(tf.config.experimental.get_memory_info(self._data.device.strip("/"))["peak"]) / 2**20

    # The programs. Sums are float64 on every device: a mean over 60,000 float32 losses would lose digits. They are
    # those of losses, hits, and targets: an input has one, or a sequence one for each token, or for some of them.

    def _epoch(self, x: Any, y: Any, order: Any, steps: Any, rest_steps: Any, draws: Any) -> tuple[Any, ...]:
        sums = _no_sums()
        sums = self._steps(x, y, order, draws, steps, self.batch_size, 0, sums)
        rest = self._train_size % self.batch_size
        if rest:
            sums = self._steps(x, y, order, draws, rest_steps, rest, self._train_size - rest, sums)
        return sums

    def _steps(
        self, x: Any, y: Any, order: Any, draws: Any, steps: Any, size: int, first: int, sums: Any
    ) -> tuple[Any, ...]:
        """Train ``steps`` times on ``size`` inputs each, from position ``first`` of the order on; add to the sums."""

        def step(index: Any, loss_sum: Any, correct: Any, targets: Any) -> tuple[Any, ...]:
            place = first + index * size
            batch = tf.slice(order, [place], [size])
            labels = tf.gather(y, batch)
            drawn = tf.slice(draws, [0, place], [draws.shape[0], size])
            loss, hits = self._step(self._augment(tf.gather(x, batch), drawn), labels)
            count = _targets(labels)
            return (
                index + 1,
                loss_sum + tf.cast(loss, tf.float64) * tf.cast(count, tf.float64),
                correct + hits,
                targets + count,
            )

        start = (tf.constant(0), *sums)
        return tuple(tf.while_loop(lambda index, *_: index < steps, step, start)[1:])

    def _step(self, x: Any, y: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            output = self.model(x, training=True)
            loss = _mean(self._losses(y, output, self.recipe.label_smoothing), y)
            for extra in self.model.losses:
                loss += tf.cast(extra, loss.dtype)
            for kernel in self._kernels if self.recipe.l2 else ():
                loss += self.recipe.l2 * tf.cast(tf.reduce_sum(tf.square(kernel.value)), loss.dtype)
        variables = self.model.trainable_variables
        gradients = [_summed(slope, of) for slope, of in zip(tape.gradient(loss, variables), variables, strict=True)]
        self.optimizer.apply(gradients, variables)
        return loss, _hits(y, output)

    def _evaluation(self, x: Any, y: Any, start: Any, stop: Any) -> tuple[Any, ...]:
        size, last = self._data.evaluation_batch, len(self._data.x) - 1

        def batch(first: Any, loss_sum: Any, correct: Any, targets: Any) -> tuple[Any, ...]:
            # The last batch may reach beyond the part: those rows are computed, clipped to the data, and not counted.
            index = first + tf.range(size)
            counted = tf.reshape(index < stop, [-1] + [1] * (len(y.shape) - 1))
            index = tf.minimum(index, last)
            labels = tf.where(counted, tf.gather(y, index), NO_TARGET)
            output = self.model(tf.gather(x, index), training=False)
            losses = tf.cast(self._losses(labels, output), tf.float64)
            return (
                first + size,
                loss_sum + tf.reduce_sum(losses),
                correct + _hits(labels, output),
                targets + _targets(labels),
            )

        return tuple(tf.while_loop(lambda first, *_: first < stop, batch, (start, *_no_sums()))[1:])

    def _losses(self, y: Any, output: Any, smoothing: float = 0.0) -> Any:
        """Cross-entropy of each target, in nats, never in less than float32, and 0 where there is none.

        Targets are smoothed where asked for.
        """
        output = tf.cast(output, tf.float64 if output.dtype == tf.float64 else tf.float32)
        labels = tf.maximum(y, 0)
        if smoothing:
            targets = tf.one_hot(labels, output.shape[-1], 1 - smoothing + smoothing / output.shape[-1],
                                 smoothing / output.shape[-1], dtype=output.dtype)  # fmt: skip
            losses = keras.losses.categorical_crossentropy(targets, output, from_logits=self._from_logits)
        elif self._from_logits:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=output)
        else:
            losses = keras.losses.sparse_categorical_crossentropy(labels, output)
        return tf.where(y == NO_TARGET, tf.zeros((), losses.dtype), losses)


def _summed(gradient: Any, variable: Any) -> Any:
    """A gradient as the formulas of optimizers have it.

    TensorFlow gives an embedding's as a row for each token of the batch, equal tokens and all. Keras's optimizers
    square each row by itself, and have other second moments in Adam and RMSprop, and another norm to clip by.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows = gradient.values
    exact = rows if rows.dtype == tf.float64 else tf.cast(rows, tf.float32)
    return tf.cast(tf.math.unsorted_segment_sum(exact, gradient.indices, variable.shape[0]), rows.dtype)


def _no_sums() -> tuple[Any, ...]:
    return tf.zeros((), tf.float64), tf.zeros((), tf.int64), tf.zeros((), tf.int64)


def _targets(y: Any) -> Any:
    """How many there are."""
    return tf.math.count_nonzero(y != NO_TARGET)


def _mean(losses: Any, y: Any) -> Any:
    """Over all targets of a step; 0 where there is none at all."""
    if len(y.shape) == 1:
        return tf.reduce_mean(losses)  # each input has one
    return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.cast(_targets(y), losses.dtype))


def _hits(y: Any, output: Any) -> Any:
    return tf.math.count_nonzero(tf.equal(tf.argmax(output, axis=-1, output_type=tf.int32), y))


def _ends_in_softmax(model: Any) -> bool:
    """Whether the last operation, inside nested networks too, is a softmax: then the output is probabilities."""
    history = getattr(model.outputs[0], "_keras_history", None) if getattr(model, "outputs", None) else None
    last = history.operation if history else model.layers[-1]
    if isinstance(last, keras.Model):
        return _ends_in_softmax(last)
    return type(last).__name__ == "Softmax" or getattr(last, "activation", None) is keras.activations.softmax
