"""Learning curves: mean and spread over the seeds, against epochs or training seconds."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from actbench.errors import UserError
from actbench.reports.plots import Look, Panel, chosen_metric, picture
from actbench.reports.plots.style import label_line_ends, whole_numbers, write_remark
from actbench.reports.words import in_percent

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from actbench.reports.plots.style import Palette
    from actbench.tables.findings import Findings

LABELS = {
    "test_accuracy": "test accuracy (%)",
    "train_accuracy": "training accuracy (%)",
    "test_loss": "test loss (nats)",
    "train_loss": "training loss (nats)",
}
# What is drawn of the climb: the part from a fifth of the epochs on fills the height.
CLIMB = 0.2


@picture(caption="Test accuracy, epoch by epoch", options=("metric", "x"), place=1)
def curves(axes: Axes, panel: Panel, palette: Palette, look: Look) -> None:
    """Learning curves: mean and spread over the seeds of each arm.

    A run that ended early (it diverged, or was stopped) goes on with its last value: nothing is averaged over the
    survivors only. The band is ± one standard deviation over the seeds.

    Raises:
        UserError: the metric is not measured after every epoch.
    """
    metric, x = chosen_metric(look, panel), look.x
    y = metric.name
    if y not in LABELS:
        raise UserError(f"Curves can show {', '.join(LABELS)}, not {y!r}.")
    found = panel.one_task
    runs = found.task.finished
    if runs.empty:
        axes.text(0.5, 0.5, "no finished run", ha="center", transform=axes.transAxes)
        return
    keys = runs.groupby("arm", sort=False)["run_key"].agg(list)
    is_accuracy = metric.unit == "accuracy"
    matrices = _matrices(panel.findings, runs["run_key"], (y, "train_seconds"))
    lengths = runs["epochs_run"]
    ends = []
    lows, highs, longest = [], [], []
    seeds = set()
    for arm in palette.layers(list(keys.index)):
        values = matrices[y].loc[keys[arm]].to_numpy()
        values = in_percent(values) if is_accuracy else values
        seconds = matrices["train_seconds"].loc[keys[arm]].to_numpy()
        epochs = matrices[y].columns.to_numpy(dtype=float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # an epoch in which every run had diverged has no loss
            mean, across = np.nanmean(values, axis=0), seconds.mean(axis=0) if x == "seconds" else epochs
            spread = np.nanstd(values, axis=0, ddof=1) if len(values) > 1 else np.zeros_like(mean)
        if not np.isfinite(mean).any():
            continue  # every run of it lost its numbers before the first evaluation
        colour, named = palette.colour(arm), palette.named(arm)
        axes.plot(across, mean, color=colour, linewidth=1.8 if named else 0.8, alpha=1 if named else 0.45)
        if named:
            axes.fill_between(across, mean - spread, mean + spread, color=colour, alpha=0.16, linewidth=0)
            ends.append((arm, float(mean[np.isfinite(mean)][-1]), colour))
        longest.append(across[-1])
        seeds.add(len(values))
        # Down to the end of the lowest band: an arm of which some seeds never learn must not look like a narrow one.
        lows.append(min(np.nanmin(mean[_shown(epochs)]), (mean - spread)[np.isfinite(mean)][-1]))
        highs.append(np.nanmax((mean + spread)[_shown(epochs)]))
    low, high = np.nanmin(lows or [0.0]), np.nanmax(highs or [1.0])
    room = 0.06 * (high - low) or 1.0
    axes.set_ylim(max(low - room, 0), min(high + room, 100.5) if is_accuracy else high + room)
    axes.set_xlim(0, max(longest, default=1.0))
    if x == "epochs":
        whole_numbers(axes)
    axes.set_xlabel("training seconds" if x == "seconds" else "epoch")
    axes.set_ylabel(LABELS[y])
    label_line_ends(axes, ends)
    many = f"{min(seeds)}" if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)}"
    remark = "one seed" if seeds == {1} else f"mean ± sd, {many} seeds"
    short = int((lengths < lengths.max()).sum())
    early = f"{short} run{'s' * (short > 1)} ended early" if short else ""
    remarks = "; ".join(filter(None, [remark, early, palette.others(list(keys.index))]))
    write_remark(axes, remarks, palette.theme.muted, above=metric.unit == "loss")


def _shown(epochs: NDArray[np.float64]) -> NDArray[np.bool_]:
    shown: NDArray[np.bool_] = epochs >= max(1.0, CLIMB * float(epochs.max()))
    return shown


def _matrices(findings: Findings, keys: pd.Series[str], columns: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """For each column a frame of runs x epochs, every run continued with its last value."""
    epochs = findings.epochs
    mine = epochs[epochs["run_key"].isin(keys)].drop_duplicates(["run_key", "epoch"])
    cells = mine.set_index(["run_key", "epoch"])
    # pivot_table would drop runs and epochs without any number.
    return {column: cells[column].unstack().ffill(axis=1) for column in columns}  # noqa: PD010
