"""From the two raw tables of a store to the table people print: one row an arm, everything recomputable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.errors import UserError
from actbench.record import FINAL, SETTING_COLUMNS
from actbench.store import EPOCHS, RUNS, read_manifest

if TYPE_CHECKING:
    import pandas as pd

DEFAULT_THRESHOLDS = (0.95, 0.97, 0.98)
ACCURACIES = ("train_accuracy", "test_accuracy", "best_test_accuracy")
CLOCKS = ("train_seconds", "seconds_per_epoch", "wall_seconds")


def read_frames(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read ``runs.csv`` and ``epochs.csv`` (or ``epochs.csv.gz``). Raises UserError where there is nothing to read."""
    import pandas as pd

    if not (folder / RUNS).is_file():
        raise UserError(f"There are no results in {str(folder)!r} (no {RUNS}). 'actbench run' makes some.")
    text = [
        "run_key",
        "study",
        "variant",
        "activation",
        "provider",
        "provider_version",
        "dataset",
        "error",
        "git_commit",
    ]
    try:
        runs = pd.read_csv(folder / RUNS, dtype=dict.fromkeys(text, "str"), keep_default_na=False, na_values=[""])
        packed = folder / f"{EPOCHS}.gz"
        epochs = pd.read_csv(packed if packed.exists() else folder / EPOCHS, dtype={"run_key": "str"})
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read the results in {str(folder)!r}: {error}") from None
    missing = [column for column in ("run_key", "activation", "status", "test_accuracy") if column not in runs]
    if missing or "test_accuracy" not in epochs:
        raise UserError(
            f"{str(folder)!r} holds no actbench results: the column {(missing or ['test_accuracy'])[0]!r} is missing."
        )
    runs[text] = runs[text].fillna("")
    return runs, epochs


def read_stores(
    folders: Sequence[Path], only: Sequence[str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[float, ...]]:
    """Read several stores as one, and the thresholds that their studies named.

    Args:
        folders: the stores. A run that lies in several of them is taken from the first.
        only: keep just the runs of these keys, in this order.
    """
    import pandas as pd

    frames = [read_frames(folder) for folder in folders]
    # An all-empty column in one store must not decide the type of the column in all.
    runs = pd.concat([runs for runs, _ in frames], ignore_index=True).drop_duplicates("run_key")
    epochs = pd.concat([epochs for _, epochs in frames], ignore_index=True).drop_duplicates(["run_key", "epoch"])
    if only is not None:
        runs = runs[runs["run_key"].isin(only)].sort_values("run_key", key=lambda keys: keys.map(list(only).index))
        epochs = epochs[epochs["run_key"].isin(only)]
    if runs.empty:
        raise UserError(f"There is no finished run in {', '.join(repr(str(folder)) for folder in folders)}.")
    manifests = [read_manifest(folder) for folder in folders]
    studies = [study for manifest in manifests for study in manifest.get("studies", {}).values()]
    thresholds = sorted({t for study in studies for t in study.get("thresholds") or ()})
    return runs, epochs, tuple(thresholds) or DEFAULT_THRESHOLDS


def percent(threshold: float) -> str:
    """A threshold as it stands in column names and headings: ``95`` for 0.95, ``97.5`` for 0.975."""
    return f"{threshold * 100:.10g}"


def varying_settings(runs: pd.DataFrame) -> list[str]:
    """The setting columns in which the runs differ: figures of different settings never share a row."""
    return [c for c in SETTING_COLUMNS if c in runs and len(runs[c].unique()) > 1]


def arm_table(runs: pd.DataFrame, epochs: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """One row an arm, in the order of first appearance.

    Columns: the settings in which the runs differ, activation, runs (with a result), diverged, failed (and so in no
    figure), reached_T (runs that reached T), train/test/best_test_accuracy (mean, fraction) and their ``_sd`` (ddof 1),
    epochs_to_T and seconds_to_T (median, where a miss counts as infinity; NaN where that median is a miss), and the
    medians of train_seconds, seconds_per_epoch and wall_seconds.
    """
    import pandas as pd

    settings = varying_settings(runs)
    # An edited function of a person's own is another arm, though it is spelled the same.
    arm = ["activation", "provider_version"]
    runs = runs.merge(_times_to(epochs, thresholds), on="run_key", how="left")
    runs["seconds_per_epoch"] = runs["train_seconds"] / runs["epochs_run"].where(runs["epochs_run"] > 0)
    rows = [
        dict(zip([*settings, "activation"], names, strict=False)) | _arm_row(members, thresholds)
        for names, members in runs.groupby([*settings, *arm], sort=False, dropna=False)
    ]
    return pd.DataFrame(rows)


def _times_to(epochs: pd.DataFrame, thresholds: Sequence[float]) -> pd.DataFrame:
    """Each run's first epoch at or above each threshold, and the training seconds until its end; NaN for a miss."""
    import pandas as pd

    trained = epochs[epochs["epoch"] > 0].sort_values("epoch")
    times = pd.DataFrame(index=pd.Index(epochs["run_key"].unique(), name="run_key"))
    for threshold in thresholds:
        first = trained[trained["test_accuracy"] >= threshold].drop_duplicates("run_key").set_index("run_key")
        times[f"epochs_to_{percent(threshold)}"] = first["epoch"].reindex(times.index).astype(float)
        times[f"seconds_to_{percent(threshold)}"] = first["train_seconds"].reindex(times.index).astype(float)
    return times.reset_index()


def _arm_row(arm: pd.DataFrame, thresholds: Sequence[float]) -> dict[str, Any]:
    # A diverged run is a result and counts with the accuracy it ended on; leaving it out would flatter the arm.
    done = arm[arm["status"].isin(FINAL)]
    row: dict[str, Any] = {
        "runs": len(done),
        "diverged": int((arm["status"] == "diverged").sum()),
        "failed": len(arm) - len(done),
    }
    row |= {f"reached_{percent(t)}": int(done[f"epochs_to_{percent(t)}"].notna().sum()) for t in thresholds}
    for name in ACCURACIES:
        row |= {name: done[name].mean(), f"{name}_sd": done[name].std(ddof=1)}
    for kind in ("epochs_to", "seconds_to"):
        row |= {f"{kind}_{percent(t)}": _median_with_misses(done[f"{kind}_{percent(t)}"]) for t in thresholds}
    return row | {name: done[name].median() for name in CLOCKS}


def _median_with_misses(values: pd.Series[float]) -> float:
    median = float(values.fillna(math.inf).median())
    return median if math.isfinite(median) else math.nan
