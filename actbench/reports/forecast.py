"""What a sweep would do, for ``--dry-run``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from actbench.execution.forecast import TRIED
from actbench.reports import words
from actbench.reports.sheet.parts import Cell, Content, Grid, Head
from actbench.results.columns import BY_NAME

if TYPE_CHECKING:
    from actbench.execution.forecast import Forecast, TooFewSeeds

SHOWN = ("activation", "to train", "time")
"""On a screen of any width."""
USUAL = ("dataset", "model", "optimizer", "learning_rate", "epochs")
"""Settings with a column in every table; others have one where they differ."""
HEADINGS = {"dataset": "data"}


def forecast_grid(arms: Sequence[Forecast]) -> Grid:
    """One row an arm: what it is, how many of its runs are stored, how many are to train, and for how long."""
    tried = [name for name in TRIED if any(len(arm.values[name]) > 1 for arm in arms)]
    named = [name for name in TRIED if name in USUAL or name in tried or len({arm.values[name] for arm in arms}) > 1]
    asked = {name: [words.tried(arm.values[name]) for arm in arms] for name in named}
    sites = ["?" if arm.sites is None else str(arm.sites) for arm in arms]
    columns = {
        "activation": [arm.run.activation.spelling for arm in arms],
        "variant": [arm.run.variant for arm in arms],
        **{_heading(name): asked[name] for name in named if not BY_NAME[name].is_number},
        **({"sites": sites} if any(arm.sites is not None for arm in arms) else {}),
        **{_heading(name): asked[name] for name in named if BY_NAME[name].is_number},
        **({"trials": [str(arm.trials) for arm in arms]} if tried else {}),
        "stored": [str(arm.stored) for arm in arms],
        "to train": [str(arm.todo) for arm in arms],
        "time": [_time(arm.seconds) for arm in arms],
    }
    contents = {_heading(name): Content.WORDS if name in tried else Content.NAME for name in named}
    contents |= {_heading(name): Content.NUMBER for name in named if BY_NAME[name].is_number}
    contents |= dict.fromkeys(("activation", "variant"), Content.NAME)
    searched = {"trials", *map(_heading, tried)}
    heads = [
        Head(name, contents.get(name, Content.NUMBER), rank=_rank(texts, shown=name in SHOWN, tried=name in searched))
        for name, texts in columns.items()
    ]
    rows = zip(*([Cell(text) for text in texts] for texts in columns.values()), strict=True)
    return Grid("", tuple(heads), tuple(rows), elsewhere="--json").telling


def _heading(name: str) -> str:
    return HEADINGS.get(name, BY_NAME[name].on_paper)


def _rank(texts: Sequence[str], *, shown: bool, tried: bool) -> int:
    """What all arms have in common gives way first, then what differs; what a tuning is about goes last."""
    return 0 if shown else 1 if tried else 2 if len(set(texts)) > 1 else 3


def forecast_words(arms: Sequence[Forecast], jobs: int, more: int = 0) -> str:
    """The sum of it in a sentence; ``more`` as in `execution.forecast.Prospect`."""
    totals = forecast_json(arms, jobs, more=more)
    runs, todo, seconds = totals["runs"], totals["to_train"], totals["seconds"]
    said = f"{_to(runs, more)} run{'s' * (runs + more != 1)} in {len(arms)} arm{'s' * (len(arms) != 1)}"
    trials = {arm.trials for arm in arms}
    said += f", {min(trials)} trials each" if len(trials) == 1 != min(trials) else ""
    said += f": {totals['stored']} stored already, {_to(todo, more)} to train"
    if not todo:
        return said + "."
    if seconds is None:
        return f"{said}. How long that takes is not known: the store holds no run like some of them."
    times = dict.fromkeys([_time(seconds), _time(seconds * (todo + more) / todo)])
    return f"{said}, about {' to '.join(times)} with --jobs {jobs}, going by the stored runs like them."


def _to(least: int, more: int) -> str:
    """A number, or from where to where it goes."""
    return f"{least} to {least + more}" if more else f"{least}"


def forecast_json(
    arms: Sequence[Forecast], jobs: int, lacking: TooFewSeeds | None = None, more: int = 0
) -> dict[str, Any]:
    """The same as plain values; seconds are None where the store knows too little."""
    seconds = [0.0 if arm.todo == 0 else arm.seconds for arm in arms]
    known = [value for value in seconds if value is not None]
    runs = sum(arm.stored + arm.todo for arm in arms)
    return {
        "runs": runs,
        "runs_at_most": runs + more,
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
                "settings": {name: [getattr(its, "spelling", its) for its in arm.values[name]] for name in TRIED},
                "trials": arm.trials,
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
