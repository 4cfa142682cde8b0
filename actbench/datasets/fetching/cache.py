"""The folder of converted data sets: each one fetched once, proved once, and read from a plain archive ever after.

``arrays`` is what a published data set's reader calls. Where it looks, in this order: ``NAME.npz`` in the data folder
that was named, the same in our own folder (see ``places``), the published files on this machine, the mirrors.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import filelock

from actbench.datasets._arrays import Arrays
from actbench.datasets.fetching.download import DownloadError, download
from actbench.datasets.fetching.events import DataKept, LocalData, NotKept, Waiting, tell
from actbench.datasets.fetching.hashes import arrays_hash, is_intact, named
from actbench.datasets.fetching.offline import OFFLINE, offline
from actbench.datasets.fetching.places import download_folder, find, folder, foreign_places, own_place
from actbench.datasets.fetching.stamps import (
    Origin,
    State,
    known_arrays,
    make_stamp,
    origins,
    read_stamp,
    remember_arrays,
    state,
    write_stamp,
)
from actbench.datasets.npz import read_npz
from actbench.datasets.published.files import Container, Published, PublishedFile
from actbench.errors import UserError

READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def archive(name: str) -> Path:
    """Where the converted data set lies, or would lie."""
    return folder() / f"{name}.npz"


def arrays(published: Published, data_dir: Path | None = None) -> Arrays:
    """The four arrays of a published data set, from wherever they are; kept for the next time.

    Args:
        published: what is known of it.
        data_dir: a folder that must hold ``NAME.npz``; None: our own, which gets what it lacks.

    Raises:
        UserError: they are not here and cannot be had, or what is here is damaged; says what to do.
    """
    name = published.name
    found = _lying(published, (data_dir or folder()) / f"{name}.npz")
    if found is None and data_dir is not None:
        raise UserError(
            f"There is no {name}.npz in the data folder {str(data_dir)!r}. Without --data-dir it is taken from "
            f"{str(folder())!r}, where 'actbench data fetch {name}' puts it."
        )
    return _obtained(published) if found is None else found


def fetch(published: Published) -> None:
    """See to it that a data set lies in our folder, and undamaged: every byte of what is there is looked at.

    Raises:
        UserError: as ``arrays`` does, and where nothing can be kept.
    """
    name, wanting = published.name, (State.ABSENT, State.DAMAGED)
    if state(archive(name), full=True) not in wanting:
        return
    _check_offline(published)
    with locked(name) as refused:
        if state(archive(name), full=True) in wanting:  # no other process was first
            check_kept(refused)
            with room(name):
                keep(name, *_decoded(published, None))


def check_kept(refused: str) -> None:
    """Raise UserError where nothing can be kept, for what is told by ``locked``."""
    if refused:
        raise UserError(f"Cannot write to {str(folder())!r}: {refused}. Name another folder in ACTBENCH_DATA_DIR.")


def _obtained(published: Published) -> Arrays:
    """The arrays of a data set that is not here; kept where our folder can be written. Raises UserError."""
    name = published.name
    _check_offline(published)
    with locked(name) as refused, room(name):
        if state(archive(name)) is State.ABSENT:  # no other process was first
            if refused:
                tell(NotKept(name, folder(), refused))
                with tempfile.TemporaryDirectory(prefix="actbench-data-") as scratch:
                    return _decoded(published, Path(scratch))[0]
            keep(name, *_decoded(published, None))
    return read_npz(archive(name))


def state_of(published: Published, *, full: bool = False) -> State:
    """What lies in our folder; ``full``: by every byte and by its arrays, somebody's own too, where these are known.

    Raises:
        UserError: it cannot be read.
    """
    npz = archive(published.name)
    found = state(npz, full=full)
    if full and found is State.VERIFIED:
        stamp = read_stamp(npz)
        return found if stamp and stamp.arrays_sha256 == arrays_hash(read_npz(npz)) else State.DAMAGED
    if found is State.LOCAL and _published_as(published, npz):
        return State.VERIFIED
    if found is State.LOCAL and full:
        known = known_arrays(folder(), published.name)
        return State.SAME if known and arrays_hash(read_npz(npz)) in known else found
    return found


def keep(name: str, found: Arrays, files: Sequence[Origin]) -> None:
    """Convert verified data to a plain archive with its stamp; nothing half-written is ever under their names.

    To be called with the lock. Raises OSError.
    """
    import numpy as np

    npz, digest = archive(name), arrays_hash(found)
    part = npz.with_name(f"{npz.name}.part")
    part.unlink(missing_ok=True)  # of a break; or a link of somebody's, which is not followed
    try:
        with part.open("xb") as file:
            np.savez(file, **dict(found))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        # A stamp without its archive is nothing; an archive without its stamp would be taken for somebody's own.
        write_stamp(npz, make_stamp(part, tuple(files), digest))
        part.replace(npz)
    finally:
        part.unlink(missing_ok=True)
    remember_arrays(npz.parent, name, digest)
    shutil.rmtree(download_folder(name), ignore_errors=True)
    tell(DataKept(name, npz))


def decoded(published: Published, container: Container, paths: Sequence[Path]) -> Arrays:
    """What intact files hold. Raises UserError."""
    try:
        return container.decode(paths)
    except ValueError as error:
        raise UserError(
            f"{published.name} cannot be read, although its files are those that were published: {error}. That is a "
            "mistake of actbench; please report it."
        ) from error


def _lying(published: Published, npz: Path) -> Arrays | None:
    """The arrays of an archive, None where there is none. Raises UserError where it no longer holds what was kept."""
    name = published.name
    match state(npz):
        case State.ABSENT:
            return None
        case State.DAMAGED:
            raise _damaged(name, npz)
        case State.LOCAL:
            container = _published_as(published, npz)
            if container is not None:
                return decoded(published, container, [npz])
            tell(LocalData(name, npz))
    try:
        return read_npz(npz)
    except UserError:
        # A disk that lets bytes rot leaves size and time as they were.
        if state(npz, full=True) is State.DAMAGED:
            raise _damaged(name, npz) from None
        raise


def _damaged(name: str, npz: Path) -> UserError:
    anew = f"'actbench data fetch {name}' makes it anew" if npz == archive(name) else "Remove it"
    return UserError(
        f"{str(npz)!r} no longer holds what was kept there. {anew}; to use it as data of your own, remove {name}.json "
        "beside it."
    )


def _published_as(published: Published, npz: Path) -> Container | None:
    """The container that an archive without a stamp is, as published: some are published under the name of ours."""
    alone = [container for container in published.containers if len(container.files) == 1]
    return next((container for container in alone if is_intact(npz, container.files[0])), None)


@contextlib.contextmanager
def locked(name: str) -> Iterator[str]:
    """Inside the block, no other process fetches this data set; why our folder cannot be written, or nothing."""
    lock = filelock.FileLock(folder() / f"{name}.lock")
    try:
        folder().mkdir(parents=True, exist_ok=True)
        Path(lock.lock_file).touch()  # the lock would wait for ever where no file can be made
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            tell(Waiting(name))
            lock.acquire()
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise _no_room(name, error) from None
        yield error.strerror or str(error)
        return
    try:
        yield ""
    finally:
        lock.release()


@contextlib.contextmanager
def room(name: str) -> Iterator[None]:
    """Turn trouble with the disk into a message."""
    try:
        yield
    except OSError as error:
        raise _no_room(name, error) from None


def _no_room(name: str, error: OSError) -> UserError:
    return UserError(
        f"Cannot keep {name} in {str(folder())!r}: {error.strerror or error}. Nothing half-written is left there. Make "
        "room, or name another folder in ACTBENCH_DATA_DIR, then give the same command again."
    )


def _decoded(published: Published, scratch: Path | None) -> tuple[Arrays, list[Origin]]:
    """The arrays of the first container that is here, else of the first that can be fetched; and where it came from.

    Args:
        published: what is known of it.
        scratch: where to put what is fetched; None: into our folder.
    """
    name, here = published.name, _here(published)
    for container, paths in here:
        whole = [path for path in paths if path is not None]
        if len(whole) == len(paths):
            return decoded(published, container, whole), origins(container, whole)
    if offline():  # it was here a moment ago
        raise UserError(_what_to_put(name, _missing(*here[0])))
    failures = []
    for container, paths in here:
        try:
            got = [
                (path, str(path)) if path else _fetched(name, file, scratch)
                for file, path in zip(container.files, paths, strict=True)
            ]
        except DownloadError as failure:
            failures.append(failure)
        else:
            found = decoded(published, container, [path for path, _ in got])
            return found, origins(container, [came_from for _, came_from in got])
    raise UserError(_why_not(name, _missing(*here[0]), failures))


def _here(published: Published) -> list[tuple[Container, list[Path | None]]]:
    """Each container, and where its files lie on this machine."""
    return [(one, [find(published.name, file) for file in one.files]) for one in published.containers]


def _check_offline(published: Published) -> None:
    """Raise UserError where data is not here and must not be fetched, before anything is made in our folder."""
    if offline():
        here = _here(published)
        if not any(all(paths) for _, paths in here):
            raise UserError(_what_to_put(published.name, _missing(*here[0])))


def _fetched(name: str, file: PublishedFile, scratch: Path | None) -> tuple[Path, str]:
    """Fetch a file; where it lies now, and from which mirror. Raises DownloadError, OSError."""
    path = scratch / file.name if scratch else download_folder(name) / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path, download(file, path)


def _missing(container: Container, here: Sequence[Path | None]) -> list[PublishedFile]:
    return [file for file, path in zip(container.files, here, strict=True) if path is None]


def _what_to_put(name: str, missing: Iterable[PublishedFile]) -> str:
    puts = [
        f"{named(file)} as {' or '.join(str(place) for place in [own_place(name, file), *foreign_places(file)][:2])}"
        for file in missing
    ]
    return (
        f"{name} is not here, and --offline (or {OFFLINE}) keeps it from being fetched. Put {'; '.join(puts)}. Or give "
        "what you have of it to 'actbench data import', or take --data digits, which needs no network."
    )


def _why_not(name: str, missing: Iterable[PublishedFile], failures: Sequence[DownloadError]) -> str:
    tried = "; ".join(
        f"{failure.file.name} from {mirror}: {reason}"
        for failure in failures
        for mirror, reason in (failure.reasons or {"nowhere": "no address is known"}).items()
    )
    files = " and ".join(map(named, missing))
    return (
        f"{name} could not be fetched ({tried}). Fetch {files} with a browser and give it to 'actbench data import "
        f"FILE', or name a folder that holds {name}.npz with --data-dir, or take --data digits, which needs no network."
    )
