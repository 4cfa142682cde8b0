"""What the tables derive of each run from its epochs, recomputed every time: nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from actbench.results.thresholds import ColumnName, EpochsTo, SecondsTo
from actbench.tables.outcomes import outcomes

if TYPE_CHECKING:
    import pandas as pd

EPOCH_COLUMNS = ("epoch", "train_accuracy", "test_accuracy", "train_seconds")
"""What is read of an epoch."""


def measure(
    runs: pd.DataFrame, epochs: Iterable[pd.DataFrame], thresholds: Sequence[float], *, level: float | None = None
) -> pd.DataFrame:
    """The runs with what follows from their epochs.

    Columns: `EpochsTo` and `SecondsTo` each threshold (the first epoch at or above it and the training seconds until
    its end; NaN where it was never reached), ``seconds_per_epoch``, ``highest_train_accuracy`` and
    ``last_train_accuracy`` of the trained epochs, ``chance_level`` and ``outcome`` (see `outcomes`).

    Args:
        runs: one row a run.
        epochs: theirs, in pieces that may cut a run in two.
        thresholds: accuracies as fractions.
        level: the training accuracy up to which a run counts as guessing; None takes each run's own.
    """
    import pandas as pd

    # What tells of a piece tells of the whole, so that of each piece only these rows are kept.
    told = pd.concat([pd.concat(_telling(piece, thresholds)).astype({"run_key": "str"}) for piece in epochs])
    *reached, highest, last = (
        rows.set_index("run_key") for rows in _telling(told.drop_duplicates(["run_key", "epoch"]), thresholds)
    )
    keys = runs["run_key"]
    found: dict[ColumnName, pd.Series[Any]] = {}
    for threshold, first in zip(thresholds, reached, strict=True):
        found[EpochsTo(threshold)] = keys.map(first["epoch"])
        found[SecondsTo(threshold)] = keys.map(first["train_seconds"])
    found["highest_train_accuracy"] = keys.map(highest["train_accuracy"])
    found["last_train_accuracy"] = keys.map(last["train_accuracy"])
    found["seconds_per_epoch"] = runs["train_seconds"] / runs["epochs_run"].where(runs["epochs_run"] > 0)
    measured = pd.concat([runs, pd.DataFrame(found, index=runs.index).astype(float)], axis=1)
    return outcomes(measured, level)


def _telling(epochs: pd.DataFrame, thresholds: Sequence[float]) -> list[pd.DataFrame]:
    """Of each run the first row at or above each threshold, the one of the highest training accuracy, and the last."""
    trained = epochs[epochs["epoch"] > 0].sort_values("epoch", kind="stable")
    return [
        *(trained[trained["test_accuracy"] >= threshold].drop_duplicates("run_key") for threshold in thresholds),
        trained.sort_values("train_accuracy", ascending=False, kind="stable").drop_duplicates("run_key"),
        trained.drop_duplicates("run_key", keep="last"),
    ]
