"""What tunings chose, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actbench.tuning.trials import Tuned

EDGE = "the best lies on the edge of what was tried: a still better one may lie beyond"


def tuning_lines(chosen: Mapping[str, Mapping[str, Tuned]]) -> list[str]:
    """What each tuning chose, a line each, and a line for what lies on an edge."""
    lines = []
    for name, arms in chosen.items():
        settings = ", ".join(f"{arm} {settings_words(tuned.trial.settings)}" for arm, tuned in arms.items())
        lines.append(f"Tuned ({name}): {settings}.")
        lines += [f"{arm}: {EDGE}." for arm, tuned in arms.items() if tuned.on_edge]
    return lines


def settings_words(settings: tuple[tuple[str, Any], ...]) -> str:
    """The settings of a trial: a learning rate by itself, others with their names."""
    if [name for name, _ in settings] == ["learning_rate"]:
        return f"{settings[0][1]:g}"
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in settings)  # fmt: skip


def price_note() -> str:
    """What a price before the tuning does not know."""
    return (
        "The tuning goes on by one more rate a side, for all arms, while some arm's best lies on the edge, 3 at most. "
        "Scoring takes as many runs again for each arm whose own rate is not the shared one."
    )
