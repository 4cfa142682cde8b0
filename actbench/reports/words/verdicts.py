"""Verdicts on arms, and how they were come by, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from actbench.reports.words.looks import HINDRANCES, RELIABILITY, explain_looks, still_open
from actbench.reports.words.metrics import metric_title
from actbench.reports.words.numbers import decimals_of, difference, factor, percent, plural, sentence, summary, unit
from actbench.reports.words.outcomes import some_seeds
from actbench.reports.words.settings import task_title
from actbench.results.thresholds import in_percent, threshold_percent
from actbench.statistics import Comparison, Measure, RatioComparison, SeedRange, Standing, TimeSummary, Verdict
from actbench.statistics.intervals import LEAST_SPREAD
from actbench.statistics.planning import MOST_SEEDS
from actbench.tables.across import AcrossObstacle
from actbench.tables.comparison import SmallMargin
from actbench.tables.findings import Obstacle
from actbench.tables.select import name_some
from actbench.tables.warnings import Hindrance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from actbench.statistics import Pairing
    from actbench.tables.across import Across, NotAcross
    from actbench.tables.checks import CheckResult
    from actbench.tables.clocks import ClockPairs
    from actbench.tables.comparison import Margin, MetricComparison, Row
    from actbench.tables.findings import NotCompared

UNPAIRED = {
    Measure.MEAN: "Welch's interval",
    Measure.TIME: "the rank-sum test",
}
SMALL_MARGINS = {
    SmallMargin.ERRORS: "a tenth of the errors that",
    SmallMargin.ANSWER: "what a single answer counts, more than a tenth of the errors that",
}
QUICKNESS = {Standing.BETTER: "faster", Standing.WORSE: "slower"}


def verdict(comparison: MetricComparison, row: Row) -> str:
    """The verdict on an arm, with the margin as people write it."""
    if _both_missed(comparison, row):
        return f"undecided: neither {'got there' if comparison.metric.is_time_to else 'learned'}"
    if comparison.looks is not None and row.verdict.standing.is_open:
        return still_open(comparison.looks)
    return standing(row.verdict, margin(comparison), comparison.measure)


def standing(found: Verdict, limit: str, measure: Measure = Measure.MEAN) -> str:
    """A verdict; ``limit`` is the margin as the reader should see it, "0.5 pp"."""
    if found.standing is Standing.EQUIVALENT:
        return f"equal within {limit}{where_alike(found, measure)}"
    if found.standing.is_different:
        return _difference(found, limit, measure)
    return _open(found)


def where_alike(found: Verdict, measure: Measure) -> str:
    """What "equal" was shown of, and what it leaves open."""
    return f"{' where both learn' if measure is Measure.MEAN else ''}{_unseen(found, measure)}"


def _open(found: Verdict) -> str:
    """Nothing yet, and how many seeds would tell."""
    if found.standing is Standing.TOO_FEW:
        return too_few(found)
    if found.taken_back is Standing.EQUIVALENT:
        return "undecided: equal at their own settings, and not shown at equal ones"
    if found.taken_back is not None:
        return "undecided: the difference may be that of the settings"
    if found.seeds is None:
        return "undecided"
    if found.seeds.fewest is None:
        return f"undecided: more than {MOST_SEEDS} seeds would be needed"
    return f"undecided: {seed_range(found.seeds)} seeds would tell"


def too_few(found: Verdict) -> str:
    """How many seeds there are, and how many could decide."""
    if found.reliability not in (None, Standing.TOO_FEW):
        return f"too few seeds where both learned: {found.n_learned} of at least {found.least}"
    return f"too few seeds: {found.n} of at least {found.least}"


def _difference(found: Verdict, limit: str, measure: Measure) -> str:
    """What differs: the values, how often the arm learned, or both."""
    timed = measure is not Measure.MEAN
    head, tail = _what_differs(found, timed=timed)
    if not (found.by_values.is_different and found.negligible):
        return head + tail
    where = "" if timed or tail else " where both learn"
    return f"{head}{tail}, by no more than {limit}{where}" + _unseen(found, measure)


def _unseen(found: Verdict, measure: Measure) -> str:
    """What is left open of starts that were not seen: every run takes seconds, but not every one learns or arrives."""
    if measure is Measure.RATIO:
        return ""
    what = "miss it" if measure is Measure.TIME else "fail"
    return f"; up to {percent(found.failures_not_excluded, 0)} % of starts may {what}"


def _what_differs(found: Verdict, *, timed: bool) -> tuple[str, str]:
    """What differs, in two halves between which "than relu" fits."""
    how = QUICKNESS[found.by_values] if timed and found.by_values in QUICKNESS else str(found.by_values)
    if found.reliability is None:
        return how, ""
    if not found.reliability.is_different:
        return how, "" if found.n_learned == found.n else " where both learn"
    often = RELIABILITY[found.reliability]
    if not found.by_values.is_different:
        return often, ""
    joint = "but" if found.standing is Standing.MIXED else "and"
    return often, f", {joint} {how} where both do"


def what_differs(found: Verdict) -> str:
    """What differs, without how sure or how much: ``worse``, ``learns less often``."""
    return "".join(_what_differs(found, timed=False))


def seed_range(found: SeedRange) -> str:
    """How many seeds would tell: ``about 9``, ``9 to 54``, ``9 to more than 1000``."""
    if found.fewest == found.most:
        return f"about {found.fewest}"
    return f"{found.fewest} to {found.most or f'more than {MOST_SEEDS}'}"


def margin(comparison: MetricComparison) -> str:
    """The smallest difference worth caring about: ``0.5 pp``, ``5 %``."""
    return smallest(comparison.limit)


def smallest(limit: Margin) -> str:
    """A margin: ``0.5 pp``, ``5 %``."""
    return f"{in_percent(limit.value):.10g} pp" if limit.share is None else f"{in_percent(limit.share):.10g} %"


def pairing(found: Pairing, measure: Measure, clocks: ClockPairs | None = None) -> str:
    """How the seeds were laid side by side; of seconds, which pairs were timed together."""
    if clocks is not None:
        return _timed_pairs(clocks)
    if not found.paired:
        shared = len(found.shared)
        return (
            f"unpaired, by {UNPAIRED[measure]}: {found.n} and {found.n_baseline} seeds, of which "
            f"{shared or 'none'} {'is' if shared == 1 else 'are'} shared"
        )
    parts = [f"missing here: {_seeds(found.missing)}"] if found.missing else []
    parts += [f"missing in the baseline: {_seeds(found.missing_in_baseline)}"] if found.missing_in_baseline else []
    return f"paired over {plural(len(found.shared), 'seed')}" + (f" ({'; '.join(parts)})" if parts else "")


def _timed_pairs(found: ClockPairs) -> str:
    """Which pairs of seconds were compared, which not, and how quiet the machine was."""
    parts = [f"{some_seeds(found.in_pieces)}: broken off and gone on with later"] if found.in_pieces else []
    parts += [f"{some_seeds(found.elsewhere)}: another device"] if found.elsewhere else []
    parts += [f"{some_seeds(found.far_apart)}: too far apart in time"] if found.far_apart else []
    parts += [f"{some_seeds(found.other_jobs)}: another number of runs at a time"] if found.other_jobs else []
    parts += [f"{some_seeds(found.other_load)}: another load of the machine"] if found.other_load else []
    left_out = f"; left out: {'; '.join(parts)}" if parts else ""
    busy = "how busy the machine was is not known"
    if found.others_cores is not None:
        busy = f"others kept up to {found.others_cores:.2g} cores busy"
    return f"{plural(len(found.seeds), 'pair')} timed together{left_out}; {busy}"


def _seeds(seeds: tuple[int, ...]) -> str:
    return name_some([str(seed) for seed in seeds], 6)


def baseline(comparison: MetricComparison) -> str:
    """The baseline's own figure, and how many of its runs learned where that is a question."""
    figure = summary(comparison.metric, comparison.baseline_summary)
    learned = comparison.rows[0].judged.learned_baseline
    return f"{figure}, learned {learned.k}/{learned.n}" if comparison.some_failed else figure


