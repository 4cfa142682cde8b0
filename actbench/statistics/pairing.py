"""The seeds of two arms laid side by side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_PAIRS = 2


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm's values by seed, and the seeds whose run did not learn; these have any value, or none."""

    values: Mapping[int, float]
    failed: frozenset[int] = frozenset()

    @property
    def seeds(self) -> frozenset[int]:
        """All of its seeds."""
        return self.failed.union(self.values)

    @property
    def valued(self) -> list[int]:
        """The seeds whose run has a value, learned or not, in order."""
        return sorted(self.values)

    def learned(self, seeds: Collection[int]) -> list[int]:
        """Those of some seeds whose run learned and has a value, in order."""
        return sorted(seed for seed in seeds if seed in self.values and seed not in self.failed)

    def picked(self, seeds: Sequence[int]) -> NDArray[np.float64]:
        """The values of some seeds."""
        return np.array([self.values[seed] for seed in seeds], dtype=np.float64)

    def flags(self, seeds: Collection[int]) -> NDArray[np.float64]:
        """For each of some seeds 1 where its run learned, 0 where not."""
        return np.array([float(seed not in self.failed) for seed in sorted(seeds)])


@dataclass(frozen=True, slots=True)
class Pairing:
    """How the seeds of an arm and of the baseline were laid side by side.

    Attributes:
        n: seeds of the arm.
        n_baseline: seeds of the baseline.
        shared: seeds that both have.
        missing: those of the baseline that the arm lacks.
        missing_in_baseline: those of the arm that the baseline lacks.
        paired: whether the shared ones were paired.
    """

    n: int
    n_baseline: int
    shared: tuple[int, ...]
    missing: tuple[int, ...]
    missing_in_baseline: tuple[int, ...]
    paired: bool


def shared_seeds(arm: Collection[int], baseline: Collection[int]) -> list[int]:
    """The seeds over which two arms are paired: those that both have, if these are at least half of either's.

    With fewer in common, pairing would throw away most of the runs; none, then, and the arms are compared unpaired. The
    choice looks at seeds alone and never at values, so it favours nobody.
    """
    shared = sorted(set(arm) & set(baseline))
    enough = len(shared) >= FEWEST_PAIRS or len(set(arm) | set(baseline)) == 1
    return shared if enough and 2 * len(shared) >= max(len(arm), len(baseline)) else []


def pair(arm: Arm, baseline: Arm, *, always: bool = False) -> Pairing:
    """Lay the seeds of two arms side by side, as `shared_seeds` says; ``always``: paired in any case.

    Raises:
        ValueError: an arm without seeds; no shared seed where the arms are always paired.
    """
    shared = sorted(arm.seeds & baseline.seeds)
    if not arm.seeds or not baseline.seeds or (always and not shared):
        raise ValueError("there is no seed to compare the arm and the baseline by")
    return Pairing(
        len(arm.seeds),
        len(baseline.seeds),
        tuple(shared),
        tuple(sorted(baseline.seeds - arm.seeds)),
        tuple(sorted(arm.seeds - baseline.seeds)),
        always or bool(shared_seeds(arm.seeds, baseline.seeds)),
    )
