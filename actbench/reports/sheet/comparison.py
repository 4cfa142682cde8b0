"""The sheet of a comparison: the arms of each task, their differences from the baseline, all tasks, and the checks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from actbench.reports import words
from actbench.reports.plots import PLOTS, Look
from actbench.reports.repeat import compare_command, place, run_command
from actbench.reports.sheet import document
from actbench.reports.sheet.arms import arm_grid
from actbench.reports.sheet.differences import across_grid, comparison_grid
from actbench.reports.sheet.machine import machine_of, manifests_of
from actbench.reports.sheet.parts import (
    CaseStatus,
    Cell,
    Content,
    Drawing,
    Grid,
    Head,
    Line,
    Section,
    Suite,
    SuiteCase,
    Tone,
    View,
)
from actbench.reports.sheet.tuning import tuning_grid
from actbench.results.columns import FINAL, SETTINGS
from actbench.tables.across import Across
from actbench.tables.arms import COUNTS
from actbench.tables.metrics import PLAIN
from actbench.tables.tasks import FAMILY

if TYPE_CHECKING:
    import pandas as pd

    from actbench.tables.findings import Findings, TaskFindings

TOLD_ELSEWHERE = {*FAMILY, "limit", "validation_split", "patience"}
"""What a line of settings leaves out: titles and sizes tell of the data, the epochs that were run of patience."""
# More pictures than those of so many tasks make a page heavy; the tables go on.
MOST_DRAWN = 8


@dataclass(frozen=True)
class ComparisonSheet:
    """What was found, in the view that was asked for."""

    findings: Findings
    view: View

    name = "compare"
    closing = ""

    @property
    def title(self) -> str:
        """The activations, and on which data."""
        data = list(dict.fromkeys(str(found.task.settings["dataset"]) for found in self.findings.tasks))
        on = ", ".join(data[:4]) + (" …" if len(data) > 4 else "")  # noqa: PLR2004 - a title is short
        return f"Activation functions on {on}"

    @property
    def scope(self) -> str:
        """How many runs of what, and from where."""
        runs = self.findings.runs
        arms, seeds = runs["arm"].nunique(), runs["seed"].nunique()
        counts = [(len(runs), "run"), (arms, "activation"), (seeds, "seed"), (len(self.findings.tasks), "task")]
        stores = ", ".join(map(place, self.findings.stores))
        return " · ".join(f"{count:,} {word}{'s' * (count != 1)}" for count, word in counts) + f" · from {stores}"

    @property
    def summary(self) -> list[Line]:
        """What each comparison came to, who leads over all tasks, and whether the checks hold."""
        several = len(self.findings.tasks) > 1
        lines = []
        for number, found in enumerate(self.findings.tasks):
            texts = [words.summarize(comparison) for comparison in found.comparisons]
            texts += [words.not_compared(found.not_compared)] if found.not_compared else []
            texts += filter(None, [words.cost(found)])
            lines += [
                Line(words.task_title(found.task.distinction) if several else "", f"task-{number}", text)
                for text in texts
            ]
        across, checks = self.findings.across, self.findings.checks
        if isinstance(across, Across):
            best = across.rows[0]
            text = f"{best.arm} has the best mean rank of test accuracy, {best.mean_rank:.2f} of {len(across.rows)}."
            lines.append(Line(f"Across {words.across_title(len(across.tasks), across.networks)}", "across", text))
        if checks:
            failed = len(self.findings.failed_checks)
            text = f"{failed} of {len(checks)} failed." if failed else f"all {len(checks)} passed."
            lines.append(Line("Checks", "checks", text))
        return lines

    @cached_property
    def sections(self) -> list[Section]:
        """One section a task, one across them if there are several, one for the checks if there are any."""
        tasks, across = self.findings.tasks, self.findings.across
        found = [self._task(number, item) for number, item in enumerate(tasks)]
        if isinstance(across, Across):
            found.append(_across_section(self.findings, across))
        elif across.tasks > 1:
            found.append(Section("Across tasks", "", (), (f"{words.not_across(across)}.",), anchor="across"))
        if self.findings.checks or self.findings.skipped_checks:
            found.append(_checks_section(self.findings))
        return found

    @property
    def overview(self) -> list[Section]:
        """All of it."""
        return self.sections

    @property
    def warnings(self) -> list[str]:
        """Those about the stores as a whole; those of a task stand in its section."""
        return [words.warning(warning) for warning in self.findings.warnings]

    @property
    def all_warnings(self) -> list[str]:
        """Both."""
        return [
            *self.warnings,
            *(words.warning(warning) for found in self.findings.tasks for warning in found.warnings),
        ]

    @property
    def document(self) -> dict[str, Any]:
        """All findings."""
        return document.findings_document(self.findings, self.view)

    @property
    def table(self) -> pd.DataFrame:
        """The arms of all tasks."""
        return document.findings_table(self.findings, self.view)

    @property
    def suites(self) -> list[Suite]:
        """A suite a task with a case a run, one of the checks, and one of the warnings."""
        suites = [_task_suite(found) for found in self.findings.tasks]
        if self.findings.checks or self.findings.skipped_checks:
            suites.append(_checks_suite(self.findings))
        if self.warnings:
            suites.append(Suite("warnings", (), "\n".join(self.warnings)))
        return suites

    @property
    def commands(self) -> list[tuple[str, str]]:
        """One for the runs of each task, and one for the report."""
        tasks = self.findings.tasks
        runs = [
            (words.task_title(found.task.distinction) if len(tasks) > 1 else "", run_command(found)) for found in tasks
        ]
        return [*runs, ("The report:", compare_command(self.findings))]

    @property
    def machine(self) -> list[tuple[str, str]]:
        """Where the runs were trained, and with what."""
        return machine_of([self.findings])

    @property
    def manifests(self) -> list[tuple[str, str]]:
        """The stores'."""
        return manifests_of([self.findings])

    def _task(self, number: int, found: TaskFindings) -> Section:
        """The arms of a task, and each comparison with its baseline."""
        arms = arm_grid(found, self.view)
        return Section(
            words.task_title(found.task.distinction),
            settings_line(found),
            (
                arms,
                *([tuning_grid(found.tuning, found.task.arms)] if found.tuning else []),
                *(comparison_grid(comparison) for comparison in found.comparisons),
            ),
            (words.not_compared(found.not_compared),) if found.not_compared else (),
            tuple(map(words.warning, found.warnings)),
            _drawings(self.findings, found) if number < MOST_DRAWN else (),
            anchor=f"task-{number}",
        )


