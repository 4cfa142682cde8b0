"""An article's claims, judged by our runs: a verdict on each, with the figures that decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from actbench import statistics
from actbench.errors import UserError
from actbench.statistics import Decided
from actbench.studies.article import Article, Claim, printed_cells, spelling
from actbench.tables.metrics import Metric, parse_metrics, values_by_arm
from actbench.tables.published import CLOCKS, CURVE_ACCURACIES, ReproducedCurve, ReproducedFigure

if TYPE_CHECKING:
    import pandas as pd

EPOCH_SECONDS = Metric("epoch_seconds", "seconds")
# Rounding alone makes up to half a unit of the last printed digit; this much is float noise.
NOISE = 1e-12


class ClaimVerdict(StrEnum):
    """What became of a claim."""

    TO_THE_DIGIT = "to the digit"
    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNDECIDED = "undecided"

    @property
    def holds(self) -> bool:
        """Whether our runs bear the claim out."""
        return self in (ClaimVerdict.TO_THE_DIGIT, ClaimVerdict.CONFIRMED)


class Lacking(StrEnum):
    """What a verdict lacks: a run of the cells or of the curve, a finished run of some arm, some run's figure."""

    CELLS = auto()
    CURVE = auto()
    ARMS = auto()
    FIGURES = auto()


@dataclass(frozen=True)
class NoEvidence:
    """Why a claim could not be judged; ``arms`` are those without a finished run, none if there is no other arm."""

    kind: ClassVar[str] = "none"
    lacking: Lacking
    arms: tuple[str, ...] = ()


@dataclass(frozen=True)
class DigitsMet:
    """Of a claim about digits: how many of the cells read the same, and how many were to."""

    kind: ClassVar[str] = "digits"
    met: int
    cells: int
    wanted: int


@dataclass(frozen=True)
class LargestDifference:
    """Of a claim about accuracies: the largest difference of any, a fraction; the limit; and the arm that has it."""

    kind: ClassVar[str] = "largest difference"
    difference: float
    within: float
    cells: int
    arm: str


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
        arm, rival: their spellings.
        n: pairs.
        difference: the mean of the paired differences.
        low, high, level: its interval; None for one pair.
    """

    kind: ClassVar[str] = "difference"
    metric: Metric
    arm: str
    rival: str
    n: int
    difference: float
    low: float | None
    high: float | None
    level: float | None


@dataclass(frozen=True)
class ArmRatio:
    """Of a claim about seconds: the arm over the rival that decided, a factor.

    Attributes:
        metric: what was compared.
        arm, rival: their spellings.
        n: pairs.
        ratio: the geometric mean of the paired ratios.
        low, high, level: its interval; None for one pair.
        printed_ratio: the same by the article's own clock; None where it printed none for both.
        beside_others: whether some of the runs were timed with others beside them.
    """

    kind: ClassVar[str] = "ratio"
    metric: Metric
    arm: str
    rival: str
    n: int
    ratio: float
    low: float | None
    high: float | None
    level: float | None
    printed_ratio: float | None
    beside_others: bool


Evidence: TypeAlias = NoEvidence | DigitsMet | LargestDifference | CurveDifference | ArmDifference | ArmRatio


@dataclass(frozen=True)
class JudgedClaim:
    """A claim and what became of it in one variant.

    Attributes:
        claim: as the study states it.
        variant: where it was judged; empty where the claim is about all.
        verdict: reproduced to the digit, confirmed, refuted, or undecided.
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

    @property
    def disappoints(self) -> bool:
        """Whether the study expects the claim to hold, and it does not."""
        return self.claim.expected and not self.holds


def judge_claims(
    article: Article, cells: Sequence[ReproducedFigure], curves: Sequence[ReproducedCurve], runs: pd.DataFrame
) -> list[JudgedClaim]:
    """Judge every claim, those of several variants once in each. Raises UserError for one that fits nothing here."""
    return [
        _judge_claim(article, claim, variant, cells, curves, runs)
        for claim in article.claims
        for variant in claim.variants
    ]


def _judge_claim(
    article: Article,
    claim: Claim,
    variant: str,
    cells: Sequence[ReproducedFigure],
    curves: Sequence[ReproducedCurve],
    runs: pd.DataFrame,
) -> JudgedClaim:
    if claim.cells is not None:
        return _judge_cells(claim, cells)
    if claim.curve is not None:
        return _judge_curve(claim, claim.curve, curves)
    return _judge_arm(article, claim, variant, runs)


def _undecided(claim: Claim, variant: str, evidence: NoEvidence, seeds: int = 0) -> JudgedClaim:
    return JudgedClaim(claim, variant, ClaimVerdict.UNDECIDED, evidence, seeds)


