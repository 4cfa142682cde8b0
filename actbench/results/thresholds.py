"""Columns about an accuracy that is to be reached: ``epochs_to_95``, ``seconds_to_97.5``, ``reached_95``.

They are values, not names: tables label their columns with them, and `parse` is the one place that takes a name apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias, TypeVar

from actbench.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

NAME = re.compile(r"(?P<kind>epochs[-_]to|seconds[-_]to|reached)(?::(?P<fraction>.+)|_(?P<digits>\d.*))")


FractionT = TypeVar("FractionT", float, "NDArray[np.float64]", "pd.Series[float]")


def in_percent(fraction: FractionT) -> FractionT:
    """A fraction, or an array of them, times a hundred: the one place where fractions become percent."""
    return fraction * 100


def threshold_percent(threshold: float) -> str:
    """A threshold as it stands in names and headings: ``95`` for 0.95, ``97.5`` for 0.975."""
    return f"{in_percent(threshold):.10g}"


@dataclass(frozen=True)
class ThresholdColumn:
    """A column about one threshold, a test accuracy as a fraction between 0 and 1. Its text is its name.

    Raises:
        ValueError: the threshold is none.
    """

    threshold: float
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise ValueError(f"a threshold lies between 0 and 1, not at {self.threshold}")
        # What reads the same is the same column, whatever arithmetic it came from.
        object.__setattr__(self, "threshold", round(self.threshold, 12))

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As it stands in files."""
        return f"{self.kind}_{threshold_percent(self.threshold)}"

    @property
    def title(self) -> str:
        """As it stands on paper."""
        return f"{self.kind.replace('_', ' ')} {threshold_percent(self.threshold)} %"


@dataclass(frozen=True)
class EpochsTo(ThresholdColumn):
    """The first epoch whose test accuracy is at the threshold or above; of an arm, the median over its runs."""

    kind = "epochs_to"


@dataclass(frozen=True)
class SecondsTo(ThresholdColumn):
    """Training seconds to the end of that epoch; of an arm, the median over its runs."""

    kind = "seconds_to"


@dataclass(frozen=True)
class Reached(ThresholdColumn):
    """How many runs of an arm got there."""

    kind = "reached"


ColumnName: TypeAlias = str | ThresholdColumn
"""What labels a column of a table."""
TIMES: tuple[type[EpochsTo | SecondsTo], ...] = (EpochsTo, SecondsTo)
KINDS: dict[str, type[ThresholdColumn]] = {column.kind: column for column in (EpochsTo, SecondsTo, Reached)}


def parse(name: str) -> ThresholdColumn | None:
    """The column of a name: ``epochs_to_95`` and ``epochs_to_97.5`` in percent, ``epochs-to:0.95`` as a fraction.

    ``_`` may stand for the point, where a name must hold none: ``reached_97_5``. None for any other name.

    Raises:
        ValueError: the name is of that form, and what should be the accuracy is no number or not between 0 and 1.
    """
    found = NAME.fullmatch(name)
    if not found:
        return None
    kind = KINDS[found["kind"].replace("-", "_")]
    if found["fraction"] is not None:
        return kind(float(found["fraction"]))
    return kind(float(found["digits"].replace("_", ".")) / 100)


def checked_thresholds(chosen: Sequence[float] | None) -> tuple[float, ...] | None:
    """The thresholds in rising order, or None where none were given. Raises UserError for one outside 0 … 1."""
    for threshold in chosen or ():
        if not 0 < threshold < 1:
            hint = f" Did you mean {threshold / 100:g}?" if 1 <= threshold < 100 else ""  # noqa: PLR2004 - a percentage
            raise UserError(f"--threshold {threshold:g} is no accuracy between 0 and 1.{hint}")
    return tuple(sorted(set(chosen))) if chosen else None
