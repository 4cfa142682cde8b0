"""The arm table: one row an arm, everything recomputable from the two raw tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from actbench import statistics
from actbench.results.columns import FINAL, SHARED
from actbench.results.thresholds import TIMES, ColumnName, EpochsTo, Reached
from actbench.tables.measured import measure
from actbench.tables.outcomes import Outcome

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ACCURACIES = ("train_accuracy", "test_accuracy", "best_test_accuracy")
LEARNED = {name: f"{name}_learned" for name in ACCURACIES}
"""The columns of the same over the runs that learned."""
MEANS = (*ACCURACIES, *LEARNED.values())
LOSSES = ("test_loss", "test_perplexity")
"""Likewise, in nats, and their exponential; infinite where a run's is."""
SPREADS = {name: f"{name}_sd" for name in (*MEANS, *LOSSES)}
"""The columns of their standard deviations."""
ENDS = {"never_learned": Outcome.NEVER_LEARNED, "collapsed": Outcome.COLLAPSED}
"""Columns that count runs of an outcome; those that diverged are counted by their status."""
CLOCKS = ("train_seconds", "seconds_per_epoch", "wall_seconds")
COUNTS = ("parameters", "sites")
"""Columns of what the arm's network has."""
SHARED_COLUMNS = tuple(column.name for column in SHARED)
"""What runs of one task share. An edited network of a person's own is another one, though it is spelled the same."""
LABELS = ("study", "variant")
"""Names for a question, and no part of it: what was asked alike under several is one task."""
FORMULA = ("=", "+", "-", "@")
"""What a cell begins with that a spreadsheet calculates."""
SIZES = ("train_size", "test_size")
PACKAGES = ("", "actbench", "keras", "tfa", "spocu")
"""Providers whose version is that of a package; all others' is a digest of a person's own code."""


