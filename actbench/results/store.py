"""A folder of results: two raw tables that only grow, one writer, and nothing half-written that anybody could read.

``runs.csv`` and ``epochs.csv`` are appended to, a run's epochs first, each in one write that reaches the disk before
the next. A break therefore leaves at most a torn last line or epochs without a run; both are dropped on opening.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import json
import logging
import os
import shutil
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import filelock

from actbench.errors import UserError
from actbench.results.checkpoint import Checkpoint
from actbench.results.columns import FINAL, Record, Run, epoch_rows, row_digest, run_row
from actbench.results.files import (
    append,
    check_readable,
    check_writable,
    drop_torn_line,
    replace,
    replace_all,
    user_errors,
)
from actbench.results.read import (
    CHANGED,
    CHECKPOINTS,
    EPOCH_TABLE,
    EPOCHS,
    MANIFEST,
    RUN_TABLE,
    RUNS,
    TABLE,
    Table,
    check_exists,
    check_version,
    could_be_older,
    epoch_digests,
    is_unchanged,
    is_whole,
    lacks_only_later_columns,
    numbered_runs,
    read_epochs,
    read_manifest,
    read_runs,
)
from actbench.results.text import csv_lines
from actbench.results.tunings import joined
from actbench.results.upgrade import is_older, version_in

log = logging.getLogger(__name__)
Rows: TypeAlias = Iterable[Mapping[str, Any]]
LOCK, HOLDER = ".lock", ".holder"
UNUSABLE = ".unusable"
DAMAGED = "damaged"
KEPT_BY_ENTRY = ("studies", "datasets", "versions", "designs", "tunings")


class Store:
    """An open, locked store. Use ``with Store.open(folder) as store``.

    ``statuses`` maps the key of every stored run to its status; ``damaged`` is that of a run whose epochs are gone, or
    whose row was changed.
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
            for name in (RUNS, EPOCHS, TABLE, MANIFEST, LOCK, HOLDER):
                check_writable(folder / name)
            check_writable(folder / CHECKPOINTS, folder=True)
            lock = filelock.FileLock(folder / LOCK, timeout=0)
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
                replace(folder / HOLDER, f"process {os.getpid()} on {socket.gethostname()}")
            yield store
        finally:
            (folder / HOLDER).unlink(missing_ok=True)
            lock.release()

    def append(self, *records: Record) -> None:
        """Keep records: their epochs, then their run rows. Rows of the same keys that were there are replaced.

        A finished run is only replaced by a finished one: what a new attempt did not bring to its end is dropped.
        """
        records = tuple(
            record for record in records if record.status in FINAL or self.statuses.get(record.run.key) not in FINAL
        )
        if not records:
            return
        keys = {record.run.key for record in records}
        epochs, runs = [row for record in records for row in epoch_rows(record)], [run_row(r) for r in records]
        with user_errors(self.folder):
            if keys & self.statuses.keys():
                self._rewrite(keys, epochs, runs)
            else:
                self._append(EPOCH_TABLE, epochs)
                self._append(RUN_TABLE, runs)
            for record in records:
                if record.status in FINAL:
                    self._drop_checkpoint(record.run.key)
        self.statuses |= {record.run.key: record.status for record in records}

    def take_over(self, other: Path, runs: Iterable[Run]) -> None:
        """Copy from another store what it holds of these runs, finished and whole, unless it is finished here too.

        A row keeps all that was measured; only the names of study, variant and tuning become those of the run: what
        they were asked for elsewhere is nothing that this store's manifest knows.

        Raises:
            UserError: there is no store, or it cannot be read.
        """
        check_exists(other)
        wanted = {run.key: run for run in runs if self.statuses.get(run.key) not in FINAL}
        digests = epoch_digests(other)
        found = {
            row["run_key"]: _renamed(row, wanted[row["run_key"]])
            for row in read_runs(other)
            if row["run_key"] in wanted and row["status"] in FINAL and is_unchanged(row) and is_whole(row, digests)
        }
        if found:
            epochs = [row for row in read_epochs(other) if row["run_key"] in found]
            with user_errors(self.folder):
                self._rewrite(found.keys(), epochs, list(found.values()))
            self.statuses |= {key: row["status"] for key, row in found.items()}

    def note_tunings(self, runs: Iterable[Run]) -> None:
        """Write the tunings that these runs belong to into the rows of those that are stored already."""
        wanted = {run.key: run.tuning for run in runs if run.tuning and run.key in self.statuses}
        if not wanted:
            return
        renamed = {}
        for row in read_runs(self.folder):
            cell = joined(row["tuning"], wanted.get(row["run_key"], ""))
            if cell != row["tuning"] and is_unchanged(row):
                named = row | {"tuning": cell}
                renamed[row["run_key"]] = named | {"row_digest": row_digest(named)}
        if renamed:
            epochs = [row for row in read_epochs(self.folder) if row["run_key"] in renamed]
            with user_errors(self.folder):
                self._rewrite(renamed.keys(), epochs, list(renamed.values()))

    def save_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep the state of a run between two epochs, in place of an earlier one.

        None is kept of a run that has finished before: nobody would go on from it but one who lost what had come of it.
        """
        if self.statuses.get(checkpoint.run_key) in FINAL:
            return
        with user_errors(self.folder):
            path = self._checkpoint_path(checkpoint.run_key)
            path.parent.mkdir(exist_ok=True)
            replace_all({path: checkpoint.to_bytes()})

    def load_checkpoint(self, key: str) -> Checkpoint | None:
        """The state that a run was left in, or None; one that cannot be used is set aside with a warning."""
        path = self._checkpoint_path(key)
        try:
            check_readable(path)
            checkpoint = Checkpoint.from_bytes(path.read_bytes())
            if checkpoint.run_key != key:
                raise ValueError(f"it belongs to the run {checkpoint.run_key}")  # noqa: TRY301
        except FileNotFoundError:
            return None
        except (OSError, ValueError, UserError) as error:
            self.set_aside(key, str(error))
            return None
        return checkpoint

    def set_aside(self, key: str, reason: str) -> None:
        """Keep a checkpoint that cannot be used out of the way, and say why its run begins anew."""
        path = self._checkpoint_path(key)
        log.warning("the checkpoint %s cannot be used (%s): that run begins anew", path, reason)
        with contextlib.suppress(OSError):  # what cannot be moved is replaced by the run's next checkpoint
            path.replace(path.with_suffix(UNUSABLE))

    def _drop_checkpoint(self, key: str) -> None:
        for path in (self._checkpoint_path(key), self._checkpoint_path(key).with_suffix(UNUSABLE)):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others are still in there
            (self.folder / CHECKPOINTS).rmdir()

    def _checkpoint_path(self, key: str) -> Path:
        return self.folder / CHECKPOINTS / f"{key}.npz"

    def discard(self, keys: Collection[str]) -> None:
        """Drop the rows of these runs from both tables."""
        self._rewrite(keys, [], [])
        for key in keys:
            self.statuses.pop(key, None)

    def remove(self, keys: Collection[str]) -> Path:
        """Drop all that is kept of these runs, after a copy of the tables was put beside the store.

        Returns:
            The copy, a store that can be read, and taken from with ``--reuse``.
        """
        names = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
        places = (self.folder.resolve().with_name(f"{self.folder.resolve().name}-before-clean{name}") for name in names)
        copy = next(place for place in places if not place.exists())
        with user_errors(self.folder):
            copy.mkdir()
            for name in (RUNS, EPOCHS, TABLE, MANIFEST):
                if (self.folder / name).exists():
                    shutil.copy2(self.folder / name, copy / name)
            self.discard(keys)
            for key in keys:
                self._drop_checkpoint(key)
        return copy

    def write_table(self, text: str) -> None:
        """Write the derived ``table.csv``."""
        with user_errors(self.folder):
            replace(self.folder / TABLE, text)

    def write_manifest(self, part: Mapping[str, Any]) -> None:
        """Lay ``part`` over ``manifest.json``; entries of `KEPT_BY_ENTRY` are kept one by one."""
        manifest = read_manifest(self.folder)
        for name, value in part.items():
            manifest[name] = manifest.get(name, {}) | value if name in KEPT_BY_ENTRY else value
        with user_errors(self.folder):
            replace(self.folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")

    def _append(self, table: Table, rows: Rows) -> None:
        path = self.folder / table.file
        fresh = not path.exists() or path.stat().st_size == 0
        append(path, _csv(rows, table, header=fresh))

    def _rewrite(self, keys: Collection[str], epochs: Rows, runs: Rows) -> None:
        """Write both tables anew in today's form without the rows of ``keys``, and with these.

        Both are written aside, then moved into place, the epochs first: where a break comes between the two moves, the
        runs are still those of before, and what the next opening does with them is the same once more.
        """
        kept_epochs = (row for row in read_epochs(self.folder) if row["run_key"] not in keys)
        kept_runs = (row for row in read_runs(self.folder) if row["run_key"] not in keys)
        replace_all(
            {
                self.folder / EPOCHS: _csv(itertools.chain(kept_epochs, epochs), EPOCH_TABLE, header=True),
                self.folder / RUNS: _csv(itertools.chain(kept_runs, runs), RUN_TABLE, header=True),
            }
        )

    def _mend(self) -> None:
        """Drop a torn last line and epochs without a run, upgrade, and learn the statuses.

        Nothing of others' is touched: it is refused before anything is changed.
        """
        tables = [table for table in (RUN_TABLE, EPOCH_TABLE) if (self.folder / table.file).exists()]
        older = [_is_older_table(self.folder / table.file, table) for table in tables]
        _check_derived(self.folder)
        for table in tables:
            if drop_torn_line(self.folder / table.file):
                log.warning("dropped a torn last line from %s", self.folder / table.file)
        if any(older):
            log.warning(
                "%s was written by an older actbench, or by something else, and is now in today's form", self.folder
            )
            self._rewrite((), [], [])
        numbered = list(numbered_runs(self.folder))
        runs = [row for _, row in numbered]
        self.statuses = {row["run_key"]: row["status"] for row in runs}
        changed = [(line, row) for line, row in numbered if not is_unchanged(row)]
        if changed:
            line, row = changed[0]
            log.warning(CHANGED, self.folder / RUNS, len(changed), line, row["activation"], row["seed"])
            self.statuses |= {row["run_key"]: DAMAGED for _, row in changed}
        digests = epoch_digests(self.folder)
        damaged = [row["run_key"] for row in runs if row["status"] in FINAL and not is_whole(row, digests)]
        if damaged:
            log.warning(
                "%s no longer holds what was stored of %d finished run(s), the first being %s: they are trained again "
                "when they are asked for",
                self.folder / EPOCHS, len(damaged), damaged[0],
            )  # fmt: skip
            self.statuses |= dict.fromkeys(damaged, DAMAGED)
        orphans = digests.keys() - self.statuses.keys()
        if orphans:
            log.warning("dropped the epochs of %d unfinished run(s) from %s", len(orphans), self.folder / EPOCHS)
            self.discard(orphans)


def _renamed(row: Mapping[str, str], run: Run) -> dict[str, str]:
    """The row as that run's: what a study, a variant and a tuning call it."""
    named = {**row, "study": run.study, "variant": run.variant, "tuning": run.tuning}
    return named if named["tuning"] == row["tuning"] else named | {"row_digest": row_digest(named)}


