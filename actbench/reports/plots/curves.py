"""Learning curves: mean and spread over the seeds that learned, the others one by one, against epochs or seconds."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actbench.errors import UserError
from actbench.reports.plots import Look, Panel, chosen_metric, picture
from actbench.reports.plots.labels import LineEnd, label_line_ends
from actbench.reports.plots.style import whole_numbers, write_remark
from actbench.reports.words import begins_beyond, ends_beyond, in_percent, spread_name
from actbench.tables.measured import perplexity
from actbench.tables.outcomes import Outcome

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
    "test_perplexity": "test perplexity (exp nats)",
}
# What is drawn of the climb: the part from a fifth of the epochs on fills the height.
CLIMB = 0.2
SQUEEZED = 6.0
"""From how many times the height of the runs that learned on a picture leaves out where the others end."""


@picture(caption="Test accuracy, epoch by epoch", options=("metric", "x"), place=1)
def curves(axes: Axes, panel: Panel, palette: Palette, look: Look) -> None:
    """Learning curves: mean and spread over the seeds of each arm that learned, and the other runs one by one.

    A run that did not learn (it never left chance, collapsed, or diverged) is a dotted line of its own: no run is
    half-way between it and the others; where such lines would squeeze the others flat, they leave the picture at a ▽.
    One that ended early goes on with its last value. The band is ± one standard deviation over the seeds.

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
    arms = palette.layers(list(dict.fromkeys(runs["arm"])))
    is_accuracy = metric.unit == "accuracy"
    matrices = _matrices(panel.findings, runs["run_key"], (y, "train_seconds"))
    lines = [line for arm in arms for line in _lines(matrices, runs[runs["arm"] == arm], palette.short[arm], y, x)]
    for line in lines:
        colour, named = palette.colour(line.arm), palette.named(line.arm)
        width, alpha = (1.8, 1.0) if named else (0.8, 0.45)
        axes.plot(
            line.across, line.mean, color=colour, alpha=alpha, linewidth=width, linestyle=":" if line.alone else "-"
        )
        if named and not line.alone:
            axes.fill_between(line.across, line.low, line.high, color=colour, alpha=0.16, linewidth=0)
    low, high = _ends(lines)
    room = 0.06 * (high - low) or 1.0
    unlearned = int((runs["outcome"] != Outcome.LEARNED).sum())
    axes.set_ylim(max(low - room, 0), min(high + room, 100.5) if is_accuracy else high + room)
    axes.set_xlim(0, max((line.across[-1] for line in lines), default=1.0))
    if x == "epochs":
        whole_numbers(axes)
    axes.set_xlabel("training seconds" if x == "seconds" else "epoch")
    axes.set_ylabel(LABELS[y])
    first = {line.arm: line for line in reversed(lines) if palette.named(line.arm)}
    label_line_ends(axes, [LineEnd(line.label, line.end, palette.colour(arm)) for arm, line in first.items()])
    seeds = runs.groupby("arm")["seed"].count()
    remark = spread_name(seeds=(seeds.min(), seeds.max()), unlearned=unlearned)
    lengths = runs["epochs_run"]
    short = int((lengths < lengths.max()).sum())
    early = f"{short} run{'s' * (short > 1)} ended early" if short else ""
    cut = _mark_cut(axes, lines, palette)
    left = _mark_left(axes, lines, palette, LABELS[y].rpartition("(")[2].rstrip(")"))
    remarks = "; ".join(filter(None, [remark, early, cut, left, palette.others(arms)]))
    write_remark(axes, remarks, palette.theme.muted)


def _ends(lines: Sequence[_Line]) -> tuple[float, float]:
    """From where to where the picture goes: to the ends of all lines, or of those of runs that learned alone."""
    learned = [line for line in lines if not line.alone]
    (low, high), (lowest, highest) = _span(learned), _span(lines)
    return (low, high) if learned and highest - lowest > SQUEEZED * (high - low) > 0 else (lowest, highest)


def _span(lines: Sequence[_Line]) -> tuple[float, float]:
    """Down to the end of the lowest band or line."""
    lows = [
        float(np.nanmin(np.append(line.mean[line.settled], line.low[np.isfinite(line.mean)][-1]))) for line in lines
    ]
    highs = [float(np.nanmax(line.high[line.settled])) for line in lines]
    return min(lows, default=0.0), max(highs, default=1.0)


