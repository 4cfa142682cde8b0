"""What computes: one module a backend, found by its name. A new file here, with a ``BACKEND`` in it, adds one.

Keras builds the networks, on whichever backend a process has settled for; a ``Backend`` does all that Keras leaves to
the library beneath it. Nothing outside a backend's own module names that library. Importing this package, or a
backend's module, imports no library: the driver asks for names, versions and variables of the environment without.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Protocol

from actbench.errors import UserError, did_you_mean
from actbench.results.columns import SETTINGS, Run

if TYPE_CHECKING:
    import numpy as np

    from actbench.datasets import Dataset

DEFAULT: str = SETTINGS["backend"].default
"""What computes where nobody asks for anything else."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained, beside its optimizer.

    Attributes:
        batch_size: inputs per step.
        deterministic: whether only compilers that repeat bit for bit are allowed.
        seed: of what is drawn at every step.
        learning_rate: of an optimizer that has a plain one.
        l2: λ of the penalty λ·Σw² over all kernels, which is part of the training loss, as in Keras.
        label_smoothing: ε of the targets (1 − ε)·y + ε/classes that are trained with; evaluations have none.
        augment: what is done to the inputs of every step, as `augmentation.chain` reads it.
    """

    batch_size: int
    deterministic: bool = False
    seed: int = 0
    learning_rate: float = 0.0
    l2: float = 0.0
    label_smoothing: float = 0.0
    augment: str = "none"

    @classmethod
    def of(cls, run: Run) -> Recipe:
        """That of a run."""
        return cls(**{field.name: getattr(run, field.name) for field in fields(cls)})


class Program(Protocol):
    """A network compiled for one data set: whole epochs of training, whole parts of evaluation, each in one call.

    Attributes:
        compiler: what made it, for the record; known for certain after ``compile``.
    """

    compiler: str

    def compile(self) -> None:
        """Trace and compile everything; all variables, those of random streams included, keep their values."""

    def train_epoch(self, order: np.ndarray[Any, Any]) -> tuple[float, float]:
        """Train once through the data in this order, ``(n,)`` indices. Returns the running mean loss and accuracy.

        The call returns when the device has finished: the time around it is training time. A remainder of the batches
        is one smaller step, never dropped.
        """

    def evaluate(self, part: str) -> tuple[float, float] | None:
        """Mean loss (nats) and accuracy on ``train``, ``val`` or ``test`` in inference mode; None for an empty part.

        Means are over all targets: one an input, or one a token (but for those that have none).
        """

    def state(self) -> list[np.ndarray[Any, Any]]:
        """A copy of everything that training changes: weights, statistics, random streams, the optimizer's state."""

    def set_state(self, values: list[np.ndarray[Any, Any]]) -> None:
        """Go on from what ``state`` gave, here or in a program for the same kind of network."""

    def start_from(self, model: Any, recipe: Recipe) -> None:
        """Begin a new run in what is compiled already, from a freshly built twin of the model.

        Of the recipe, the seed and the learning rate may be others than those that it was compiled with; a schedule of
        the rate is compiled in.
        """

    def peak_device_memory_mib(self) -> float | None:
        """The largest use of the device's own memory so far, in MiB; None where it shares the process's."""


class Backend(Protocol):
    """What a library that computes must offer.

    Attributes:
        name: as the records and Keras spell it.
    """

    name: str

    @property
    def version(self) -> str:
        """Of the installed library, read without importing it; empty where there is none."""

    @property
    def out_of_memory(self) -> tuple[type[BaseException], ...]:
        """The exceptions that mean that memory ran out."""

    def environment(self, threads: int | None = None) -> dict[str, str]:
        """Variables that a process needs before it imports the library; ``threads`` holds it to so many of them."""

    def prepare(self) -> None:
        """Import the library, quietly, and have Keras choose it: called once, right before Keras is imported."""

    def device_kind(self, asked: str) -> str:
        """Resolve ``auto``, ``cpu`` or ``gpu`` to ``cpu`` or ``gpu``. Raises UserError for a GPU that is not there."""

    def device_name(self, kind: str) -> str:
        """What the maker calls the device of that kind."""

    def set_determinism(self) -> None:
        """Make operations bit-for-bit repeatable, for the rest of the process; it cannot be taken back."""

    def precision(self, name: str) -> AbstractContextManager[None]:
        """Build layers inside the block in ``float32``, ``float64`` or ``bfloat16`` (which keeps float32 weights)."""

    def place(self, data: Dataset, device: str) -> Any:
        """The data on a device of that kind, in the form that ``program`` takes."""

    def program(self, model: Any, optimizer: Any, data: Any, recipe: Recipe) -> Program:
        """A program, still to be compiled, by the compiler that is fastest for this network on this device.

        Args:
            model: a built Keras model ``(batch, …input_shape) -> (batch, classes)`` of logits, or of probabilities
                where its last layer ends in a softmax; where each token has a target, ``(batch, length, classes)``.
            optimizer: a fresh Keras optimizer.
            data: what ``place`` gave.
            recipe: how to train.

        Raises:
            UserError: an activation of the network lets no gradient through.
        """

    def values_and_slopes(
        self, function: Callable[[Any], Any], inputs: np.ndarray[Any, Any], dtype: str
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """The values of a function of tensors, and the gradient of their sum with respect to its inputs.

        Args:
            function: takes a tensor of the inputs' shape.
            inputs: of any shape; converted to ``dtype``, in which everything is computed. Numbers of tokens stay what
                they are, and have no slopes.
            dtype: ``float64``, ``float32`` or ``bfloat16``.

        Returns:
            Both in float64, the gradient in the inputs' shape: 0 where the values do not depend on them.
        """


_settled: str | None = None


@functools.cache
def names() -> tuple[str, ...]:
    """The names of all backends: those of this package's modules."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def get(name: str) -> Backend:
    """The backend of that name. Raises UserError, with a suggestion, where there is none."""
    if name not in names():
        raise UserError(f"There is no backend {name!r}.{did_you_mean(name, names())} Known: {', '.join(names())}.")
    backend: Backend = importlib.import_module(f"{__name__}.{name}").BACKEND
    return backend


def settle(name: str) -> Backend:
    """Have this process compute with the backend of that name from now on. Keras can be imported for one only.

    Raises:
        UserError: there is none of that name.
        RuntimeError: the process has settled for another one, which needs a process of its own.
    """
    global _settled  # noqa: PLW0603 - so does Keras, once a process
    backend = get(name)
    if _settled not in (None, name):
        raise RuntimeError(f"This process computes with {_settled}; {name} needs one of its own.")
    _settled = name
    return backend


def current() -> Backend:
    """The backend that this process has settled for; the default one from now on, where it has not yet."""
    return settle(_settled or DEFAULT)


def prepare() -> None:
    """Prepare the current backend for Keras's first import."""
    current().prepare()
