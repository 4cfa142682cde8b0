"""What became of an article's claims, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import NOTHING, SMALLEST_P, decimals_of, difference, p_value, percent, plural, unit
from actbench.reports.words.verdicts import smallest, standing, together, too_few, where_alike
from actbench.statistics import LEAST_SPREAD, Measure, Standing
from actbench.tables.evidence import (
    ArmDifference,
    ArmRatio,
    ArmTimes,
    ClaimVerdict,
    CurveDifference,
    DigitsMet,
    Examined,
    Lacking,
    LargestDifference,
    MeansApart,
    NoEvidence,
)
from actbench.tables.select import name_some

if TYPE_CHECKING:
    from actbench.statistics import Interval, Learned
    from actbench.tables.evidence import ArmEvidence, JudgedClaim
    from actbench.tables.published import ComparedMean


def claim_verdict(judged: JudgedClaim) -> str:
    """The verdict on a claim: what became of it, and in what respect."""
    match judged.evidence:
        case NoEvidence():
            return "not judged"
        case ArmDifference(test=test) | ArmTimes(test=test) | ArmRatio(test=test):
            return _tested(judged, test)
        case LargestDifference(test=Examined() as test) if judged.verdict.is_open:
            return _tested(judged, test)
        case MeansApart() if judged.verdict is ClaimVerdict.UNDECIDED:
            return f"not decided with {plural(judged.seeds, 'seed')}"
        case MeansApart() if judged.verdict is ClaimVerdict.TOO_FEW:
            return f"too few seeds: {judged.seeds} of at least {LEAST_SPREAD}"
    return "reproduced to the digit" if judged.verdict is ClaimVerdict.TO_THE_DIGIT else str(judged.verdict)


def _tested(judged: JudgedClaim, test: Examined) -> str:
    """The verdict, and what `compare` says of the two arms where that is something else."""
    found = test.verdict
    if judged.verdict is ClaimVerdict.TOO_FEW:
        return too_few(found)
    if judged.verdict is ClaimVerdict.UNDECIDED:
        # What is shown to be equal is decided, only not as the claim has it.
        word = "not confirmed" if found.standing is Standing.EQUIVALENT else "not decided"
        return f"{word} with {plural(judged.seeds, 'seed')}{_instead(judged, test)}"
    if judged.verdict is ClaimVerdict.CONFIRMED and _is_alike(judged):
        return f"{judged.verdict}{where_alike(found, _measure(judged))}"
    return f"{judged.verdict}{_respect(test)}"


def _measure(judged: JudgedClaim) -> Measure:
    """How the figures were compared."""
    return {ArmTimes: Measure.TIME, ArmRatio: Measure.RATIO}.get(type(judged.evidence), Measure.MEAN)


def _respect(test: Examined) -> str:
    """In what the two differ, where some run did not learn."""
    found = test.verdict
    often = found.reliability is not None and found.reliability.is_different
    if often and (found.by_values.is_different or test.outside):
        return ": in how often they learn, and in how well where both do"
    if often:
        return ": in how often they learn"
    return " where both learn" if found.n_learned < found.n else ""


def _instead(judged: JudgedClaim, test: Examined) -> str:
    """What was shown of the two, but does not decide the claim."""
    found = test.verdict
    if found.standing in (Standing.EQUIVALENT, Standing.MIXED):
        who = "" if found.standing is Standing.EQUIVALENT else f"{_first(judged, test)} "
        return f": {who}{standing(found, smallest(test.limit), _measure(judged))}"
    if found.standing.is_different:
        return f": they differ, but are not shown to by more than {smallest(test.limit)}"
    return ""


def _first(judged: JudgedClaim, test: Examined) -> str:
    """Which of the two the verdict is about: the one that is not the baseline."""
    found = judged.evidence
    if isinstance(found, ArmDifference | ArmTimes | ArmRatio):
        return found.rival if test.baseline == found.arm else found.arm
    return ""


def _is_alike(judged: JudgedClaim) -> bool:
    """Whether the claim is about no more than so large a difference."""
    return judged.claim.relation == "alike" or judged.claim.within is not None


def explain_claims() -> str:
    """What intervals and p-values of claims stand for."""
    return "Intervals are at 95 %, each for one claim by itself; p-values are for all arms that are named with them."


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
            return f"{which} {percent(found.difference)} pp ({arm}){ends}"
        case MeansApart() as found:
            return _means(found)
        case CurveDifference(difference=difference, through=through, epoch=epoch):
            return f"largest difference in accuracy through epoch {through}: {difference:.5f} (epoch {epoch})"
        case ArmDifference() | ArmTimes() | ArmRatio() as found:
            return f"{_beside(found)}{_p(judged, found.test)}{_clock(found)}{_own(found.own_seeds)}"


def _means(found: MeansApart) -> str:
    """How many means come within the limit, and the one that decided."""
    span = f" ({percent(found.interval.low)} … {percent(found.interval.high)})" if found.interval else ""
    count = f"{found.agreeing} of {plural(found.means, 'mean')} shown within {percent(found.within)} pp"
    beyond = f", {found.differing} beyond" if found.differing else ""
    return f"{count}{beyond}; {found.arm}: ours - printed {percent(found.difference)}{span} pp"


def beside_printed_mean(compared: ComparedMean) -> str:
    """Whether our mean is the printed one, as far as the runs of both can tell: in the printed unit."""
    cell, decimals = compared.cell, compared.cell.printed.quantity.decimals
    if cell.difference is None:
        return NOTHING
    if compared.differs:
        return f"differs by {abs(cell.difference):.{decimals}f}"
    if compared.bound is not None:
        return f"agrees within {compared.bound:.{decimals}f}"
    if cell.runs < LEAST_SPREAD:
        return "too few runs"
    same = cell.printed.quantity.shown(cell.ours) == cell.printed.quantity.text
    return "the same in every run" if same else "not comparable: neither has any spread"


def _lacking(found: NoEvidence) -> str:
    arms = name_some(found.arms, 4)
    return {
        Lacking.CELLS: "none of these cells has a run yet",
        Lacking.CURVE: "that run is not there yet",
        Lacking.ARMS: f"no finished run of {arms or 'any other arm'}",
        Lacking.SEEDS: f"{arms} have not each a seed beside the article's own, which judges nothing",
        Lacking.PAIRS: f"no runs of {arms} that were timed together",
        Lacking.LEARNING: f"no run of {arms} learned, or got that far",
    }[found.lacking]


def _distinct(found: DigitsMet) -> str:
    """What an article printed twice, and what is hard to miss, says less than the count suggests."""
    text = f"; {found.distinct_met} of {found.distinct} distinct" if found.distinct < found.cells else ""
    if 0 < found.accuracies < found.distinct:
        text += f"; {found.accuracies_met} of {found.accuracies} last and best test accuracies"
    return text


def _beside(found: ArmEvidence) -> str:
    """The arm beside the rival."""
    if isinstance(found, ArmDifference):
        return _difference(found)
    return _times(found) if isinstance(found, ArmTimes) else _ratio(found)


def _difference(found: ArmDifference) -> str:
    unit_name = f" {unit(found.metric)}"

    def spanned(value: float, interval: Interval | None) -> str:
        ends = [interval.low, interval.high] if interval else []
        # An end that reads as nothing would hide on which side of zero it lies.
        texts = [difference(found.metric, each, decimals=decimals_of([value, *ends])) for each in (value, *ends)]
        return texts[0] + (f" ({texts[1]} … {texts[2]})" if ends else "") + unit_name

    parts = []
    if found.learned is not None and found.learned_rival is not None:
        parts.append(f"learned in {_count(found.learned)}, {found.rival} in {_count(found.learned_rival)}")
        if found.test.paired:
            parts.append(_every_seed(found))
    if found.difference is not None:
        where = "" if found.learned is None else " where both learned"
        parts.append(spanned(found.difference, found.interval) + where)
    return f"{found.arm} - {found.rival}: {'; '.join(parts)}"


def _count(learned: Learned) -> str:
    return f"{learned.k or 'none'} of {learned.n}"


def _every_seed(found: ArmDifference) -> str:
    """In how many seeds the arm is on which side."""
    count, side = max((found.below, "lower"), (found.above, "higher"))
    n = found.test.verdict.n
    seeds = "every seed" if count == n else f"{count} of {plural(n, 'seed')}"
    return f"{side} in {seeds}"


def _times(found: ArmTimes) -> str:
    reached = f"{found.arm} got there in {found.reached.count} of {found.reached.of} runs"
    rival = f"{found.rival} in {found.reached_rival.count} of {found.reached_rival.of}"
    of = "seeds" if found.test.paired else "pairs of runs"
    return f"{reached}, {rival}; sooner in {found.faster}, later in {found.slower}, tied in {found.tied} {of}"


def _ratio(found: ArmRatio) -> str:
    span = f" ({found.interval.low:.4g} … {found.interval.high:.4g})" if found.interval else ""
    printed = "" if found.printed_ratio is None else f", printed {found.printed_ratio:.3g}"
    return f"{found.arm} / {found.rival}: measured ratio {found.ratio:.4g}{span}{printed}"


def _clock(found: ArmEvidence) -> str:
    """Of seconds, how comparable they are."""
    if isinstance(found, ArmDifference):
        return ""
    apart = f"; {plural(found.apart, 'pair')} left out, not timed together" if found.apart else ""
    if isinstance(found, ArmTimes):
        return apart
    beside = f"; up to {found.jobs} runs at a time" if found.jobs > 1 else ""
    quiet = (
        "; how busy the machine was is not known"
        if found.others_cores is None
        else f"; other programs kept up to {found.others_cores:.2g} cores busy"
    )
    return f"{apart}{beside}{quiet}"


def _p(judged: JudgedClaim, test: Examined) -> str:
    """The p-value of there being any difference; none where that is not what was asked, or too few seeds."""
    p = test.p_value
    if p is None or (_is_alike(judged) and not test.by_reliability):
        return ""
    of = " of how often they learned" if test.by_reliability else ""
    # `compare` takes another baseline there, and corrects for others.
    turned = isinstance(judged.evidence, ArmDifference | ArmTimes | ArmRatio) and test.baseline == judged.evidence.arm
    against = f" against {test.baseline}" if turned else ""
    family = f", {together(test.family)}{against}" if len(test.family) > 1 else ""
    return f"; p {'' if p < SMALLEST_P else '= '}{p_value(p)}{of}, two-sided{family}"


def _own(seeds: tuple[int, ...]) -> str:
    named = ", ".join(map(str, seeds))
    several = len(seeds) > 1
    return (
        f"; seed{'s' * several} {named} {'are' if several else 'is'} the article's own: shown, not counted"
        if seeds
        else ""
    )
