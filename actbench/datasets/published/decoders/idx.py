"""IDX, the format of MNIST: a magic number, the sizes, and bytes; packed by gzip, alone or in a zip archive.

The format is described on the page of MNIST, http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from actbench.datasets._arrays import NAMES, Array, Arrays
from actbench.datasets.published.decoders.bounds import Bounded, Known, Readable, exactly, opened, to_the_end

UNSIGNED_BYTES = 0x08
"""The third byte of the magic number; the fourth is the number of dimensions."""


def decode(paths: Sequence[Path], known: Known) -> Arrays:
    """Training images, training labels, test images and test labels in a file each, packed by gzip."""
    arrays = {}
    for path, key in zip(paths, NAMES, strict=True):
        with opened(path) as file:
            arrays[key] = known.checked(key, _array(file, key, known))
    return arrays


def decode_emnist(paths: Sequence[Path], known: Known, part: str) -> Arrays:
    """One of the parts that EMNIST has, from the zip archive of them all.

    Its letters count from 1, and its images are transposed.
    """
    (path,) = paths
    arrays = {}
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        for key in NAMES:
            kind = "images-idx3" if key.startswith("x") else "labels-idx1"
            with archive.open(f"gzip/emnist-{part}-{key[2:]}-{kind}-ubyte.gz") as member:
                array = _array(Bounded(member, known.most), key, known)
            # A label 0 would become 255, which is no class.
            arrays[key] = known.checked(key, array.transpose(0, 2, 1).copy() if key.startswith("x") else array - 1)
    return arrays


def _array(packed: Readable, key: str, known: Known) -> Array:
    """The array of a file. Its header must promise what is known before anything else is read."""
    import numpy as np

    shape = known.shape_of(key)
    with gzip.GzipFile(fileobj=packed) as unpacked:  # type: ignore[call-overload]  # nothing but read is asked of it
        begin = struct.pack(f">HBB{len(shape)}I", 0, UNSIGNED_BYTES, len(shape), *shape)
        header = exactly(unpacked, len(begin), key)
        if header != begin:
            raise ValueError(f"{key} begins with {header.hex()}, not {begin.hex()}: not bytes of the shape {shape}")
        content = bytearray(to_the_end(unpacked, math.prod(shape), key))
    return np.frombuffer(content, dtype=np.uint8).reshape(shape)
