"""What a sweep can come to, before it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import plural

if TYPE_CHECKING:
    from actbench.execution.forecast import TooFewSeeds


def too_few_seeds(found: TooFewSeeds) -> str:
    """That no verdict is possible, and with how many seeds it would be."""
    where = f" in {found.lacking} of {found.tasks} tasks" if found.lacking < found.tasks else ""
    return (
        f"With {plural(found.seeds, 'seed')} and {found.arms} arms no verdict is possible{where}; {found.least} seeds "
        "would do."
    )
