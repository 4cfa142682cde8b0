"""Reading a store: one way in for whoever writes, tabulates or only looks.

A table is read by the names in its header. What it lacks, being older, gets its neutral value; what actbench does not
know is left alone; a last line without its end was torn by a break and is left out, with a warning; a line with too
few or too many cells, or with bytes that are no text, is an error that names it. ``epochs.csv``, which is long, is
looked through line by line before anything else reads it.
"""

from __future__ import annotations

import codecs
import csv
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from actbench.errors import UserError
from actbench.results import columns
from actbench.results.column import Column
from actbench.results.files import check_readable
from actbench.results.sittings import Design, Sitting
from actbench.results.text import LineDigest
from actbench.results.upgrade import FORMER, Row, changed_keys, is_older, upgraded_epoch, upgraded_run, version_in

log = logging.getLogger(__name__)

CHANGED = (
    "%s no longer holds what was stored of %d run(s), the first being in line %d, %s with seed %s: they do not count, "
    "and are trained again by the command that made them"
)
RUNS, EPOCHS, TABLE, MANIFEST, CHECKPOINTS = "runs.csv", "epochs.csv", "table.csv", "manifest.json", "checkpoints"


@dataclass(frozen=True)
class Table:
    """One of the two raw tables: its file, its columns, and those without which nothing can be said."""

    file: str
    columns: tuple[Column, ...]
    essential: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The header that actbench writes."""
        return tuple(column.name for column in self.columns)


RUN_TABLE = Table(RUNS, columns.RUN_COLUMNS, ("run_key", "activation", "status", "test_accuracy"))
# What became of a run is told from its epochs' figures: a header that lost one of the first version's is damaged.
EPOCH_TABLE = Table(
    EPOCHS, columns.EPOCH_COLUMNS, tuple(column.name for column in columns.EPOCH_COLUMNS if column.since == 1)
)


def read_runs(folder: Path) -> Iterator[Row]:
    """The rows of ``runs.csv`` as text, in today's form; none where there is no store.

    Raises:
        UserError: it cannot be read, is damaged, is no table of actbench's, or a newer actbench wrote it.
    """
    for _, row in numbered_runs(folder):
        yield row


def numbered_runs(folder: Path) -> Iterator[tuple[int, Row]]:
    """As `read_runs`, each row with the number of its line."""
    for line, row in _rows(folder / RUNS, RUN_TABLE):
        check_version(folder / RUNS, row.get("schema_version", ""))
        yield line, upgraded_run(row)


def read_epochs(folder: Path) -> Iterator[Row]:
    """The rows of ``epochs.csv`` as text, in today's form, with today's run keys. Raises as `read_runs`."""
    keys = keys_to_change(folder)
    lines = epoch_lines(folder / EPOCHS)
    names = _cells(next(lines, b""))
    for line in lines:
        yield upgraded_epoch(dict(zip(names, _cells(line), strict=True)), keys)


def epoch_digests(folder: Path) -> dict[str, LineDigest]:
    """The digest of every run's lines in ``epochs.csv``, by today's run key; none where there is no such file.

    Raises:
        UserError: as `read_runs`. What this has been through, any reader can read.
    """
    keys = keys_to_change(folder)
    digests: dict[str, LineDigest] = {}
    lines = epoch_lines(folder / EPOCHS)
    next(lines, None)
    for line in lines:
        key, _, cells = line.partition(b",")
        name = key.decode()
        digests.setdefault(keys.get(name, name), LineDigest()).add(cells)
    return digests


def epoch_lines(path: Path) -> Iterator[bytes]:
    """The lines of ``epochs.csv``, the header first, each checked: there are too many of them for more than a glance.

    Run keys and numbers need neither quotes nor commas nor letters beyond ASCII, so that commas part the cells.
    """
    commas = 0
    check_readable(path)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    log.warning("left out a torn last line of %s", path)
                    return
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901 - some spreadsheets write one
                    check_names(path, EPOCH_TABLE, _cells(line))
                    commas = line.count(b",")
                elif line.count(b",") != commas:
                    raise _damaged(path, number, line.count(b",") + 1, commas + 1)
                elif not line.isascii() or b'"' in line:
                    raise UserError(f"{str(path)!r} is damaged in line {number}: it holds what no number is made of.")
                yield line
    except (FileNotFoundError, NotADirectoryError):  # what stands in a folder's place is refused where it is written to
        return
    except OSError as error:
        raise UserError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from None


def _cells(line: bytes) -> list[str]:
    return line.decode(errors="replace").rstrip("\r\n").split(",")


def _damaged(path: Path, line: int, cells: int, wanted: int) -> UserError:
    return UserError(
        f"{str(path)!r} is damaged in line {line}: {cells} cells, not {wanted}. Mend it, or take the line out."
    )


def is_whole(run: Mapping[str, Any], digests: Mapping[str, LineDigest]) -> bool:
    """Whether the epochs of a finished run are those that were stored with it.

    Rows of the first version have no digest; their epochs, with the one before training, are counted.
    """
    found = digests.get(run["run_key"], LineDigest())
    if run["epochs_digest"]:
        return bool(found.text == run["epochs_digest"])
    try:
        return found.lines == float(run["epochs_run"]) + 1
    except ValueError:  # the cell is empty, or holds no number
        return False


def is_unchanged(run: Row) -> bool:
    """Whether a row of ``runs.csv``, as text, is what was stored; also where it is older than its digest."""
    return run["row_digest"] in ("", columns.row_digest(run))


def keys_to_change(folder: Path) -> dict[str, str]:
    """By old run key the new one, where the store is older and its upgrade changes keys."""
    rows = (row for _, row in _rows(folder / RUNS, RUN_TABLE))
    first = next(rows, None)
    if first is None or not is_older(first.get("schema_version")):
        return {}
    return changed_keys([first, *rows])


def check_version(path: Path, version: str) -> None:
    """Raise UserError for a row that a newer actbench wrote, or one whose version is none."""
    written = version_in(version)
    if version and (written is None or written > columns.SCHEMA_VERSION):
        raise UserError(
            f"{str(path)!r} has schema version {version[:40]}, this actbench knows {columns.SCHEMA_VERSION} and older. "
            "Use the actbench that wrote it, or another --results."
        )


def check_names(path: Path, table: Table, names: list[str]) -> None:
    """Raise UserError for a header that lacks what is essential."""
    missing = [name for name in table.essential if name not in names]
    if missing:
        raise UserError(f"{str(path)!r} holds no actbench results: the column {missing[0]!r} is missing.")


def could_be_older(table: Table, names: list[str]) -> bool:
    """Whether an earlier actbench may have written a header: it holds what is essential, and nothing unknown."""
    return names[:1] == [table.names[0]] and set(table.essential) <= set(names) <= {*table.names, *FORMER}


def lacks_only_later_columns(table: Table, names: list[str]) -> bool:
    """Whether a header lacks nothing of today's but what came after the first version."""
    return {column.name for column in table.columns if column.since == 1} <= set(names)


