"""What a reader must know before putting figures side by side: other machines, other versions, company, failures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actbench.results.columns import FINAL
from actbench.tables.select import name_some

if TYPE_CHECKING:
    import pandas as pd

    from actbench.tables.tasks import Task

VERSIONS = {
    "actbench_version": "actbench",
    "keras_version": "Keras",
    "backend_version": "TensorFlow",
    "python_version": "Python",
    "provider_version": "provider versions",
}
MEASURED_ON = {"device_name": "device", "compiler": "compiler"}


def about_task(task: Task) -> list[str]:
    """Warnings about the runs of one task."""
    done = task.runs[task.runs["status"].isin(FINAL)]
    return [*_company(done), *_machines(done), *_versions(done), *_failures(task.runs)]


def about_stores(runs: pd.DataFrame) -> list[str]:
    """Warnings about several stores read as one."""
    if "copies" not in runs or not (runs["copies"] > 1).any():
        return []
    twice = runs[runs["copies"] > 1]
    stores = ", ".join(repr(store) for store in dict.fromkeys(twice["store"]))
    return [f"{len(twice)} run(s) were found more than once; their figures are those of {stores}, which came first."]


def _company(done: pd.DataFrame) -> list[str]:
    """Seconds measured with other runs beside them, and whether that was so in every arm alike."""
    jobs = _by_value(done, "jobs")
    if len(jobs) > 1:
        groups = "; ".join(
            f"{'alone' if value == 1 else f'{value:g} at a time'}: {name_some(arms, 6)}" for value, arms in jobs.items()
        )
        return [f"seconds are not comparable: some runs were measured with others beside them ({groups})."]
    if jobs and next(iter(jobs)) > 1:
        return [f"seconds were measured with {next(iter(jobs)):g} runs at a time, not alone on the machine."]
    return []


def _machines(done: pd.DataFrame) -> list[str]:
    warnings = []
    for column, name in MEASURED_ON.items():
        values = _by_value(done, column)
        if len(values) > 1:
            groups = "; ".join(f"{value or 'unknown'}: {name_some(arms, 6)}" for value, arms in values.items())
            warnings.append(f"seconds are not comparable: the {name} differs ({groups}).")
    return warnings


def _versions(done: pd.DataFrame) -> list[str]:
    mixed = []
    for column, name in VERSIONS.items():
        values = list(dict.fromkeys(done[column]))
        if column == "provider_version":
            # Providers have versions of their own; what counts is one arm with several.
            pairs = done[["arm", column]].drop_duplicates()
            values = list(dict.fromkeys(pairs[pairs.duplicated("arm", keep=False)][column]))
        if len(values) > 1:
            mixed.append(f"{name} ({name_some([str(v) or 'unknown' for v in values])})")
    return [f"versions are mixed: {', '.join(mixed)}."] if mixed else []


def _failures(runs: pd.DataFrame) -> list[str]:
    warnings = []
    for arm, broken in runs[~runs["status"].isin(FINAL)].groupby("arm", sort=False):
        seeds = name_some([f"{seed:g}" for seed in broken["seed"]], 6)
        kinds = ", ".join(dict.fromkeys(broken["status"]))
        first = next((error for error in broken["error"] if error), "")
        reason = f": {first:.120}" if first else ""
        warnings.append(f"{arm} has no result for seed{'s' * (len(broken) > 1)} {seeds} ({kinds}{reason}).")
    return warnings


def _by_value(done: pd.DataFrame, column: str) -> dict[Any, list[str]]:
    """The column's values, and the arms that have runs with each."""
    values: dict[Any, list[str]] = {}
    pairs = done[[column, "arm"]].drop_duplicates()
    for value, arm in zip(pairs[column], pairs["arm"], strict=True):
        known = 1.0 if column == "jobs" and math.isnan(value) else value
        values.setdefault(known, []).append(arm)
    return values
