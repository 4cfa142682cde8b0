"""A folder of results: two raw tables that only grow, one writer, and nothing half-written that anybody could read.

``runs.csv`` and ``epochs.csv`` are appended to, a run's epochs first, each in one write that reaches the disk before
the next. A break therefore leaves at most a torn last line or epochs without a run; both are dropped on opening.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import io
import itertools
import json
import logging
import os
import socket
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import filelock

from actbench.errors import UserError
from actbench.results.checkpoint import Checkpoint
from actbench.results.record import EPOCH_COLUMNS, FINAL, RUN_COLUMNS, SCHEMA_VERSION, Record, Run, epoch_rows, run_row
from actbench.results.upgrade import is_older, upgraded

log = logging.getLogger(__name__)
Rows: TypeAlias = Sequence[Mapping[str, Any]]

RUNS, EPOCHS, TABLE, MANIFEST, CHECKPOINTS = "runs.csv", "epochs.csv", "table.csv", "manifest.json", "checkpoints"


class Store:
    """An open, locked store. Use ``with Store.open(folder) as store``.

    ``statuses`` maps the key of every stored run to its status.
    """

    def __init__(self, folder: Path, lock: filelock.BaseFileLock) -> None:
        self.folder = folder
        self.statuses: dict[str, str] = {}
        self._lock = lock

    @classmethod
    @contextlib.contextmanager
    def open(cls, folder: Path) -> Iterator[Store]:
        """Open for writing; the folder is made where there is none, and mended where a break tore it.

        Raises:
            UserError: another process writes to it, it cannot be written, or it holds something else.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(folder / ".lock", timeout=0)
            lock.acquire()
        except filelock.Timeout:
            raise UserError(
                f"{str(folder)!r} is being written by {_holder(folder)}. Wait, or take another --results."
            ) from None
        except OSError as error:
            raise UserError(f"Cannot write results to {str(folder)!r}: {error.strerror or error}.") from None
        try:
            store = cls(folder, lock)
            with user_errors(folder):
                store._mend()
                replace(folder / ".holder", f"process {os.getpid()} on {socket.gethostname()}")
            yield store
        finally:
            (folder / ".holder").unlink(missing_ok=True)
            lock.release()

    def append(self, record: Record) -> None:
        """Keep a record: its epochs, then its run row. A row of the same key that was there is replaced."""
        key = record.run.key
        with user_errors(self.folder):
            if key in self.statuses:
                self._rewrite({key}, epoch_rows(record), [run_row(record)])
            else:
                _append(self.folder / EPOCHS, EPOCH_COLUMNS, epoch_rows(record))
                _append(self.folder / RUNS, RUN_COLUMNS, [run_row(record)])
            if record.status in FINAL:
                self._checkpoint_path(key).unlink(missing_ok=True)
                with contextlib.suppress(OSError):  # others are still in there
                    (self.folder / CHECKPOINTS).rmdir()
        self.statuses[key] = record.status

    def take_over(self, other: Path, runs: Iterable[Run]) -> None:
        """Copy from another store what it holds of these runs and is finished, unless it is finished here too.

        A row keeps all that was measured; only the names of study and variant become those of the run.

        Raises:
            UserError: there is no store, or it cannot be read.
        """
        check_exists(other)
        wanted = {run.key: run for run in runs if self.statuses.get(run.key) not in FINAL}
        found = {
            row["run_key"]: row | {"study": wanted[row["run_key"]].study, "variant": wanted[row["run_key"]].variant}
            for row in read_runs(other)
            if row["run_key"] in wanted and row["status"] in FINAL
        }
        if found:
            epochs = [row for row in _rows(other / EPOCHS, EPOCH_COLUMNS) if row["run_key"] in found]
            with user_errors(self.folder):
                self._rewrite(found.keys(), epochs, list(found.values()))
            self.statuses |= {key: row["status"] for key, row in found.items()}

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep the state of a run between two epochs, in place of an earlier one."""
        with user_errors(self.folder):
            path = self._checkpoint_path(checkpoint.run_key)
            path.parent.mkdir(exist_ok=True)
            replace_bytes(path, checkpoint.to_bytes())

    def load_checkpoint(self, key: str) -> Checkpoint | None:
        """The state that a run was left in, or None; one that cannot be read is dropped with a warning."""
        path = self._checkpoint_path(key)
        if not path.exists():
            return None
        try:
            return Checkpoint.from_bytes(path.read_bytes())
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            log.warning("the checkpoint %s cannot be read (%s); that run begins anew", path, error)
            return None

    def _checkpoint_path(self, key: str) -> Path:
        return self.folder / CHECKPOINTS / f"{key}.npz"

    def discard(self, keys: Collection[str]) -> None:
        """Drop the rows of these runs from both tables."""
        self._rewrite(keys, [], [])
        for key in keys:
            self.statuses.pop(key, None)

    def _rewrite(self, keys: Collection[str], epochs: Rows, runs: Rows) -> None:
        """Write both tables anew without the rows of ``keys``, and with these: both aside, then both into place."""
        texts = {}
        for name, columns, new in ((EPOCHS, EPOCH_COLUMNS, epochs), (RUNS, RUN_COLUMNS, runs)):
            kept = (row for row in _rows(self.folder / name, columns) if row["run_key"] not in keys)
            header = dict(zip(columns, columns, strict=True))
            texts[self.folder / name] = _csv(itertools.chain([header], kept, new), columns).encode()
        replace_all(texts)

    def write_table(self, text: str) -> None:
        """Write the derived ``table.csv``."""
        with user_errors(self.folder):
            replace(self.folder / TABLE, text)

    def write_manifest(self, part: Mapping[str, Any]) -> None:
        """Lay ``part`` over ``manifest.json``; entries of its ``studies`` and ``datasets`` are kept one by one."""
        manifest = read_manifest(self.folder)
        for name, value in part.items():
            manifest[name] = manifest.get(name, {}) | value if name in ("studies", "datasets") else value
        with user_errors(self.folder):
            replace(self.folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")

    def _mend(self) -> None:
        """Drop a torn last line and epochs without a run, and learn the statuses. Nothing of others' is touched."""
        tables = {self.folder / RUNS: RUN_COLUMNS, self.folder / EPOCHS: EPOCH_COLUMNS}
        for path, columns in tables.items():
            _check_ours(path, columns)
        for path in tables:
            _drop_torn_line(path)
        if (self.folder / RUNS).exists() and (text := upgraded(self.folder / RUNS)) is not None:
            log.warning("%s was written by an older actbench and is now upgraded", self.folder / RUNS)
            replace(self.folder / RUNS, text)
        for row in _rows(self.folder / RUNS, RUN_COLUMNS):
            self.statuses[row["run_key"]] = row["status"]
        orphans = set(_first_cells(self.folder / EPOCHS, EPOCH_COLUMNS)) - self.statuses.keys()
        if orphans:
            log.warning("dropped the epochs of %d unfinished run(s) from %s", len(orphans), self.folder / EPOCHS)
            self.discard(orphans)


