"""Reading stores: the two raw tables as frames, with every cell checked that a hand could have spoiled."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.errors import UserError
from actbench.results.record import FINAL, RUN_COLUMNS, SCHEMA_VERSION
from actbench.results.store import EPOCHS, RUNS, read_manifest
from actbench.results.upgrade import upgraded

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_THRESHOLDS = (0.95, 0.97, 0.98)
NUMBERS = (
    "schema_version", "limit", "validation_split", "train_size", "test_size", "parameters", "learning_rate",
    "batch_size", "epochs", "patience", "epochs_run", "seed", "jobs", "train_accuracy", "test_accuracy",
    "best_test_accuracy", "best_epoch", "train_loss", "test_loss", "compile_seconds", "train_seconds", "eval_seconds",
    "wall_seconds", "peak_memory_mib",
)  # fmt: skip
ACCURACY_COLUMNS = ("train_accuracy", "test_accuracy", "best_test_accuracy")
LOSS_COLUMNS = ("train_loss", "test_loss")
EPOCH_NUMBERS = ("epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "train_seconds")
"""What tables and pictures read of an epoch; the rest stays on the disk."""
CHUNK_ROWS = 100_000
STATUSES = (*sorted(FINAL), "oom", "failed", "interrupted")
# Above that a float does not tell neighbours apart.
LARGEST_WHOLE = 2.0**53
# A loss of zero may come out of single precision a little below.
LOSS_NOISE = 1e-6
# A diverged run's loss is written as nan or inf; an empty cell says that there is no number.
NOT_A_NUMBER = ["", "nan"]


def read_frames(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read ``runs.csv``, and ``epochs.csv`` (or ``epochs.csv.gz``) with the columns of `EPOCH_NUMBERS`.

    Raises:
        UserError: there is nothing to read, it is not a store, a cell holds what it cannot hold, or another version of
            actbench wrote it.
    """
    # Runs first: whoever writes at the same time appends a run's epochs before the run.
    return _read_runs(folder / RUNS), _joined(_epoch_chunks(folder, EPOCH_NUMBERS))


