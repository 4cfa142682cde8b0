"""What a sweep would do, for ``--dry-run``."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

    from actbench.execution.forecast import Forecast, TooFewSeeds


def forecast_table(arms: Sequence[Forecast]) -> Table:
    """One row an arm: what it is, how many of its runs are stored, how many are to train, and for how long."""
    from rich import box
    from rich.table import Table

    variants = any(arm.run.variant for arm in arms)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in (*(["variant"] if variants else []), "activation", "data", "model", "optimizer"):
        table.add_column(heading, no_wrap=heading == "activation")
    sites = any(arm.sites is not None for arm in arms)
    for heading in (*(["sites"] * sites), "learning rate", "epochs", "stored", "to train", "time"):
        table.add_column(heading, justify="right")
    for arm in arms:
        run = arm.run
        names = [run.activation.spelling, run.dataset, run.model.spelling, run.optimizer.spelling]
        figures = ["?" if arm.sites is None else str(arm.sites)] * sites
        figures += [f"{run.learning_rate:g}", str(run.epochs), str(arm.stored), str(arm.todo), _time(arm.seconds)]
        table.add_row(*([run.variant] if variants else []), *names, *figures)
    return table


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
