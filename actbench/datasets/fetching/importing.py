"""Files that a person has brought: what they are is told by their hashes, whatever they are called."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from actbench.datasets._arrays import NAMES, Arrays
from actbench.datasets.fetching.cache import archive, check_kept, decoded, keep, locked, room, state_of
from actbench.datasets.fetching.hashes import arrays_hash, file_hash, is_intact, named, published_hash
from actbench.datasets.fetching.parquet import SUFFIX, read_parquet
from actbench.datasets.fetching.places import find, folder, own_place
from actbench.datasets.fetching.stamps import Origin, State, known_arrays, origins
from actbench.datasets.npz import read_npz
from actbench.datasets.published.files import Container, Published, PublishedFile
from actbench.errors import UserError

MOST_FILES = 10_000
"""Looked at in a folder, and in an archive: nobody means to have a whole disk hashed."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
"""What ``zipfile`` raises on archives that are damaged, encrypted, or packed in a way that it does not know."""


@dataclass(frozen=True)
class Imported:
    """What became of what was brought.

    Attributes:
        name: the data set.
        files: what was recognised, as published.
        missing: what else its container holds, and is not here yet; empty where the data set is complete, and kept.
    """

    name: str
    files: tuple[PublishedFile, ...]
    missing: tuple[PublishedFile, ...] = ()


def import_from(place: Path, published: Iterable[Published]) -> list[Imported]:
    """Take published files, and other containers of data that was verified before, into our folder.

    Args:
        place: a file, or a folder that is searched with all below it. Zip archives are looked into, as browsers and
            file stores pack what one fetches from them.
        published: what it may be.

    Raises:
        UserError: it is nothing of that, or cannot be kept.
    """
    candidates = list(published)
    paths = _files(place)
    with tempfile.TemporaryDirectory(prefix="actbench-data-") as scratch:
        try:
            unpacked = _unpacked(paths, candidates, Path(scratch))
            recognised = _recognised([*paths, *unpacked], candidates)
        except OSError as error:
            raise UserError(f"Cannot read {str(error.filename or place)!r}: {error.strerror or error}.") from None
        done = [_taken(one, recognised[one.name], unpacked) for one in candidates if recognised.get(one.name)]
    done = done or [one for one in [_other_container(paths, candidates)] if one]
    if not done:
        raise UserError(_unknown(place, candidates))
    return done


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if not place.is_dir():
        raise UserError(f"There is no file or folder {str(place)!r}.")
    paths = list(islice((path for path in sorted(place.rglob("*")) if path.is_file()), MOST_FILES + 1))
    if len(paths) > MOST_FILES:
        raise UserError(f"There are more than {MOST_FILES} files in {str(place)!r}. Name the file, or a folder of few.")
    return paths


def _unpacked(paths: Iterable[Path], candidates: Iterable[Published], scratch: Path) -> dict[Path, Path]:
    """The members of zip archives that are published files, unpacked; and the archive of each."""
    wanted = [file for one in candidates for container in one.containers for file in container.files if file.size]
    unpacked: dict[Path, Path] = {}
    for path in paths:
        if path.suffix.lower() != ".zip":
            continue
        with contextlib.suppress(*UNREADABLE), zipfile.ZipFile(path) as archived:
            for member in islice(archived.infolist(), MOST_FILES):
                fitting = [file for file in wanted if file.size == member.file_size]
                if fitting:
                    to = scratch / str(len(unpacked))
                    with archived.open(member) as source, to.open("wb") as out:
                        shutil.copyfileobj(source, out)  # no more than the size that it states
                    if any(is_intact(to, file) for file in fitting):
                        unpacked[to] = path
    return unpacked


def _recognised(paths: Iterable[Path], candidates: Iterable[Published]) -> dict[str, dict[PublishedFile, Path]]:
    """Which published files are among them, by data set. A file is only read where its size may be right."""
    wanted = [(one.name, file) for one in candidates for container in one.containers for file in container.files]
    found: dict[str, dict[PublishedFile, Path]] = {}
    for path in paths:
        size = path.stat().st_size
        digests: dict[str, str] = {}
        for name, file in wanted:
            if file.size not in (0, size):
                continue
            kind, digits = published_hash(file)
            if kind not in digests:
                digests[kind] = file_hash(path, kind)
            if digests[kind] == digits:
                found.setdefault(name, {}).setdefault(file, path)
    return found


