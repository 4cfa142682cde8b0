"""The four files that MNIST and what took its place are published in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from actbench.datasets.published.decoders import idx
from actbench.datasets.published.decoders.bounds import Known
from actbench.datasets.published.files import Container, PublishedFile

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
DIGITS = Known(train=60_000, test=10_000, shape=(28, 28), classes=10)
"""All of them keep MNIST's sizes."""


def four_files(hosts: Sequence[str], folders: Mapping[str, str], facts: Sequence[tuple[int, str, str]]) -> Container:
    """Four files that lie side by side on every host.

    Args:
        hosts: addresses of the folders, the one to be tried first in front.
        folders: the folders in which other programs keep them.
        facts: size, SHA-256 and MD5 of each, in the order of NAMES.
    """
    files = tuple(
        PublishedFile(
            name,
            size,
            tuple(f"{host}/{name}" for host in hosts),
            sha256,
            md5,
            tuple(f"{program}:{folder}/{name}" for program, folder in folders.items()),
        )
        for name, (size, sha256, md5) in zip(NAMES, facts, strict=True)
    )
    return Container(files, partial(idx.decode, known=DIGITS))
