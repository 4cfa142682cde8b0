"""Initial kernels of the reference layers, drawn from a NumPy stream so that every arm and backend starts alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from actbench.registry import Parameter, Registry

if TYPE_CHECKING:
    import numpy as np

Kernel: TypeAlias = "np.ndarray[Any, Any]"
Draw: TypeAlias = "Callable[[np.random.RandomState, tuple[int, ...]], Kernel]"


@dataclass(frozen=True)
class Initializer:
    """``draw(stream, shape)`` returns a float64 kernel of that shape, ``(…window, in, out)``."""

    name: str
    draw: Draw
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The formula, from the docstring."""
        return self.draw.__doc__ or ""


INITIALIZERS: Registry[Initializer] = Registry("initializer", __name__)


def initializer(draw: Draw) -> Draw:
    """Add an initializer under the function's name."""
    INITIALIZERS.add(Initializer(draw.__name__, draw))
    return draw


def fan_in(shape: tuple[int, ...]) -> int:
    """Inputs of each unit of a kernel ``(…window, in, out)``: the window's size times in."""
    return math.prod(shape[:-1])


def fan_out(shape: tuple[int, ...]) -> int:
    """Outputs that each input of a kernel ``(…window, in, out)`` feeds: the window's size times out."""
    return math.prod(shape[:-2]) * shape[-1]


@initializer
def glorot_uniform(stream: np.random.RandomState, shape: tuple[int, ...]) -> Kernel:
    """Uniform in ±√(6 / (fan_in + fan_out)); Keras's default (Glorot & Bengio 2010)."""
    limit = math.sqrt(6 / (fan_in(shape) + fan_out(shape)))
    return stream.uniform(-limit, limit, shape)


@initializer
def glorot_normal(stream: np.random.RandomState, shape: tuple[int, ...]) -> Kernel:
    """Normal, sd √(2 / (fan_in + fan_out)), not truncated (Glorot & Bengio 2010)."""
    return stream.normal(0, math.sqrt(2 / (fan_in(shape) + fan_out(shape))), shape)


@initializer
def he_uniform(stream: np.random.RandomState, shape: tuple[int, ...]) -> Kernel:
    """Uniform in ±√(6 / fan_in) (He et al. 2015)."""
    limit = math.sqrt(6 / fan_in(shape))
    return stream.uniform(-limit, limit, shape)


@initializer
def he_normal(stream: np.random.RandomState, shape: tuple[int, ...]) -> Kernel:
    """Normal, sd √(2 / fan_in), not truncated (He et al. 2015)."""
    return stream.normal(0, math.sqrt(2 / fan_in(shape)), shape)


@initializer
def lecun_uniform(stream: np.random.RandomState, shape: tuple[int, ...]) -> Kernel:
    """Uniform in ±√(3 / fan_in) (LeCun et al. 1998)."""
    limit = math.sqrt(3 / fan_in(shape))
    return stream.uniform(-limit, limit, shape)


@initializer
def lecun_normal(stream: np.random.RandomState, shape: tuple[int, ...]) -> Kernel:
    """Normal, sd √(1 / fan_in), not truncated (LeCun et al. 1998; what selu was derived for)."""
    return stream.normal(0, math.sqrt(1 / fan_in(shape)), shape)
