"""From stores to findings: everything that any report shows, computed once."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.errors import UserError
from actbench.results.columns import SCORING
from actbench.results.frames import SHOWN, epoch_chunks, read_studies, run_frames
from actbench.results.read import read_manifest
from actbench.results.sittings import designs_in, sittings_in
from actbench.results.thresholds import checked_thresholds
from actbench.results.tunings import chosen_by, tunings_in
from actbench.tables.across import Across, NotAcross, across_tasks
from actbench.tables.arms import SHARED_COLUMNS, arm_rows
from actbench.tables.checks import Check, CheckResult, Known, parse_check, run_checks
from actbench.tables.choices import at_equal_settings, confirmed
from actbench.tables.comparison import MetricComparison, choose_baseline, compare_arms
from actbench.tables.measured import EPOCH_COLUMNS, EpochRule, measure
from actbench.tables.metrics import PLAIN, parse_metrics, usual_metrics
from actbench.tables.outcomes import Outcome
from actbench.tables.select import Selection, matching, name_some, select, tidy
from actbench.tables.sequential import (
    baseline_of,
    compare_in_looks,
    designs_of,
    growth,
    judge_by_looks,
    stops,
    with_designs,
    with_stops,
)
from actbench.tables.tasks import Task, first_rates, split
from actbench.tables.tuning import TuningFindings, about_tuning, find_tunings
from actbench.tables.warnings import Hindrance, TableWarning, UnknownTuning, about_stores, about_task

if TYPE_CHECKING:
    import pandas as pd

    from actbench.results.sittings import Design
    from actbench.statistics import Verdict


@dataclass(frozen=True)
class Question:
    """What somebody wants to know of some stores.

    Attributes:
        thresholds: accuracies as fractions; None takes those of the stores' studies.
        selection: which runs to look at.
        only: keys of the runs to look at, in order; None for all.
        tunings: names of the tunings to show the arms of; None for all, or of none where ``only`` is given.
        baseline: the arm to compare with; None takes relu, or the first arm.
        metrics: what to compare by, as `parse_metrics` reads it; none for what is usual with each task's data.
        margin: the smallest difference worth caring about; None takes the metric's own.
        fail_if: conditions under which the command fails, beside those of the studies.
        rule: which epoch's figures are a run's; None takes validation where there is such a part, else the last epoch.
        chance_level: the training accuracy up to which a run counts as guessing; None takes each run's own.
    """

    thresholds: tuple[float, ...] | None = None
    selection: Selection = field(default_factory=Selection)
    only: tuple[str, ...] | None = None
    tunings: tuple[str, ...] | None = None
    baseline: str | None = None
    metrics: tuple[str, ...] = ()
    margin: float | None = None
    fail_if: tuple[str, ...] = ()
    rule: EpochRule | None = None
    chance_level: float | None = None

    def __post_init__(self) -> None:
        """Raises UserError for accuracies that are none, and a margin that is no size."""
        object.__setattr__(self, "thresholds", checked_thresholds(self.thresholds))
        if self.chance_level is not None and not 0 <= self.chance_level < 1:
            raise UserError(f"--chance-level {self.chance_level:g} is no accuracy between 0 and 1.")
        if self.margin is not None and not 0 <= self.margin < math.inf:
            raise UserError(f"--margin {self.margin:g} is no size: give a number from 0 up.")
        if self.only is not None and self.tunings is None:
            object.__setattr__(self, "tunings", ())


class Obstacle(StrEnum):
    """Why the arms of a task cannot be compared."""

    BASELINE_ELSEWHERE = auto()
    ONE_ARM = auto()
    NOTHING_FINISHED = auto()
    BASELINE_UNFINISHED = auto()
    ONLY_BASELINE = auto()
    NOBODY_LEARNED = auto()
    NOBODY_GOT_THERE = auto()


@dataclass(frozen=True)
class NotCompared:
    """Why nothing was compared, the baseline that was wanted, and the arms that are there."""

    obstacle: Obstacle
    baseline: str
    arms: tuple[str, ...]


@dataclass(frozen=True)
class TaskFindings:
    """What was found about one task.

    Attributes:
        task: its runs and settings.
        arms: its arm table.
        thresholds: those to show: the question's, or those of the task's own studies.
        baseline: the arm that the others are compared with.
        comparisons: one for each metric; none where there is nothing to compare.
        not_compared: why there are none, if so.
        warnings: what a reader must know before putting figures side by side.
        tuning: how its arms came by settings of their own; None where they share all of them.
    """

    task: Task
    arms: pd.DataFrame
    thresholds: tuple[float, ...]
    baseline: str
    comparisons: tuple[MetricComparison, ...]
    not_compared: NotCompared | None
    warnings: tuple[TableWarning, ...]
    tuning: TuningFindings | None = None


@dataclass(frozen=True)
class Findings:
    """Everything that a report shows.

    Attributes:
        stores: the folders.
        question: what was asked.
        tasks: what was found about each task, in the order of first appearance.
        thresholds: all that were measured.
        across: over all tasks, or why not.
        checks: what the checks came to.
        skipped_checks: checks of studies that name arms which are not here.
        warnings: about the stores as a whole.
        manifests: the stores' manifests, for hardware and versions.
    """

    stores: tuple[Path, ...]
    question: Question
    tasks: tuple[TaskFindings, ...]
    thresholds: tuple[float, ...]
    across: Across | NotAcross
    checks: tuple[CheckResult, ...] = ()
    skipped_checks: tuple[str, ...] = ()
    warnings: tuple[TableWarning, ...] = ()
    manifests: tuple[dict[str, Any], ...] = field(default=(), repr=False)

    @property
    def failed_checks(self) -> tuple[CheckResult, ...]:
        """The checks that make the command fail."""
        return tuple(result for result in self.checks if result.failed)

    @functools.cached_property
    def epochs(self) -> pd.DataFrame:
        """All epochs of these runs, read when the first picture wants them."""
        import pandas as pd

        return pd.concat([piece.astype({"run_key": "str"}) for piece in epoch_chunks(self.runs, SHOWN)])

    @property
    def runs(self) -> pd.DataFrame:
        """The measured runs of all tasks."""
        import pandas as pd

        return pd.concat([found.task.runs for found in self.tasks])


def analyse(folders: Sequence[Path], question: Question) -> Findings:
    """Read stores and answer a question about them.

    Raises:
        UserError: a store cannot be read, or the question names what is not there.
    """
    runs, stored_thresholds = run_frames(folders, question.only)
    runs = _scoring(runs, folders)
    manifests = tuple(read_manifest(folder) for folder in folders)
    tunings = {name: its for manifest in manifests for name, its in tunings_in(manifest).items()}
    designs = [design for manifest in manifests for design in designs_in(manifest).values()]
    sittings = {str(folder): sittings_in(manifest) for folder, manifest in zip(folders, manifests, strict=True)}
    runs = select(with_stops(with_designs(runs, designs), sittings), question.selection)
    studies = read_studies(folders)
    own_checks = [parse_check(text) for text in question.fail_if]
    stored_checks = [
        parse_check(text, f"check of the study {name!r}:")
        for name, study in studies.items()
        if name in set(runs["study"])
        for text in study.get("checks") or ()
    ]
    shown = question.thresholds or stored_thresholds
    by_data = {data: parse_metrics(question.metrics or usual_metrics(data), shown) for data in runs["dataset"].unique()}
    named = {t for check in own_checks + stored_checks for t in check.thresholds}
    named |= {metric.threshold for its in by_data.values() for metric in its if metric.threshold is not None}
    thresholds = tuple(sorted({*shown, *named}))
    measured = measure(
        runs, epoch_chunks(runs, EPOCH_COLUMNS), thresholds, level=question.chance_level, rule=question.rule
    )
    chose = dict.fromkeys(name for cell in measured["tuning"] for name in chosen_by(cell))
    if question.tunings is not None:
        chose = {name: None for name in chose if name in question.tunings}
        tunings = {name: its for name, its in tunings.items() if name in chose}
    tuned = find_tunings(folders, tunings, chose)
    unknown = tuple(name for name in chose if name not in tunings)
    tasks, apart = split(measured, tunings, tuned)
    _check_baseline(question.baseline, tasks)
    found = []
    for task in tasks:
        chosen = question.thresholds or _of_studies(task, studies) or stored_thresholds
        its_designs, tuning = designs_of(task, designs), tuned.get(task.tuning)
        baseline = _baseline(task, question.baseline or baseline_of(task, its_designs))
        its = [replace(metric, rule=task.rule) for metric in by_data[task.settings["dataset"]]]
        compared = [
            compare_in_looks(task, metric, baseline, question.margin, its_designs) for metric in its if baseline
        ]
        kept = tuple(comparison for comparison, _ in compared if comparison)
        pairs = at_equal_settings(task, tuning, measured, baseline) if tuning else {}
        kept = tuple(confirmed(comparison, pairs, question.margin) for comparison in kept)
        found.append(
            TaskFindings(
                task,
                arm_rows(task.runs.assign(activation=task.runs["arm"]), ["activation"], thresholds),
                chosen,
                baseline,
                kept,
                None if kept else _not_compared(task, baseline, question.baseline),
                (
                    *about_task(task.runs),
                    *(warning for _, warning in compared if warning),
                    *growth(task, sittings),
                    *stops(task),
                    *(about_tuning(tuning, task.arms, baseline, pairs) if tuning else ()),
                ),
                tuning,
            )
        )
    known = {
        item.task.distinction: Known(item.arms, functools.partial(judge_alone, item, designs, measured))
        for item in found
    }
    runnable, skipped = _runnable(stored_checks, found)
    return Findings(
        stores=tuple(folders),
        question=question,
        tasks=tuple(found),
        thresholds=thresholds,
        across=_across(found),
        checks=tuple(run_checks([*own_checks, *runnable], known)),
        skipped_checks=tuple(skipped),
        warnings=(*about_stores(runs), *([UnknownTuning(unknown)] if unknown else []), *apart),
        manifests=manifests,
    )


def _scoring(runs: pd.DataFrame, folders: Sequence[Path]) -> pd.DataFrame:
    """The runs that answer a question; those of tunings only help to ask it. Raises UserError where there is none."""
    found = runs[runs["role"] == SCORING]
    if found.empty:
        stores = ", ".join(repr(str(folder)) for folder in folders)
        raise UserError(
            f"There are only tuning runs in {stores}: the tuning has not come to its end. Give its command again, and "
            "it goes on."
        )
    return found


def _across(found: Sequence[TaskFindings]) -> Across | NotAcross:
    """Over all tasks; where some are tuned, over these alone: the others ask the same once more, less fairly.

    Of tasks that differ in the tuning or in the learning rate alone, the first stands for all.
    """
    tuned = [item for item in found if item.task.tuning]
    alike = {frozenset(item.task.settings.items() - {("tuning", item.task.tuning)}): item for item in reversed(tuned)}
    once = [item.task for item in alike.values()] if tuned else first_rates([item.task for item in found])
    kept = [item for item in found if any(item.task is task for task in once)]
    return across_tasks([item.task for item in kept], common_baseline(kept), [item.thresholds for item in kept])


def common_baseline(found: Sequence[TaskFindings]) -> str:
    """The baseline of most tasks, of the first among equals; it is the one that pictures draw in ink."""
    baselines = [item.baseline for item in found if item.baseline]
    return max(baselines, key=baselines.count)


def full_table(findings: Findings) -> pd.DataFrame:
    """The arm tables of all tasks as one, with the settings in which the tasks differ in front."""
    import pandas as pd

    varying = [
        column
        for column in SHARED_COLUMNS
        if len({str(found.task.settings[column]) for found in findings.tasks}) > 1
        or any(column in found.task.open for found in findings.tasks)
    ]
    parts = []
    for found in findings.tasks:
        part = found.arms.copy()
        if any(other.task.tuning for other in findings.tasks):
            part.insert(0, "tuning", found.task.tuning)
        for place, column in enumerate(varying):
            own = column in found.task.open
            part.insert(place, column, _own(found, column) if own else found.task.settings[column])
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _own(found: TaskFindings, column: str) -> list[Any]:
    """What each arm has in a setting that is its own."""
    runs = found.task.runs
    return [runs[column][runs["arm"] == arm].iloc[0] for arm in found.arms["activation"]]


def _check_baseline(wanted: str | None, tasks: Sequence[Task]) -> None:
    """Raise UserError where no task has the baseline that was asked for, or where several arms of one could be it."""
    if wanted is None:
        return
    meant = set(matching(wanted, list(dict.fromkeys(arm for task in tasks for arm in task.arms)), "--baseline"))
    for task in tasks:
        several = [arm for arm in task.arms if arm in meant]
        if len(several) > 1:
            raise UserError(f"--baseline {wanted!r} stands for several arms: {name_some(several)}. Name one of them.")


def _baseline(task: Task, wanted: str | None) -> str:
    """The task's baseline; empty where the one asked for is in other tasks only."""
    try:
        return choose_baseline(task, wanted)
    except UserError:
        return ""


