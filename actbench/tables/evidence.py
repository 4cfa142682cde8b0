"""What became of an article's claims, and the figures that decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import ClassVar, Self, TypeAlias

from actbench.statistics import Interval, Learned, Pairing, Standing, Verdict
from actbench.studies.article import Claim
from actbench.tables.comparison import Margin
from actbench.tables.metrics import Metric
from actbench.tables.published import Share


class ClaimVerdict(StrEnum):
    """What became of a claim: by counting it is met or not, by a test over seeds confirmed or refuted, or left open."""

    TO_THE_DIGIT = "to the digit"
    MET = "met"
    NOT_MET = "not met"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    TOO_FEW = "too few"

    @property
    def holds(self) -> bool:
        """Whether our runs bear the claim out."""
        return self in (ClaimVerdict.TO_THE_DIGIT, ClaimVerdict.MET, ClaimVerdict.CONFIRMED)

    @property
    def is_open(self) -> bool:
        """Whether our runs leave it open."""
        return self in (ClaimVerdict.UNDECIDED, ClaimVerdict.TOO_FEW)


def combined(verdicts: Iterable[ClaimVerdict]) -> ClaimVerdict:
    """The verdict on a claim that has to hold in several respects: one that fails refutes it."""
    order = (ClaimVerdict.REFUTED, ClaimVerdict.TOO_FEW, ClaimVerdict.UNDECIDED, ClaimVerdict.CONFIRMED)
    return min(verdicts, key=order.index)


class Lacking(StrEnum):
    """What a verdict lacks.

    A run of the cells, or of the curve; a finished run of some arm; any seed but the article's own; pairs of runs that
    were timed near each other; a run that learned, or got to the threshold.
    """

    CELLS = auto()
    CURVE = auto()
    ARMS = auto()
    SEEDS = auto()
    PAIRS = auto()
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
class Examined:
    """What decided a claim: the verdict of `compare` on one arm of a family.

    Attributes:
        verdict: of the arm beside the baseline.
        baseline: the arm that all of the family stand beside: the rival, or the claim's own arm where it has several;
            empty where that is what was printed.
        family: the pairings of all that are tested beside it; p-values are for all of them together.
        limit: the smallest difference worth caring about: the claim's, or that of `compare`.
        paired: whether it was tested by pairs of seeds.
        outside: of a claim of being alike: whether the arm is shown to differ by more than that.
    """

    verdict: Verdict
    baseline: str
    family: tuple[Pairing, ...]
    limit: Margin
    paired: bool = True
    outside: bool = False

    @property
    def by_reliability(self) -> bool:
        """Whether what is known is how often the two learned, and not how well where they do."""
        reliability, values = self.verdict.reliability, self.verdict.by_values
        if reliability is None or values.is_different:
            return False
        return reliability.is_different or self.verdict.adjusted_p is None

    @property
    def p_value(self) -> float | None:
        """Two-sided, of the respect that is known, adjusted for the family; None for too few seeds."""
        return self.verdict.reliability_p if self.by_reliability else self.verdict.adjusted_p

    @property
    def alike(self) -> ClaimVerdict:
        """What is said of the claim that the two are alike: within the margin, and as many of their runs learned."""
        less_often = self.verdict.reliability is not None and self.verdict.reliability.is_different
        return self._of(holds=self.verdict.is_within, fails=self.outside or less_often)

    def is_shown(self, standing: Standing) -> ClaimVerdict:
        """What is said of the claim that the arm is better, or worse."""
        opposite = Standing.WORSE if standing is Standing.BETTER else Standing.BETTER
        return self._of(holds=self.verdict.standing is standing, fails=self.verdict.standing is opposite)

    def _of(self, *, holds: bool, fails: bool) -> ClaimVerdict:
        if holds or fails:
            return ClaimVerdict.CONFIRMED if holds else ClaimVerdict.REFUTED
        return ClaimVerdict.TOO_FEW if self.verdict.standing is Standing.TOO_FEW else ClaimVerdict.UNDECIDED


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
    test: Examined | None = None
    interval: Interval | None = None


@dataclass(frozen=True)
class MeansApart:
    """Of a claim about printed means of several runs: how many of ours come within the limit, and the one that decided.

    Attributes:
        agreeing, differing, means: how many are shown to lie within the limit, and beyond it, of how many.
        arm: the one that decided.
        difference: its mean, ours minus the printed one, a fraction.
        interval: Welch's, of that; None for too few runs.
        within: the limit, a fraction.
    """

    kind: ClassVar[str] = "means"
    agreeing: int
    differing: int
    means: int
    arm: str
    difference: float
    interval: Interval | None
    within: float


@dataclass(frozen=True)
class CurveDifference:
    """Of a claim about a curve: the largest difference of an accuracy through an epoch, a fraction; and where it is."""

    kind: ClassVar[str] = "curve"
    difference: float
    within: float
    through: int | None
    epoch: int


@dataclass(frozen=True)
class ArmDifference:
    """Of a claim about an arm: the arm minus the rival that decided, in the metric's unit.

    Attributes:
        metric: what was compared.
        arm, rival: their spellings; the rival's with its variant, where that is another.
        difference: the mean difference of the runs that learned, of pairs where both did; None where there is none.
        interval: its own, as `compare` has it.
        above, below: pairs in which the arm is above, and below, whether or not they learned.
        learned, learned_rival: how many of their runs did; None where all runs of the family did.
        test: what decided.
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
    learned: Learned | None
    learned_rival: Learned | None
    test: Examined
    own_seeds: tuple[int, ...]


@dataclass(frozen=True)
class ArmTimes:
    """Of a claim about the way to a threshold, which some runs may miss.

    Attributes:
        metric: what was compared.
        arm, rival: their spellings; the rival's with its variant, where that is another.
        reached, reached_rival: how many of their runs got there.
        faster, slower, tied: pairs (couples of runs, if unpaired) in which the arm was that.
        test: what decided: signed ranks, a miss being the last.
        apart: of seconds, pairs that were left out, as in `ArmRatio`.
        own_seeds: the article's own, which were not counted.
    """

    kind: ClassVar[str] = "times"
    metric: Metric
    arm: str
    rival: str
    reached: Share
    reached_rival: Share
    faster: int
    slower: int
    tied: int
    test: Examined
    apart: int
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
    test: Examined
    apart: int
    own_seeds: tuple[int, ...]
    printed_ratio: float | None
    jobs: int
    others_cores: float | None


ArmEvidence: TypeAlias = ArmDifference | ArmTimes | ArmRatio
Evidence: TypeAlias = NoEvidence | DigitsMet | LargestDifference | MeansApart | CurveDifference | ArmEvidence


@dataclass(frozen=True)
class JudgedClaim:
    """A claim and what became of it in one variant.

    Attributes:
        claim: as the study states it.
        variant: where it was judged; empty where the claim is about all.
        verdict: reproduced to the digit, met or not, confirmed, refuted, undecided, or too few seeds.
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
