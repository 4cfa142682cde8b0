"""Errors on a logarithmic axis, the least on top: what is within a point of the best, and what is at chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actbench.reports.words import in_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

NO_ERROR = 1e-4
"""In percent: less is none, which a logarithm has no place for."""
ROOM = 0.05
"""Above the least and below the most, as a share of the whole axis; in decades at least a fifth of it."""
STEPS = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 8), (1, 2, 3, 5), (1, 2, 5), (1,))
"""Where ticks stand in a decade: as many as there is room for."""
FEWEST_TICKS, MOST_TICKS = 4, 9
AT_CHANCE = 90.0
"""A tick where ten classes are guessed."""


@dataclass(frozen=True)
class ErrorScale:
    """An axis from the least to the most of some errors in percent; 0 stands at half of the least other.

    Attributes:
        least, most: its ends.
        with_none: whether ``least`` stands for no error.
    """

    least: float
    most: float
    with_none: bool

    @classmethod
    def of(cls, accuracies: Sequence[float]) -> ErrorScale:
        """The one on which these accuracies, as fractions, find room."""
        errors = in_percent(1 - np.array(accuracies))
        some = errors[errors > NO_ERROR]
        least, most = (float(some.min()), float(some.max())) if some.size else (1.0, 1.0)
        with_none = bool((errors <= NO_ERROR).any())
        return cls(least / 2 if with_none else least, most, with_none)

    def heights(self, accuracies: ArrayLike) -> NDArray[np.float64]:
        """Where accuracies, as fractions, stand: their errors in percent."""
        return np.maximum(in_percent(1 - np.asarray(accuracies, dtype=float)), self.least)

    def draw(self, axes: Axes) -> None:
        """Give axes this scale on the left."""
        room = max(ROOM * np.log10(self.most / self.least), ROOM / 5)
        low, high = self.least / 10**room, self.most * 10**room
        axes.set_yscale("log")
        axes.set_ylim(high, low)
        none = {self.least: "0"} if self.with_none else {}
        ticks = {tick: f"{tick:g}" for tick in _ticks(self.least * 1.5 if none else low, high)} | none
        axes.set_yticks(list(ticks), list(ticks.values()))
        axes.minorticks_off()


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between the ends of an axis; where too few are round, those of a linear one."""
    from matplotlib.ticker import MaxNLocator

    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    for steps in STEPS:
        ticks = {step * 10.0**decade for decade in decades for step in steps if step * 10.0**decade < in_percent(1.0)}
        inside = sorted(tick for tick in ticks | {AT_CHANCE} if low <= tick <= high)
        if len(inside) <= MOST_TICKS:
            break
    if len(inside) >= FEWEST_TICKS:
        return inside
    found = MaxNLocator(MOST_TICKS - 2, steps=[1, 2, 5, 10]).tick_values(low, high)
    return [float(tick) for tick in found if low <= tick <= high]
