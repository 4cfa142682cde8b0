"""MATLAB's files of level 5 with the two arrays of SVHN: numbers only, and packed no tighter than they are known to be.

SciPy's reader would do for an honest file, but it makes room for what a header promises before it has seen it, unpacks
whatever is there, and reads cells, structures and objects, too. The format: MathWorks, "MAT-File Format", chapter 1.
"""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from actbench.datasets._arrays import Array, Arrays
from actbench.datasets.published.decoders.bounds import Known, opened

HEADER = 128
MATRIX, PACKED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""NumPy's names for the types of an element's data."""
CLASSES = range(6, 16)
"""Classes of arrays that hold numbers: double, single, and whole ones of 8 to 64 bits."""
COMPLEX = 0x08


def decode_svhn(paths: Sequence[Path], known: Known) -> Arrays:
    """``X`` (height, width, colours, images) and ``y`` of the files for training and testing; a 0 has the label 10."""
    import numpy as np

    arrays: dict[str, Array] = {}
    for path, part in zip(paths, ("train", "test"), strict=True):
        with opened(path) as file:
            found = _arrays(file, known.most)
            if missing := sorted({"X", "y"} - set(found)):
                raise ValueError(f"it has no array {missing[0]!r}")
            if found["X"].ndim != len(known.shape) + 1 or found["X"].dtype != np.uint8:
                raise ValueError("its X is no list of images of bytes")
            labels = found["y"].ravel()
            if not np.isin(labels, np.arange(1, known.classes + 1)).all():
                raise ValueError(f"its y holds other labels than 1 to {known.classes}")
            images = np.ascontiguousarray(np.moveaxis(found["X"], -1, 0))
            arrays[f"x_{part}"] = known.checked(f"x_{part}", images)
            arrays[f"y_{part}"] = known.checked(f"y_{part}", (labels % known.classes).astype(np.uint8))
    return arrays


def _arrays(file: BinaryIO, most: int) -> dict[str, Array]:
    """The arrays of a file by name. Neither it nor an element, unpacked, may take more bytes than so many."""
    if (size := os.fstat(file.fileno()).st_size) > most:
        raise ValueError(f"it takes {size} bytes, more than the {most} that it may")
    if file.read(HEADER)[124:] != b"\x00\x01IM":
        raise ValueError("it is no MATLAB file of level 5, written on a PC")
    left = _Left(memoryview(file.read()))
    arrays = {}
    while left:
        kind, content = left.element()
        if kind == PACKED:
            unpacker = zlib.decompressobj()
            kind, content = _Left(memoryview(unpacker.decompress(content, most))).element()
            if not unpacker.eof:
                raise ValueError(f"an element of it unpacks to more than {most} bytes, or ends too soon")
        if kind != MATRIX:
            raise ValueError(f"it holds an element of type {kind}, not a matrix")
        name, array = _matrix(_Left(content))
        arrays[name] = array
    return arrays


class _Left:
    """What is left of a file or of an element to be read; nothing is copied."""

    def __init__(self, data: memoryview) -> None:
        self._data = data

    def __bool__(self) -> bool:
        return bool(self._data)

    def take(self, size: int) -> memoryview:
        if size > len(self._data):
            raise ValueError(f"it promises {size} bytes where {len(self._data)} are left")
        part, self._data = self._data[:size], self._data[size:]
        return part

    def element(self) -> tuple[int, memoryview]:
        """Type and data of the next element."""
        (kind,) = struct.unpack("<I", self.take(4))
        if small := kind >> 16:  # at most four bytes of data, in the place of the next element's begin
            return kind & 0xFFFF, self.take(4)[:small]
        (size,) = struct.unpack("<I", self.take(4))
        data = self.take(size)
        if kind != PACKED:
            self.take(min(-size % 8, len(self._data)))
        return kind, data


def _matrix(left: _Left) -> tuple[str, Array]:
    import numpy as np

    _, flags = left.element()
    kind, marks = flags[0], flags[1]
    if kind not in CLASSES or marks & COMPLEX:
        raise ValueError(f"it holds a matrix of class {kind}, which is none of plain numbers")
    _, sizes = left.element()
    shape = struct.unpack(f"<{len(sizes) // 4}i", sizes)
    _, name = left.element()
    stored, data = left.element()
    if stored not in NUMBERS:
        raise ValueError(f"it holds data of type {stored}, which are no numbers")
    dtype = np.dtype("<" + NUMBERS[stored])
    if min(shape, default=-1) < 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"it promises a matrix of the shape {shape} and holds {len(data)} bytes")
    return bytes(name).decode("latin1"), np.frombuffer(data, dtype=dtype).reshape(shape, order="F")
