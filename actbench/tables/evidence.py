"""What became of an article's claims, and the figures that decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from typing import ClassVar, Self, TypeAlias

from actbench.statistics import Decided, Interval
from actbench.studies.article import Claim
from actbench.tables.metrics import Metric


class ClaimVerdict(StrEnum):
    """What became of a claim."""

    TO_THE_DIGIT = "to the digit"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    TOO_FEW = "too few"

    @property
    def holds(self) -> bool:
        """Whether our runs bear the claim out."""
        return self in (ClaimVerdict.TO_THE_DIGIT, ClaimVerdict.CONFIRMED)

    @property
    def is_open(self) -> bool:
        """Whether our runs leave it open."""
        return self in (ClaimVerdict.UNDECIDED, ClaimVerdict.TOO_FEW)


class Lacking(StrEnum):
    """What a verdict lacks.

    A run of the cells, or of the curve; a finished run of some arm; any seed but the article's own; pairs of runs that
    were timed near each other; some run's figure; a run of the arm that learned.
    """

    CELLS = auto()
    CURVE = auto()
    ARMS = auto()
    SEEDS = auto()
    PAIRS = auto()
    FIGURES = auto()
    LEARNING = auto()


@dataclass(frozen=True)
class NoEvidence:
    """Why a claim could not be judged; ``arms`` are those it is about, none if there is no other arm."""

    kind: ClassVar[str] = "none"
    lacking: Lacking
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class DigitsMet:
    """Of a claim about digits: how many of the cells read the same, and how many were to.

    Attributes:
        met, cells: all printed cells.
        distinct_met, distinct: those that say something for the first time; an article may print a row twice.
        accuracies_met, accuracies: of these the test accuracies, last and best, which no luck meets: all arms end on
            100 % of the training images, and pass the first threshold in the first epochs.
        wanted: how many cells were to read the same.
    """

    kind: ClassVar[str] = "digits"
    met: int
    cells: int
    distinct_met: int
    distinct: int
    accuracies_met: int
    accuracies: int
    wanted: int


@dataclass(frozen=True)
class PValues:
    """What an exact test came to.

    Attributes:
        n: seeds that were counted.
        p_value: of the claim, one-sided.
        p_against: of its opposite, adjusted for the number of rivals.
        p_limit: what a p-value must not exceed: half the error allowed, for each way.
        least: seeds that could decide at all.
        n_learned: of those counted, where both learned.
    """

    n: int
    p_value: float
    p_against: float
    p_limit: float
    least: int
    n_learned: int

    @classmethod
    def by(cls, decided: Decided) -> Self:
        """Of the test that decided a claim."""
        return cls(decided.n, decided.p_value, decided.p_against, decided.level, decided.least, decided.n_learned)


@dataclass(frozen=True)
class LargestDifference:
    """Of a claim about accuracies: the largest difference of any, a fraction; the limit; and the arm that has it.

    ``test`` is that of the figure that decided, over the seeds, and ``interval`` that of ours minus the printed one,
    None for too few seeds. Both are None where each figure is that of the article's seed: a fact and no sample.
    """

    kind: ClassVar[str] = "largest difference"
    difference: float
    within: float
    cells: int
    arm: str
    test: PValues | None = None
    interval: Interval | None = None


@dataclass(frozen=True)
class CurveDifference:
    """Of a claim about a curve: the largest difference of an accuracy through an epoch, a fraction; and where it is."""

    kind: ClassVar[str] = "curve"
    difference: float
    within: float
    through: int | None
    epoch: int


@dataclass(frozen=True)
class Learning:
    """How often an arm and its rival learned, and the differences of the pairs in which both did.

    Attributes:
        arm, rival: runs that learned, of the ``n`` of the test.
        both: pairs in which both learned.
        difference: the mean difference of these; None without any.
        interval: its own; None where there are too few, or where they show no spread.
    """

    arm: int
    rival: int
    both: int
    difference: float | None
    interval: Interval | None


@dataclass(frozen=True)
class ArmDifference:
    """Of a claim about an arm: the arm minus the rival that decided, in the metric's unit.

    Attributes:
        metric: what was compared.
        arm, rival: their spellings; the rival's with its variant, where that is another.
        difference: the mean of the paired differences; None where some are infinite.
        interval: its own; None where there are too few pairs, where they show no spread, or where some run
            did not learn: then no interval keeps its promise.
        above, below: pairs in which the arm is above, and below.
        test: what decided.
        learning: where some run did not learn, how often each did; None where every run learned.
        own_seeds: the article's own, which were not counted.
    """

    kind: ClassVar[str] = "difference"
    metric: Metric
    arm: str
    rival: str
    difference: float | None
    interval: Interval | None
    above: int
    below: int
    test: PValues
    learning: Learning | None
    own_seeds: tuple[int, ...]


@dataclass(frozen=True)
class ArmRatio:
    """Of a claim about seconds: the arm over the rival that decided, a factor.

    Attributes:
        metric: what was compared.
        arm, rival: their spellings; the rival's with its variant, where that is another.
        ratio: of the pairs, by Hodges and Lehmann.
        interval: its own; None for too few pairs.
        test: what decided.
        apart: pairs that were left out, their two runs not having been timed near each other or alike.
        own_seeds: the article's own, which were not counted.
        printed_ratio: the same by the article's own clock; None where it printed none for both.
        jobs: the most runs that were timed at a time.
        others_cores: the most cores that other programs kept busy during any of these runs; None where not known.
    """

    kind: ClassVar[str] = "ratio"
    metric: Metric
    arm: str
    rival: str
    ratio: float
    interval: Interval | None
    test: PValues
    apart: int
    own_seeds: tuple[int, ...]
    printed_ratio: float | None
    jobs: int
    others_cores: float | None


Evidence: TypeAlias = NoEvidence | DigitsMet | LargestDifference | CurveDifference | ArmDifference | ArmRatio


@dataclass(frozen=True)
class JudgedClaim:
    """A claim and what became of it in one variant.

    Attributes:
        claim: as the study states it.
        variant: where it was judged; empty where the claim is about all.
        verdict: reproduced to the digit, confirmed, refuted, undecided, or too few seeds for any of these.
        evidence: what decided.
        seeds: how many our figures rest on.
    """

    claim: Claim
    variant: str
    verdict: ClaimVerdict
    evidence: Evidence
    seeds: int

    @property
    def holds(self) -> bool:
        """Whether our runs bear the claim out."""
        return self.verdict.holds

    @classmethod
    def left_open(cls, claim: Claim, variant: str, evidence: NoEvidence, seeds: int = 0) -> Self:
        """A claim that nothing could be said about."""
        return cls(claim, variant, ClaimVerdict.UNDECIDED, evidence, seeds)

    @property
    def disappoints(self) -> bool:
        """Whether the study expects the claim to hold, and it does not."""
        return self.claim.expected and not self.holds
