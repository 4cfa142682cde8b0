"""What arms can be compared by: accuracy, loss, speed, and the way to a threshold."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from actbench.errors import UserError, did_you_mean
from actbench.results.columns import FINAL
from actbench.tables.arms import percent

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["accuracy", "loss", "seconds", "epochs"]
# The smallest difference worth caring about, unless --margin says another: half a percentage point, or five percent.
ACCURACY_MARGIN = 0.005
RELATIVE_MARGIN = 0.05


@dataclass(frozen=True)
class Metric:
    """One thing to compare arms by.

    Attributes:
        name: the column of the measured runs.
        title: in words, as it stands in headings.
        unit: of the values; accuracies are fractions, losses nats.
        higher_is_better: True for accuracies.
        threshold: the accuracy that is to be reached, or None.
    """

    name: str
    title: str
    unit: Unit
    higher_is_better: bool = False
    threshold: float | None = None

    @property
    def is_time_to(self) -> bool:
        """Whether runs can miss it."""
        return self.threshold is not None

    @property
    def is_clock(self) -> bool:
        """Whether a busy machine changes it."""
        return self.unit == "seconds"


PLAIN = {
    metric.name: metric
    for metric in (
        Metric("test_accuracy", "test accuracy after the last epoch", "accuracy", higher_is_better=True),
        Metric("best_test_accuracy", "best test accuracy of any epoch", "accuracy", higher_is_better=True),
        Metric("train_accuracy", "training accuracy in the last epoch", "accuracy", higher_is_better=True),
        Metric("test_loss", "test loss after the last epoch", "loss"),
        Metric("train_loss", "training loss in the last epoch", "loss"),
        Metric("seconds_per_epoch", "seconds per epoch", "seconds"),
        Metric("train_seconds", "training seconds", "seconds"),
        Metric("wall_seconds", "wall-clock seconds", "seconds"),
    )
}
ALIASES = {
    "accuracy": "test_accuracy",
    "best": "best_test_accuracy",
    "best_accuracy": "best_test_accuracy",
    "loss": "test_loss",
    "seconds_an_epoch": "seconds_per_epoch",
    "wall": "wall_seconds",
}
TIME_TO = re.compile(r"(epochs|seconds)_to(?:[:_](.+))?")


def parse_metrics(names: Sequence[str], thresholds: Sequence[float]) -> list[Metric]:
    """The metrics that some names stand for; ``epochs-to`` without a threshold stands for one at each of them.

    Raises:
        UserError: there is no such metric, or the threshold is no fraction.
    """
    found = [metric for name in names for metric in _parse(name, thresholds)]
    return list(dict.fromkeys(found))


def _parse(name: str, thresholds: Sequence[float]) -> list[Metric]:
    plain = name.strip().lower().replace("-", "_")
    plain = ALIASES.get(plain, plain)
    if plain in PLAIN:
        return [PLAIN[plain]]
    time_to = TIME_TO.fullmatch(plain)
    if not time_to:
        known = [*PLAIN, *ALIASES, "epochs-to:0.95", "seconds-to:0.95"]
        raise UserError(f"There is no metric {name!r}.{did_you_mean(plain, known)} Known: {', '.join(known)}.")
    kind, text = time_to.groups()
    chosen = [_threshold(name, text)] if text else list(thresholds)
    return [time_metric(kind, threshold) for threshold in chosen]


def time_metric(kind: str, threshold: float) -> Metric:
    """The metric of the epochs or seconds to a threshold; ``kind`` is either word."""
    unit: Unit = "epochs" if kind == "epochs" else "seconds"
    what = "epochs" if kind == "epochs" else "training seconds"
    return Metric(
        f"{kind}_to_{percent(threshold)}", f"{what} to {percent(threshold)} % test accuracy", unit, threshold=threshold
    )


def _threshold(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise UserError(f"The metric {name!r} needs an accuracy after the colon, like 0.95.") from None
    if "." not in text and 1 < value < 100:  # noqa: PLR2004 - epochs_to_95, as the column is called
        value /= 100
    if not 0 < value < 1:
        raise UserError(f"The metric {name!r} needs an accuracy between 0 and 1, like 0.95.")
    return value


def values_by_arm(metric: Metric, runs: pd.DataFrame) -> dict[str, dict[int, float]]:
    """The metric of each finished run by arm and seed; runs without such a number are left out, arms are not.

    A threshold that was missed, and the loss of a diverged run, are infinity.
    """
    done = runs["status"].isin(FINAL).to_numpy()
    values = runs[metric.name].to_numpy(dtype=np.float64)
    if metric.is_time_to:
        values = np.where(np.isnan(values), math.inf, values)
    if metric.unit == "loss":
        values = np.where((runs["status"] == "diverged").to_numpy() & ~np.isfinite(values), math.inf, values)
    found: dict[str, dict[int, float]] = {arm: {} for arm in runs["arm"]}
    seeds = runs["seed"].to_numpy(dtype=np.int64)
    for arm, seed, value, finished in zip(runs["arm"], seeds.tolist(), values.tolist(), done.tolist(), strict=True):
        if finished and not math.isnan(value):
            found[arm][seed] = value
    return found