def _taken(published: Published, brought: Mapping[PublishedFile, Path], unpacked: Mapping[Path, Path]) -> Imported:
    """Convert what is complete with what was brought; else put that where it is found when the rest comes."""
    name, files = published.name, tuple(brought)
    with locked(name) as refused, room(name):
        if _is_here(published, refused):
            return Imported(name, files)
        parts = [
            (container, [brought.get(file) or find(name, file) for file in container.files])
            for container in published.containers
            if not brought.keys().isdisjoint(container.files)
        ]
        for container, paths in parts:
            whole = [path for path in paths if path is not None]
            if len(whole) == len(paths):
                keep(
                    name,
                    decoded(published, container, whole),
                    origins(container, [unpacked.get(path, path) for path in whole]),
                )
                return Imported(name, files)
        for file, path in brought.items():
            _copy(path, own_place(name, file))
        container, paths = parts[0]
        return Imported(name, files, tuple(file for file, path in zip(container.files, paths, strict=True) if not path))


def _copy(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f"{to.name}.part")
    part.unlink(missing_ok=True)  # of a break; or a link of somebody's, which is not followed
    try:
        shutil.copyfile(path, part)
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)


def _is_here(published: Published, refused: str) -> bool:
    """Whether it is here already. Raises UserError where it cannot be put here, for what ``locked`` says or else."""
    found = state_of(published)
    if found is State.LOCAL:
        own = str(archive(published.name))
        raise UserError(f"{own!r} is data of your own. Move it away, then give the same command again.")
    if found is not State.VERIFIED:
        check_kept(refused)
    return found is State.VERIFIED


def _other_container(paths: list[Path], candidates: Iterable[Published]) -> Imported | None:
    """A data set that was verified before, in files that nobody published: told by its arrays."""
    for published in candidates:
        name = published.name
        known = known_arrays(folder(), name)
        for found in _readings(paths, published) if known else ():
            if arrays_hash(found) in known:
                with locked(name) as refused, room(name):
                    if not _is_here(published, refused):
                        keep(name, found, [Origin(path.name, str(path), file_hash(path)) for path in paths])
                return Imported(name, ())
    return None


def _readings(paths: list[Path], published: Published) -> Iterable[Arrays]:
    """What can be read out of them, as an archive of the four arrays and as each container of the data set."""
    if len(paths) == 1 and paths[0].suffix == ".npz":
        found = read_npz(paths[0])
        if all(key in found for key in NAMES):
            yield found
    tables = [path for path in paths if path.suffix == SUFFIX]
    if tables:
        with contextlib.suppress(ValueError):  # it is something else
            yield read_parquet(tables)
    for container in published.containers:
        chosen = _by_name(paths, container)
        if chosen:
            try:
                yield container.decode(chosen)
            except ValueError:  # it is something else
                continue


def _by_name(paths: list[Path], container: Container) -> list[Path]:
    """The files in the container's order: the only one, or those of its names."""
    if len(paths) == len(container.files) == 1:
        return paths
    named_so = {path.name: path for path in paths}
    return [named_so[file.name] for file in container.files] if all(f.name in named_so for f in container.files) else []


def _unknown(place: Path, candidates: list[Published]) -> str:
    if len(candidates) > 1:
        return (
            f"Nothing in {str(place)!r} is a published file that actbench knows, nor data that it has verified before. "
            "Name the data set with --as to see which files it has; for data of your own, take --data FILE.npz."
        )
    name = candidates[0].name
    files = " or ".join(" with ".join(map(named, container.files)) for container in candidates[0].containers)
    return (
        f"Nothing in {str(place)!r} is a published file of {name}, or holds arrays verified as {name} before. "
        f"Published are {files}. For data of your own, take --data FILE.npz."
    )
