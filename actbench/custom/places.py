"""Where a person's own files are looked for: those that a study names beside it, others in the current folder."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path

_folder: ContextVar[Path] = ContextVar("folder", default=Path())
_added: set[Path] = set()


@contextlib.contextmanager
def names_from(folder: str | Path) -> Iterator[None]:
    """Inside the block, names of files and modules are relative to this folder."""
    before = _folder.set(Path(folder))
    try:
        yield
    finally:
        _folder.reset(before)


def place_of(name: str) -> Path:
    """The file of that name."""
    return _folder.get() / name


def is_there(name: str) -> bool:
    """Whether there is a file or a folder of that name: of one that none can have, there is none."""
    return os.path.exists(place_of(name))  # noqa: PTH110 - Path's own raises for such a name


def home() -> Path:
    """The folder that names are relative to."""
    return _folder.get().resolve()


def search(folders: Iterable[Path]) -> None:
    """Have Python look into these folders for modules, too.

    They go last: what lies there must not take the place of a library that is imported later.
    """
    known = {Path(entry or ".").resolve() for entry in sys.path}
    new = [folder for folder in dict.fromkeys(folders) if folder not in known]
    sys.path += map(str, new)
    _added.update(new)


def was_added(folder: Path) -> bool:
    """Whether Python only looks into a folder since `search`."""
    return folder in _added
