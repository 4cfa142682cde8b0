"""Several tasks together, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import plural

if TYPE_CHECKING:
    from actbench.tables.across import Across


def across_title(tasks: int, networks: int) -> str:
    """How many tasks, and how many sets of trained networks, where some tasks share theirs."""
    return f"{tasks} tasks" + (f" with {plural(networks, 'set')} of trained networks" if networks < tasks else "")


def shared_networks(across: Across) -> list[str]:
    """What tasks that score the same networks count, as a sentence, or nothing."""
    if across.networks == len(across.tasks):
        return []
    return ["Tasks that score the same trained networks on other test inputs count as one together."]
