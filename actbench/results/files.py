"""Writing files so that nothing half-written can ever be read, and nothing outside their folder is ever written.

A folder that somebody else packed may hold anything under the names of our files: links that lead out of it, pipes that
wait for ever.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from actbench.errors import UserError

OWN_FILE_ONLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""To open with: fails for a link, and for a pipe that nobody reads. Not every system has them."""


def check_readable(path: Path) -> None:
    """Raise UserError for a pipe or a device, which may have no end; a link to a file will do."""
    with contextlib.suppress(OSError):  # whoever opens it says what is wrong
        mode = path.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise UserError(f"{str(path)!r} is a pipe or a device, not a file.")


def check_writable(path: Path, *, folder: bool = False) -> None:
    """Raise UserError for what lies in the place of a file of ours, or of a folder, and is none, such as a link."""
    try:
        mode = path.lstat().st_mode
    except OSError:  # as above
        return
    if stat.S_ISLNK(mode):
        raise UserError(f"{str(path)!r} is a symbolic link: nothing is written through it. Take another --results.")
    if not (stat.S_ISDIR if folder else stat.S_ISREG)(mode):
        raise UserError(f"{str(path)!r} is not a {'folder' if folder else 'file'}. Take another --results.")


def replace(path: Path, text: str) -> None:
    """Write a whole text file aside and move it into place. Halves of characters are escaped, as JSON escapes them."""
    replace_all({path: text.encode(errors="backslashreplace")})


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Write whole files aside, all of them, and only then move them into place, in order: a full disk changes none."""
    parts = {path.with_name(path.name + ".part"): path for path in contents}
    try:
        for part, path in parts.items():
            part.unlink(missing_ok=True)  # of a break; or a link of somebody's, which is not followed
            with part.open("xb") as file:
                file.write(contents[path])
                file.flush()
                os.fsync(file.fileno())
        for part, path in parts.items():
            part.replace(path)
    except OSError:
        for part in parts:
            part.unlink(missing_ok=True)
        raise


def append(path: Path, block: bytes) -> None:
    """Add a block in one write that has reached the disk on return, or leave the file as it was."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | OWN_FILE_ONLY, 0o644)
    try:
        size = os.fstat(handle).st_size
        try:
            # One write: a disk that took only part of it is full.
            if os.write(handle, block) < len(block):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # noqa: TRY301
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


def drop_torn_line(path: Path) -> bool:
    """Cut a text file back to its last whole line; whether there was something to cut."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole == len(content):
        return False
    with path.open("r+b") as file:
        file.truncate(whole)
    return True


@contextlib.contextmanager
def user_errors(folder: Path) -> Iterator[None]:
    """Turn trouble with the disk into a message that says what is safe."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"Cannot write to {str(folder)!r}: {error.strerror or error}. What was stored before is safe; "
            "make room or permission, then give the same command again."
        ) from error