def check_exists(folder: Path) -> None:
    """Raise UserError where there is no store to read."""
    if not (folder / RUNS).exists():
        raise UserError(f"There is no store in {str(folder)!r} to take runs from: it has no {RUNS}.")


def read_runs(folder: Path) -> Iterator[dict[str, str]]:
    """The rows of ``runs.csv`` as text, for a look that needs no lock; none where there is no store."""
    try:
        yield from _rows(folder / RUNS, RUN_COLUMNS)
    except OSError as error:
        raise UserError(f"Cannot read {str(folder / RUNS)!r}: {error.strerror or error}.") from None


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, or an empty one where there is none. Raises UserError where it is not JSON."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read {str(folder / MANIFEST)!r}: {error}. Mend it or move it away.") from None
    if not isinstance(manifest, dict):
        raise UserError(f"{str(folder / MANIFEST)!r} is not a manifest. Mend it or move it away.")
    return manifest


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


def replace(path: Path, text: str) -> None:
    """Write a whole text file aside and move it into place, so that nobody ever reads half of it."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, content: bytes) -> None:
    """Write a whole file aside and move it into place."""
    replace_all({path: content})


def replace_all(contents: Mapping[Path, bytes]) -> None:
    """Write whole files aside, all of them, and only then move them into place: a full disk changes none."""
    parts = {path.with_name(path.name + ".part"): path for path in contents}
    try:
        for part, path in parts.items():
            with part.open("wb") as file:
                file.write(contents[path])
                file.flush()
                os.fsync(file.fileno())
        for part, path in parts.items():
            part.replace(path)
    except OSError:
        for part in parts:
            part.unlink(missing_ok=True)
        raise


def _append(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows in one write that has reached the disk on return; a new file gets its header in the same write."""
    fresh = not path.exists() or path.stat().st_size == 0
    header = [dict(zip(columns, columns, strict=True))] if fresh else []
    block = _csv([*header, *rows], columns).encode()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        size = os.fstat(handle).st_size
        try:
            _write_all(handle, block)
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)


