"""CIFAR's archives for Python: pickled batches in a tar archive packed by gzip, read where they lie.

What is in a batch stands on https://www.cs.toronto.edu/~kriz/cifar.html: rows of 3,072 bytes (all red ones of an image,
then green, then blue), and a list of labels.
"""

from __future__ import annotations

import gzip
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from actbench.datasets._arrays import Array, Arrays
from actbench.datasets.published.decoders.bounds import Bounded, Known, opened
from actbench.datasets.published.decoders.pickles import unpickled

PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
"""No links, no devices, and no files with holes, whose size says nothing of what they hold."""
MOST_MEMBERS = 100
"""Published archives have about ten; each takes more memory than its header takes in the file."""


def decode(paths: Sequence[Path], known: Known, batches: Mapping[str, Sequence[str]], labels: str) -> Arrays:
    """The images and labels of the batches.

    Args:
        paths: the archive.
        known: what it is known to hold.
        batches: the members of the archive for the parts ``train`` and ``test``, in order.
        labels: what a batch calls its labels.
    """
    import numpy as np

    (path,) = paths
    with opened(path) as file:
        wanted = {name for names in batches.values() for name in names}
        found = {name: _batch(content, labels) for name, content in _members(file, wanted, known)}
        if missing := sorted(wanted - set(found)):
            raise ValueError(f"it has no member {missing[0]!r}")
        height, width, colours = known.shape
        arrays: dict[str, Array] = {}
        for part, names in batches.items():
            rows = np.concatenate([found[name][0] for name in names])
            images = rows.reshape(len(rows), colours, height, width).transpose(0, 2, 3, 1)
            arrays[f"x_{part}"] = np.ascontiguousarray(images)
            arrays[f"y_{part}"] = np.concatenate([found[name][1] for name in names])
        return known.all_checked(arrays)


def _members(file: Any, wanted: set[str], known: Known) -> Iterator[tuple[str, bytes]]:
    """The wanted members with their content, in the order in which they come."""
    stream = Bounded(gzip.GzipFile(fileobj=file), known.most)
    with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]  # reads, and nothing else
        for number, member in enumerate(archive):
            if number == MOST_MEMBERS:
                raise ValueError(f"it has more than {MOST_MEMBERS} members")
            if member.size > known.most:
                raise ValueError(f"it promises a member of {member.size} bytes, more than {known.most}")
            if member.name in wanted and member.type in PLAIN and (content := archive.extractfile(member)):
                yield member.name, content.read()


def _batch(content: bytes, labels: str) -> tuple[Array, Array]:
    import numpy as np

    batch = unpickled(content)
    if type(batch) is not dict:
        raise ValueError("a batch is no dict")
    held = {key if isinstance(key, str) else key.decode("latin1"): value for key, value in batch.items()}
    rows, classes = held.get("data"), held.get(labels)
    if not isinstance(rows, np.ndarray) or rows.dtype != np.uint8 or rows.ndim != 2:  # noqa: PLR2004 - images, bytes
        raise ValueError("a batch has no rows of bytes as its 'data'")
    if type(classes) is not list or {type(label) for label in classes} != {int}:
        raise ValueError(f"a batch has no list of numbers as its {labels!r}")
    return rows, np.array(classes, dtype=np.uint8)
