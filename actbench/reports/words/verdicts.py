"""Verdicts on arms, and how they were come by, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from actbench.reports.words.metrics import metric_title
from actbench.reports.words.numbers import difference, factor, plural, sentence, summary, unit
from actbench.reports.words.settings import task_title
from actbench.results.thresholds import in_percent, threshold_percent
from actbench.statistics import Standing, TimeComparison, TimeSummary, Verdict
from actbench.statistics.planning import MOST_SEEDS
from actbench.tables.across import AcrossObstacle
from actbench.tables.comparison import UnpairedTest
from actbench.tables.findings import Obstacle
from actbench.tables.select import name_some

if TYPE_CHECKING:
    from actbench.tables.across import Across, NotAcross
    from actbench.tables.checks import CheckResult
    from actbench.tables.comparison import MetricComparison, Pairing, Row
    from actbench.tables.findings import NotCompared

UNPAIRED_TESTS = {UnpairedTest.WELCH: "Welch's interval", UnpairedTest.RANK_SUM: "the rank-sum test"}


def verdict(comparison: MetricComparison, row: Row) -> str:
    """The verdict on an arm, with the margin as people write it."""
    if _both_missed(comparison, row):
        return f"undecided: neither {'got there' if comparison.metric.is_time_to else 'is finite'}"
    return standing(row.verdict, margin(comparison))


def standing(found: Verdict, limit: str) -> str:
    """A verdict; ``limit`` is the margin as the reader should see it: "0.5 pp"."""
    if found.standing is Standing.EQUIVALENT:
        return f"no difference of more than {limit} shown"
    if found.standing is not Standing.UNDECIDED:
        return f"{found.standing}, by no more than {limit}" if found.negligible else str(found.standing)
    few, seeds = "", " seeds"
    if found.adjusted_p is None:
        few, seeds = f"{found.n} seed{' is' if found.n == 1 else 's are'} too few for the test, ", ""
    if found.seeds is None:
        return f"undecided: {few}more than {MOST_SEEDS}{seeds} would be needed"
    if found.at_least:
        return f"undecided: {few}at least {found.seeds}{seeds} would be needed"
    return f"undecided: {few}about {found.seeds}{seeds} would tell"


def margin(comparison: MetricComparison) -> str:
    """The smallest difference worth caring about: ``0.5 pp``, ``5 %``."""
    if comparison.relative_margin is None:
        return f"{in_percent(comparison.margin):.10g} pp"
    return f"{in_percent(comparison.relative_margin):.10g} %"


def pairing(found: Pairing) -> str:
    """How the seeds were laid side by side."""
    if found.unpaired_test is not None:
        return (
            f"unpaired, by {UNPAIRED_TESTS[found.unpaired_test]}: {found.n} and {found.n_baseline} seeds, of which "
            f"{found.shared or 'none'} {'is' if found.shared == 1 else 'are'} shared"
        )
    parts = [f"missing here: {_seeds(found.missing)}"] if found.missing else []
    parts += [f"missing in the baseline: {_seeds(found.missing_in_baseline)}"] if found.missing_in_baseline else []
    return f"paired over {plural(found.shared, 'seed')}" + (f" ({'; '.join(parts)})" if parts else "")


def _seeds(seeds: tuple[int, ...]) -> str:
    return name_some([str(seed) for seed in seeds], 6)


def notes(comparison: MetricComparison) -> list[str]:
    """What does not go without saying of a comparison."""
    found = []
    if comparison.left_out:
        found.append(f"left out, since no run of theirs has a figure: {name_some(comparison.left_out)}")
    if comparison.counts_diverged_losses:
        found.append("a diverged run's loss counts as infinity, so ranks are compared and medians shown")
    return found


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
    if across.without_baseline:
        others = [task_title(task) for task in across.without_baseline]
        sentences.append(f"Tasks without {across.baseline}, and so left out: {name_some(others)}.")
    return sentences


def check_figures(result: CheckResult) -> str:
    """The figures that decided a check, or those that have no value."""
    if result.unknown:
        return f"{', '.join(result.unknown)} has no value"
    return ", ".join(
        f"{name}: {value}" if isinstance(value, Standing) else f"{name} = {value:.6g}" for name, value in result.figures
    )


def _both_missed(comparison: MetricComparison, row: Row) -> bool:
    """Whether no run of either arm has a time: it is epochs that are missing then, not seeds."""
    figures = (row.summary, comparison.baseline_summary)
    return all(isinstance(found, TimeSummary) and not found.reached for found in figures)


def summarize(comparison: MetricComparison) -> str:
    """All verdicts of one metric in a sentence or two."""
    arms: dict[Standing, list[str]] = {standing: [] for standing in Standing}
    for row in comparison.rows:
        different = row.verdict.standing.is_different
        arms[row.verdict.standing].append(f"{row.arm} ({_size(comparison, row)})" if different else row.arm)
    parts = []
    if arms[Standing.BETTER]:
        parts.append(f"better than {comparison.baseline}: {name_some(arms[Standing.BETTER], 8)}")
    if arms[Standing.WORSE]:
        parts.append(f"worse{'' if parts else f' than {comparison.baseline}'}: {name_some(arms[Standing.WORSE], 8)}")
    against = "" if parts else f" against {comparison.baseline}"
    if arms[Standing.EQUIVALENT]:
        parts.append(
            f"no difference of more than {margin(comparison)} shown{against}: {name_some(arms[Standing.EQUIVALENT], 8)}"
        )
        against = ""
    if arms[Standing.UNDECIDED]:
        parts.append(f"undecided{against}: {name_some(arms[Standing.UNDECIDED], 8)}{_more_seeds(comparison)}")
    return f"{sentence(metric_title(comparison.metric))}: {'; '.join(parts)}."


def _size(comparison: MetricComparison, row: Row) -> str:
    found = row.comparison
    if isinstance(found, TimeComparison):
        # A definite win or loss is no factor: one of the two did not get there.
        return factor(found.speedup) if 0 < found.speedup < math.inf else summary(comparison.metric, row.summary)
    return f"{difference(comparison.metric, found.difference)} {unit(comparison.metric)}"


def _more_seeds(comparison: MetricComparison) -> str:
    undecided = [row for row in comparison.rows if row.verdict.standing is Standing.UNDECIDED]
    if all(_both_missed(comparison, row) for row in undecided):
        return ""
    known = [row.verdict.seeds for row in undecided if row.verdict.seeds is not None]
    if not known:
        return ", and more than 1,000 seeds would be needed to tell"
    at_least = any(row.verdict.at_least for row in comparison.rows)
    few, many = min(known), max(known)
    span = f"{few}" if few == many else f"{few} to {many}"
    some = f" for {len(known)} of them" if len(known) < len(undecided) else ""
    return f", where {'at least' if at_least else 'about'} {span} seeds would tell{some}"
