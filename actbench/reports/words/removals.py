"""What is taken out of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import plural

if TYPE_CHECKING:
    from collections import Counter
    from pathlib import Path

    from actbench.execution.clean import Unwanted


def to_remove(found: Unwanted) -> str:
    """Which runs are meant, by activation and by what became of them."""
    runs = plural(len(found.keys), "run")
    return f"{runs} of {str(found.folder)!r}: {_counts(found.activations)} ({_counts(found.statuses)})."


def removed(found: Unwanted, copy: Path) -> str:
    """That they are gone, and where the tables lie as they were."""
    return f"Removed {plural(len(found.keys), 'run')}. The tables as they were lie in {str(copy)!r}."


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