def family(pairings: Sequence[Pairing]) -> str:
    """What p-values and intervals of a family stand for."""
    return f"p-values for {together(pairings)}, intervals for each arm by itself"


def together(pairings: Sequence[Pairing]) -> str:
    """How many arms share the error of their family, and how: only pairs can be tested as one."""
    paired = sum(found.paired for found in pairings)
    how = "max-T" if paired == len(pairings) else "Bonferroni"
    if 1 < paired < len(pairings):
        how = f"max-T of the {paired} that are paired, Bonferroni of that and the others"
    return f"{len(pairings)} arms together ({how})"


def explain_could_show() -> str:
    """What the smallest difference that can be shown is."""
    return (
        "Could show: the smallest difference that so many seeds show four times in five, if the spread is what it "
        "looks like"
    )


def notes(comparison: MetricComparison) -> list[str]:
    """What does not go without saying of a comparison."""
    found = []
    if comparison.left_out:
        found.append(f"left out, since no run of theirs has a figure: {name_some(comparison.left_out)}")
    if comparison.apart:
        found.append(
            f"left out, since no run of theirs was timed together with one of {comparison.baseline}: "
            f"{name_some(comparison.apart)}"
        )
    if comparison.looks is not None:
        found.append(explain_looks(comparison.looks))
    if comparison.limit.small is not None:
        found.append(
            f"the margin, {margin(comparison)}, is {SMALL_MARGINS[comparison.limit.small]} {comparison.baseline} makes"
        )
    if comparison.some_failed:
        found.append(
            "runs that did not learn are judged apart, by how many did; differences, intervals and effect sizes are of "
            "the seeds where both learned"
        )
    return found + _without_interval(comparison)


