"""Tables of numbers and words, one row an input."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.custom import place_of
from actbench.datasets._arrays import CLASSES, FEATURES, Array, Arrays
from actbench.datasets.memory import BYTES_WHEN_STANDARDIZED, check_memory
from actbench.datasets.own import own_data
from actbench.datasets.request import Request
from actbench.errors import UserError, did_you_mean, shown
from actbench.results.files import check_readable

if TYPE_CHECKING:
    import pandas as pd

MOST_CATEGORIES = 100
"""Different words in a column; one with more is an identifier or free text."""
MOST_CLASSES = 1000
FEW_CLASSES, ROWS_A_CLASS = 20, 10
"""Whole numbers of more different values than the first, in fewer rows for each than the second, are measurements."""
LEAST_IDENTIFIERS = 20
"""Rows from which on consecutive whole numbers, each of them once, are no chance."""
SAMPLE_BYTES = 2**16
"""Of the beginning, from which the size of the whole is told."""
BYTES_A_CELL = 8
NO_NUMBER = ("", "na", "n/a", "nan", "null", "none", "?")
"""What stands for a missing number among numbers, in small letters; among words, only an empty cell is missing."""
DATE = re.compile(r"\s*(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2}))\b")
OTHER_SEPARATORS = (";", "\t", "|", ",")


@own_data("FILE.csv", suffixes=(".csv", ".tsv"), obeys=("target", "impute", "test_split"))
def table(request: Request, place: str) -> Arrays:
    """A table with a heading, comma- or tab-separated; --target names the column of the classes.

    Numbers stay numbers, words become a column each that is 1 where the word stands (in alphabetical order), and rows
    without a class are refused.
    """
    frame = _read(place_of(place))
    if request.target is None:
        raise UserError(f"Which column of {place!r} holds the classes? Give --target; it has {_columns(frame)}.")
    if request.target not in frame:
        hint = did_you_mean(request.target, [str(name) for name in frame])
        raise UserError(f"The table {place!r} has no column {shown(request.target)}.{hint} It has {_columns(frame)}.")
    labels, classes = classes_of(place, request.target, frame[request.target])
    features, names = features_of(place, frame.drop(columns=request.target), impute=request.impute)
    return {"x_train": features, "y_train": labels, CLASSES: classes, FEATURES: names}


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
    numbers = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    values = column.to_numpy() if numbers else column.astype(str).to_numpy(dtype=object)
    names, labels = np.unique(values, return_inverse=True)
    many = len(names) > FEW_CLASSES and len(values) < ROWS_A_CLASS * len(names)
    if (numbers and (many or not (values == np.floor(values)).all())) or len(names) > MOST_CLASSES:
        raise UserError(
            f"The column {target!r} of {name!r} holds {len(names)} different values in {len(values)} rows, like "
            f"{names[0]!s} and {names[-1]!s}: a measurement, not a class. Only classification is compared here; cut it "
            "into classes first, or name another --target."
        )
    return labels, names.astype(str)


def features_of(name: str, frame: pd.DataFrame, *, impute: str | None = None) -> tuple[Array, Array]:
    """The columns as numbers, shape (n, features), float64, and their names; nan for missing numbers to be imputed.

    Raises:
        UserError: there is no column, values are missing, or a column tells rows apart instead of describing them.
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
    kinds = {column: _kinds(name, str(column), frame[column]) for column in frame}
    check_memory(name, len(frame) * sum(kinds.values()) * (BYTES_A_CELL + BYTES_WHEN_STANDARDIZED))
    words = [column for column in frame if not _is_number(frame[column])]
    wide = pd.get_dummies(frame, columns=words, dtype=float)
    return wide.to_numpy(dtype="float64"), wide.columns.astype(str).to_numpy(dtype=str)


def _kinds(name: str, title: str, column: pd.Series[Any]) -> int:
    """How many features a column becomes. Raises UserError for one that tells rows apart, or holds free text."""
    import numpy as np

    known = column.dropna()
    if _is_number(column):
        ordered = np.sort(known.to_numpy())
        if len(known) >= LEAST_IDENTIFIERS and known.dtype.kind in "iu" and (np.diff(ordered) == 1).all():
            raise UserError(
                f"The column {title!r} of {name!r} counts the rows, from {ordered[0]} to {ordered[-1]}: in a sorted "
                "table that would give the classes away. Remove the column."
            )
        return 1
    kinds = int(known.nunique())
    dated = bool(len(known)) and bool(known.astype(str).str.match(DATE).all())
    if dated or kinds > MOST_CATEGORIES:
        what = "dates" if dated else "an identifier or free text"
        raise UserError(
            f"The column {title!r} of {name!r} holds {kinds} different words, like {shown(str(known.iloc[0]))}: "
            f"{what}. Remove the column, or make numbers of it."
        )
    return kinds


def _is_number(column: pd.Series[Any]) -> bool:
    return column.dtype.kind in "biuf"


def _columns(frame: pd.DataFrame) -> str:
    names = [shown(str(name)) for name in frame]
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")  # noqa: PLR2004 - as shown


def _read(path: Path) -> pd.DataFrame:
    """The table, each column numbers, truths or words as a whole; missing values are nan or None."""
    import pandas as pd

    check_readable(path)
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    how: dict[str, Any] = {
        "sep": separator,
        "encoding": "utf-8-sig",
        "skipinitialspace": True,
        "keep_default_na": False,
    }
    try:
        check_memory(str(path), _memory(path, separator))
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # it would leave cells out
            heading = pd.read_csv(path, header=None, nrows=1, dtype=str, **how)
            _check_heading(path, separator, [str(cell) for cell in heading.iloc[0]] if len(heading) else [])
            # The type of a column is that of all its cells, not of a chunk of them.
            frame = pd.read_csv(path, index_col=False, na_values=[""], low_memory=False, **how)
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
    table: pd.DataFrame = frame.apply(_numbers_if_they_are)
    return table


def _check_heading(path: Path, separator: str, heading: list[str]) -> None:
    """Raise UserError where names are not there once each: of two columns of one name pandas would rename one."""
    twice = next((name for number, name in enumerate(heading) if name in heading[:number]), None)
    if twice is not None:
        raise UserError(f"The heading of {str(path)!r} has {shown(twice)} twice. Give each column a name of its own.")
    other = next(
        (mark for mark in OTHER_SEPARATORS if len(heading) == 1 and mark != separator and mark in heading[0]), None
    )
    if other is not None:
        raise UserError(
            f"The heading of {str(path)!r} is one cell, {shown(heading[0])}: its columns seem to be separated by "
            f"{other!r}. Save it with commas (.csv) or tabs (.tsv), and decimals with a point."
        )


def _numbers_if_they_are(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column of words as numbers, if all cells are that but those that say that a number is missing."""
    import pandas as pd

    if _is_number(column):
        return column
    numbers = pd.to_numeric(column, errors="coerce")
    rest = column[numbers.isna()].dropna().astype(str)
    if numbers.notna().any() and rest.str.strip().str.lower().isin(NO_NUMBER).all():
        return numbers
    return column


def _memory(path: Path, separator: str) -> float:
    """Bytes that reading the table will take, going by its size and its first lines."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    cells = sample.count(separator.encode()) + sample.count(b"\n") + 1
    share = path.stat().st_size / max(len(sample), 1)
    return cells * share * (BYTES_A_CELL + BYTES_WHEN_STANDARDIZED) + path.stat().st_size
