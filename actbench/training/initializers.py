"""Initial weights of the reference layers, drawn from a NumPy stream so that every arm and backend starts alike."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, TypeAlias

from msgspec import Meta

from actbench.registry import Parameter, Registry, choose, parameters_of

Kernel: TypeAlias = Any
"""A NumPy array."""
Stream: TypeAlias = Any
"""A ``numpy.random.RandomState``. NumPy is not imported for the signatures, which are read when the program starts."""
Draw: TypeAlias = Callable[..., Any]


@dataclass(frozen=True)
class Initializer:
    """``draw(stream, shape, **parameters)`` returns a float64 kernel of that shape, ``(…window, in, out)``.

    ``draw_bias(stream, shape)`` returns the bias, ``(out,)``, beside a kernel of that shape; None leaves biases as the
    network makes them, which is at 0 mostly.
    """

    name: str
    draw: Draw
    draw_bias: Draw | None = None
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The formula, from the docstring."""
        return self.draw.__doc__ or ""


OWN, USUAL = "own", "glorot_uniform"
"""What a network that came with activations is drawn by, which is each layer's own initializer, and any other."""
INITIALIZERS: Registry[Initializer] = Registry("initializer", __name__)


SD_OF_CUT = 0.87962566103423978
"""The standard deviation of a standard normal variable that is drawn again beyond ±2."""


class Drawing(NamedTuple):
    """What draws kernels and, if anything does, biases: each by the stream and the kernel's shape."""

    kernel: Draw
    bias: Draw | None


def initializer(draw: Draw, *, draw_bias: Draw | None = None) -> Draw:
    """Add an initializer under the function's name."""
    INITIALIZERS.add(Initializer(draw.__name__, draw, draw_bias, parameters_of(draw, given=2)))
    return draw


def drawing(text: str) -> Drawing:
    """What draws weights by the initializer of that spelling. Raises UserError where there is none."""
    entry, values, _ = choose(INITIALIZERS, text)
    return Drawing(functools.partial(entry.draw, **values), entry.draw_bias)


def named(text: str) -> str:
    """The initializer that is meant, every parameter spelled. Raises UserError where there is none of that name."""
    return OWN if text.strip() == OWN else choose(INITIALIZERS, text)[2].definition


def fan_in(shape: tuple[int, ...]) -> int:
    """Inputs of each unit of a kernel ``(…window, in, out)``: the window's size times in."""
    return math.prod(shape[:-1])


def fan_out(shape: tuple[int, ...]) -> int:
    """Outputs that each input of a kernel ``(…window, in, out)`` feeds: the window's size times out."""
    return math.prod(shape[:-2]) * shape[-1]


@initializer
def glorot_uniform(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Uniform in ±√(6 / (fan_in + fan_out)); Keras's default (Glorot & Bengio 2010)."""
    limit = math.sqrt(6 / (fan_in(shape) + fan_out(shape)))
    return stream.uniform(-limit, limit, shape)


@initializer
def glorot_normal(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Normal, sd √(2 / (fan_in + fan_out)), not truncated (Glorot & Bengio 2010)."""
    return stream.normal(0, math.sqrt(2 / (fan_in(shape) + fan_out(shape))), shape)


@initializer
def he_uniform(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Uniform in ±√(6 / fan_in) (He et al. 2015)."""
    limit = math.sqrt(6 / fan_in(shape))
    return stream.uniform(-limit, limit, shape)


@initializer
def he_normal(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Normal, sd √(2 / fan_in), not truncated (He et al. 2015)."""
    return stream.normal(0, math.sqrt(2 / fan_in(shape)), shape)


@initializer
def lecun_uniform(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Uniform in ±√(3 / fan_in) (LeCun et al. 1998)."""
    limit = math.sqrt(3 / fan_in(shape))
    return stream.uniform(-limit, limit, shape)


@initializer
def lecun_normal(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Normal, sd √(1 / fan_in), not truncated (LeCun et al. 1998; what selu was derived for)."""
    return stream.normal(0, math.sqrt(1 / fan_in(shape)), shape)


@initializer
def truncated_normal(
    stream: Stream,
    shape: tuple[int, ...],
    sd: Annotated[float, Meta(gt=0, le=1e6, description="standard deviation before the truncation")] = 0.05,
) -> Kernel:
    """Normal, sd given, drawn again beyond two sd (DeepOBS's 2c2d: Schneider, Balles & Hennig 2019)."""
    drawn = stream.normal(0, sd, shape)
    while (beyond := abs(drawn) > 2 * sd).any():
        drawn[beyond] = stream.normal(0, sd, int(beyond.sum()))
    return drawn


@initializer
def glorot_by_kind(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Windows normal, cut at two sd, of glorot_normal's sd then; matrices glorot_uniform (DeepOBS's 3c3d)."""
    if len(shape) == 2:  # noqa: PLR2004 - a matrix
        return glorot_uniform(stream, shape)
    return truncated_normal(stream, shape, math.sqrt(2 / (fan_in(shape) + fan_out(shape))) / SD_OF_CUT)


def _fan_in_bias(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """The bias beside a kernel of that shape, uniform in ±√(1 / fan_in)."""
    limit = math.sqrt(1 / fan_in(shape))
    return stream.uniform(-limit, limit, shape[-1:])


@functools.partial(initializer, draw_bias=_fan_in_bias)
def fan_in_uniform(stream: Stream, shape: tuple[int, ...]) -> Kernel:
    """Uniform in ±√(1 / fan_in), kernels and biases; PyTorch's default of linear and convolutional layers."""
    limit = math.sqrt(1 / fan_in(shape))
    return stream.uniform(-limit, limit, shape)