def _write_all(handle: int, block: bytes) -> None:
    """One write; a disk that took only part of it is full."""
    if os.write(handle, block) < len(block):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([["" if row[c] is None else row[c] for c in columns] for row in rows])
    return text.getvalue()


def _check_ours(path: Path, columns: Sequence[str]) -> None:
    """Raise UserError, before anything is changed, for a table that is not ours or that a newer actbench wrote."""
    if not path.exists():
        return
    with path.open("rb") as file:
        header, first = file.readline(), file.readline()
    names, ours = header.rstrip(b"\n").split(b","), ",".join(columns).encode()
    version, written = first.partition(b",")[0].decode(errors="replace"), b"schema_version"
    if names[0] == written and is_older(version):
        return
    if names[0] == written and version.isdigit() and int(version) != SCHEMA_VERSION:
        raise UserError(
            f"{str(path)!r} has schema version {version}, this actbench writes {SCHEMA_VERSION}. Use the actbench that "
            "wrote it, or another --results."
        )
    # A header without its end is a table torn in its very first write.
    if header != ours + b"\n" and not (ours.startswith(header) and not header.endswith(b"\n")):
        raise UserError(
            f"{str(path)!r} is not a table that actbench wrote: its header is different. Take another --results."
        )


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a table as text. Raises UserError for a damaged line."""
    if not path.exists():
        return
    _check_ours(path, columns)
    text = upgraded(path)
    with path.open(encoding="utf-8", newline="") if text is None else io.StringIO(text) as file:
        reader = csv.reader(file)
        next(reader, None)
        for values in reader:
            if len(values) != len(columns):
                raise UserError(
                    f"{str(path)!r} is damaged in line {reader.line_num}: {len(values)} cells, not {len(columns)}."
                )
            yield dict(zip(columns, values, strict=True))


def _first_cells(path: Path, columns: Sequence[str]) -> Iterator[str]:
    """The first cell of every row: run keys hold no comma and no quote, so a long table need not be parsed for them."""
    if path.exists():
        _check_ours(path, columns)
        with path.open(encoding="utf-8", newline="") as file:
            next(file, None)
            yield from (line.partition(",")[0] for line in file)


def _drop_torn_line(path: Path) -> None:
    """Cut a table of ours back to its last whole line. Every row ends in a newline, and no cell holds one."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        log.warning("dropped a torn last line from %s", path)
        with path.open("r+b") as file:
            file.truncate(whole)


def _holder(folder: Path) -> str:
    try:
        return (folder / ".holder").read_text(encoding="utf-8")
    except OSError:
        return "another process"
