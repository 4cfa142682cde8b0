"""What became of an article's claims, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import percent, plural
from actbench.results.thresholds import in_percent
from actbench.tables.claims import (
    ArmDifference,
    ArmRatio,
    ClaimVerdict,
    CurveDifference,
    DigitsMet,
    Lacking,
    LargestDifference,
    NoEvidence,
)

if TYPE_CHECKING:
    from actbench.tables.claims import JudgedClaim


def claim_verdict(judged: JudgedClaim) -> str:
    """The verdict on a claim."""
    if judged.verdict is ClaimVerdict.UNDECIDED:
        return f"not decided with {plural(judged.seeds, 'seed')}"
    if judged.verdict is ClaimVerdict.TO_THE_DIGIT:
        return "reproduced to the digit"
    return str(judged.verdict)


def claim_figures(judged: JudgedClaim) -> str:
    """The figures that decided a claim."""
    match judged.evidence:
        case NoEvidence() as found:
            return _lacking(found)
        case DigitsMet(met=met, cells=cells):
            return f"{met} of {cells} cells to the digit"
        case LargestDifference(difference=difference, cells=cells, arm=arm):
            which = f"largest difference of {cells} accuracies" if cells > 1 else "difference"
            return f"{which} {percent(difference)} pp ({arm})"
        case CurveDifference(difference=difference, through=through, epoch=epoch):
            return f"largest difference in accuracy through epoch {through}: {difference:.5f} (epoch {epoch})"
        case ArmDifference() as found:
            return _difference(found)
        case ArmRatio() as found:
            return _ratio(found)


def _lacking(found: NoEvidence) -> str:
    return {
        Lacking.CELLS: "none of these cells has a run yet",
        Lacking.CURVE: "that run is not there yet",
        Lacking.ARMS: f"no finished run of {', '.join(found.arms) or 'any other arm'}",
        Lacking.FIGURES: "some run has no such figure",
    }[found.lacking]


def _difference(found: ArmDifference) -> str:
    is_accuracy = found.metric.unit == "accuracy"

    def shown(value: float) -> str:
        return f"{in_percent(value) if is_accuracy else value:+.2f}"

    span = "" if found.low is None or found.high is None else f" ({shown(found.low)} … {shown(found.high)})"
    return f"{found.arm} - {found.rival}: {shown(found.difference)}{span}{' pp' * is_accuracy}"


def _ratio(found: ArmRatio) -> str:
    span = "" if found.low is None or found.high is None else f" ({found.low:.3g} … {found.high:.3g})"
    printed = "" if found.printed_ratio is None else f", printed {found.printed_ratio:.3g}"
    busy = "; timed with other runs beside them" * found.beside_others
    return f"{found.arm} / {found.rival}: measured ratio {found.ratio:.3g}{span}{printed}{busy}"
