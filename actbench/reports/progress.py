"""The progress of a sweep on stderr: a live display in a terminal, one line a run elsewhere, nothing when quiet.

A number in brackets, and that of the bar of all runs, is how many runs have come to their end; a bar counts epochs.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column

from actbench.execution.events import (
    EpochEnded,
    Event,
    LookEnded,
    PhaseBegan,
    RunEnded,
    RunStarted,
    StopAsked,
    SweepPlanned,
    TrialEnded,
    TuningEnded,
)
from actbench.reports.words import look_lines
from actbench.reports.words import runs as words
from actbench.reports.words.tuning import tuning_lines
from actbench.results.columns import Epoch, Record, Run

ROOMY = 100
"""Columns from which there is room for long bars and more figures."""


class SweepProgress:
    """Shows what each run is at, its epoch, loss, test accuracy and the time left. A listener, and a context."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self.console = console
        self.quiet = quiet
        self.live = console.is_terminal and not quiet
        self.roomy = console.width >= ROOMY
        self.total = self.done = 0
        self.varying: tuple[str, ...] = ()
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            BarColumn(bar_width=20 if self.roomy else 8),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True)),
            TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True)),
            console=console,
            transient=True,
            disable=not self.live,
        )
        self.sweep_bar: TaskID | None = None
        self.bars: dict[str, TaskID] = {}
        self.said: set[str] = set()

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, event: Event) -> None:  # noqa: C901 - one for each kind of event
        """Show what has become known."""
        match event:
            case SweepPlanned(runs, stored, varying):
                self._plan(runs, stored, varying)
            case RunStarted(run, after):
                self._open(run, after)
            case PhaseBegan(run, phase):
                self.progress.update(self.bars[run.key], figures=phase)
            case EpochEnded(run, row):
                self._move(run, row)
            case RunEnded(record):
                self._close(record)
            case TrialEnded(run, found=found) if found is not None:
                for line in words.doubts(run, found):
                    self._say_once(line)
            case LookEnded(_, tasks):
                for line in look_lines(tasks):
                    self._say(line)
            case TuningEnded(chosen):
                for line in tuning_lines(chosen):
                    self._say(line)
            case StopAsked():  # somebody asked, and is answered even when quiet
                self.console.print(words.stopping(len(self.bars)))

    def _say(self, line: str) -> None:
        if line and not self.quiet:
            self.console.print(line)

    def _say_once(self, line: str) -> None:
        """What was tried with one activation is so with the next."""
        if line not in self.said:
            self.said.add(line)
            self._say(line)

    def _plan(self, runs: tuple[Run, ...], stored: int, varying: tuple[str, ...]) -> None:
        """Say how much there is to do, and what is taken from the store."""
        self.total, self.done, self.varying = len(runs), 0, varying
        if self.sweep_bar is not None:  # of an earlier look
            self.progress.remove_task(self.sweep_bar)
            self.sweep_bar = None
        self._say(words.planned(len(runs), stored))
        if runs:
            epochs = sum(run.epochs for run in runs)
            self.sweep_bar = self.progress.add_task(words.all_runs(0, self.total), total=epochs, figures=words.STARTING)

    def _open(self, run: Run, after: int) -> None:
        """Open the run's own bar."""
        name = words.run_name(run, self.varying)
        if after:
            self._say(words.goes_on(name, after, run.epochs))
        self.bars[run.key] = self.progress.add_task(escape(name), total=run.epochs, completed=after, figures="")
        if self.sweep_bar is not None:
            self.progress.update(self.sweep_bar, advance=after, figures=words.EPOCHS, visible=self.total > 1)

    def _move(self, run: Run, row: Epoch) -> None:
        """Move the bars on."""
        self.progress.update(
            self.bars[run.key], completed=row.epoch, figures=words.at_epoch(run, row, briefly=not self.roomy)
        )
        if self.sweep_bar is not None and row.epoch:
            self.progress.advance(self.sweep_bar)

    def _close(self, record: Record) -> None:
        """Close the run's bar and leave one line of it."""
        self.done += record.status != "interrupted"
        bar = self.bars.pop(record.run.key, None)  # a worker can die before it says that it has begun
        if bar is not None:
            self.progress.remove_task(bar)
        if self.sweep_bar is not None:
            # Early stopping and divergence end a run before its last epoch.
            left = 0 if record.status == "interrupted" else record.run.epochs - max(len(record.epochs) - 1, 0)
            self.progress.update(self.sweep_bar, advance=left, description=words.all_runs(self.done, self.total))
        self._say(words.run_ended(record, words.run_name(record.run, self.varying), self.done, self.total))
