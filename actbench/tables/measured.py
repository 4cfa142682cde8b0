"""What the tables derive of each run from its epochs, recomputed every time: nothing of it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.errors import UserError
from actbench.results.columns import FINAL
from actbench.results.thresholds import ColumnName, EpochsTo, SecondsTo
from actbench.tables.outcomes import outcomes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FIGURES = ("train_accuracy", "train_loss", "test_accuracy", "test_loss")
"""Figures of a run that are those of one of its epochs."""
EPOCH_COLUMNS = ("epoch", *FIGURES, "val_accuracy", "train_seconds")
"""What is read of an epoch."""


def perplexity(losses: pd.Series[Any]) -> pd.Series[Any]:
    """Of losses in nats, e to their power: among how many tokens, all as likely, one would choose as badly."""
    with np.errstate(over="ignore"):
        found: pd.Series[Any] = np.exp(losses)
    return found


class EpochRule(StrEnum):
    """Which epoch's figures are a run's, the first of several equal ones."""

    VAL = "val"
    """The one of the highest validation accuracy: its test accuracy was not looked at to choose it."""
    LAST = "last"
    """The last one that was trained."""
    BEST = "best"
    """The one of the highest test accuracy, which flatters: it is chosen by what it is scored on."""


def measure(
    runs: pd.DataFrame,
    epochs: Iterable[pd.DataFrame],
    thresholds: Sequence[float],
    *,
    level: float | None = None,
    rule: EpochRule | None = None,
) -> pd.DataFrame:
    """The runs with what follows from their epochs.

    Columns: `FIGURES`, those of the chosen epoch, and ``test_perplexity``; ``epoch_rule``, how it was chosen, and
    ``chosen_epoch``; `EpochsTo` and `SecondsTo` each threshold (the first epoch at or above it, by validation
    accuracy where that chooses the epoch and by test accuracy elsewhere, and the training seconds until its end; NaN
    where it was never reached); ``seconds_per_epoch``; ``last_train_loss``, ``highest_train_accuracy`` and
    ``last_train_accuracy`` of the trained epochs, ``chance_level`` and ``outcome`` (see `outcomes`).

    Args:
        runs: one row a run.
        epochs: theirs, in pieces that may cut a run in two.
        thresholds: accuracies as fractions.
        level: the training accuracy up to which a run counts as guessing; None takes each run's own.
        rule: which epoch's figures to take; None takes validation where a run has such a part, else the last epoch.

    Raises:
        UserError: validation is to choose, and a finished run has no such part.
    """
    import pandas as pd

    rules = _rules(runs, rule)
    by_run = dict(zip(runs["run_key"], rules, strict=True))
    # What tells of a piece tells of the whole, so that of each piece only these rows are kept.
    told = pd.concat([pd.concat(_telling(piece, thresholds, by_run)).astype({"run_key": "str"}) for piece in epochs])
    *reached, highest, last, chosen = (
        rows.set_index("run_key") for rows in _telling(told.drop_duplicates(["run_key", "epoch"]), thresholds, by_run)
    )
    keys = runs["run_key"]
    found: dict[ColumnName, pd.Series[Any]] = {}
    for threshold, first in zip(thresholds, reached, strict=True):
        found[EpochsTo(threshold)] = keys.map(first["epoch"])
        found[SecondsTo(threshold)] = keys.map(first["train_seconds"])
    found["seconds_per_epoch"] = runs["train_seconds"] / runs["epochs_run"].where(runs["epochs_run"] > 0)
    found["last_train_loss"] = runs["train_loss"]
    found["highest_train_accuracy"] = keys.map(highest["train_accuracy"])
    found["last_train_accuracy"] = keys.map(last["train_accuracy"])
    found["chosen_epoch"] = keys.map(chosen["epoch"])
    # A run that ended before its first epoch keeps the figures of the start.
    trained = keys.isin(last.index)
    figures = {name: keys.map(chosen[name]).where(trained, runs[name]) for name in FIGURES}
    figures["test_perplexity"] = perplexity(figures["test_loss"].astype(float))
    measured = pd.concat([runs.assign(**figures), pd.DataFrame(found, index=runs.index).astype(float)], axis=1)
    return outcomes(measured.assign(epoch_rule=rules), level)


def _rules(runs: pd.DataFrame, rule: EpochRule | None) -> list[EpochRule]:
    """The rule of each run."""
    validated = (runs["validation_split"] > 0).to_numpy()
    if rule is None:
        return [EpochRule.VAL if there else EpochRule.LAST for there in validated]
    without = runs[~validated & runs["status"].isin(FINAL).to_numpy()]
    if rule is EpochRule.VAL and len(without):
        raise UserError(
            f"--select val: {len(without)} of {len(runs)} runs have no validation part, the first being "
            f"{without['activation'].iloc[0]} on {without['dataset'].iloc[0]}. Train with --validation-split 0.1, or "
            "choose last."
        )
    return [rule] * len(runs)


def _telling(epochs: pd.DataFrame, thresholds: Sequence[float], rules: dict[str, EpochRule]) -> list[pd.DataFrame]:
    """Of each run the first row at or above each threshold, the one of the highest training accuracy, the last, and
    the one that its rule chooses.
    """
    import pandas as pd

    trained = epochs[epochs["epoch"] > 0]
    codes, names = pd.factorize(trained["run_key"])
    # Run by run, and epoch by epoch within each.
    order = np.lexsort((trained["epoch"], codes))
    codes = codes[order]
    how = np.array([rules.get(str(name), "") for name in names], dtype=object)[codes]
    number, learned, validated, tested = (
        trained[name].to_numpy(dtype=np.float64)[order]
        for name in ("epoch", "train_accuracy", "val_accuracy", "test_accuracy")
    )
    reached = np.where(how == EpochRule.VAL, validated, tested)
    # Of rows that are equal in this the first comes first; the last epoch is the highest by its number.
    judged = np.where(how == EpochRule.LAST, number, reached)
    chosen = [
        *(reached >= threshold for threshold in thresholds),
        *(_is_highest(values, codes) for values in (learned, number, judged)),
    ]
    return [trained.iloc[order[_first_of_each(some, codes)]] for some in chosen]


def _is_highest(values: NDArray[np.float64], codes: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Where a value is the highest of its run; nowhere in one without numbers. Equal codes stand together."""
    if not values.size:
        return np.zeros(0, dtype=bool)
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    highest = np.fmax.reduceat(values, starts)
    found: NDArray[np.bool_] = values == np.repeat(highest, np.diff(starts, append=codes.size))
    return found


def _first_of_each(chosen: NDArray[np.bool_], codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of the rows that were chosen the place of the first of each run. Equal codes stand together."""
    places = np.flatnonzero(chosen)
    first: NDArray[np.intp] = places[np.diff(codes[places], prepend=-1) != 0]
    return first
