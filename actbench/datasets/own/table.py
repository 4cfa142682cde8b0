"""Tables of numbers and words, one row an input."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.custom import place_of
from actbench.datasets._arrays import CLASSES, Array, Arrays
from actbench.datasets.memory import BYTES_WHEN_SCALED, check_memory
from actbench.datasets.own import own_data
from actbench.datasets.request import Request
from actbench.errors import UserError, did_you_mean, shown
from actbench.results.files import check_readable

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 100
"""Different words in a column; one with more is an identifier or free text."""
MOST_CLASSES = 1000
SAMPLE_BYTES = 2**16
"""Of the beginning, from which the size of the whole is told."""
BYTES_A_CELL = 8


@own_data("FILE.csv", suffixes=(".csv", ".tsv"), obeys=("target", "impute", "test_split"))
def table(request: Request, place: str) -> Arrays:
    """A table with a heading, comma- or tab-separated; --target names the column of the classes.

    Numbers stay numbers, words become a column each that is 1 where the word stands (in alphabetical order), and rows
    without a class are refused.
    """
    path = place_of(place)
    frame = _read(path)
    if request.target is None:
        raise UserError(f"Which column of {place!r} holds the classes? Give --target; it has {_columns(frame)}.")
    if request.target not in frame:
        hint = did_you_mean(request.target, [str(name) for name in frame])
        raise UserError(f"The table {place!r} has no column {shown(request.target)}.{hint} It has {_columns(frame)}.")
    labels, classes = classes_of(place, request.target, frame[request.target])
    features = frame.drop(columns=request.target)
    return {"x_train": features_of(place, features, impute=request.impute), "y_train": labels, CLASSES: classes}


def classes_of(name: str, target: str, column: pd.Series[Any]) -> tuple[Array, Array]:
    """The classes as numbers 0, 1, 2, …, in the order of their names, shape (n,), and these names.

    Raises:
        UserError: some are missing, or they are measurements: this is a tool for classes.
    """
    import numpy as np
    import pandas as pd

    missing = int(column.isna().sum())
    if missing:
        raise UserError(f"{missing} rows of {name!r} have no {target!r}. Remove them: a row without a class is no use.")
    measured = pd.api.types.is_float_dtype(column) and not (column == np.floor(column)).all()
    names, labels = np.unique(
        column.to_numpy(dtype=object if column.dtype.kind not in "biuf" else None), return_inverse=True
    )
    if measured or len(names) > MOST_CLASSES:
        raise UserError(
            f"The column {target!r} of {name!r} holds {len(names)} different values, like {names[0]!s} and "
            f"{names[-1]!s}: a measurement, not a class. Only classification is compared here; cut it into classes "
            "first, or name another --target."
        )
    return labels, names.astype(str)


def features_of(name: str, frame: pd.DataFrame, *, impute: str | None = None) -> Array:
    """The columns as numbers, shape (n, features), float64. Missing numbers are nan if they are to be imputed.

    Raises:
        UserError: there is no column, numbers are missing, or a column of words has too many different ones.
    """
    import pandas as pd

    if not len(frame.columns):
        raise UserError(f"The table {name!r} has no column besides the target.")
    missing = frame.isna().sum()
    missing = missing[missing > 0]
    if len(missing) and impute is None:
        listed = ", ".join(f"{column} {count}" for column, count in list(missing.items())[:5])
        more = f" and {len(missing) - 5} more columns" if len(missing) > 5 else ""  # noqa: PLR2004 - as listed
        raise UserError(
            f"Values are missing in {name!r}: {listed}{more} of {len(frame)} rows. Remove those rows or columns, or "
            "give --impute median (of words: none of them)."
        )
    words = [column for column in frame if frame[column].dtype.kind not in "biuf"]
    for column in words:
        kinds = frame[column].nunique()
        if kinds > MOST_CATEGORIES:
            raise UserError(
                f"The column {column!r} of {name!r} holds {kinds} different words, like "
                f"{shown(frame[column].dropna().iloc[0])}: an identifier, a date or free text. Remove the column, or "
                "make numbers of it."
            )
    return pd.get_dummies(frame, columns=words, dtype=float).to_numpy(dtype="float64")


def _columns(frame: pd.DataFrame) -> str:
    names = [shown(str(name)) for name in frame]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")  # noqa: PLR2004 - as shown


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    check_readable(path)
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        check_memory(str(path), _memory(path, separator))
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # it would leave cells out
            frame = pd.read_csv(path, sep=separator, encoding="utf-8-sig", skipinitialspace=True, index_col=False)
    except pd.errors.ParserWarning:
        raise UserError(
            f"The rows of {str(path)!r} have more cells than its heading. Give each column a name."
        ) from None
    except FileNotFoundError:
        raise UserError(f"There is no data file {str(path)!r}.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot read {str(path)!r}: it is not UTF-8 ({error.reason}). Save it as UTF-8.") from None
    except (OSError, ValueError, OverflowError) as error:  # pandas' own errors are ValueErrors
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(f"Cannot read {str(path)!r} as a table: {reason}") from None
    if frame.empty:
        raise UserError(f"The table {str(path)!r} has no rows.")
    return frame


def _memory(path: Path, separator: str) -> float:
    """Bytes that the table will take, going by its size and its first lines."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    cells = sample.count(separator.encode()) + sample.count(b"\n") + 1
    share = path.stat().st_size / max(len(sample), 1)
    return cells * share * (BYTES_A_CELL + BYTES_WHEN_SCALED) + path.stat().st_size
