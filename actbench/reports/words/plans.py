"""What a sweep can come to, before it begins, and where it ended early."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actbench.reports.words.numbers import plural

MOST_NAMED = 3
"""Of the values that a tuning tries, where they are no numbers."""
NO_VALUE = "none"

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


def tried(values: Sequence[Any]) -> str:
    """The values of a setting: the one; of several numbers the lowest and the highest; of others their names."""
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    if len(numbers) == len(values):
        return " … ".join(f"{value:.10g}" for value in dict.fromkeys([min(numbers), max(numbers)]))
    words = [NO_VALUE if value is None else str(getattr(value, "spelling", value)) for value in values]
    return ", ".join(words) if len(words) <= MOST_NAMED else f"{len(words)} different"


def gave_up(arms: Sequence[str], failures: int) -> str:
    """Which arms were given up, so that the rest of their runs was not begun."""
    return f"Gave up {', '.join(arms)} after {plural(failures, 'failing run')} in a row."
