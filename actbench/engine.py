"""Training and evaluation in TensorFlow: one compiled call per epoch over data that already sits on the device.

The only module with TensorFlow-specific code. ``train`` owns the clocks and the story of a run; this one owns the
compiled programs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.environment import cpu_name
from actbench.errors import UserError
from actbench.lazy import load

if TYPE_CHECKING:
    from actbench.datasets import Dataset

keras = load("keras")
tf = load("tensorflow")

OUT_OF_MEMORY = (MemoryError, tf.errors.ResourceExhaustedError)
POLICIES = {"float32": "float32", "float64": "float64", "bfloat16": "mixed_bfloat16"}
# Big batches make evaluation cheap; a convolution's intermediate tensors are what limits them.
EVALUATION_BATCH = {"xla": 10_000, "graph": 1_000}


def device_kind(asked: str) -> str:
    """Resolve ``auto`` to ``gpu`` where there is one, else ``cpu``. Raises UserError for a GPU that is not there."""
    present = bool(tf.config.list_physical_devices("GPU"))
    if asked == "gpu" and not present:
        raise UserError(
            "No GPU is visible to TensorFlow. Use --device cpu, or install the extra 'cuda' on a machine that has one."
        )
    return ("gpu" if present else "cpu") if asked == "auto" else asked


def device_name(kind: str) -> str:
    """What the maker calls the device."""
    if kind == "cpu":
        return cpu_name()
    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    return str(details.get("device_name", "GPU"))


def set_determinism() -> None:
    """Make operations bit-for-bit repeatable, for the rest of the process; it cannot be taken back."""
    tf.config.experimental.enable_op_determinism()


@contextlib.contextmanager
def precision(name: str) -> Iterator[None]:
    """Build Keras layers in this precision inside the block; ``bfloat16`` computes in it and keeps float32 weights."""
    policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_dtype_policy(POLICIES[name])
    keras.config.set_floatx("float64" if name == "float64" else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(policy)
        keras.config.set_floatx(floatx)


def choose_compiler(model: Any, device: str, *, deterministic: bool) -> str:
    """``xla`` or ``graph``, whichever is faster for this network on this device.

    XLA fuses a dense network's epoch into one program and halves its time; on a CPU its convolutions are three times
    slower than oneDNN's, which the plain graph uses. Determinism turns XLA off.
    """
    if deterministic:
        return "graph"
    convolution = any("Conv" in type(layer).__name__ for layer in model._flatten_layers())  # noqa: SLF001 - no public walk
    return "graph" if device == "cpu" and convolution else "xla"


class Engine:
    """A network compiled for one data set: whole epochs of training, whole parts of evaluation, each in one call.

    Args:
        model: a built Keras model ``(batch, …input_shape) -> (batch, classes)`` of logits, or of probabilities where
            its last layer ends in a softmax.
        optimizer: a fresh Keras optimizer.
        data: the data; it is copied to the device once.
        batch_size: inputs per step; an epoch's remainder is one smaller step, never dropped.
        device: ``cpu`` or ``gpu``.
        compiler: ``xla`` or ``graph``.
    """

    def __init__(
        self, model: Any, optimizer: Any, data: Dataset, *, batch_size: int, device: str, compiler: str
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.compiler = compiler
        self.batch_size = batch_size
        self._from_logits = not _ends_in_softmax(model)
        self._train_size = len(data.x_train)
        sizes = {"train": len(data.x_train), "val": len(data.x_val), "test": len(data.x_test)}
        # One tensor for all parts, so that evaluation is one program, traced and compiled once.
        stops = np.cumsum(list(sizes.values()))
        self._parts = {
            part: (int(stop) - size, int(stop)) for (part, size), stop in zip(sizes.items(), stops, strict=True)
        }
        self._evaluation_batch = min(EVALUATION_BATCH[compiler], max(sizes.values()))
        self._device = f"/{device.upper()}:0"
        with tf.device(self._device):
            self._x = tf.constant(np.concatenate([data.x_train, data.x_val, data.x_test]))
            self._y = tf.constant(np.concatenate([data.y_train, data.y_val, data.y_test]))
            optimizer.build(model.trainable_variables)
        self._wrap(jit=compiler == "xla")

    def _wrap(self, *, jit: bool) -> None:
        self._epoch_program = tf.function(self._epoch, jit_compile=jit)
        self._evaluation_program = tf.function(self._evaluation, jit_compile=jit)

    def compile(self) -> None:
        """Trace and compile both programs by running zero steps of each: no weight and no random state changes.

        Where XLA cannot compile an operation of the network (a person's own activation may hold anything), the plain
        graph takes over, and ``compiler`` says so.
        """
        try:
            self._compile()
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
            if self.compiler == "graph":
                raise
            self.compiler = "graph"
            self._wrap(jit=False)
            self._compile()

    def _compile(self) -> None:
        with tf.device(self._device):
            order = tf.zeros(self._train_size, tf.int32)
            zero = tf.constant(0)
            self._epoch_program(self._x, self._y, order, zero, zero)
            self._evaluation_program(self._x, self._y, zero, zero)

    def train_epoch(self, order: np.ndarray[Any, Any]) -> tuple[float, float]:
        """Train once through the data in the order given: ``(n,)`` indices. Returns the running mean loss and accuracy.

        The call returns when the device has finished: the time around it is training time.
        """
        steps, rest = divmod(self._train_size, self.batch_size)
        with tf.device(self._device):
            loss, correct = self._epoch_program(
                self._x, self._y, tf.constant(order, tf.int32), tf.constant(steps), tf.constant(int(rest > 0))
            )
        return float(loss) / self._train_size, float(correct) / self._train_size

    def evaluate(self, part: str) -> tuple[float, float] | None:
        """Mean loss and accuracy on ``train``, ``val`` or ``test`` in inference mode; None for an empty part."""
        start, stop = self._parts[part]
        if start == stop:
            return None
        with tf.device(self._device):
            loss, correct = self._evaluation_program(self._x, self._y, tf.constant(start), tf.constant(stop))
        return float(loss) / (stop - start), float(correct) / (stop - start)

    def peak_device_memory_mib(self) -> float | None:
        """The largest use of GPU memory so far, in MiB; None on a CPU."""
        if "GPU" not in self._device:
            return None
        return float(tf.config.experimental.get_memory_info(self._device.strip("/"))["peak"]) / 2**20

    # The programs. Sums are float64 on every device: a mean over 60,000 float32 losses would lose digits.

    def _epoch(self, x: Any, y: Any, order: Any, steps: Any, rest_steps: Any) -> tuple[Any, Any]:
        sums = (tf.zeros((), tf.float64), tf.zeros((), tf.int64))
        sums = self._steps(x, y, order, steps, self.batch_size, 0, sums)
        rest = self._train_size % self.batch_size
        if rest:
            sums = self._steps(x, y, order, rest_steps, rest, self._train_size - rest, sums)
        return sums

    def _steps(self, x: Any, y: Any, order: Any, steps: Any, size: int, first: int, sums: Any) -> tuple[Any, Any]:
        """Train ``steps`` times on ``size`` inputs each, from position ``first`` of the order on; add to the sums."""

        def step(index: Any, loss_sum: Any, correct: Any) -> tuple[Any, Any, Any]:
            batch = tf.slice(order, [first + index * size], [size])
            loss, hits = self._step(tf.gather(x, batch), tf.gather(y, batch))
            return index + 1, loss_sum + tf.cast(loss, tf.float64) * size, correct + hits

        start = (tf.constant(0), *sums)
        loss, correct = tf.while_loop(lambda index, *_: index < steps, step, start)[1:]
        return loss, correct

    def _step(self, x: Any, y: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            output = self.model(x, training=True)
            loss = tf.reduce_mean(self._losses(y, output))
            for extra in self.model.losses:
                loss += tf.cast(extra, loss.dtype)
        variables = self.model.trainable_variables
        self.optimizer.apply(tape.gradient(loss, variables), variables)
        return loss, _hits(y, output)

    def _evaluation(self, x: Any, y: Any, start: Any, stop: Any) -> tuple[Any, Any]:
        size, last = self._evaluation_batch, len(self._x) - 1

        def batch(first: Any, loss_sum: Any, correct: Any) -> tuple[Any, Any, Any]:
            # The last batch may reach beyond the part: those rows are computed, clipped to the data, and not counted.
            index = first + tf.range(size)
            counted = index < stop
            index = tf.minimum(index, last)
            labels = tf.gather(y, index)
            output = self.model(tf.gather(x, index), training=False)
            losses = tf.where(counted, tf.cast(self._losses(labels, output), tf.float64), 0.0)
            return (
                first + size,
                loss_sum + tf.reduce_sum(losses),
                correct + _hits(tf.where(counted, labels, -1), output),
            )

        begin = (start, tf.zeros((), tf.float64), tf.zeros((), tf.int64))
        loss, correct = tf.while_loop(lambda first, *_: first < stop, batch, begin)[1:]
        return loss, correct

    def _losses(self, y: Any, output: Any) -> Any:
        """Cross-entropy of each input, in nats, never in less than float32."""
        output = tf.cast(output, tf.float64 if output.dtype == tf.float64 else tf.float32)
        if self._from_logits:
            return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=output)
        return keras.losses.sparse_categorical_crossentropy(y, output)


def _hits(y: Any, output: Any) -> Any:
    return tf.math.count_nonzero(tf.equal(tf.argmax(output, axis=-1, output_type=tf.int32), y))


def _ends_in_softmax(model: Any) -> bool:
    last = model.layers[-1]
    return isinstance(last, keras.layers.Softmax) or getattr(last, "activation", None) is keras.activations.softmax
