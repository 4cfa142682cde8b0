"""What becomes known while data is looked for and fetched, told to whoever listens.

A listener is anything that can be called with an event: a progress bar, the ``append`` of a list.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from actbench.datasets.published.files import PublishedFile


@dataclass(frozen=True)
class LocalData:
    """The archive of a published name that is used is somebody's own: nobody has held it against what was published."""

    name: str
    path: Path


@dataclass(frozen=True)
class FoundFile:
    """A published file lies intact where another program keeps it, and is read there."""

    file: PublishedFile
    path: Path


@dataclass(frozen=True)
class OtherFile:
    """What lies under the name of a published file has another content, and is left alone."""

    file: PublishedFile
    path: Path


@dataclass(frozen=True)
class Waiting:
    """Another process fetches the same data; what it fetches will serve this one, too."""

    name: str


@dataclass(frozen=True)
class NotKept:
    """The folder cannot be written: what is fetched serves this process alone."""

    name: str
    folder: Path
    reason: str


@dataclass(frozen=True)
class MirrorTried:
    """A mirror is asked for a file, of which so many bytes are here already."""

    file: PublishedFile
    mirror: str
    got: int


@dataclass(frozen=True)
class Received:
    """So many bytes of a file are here now."""

    file: PublishedFile
    mirror: str
    got: int


@dataclass(frozen=True)
class MirrorLeft:
    """A mirror did not bring the file, or brings it too slowly while there are others."""

    file: PublishedFile
    mirror: str
    reason: str


@dataclass(frozen=True)
class FileFetched:
    """A file has arrived, and is what was published."""

    file: PublishedFile
    mirror: str


@dataclass(frozen=True)
class DataKept:
    """A data set has been converted, and lies here from now on."""

    name: str
    path: Path


FetchEvent: TypeAlias = (
    LocalData | FoundFile | OtherFile | Waiting | NotKept | MirrorTried | Received | MirrorLeft | FileFetched | DataKept
)
Listener: TypeAlias = Callable[[FetchEvent], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextlib.contextmanager
def told(listener: Listener) -> Iterator[None]:
    """Inside the block, the listener is called with every event."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def tell(event: FetchEvent) -> None:
    """Call the listener, if there is one."""
    listener = _listener.get()
    if listener is not None:
        listener(event)
