"""Findings as plain values, unrounded: a document for other programs, and a table for spreadsheets."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from actbench.reports import words
from actbench.reports.sheet.arms import choose_columns, sort_arms
from actbench.statistics import Comparison, RatioComparison
from actbench.tables.across import Across, NotAcross
from actbench.tables.findings import full_table

if TYPE_CHECKING:
    import pandas as pd

    from actbench.reports.sheet.parts import View
    from actbench.results.thresholds import ColumnName
    from actbench.tables.checks import CheckResult
    from actbench.tables.comparison import Looks, MetricComparison, Row
    from actbench.tables.findings import Findings, NotCompared, TaskFindings
    from actbench.tables.tuning import TuningFindings
    from actbench.tables.warnings import TableWarning

FIGURES = ("difference", "ratio", "speedup", "low", "high", "p", "verdict")
"""Of each comparison, as columns of the table."""


def findings_document(findings: Findings, view: View) -> dict[str, Any]:
    """Everything that was found."""
    return {
        "schema_version": 2,
        "stores": [str(folder) for folder in findings.stores],
        "thresholds": list(findings.thresholds),
        "warnings": [_warning(warning) for warning in findings.warnings],
        "tasks": [
            {
                "title": words.task_title(found.task.distinction),
                "settings": found.task.settings,
                "warnings": [_warning(warning) for warning in found.warnings],
                "baseline": found.baseline or None,
                "arms": sort_arms(found.arms, view.sort).to_dict("records"),
                "comparisons": [_comparison(comparison) for comparison in found.comparisons],
                "not_compared": _not_compared(found.not_compared),
                "tuning": _tuning(found.tuning),
            }
            for found in findings.tasks
        ],
        "across": _across(findings.across),
        "checks": [_check(result) for result in findings.checks],
        "skipped_checks": list(findings.skipped_checks),
    }


def _tuning(found: TuningFindings | None) -> dict[str, Any] | None:
    """How arms came by settings of their own; None where they share all."""
    if found is None:
        return None
    return {
        "name": found.name,
        **msgspec.to_builtins(found.stored),
        "arms": [
            {
                "activation": arm,
                "settings": dict(tuned.trial.settings),
                "val_accuracy": tuned.score.accuracy,
                "val_loss": tuned.score.loss,
                "on_edge": tuned.on_edge,
                "within_a_point": list(tuned.flat) if tuned.flat else None,
                "decades": tuned.decades,
                "expected_best": found.budget(arm),
                "trials": [
                    {"settings": dict(trial.settings), "group": trial.group, "val_accuracy": score.accuracy,
                     "val_loss": score.loss, "runs": score.runs}
                    for trial, score in tuned.scores.items()
                ],
            }
            for arm, tuned in found.arms.items()
        ],
    }  # fmt: skip


def findings_table(findings: Findings, view: View) -> pd.DataFrame:
    """All arms as one table, with the settings in which the tasks differ, and the comparisons as further columns.

    Its labels are plain names, as in ``table.csv``.
    """
    table = full_table(findings)
    settings = list(table.columns[: list(table.columns).index("activation")])
    shown: list[ColumnName] = list(table.columns)
    if view.columns or view.article:
        shown = [*settings, *choose_columns(table, view, findings.thresholds)]
    for metric in _metrics(findings):
        cells = [row for found in findings.tasks for row in _figures(found, metric)]
        for name in [name for name in FIGURES if any(name in row for row in cells)]:
            table[f"{metric}_{name}"] = [row.get(name) for row in cells]
            shown.append(f"{metric}_{name}")
    return sort_arms(table, view.sort)[shown].rename(columns=str)


def _metrics(findings: Findings) -> list[str]:
    return next(([c.metric.name for c in found.comparisons] for found in findings.tasks if found.comparisons), [])


def _figures(found: TaskFindings, metric: str) -> list[dict[str, Any]]:
    """For each arm the figures of its comparison."""
    comparison = next((c for c in found.comparisons if c.metric.name == metric), None)
    rows = {row.arm: _row(comparison, row) for row in comparison.rows} if comparison else {}
    cells = []
    for arm in found.arms["activation"]:
        figures = rows.get(arm, {"words": "baseline"} if comparison and arm == comparison.baseline else {})
        named = figures | {"verdict": figures.get("words")}
        cells.append({name: named[name] for name in FIGURES if named.get(name) is not None})
    return cells


def _comparison(comparison: MetricComparison) -> dict[str, Any]:
    return {
        "metric": comparison.metric.name,
        "title": words.metric_title(comparison.metric),
        "unit": comparison.metric.unit,
        "baseline": comparison.baseline,
        "baseline_summary": asdict(comparison.baseline_summary) if comparison.baseline_summary else None,
        "margin": comparison.limit.value,
        "relative_margin": comparison.limit.share,
        "measure": comparison.measure,
        "left_out": list(comparison.left_out),
        "not_timed_together": list(comparison.apart),
        "notes": words.notes(comparison),
        "looks": _looks(comparison.looks),
        "rows": [_row(comparison, row) for row in comparison.rows],
    }


def _looks(looks: Looks | None) -> dict[str, Any] | None:
    """Where the seeds were chosen while results came in: the looks, and what they came to."""
    if looks is None:
        return None
    verdicts = {arm: {"standing": found.standing} | asdict(found) for arm, found in looks.verdicts.items()}
    return {
        "planned": list(looks.planned),
        "taken": list(looks.taken),
        "margin": looks.limit.value,
        "verdicts": verdicts,
    }


def _row(comparison: MetricComparison, row: Row) -> dict[str, Any]:
    found, verdict, judged = row.comparison, row.verdict, row.judged
    interval = found.interval if found else None
    figures: dict[str, Any] = {
        "activation": row.arm,
        "summary": asdict(row.summary) if row.summary else None,
        "pairing": words.pairing(row.pairing, comparison.measure, row.clocks),
        "seeds_missing": list(row.pairing.missing),
        "seeds_missing_in_baseline": list(row.pairing.missing_in_baseline),
        "paired": row.pairing.paired,
        "n": verdict.n,
        "learned": asdict(judged.learned),
        "learned_baseline": asdict(judged.learned_baseline),
        "low": interval.low if interval else None,
        "high": interval.high if interval else None,
        "level": interval.level if interval else None,
        "p": verdict.adjusted_p,
        "p_learned": verdict.reliability_p,
        "verdict": verdict.standing,
        "verdict_values": verdict.by_values,
        "verdict_learned": verdict.reliability,
        "words": words.verdict(comparison, row),
        "least_seeds": verdict.least,
        "seeds_that_would_tell": asdict(verdict.seeds) if verdict.seeds else None,
        "failures_not_excluded": verdict.failures_not_excluded,
        "improvement": judged.improvement,
        "could_show": row.could_show,
    }
    if isinstance(found, Comparison):
        return figures | {
            "difference": found.difference,
            "difference_all_runs": judged.over_all,
            "iqm_difference": judged.iqm_difference,
            "sd": found.sd,
            "effect_size": found.effect_size,
            "effect_size_name": "g_z" if found.paired else "g",
        }
    if isinstance(found, RatioComparison):
        return figures | {"ratio": found.ratio, "clocks": asdict(row.clocks) if row.clocks else None}
    if found is None:
        return figures
    return figures | {
        "speedup": found.speedup,
        "geometric_speedup": found.geometric_speedup,
        "wins": found.wins,
        "losses": found.losses,
        "ties": found.ties,
    }


def _warning(warning: TableWarning) -> dict[str, Any]:
    return {"kind": warning.kind, "text": words.warning(warning), **asdict(warning)}


def _not_compared(reason: NotCompared | None) -> dict[str, Any] | None:
    return asdict(reason) | {"text": words.not_compared(reason)} if reason else None


def _check(result: CheckResult) -> dict[str, Any]:
    return asdict(result) | {
        "task": words.task_title(result.task),
        "figures": dict(result.figures),
        "reason": words.check_figures(result),
    }


def _across(across: Across | NotAcross) -> dict[str, Any]:
    if isinstance(across, NotAcross):
        return {"rows": [], "not_compared": asdict(across) | {"text": words.not_across(across)}}
    return {
        "tasks": [words.task_title(task) for task in across.tasks],
        "networks": across.networks,
        "targets": list(across.targets),
        "baseline": across.baseline,
        "left_out": list(across.left_out),
        "timed_apart": list(across.timed_apart),
        "without_baseline": [words.task_title(task) for task in across.without_baseline],
        "rows": [asdict(row) for row in across.rows],
    }
