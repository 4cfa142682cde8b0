"""What arms are compared by, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.results.thresholds import threshold_percent

if TYPE_CHECKING:
    from actbench.tables.metrics import Metric

TITLES = {
    "test_accuracy": "test accuracy after the last epoch",
    "best_test_accuracy": "best test accuracy of any epoch",
    "train_accuracy": "training accuracy in the last epoch",
    "test_loss": "test loss after the last epoch",
    "train_loss": "training loss in the last epoch",
    "train_seconds": "training seconds",
    "wall_seconds": "wall-clock seconds",
}
"""Of metrics whose names with blanks say too little."""


def metric_title(metric: Metric) -> str:
    """As it stands in headings: ``test loss after the last epoch``, ``epochs to 95 % test accuracy``."""
    if metric.threshold is not None:
        what = "epochs" if metric.unit == "epochs" else "training seconds"
        return f"{what} to {threshold_percent(metric.threshold)} % test accuracy"
    return TITLES.get(metric.name) or metric.name.replace("_", " ")