def _rows(path: Path, table: Table) -> Iterator[tuple[int, Row]]:
    check_readable(path)
    try:
        # A carriage return within a line is damage, not its end.
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            reader = csv.reader(_whole_lines(file, path))
            names = next(reader, None)
            if names is None:
                return
            check_names(path, table, names)
            for cells in reader:
                if len(cells) != len(names):
                    raise _damaged(path, reader.line_num, len(cells), len(names))
                yield reader.line_num, dict(zip(names, cells, strict=True))
    except (FileNotFoundError, NotADirectoryError):  # as above
        return
    except OSError as error:
        raise UserError(f"Cannot read {str(path)!r}: {error.strerror or error}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{str(path)!r} is damaged: {error}. Mend it, or move it away.") from None


def _whole_lines(lines: Iterator[str], path: Path) -> Iterator[str]:
    """The lines that have their end. Every row ends in a newline, and no cell that actbench writes holds one."""
    for line in lines:
        if not line.endswith("\n"):
            log.warning("left out a torn last line of %s", path)
            return
        yield line


class _StoredStudy(msgspec.Struct):
    """What is read of a study in a manifest."""

    thresholds: list[Annotated[float, Meta(gt=0, lt=1)]] | None = None
    checks: list[str] | None = None


class _StoredData(msgspec.Struct):
    """What is read of a data set in a manifest."""

    sha256: str
    classes: int
    input_shape: list[int]
    train_size: int
    val_size: int
    test_size: int
    vocabulary: int = 0
    per_token: bool = False


class _Manifest(msgspec.Struct):
    """What the parts of a manifest must be, where there are any; it may hold more."""

    hardware: dict[str, Any] | None = None
    versions: dict[str, Any] = {}
    studies: dict[str, _StoredStudy] = {}
    datasets: dict[str, _StoredData] = {}
    designs: dict[str, Design] = {}
    sittings: list[Sitting] = []


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, or an empty one where there is none. Raises UserError where it cannot be one of actbench's."""
    path = folder / MANIFEST
    check_readable(path)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        msgspec.convert(manifest, _Manifest)
    except FileNotFoundError:
        return {}
    except msgspec.ValidationError as error:
        raise UserError(f"{str(path)!r} is not a manifest: {error}. Mend it or move it away.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"Cannot read {str(path)!r}: {error}. Mend it or move it away.") from None
    return dict(manifest)


def check_exists(folder: Path) -> None:
    """Raise UserError where there is no store to read."""
    if not (folder / RUNS).exists():
        raise UserError(f"There is no store in {str(folder)!r} to take runs from: it has no {RUNS}.")