def _mark_left(axes: Axes, lines: Sequence[_Line], palette: Palette, unit: str) -> str:
    """Mark where lines of runs that did not learn leave the picture for good, and say where they end."""
    bottom, top = axes.get_ylim()
    ends = []
    for line in lines:
        if not line.alone or bottom <= line.end <= top:
            continue
        ends.append(line.end)
        inside = np.flatnonzero((line.mean >= bottom) & (line.mean <= top))
        edge = bottom if line.end < bottom else top
        place = line.across[-1]
        if inside.size:
            last = inside[-1]
            share = (edge - line.mean[last]) / (line.mean[last + 1] - line.mean[last])
            place = line.across[last] + share * (line.across[last + 1] - line.across[last])
        axes.scatter(
            [place], [edge], marker="v" if edge == bottom else "^", s=26, facecolors="none",
            edgecolors=palette.colour(line.arm), clip_on=False, zorder=5,
        )  # fmt: skip
    return ends_beyond((min(ends), max(ends)), unit) if ends else ""


def _mark_cut(axes: Axes, lines: Sequence[_Line], palette: Palette) -> str:
    """Mark where lines come into the picture that begin beyond its edges, and say so; empty where none does."""
    bottom, top = axes.get_ylim()
    seen = set()
    for line in lines:
        finite = np.flatnonzero(np.isfinite(line.mean))
        first = finite[0]
        for edge, beyond, marker in ((bottom, line.mean < bottom, "v"), (top, line.mean > top, "^")):
            inside = finite[~beyond[finite]]
            if not beyond[first] or not inside.size:
                continue
            after = inside[0]
            before = after - 1
            share = (edge - line.mean[before]) / (line.mean[after] - line.mean[before])
            place = line.across[before] + share * (line.across[after] - line.across[before])
            colour = palette.colour(line.arm)
            axes.scatter([place], [edge], marker=marker, s=22, color=colour, clip_on=False, zorder=5, linewidths=0)
            seen.add(marker)
    return begins_beyond(below="v" in seen, above="^" in seen)


@dataclass(frozen=True)
class _Line:
    """A line: of all runs of an arm that learned, or of one ``alone`` that did not."""

    arm: str
    label: str
    alone: bool
    epochs: NDArray[np.float64]
    across: NDArray[np.float64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @property
    def low(self) -> NDArray[np.float64]:
        """The lower edge of its band."""
        return self.mean - self.spread

    @property
    def high(self) -> NDArray[np.float64]:
        """The upper edge of its band."""
        return self.mean + self.spread

    @property
    def end(self) -> float:
        """Its last value."""
        return float(self.mean[np.isfinite(self.mean)][-1])

    @property
    def settled(self) -> NDArray[np.bool_]:
        """The part that fills the height of the picture."""
        late: NDArray[np.bool_] = self.epochs >= max(1.0, CLIMB * float(self.epochs.max()))
        return late


def _lines(matrices: dict[str, pd.DataFrame], runs: pd.DataFrame, name: str, y: str, x: str) -> Iterator[_Line]:
    """The lines of the runs of an arm of that name: first that of all that learned, then each other one's."""
    learned = runs["outcome"] == Outcome.LEARNED
    together, apart = list(runs["run_key"][learned]), list(runs["run_key"][~learned])
    arm = str(runs["arm"].iloc[0])
    label = f"{name} {len(together)}/{len(runs)}" if apart else name
    epochs = matrices[y].columns.to_numpy(dtype=float)
    for group in [*([together] if together else []), *([key] for key in apart)]:
        values = matrices[y].loc[group].to_numpy()
        values = in_percent(values) if y.endswith("accuracy") else values
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # an epoch in which every run had diverged has no loss
            mean = np.nanmean(values, axis=0)
            spread = np.nanstd(values, axis=0, ddof=1) if len(values) > 1 else np.zeros_like(mean)
        if np.isfinite(mean).any():  # else every run of it lost its numbers before the first evaluation
            across = matrices["train_seconds"].loc[group].to_numpy().mean(axis=0) if x == "seconds" else epochs
            yield _Line(arm, label, group is not together, epochs, across, mean, spread)


def _matrices(findings: Findings, keys: pd.Series[str], columns: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """For each column a frame of runs x epochs, every run continued with its last value."""
    epochs = findings.epochs
    mine = epochs[epochs["run_key"].isin(keys)].drop_duplicates(["run_key", "epoch"])
    cells = mine.set_index(["run_key", "epoch"]).assign(test_perplexity=perplexity(mine["test_loss"]).to_numpy())
    # pivot_table would drop runs and epochs without any number.
    return {column: cells[column].unstack().ffill(axis=1) for column in columns}  # noqa: PD010
