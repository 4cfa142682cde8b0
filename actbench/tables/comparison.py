"""Every arm of a task against its baseline: from the frame to arrays, through the statistics, to rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.statistics import (
    AnyComparison,
    Arm,
    Comparison,
    Judged,
    Measure,
    Pairing,
    SequentialVerdict,
    Summary,
    TimeSummary,
    Verdict,
)
from actbench.tables.arms import finished
from actbench.tables.clocks import ClockPairs, clock_pairs, timed_runs
from actbench.tables.metrics import ACCURACY_MARGIN, ERROR_SHARE, RELATIVE_MARGIN, Metric, failed_by_arm, values_by_arm
from actbench.tables.select import matching

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from actbench.studies.tuning.asked import Values
    from actbench.tables.tasks import Task

ALPHA = 0.05
POWER = 0.8
DEFAULT_BASELINE = "relu"
# A clock that shows no seconds at all has still run.
LEAST_SECONDS = 1e-9


@dataclass(frozen=True)
class Row:
    """One arm beside the baseline.

    Attributes:
        arm: its name.
        summary: of the arm's own runs that learned; of all, where none did, and for times;
            None where no value is finite.
        judged: the arm beside the baseline, with the error of the whole family held.
        could_show: the smallest difference that so many seeds show with a probability of 80 %, if their spread is what
            it looks like; infinite where they are too few for any, None where there is no such number.
        clocks: of seconds, which pairs were measured together; None for other metrics.
        at_equal: of a tuned arm, the same two at settings that are equal for both, where the tuning cannot tell their
            own apart: the settings, each with that row.
    """

    arm: str
    summary: Summary | TimeSummary | None
    judged: Judged
    could_show: float | None
    clocks: ClockPairs | None = None
    at_equal: tuple[tuple[Values, Row], ...] = ()

    @property
    def comparison(self) -> AnyComparison | None:
        """Of the values where both learned; None where there are none."""
        return self.judged.comparison

    @property
    def verdict(self) -> Verdict:
        """What can be said about the arm."""
        return self.judged.verdict

    @property
    def pairing(self) -> Pairing:
        """How the seeds were laid side by side."""
        return self.judged.pairing


class SmallMargin(StrEnum):
    """Why the smallest difference worth caring about is a small one."""

    ERRORS = "errors"
    """The baseline makes few errors: a tenth of them."""
    ANSWER = "answer"
    """It makes hardly any: what one answer counts."""


@dataclass(frozen=True)
class Margin:
    """The smallest difference worth caring about.

    Attributes:
        value: as `judge_family` takes it.
        share: the share of the baseline that it is, where it is relative; None for accuracies, which have a unit.
        small: why it is smaller than the usual one; None where it is not, or was asked for.
    """

    value: float
    share: float | None = None
    small: SmallMargin | None = None


@dataclass(frozen=True)
class Looks:
    """How the verdicts of a family were come by.

    Attributes:
        planned: numbers of seeds of all looks.
        taken: those of the looks for which all runs are there.
        verdicts: of every arm after the last look; none before the first.
        limit: the smallest difference worth caring about.
        asked_margin: the same as it was asked for; None where it followed from the first look.
        alpha: error over all looks and arms.
    """

    planned: tuple[int, ...]
    taken: tuple[int, ...]
    verdicts: Mapping[str, SequentialVerdict]
    limit: Margin
    asked_margin: float | None
    alpha: float

    @property
    def still_open(self) -> tuple[str, ...]:
        """The arms that are not decided yet; before the first look nothing is known of any."""
        return tuple(arm for arm, verdict in self.verdicts.items() if not verdict.decided)


@dataclass(frozen=True)
class MetricComparison:
    """All arms of a task against its baseline by one metric: one family of tests.

    Attributes:
        metric: what is compared.
        baseline: the arm that the others are compared with, and why it is that one, if nobody chose it.
        baseline_summary: of the baseline's runs, as a row's.
        rows: the others, in the order of the table.
        limit: the smallest difference worth caring about.
        measure: how values were compared.
        left_out: arms of which no run has a figure.
        apart: arms of which no run was timed near the baseline's of the same seed.
        looks: where the seeds were chosen by results: what the verdicts come from, instead of one test.
    """

    metric: Metric
    baseline: str
    baseline_summary: Summary | TimeSummary | None
    rows: tuple[Row, ...]
    limit: Margin
    measure: Measure
    left_out: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    looks: Looks | None = None

    @property
    def some_failed(self) -> bool:
        """Whether any run of the family did not learn, and that is judged too."""
        return any(row.verdict.reliability is not None for row in self.rows)


def choose_baseline(task: Task, wanted: str | None) -> str:
    """The arm to compare with: the one asked for (UserError where it is not there), else ``relu``, else the first."""
    if wanted is not None:
        return matching(wanted, task.arms, "--baseline")[0]
    return default_baseline(task.arms)


def default_baseline(arms: Sequence[str]) -> str:
    """``relu``, or else the first arm."""
    return DEFAULT_BASELINE if DEFAULT_BASELINE in arms else arms[0]


@dataclass(frozen=True)
class Family:
    """What is compared: samples of a baseline and of the arms beside it, by one metric.

    Attributes:
        metric, measure: what the values are, and how they are compared.
        baseline: the name of the arm that the others are compared with.
        reference: its sample.
        arms: the others' samples by name; of seconds those of the pairs that were timed together.
        clocks: of seconds, which pairs were.
        left_out: arms of which no run has a figure.
        apart: arms of which no run was timed near the baseline's of the same seed.
        answers: how many an accuracy is a share of.
    """

    metric: Metric
    measure: Measure
    baseline: str
    reference: Arm
    arms: Mapping[str, Arm]
    clocks: Mapping[str, ClockPairs]
    left_out: tuple[str, ...]
    apart: tuple[str, ...]
    answers: float

    @property
    def has_figures(self) -> bool:
        """Whether there is anything to compare: two arms, and some run that learned or got to the threshold."""
        samples = (self.reference, *self.arms.values())
        learned = [value for one in samples for value in one.picked(one.learned(one.seeds))]
        return bool(self.reference.seeds and self.arms) and any(map(math.isfinite, learned))

    def shown_outside(self, margin: float) -> dict[str, bool]:
        """By arm, whether it is shown to differ from the baseline by more than the margin; see `shown_outside`."""
        found = statistics.shown_outside(
            self.reference,
            list(self.arms.values()),
            measure=self.measure,
            margin=margin,
            always_paired=self.metric.is_clock,
            alpha=ALPHA,
        )
        return dict(zip(self.arms, found, strict=True))


def family_of(runs: pd.DataFrame, metric: Metric, baseline: str) -> Family:
    """The arms of some measured runs, with the column ``arm``, beside one of them."""
    values = values_by_arm(metric, runs)
    failed = failed_by_arm(metric, runs)
    measure = _measure(metric)
    every = {arm: _arm(by_seed, failed.get(arm, frozenset()), measure) for arm, by_seed in values.items()}
    reference = every.pop(baseline)
    left_out = tuple(arm for arm, found in every.items() if not found.seeds)
    arms = {arm: found for arm, found in every.items() if found.seeds}
    clocks = _clocks(runs, baseline, reference, arms) if metric.is_clock else {}
    apart = tuple(arm for arm, pairs in clocks.items() if not pairs.seeds)
    for arm, pairs in clocks.items():
        arms[arm] = Arm(dict(zip(pairs.seeds, arms[arm].picked(pairs.seeds).tolist(), strict=True)))
    arms = {arm: found for arm, found in arms.items() if arm not in apart}
    return Family(metric, measure, baseline, reference, arms, clocks, left_out, apart, metric.counted(runs))


def compare_arms(
    runs: pd.DataFrame, metric: Metric, baseline: str, margin: float | None = None
) -> MetricComparison | None:
    """Compare the arms of some runs with one of them; None where there is nothing to compare: fewer than two arms
    have figures, no run of any arm got to the threshold or learned, or no two runs were timed near each other.

    Args:
        runs: measured, with the column ``arm``.
        metric: what to compare by.
        baseline: one of the arms.
        margin: the smallest difference worth caring about; None takes `default_margin`.
    """
    family = family_of(runs, metric, baseline)
    return compare_family(family, margin) if family.has_figures else None


def compare_family(family: Family, margin: float | None = None) -> MetricComparison:
    """As `compare_arms`, of a family that has figures."""
    metric, reference, arms, measure = family.metric, family.reference, family.arms, family.measure
    limit = margin_of(metric, reference, margin, measure, answers=family.answers)
    judged = statistics.judge_family(
        reference,
        list(arms.values()),
        measure=measure,
        margin=limit.value,
        higher_is_better=metric.higher_is_better,
        always_paired=metric.is_clock,
        alpha=ALPHA,
        power=POWER,
    )
    rows = tuple(
        Row(
            name,
            _summary(arm, metric, measure),
            _possible(found, metric),
            _could_show(found.comparison, len(arms)),
            family.clocks.get(name),
        )
        for (name, arm), found in zip(arms.items(), judged, strict=True)
    )
    return MetricComparison(
        metric,
        family.baseline,
        _summary(reference, metric, measure),
        rows,
        limit,
        measure,
        family.left_out,
        family.apart,
    )


def _measure(metric: Metric) -> Measure:
    if metric.is_time_to:
        return Measure.TIME
    return Measure.RATIO if metric.is_clock else Measure.MEAN


def _arm(by_seed: dict[int, float], failed: frozenset[int], measure: Measure) -> Arm:
    if measure is Measure.RATIO:
        return Arm({seed: max(value, LEAST_SECONDS) for seed, value in by_seed.items()})
    if measure is Measure.MEAN:
        # A loss without bounds is no figure to take a mean of, whatever the run is called.
        failed |= {seed for seed, value in by_seed.items() if not math.isfinite(value)}
    return Arm(by_seed, failed)


def _clocks(runs: pd.DataFrame, baseline: str, reference: Arm, arms: dict[str, Arm]) -> dict[str, ClockPairs]:
    """Of each arm, which of its runs were timed near the baseline's of the same seed."""
    timed = timed_runs(finished(runs))
    return {
        name: clock_pairs(timed[name], timed[baseline], sorted(arm.seeds & reference.seeds))
        for name, arm in arms.items()
        if reference.seeds
    }


