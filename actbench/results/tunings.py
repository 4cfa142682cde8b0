"""How arms came by settings of their own: the tunings that a store's manifest knows.

A tuning is about one question: the arms of one task, alike in all but what was chosen. Its name stands in the column
``tuning``, in the rows of its tuning runs and in those of the scoring runs whose settings it chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

BESIDE = "~"
"""Behind the name of a tuning in the column: the run is at settings that were chosen for another arm."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that were tried, and the number of the study that they belonged to, where a protocol has several."""

    settings: dict[str, Any]
    group: int = 0


class StoredTuning(msgspec.Struct, frozen=True, kw_only=True):
    """What was searched, and how.

    Attributes:
        protocol: by its name.
        budget: ``full`` or ``halving``.
        searched: names of settings, or of the optimizer's parameters.
        shared: their values where all arms share them.
        validation_split: the share of the training part that judged.
        seeds: of the tuning runs.
        trials: in the order in which they came to be tried with some arm.
        chosen: each arm's values, for whoever reads the manifest: tables find them out anew.
    """

    protocol: str
    budget: str
    searched: tuple[str, ...]
    shared: dict[str, Any]
    validation_split: float
    seeds: tuple[int, ...]
    trials: tuple[Tried, ...]
    chosen: dict[str, dict[str, Any]]


def tunings_in(manifest: Mapping[str, Any]) -> dict[str, StoredTuning]:
    """The tunings of a manifest by their names."""
    return msgspec.convert(manifest.get("tunings", {}), dict[str, StoredTuning])


def names_in(cell: str) -> tuple[str, ...]:
    """The names of tunings in a cell of the column ``tuning``."""
    return tuple(cell.split())


def chosen_by(cell: str) -> tuple[str, ...]:
    """Those of them that chose the run's settings for its own arm."""
    return tuple(name for name in names_in(cell) if not name.endswith(BESIDE))


def joined(*cells: str) -> str:
    """One cell of all the names in these."""
    return " ".join(sorted({name for cell in cells for name in names_in(cell)}))
