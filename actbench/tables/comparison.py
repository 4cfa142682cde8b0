"""Every arm of a task against its baseline: from the frame to arrays, through the statistics, to rows."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actbench import statistics
from actbench.errors import UserError
from actbench.statistics import Comparison, Summary, TimeComparison, TimeSummary, Verdict
from actbench.tables.metrics import ACCURACY_MARGIN, RELATIVE_MARGIN, Metric, values_by_arm
from actbench.tables.select import matching, name_some

if TYPE_CHECKING:
    from actbench.tables.tasks import Task

ALPHA = 0.05
POWER = 0.8
DEFAULT_BASELINE = "relu"
FEWEST_PAIRS = 2


@dataclass(frozen=True)
class Row:
    """One arm beside the baseline.

    Attributes:
        arm: its name.
        summary: of all the arm's own runs.
        comparison: with the baseline, over ``pairing``.
        verdict: after Holm's correction over all the arms.
        could_show: the smallest difference that so many seeds would have shown with a probability of 80 %, going by
            their spread; infinite where they are too few for any, None where there is no such number (times).
        pairing: how the seeds were laid side by side, in words.
    """

    arm: str
    summary: Summary | TimeSummary
    comparison: Comparison | TimeComparison
    verdict: Verdict
    could_show: float | None
    pairing: str


@dataclass(frozen=True)
class MetricComparison:
    """All arms of a task against its baseline by one metric: one family of tests.

    Attributes:
        metric: what is compared.
        baseline: the arm that the others are compared with, and why it is that one, if nobody chose it.
        baseline_summary: of the baseline's runs.
        rows: the others, in the order of the table.
        margin: the smallest difference worth caring about, in the unit of the metric; relative where ``by_rank``.
        margin_words: the same for people.
        by_rank: whether ranks were compared, since a run missed the threshold or diverged.
        notes: what does not go without saying.
    """

    metric: Metric
    baseline: str
    baseline_summary: Summary | TimeSummary
    rows: tuple[Row, ...]
    margin: float
    margin_words: str
    by_rank: bool
    notes: tuple[str, ...] = ()


def choose_baseline(task: Task, wanted: str | None) -> str:
    """The arm to compare with: the one asked for (UserError where it is not there), else ``relu``, else the first."""
    if wanted is not None:
        return matching(wanted, task.arms, "--baseline")[0]
    return DEFAULT_BASELINE if DEFAULT_BASELINE in task.arms else task.arms[0]


def compare(task: Task, metric: Metric, baseline: str, margin: float | None = None) -> MetricComparison | None:
    """Compare the arms of a task with one of them; None where there is nothing to compare: fewer than two arms
    have figures, or no run of any arm got to the threshold.

    Args:
        task: the runs.
        metric: what to compare by.
        baseline: one of ``task.arms``.
        margin: the smallest difference worth caring about; None takes half a percentage point of accuracy, or 5 %.
    """
    values = values_by_arm(metric, task.runs)
    reference = values.pop(baseline)
    empty = [arm for arm, by_seed in values.items() if not by_seed]
    arms = {arm: by_seed for arm, by_seed in values.items() if by_seed}
    everything = [value for part in (reference, *arms.values()) for value in part.values()]
    if not reference or not arms or all(map(math.isinf, everything)):
        return None
    by_rank = metric.is_time_to or any(map(math.isinf, everything))
    notes = [f"left out, since no run of theirs has a figure: {name_some(empty)}"] if empty else []
    if by_rank and not metric.is_time_to:
        notes.append("a diverged run's loss counts as infinity, so ranks are compared and medians shown")
    compared = [(*_compare_arm(by_seed, reference, len(arms), by_rank=by_rank), by_seed) for by_seed in arms.values()]
    limit, words = _margin(metric, reference, margin, by_rank=by_rank)
    verdicts = statistics.judge(
        [comparison for comparison, _, _ in compared],
        margin=limit,
        higher_is_better=metric.higher_is_better,
        alpha=ALPHA,
        power=POWER,
    )
    rows = tuple(
        Row(arm, _summary(by_seed, by_rank=by_rank), comparison, verdict, _could_show(comparison, len(arms)), pairing)
        for arm, (comparison, pairing, by_seed), verdict in zip(arms, compared, verdicts, strict=True)
    )
    return MetricComparison(
        metric, baseline, _summary(reference, by_rank=by_rank), rows, limit, words, by_rank, tuple(notes)
    )


def shared_seeds(arm: Sequence[int], baseline: Sequence[int]) -> list[int]:
    """The seeds over which two arms are paired: those that both have, if these are at least half of either's.

    With fewer in common, pairing would throw away most of the runs; none, then, and the arms are compared unpaired. The
    choice looks at seeds alone and never at values, so it favours nobody.
    """
    shared = sorted(set(arm) & set(baseline))
    enough = len(shared) >= FEWEST_PAIRS or len(set(arm) | set(baseline)) == 1
    return shared if enough and 2 * len(shared) >= max(len(arm), len(baseline)) else []


def _compare_arm(
    arm: dict[int, float], baseline: dict[int, float], arms: int, *, by_rank: bool
) -> tuple[Comparison | TimeComparison, str]:
    shared = shared_seeds(list(arm), list(baseline))
    first = [arm[seed] for seed in shared] if shared else list(arm.values())
    second = [baseline[seed] for seed in shared] if shared else list(baseline.values())
    if by_rank:
        return (
            statistics.compare_times(first, second, paired=bool(shared), alpha=ALPHA, arms=arms),
            _pairing(arm, baseline, shared, "the rank-sum test"),
        )
    compared = statistics.compare_paired if shared else statistics.compare_unpaired
    return compared(first, second, alpha=ALPHA, arms=arms), _pairing(arm, baseline, shared, "Welch's interval")


def _pairing(arm: dict[int, float], baseline: dict[int, float], shared: list[int], fallback: str) -> str:
    if not shared:
        common = len(set(arm) & set(baseline))
        return (
            f"unpaired, by {fallback}: {len(arm)} and {len(baseline)} seeds, of which "
            f"{common or 'none'} {'is' if common == 1 else 'are'} shared"
        )
    count = f"paired over {len(shared)} seed{'s' * (len(shared) != 1)}"
    missing, extra = sorted(set(baseline) - set(arm)), sorted(set(arm) - set(baseline))
    parts = [f"missing here: {name_some([str(s) for s in missing], 6)}"] if missing else []
    parts += [f"missing in the baseline: {name_some([str(s) for s in extra], 6)}"] if extra else []
    return f"{count} ({'; '.join(parts)})" if parts else count


def _summary(by_seed: dict[int, float], *, by_rank: bool) -> Summary | TimeSummary:
    values = list(by_seed.values())
    return statistics.summarize_times(values) if by_rank else statistics.summarize(values)


def _margin(metric: Metric, baseline: dict[int, float], wanted: float | None, *, by_rank: bool) -> tuple[float, str]:
    """The margin as `judge` takes it, and in words."""
    if wanted is not None and not 0 <= wanted < math.inf:
        raise UserError(f"--margin {wanted:g} must not be negative.")
    if metric.unit == "accuracy":
        limit = ACCURACY_MARGIN if wanted is None else wanted
        return limit, f"{limit * 100:.10g} pp"
    share = RELATIVE_MARGIN if wanted is None else wanted
    mean = 1.0 if by_rank else abs(sum(baseline.values()) / len(baseline))
    return share * mean, f"{share * 100:.10g} %"


def _could_show(comparison: Comparison | TimeComparison, arms: int) -> float | None:
    if isinstance(comparison, TimeComparison) or comparison.sd is None:
        return None
    # An unpaired comparison is planned as the statistics plan it: as if the seeds were paired and independent.
    effect = _detectable_effect(min(comparison.n, comparison.n_baseline), ALPHA / arms)
    return effect if math.isinf(effect) else effect * comparison.sd


@functools.cache
def _detectable_effect(n: int, alpha: float) -> float:
    """The smallest detectable difference in standard deviations: many arms share it."""
    return statistics.minimum_detectable_difference(1.0, n, alpha=alpha, power=POWER)
