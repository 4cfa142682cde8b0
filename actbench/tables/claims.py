"""An article's claims, judged by our runs: a verdict on each, with the figures that decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actbench import statistics
from actbench.errors import UserError
from actbench.statistics import LEAST_SPREAD, Arm, Comparison, Interval
from actbench.studies.article import Article, Claim
from actbench.tables.comparison import ALPHA, Margin
from actbench.tables.contests import judge_contest
from actbench.tables.evidence import (
    ClaimVerdict,
    CurveDifference,
    DigitsMet,
    Examined,
    JudgedClaim,
    Lacking,
    LargestDifference,
    MeansApart,
    NoEvidence,
    combined,
)
from actbench.tables.published import (
    CLOCKS,
    CURVE_ACCURACIES,
    ComparedMean,
    ReproducedCurve,
    ReproducedFigure,
    as_printed,
    compare_means,
    count_digits,
)

if TYPE_CHECKING:
    import pandas as pd

# Rounding alone makes up to half a unit of the last printed digit; this much is float noise.
NOISE = 1e-12


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
    return judge_contest(article, claim, variant, runs)


def _judge_cells(claim: Claim, cells: Sequence[ReproducedFigure]) -> JudgedClaim:
    """A claim about all of some cells is shown false by one of them, but not true before each has a run."""
    chosen = [cell for cell in cells if cell.printed.is_of(claim)]
    if claim.within is None:
        chosen = [cell for cell in chosen if cell.printed.seed is not None and cell.printed.column not in CLOCKS]
        judged = _judge_digits(claim, chosen)
    elif chosen[0].printed.runs is not None:
        judged = _judge_means(claim, claim.within, chosen)
    else:
        chosen = [cell for cell in chosen if cell.is_accuracy]
        judged = _judge_distance(claim, claim.within, chosen)
    absent = [cell.name for cell in chosen if not cell.runs]
    if isinstance(judged.evidence, NoEvidence) or not absent or _is_settled(judged, len(absent)):
        return judged
    return JudgedClaim.left_open(claim, "", NoEvidence(Lacking.ARMS, tuple(dict.fromkeys(absent))))


def _is_settled(judged: JudgedClaim, absent: int) -> bool:
    """Whether a claim about cells stands or falls whatever comes of those that have no run."""
    if isinstance(judged.evidence, DigitsMet) and judged.claim.at_least is not None:
        return judged.holds or judged.evidence.met + absent < judged.claim.at_least
    return judged.verdict in (ClaimVerdict.REFUTED, ClaimVerdict.NOT_MET)


def _judge_digits(claim: Claim, cells: Sequence[ReproducedFigure]) -> JudgedClaim:
    """How many cells that name their seed, and are no clock's, read the same."""
    met = count_digits(cells)
    if not met.all.of:
        return JudgedClaim.left_open(claim, "", NoEvidence(Lacking.CELLS))
    evidence = DigitsMet(
        met.all.count,
        met.all.of,
        met.distinct.count,
        met.distinct.of,
        met.accuracies.count,
        met.accuracies.of,
        claim.at_least or met.all.of,
    )
    verdict = ClaimVerdict.TO_THE_DIGIT if evidence.met >= evidence.wanted else ClaimVerdict.NOT_MET
    return JudgedClaim(claim, "", verdict, evidence, 1)


def _judge_distance(claim: Claim, within: float, cells: Sequence[ReproducedFigure]) -> JudgedClaim:
    """The article's own seed gives a fact, any other seeds a sample, which is tested for lying within the distance."""
    measured = [(apart, cell) for cell in cells if (apart := cell.fraction_apart) is not None]
    if not measured:
        return JudgedClaim.left_open(claim, "", NoEvidence(Lacking.CELLS))
    largest, where = max(measured, key=lambda pair: abs(pair[0]))
    facts = [apart for apart, cell in measured if cell.printed.seed is not None]
    sampled = [cell for _, cell in measured if cell.printed.seed is None]
    met = _within(max(map(abs, facts), default=0.0), within)
    if not sampled or met is ClaimVerdict.NOT_MET:
        evidence = LargestDifference(abs(largest), within, len(measured), where.name)
        return JudgedClaim(claim, "", met, evidence, where.runs)
    return _judge_samples(claim, within, sampled, len(measured))


