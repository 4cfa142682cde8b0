"""Stores as data frames, with every cell checked that a hand could have spoiled."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from actbench.errors import UserError
from actbench.results.column import TRUTHS, Column
from actbench.results.columns import EPOCH_COLUMNS, FINAL, RUN_COLUMNS, STATUSES
from actbench.results.read import (
    CHANGED,
    EPOCHS,
    RUNS,
    epoch_digests,
    epoch_lines,
    is_unchanged,
    is_whole,
    keys_to_change,
    log,
    numbered_runs,
    read_manifest,
)

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_THRESHOLDS = (0.95, 0.97, 0.98)
SHOWN = ("epoch", "train_loss", "train_accuracy", "val_accuracy", "test_loss", "test_accuracy", "train_seconds")
"""What tables and pictures read of an epoch; the rest stays on the disk."""
CHUNK_ROWS = 100_000
MOST_NAMED = 12
# A diverged run's loss is written as nan or inf; an empty cell says that there is no number.
NOT_A_NUMBER = ["", "nan"]


def read_frames(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read ``runs.csv``, and the columns ``SHOWN`` of ``epochs.csv``; finished runs that are not whole are left out.

    Raises:
        UserError: there is nothing to read, it is not a store, a cell holds what it cannot hold, or a newer actbench
            wrote it.
    """
    import pandas as pd

    # Runs first: whoever writes at the same time appends a run's epochs before the run.
    runs = run_frame(folder)
    digests = epoch_digests(folder)
    runs = runs.loc[[row["status"] not in FINAL or is_whole(row, digests) for row in _records(runs)]]
    parts = [chunk.astype({"run_key": "str"}) for chunk in _epoch_chunks(folder, SHOWN)]
    return runs, pd.concat(parts, ignore_index=True).drop_duplicates(["run_key", "epoch"])


def run_frames(folders: Sequence[Path], only: Sequence[str] | None = None) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """Read the runs of several stores as one, and the thresholds that their studies named.

    Args:
        folders: the stores. A run that lies in several of them is taken from the first; the column ``store`` says
            which, and ``copies`` in how many it was found.
        only: keep just the runs of these keys, in this order.

    Raises:
        UserError: as `read_frames`, or no run is left.
    """
    import pandas as pd

    frames = [run_frame(folder).assign(store=str(folder)) for folder in folders]
    # An empty store must not decide the types of columns.
    runs = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    runs["copies"] = runs.groupby("run_key")["run_key"].transform("size")
    runs = runs.drop_duplicates("run_key")
    if only is not None:
        place = {key: number for number, key in enumerate(only)}
        runs = runs[runs["run_key"].isin(place)].sort_values("run_key", key=lambda keys: keys.map(place))
    if runs.empty:
        raise UserError(f"There is no finished run in {', '.join(repr(str(folder)) for folder in folders)}.")
    thresholds = sorted({t for study in read_studies(folders).values() for t in study.get("thresholds") or ()})
    return runs, tuple(thresholds) or DEFAULT_THRESHOLDS