def _judge_cells(claim: Claim, cells: Sequence[ReproducedFigure]) -> JudgedClaim:
    chosen = [cell for cell in cells if cell.printed.is_of(claim)]
    if claim.within is not None:
        return _judge_distance(claim, claim.within, [cell for cell in chosen if cell.is_accuracy])
    digits = [cell.exact for cell in chosen if cell.exact is not None]
    if not digits:
        return _undecided(claim, "", NoEvidence(Lacking.CELLS))
    evidence = DigitsMet(sum(digits), len(digits), claim.at_least or len(digits))
    verdict = ClaimVerdict.TO_THE_DIGIT if evidence.met >= evidence.wanted else ClaimVerdict.REFUTED
    return JudgedClaim(claim, "", verdict, evidence, 1)


def _judge_distance(claim: Claim, within: float, cells: Sequence[ReproducedFigure]) -> JudgedClaim:
    distances = [(cell.fraction_apart, cell) for cell in cells if cell.fraction_apart is not None]
    if not distances:
        return _undecided(claim, "", NoEvidence(Lacking.CELLS))
    largest, where = max(distances, key=lambda pair: pair[0])
    arm = ": ".join(part for part in (where.printed.variant, where.printed.activation) if part)
    evidence = LargestDifference(largest, within, len(distances), arm)
    return JudgedClaim(claim, "", _within(largest, within), evidence, where.runs)


def _judge_curve(claim: Claim, arm: str, curves: Sequence[ReproducedCurve]) -> JudgedClaim:
    for curve in curves:
        if curve.arm == arm:
            largest, epoch = curve.largest_difference(CURVE_ACCURACIES, claim.through)
            if math.isnan(largest):
                return _undecided(claim, "", NoEvidence(Lacking.CURVE))
            within = claim.within or 0.0
            evidence = CurveDifference(largest, within, claim.through, epoch)
            return JudgedClaim(claim, "", _within(largest, within), evidence, 1)
    raise UserError(f"The claim {claim.text!r} names the curve {arm!r}, which the study does not print.")


def _within(largest: float, limit: float) -> ClaimVerdict:
    return ClaimVerdict.CONFIRMED if largest <= limit + NOISE else ClaimVerdict.REFUTED


def _judge_arm(article: Article, claim: Claim, variant: str, runs: pd.DataFrame) -> JudgedClaim:
    metric = EPOCH_SECONDS if claim.by == EPOCH_SECONDS.name else parse_metrics([claim.by], ())[0]
    here = runs[runs["variant"] == variant]
    values = values_by_arm(metric, here.assign(arm=here["activation"]))
    arm = spelling(claim.arm or "", "claim")
    names = (
        [name for name in values if name != arm] if claim.than == "others" else [spelling(n, "") for n in claim.than]
    )
    absent = tuple(name for name in (arm, *names) if not values.get(name))
    if absent or not names:
        return _undecided(claim, variant, NoEvidence(Lacking.ARMS, absent))
    seeds = sorted(set.intersection(*(set(values[name]) for name in (arm, *names))))
    samples = {name: np.array([values[name][seed] for seed in seeds]) for name in (arm, *names)}
    if not seeds or not all(np.isfinite(sample).all() for sample in samples.values()):
        return _undecided(claim, variant, NoEvidence(Lacking.FIGURES), len(seeds))
    if metric.is_clock:
        samples = {name: np.log(sample) for name, sample in samples.items()}
    decided = _decide(claim, samples[arm], [samples[name] for name in names])
    rival, found, interval = names[decided.rival], decided.comparison, decided.comparison.interval
    low, high, level = (interval.low, interval.high, interval.level) if interval else (None, None, None)
    evidence: Evidence
    if metric.is_clock:
        evidence = ArmRatio(
            metric,
            arm,
            rival,
            found.n,
            math.exp(found.difference),
            None if low is None else math.exp(low),
            None if high is None else math.exp(high),
            level,
            _printed_ratio(article, variant, arm, rival),
            bool((here["jobs"] > 1).any()),
        )
    else:
        evidence = ArmDifference(metric, arm, rival, found.n, found.difference, low, high, level)
    return JudgedClaim(claim, variant, ClaimVerdict(decided.decision), evidence, len(seeds))


def _decide(claim: Claim, arm: Any, rivals: Sequence[Any]) -> Decided:
    if claim.margin is not None:
        return statistics.decide_alike(arm, rivals, margin=claim.margin)
    return statistics.decide_order(arm, rivals, higher=claim.relation == "higher")


def _printed_ratio(article: Article, variant: str, arm: str, rival: str) -> float | None:
    """What the article's own clock says, where it printed one for both."""
    times: dict[str, dict[str, float]] = {}
    for cell in printed_cells(article):
        if cell.variant == variant and cell.column in CLOCKS and cell.quantity.number:
            times.setdefault(str(cell.column), {})[cell.activation] = cell.quantity.number
    for figures in times.values():
        if arm in figures and rival in figures:
            return figures[arm] / figures[rival]
    return None
