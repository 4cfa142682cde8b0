"""Where published data may lie on this machine: our own folder, and where Keras and torchvision keep theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from actbench.datasets.fetching.events import FoundFile, OtherFile, tell
from actbench.datasets.fetching.hashes import is_intact
from actbench.datasets.published.files import PublishedFile

TORCHVISION_ROOTS = ("data", "~/data", "datasets", "~/datasets")
"""torchvision has no folder of its own: its users name one, and nearly all of them one of these."""


def folder() -> Path:
    """Where converted data lies: ACTBENCH_DATA_DIR, else the system's folder for caches of this user.

    A ``~`` is the home, as not everything that sets variables expands it; what is relative is so to the current folder.
    """
    import platformdirs

    chosen = os.environ.get("ACTBENCH_DATA_DIR")
    return _at_home(chosen).absolute() if chosen else Path(platformdirs.user_cache_dir("actbench", appauthor=False))


def own_place(name: str, file: PublishedFile) -> Path:
    """Where a person may put a published file of a data set: several have files of one name, so each has a folder."""
    return folder() / name / file.name


def download_folder(name: str) -> Path:
    """Where the files of a data set lie from their fetching to their conversion."""
    return folder() / "downloads" / name


def foreign_places(file: PublishedFile) -> Iterator[Path]:
    """Where other programs keep a published file, whether it is there or not; the likeliest place is the first."""
    for kept in file.kept_as:
        program, _, path = kept.partition(":")
        if program == "keras":
            yield Path(os.environ.get("KERAS_HOME") or _at_home("~/.keras")) / "datasets" / path
        else:
            yield from (_at_home(root) / path for root in TORCHVISION_ROOTS)


def _at_home(path: str) -> Path:
    """A path with the home in place of its ``~``; as it is where nobody has one, which ``Path`` takes for an error."""
    return Path(os.path.expanduser(path))  # noqa: PTH111


def find(name: str, file: PublishedFile) -> Path | None:
    """A published file as it lies here, intact; None where there is none."""
    for path in (download_folder(name) / file.name, folder() / file.name):
        if is_intact(path, file):
            return path
    for path in (own_place(name, file), *foreign_places(file)):
        if is_intact(path, file):
            tell(FoundFile(file, path))
            return path
        if path.is_file():
            tell(OtherFile(file, path))
    return None