def epoch_chunks(runs: pd.DataFrame, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The epochs of some runs in pieces of bounded size, each run's from the store that it was taken from.

    Args:
        runs: as `run_frames` gives them.
        columns: of `SHOWN`.

    Raises:
        UserError: as `read_frames`, or the epochs of a finished run are not those that were stored with it.
    """
    for store, part in runs.groupby("store", sort=False):
        _check_whole(Path(str(store)), part)
        keys = set(part["run_key"])
        for chunk in _epoch_chunks(Path(str(store)), columns):
            yield chunk[chunk["run_key"].isin(keys)]


def _check_whole(folder: Path, runs: pd.DataFrame) -> None:
    """Raise UserError where the epochs of a finished run are not those that were stored with it."""
    digests = epoch_digests(folder)
    damaged = [row for row in _records(runs[runs["status"].isin(FINAL)]) if not is_whole(row, digests)]
    if damaged:
        first = damaged[0]
        raise UserError(
            f"{str(folder)!r}: {EPOCHS} no longer holds what was stored of {len(damaged)} finished "
            f"run{'s' * (len(damaged) > 1)}, the first being {first['activation']} with seed {first['seed']:g} "
            f"({first['run_key']}). The command that made them trains them again; --where leaves them out."
        )


def _records(runs: pd.DataFrame) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", runs.to_dict("records"))


def read_studies(folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """The studies in the manifests of some stores, by name."""
    return {name: study for folder in folders for name, study in read_manifest(folder).get("studies", {}).items()}


def run_frame(folder: Path) -> pd.DataFrame:
    """One store's unchanged runs, a column of the declared type each. Raises UserError as `read_frames`."""
    import pandas as pd

    path = folder / RUNS
    if not path.is_file():
        inside = sorted(str(found.parent) for found in folder.glob(f"*/{RUNS}"))
        shown = ", ".join(inside[:MOST_NAMED]) + f" and {len(inside) - MOST_NAMED} more" * (len(inside) > MOST_NAMED)
        what_else = f"There are in {shown}: name these" if inside else "'actbench run' makes some"
        raise UserError(f"There are no results in {str(folder)!r} (no {RUNS}). {what_else}.")
    if not path.stat().st_size:
        raise UserError(f"{str(path)!r} is empty. 'actbench run' makes results.")
    numbered = list(numbered_runs(folder))
    lines, rows = zip(*numbered, strict=True) if numbered else ((), ())
    cells = pd.DataFrame(list(rows), index=list(lines), columns=[c.name for c in RUN_COLUMNS], dtype="str")
    runs = pd.DataFrame({c.name: _typed(path, cells, c) for c in RUN_COLUMNS}, index=cells.index)
    _refuse(path, runs, "status", ~runs["status"].isin(["", *STATUSES]), f"is none of {', '.join(STATUSES)}")
    for column in RUN_COLUMNS:
        _refuse_impossible(path, runs, column)
    unanswered = runs["status"].isin(FINAL) & runs["test_accuracy"].isna()
    _refuse(path, runs, "test_accuracy", unanswered, "is empty in a finished run")
    _refuse(path, runs, "seed", runs["seed"].isna(), "is empty")
    unchanged = [is_unchanged(row) for row in rows]
    if not all(unchanged):
        line, row = numbered[unchanged.index(False)]
        log.warning(CHANGED, path, unchanged.count(False), line, row["activation"], row["seed"])
    # By rows also where there are none: an empty list would choose no columns.
    return runs.loc[unchanged].reset_index(drop=True)


def _typed(path: Path, frame: pd.DataFrame, column: Column) -> Any:
    """The cells of a column as values of its type; raises UserError for one that is none."""
    import numpy as np
    import pandas as pd

    cells = frame[column.name]
    if column.type is bool:
        known = {"": False, **TRUTHS}
        _refuse(path, frame, column.name, ~cells.isin(list(known)), f"is neither {' nor '.join(TRUTHS)}")
        return cells.map(known).astype(bool)
    if not column.is_number:
        return cells
    # By arrays: there are dozens of columns, often of few runs, and what a series costs is paid for each.
    words = np.array(["nan" if cell.lower() in NOT_A_NUMBER else cell for cell in cells], dtype=object)
    numbers = pd.to_numeric(words, errors="coerce")
    _refuse(path, frame, column.name, pd.isna(numbers) & (words != "nan"), "is not a number")
    return numbers


def _epoch_chunks(folder: Path, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The epochs of one store in pieces, with run_key as a category and the columns as numbers."""
    import pandas as pd

    path = folder / EPOCHS
    next(epoch_lines(path), None)  # which checks the header
    keys = keys_to_change(folder)
    wanted = {"run_key", *columns}
    options: dict[str, Any] = {"usecols": wanted.__contains__, "keep_default_na": False, "na_values": NOT_A_NUMBER}
    types = {"run_key": "category", **dict.fromkeys(wanted - {"run_key"}, "float64")}
    declared = [column for column in EPOCH_COLUMNS if column.name in columns]
    try:
        with pd.read_csv(_whole_file(path), dtype=types, chunksize=CHUNK_ROWS, **options) as chunks:
            for chunk in chunks:
                chunk.index += 2  # the header is line 1, and no cell that actbench writes holds a line break
                _refuse(path, chunk, "epoch", chunk["epoch"].isna(), "is empty")
                for column in declared:
                    if column.name in chunk:
                        _refuse_impossible(path, chunk, column)
                if keys:
                    chunk["run_key"] = chunk["run_key"].astype("str").replace(keys).astype("category")
                yield chunk.reindex(columns=["run_key", *columns])
    except OSError as error:
        raise UserError(f"Cannot read the results in {str(path)!r}: {error.strerror or error}.") from None
    except ValueError as error:
        _find_bad_epoch(path, options)
        raise UserError(f"Cannot read the results in {str(path)!r}: {_one_line(error)}") from None


def _find_bad_epoch(path: Path, options: dict[str, Any]) -> None:
    """The slow way, once something is wrong: name the line and the cell."""
    import pandas as pd

    try:
        epochs = pd.read_csv(_whole_file(path), dtype="str", **options)
    except (OSError, ValueError):
        return  # what is wrong is no single cell; the caller has pandas's own words for it
    epochs.index += 2
    for column in EPOCH_COLUMNS:
        if column.name in epochs and column.is_number:
            _typed(path, epochs.fillna(""), column)


def _refuse_impossible(path: Path, frame: pd.DataFrame, column: Column) -> None:
    """Refuse numbers that no run has."""
    import numpy as np

    if column.is_number:
        with np.errstate(invalid="ignore"):  # an infinite number has no fraction
            for wrong, why in column.impossible(frame[column.name].to_numpy()):
                _refuse(path, frame, column.name, wrong, why)


def _refuse(path: Path, frame: pd.DataFrame, column: str, wrong: Any, why: str) -> None:
    """Raise UserError with the line and the cell of the first row that is wrong."""
    if wrong.any():
        place = int(wrong.argmax())
        cell = frame[column].iloc[place]
        written = "" if cell in ("", None) or cell != cell else f" {cell!s:.60}"  # noqa: PLR0124 - nan
        raise UserError(
            f"{str(path)!r}, line {frame.index[place]}: {column}{written} {why}. Mend it, or take the row out."
        )


def _whole_file(path: Path) -> Any:
    """The file; or, where a break tore its last line, what stands before that."""
    with path.open("rb") as file:
        if not file.seek(0, 2):
            raise UserError(f"{str(path)!r} is empty. 'actbench run' makes results.")
        file.seek(-1, 2)
        if file.read(1) == b"\n":
            return path
    log.warning("left out a torn last line of %s", path)
    content = path.read_bytes()
    return io.BytesIO(content[: content.rfind(b"\n") + 1])


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