def read_stores(
    folders: Sequence[Path], only: Sequence[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[float, ...]]:
    """Read several stores as one, whole, and the thresholds that their studies named; see `read_runs`."""
    runs, thresholds = read_runs(folders, only)
    return runs, _joined(epoch_chunks(runs, EPOCH_NUMBERS)), thresholds


def read_runs(folders: Sequence[Path], only: Sequence[str] | None = None) -> tuple[pd.DataFrame, tuple[float, ...]]:
    """Read the runs of several stores as one, and the thresholds that their studies named.

    Args:
        folders: the stores. A run that lies in several of them is taken from the first; the column ``store`` says
            which, and ``copies`` in how many it was found.
        only: keep just the runs of these keys, in this order.

    Raises:
        UserError: as `read_frames`, or no run is left.
    """
    import pandas as pd

    frames = [_read_runs(folder / RUNS).assign(store=str(folder)) for folder in folders]
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
        runs: as `read_runs` gives them.
        columns: of `EPOCH_NUMBERS`.

    Raises:
        UserError: as `read_frames`, or a finished run has no epochs.
    """
    for store, part in runs.groupby("store", sort=False):
        keys = set(part["run_key"])
        lost = set(part["run_key"][part["status"].isin(FINAL)])
        for chunk in _epoch_chunks(Path(str(store)), columns):
            mine = chunk[chunk["run_key"].isin(keys)]
            lost -= set(mine["run_key"].unique())
            yield mine
        if lost:
            first = part[part["run_key"].isin(lost)].iloc[0]
            raise UserError(
                f"{str(store)!r}: {EPOCHS} holds nothing of {len(lost)} finished run{'s' * (len(lost) > 1)}, the first "
                f"being {first['activation']} with seed {first['seed']:g} ({first['run_key']}): the two tables do not "
                "belong together."
            )


def read_studies(folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """The studies in the manifests of some stores, by name."""
    return {name: study for folder in folders for name, study in read_manifest(folder).get("studies", {}).items()}


def _read_runs(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pandas.api.types import is_numeric_dtype

    if not path.is_file():
        raise UserError(f"There are no results in {str(path.parent)!r} (no {RUNS}). 'actbench run' makes some.")
    text = dict.fromkeys([c for c in RUN_COLUMNS if c not in NUMBERS and c != "deterministic"], "str")
    missing_values: dict[Any, list[str]] = {c: NOT_A_NUMBER if c in NUMBERS else [""] for c in RUN_COLUMNS}
    try:
        runs = pd.read_csv(_whole_lines(path), dtype=text, keep_default_na=False, na_values=missing_values)
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read the results in {str(path)!r}: {_one_line(error)}") from None
    _need(path, runs, ("run_key", "activation", "status", "test_accuracy"))
    # Columns that an older store lacks are empty.
    runs = runs.assign(**{c: runs[c].fillna("") if c in runs else "" for c in text})
    runs = runs.reindex(columns=[*runs.columns, *(c for c in RUN_COLUMNS if c not in runs)])
    for column in NUMBERS:
        if not is_numeric_dtype(runs[column]):
            _refuse(path, runs, column, pd.to_numeric(runs[column], errors="coerce").isna(), "is not a number")
            runs[column] = pd.to_numeric(runs[column])
    known = runs["schema_version"].isna() | (runs["schema_version"] == SCHEMA_VERSION)
    if not known.all():
        versions = ", ".join(f"{version:g}" for version in sorted(runs["schema_version"][~known].unique()))
        raise UserError(
            f"{str(path)!r} holds rows of schema version {versions}, this actbench reads {SCHEMA_VERSION}. "
            "Use the actbench that wrote them, or compare a store without them."
        )
    _refuse(path, runs, "status", ~runs["status"].isin(STATUSES), f"is none of {', '.join(STATUSES)}")
    for column in ACCURACY_COLUMNS:
        wrong = (runs[column] < 0) | (runs[column] > 1)
        _refuse(path, runs, column, wrong, "is no fraction between 0 and 1 (percent are for paper)")
    _refuse_impossible(path, runs, [c for c in NUMBERS if c not in ACCURACY_COLUMNS], whole="seed")
    unanswered = runs["status"].isin(FINAL) & runs["test_accuracy"].isna()
    _refuse(path, runs, "test_accuracy", unanswered, "is empty in a finished run", even_empty=True)
    _refuse(path, runs, "seed", runs["seed"].isna(), "is empty", even_empty=True)
    return runs


def _epoch_chunks(folder: Path, columns: Sequence[str]) -> Iterator[pd.DataFrame]:
    """The epochs of one store in pieces, with run_key as a category and the columns as numbers."""
    import pandas as pd

    packed = folder / f"{EPOCHS}.gz"
    path = packed if packed.exists() else folder / EPOCHS
    wanted = {"run_key", *columns}
    options: dict[str, Any] = {"usecols": wanted.__contains__, "keep_default_na": False, "na_values": NOT_A_NUMBER}
    types = {"run_key": "category", **dict.fromkeys(columns, "float64")}
    try:
        with pd.read_csv(_whole_lines(path), dtype=types, chunksize=CHUNK_ROWS, **options) as chunks:
            for chunk in chunks:
                _need(path, chunk, ("run_key", "epoch", "test_accuracy"))
                wrong = (chunk["test_accuracy"] < 0) | (chunk["test_accuracy"] > 1)
                _refuse(path, chunk, "test_accuracy", wrong, "is no fraction between 0 and 1 (percent are for paper)")
                _refuse(path, chunk, "epoch", chunk["epoch"].isna(), "is empty", even_empty=True)
                numbers = [c for c in columns if c in chunk and not c.endswith("accuracy")]
                _refuse_impossible(path, chunk, numbers, whole="epoch")
                yield chunk.reindex(columns=["run_key", *columns])
    except OSError as error:
        raise UserError(f"Cannot read the results in {str(path)!r}: {error.strerror or error}.") from None
    except ValueError as error:
        _find_bad_epoch(path, options)
        raise UserError(f"Cannot read the results in {str(path)!r}: {_one_line(error)}") from None


def _joined(chunks: Iterator[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    parts = [chunk.astype({"run_key": "str"}) for chunk in chunks]
    return pd.concat(parts, ignore_index=True).drop_duplicates(["run_key", "epoch"])


def _find_bad_epoch(path: Path, options: dict[str, Any]) -> None:
    """The slow way, once something is wrong: name the line and the cell."""
    import pandas as pd

    try:
        epochs = pd.read_csv(_whole_lines(path), dtype="str", **options)
    except (OSError, ValueError):
        return
    for column in EPOCH_NUMBERS:
        if column in epochs:
            wrong = pd.to_numeric(epochs[column], errors="coerce").isna() & (epochs[column].str.lower() != "nan")
            _refuse(path, epochs, column, wrong, "is not a number")


def _need(path: Path, frame: pd.DataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in frame:
            raise UserError(f"{str(path)!r} holds no actbench results: the column {column!r} is missing.")


def _refuse_impossible(path: Path, frame: pd.DataFrame, columns: Sequence[str], *, whole: str) -> None:
    """Refuse numbers that no run has: below zero, infinite but for a loss, and a ``whole`` that is not."""
    for column in columns:
        numbers, loss = frame[column], column in LOSS_COLUMNS
        _refuse(path, frame, column, numbers < (-LOSS_NOISE if loss else 0), "is below zero")
        if not loss:
            _refuse(path, frame, column, numbers == math.inf, "is not finite")
    _refuse(path, frame, whole, (frame[whole] % 1 != 0) | (frame[whole] > LARGEST_WHOLE), "is no whole number")


def _refuse(
    path: Path, frame: pd.DataFrame, column: str, wrong: pd.Series[bool], why: str, *, even_empty: bool = False
) -> None:
    """Raise UserError with the line and the cell of the first row that is wrong; empty cells pass."""
    if not even_empty:
        wrong = wrong & frame[column].notna()
    if wrong.any():
        place = int(wrong.to_numpy().argmax())
        cell = "" if even_empty else f" {frame[column].iloc[place]!s:.60}"
        # The header is line 1, and no cell that actbench writes holds a line break.
        line = int(frame.index[place]) + 2
        raise UserError(f"{str(path)!r}, line {line}: {column}{cell} {why}. Mend it, or take the row out.")


def _whole_lines(path: Path) -> Any:
    """The file; or, where a break tore its last line, what stands before that."""
    if path.suffix == ".gz":
        return path
    if path.name == RUNS and (text := upgraded(path)) is not None:
        return io.StringIO(text)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if size == 0:
            raise UserError(f"{str(path)!r} is empty. 'actbench run' makes results.")
        file.seek(-1, 2)
        if file.read(1) == b"\n":
            return path
    content = path.read_bytes()
    # Hand-written files often lack the last newline; a whole row is kept, a torn one is dropped.
    lines = content.decode("utf-8", "replace").splitlines()
    header, last = (next(csv.reader([line]), []) for line in (lines[0], lines[-1]))
    whole = len(header) == len(last)
    return io.BytesIO(content if whole else content[: content.rfind(b"\n") + 1])


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
