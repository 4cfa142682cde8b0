"""What a sweep can come to, before it begins, and where it ended early."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actbench.execution.forecast import TooFewSeeds


def too_few_seeds(found: TooFewSeeds) -> str:
    """That no verdict is possible, and with how many seeds it would be."""
    where = f" in {found.lacking} of {found.tasks} tasks" if found.lacking < found.tasks else ""
    return (
        f"With {plural(found.seeds, 'seed')} and {found.arms} arms no verdict is possible{where}; {found.least} seeds "
        "would do."
    )


def gave_up(arms: Sequence[str], failures: int) -> str:
    """Which arms were given up, so that the rest of their runs was not begun."""
    return f"Gave up {', '.join(arms)} after {plural(failures, 'failing run')} in a row."
