"""What arms can be compared by: accuracy, loss, speed, and the way to a threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from actbench.datasets import metrics_of
from actbench.errors import UserError, did_you_mean
from actbench.results.columns import FINAL
from actbench.results.thresholds import KINDS, TIMES, ColumnName, EpochsTo, SecondsTo, parse
from actbench.tables.measured import EpochRule
from actbench.tables.outcomes import Outcome

if TYPE_CHECKING:
    import pandas as pd

USUAL = ("test_accuracy",)
"""What arms are compared by where nobody asks, and what verdicts over several tasks or looks are by."""
MetricUnit: TypeAlias = Literal["accuracy", "loss", "perplexity", "seconds", "epochs"]
OF_LEARNING: tuple[MetricUnit, ...] = ("accuracy", "loss", "perplexity")
"""Units of what a run that never learned has no share in."""
# The smallest difference worth caring about, unless --margin says another: half a percentage point, or five percent.
ACCURACY_MARGIN = 0.005
RELATIVE_MARGIN = 0.05
ERROR_SHARE = 0.1
"""Where half a point is more than this share of the errors that the baseline makes, this share is the margin."""


@dataclass(frozen=True)
class Metric:
    """One thing to compare arms by.

    Attributes:
        name: what it is called, in options and files.
        unit: of the values; accuracies are fractions, losses nats, perplexities their exp.
        higher_is_better: True for accuracies.
        time_to: the threshold that is to be reached, and what is counted until then; None where nothing is.
        rule: which epoch's figures the runs have.
    """

    name: str
    unit: MetricUnit
    higher_is_better: bool = False
    time_to: EpochsTo | SecondsTo | None = None
    rule: EpochRule = EpochRule.LAST

    @property
    def column(self) -> ColumnName:
        """The column of the measured runs."""
        return self.time_to or self.name

    def counted(self, runs: pd.DataFrame) -> float:
        """How many answers an accuracy is a share of: one for each target of its part; nan where nobody knows."""
        part = "train" if self.name.startswith("train_") else "test"
        known = (float(runs[name].max()) for name in (f"{part}_targets", f"{part}_size") if name in runs)
        return next((answers for answers in known if not math.isnan(answers)), math.nan)

    @property
    def threshold(self) -> float | None:
        """The accuracy that is to be reached, or None."""
        return self.time_to.threshold if self.time_to else None

    @property
    def is_time_to(self) -> bool:
        """Whether runs can miss it."""
        return self.time_to is not None

    @property
    def is_clock(self) -> bool:
        """Whether a busy machine changes it."""
        return self.unit == "seconds"


PLAIN = {
    metric.name: metric
    for metric in (
        Metric("test_accuracy", "accuracy", higher_is_better=True),
        Metric("best_test_accuracy", "accuracy", higher_is_better=True),
        Metric("train_accuracy", "accuracy", higher_is_better=True),
        Metric("test_loss", "loss"),
        Metric("train_loss", "loss"),
        Metric("test_perplexity", "perplexity"),
        Metric("seconds_per_epoch", "seconds"),
        Metric("train_seconds", "seconds"),
        Metric("wall_seconds", "seconds"),
    )
}
ALIASES = {
    "accuracy": "test_accuracy",
    "best": "best_test_accuracy",
    "best_accuracy": "best_test_accuracy",
    "loss": "test_loss",
    "perplexity": "test_perplexity",
    "seconds_an_epoch": "seconds_per_epoch",
    "wall": "wall_seconds",
}


def usual_metrics(data: str) -> tuple[str, ...]:
    """What arms on such data are compared by where nobody asks."""
    return (*USUAL, *metrics_of(data))


def parse_metrics(names: Sequence[str], thresholds: Sequence[float]) -> list[Metric]:
    """The metrics that some names stand for; ``epochs-to`` without a threshold stands for one at each of them.

    Raises:
        UserError: there is no such metric, or the threshold is no fraction.
    """
    found = [metric for name in names for metric in _metrics_named(name, thresholds)]
    return list(dict.fromkeys(found))


def _metrics_named(name: str, thresholds: Sequence[float]) -> list[Metric]:
    plain = name.strip().lower().replace("-", "_")
    plain = ALIASES.get(plain, plain)
    if plain in PLAIN:
        return [PLAIN[plain]]
    if (time := KINDS.get(plain)) in TIMES:
        return [time_metric(time(threshold)) for threshold in thresholds]
    try:
        column = parse(plain)
    except ValueError:
        meant = _as_fraction(plain)
        hint = f" Did you mean {meant!r}?" if meant else ""
        raise UserError(
            f"The metric {name!r} needs an accuracy between 0 and 1 after a colon, like 0.95.{hint}"
        ) from None
    if not isinstance(column, TIMES):
        known = [*PLAIN, *ALIASES, "epochs-to:0.95", "seconds-to:0.95"]
        raise UserError(f"There is no metric {name!r}.{did_you_mean(plain, known)} Known: {', '.join(known)}.")
    return [time_metric(column)]


def _as_fraction(name: str) -> str | None:
    """The metric whose threshold was given in percent, as a fraction; None where it was not."""
    kind, _, percent = name.partition(":")
    try:
        column = parse(f"{kind}_{float(percent):g}")
    except ValueError:
        return None
    return f"{kind.replace('_', '-')}:{column.threshold:g}" if column else None


def time_metric(column: EpochsTo | SecondsTo) -> Metric:
    """The metric of the epochs or training seconds to a threshold."""
    return Metric(column.name, "epochs" if isinstance(column, EpochsTo) else "seconds", time_to=column)


def values_by_arm(metric: Metric, runs: pd.DataFrame) -> dict[str, dict[int, float]]:
    """The metric of each finished run by arm and seed; runs without such a number are left out, arms are not.

    A threshold that was missed, and the loss or perplexity of a diverged run, are infinity.
    """
    done = runs["status"].isin(FINAL).to_numpy()
    values = runs[metric.column].to_numpy(dtype=np.float64)
    if metric.is_time_to:
        values = np.where(np.isnan(values), math.inf, values)
    if metric.unit in ("loss", "perplexity"):
        values = np.where((runs["status"] == "diverged").to_numpy() & ~np.isfinite(values), math.inf, values)
    found: dict[str, dict[int, float]] = {arm: {} for arm in runs["arm"]}
    seeds = runs["seed"].to_numpy(dtype=np.int64)
    for arm, seed, value, finished in zip(runs["arm"], seeds.tolist(), values.tolist(), done.tolist(), strict=True):
        if finished and not math.isnan(value):
            found[arm][seed] = value
    return found


def failed_by_arm(metric: Metric, runs: pd.DataFrame) -> dict[str, frozenset[int]]:
    """By arm the seeds whose run came to a result and did not learn.

    Of accuracies and losses alone: seconds are spent whatever comes of them, and what never gets to a threshold is a
    miss.
    """
    if metric.unit not in OF_LEARNING:
        return {}
    broken = runs[runs["status"].isin(FINAL) & (runs["outcome"] != Outcome.LEARNED)]
    found: dict[str, set[int]] = {}
    for arm, seed in zip(broken["arm"], broken["seed"].astype(int).tolist(), strict=True):
        found.setdefault(arm, set()).add(seed)
    return {arm: frozenset(seeds) for arm, seeds in found.items()}
