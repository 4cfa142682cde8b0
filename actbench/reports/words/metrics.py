"""What arms are compared by, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.results.thresholds import threshold_percent
from actbench.tables.measured import EpochRule

if TYPE_CHECKING:
    from actbench.tables.metrics import Metric

OF_AN_EPOCH = {
    "test_accuracy": "test accuracy after",
    "train_accuracy": "training accuracy in",
    "test_loss": "test loss after",
    "train_loss": "training loss in",
    "test_perplexity": "test perplexity after",
}
"""Metrics that are those of the epoch which a rule chooses."""
EPOCHS = {
    EpochRule.VAL: "the epoch of highest validation accuracy",
    EpochRule.LAST: "the last epoch",
    EpochRule.BEST: "the epoch of highest test accuracy",
}
TITLES = {
    "best_test_accuracy": "best test accuracy of any epoch",
    "train_seconds": "training seconds",
    "wall_seconds": "wall-clock seconds",
}
"""Of metrics whose names with blanks say too little."""


def scored_on(rule: EpochRule) -> str:
    """Which accuracy is to reach a threshold."""
    return "validation" if rule is EpochRule.VAL else "test"


def metric_title(metric: Metric) -> str:
    """As it stands in headings: ``test loss after the last epoch``, ``epochs to 95 % test accuracy``."""
    if metric.threshold is not None:
        what = "epochs" if metric.unit == "epochs" else "training seconds"
        return f"{what} to {threshold_percent(metric.threshold)} % {scored_on(metric.rule)} accuracy"
    if metric.name in OF_AN_EPOCH:
        return f"{OF_AN_EPOCH[metric.name]} {EPOCHS[metric.rule]}"
    return TITLES.get(metric.name) or metric.name.replace("_", " ")
