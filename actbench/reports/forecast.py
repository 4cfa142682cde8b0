"""What a sweep would do, for ``--dry-run``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from actbench.reports.sheet.parts import Cell, Content, Grid, Head

if TYPE_CHECKING:
    from actbench.execution.forecast import Forecast, TooFewSeeds

SHOWN = ("activation", "to train", "time")
"""On a screen of any width."""


def forecast_grid(arms: Sequence[Forecast]) -> Grid:
    """One row an arm: what it is, how many of its runs are stored, how many are to train, and for how long."""
    runs = [arm.run for arm in arms]
    described = {
        "activation": [run.activation.spelling for run in runs],
        "variant": [run.variant for run in runs],
        "data": [run.dataset for run in runs],
        "model": [run.model.spelling for run in runs],
        "optimizer": [run.optimizer.spelling for run in runs],
    }
    sites = ["?" if arm.sites is None else str(arm.sites) for arm in arms]
    counted = {
        **({"sites": sites} if any(arm.sites is not None for arm in arms) else {}),
        "learning rate": [_span(arm.rates) for arm in arms],
        "epochs": [str(run.epochs) for run in runs],
        "stored": [str(arm.stored) for arm in arms],
        "to train": [str(arm.todo) for arm in arms],
        "time": [_time(arm.seconds) for arm in arms],
    }
    # What all arms have in common gives way first.
    heads = [
        Head(name, content, rank=0 if name in SHOWN else 2 - (len(set(texts)) > 1))
        for content, columns in ((Content.NAME, described), (Content.NUMBER, counted))
        for name, texts in columns.items()
    ]
    rows = zip(*([Cell(text) for text in texts] for texts in (described | counted).values()), strict=True)
    return Grid("", tuple(heads), tuple(rows), elsewhere="--json").telling


def _span(rates: Sequence[float]) -> str:
    """One rate, or the lowest and the highest of several."""
    return " … ".join(f"{rate:g}" for rate in dict.fromkeys([rates[0], rates[-1]]))


def forecast_words(arms: Sequence[Forecast], jobs: int) -> str:
    """The sum of it in a sentence."""
    totals = forecast_json(arms, jobs)
    runs = f"{totals['runs']} run{'s' * (totals['runs'] != 1)}"
    words = f"{runs} in {len(arms)} arm{'s' * (len(arms) != 1)}: {totals['stored']} stored already"
    words += f", {totals['to_train']} to train"
    if not totals["to_train"]:
        return words + "."
    if totals["seconds"] is None:
        return f"{words}. How long that takes is not known: the store holds no run like some of them."
    return f"{words}, about {_time(totals['seconds'])} with --jobs {jobs}, going by the stored runs like them."


def forecast_json(arms: Sequence[Forecast], jobs: int, lacking: TooFewSeeds | None = None) -> dict[str, Any]:
    """The same as plain values; seconds are None where the store knows too little."""
    seconds = [0.0 if arm.todo == 0 else arm.seconds for arm in arms]
    known = [value for value in seconds if value is not None]
    return {
        "runs": sum(arm.stored + arm.todo for arm in arms),
        "stored": sum(arm.stored for arm in arms),
        "to_train": sum(arm.todo for arm in arms),
        "seconds": sum(known) / jobs if len(known) == len(seconds) else None,
        "too_few_seeds": dataclasses.asdict(lacking) if lacking else None,
        "arms": [
            {
                "activation": arm.run.activation.spelling,
                "variant": arm.run.variant,
                "dataset": arm.run.dataset,
                "model": arm.run.model.spelling,
                "sites": arm.sites,
                "stored": arm.stored,
                "to_train": arm.todo,
                "seconds": arm.seconds,
            }
            for arm in arms
        ],
    }


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    if seconds < 90:  # noqa: PLR2004 - people say "80 s", but not "100 s"
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"  # noqa: PLR2004 - likewise
