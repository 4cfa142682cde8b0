"""A folder for what a sweep's processes leave lying about, which is gone with the sweep, however that ends.

A process that is killed cannot tidy up. So every such folder holds a file that its process keeps locked, and the next
sweep removes the folders whose lock nobody holds any more.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import filelock

PREFIX = "actbench-sweep-"
LOCK = ".alive"


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder among the system's temporary ones, removed at the end; those of dead processes go at the start."""
    _remove_dead()
    folder, lock = _locked_folder()
    try:
        yield folder
    finally:
        lock.release()
        # What a worker that is just ending still writes there goes with the next sweep.
        shutil.rmtree(folder, ignore_errors=True)


def _locked_folder() -> tuple[Path, filelock.BaseFileLock]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = filelock.FileLock(folder / LOCK)
        # Another sweep may have come in between and have taken the folder for a dead one's.
        with contextlib.suppress(OSError):
            lock.acquire()
            if (folder / LOCK).exists():
                return folder, lock
            lock.release()


def _remove_dead() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, filelock.Timeout):  # somebody else's, or alive, or just gone
            if not _is_own(folder):
                continue
            with filelock.FileLock(folder / LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)


def _is_own(folder: Path) -> bool:
    """Whether it is a folder of this user's, and really here: a link could lead anywhere."""
    mine = not hasattr(os, "getuid") or folder.lstat().st_uid == os.getuid()
    return mine and folder.is_dir() and not folder.is_symlink() and (folder / LOCK).is_file()