def _is_older_table(path: Path, table: Table) -> bool:
    """Whether the table is ours, but not in today's form. Raises UserError for a newer one and for somebody else's."""
    with path.open("rb") as file:
        header, first = file.readline(), file.readline()
    plain = header.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")
    names = plain.decode(errors="replace").split(",")
    version = first.partition(b",")[0].decode(errors="replace") if names[0] == "schema_version" else ""
    if version_in(version) is not None:
        check_version(path, version)
    if header.endswith(b"\n"):
        if tuple(names) == table.names:
            # A spreadsheet's mark at the beginning, or its ends of lines, go when the table is written anew.
            return is_older(version) or header != plain + b"\n"
        # Without a row that says its version, the header must.
        if could_be_older(table, names) and (is_older(version) or lacks_only_later_columns(table, names)):
            return True
    elif ",".join(table.names).encode().startswith(header):
        return False  # a table torn in its very first write
    raise UserError(
        f"{str(path)!r} is not a table that actbench wrote: its header is different. Take another --results."
    )


def _check_derived(folder: Path) -> None:
    """Raise UserError for a ``table.csv`` or ``manifest.json`` of somebody else's, which would be written over."""
    table = folder / TABLE
    if table.exists():
        with table.open("rb") as file:
            names = file.readline().decode(errors="replace").rstrip("\n").split(",")
        if not {"activation", "runs", "failed"} <= set(names):
            raise UserError(f"{str(table)!r} is not a table that actbench wrote. Take another --results.")
    manifest = read_manifest(folder)
    if manifest and not {"versions", "studies"} & manifest.keys():
        raise UserError(f"{str(folder / MANIFEST)!r} is not a manifest of actbench's. Take another --results.")


def _csv(rows: Rows, table: Table, *, header: bool) -> bytes:
    return (f"{','.join(table.names)}\n" * header + csv_lines(table.names, rows)).encode()


def _holder(folder: Path) -> str:
    try:
        return (folder / HOLDER).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "another process"
