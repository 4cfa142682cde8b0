"""Data sets: four arrays from somewhere, checked, cut to size, hashed and scaled the same way whatever their source."""

from __future__ import annotations

from actbench.datasets._arrays import NO_TARGET, TOKENS, Arrays
from actbench.datasets.finding import describe, metrics_of
from actbench.datasets.own import file_of
from actbench.datasets.prepare import Dataset, Prepared, default_model, info, load, prepare
from actbench.datasets.request import DatasetInfo, Request
from actbench.datasets.sources import DATASETS, Source, dataset
from actbench.datasets.splits import CUT_SEED

__all__ = [
    "CUT_SEED", "DATASETS", "NO_TARGET", "TOKENS", "Arrays", "Dataset", "DatasetInfo", "Prepared", "Request", "Source",
    "dataset", "default_model", "describe", "file_of", "info", "load", "metrics_of", "prepare",
]  # fmt: skip