def finished(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs that came to a result: the only ones that any figure is made of."""
    return runs[runs["status"].isin(FINAL)]


def varying_settings(runs: pd.DataFrame) -> list[str]:
    """The setting columns in which the runs differ: figures of different settings never share a row."""
    return [c for c in SHARED_COLUMNS if c in runs and len(runs[c].unique()) > 1]


def arm_names(runs: pd.DataFrame) -> pd.Series[str]:
    """An arm's name is its activation; where a person's own code was edited in between, with the code's digest."""
    own = ~runs["provider"].isin(PACKAGES)
    versions = runs[own].groupby("activation")["provider_version"].transform("nunique")
    edited = versions[versions > 1].index
    arms = runs["activation"].copy()
    arms[edited] = arms[edited] + " #" + runs.loc[edited, "provider_version"].str[:6]
    return arms


def with_sizes(runs: pd.DataFrame) -> pd.DataFrame:
    """Give runs that failed before they knew the size of their data the size that their neighbours found."""
    runs = runs.copy()
    groups = runs.groupby([c for c in SHARED_COLUMNS if c not in (*SIZES, *LABELS)], sort=False, dropna=False)
    for size in SIZES:
        runs[size] = runs[size].fillna(groups[size].transform("first"))
    return runs


def arm_table(runs: pd.DataFrame, epochs: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """One row an arm, in the order of first appearance.

    Columns: the settings in which the runs differ, activation (see `arm_names`), runs (with a result), diverged, failed
    (and so in no figure), learned, with the ends of the exact 95 % interval of its share of the runs, never_learned,
    collapsed, epoch_rule (which epoch's figures they are), `Reached` (runs that reached a threshold),
    train/test/best_test_accuracy (mean, fraction), the same ``_learned`` (over the runs that learned), test_loss (nats)
    and test_perplexity (means), each with its ``_sd`` (ddof 1), `EpochsTo` and `SecondsTo` (median, where a miss counts
    as infinity; NaN where that median is a miss), the medians of train_seconds, seconds_per_epoch and wall_seconds, and
    the numbers of parameters and sites.
    """
    runs = with_sizes(runs).assign(activation=arm_names(runs))
    return arm_rows(measure(runs, [epochs], thresholds), [*varying_settings(runs), "activation"], thresholds)


def to_csv(table: pd.DataFrame) -> str:
    """``table.csv``: fractions and full precision; an empty cell for what was not reached.

    Spreadsheets are what opens it, and they calculate what begins like a formula: such names get an apostrophe.
    """
    return table.map(_inert).to_csv(index=False, lineterminator="\n")


def _inert(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip().startswith(FORMULA) else cell


def arm_rows(measured: pd.DataFrame, keys: Sequence[str], thresholds: Sequence[float]) -> pd.DataFrame:
    """The arm table of measured runs that share ``keys``; see `arm_table`."""
    import pandas as pd

    # A diverged run is a result and counts with the accuracy it ended on; leaving it out would flatter the arm.
    done = measured["status"].isin(FINAL).to_numpy()
    diverged = (measured["status"] == "diverged").to_numpy()
    outcome = measured["outcome"].to_numpy()
    columns = _columns(thresholds)
    values = {name: measured[name].to_numpy(dtype=np.float64) for name in columns if name in measured}
    for name in LOSSES:
        values[name] = np.where(diverged & ~np.isfinite(values[name]), np.inf, values[name])
    groups = measured.groupby(list(keys), sort=False, dropna=False).indices
    # The dictionary of groups is sorted by name; the table keeps the order in which the arms were met.
    arms = sorted(groups.values(), key=lambda rows: rows[0])
    rows = []
    for arm in arms:
        row: dict[ColumnName, Any] = {key: measured[key].iloc[arm[0]] for key in keys}
        figures = {name: column[arm[done[arm]]] for name, column in values.items()}
        row |= {"runs": int(done[arm].sum()), "diverged": int(diverged[arm].sum())}
        row["failed"] = len(arm) - row["runs"]
        row |= _reliability(outcome[arm[done[arm]]])
        row["epoch_rule"] = str(measured["epoch_rule"].iloc[arm[0]])
        learned = arm[outcome[arm] == Outcome.LEARNED]
        rows.append(row | _figures(figures, {name: values[name][learned] for name in ACCURACIES}, thresholds))
    return pd.DataFrame(rows)


def _columns(thresholds: Sequence[float]) -> list[ColumnName]:
    return [*ACCURACIES, *LOSSES, *(time(t) for time in TIMES for t in thresholds), *CLOCKS, *COUNTS]


def _reliability(outcome: NDArray[Any]) -> dict[ColumnName, Any]:
    """How many of an arm's runs learned, with the exact interval of their share, and what became of the others."""
    learned, runs = int((outcome == Outcome.LEARNED).sum()), len(outcome)
    share = statistics.share_interval(learned, runs) if runs else None
    row: dict[ColumnName, Any] = {
        "learned": learned,
        "learned_low": share.low if share else np.nan,
        "learned_high": share.high if share else np.nan,
    }
    return row | {name: int((outcome == end).sum()) for name, end in ENDS.items()}


def _figures(
    values: dict[ColumnName, NDArray[np.float64]],
    learned: dict[ColumnName, NDArray[np.float64]],
    thresholds: Sequence[float],
) -> dict[ColumnName, Any]:
    row: dict[ColumnName, Any] = {Reached(t): int(np.isfinite(values[EpochsTo(t)]).sum()) for t in thresholds}
    for name in ACCURACIES:
        for column, some in ((name, values[name]), (LEARNED[name], learned[name])):
            row |= _mean(column, some)
    for name in LOSSES:
        row |= _mean(name, values[name])
    for time in TIMES:
        row |= {time(t): _median_with_misses(values[time(t)]) for t in thresholds}
    for name in CLOCKS:
        row[name] = _median(values[name])
    for name in COUNTS:
        if name in values:
            count = _median(values[name])
            row[name] = int(count) if np.isfinite(count) else None
    return row


def _mean(column: ColumnName, values: NDArray[np.float64]) -> dict[ColumnName, float]:
    """A mean and its standard deviation, which what is infinite has none of."""
    present = values[~np.isnan(values)]
    spreads = present.size > 1 and bool(np.isfinite(present).all())
    return {
        column: float(present.mean()) if present.size else np.nan,
        SPREADS[str(column)]: float(present.std(ddof=1)) if spreads else np.nan,
    }


def _median(values: NDArray[np.float64]) -> float:
    present = values[~np.isnan(values)]
    return float(np.median(present)) if present.size else np.nan


def _median_with_misses(values: NDArray[np.float64]) -> float:
    if not values.size:
        return np.nan
    median = float(np.median(np.where(np.isnan(values), np.inf, values)))
    return median if np.isfinite(median) else np.nan