def _possible(found: Judged, metric: Metric) -> Judged:
    """Without the part of an interval that no difference of accuracies can have."""
    shown = found.comparison
    if metric.unit != "accuracy" or not isinstance(shown, Comparison) or shown.interval is None:
        return found
    return replace(found, comparison=replace(shown, interval=shown.interval.within(-1.0, 1.0)))


def _summary(arm: Arm, metric: Metric, measure: Measure) -> Summary | TimeSummary | None:
    every = arm.picked(arm.valued)
    if measure is Measure.TIME:
        return statistics.summarize_times(every)
    learned = arm.learned(arm.seeds)
    finite = arm.picked(learned) if learned else every[np.isfinite(every)]
    if not finite.size:
        return None
    summary = statistics.summarize(finite)
    if metric.unit != "accuracy" or summary.interval is None:
        return summary
    return replace(summary, interval=summary.interval.within(0.0, 1.0))


def margin_of(
    metric: Metric, baseline: Arm, wanted: float | None, measure: Measure = Measure.MEAN, *, answers: float
) -> Margin:
    """The smallest difference worth caring about: the one wanted, or the metric's own."""
    learned = baseline.picked(baseline.learned(baseline.seeds))
    if metric.unit == "accuracy":
        if wanted is not None:
            return Margin(wanted)
        return default_margin(float(learned.mean()) if learned.size else 0.0, answers)
    share = RELATIVE_MARGIN if wanted is None else wanted
    if measure is Measure.MEAN:
        return Margin(share * abs(float(learned.mean())) if learned.size else share, share)
    return Margin(share, share)


def default_margin(accuracy: float, answers: float) -> Margin:
    """Half a percentage point, or a tenth of the baseline's errors where that is less; two digits that count.

    Half a point is a quarter of all errors of a network that makes 2 %: no small difference there. But never less than
    one of the answers: within no margin at all, nothing could ever be shown to lie.
    """
    errors, one = (float(f"{share:.2g}") for share in (ERROR_SHARE * (1 - accuracy), 1 / answers))
    if max(errors, one) >= ACCURACY_MARGIN:
        return Margin(ACCURACY_MARGIN)
    return Margin(errors, small=SmallMargin.ERRORS) if errors >= one else Margin(one, small=SmallMargin.ANSWER)


def _could_show(comparison: AnyComparison | None, arms: int) -> float | None:
    # Equal differences show no spread, which is not that there is none.
    if not isinstance(comparison, Comparison) or not comparison.sd:
        return None
    # An unpaired comparison is planned as the statistics plan it: as if the seeds were paired and independent.
    n = min(comparison.n, comparison.n_baseline)
    effect = statistics.detectable_effect(n, alpha=ALPHA, arms=arms, power=POWER)
    return effect if math.isinf(effect) else effect * comparison.sd
