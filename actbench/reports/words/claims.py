"""What became of an article's claims, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import SMALLEST_P, decimals_of, difference, p_value, percent, plural, unit
from actbench.tables.evidence import (
    ArmDifference,
    ArmRatio,
    ClaimVerdict,
    CurveDifference,
    DigitsMet,
    Lacking,
    LargestDifference,
    Learning,
    NoEvidence,
    PValues,
)

if TYPE_CHECKING:
    from actbench.statistics import Interval
    from actbench.tables.evidence import JudgedClaim


def claim_verdict(judged: JudgedClaim) -> str:
    """The verdict on a claim."""
    match judged.verdict, judged.evidence:
        case ClaimVerdict.TOO_FEW, ArmDifference(test=PValues() as test) | ArmRatio(test=test) | LargestDifference(
            test=PValues() as test
        ):
            where = " where both learned" if test.n_learned < test.n else ""
            return f"too few seeds{where}: {test.n_learned}, at least {test.least} decide"
        case ClaimVerdict.UNDECIDED, NoEvidence():
            return "not judged"
        case ClaimVerdict.UNDECIDED, _:
            return f"not decided with {plural(judged.seeds, 'seed')}"
        case ClaimVerdict.TO_THE_DIGIT, _:
            return "reproduced to the digit"
    return str(judged.verdict)


def claim_figures(judged: JudgedClaim) -> str:
    """The figures that decided a claim."""
    match judged.evidence:
        case NoEvidence() as found:
            return _lacking(found)
        case DigitsMet() as found:
            return f"{found.met} of {found.cells} cells to the digit{_distinct(found)}"
        case LargestDifference(cells=cells, arm=arm, interval=interval) as found:
            which = f"largest difference of {cells} accuracies" if cells > 1 else "difference"
            ends = f", ours - printed {percent(interval.low)} … {percent(interval.high)}" if interval else ""
            return f"{which} {percent(found.difference)} pp ({arm}){ends}{_p(found.test)}"
        case CurveDifference(difference=difference, through=through, epoch=epoch):
            return f"largest difference in accuracy through epoch {through}: {difference:.5f} (epoch {epoch})"
        case ArmDifference() as found:
            return _difference(found)
        case ArmRatio() as found:
            return _ratio(found)


def _lacking(found: NoEvidence) -> str:
    arms = ", ".join(found.arms)
    return {
        Lacking.CELLS: "none of these cells has a run yet",
        Lacking.CURVE: "that run is not there yet",
        Lacking.ARMS: f"no finished run of {arms or 'any other arm'}",
        Lacking.SEEDS: f"no seed that {arms} share, but for the article's own, which judges nothing",
        Lacking.PAIRS: f"no runs of {arms} that were timed together",
        Lacking.FIGURES: "some run has no such figure",
        Lacking.LEARNING: f"{arms} learned in none of its runs, so there is no figure of it to compare",
    }[found.lacking]


def _distinct(found: DigitsMet) -> str:
    """What an article printed twice, and what is hard to miss, says less than the count suggests."""
    text = f"; {found.distinct_met} of {found.distinct} distinct" if found.distinct < found.cells else ""
    if 0 < found.accuracies < found.distinct:
        text += f"; {found.accuracies_met} of {found.accuracies} last and best test accuracies"
    return text


def _difference(found: ArmDifference) -> str:
    unit_name = f" {unit(found.metric)}"

    def spanned(value: float, interval: Interval | None) -> str:
        ends = [interval.low, interval.high] if interval else []
        # An end that reads as nothing would hide on which side of zero it lies.
        texts = [difference(found.metric, each, decimals=decimals_of([value, *ends])) for each in (value, *ends)]
        return texts[0] + (f" ({texts[1]} … {texts[2]})" if ends else "") + unit_name

    parts = []
    if found.learning is None:
        parts.append(spanned(found.difference, found.interval) if found.difference is not None else "infinite losses")
    else:
        parts.append(_learned(found, found.learning))
        parts.append(_every_seed(found))
        if found.learning.difference is not None:
            parts.append(f"{spanned(found.learning.difference, found.learning.interval)} where both learned")
    return f"{found.arm} - {found.rival}: {'; '.join(parts)}{_p(found.test)}{_own(found.own_seeds)}"


def _learned(found: ArmDifference, learning: Learning) -> str:
    of = f" of {found.test.n}"
    return f"learned in {learning.arm}{of}, {found.rival} in {learning.rival}{of}"


def _every_seed(found: ArmDifference) -> str:
    """In how many seeds the arm is on which side."""
    count, side = max((found.below, "lower"), (found.above, "higher"))
    seeds = "every seed" if count == found.test.n else f"{count} of {plural(found.test.n, 'seed')}"
    return f"{side} in {seeds}"


def _ratio(found: ArmRatio) -> str:
    span = f" ({found.interval.low:.4g} … {found.interval.high:.4g})" if found.interval else ""
    printed = "" if found.printed_ratio is None else f", printed {found.printed_ratio:.3g}"
    apart = f"; {plural(found.apart, 'pair')} left out, not timed together" if found.apart else ""
    beside = f"; up to {found.jobs} runs at a time" if found.jobs > 1 else ""
    quiet = (
        "; how busy the machine was is not known"
        if found.others_cores is None
        else f"; other programs kept up to {found.others_cores:.2g} cores busy"
    )
    return (
        f"{found.arm} / {found.rival}: measured ratio {found.ratio:.4g}{span}{printed}"
        f"{_p(found.test)}{apart}{beside}{quiet}{_own(found.own_seeds)}"
    )


def _p(test: PValues | None) -> str:
    """The p-value of the claim, or of its opposite where that is the smaller one; none where no value could decide."""
    if test is None or test.n < test.least:
        return ""
    p = min(test.p_value, test.p_against)
    close = "" if p <= test.p_limit else f", where {test.p_limit:g} decides"
    return f"; p {'' if p < SMALLEST_P else '= '}{p_value(p)}{close}"


def _own(seeds: tuple[int, ...]) -> str:
    named = ", ".join(map(str, seeds))
    several = len(seeds) > 1
    return (
        f"; seed{'s' * several} {named} {'are' if several else 'is'} the article's own: shown, not counted"
        if seeds
        else ""
    )