def _without_interval(comparison: MetricComparison) -> list[str]:
    """Why some arms have no interval."""
    reasons: dict[str, list[str]] = {}
    for row in comparison.rows:
        found = row.comparison
        if found is None:
            reasons.setdefault(f"no seed where it and {comparison.baseline} learned", []).append(row.arm)
        elif found.interval is None and isinstance(found, Comparison):
            few = min(found.n, found.n_baseline) < LEAST_SPREAD
            why = f"fewer than {LEAST_SPREAD} values" if few else "all values alike, which show no spread"
            reasons.setdefault(why, []).append(row.arm)
        elif found.interval is None:
            reasons.setdefault(f"fewer than {row.verdict.least} pairs", []).append(row.arm)
    return [f"no interval for {name_some(arms)}: {why}" for why, arms in reasons.items()]


def not_compared(reason: NotCompared) -> str:
    """Why the arms of a task cannot be compared, as a sentence."""
    if reason.obstacle is Obstacle.ONE_ARM:
        return f"One arm only ({reason.baseline}): add another with 'actbench run --act …' to compare."
    why = {
        Obstacle.BASELINE_ELSEWHERE: f"the baseline {reason.baseline} is not among the arms here "
        f"({name_some(reason.arms)})",
        Obstacle.NOTHING_FINISHED: "no run has finished",
        Obstacle.BASELINE_UNFINISHED: f"no run of the baseline {reason.baseline} has finished",
        Obstacle.ONLY_BASELINE: f"only {reason.baseline} has finished runs",
        Obstacle.NOBODY_LEARNED: "no run of any arm learned",
        Obstacle.NOBODY_GOT_THERE: "no run of any arm got that far",
    }
    return f"Nothing to compare: {why[reason.obstacle]}."


def not_across(reason: NotAcross) -> str:
    """Why the arms cannot be compared across tasks."""
    if reason.obstacle is AcrossObstacle.ONE_TASK:
        return "one task only"
    if reason.obstacle is AcrossObstacle.BASELINE_RARE:
        some = reason.with_baseline or "none"
        return f"{reason.tasks} tasks, but {reason.baseline} has results in {some} of them only"
    if reason.obstacle is AcrossObstacle.SAME_NETWORKS:
        return f"{reason.with_baseline} tasks, but all score the same trained networks, on other test inputs"
    return f"{reason.with_baseline} tasks with {reason.baseline}, but no other arm has results in every one of them"


def targets(across: Across) -> str:
    """Each task and what counts as solving it."""
    return "; ".join(
        f"{task_title(task)}: {'no arm got to a threshold' if target is None else threshold_percent(target) + ' %'}"
        for task, target in zip(across.tasks, across.targets, strict=True)
    )


def left_out(across: Across) -> list[str]:
    """The arms that some task lacks, and the tasks that lack the baseline, in sentences, or nothing."""
    sentences = [f"Not in every task, and so left out: {name_some(across.left_out)}."] if across.left_out else []
    if across.timed_apart:
        apart = name_some(across.timed_apart)
        sentences.append(f"Not timed together with {across.baseline} in every task, and so without cost: {apart}.")
    if across.without_baseline:
        others = [task_title(task) for task in across.without_baseline]
        sentences.append(f"Tasks without {across.baseline}, and so left out: {name_some(others)}.")
    return sentences


def check_figures(result: CheckResult) -> str:
    """The figures that decided a check, or those that have no value."""
    if not result.unknown:
        return ", ".join(
            f"{name} = {value:.6g}" if isinstance(value, float) else f"{name}: {value}"
            for name, value in result.figures
        )
    few = [f"too few seeds for {name}" for name, value in result.figures if value is Standing.TOO_FEW]
    chosen = [
        f"nothing to say of {name}: the seeds were chosen while results came in (--until-decided), {HINDRANCES[value]}"
        for name, value in result.figures
        if isinstance(value, Hindrance)
    ]
    without = [name for name, value in result.figures if isinstance(value, float) and math.isnan(value)]
    lacking = [f"{', '.join(without)} has no value"] if without else []
    return ", ".join([*lacking, *few, *chosen])


def _both_missed(comparison: MetricComparison, row: Row) -> bool:
    """Whether no run of either arm has a time, or learned: it is epochs that are missing then, not seeds."""
    if comparison.measure is Measure.TIME:
        figures = (row.summary, comparison.baseline_summary)
        return all(isinstance(found, TimeSummary) and not found.reached for found in figures)
    return not row.judged.learned.k and not row.judged.learned_baseline.k


