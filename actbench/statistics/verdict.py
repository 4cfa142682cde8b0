"""What can be said of an arm beside its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actbench.statistics.planning import SeedRange


class Standing(StrEnum):
    """How an arm stands to the baseline."""

    BETTER = "better"
    WORSE = "worse"
    EQUIVALENT = "equivalent"
    """Equal within the margin."""
    MIXED = "mixed"
    """Better in one respect and worse in the other: how often it learns, and how well where it does."""
    UNDECIDED = "undecided"
    TOO_FEW = "too few"
    """So few seeds that no values of theirs could decide."""

    @property
    def is_different(self) -> bool:
        """Whether a difference was shown."""
        return self in (Standing.BETTER, Standing.WORSE, Standing.MIXED)

    @property
    def is_open(self) -> bool:
        """Whether more seeds may still decide."""
        return self in (Standing.UNDECIDED, Standing.TOO_FEW)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said about one arm.

    Attributes:
        standing: in all.
        by_values: by the values of the seeds where both learned.
        reliability: by how often it learned; None where every run of the family did, or nobody asked.
        adjusted_p: of the values, adjusted for the whole family; None where so few seeds could never decide.
        reliability_p: of how often it learned, adjusted likewise; None where it was not tested.
        margin: the smallest difference worth caring about, as given to `judge_family`.
        negligible: whether the values are shown to lie within the margin; a better arm can be negligibly better.
        learned_alike: whether as many of its runs learned as of the baseline's.
        n: pairs of seeds, or seeds of the arm with the fewer.
        n_learned: those of them whose values are compared: where both learned.
        least: as many as could decide at all, other arms being as they are.
        seeds: if open, how many seeds would tell in one respect or the other, of which some will not learn, going by
            these; None where they leave nothing to plan with.
        failures_not_excluded: the share of the arm's runs that may fail to learn (of times: to get to the threshold)
            for all that was seen of it: the upper end of the exact interval, about 3.7/n where none did.
        taken_back: what had been said, and holds at settings alone that were chosen by luck; None where nothing was.
    """

    standing: Standing
    by_values: Standing
    reliability: Standing | None
    adjusted_p: float | None
    reliability_p: float | None
    margin: float
    negligible: bool
    learned_alike: bool
    n: int
    n_learned: int
    least: int
    seeds: SeedRange | None
    failures_not_excluded: float
    taken_back: Standing | None = None

    @property
    def is_tested(self) -> bool:
        """Whether it takes a share of the family's error: with too few seeds for any verdict it takes none."""
        return self.adjusted_p is not None or self.reliability_p is not None

    @property
    def is_within(self) -> bool:
        """Whether the arm is equal within the margin, if nothing else: also of one that is better, but by no more."""
        return self.negligible and self.learned_alike


def joint_standing(values: Standing, reliability: Standing | None) -> Standing:
    """The standing in all: the respect that differs decides; two that differ in opposite directions are mixed."""
    if reliability is None or not reliability.is_different:
        return values
    if not values.is_different or values is reliability:
        return reliability
    return Standing.MIXED
