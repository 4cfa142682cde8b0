"""How much a published data set holds, and readers that take no more than that from a file."""

from __future__ import annotations

import contextlib
import errno
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from actbench.datasets._arrays import NAMES, Array, Arrays

MARGIN = 2**20
"""Bytes that an archive may hold beside its arrays at least: names, a page about it."""


@dataclass(frozen=True)
class Known:
    """What the arrays of a data set are known to be.

    Attributes:
        train: inputs in the training part.
        test: inputs in the test part.
        shape: of one input.
        classes: labels are 0 … classes-1.
    """

    train: int
    test: int
    shape: tuple[int, ...]
    classes: int

    def shape_of(self, key: str) -> tuple[int, ...]:
        """The shape of one of the four arrays."""
        count = self.train if key.endswith("train") else self.test
        return (count, *self.shape) if key.startswith("x") else (count,)

    @property
    def most(self) -> int:
        """Bytes that what is unpacked may take at most: twice what the inputs take, one byte a number, and a margin."""
        return 2 * (self.train + self.test) * math.prod(self.shape) + MARGIN

    def checked(self, key: str, array: Array) -> Array:
        """One of the four arrays. Raises ValueError where it is another than what is known."""
        if array.shape != self.shape_of(key):
            raise ValueError(f"{key} has the shape {array.shape}, not {self.shape_of(key)}")
        if key.startswith("y") and (array.min() < 0 or array.max() >= self.classes):
            raise ValueError(f"{key} holds labels from {array.min()} to {array.max()}, not 0 to {self.classes - 1}")
        return array

    def all_checked(self, arrays: Arrays) -> Arrays:
        """The four arrays. Raises ValueError as above."""
        return {key: self.checked(key, arrays[key]) for key in NAMES}


class Readable(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""


class Bounded:
    """A stream that gives so many bytes at most, whatever its source unpacks to; ValueError where there are more."""

    def __init__(self, source: Readable, most: int) -> None:
        self._source, self._left, self._most = source, most, most

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; with -1, all that there are."""
        wanted = self._left + 1 if size < 0 else min(size, self._left + 1)
        data = self._source.read(wanted)
        if len(data) > self._left:
            raise ValueError(f"it unpacks to more than {self._most} bytes")
        self._left -= len(data)
        return data


def exactly(source: Readable, size: int, what: str) -> bytes:
    """The next ``size`` bytes. Raises ValueError where there are fewer."""
    data = source.read(size)
    if len(data) < size:
        raise ValueError(f"{what} ends after {len(data)} of {size} bytes")
    return data


def to_the_end(source: Readable, size: int, what: str) -> bytes:
    """``size`` bytes that are all that there is. Reading to the end also has the sums of what is packed checked."""
    data = exactly(source, size, what)
    if source.read(1):
        raise ValueError(f"{what} goes on after {size} bytes")
    return data


@contextlib.contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to be read; whatever goes wrong in the block becomes a ValueError that names it.

    A damaged or forged file can make the libraries that read it raise anything: zlib.error, EOFError, struct.error,
    NotImplementedError, OSError without a number, or EINVAL for a place before its begin. What else the system says of
    a file stays what it is.
    """
    try:
        with path.open("rb") as file:
            yield file
    except MemoryError:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise ValueError(f"{path.name} is not as it was published: {error or type(error).__name__}") from error
