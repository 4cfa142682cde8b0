"""TensorFlow: the default, and the one whose convolutions are fast on a CPU.

``program.py`` holds the compiled programs; this module is light, and imports TensorFlow when something of it is used.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.environment import cpu_name, gpu_possible, version_of
from actbench.errors import UserError
from actbench.lazy import lazy

if TYPE_CHECKING:
    from actbench.datasets import Dataset
    from actbench.training.backends import Backend, Recipe
    from actbench.training.backends.tensorflow.program import DeviceData, TensorFlowProgram

keras = lazy("keras")
tf = lazy("tensorflow")

POLICIES = {"float32": "float32", "float64": "float64", "bfloat16": "mixed_bfloat16"}


class TensorFlow:
    """See ``Backend``, which this class is one of."""

    name = "tensorflow"

    @property
    def version(self) -> str:
        """From the package's metadata."""
        return version_of("tensorflow")

    @property
    def out_of_memory(self) -> tuple[type[BaseException], ...]:
        """Python's own error, and the device's."""
        return (MemoryError, tf.errors.ResourceExhaustedError)

    def environment(self, threads: int | None = None) -> dict[str, str]:
        """Keras's choice, no start-up lines, and GPU memory taken as it is needed; perhaps a limit to the threads."""
        limited = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS") if threads else ()
        return {
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
            "TF_FORCE_GPU_ALLOW_GROWTH": os.environ.get("TF_FORCE_GPU_ALLOW_GROWTH", "true"),
        } | dict.fromkeys(limited, str(threads))

    def prepare(self) -> None:
        """Import TensorFlow without its start-up lines."""
        os.environ.update(self.environment())
        with _quiet_stderr():
            tf.constant(0)  # the search for devices logs too
            tf.get_logger().setLevel("ERROR")  # it warns of many compiled programs, which is what a sweep is

    def device_kind(self, asked: str) -> str:
        """Where there can be no GPU, TensorFlow, which takes seconds to import, is not asked."""
        if asked == "cpu" or (asked == "auto" and not gpu_possible()):
            return "cpu"
        self._import()
        present = bool(tf.config.list_physical_devices("GPU"))
        if asked == "gpu" and not present:
            raise UserError(
                "No GPU is visible to TensorFlow. Use --device cpu, or install the extra 'cuda' on a machine that has "
                "one."
            )
        return "gpu" if present else "cpu"

    def device_name(self, kind: str) -> str:
        """The processor's name, or that of the first GPU."""
        if kind == "cpu":
            return cpu_name()
        details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
        return str(details.get("device_name", "GPU"))

    def set_determinism(self) -> None:
        """TensorFlow's own switch, which knows no way back."""
        tf.config.experimental.enable_op_determinism()

    @contextlib.contextmanager
    def precision(self, name: str) -> Iterator[None]:
        """Keras's dtype policy and float type."""
        policy, floatx = keras.config.dtype_policy(), keras.config.floatx()
        keras.config.set_dtype_policy(POLICIES[name])
        keras.config.set_floatx("float64" if name == "float64" else "float32")
        try:
            yield
        finally:
            keras.config.set_dtype_policy(policy)
            keras.config.set_floatx(floatx)

    def place(self, data: Dataset, device: str) -> DeviceData:
        """One tensor of all parts."""
        from actbench.training.backends.tensorflow.program import DeviceData

        return DeviceData(data, device)

    def program(self, model: Any, optimizer: Any, data: DeviceData, recipe: Recipe) -> TensorFlowProgram:
        """XLA, a plain graph, or a graph with fused activations: see ``choose_compiler``."""
        from actbench.training.backends.tensorflow.program import TensorFlowProgram, choose_compiler

        compiler = choose_compiler(model, data.kind, deterministic=recipe.deterministic)
        return TensorFlowProgram(model, optimizer, data, recipe, compiler=compiler)

    def values_and_slopes(
        self, function: Callable[[Any], Any], inputs: np.ndarray[Any, Any], dtype: str
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """By a gradient tape."""
        x = tf.cast(np.asarray(inputs, np.float64), dtype)
        if not x.dtype.is_floating:
            return tf.cast(function(x), "float64").numpy(), np.zeros(x.shape)
        with tf.GradientTape() as tape:
            tape.watch(x)
            values = function(x)
        # Someone's own function may be cut off from its input: its slope is what training sees, 0.
        slopes = tf.convert_to_tensor(tape.gradient(values, x, unconnected_gradients="zero"))
        return tf.cast(values, "float64").numpy(), tf.cast(slopes, "float64").numpy()

    def _import(self) -> None:
        if "tensorflow" not in sys.modules:
            self.prepare()


BACKEND: Backend = TensorFlow()


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what native code writes to file descriptor 2; give it back if the block fails.

    TensorFlow's C++ logs its start-up lines before any log level applies, so no environment variable silences them.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held, contextlib.ExitStack() as restore:
        terminal = os.dup(2)
        restore.callback(os.close, terminal)
        restore.callback(os.dup2, terminal, 2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(terminal, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
