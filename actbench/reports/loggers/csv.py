"""A table of every run, a row an epoch, for programs that watch files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from actbench.execution.events import EpochEnded, Event, Listener
from actbench.reports.loggers import folder_of, logger
from actbench.results.columns import EPOCH_FIELDS
from actbench.results.files import append, replace
from actbench.results.text import csv_lines

FOLDER, FILE = "csv", "epochs.csv"
NAMES = tuple(column.name for column in EPOCH_FIELDS)


@logger
def csv(folder: Path) -> Listener:
    """A table of every run, csv/STUDY/ARM/seed-S-KEY/epochs.csv in the store's folder, with a line as each epoch ends.

    The columns are those of ``epochs.csv`` but for the run's key: fractions, nats and seconds.
    """
    begun: set[str] = set()

    def listen(event: Event) -> None:
        if isinstance(event, EpochEnded):
            path = folder_of(event.run, folder, FOLDER) / FILE
            if event.run.key not in begun:
                begun.add(event.run.key)
                _cut(path, event.row.epoch)
            append(path, csv_lines(NAMES, [dataclasses.asdict(event.row)]).encode())

    return listen


def _cut(path: Path, epoch: int) -> None:
    """Leave the header and the rows before that epoch."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[1:] if path.exists() else []
    kept = [line for line in lines if line.endswith("\n") and int(line.partition(",")[0]) < epoch]
    replace(path, "".join([",".join(NAMES) + "\n", *kept]))
