"""Events as lines of JSON, for programs that watch a sweep."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from actbench.execution.events import EpochEnded, Event, Listener, LookEnded, RunEnded, RunStarted, SweepPlanned
from actbench.reports.loggers import logger
from actbench.reports.words import look_lines
from actbench.results.columns import Run, run_row
from actbench.results.files import append

FILE = "events.jsonl"


@logger
def jsonl(folder: Path) -> Listener:
    """A line of JSON an event, added to events.jsonl in the store's folder.

    ``{"event": "planned", "runs": 6, "stored": 2}``, then for each run ``started``, ``epoch`` (with its row, fractions
    and nats; one that was resumed goes on where it stopped) and ``ended`` (with its row of ``runs.csv``);
    where seeds are added until it is decided, ``looked`` after every look.
    """

    def listen(event: Event) -> None:
        line = _line(event)
        if line is not None:
            append(folder / FILE, (json.dumps(line, ensure_ascii=False) + "\n").encode(errors="backslashreplace"))

    return listen


def _line(event: Event) -> dict[str, Any] | None:
    match event:
        case SweepPlanned(runs, stored):
            return {"event": "planned", "runs": len(runs), "stored": stored}
        case RunStarted(run):
            return {"event": "started", **_names(run)}
        case EpochEnded(run, row):
            return {"event": "epoch", **_names(run), **dataclasses.asdict(row)}
        case RunEnded(record):
            return {"event": "ended", **run_row(record)}
        case LookEnded(seeds, tasks):
            return {"event": "looked", "seeds": seeds, "text": look_lines(tasks)}
    return None  # a checkpoint is nobody's news


def _names(run: Run) -> dict[str, Any]:
    return {"run_key": run.key, "variant": run.variant, "activation": run.activation.spelling, "seed": run.seed}