def summarize(comparison: MetricComparison) -> str:
    """All verdicts of one metric in a sentence or two."""
    than = f" than {comparison.baseline}"
    different: dict[tuple[str, str], list[str]] = {}
    arms: dict[Standing, list[str]] = {standing: [] for standing in Standing}
    for row in sorted(comparison.rows, key=lambda row: list(Standing).index(row.verdict.standing)):
        if row.verdict.standing.is_different:
            what = _what_differs(row.verdict, timed=comparison.measure is not Measure.MEAN)
            different.setdefault(what, []).append(f"{row.arm} ({_size(comparison, row)})")
        else:
            arms[row.verdict.standing].append(row.arm)
    parts: list[str] = []
    for (head, tail), some in different.items():
        parts.append(f"{head}{'' if parts else than}{tail}: {name_some(some, 8)}")
    against = "" if parts else f" against {comparison.baseline}"
    if arms[Standing.EQUIVALENT]:
        to = "" if parts else f" to {comparison.baseline}"
        parts.append(f"equal within {margin(comparison)}{to}{_equal(comparison, arms[Standing.EQUIVALENT])}")
        against = ""
    if arms[Standing.UNDECIDED]:
        parts.append(f"undecided{against}: {name_some(arms[Standing.UNDECIDED], 8)}{_more_seeds(comparison)}")
        against = ""
    if arms[Standing.TOO_FEW]:
        scarce = [row.verdict for row in comparison.rows if row.verdict.standing is Standing.TOO_FEW]
        least = max(found.least for found in scarce)
        # Enough were trained, but in too few of them did both learn.
        lost = all(found.reliability not in (None, Standing.TOO_FEW) for found in scarce)
        where, of = (" where both learned", "of which") if lost else ("", "where")
        parts.append(
            f"too few seeds{against}{where}: {name_some(arms[Standing.TOO_FEW], 8)}, {of} at least {least} could tell"
        )
    return f"{sentence(metric_title(comparison.metric))}: {'; '.join(parts)}."


def _equal(comparison: MetricComparison, arms: list[str]) -> str:
    """Which arms are equal, and of accuracies where."""
    names = name_some(arms, 8)
    if comparison.measure is Measure.RATIO:
        return f": {names}"
    share = max(row.verdict.failures_not_excluded for row in comparison.rows if row.arm in arms)
    where, what = (" where both learn", "fail") if comparison.measure is Measure.MEAN else ("", "miss it")
    return f"{where}: {names}, of whose starts up to {percent(share, 0)} % may {what}"


def _size(comparison: MetricComparison, row: Row) -> str:
    found, judged = row.comparison, row.judged
    parts: list[str] = []
    if row.verdict.reliability is not None and row.verdict.reliability.is_different:
        counts = (f"{one.k}/{one.n}" for one in (judged.learned, judged.learned_baseline))
        parts.append(f"learned {' against '.join(counts)}")
    if row.verdict.by_values.is_different:
        if isinstance(found, Comparison):
            step = difference(comparison.metric, found.difference, decimals=decimals_of([found.difference]))
            parts.append(f"{step} {unit(comparison.metric)}")
        elif isinstance(found, RatioComparison):
            parts.append(f"{factor(found.ratio)} the seconds")
        elif found is not None and found.speedup not in (0, 1, math.inf):
            parts.append(factor(found.speedup))
        elif found is not None and found.speedup == 1:
            parts.append(f"sooner in {found.wins}, later in {found.losses} of {found.wins + found.losses + found.ties}")
        else:
            # A definite win or loss is no factor: one of the two did not get there.
            parts.append(summary(comparison.metric, row.summary))
    return ", ".join(parts)


def _more_seeds(comparison: MetricComparison) -> str:
    undecided = [row for row in comparison.rows if row.verdict.standing is Standing.UNDECIDED]
    if comparison.looks is not None or all(_both_missed(comparison, row) for row in undecided):
        return ""
    known = [row.verdict.seeds for row in undecided if row.verdict.seeds is not None]
    told = [found for found in known if found.fewest is not None]
    if not told:
        return f", and more than {MOST_SEEDS:,} seeds would be needed to tell" if known else ""
    some = f" for {len(told)} of them" if len(told) < len(undecided) else ""
    return f", where {seed_range(_joined(told))} seeds would tell{some}"


def _joined(ranges: Iterable[SeedRange]) -> SeedRange:
    """From the fewest of all to the most of all."""
    fewest, most = zip(*(found.ends for found in ranges), strict=True)
    return SeedRange(min(fewest), max(most) if max(most) <= MOST_SEEDS else None)
