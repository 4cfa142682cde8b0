"""The table of a tuning: what each arm is best with, how flat its optimum is, what a smaller search would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports import words
from actbench.reports.sheet.parts import Cell, Content, Grid, Head
from actbench.reports.words.tuning import decades_words, flat_words, settings_words, tuning_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actbench.tables.tuning import TuningFindings

FEW_TRIALS = 3
"""Whose expected best is shown: what somebody finds who tries no more."""


def tuning_grid(found: TuningFindings, arms: Sequence[str]) -> Grid:
    """One row an arm of those named that was tuned."""
    rate = list(found.stored.searched) == ["learning_rate"]
    heads = (
        Head("activation", Content.NAME),
        Head("its own", Content.NUMBER if rate else Content.NAME),
        Head("validation %", rank=1),
        Head("within a point", Content.NAME, rank=2),
        Head("decades", rank=2),
        Head(f"best of {FEW_TRIALS} %", rank=3),
        Head("trials", rank=4),
    )
    rows = []
    for arm in (arm for arm in arms if arm in found.arms):
        tuned = found.arms[arm]
        few = found.budget(arm)[min(FEW_TRIALS, len(tuned.scores)) - 1]
        own = settings_words(tuned.trial.settings) + (" (edge)" if tuned.on_edge else "")
        rows.append(
            (
                Cell(arm),
                Cell(own, tuned.trial.rate if rate else None),
                Cell(words.percent(tuned.score.accuracy), tuned.score.accuracy),
                Cell(flat_words(tuned)),
                Cell(decades_words(tuned), tuned.decades),
                Cell(words.percent(few), few),
                Cell(str(len(tuned.scores)), len(tuned.scores)),
            )
        )
    flat = any(tuned.flat for tuned in found.arms.values())
    note = (
        "within a point: the rates around the best whose validation accuracy is within one point of it; decades: how "
        "many powers of ten they span, at least (≥) where they go on to the edge. " * flat
    ) + (
        f"best of {FEW_TRIALS}: the expected best validation accuracy of {FEW_TRIALS} random trials of these, "
        "which are the same for all arms."
    )
    return Grid(words.sentence(tuning_line(found)), heads, tuple(rows), (note,)).telling
