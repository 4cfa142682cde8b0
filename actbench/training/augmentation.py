"""Light augmentation of training images, by name: drawn anew at every step, and the same for all arms of a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.registry import Parameter, Registry, choose, parameters_of, parts_of

ops = lazy("keras.ops")

NONE = "none"
MIDDLE = 0.5


@dataclass(frozen=True)
class Augmentation:
    """``apply(x, draws, **parameters)`` changes images ``(batch, height, width, channels)``.

    Attributes:
        name: its spelling.
        apply: takes uniform numbers from [0, 1), shape (draws, batch), beside the images, and keeps their shape.
        draws: how many numbers it needs for each image.
        parameters: what a spelling may set.
        aliases: other names.
    """

    name: str
    apply: Callable[..., Any]
    draws: int
    parameters: tuple[Parameter, ...]
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What it does, from the docstring."""
        return self.apply.__doc__ or ""


AUGMENTATIONS: Registry[Augmentation] = Registry("augmentation", __name__)


def augmentation(*, draws: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add an augmentation under the function's name."""

    def add(apply: Callable[..., Any]) -> Callable[..., Any]:
        AUGMENTATIONS.add(Augmentation(apply.__name__, apply, draws, parameters_of(apply, given=2)))
        return apply

    return add


@augmentation(draws=1)
def flip(x: Any, draws: Any) -> Any:
    """Left and right exchanged, in half of the images"""
    turned = ops.reshape(draws[0] < MIDDLE, (-1, 1, 1, 1))
    return ops.where(turned, ops.flip(x, axis=2), x)


@augmentation(draws=2)
def shift(
    x: Any,
    draws: Any,
    pixels: Annotated[int, Meta(ge=1, le=1000, description="the farthest shift, up or down and to either side")] = 4,
) -> Any:
    """Moved by up to so many pixels each way, zeros moving in (He et al. 2016: padded by 4, then cropped)"""
    places = 2 * pixels + 1
    for axis, numbers in ((1, draws[0]), (2, draws[1])):
        side = x.shape[axis]
        moved = ops.cast(ops.floor(numbers * places), "int32")
        index = ops.arange(side, dtype="int32")[None, :] + moved[:, None]
        shape = [-1, 1, 1, 1]
        shape[axis] = side
        width = [(0, 0)] * 4
        width[axis] = (pixels, pixels)
        x = ops.take_along_axis(ops.pad(x, width), ops.reshape(index, shape), axis=axis)
    return x


@dataclass(frozen=True)
class Chain:
    """Augmentations one after the other.

    Attributes:
        text: their spelling, every parameter spelled.
        steps: each with the values of its parameters.
    """

    text: str
    steps: tuple[tuple[Augmentation, Mapping[str, Any]], ...]

    @property
    def draws(self) -> int:
        """How many numbers an image needs."""
        return sum(entry.draws for entry, _ in self.steps)

    def check(self, shape: Sequence[int]) -> None:
        """Raise UserError where images of a shape (height, width, channels) could leave the picture altogether."""
        for entry, values in self.steps:
            if entry.apply is shift and values["pixels"] >= min(shape[:2]):
                raise UserError(
                    f"--augment {self.text} can move an image out of sight: it has {shape[0]}×{shape[1]} pixels. "
                    "Take a shift of a few."
                )

    def __call__(self, x: Any, draws: Any) -> Any:
        """The images changed by uniform numbers, shape (draws, batch)."""
        first = 0
        for entry, values in self.steps:
            x = entry.apply(x, draws[first : first + entry.draws], **values)
            first += entry.draws
        return x


def chain(text: str) -> Chain:
    """What ``flip,shift(4)`` stands for; nothing for ``none``.

    Raises:
        UserError: a name that is none, or one that stands there twice.
    """
    parts = [part.strip() for part in parts_of(text)]
    if parts == [NONE]:
        return Chain(NONE, ())
    if not parts or NONE in parts:
        raise UserError(f"The augmentation {text!r} is not one: write {NONE} alone, or names like 'flip,shift(4)'.")
    found = [choose(AUGMENTATIONS, part) for part in parts]
    names = [entry.name for entry, _, _ in found]
    if len(set(names)) < len(names):
        raise UserError(f"The augmentation {text!r} names something twice.")
    return Chain(",".join(choice.definition for _, _, choice in found), tuple((e, v) for e, v, _ in found))


def named(text: str) -> str:
    """The augmentation that is meant, every parameter spelled. Raises UserError where there is none of that name."""
    return chain(text).text
