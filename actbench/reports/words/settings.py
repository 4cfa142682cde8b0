"""Settings and tasks in words. What a setting's words are follows from its column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from actbench.reports.words.numbers import plural
from actbench.results.column import Role
from actbench.results.columns import BY_NAME
from actbench.tables.tasks import FAMILY

if TYPE_CHECKING:
    from actbench.results.column import Column
    from actbench.tables.tasks import Distinction

DIGESTS = {"dataset_sha256": ("data", 8), "model_version": ("model's code", 6)}
"""What a digest is of, and how many of its digits people need to tell it from another."""
NEGATIONS = {"deterministic": "not deterministic"}
"""Titles that are no nouns, and so have no "no" before them."""
VAGUE = {"own"}
"""Words of settings of the first version that say nothing without their title."""


OWN = "each arm at its own best"
"""What tells a tuned task from those at shared settings."""


def task_title(distinction: Distinction) -> str:
    """What tells a task from the others: ``mnist · mlp(100, 50) · 20 epochs``."""
    return " · ".join(_part(name, value) for name, value in distinction)


def _part(name: str, value: Any) -> str:
    """One setting; of tunings the name where there are several."""
    if name == "tuning":
        return OWN if value is True else f"{OWN} ({value})"
    return str(value) if name in FAMILY else setting(BY_NAME[name], value)


def family_title(distinction: Distinction, differing: str) -> str:
    """The title of tasks that differ in one setting alone."""
    return task_title(tuple((name, value) for name, value in distinction if name != differing))


def tuning_title(distinction: Distinction) -> str:
    """The title of all that a tuning tried; its name where there are several."""
    names = [f"tuning {value}" for name, value in distinction if name == "tuning" and value is not True]
    return " · ".join([family_title(distinction, "tuning"), *names])


def setting(column: Column, value: Any) -> str:
    """A setting in words, with its title where the value alone would not tell.

    A truth is its title or ``no`` and its title; a number stands behind its title, unless its unit says what it is;
    so does a word, unless it is one of those that everybody knows: the settings of the first version.
    """
    title = column.on_paper
    if column.type is bool:
        return title if value else NEGATIONS.get(column.name, f"no {title}")
    if column.name in DIGESTS:
        what, digits = DIGESTS[column.name]
        return f"{what} {value[:digits]}" if value else f"{what} unknown"
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return f"no {title}"
    if column.is_number:
        if column.name == column.unit:
            return plural(float(value), column.name.removesuffix("s"))
        # What was found is counted: 60,000; what was asked for stands as it was asked.
        return f"{title} {value:.10g}" if column.role is Role.SETTING else f"{title} {value:,.10g}"
    return f"{title} {value}" if column.since > 1 or value in VAGUE else str(value)