def _judge_samples(claim: Claim, within: float, cells: Sequence[ReproducedFigure], measured: int) -> JudgedClaim:
    """Whether figures of several seeds lie about the printed ones: a family whose baseline is what was printed."""
    arms = [Arm(cell.fractions_apart) for cell in cells]
    printed = Arm(dict.fromkeys({seed for arm in arms for seed in arm.seeds}, 0.0))
    found = statistics.judge_family(
        printed, arms, margin=within, higher_is_better=True, always_paired=True, alpha=ALPHA
    )
    outside = statistics.shown_outside(printed, arms, margin=within, always_paired=True, alpha=ALPHA)
    tests = [
        Examined(judged.verdict, "", tuple(each.pairing for each in found), Margin(within), outside=beyond)
        for judged, beyond in zip(found, outside, strict=True)
    ]
    verdicts = [test.alike for test in tests]
    verdict = combined(verdicts)
    means = [judged.comparison.difference if isinstance(judged.comparison, Comparison) else 0.0 for judged in found]
    told = max(
        (number for number, each in enumerate(verdicts) if each is verdict), key=lambda number: abs(means[number])
    )
    comparison = found[told].comparison
    evidence = LargestDifference(
        abs(means[told]),
        within,
        measured,
        cells[told].name,
        tests[told],
        comparison.interval if comparison else None,
    )
    return JudgedClaim(claim, "", verdict, evidence, tests[told].verdict.n)


def _judge_means(claim: Claim, within: float, cells: Sequence[ReproducedFigure]) -> JudgedClaim:
    """Whether our means come within the distance of the printed ones: all have to, and one that is beyond refutes."""
    compared = compare_means(cells, within)
    there = [one for one in compared if one.cell.runs]
    if not there:
        return JudgedClaim.left_open(claim, "", NoEvidence(Lacking.CELLS))
    verdict = combined(map(_of_mean, compared))
    told = max(there, key=lambda one: (_of_mean(one) is verdict, abs(one.cell.fraction_apart or 0.0)))
    unit = as_printed(told.cell.printed, 1.0)
    interval = told.interval and Interval(told.interval.low / unit, told.interval.high / unit, told.interval.level)
    evidence = MeansApart(
        sum(one.agrees for one in compared),
        sum(one.differs for one in compared),
        len(compared),
        told.cell.name,
        told.cell.fraction_apart or 0.0,
        interval,
        within,
    )
    return JudgedClaim(claim, "", verdict, evidence, told.cell.runs)


def _of_mean(compared: ComparedMean) -> ClaimVerdict:
    """What one mean says of the claim; one of which there is no run leaves it open."""
    if compared.differs:
        return ClaimVerdict.REFUTED
    if 0 < compared.cell.runs < LEAST_SPREAD:
        return ClaimVerdict.TOO_FEW
    return ClaimVerdict.CONFIRMED if compared.agrees else ClaimVerdict.UNDECIDED


def _judge_curve(claim: Claim, arm: str, curves: Sequence[ReproducedCurve]) -> JudgedClaim:
    for curve in curves:
        if curve.arm == arm:
            largest, epoch = curve.largest_difference(CURVE_ACCURACIES, claim.through)
            if math.isnan(largest):
                return JudgedClaim.left_open(claim, "", NoEvidence(Lacking.CURVE))
            within = claim.within or 0.0
            evidence = CurveDifference(largest, within, claim.through, epoch)
            return JudgedClaim(claim, "", _within(largest, within), evidence, 1)
    raise UserError(f"The claim {claim.text!r} names the curve {arm!r}, which the study does not print.")


def _within(largest: float, limit: float) -> ClaimVerdict:
    return ClaimVerdict.MET if largest <= limit + NOISE else ClaimVerdict.NOT_MET
