"""What proves that an archive in the folder holds what was published: its stamp, written when it was converted.

``NAME.json`` beside ``NAME.npz``. It finds damage, and is no signature: who writes into the folder can write both.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import filelock
import msgspec

from actbench.datasets.fetching.hashes import file_hash
from actbench.datasets.published.files import Container
from actbench.errors import UserError
from actbench.results.files import check_readable, replace

KNOWN = "known.json"
"""The arrays' hashes of all that was ever verified in a folder, by name; they outlive the archives."""


class State(StrEnum):
    """What lies under the name of a data set."""

    VERIFIED = "verified"
    SAME = "local, the same data as published"
    LOCAL = "local, not the published file"
    DAMAGED = "damaged"
    ABSENT = "not here"


class Origin(msgspec.Struct, frozen=True):
    """A file that an archive was made of: its hashes, and where it came from (an address or a path)."""

    name: str
    came_from: str
    sha256: str = ""
    md5: str = ""


class Stamp(msgspec.Struct, frozen=True):
    """What is known of an archive that was made of verified files.

    Attributes:
        files: what it was made of.
        arrays_sha256: of the decoded arrays (``hashes.arrays_hash``), the same whatever container they came in.
        npz_sha256: of the archive.
        size: its bytes.
        mtime_ns: when it was written, by its file system.
        made_at: the same for people, UTC.
    """

    files: tuple[Origin, ...]
    arrays_sha256: str
    npz_sha256: str
    size: int
    mtime_ns: int
    made_at: str


def origins(container: Container, came_from: Sequence[object]) -> list[Origin]:
    """The files of a container, and where each came from."""
    pairs = zip(container.files, came_from, strict=True)
    return [Origin(file.name, str(where), file.sha256, file.md5) for file, where in pairs]


def stamp_path(npz: Path) -> Path:
    """Where the stamp of an archive lies."""
    return npz.with_suffix(".json")


def read_stamp(npz: Path) -> Stamp | None:
    """The stamp of an archive; None where there is none. Raises ValueError for what is no stamp, OSError, UserError."""
    check_readable(stamp_path(npz))
    try:
        return msgspec.json.decode(stamp_path(npz).read_bytes(), type=Stamp)
    except FileNotFoundError:
        return None


def make_stamp(npz: Path, files: tuple[Origin, ...], arrays_sha256: str) -> Stamp:
    """What is to be known of an archive that has just been written. Raises OSError."""
    found = npz.stat()
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Stamp(files, arrays_sha256, file_hash(npz), found.st_size, found.st_mtime_ns, made_at)


def write_stamp(npz: Path, stamp: Stamp) -> None:
    """Put a stamp beside an archive. Raises OSError."""
    replace(stamp_path(npz), msgspec.json.format(msgspec.json.encode(stamp), indent=2).decode() + "\n")


def state(npz: Path, *, full: bool = False) -> State:
    """What an archive is, by its stamp: one look at its size and time, or at every byte (``full``, or after a change).

    An archive that was only touched or copied gets the new time into its stamp.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return _state(npz, full=full)
    except OSError as error:
        raise UserError(f"Cannot read {str(error.filename or npz)!r}: {error.strerror or error}.") from None


def _state(npz: Path, *, full: bool) -> State:
    if not npz.is_file():
        return State.ABSENT
    try:
        stamp = read_stamp(npz)
    except ValueError:
        return State.DAMAGED
    if stamp is None:
        return State.LOCAL
    found = npz.stat()
    untouched = (found.st_size, found.st_mtime_ns) == (stamp.size, stamp.mtime_ns)
    if untouched and not full:
        return State.VERIFIED
    if found.st_size != stamp.size or file_hash(npz) != stamp.npz_sha256:
        return State.DAMAGED
    if not untouched:
        with contextlib.suppress(OSError):  # where it cannot be written, every byte is looked at every time
            write_stamp(npz, msgspec.structs.replace(stamp, mtime_ns=found.st_mtime_ns))
    return State.VERIFIED


def known_arrays(folder: Path, name: str) -> frozenset[str]:
    """The hashes of the arrays that were verified under this name, here, at any time."""
    known = set(_read_known(folder).get(name, ()))
    with contextlib.suppress(OSError, ValueError):
        if stamp := read_stamp(folder / f"{name}.npz"):
            known.add(stamp.arrays_sha256)
    return frozenset(known)


def remember_arrays(folder: Path, name: str, arrays_sha256: str) -> None:
    """Keep in mind what a verified data set's arrays hash to. Raises OSError."""
    with filelock.FileLock(folder / f"{KNOWN}.lock"):
        known = _read_known(folder)
        known[name] = sorted({*known.get(name, ()), arrays_sha256})
        replace(folder / KNOWN, msgspec.json.format(msgspec.json.encode(known), indent=2).decode() + "\n")


def _read_known(folder: Path) -> dict[str, list[str]]:
    try:
        return msgspec.json.decode((folder / KNOWN).read_bytes(), type=dict[str, list[str]])
    except (OSError, ValueError):
        return {}