def _not_compared(task: Task, baseline: str, wanted: str | None) -> NotCompared:
    finished = set(task.finished["arm"].astype(str))
    if not baseline:
        obstacle = Obstacle.BASELINE_ELSEWHERE
    elif len(task.arms) == 1:
        obstacle = Obstacle.ONE_ARM
    elif not finished:
        obstacle = Obstacle.NOTHING_FINISHED
    elif baseline not in finished:
        obstacle = Obstacle.BASELINE_UNFINISHED
    elif len(finished) == 1:
        obstacle = Obstacle.ONLY_BASELINE
    elif Outcome.LEARNED not in set(task.runs["outcome"]):
        obstacle = Obstacle.NOBODY_LEARNED
    else:
        obstacle = Obstacle.NOBODY_GOT_THERE
    return NotCompared(obstacle, baseline or str(wanted), tuple(task.arms))


def judge_alone(
    found: TaskFindings,
    designs: Sequence[Design],
    measured: pd.DataFrame,
    arm: str,
    baseline: str,
    margin: float | None,
) -> Verdict | Hindrance | None:
    """What is said of an arm's test accuracy against a baseline where nobody else is compared; None for nothing.

    Where seeds were chosen by results it is what the looks came to, or why they say nothing of these two: a test that
    knows of no looks would say too much.
    """
    task = found.task
    metric = replace(PLAIN["test_accuracy"], rule=task.rule)
    if its_designs := designs_of(task, designs):
        return judge_by_looks(task, metric, its_designs, arm, baseline, margin)
    two = task.runs[task.runs["arm"].isin([arm, baseline])]
    comparison = compare_arms(two, metric, baseline, margin)
    if comparison is None:
        return None
    pairs = at_equal_settings(task, found.tuning, measured, baseline) if found.tuning else {}
    return confirmed(comparison, pairs, margin).rows[0].verdict


def _of_studies(task: Task, studies: dict[str, dict[str, Any]]) -> tuple[float, ...]:
    """The thresholds of the studies that the task's runs belong to."""
    names = set(task.runs["study"])
    return tuple(sorted({t for name in names for t in studies.get(name, {}).get("thresholds") or ()}))


def _runnable(checks: Sequence[Check], found: Sequence[TaskFindings]) -> tuple[list[Check], list[str]]:
    """A study's checks that can be run, and those whose arms were filtered away or not trained yet."""
    there = [{tidy(arm) for arm in item.task.arms} for item in found]
    runnable = [check for check in checks if any(check.arms <= arms for arms in there)]
    return runnable, [check.text for check in checks if check not in runnable]