def settings_line(found: TaskFindings) -> str:
    """What was trained, and how, as far as the title does not say it, and which epoch's figures are shown."""
    settings = found.task.settings
    titled = {name for name, _ in found.task.distinction} | TOLD_ELSEWHERE
    asked = [
        words.setting(column, settings[column.name])
        for column in SETTINGS.values()
        if column.shared and column.name not in titled and not column.is_unasked(settings[column.name])
    ]
    sizes = [f"{settings[key]:,.0f} {name}" for key, name in (("train_size", "training"), ("test_size", "test inputs"))
             if settings[key] is not None]  # fmt: skip
    counts = [(name.removesuffix("s"), set(found.arms[name].dropna())) for name in COUNTS]
    same = [words.plural(values.pop(), noun) for noun, values in counts if len(values) == 1]
    return " · ".join([*asked, *([" + ".join(sizes)] if sizes else []), *same, words.epoch_rule(found.task.rule)])


def _drawings(findings: Findings, found: TaskFindings) -> tuple[Drawing, ...]:
    """The pictures of a task: all that have a place on a page and something to show of it alone, in their order."""
    if not found.arms["runs"].any():
        return ()
    metric = next((c.metric for item in findings.tasks for c in item.comparisons), PLAIN["test_accuracy"])
    placed = sorted((plot for plot in PLOTS if plot.place is not None), key=lambda plot: plot.place or 0)
    return tuple(
        Drawing(
            plot.name,
            panel,
            Look(metric=metric.name) if plot.follows_metric else Look(),
            plot.caption.format(metric=words.metric_title(metric)),
        )
        for plot in placed
        for panel in plot.panels(findings)
        if panel.task is found and not panel.beside
    )


def _across_section(findings: Findings, across: Across) -> Section:
    """All tasks together, with the pictures that show them together."""
    panels = [(plot.name, panel) for plot in PLOTS if (panel := plot.across(findings)) is not None]
    return Section(
        f"Across {words.across_title(len(across.tasks), across.networks)}",
        "",
        (across_grid(across),),
        drawings=tuple(Drawing(name, panel, Look(), panel.caption) for name, panel in panels),
        anchor="across",
    )


def _checks_section(findings: Findings) -> Section:
    """What the checks came to."""
    columns = (
        Head("result", Content.NAME),
        Head("fails if", Content.WORDS),
        Head("task", Content.NAME, rank=2),
        Head("figures", Content.WORDS, rank=1),
    )
    rows = tuple(
        (
            Cell("FAILED", tone=Tone.BAD) if result.failed else Cell("passed", tone=Tone.GOOD),
            Cell(result.check),
            Cell(words.task_title(result.task)),
            Cell(words.check_figures(result)),
        )
        for result in findings.checks
    )
    notes = tuple(f"Not run, since its arms are not here: {text}" for text in findings.skipped_checks)
    grids = (Grid("", columns, rows, notes, elsewhere="--json"),) if rows else ()
    return Section("Checks", "", grids, () if rows else notes, anchor="checks")


def _task_suite(found: TaskFindings) -> Suite:
    """A run that failed is an error; verdicts and warnings are what there is to say about them all."""
    title, runs = words.task_title(found.task.distinction), found.task.runs
    columns: Sequence[str] = ("arm", "seed", "status", "error", "wall_seconds", "outcome")
    cases = []
    for arm, seed, status, error, seconds, outcome in zip(*(runs[name] for name in columns), strict=True):
        failed = status not in FINAL
        cases.append(
            SuiteCase(
                f"{arm} seed {seed:g}",
                title,
                CaseStatus.ERROR if failed else CaseStatus.PASSED,
                message=(error or status) if failed else "",
                reason=status,
                seconds=None if math.isnan(seconds) else seconds,
                output=words.outcome(outcome),
            )
        )
    lines = [words.summarize(comparison) for comparison in found.comparisons]
    lines += [f"warning: {words.warning(warning)}" for warning in found.warnings]
    return Suite(title, tuple(cases), "\n".join(lines))


def _checks_suite(findings: Findings) -> Suite:
    cases = [
        SuiteCase(
            result.check,
            words.task_title(result.task),
            CaseStatus.FAILED if result.failed else CaseStatus.PASSED,
            message=f"{result.check}: {words.check_figures(result)}" if result.failed else "",
            reason="check",
        )
        for result in findings.checks
    ]
    cases += [
        SuiteCase(text, "checks", CaseStatus.SKIPPED, message="its arms are not here")
        for text in findings.skipped_checks
    ]
    return Suite("checks", tuple(cases))
