"""What is known beforehand of published data: which files hold it, what they must hash to, and who has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from actbench.datasets._arrays import Arrays

Decoder: TypeAlias = Callable[[Sequence[Path]], Arrays]
"""Reads the files of a container, given in its order, and returns the four arrays as they come. Nothing in them is run.

Raises ValueError that says what is wrong with which file.
"""


@dataclass(frozen=True)
class PublishedFile:
    """A file as its publishers made it, byte for byte.

    Attributes:
        name: what it is called where it is published, without folders.
        size: bytes.
        mirrors: addresses of copies, the one to be tried first in front.
        sha256: of its content, in hex digits; empty where only an MD5 was published.
        md5: the same, for what nobody published a better hash of.
        kept_as: where other programs keep it, as ``keras:PATH`` or ``torchvision:PATH`` below that program's folder.
    """

    name: str
    size: int
    mirrors: tuple[str, ...]
    sha256: str = ""
    md5: str = ""
    kept_as: tuple[str, ...] = ()


@dataclass(frozen=True)
class Container:
    """One way in which a data set is published: files that hold it together, and what reads them."""

    files: tuple[PublishedFile, ...]
    decode: Decoder


@dataclass(frozen=True)
class Published:
    """A data set that others publish.

    Attributes:
        name: as people call it here.
        containers: the ways in which it is published, the one to be fetched first in front.
        source: who made it and when, as one cites it.
        home: its page.
        licence: the terms, in words; what is not stated by its makers is said to be so.
    """

    name: str
    containers: tuple[Container, ...]
    source: str
    home: str
    licence: str
