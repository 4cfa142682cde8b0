"""Tasks: runs that were asked the same question, but for the activation and the seed. Nothing else shares a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actbench.results.columns import BY_NAME, FINAL
from actbench.tables.arms import SHARED_COLUMNS, SIZES, arm_names, finished, with_sizes
from actbench.tables.warnings import KeptApart, RepeatedSeeds, TableWarning

if TYPE_CHECKING:
    import pandas as pd

# A study is a name for a question, not a part of it: what two studies asked alike is one task.
KEYS = tuple(column for column in SHARED_COLUMNS if column != "study")
FAMILY = ("dataset", "model", "variant")


@dataclass(frozen=True)
class Task:
    """The runs of one question.

    Attributes:
        title: what tells it from the others: ``mnist · mlp(100, 50)``.
        settings: the values of `KEYS`, and ``study`` with the names of all studies that asked it.
        runs: the measured runs, with the column ``arm``.
    """

    title: str
    settings: dict[str, Any]
    runs: pd.DataFrame

    @property
    def arms(self) -> list[str]:
        """The arms' names, in the order in which they were met."""
        return list(dict.fromkeys(self.runs["arm"]))

    @property
    def finished(self) -> pd.DataFrame:
        """The runs that came to a result."""
        return finished(self.runs)


def split(measured: pd.DataFrame) -> tuple[list[Task], list[TableWarning]]:
    """The tasks of some runs, in the order of first appearance, and warnings about what was kept apart or left out."""
    runs = with_sizes(measured)
    runs["arm"] = arm_names(runs)
    runs, warnings = _one_run_a_seed(runs)
    groups = sorted(runs.groupby(list(KEYS), sort=False, dropna=False).indices.values(), key=lambda rows: rows[0])
    parts = [runs.iloc[rows] for rows in groups]
    settings = [
        {key: part[key].iloc[0] for key in KEYS} | {"study": ", ".join(dict.fromkeys(part["study"]))} for part in parts
    ]
    titles = _titles(settings)
    tasks = [Task(title, chosen, part) for title, chosen, part in zip(titles, settings, parts, strict=True)]
    return tasks, [*warnings, *_kept_apart(tasks)]


def shown(key: str, value: Any) -> str:  # noqa: PLR0911 - one for each kind of setting
    """A setting in words, with its name where the value alone would not tell."""
    title = BY_NAME[key].on_paper
    if isinstance(value, float) and math.isnan(value):
        return f"no {title}"
    if key == "epochs":
        return f"{value:g} epoch{'' if value == 1 else 's'}"
    if key == "dataset_sha256":
        return f"data {value[:8]}"
    if key == "model_version":
        return f"model's code {value[:6]}" if value else "model's code unknown"
    if key == "deterministic":
        return "deterministic" if value in (True, "True") else "not deterministic"
    if isinstance(value, (int, float)) or hasattr(value, "item"):
        return f"{title} {value:,.10g}" if key in SIZES else f"{title} {value:.10g}"
    return str(value) or f"no {title}"


def _one_run_a_seed(runs: pd.DataFrame) -> tuple[pd.DataFrame, list[TableWarning]]:
    """Runs that look alike in every column but are not: the newest stands."""
    names = [*KEYS, "arm", "seed"]
    # Among several of a seed a finished one comes before one that failed.
    order = runs.assign(_done=runs["status"].isin(FINAL)).sort_values("_done", kind="stable")
    again = order.duplicated(names, keep="last").reindex(runs.index)
    if not again.any():
        return runs, []
    return runs[~again], [RepeatedSeeds(int(again.sum()), tuple(dict.fromkeys(runs["arm"][again])))]


def _titles(settings: Sequence[dict[str, Any]]) -> list[str]:
    """Data, model and variant, and whatever else it takes to tell the tasks apart."""
    varying = [key for key in KEYS if len({str(chosen[key]) for chosen in settings}) > 1 and key not in FAMILY]
    # Sizes and hashes follow the data set, its limit and its split: they are named only where those do not tell.
    derived = [key for key in ("dataset_sha256", *SIZES) if key in varying]
    telling = [key for key in varying if key not in derived]
    titles: list[str] = []
    for keys in ([], telling, varying):
        titles = [
            " · ".join(
                [str(chosen[key]) for key in FAMILY if str(chosen[key])] + [shown(key, chosen[key]) for key in keys]
            )
            for chosen in settings
        ]
        if len(set(titles)) == len(titles):
            break
    return titles


def _kept_apart(tasks: Sequence[Task]) -> list[TableWarning]:
    """Which tasks look alike, and in what they differ."""
    families: dict[tuple[str, ...], list[Task]] = {}
    for task in tasks:
        families.setdefault(tuple(str(task.settings[key]) for key in FAMILY), []).append(task)
    warnings: list[TableWarning] = []
    for family, members in families.items():
        if len(members) > 1:
            values = {key: {str(task.settings[key]): task.settings[key] for task in members} for key in KEYS}
            differing = tuple((key, tuple(found.values())) for key, found in values.items() if len(found) > 1)
            warnings.append(KeptApart(tuple(part for part in family if part), differing))
    return warnings
