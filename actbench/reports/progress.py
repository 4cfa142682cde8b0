"""The progress of a sweep on stderr: a live display in a terminal, one line a run elsewhere, nothing when quiet."""

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

from actbench.execution.events import EpochEnded, Event, LookEnded, RunEnded, RunStarted, SweepPlanned
from actbench.reports.words import look_lines, percent
from actbench.results.columns import Epoch, Record, Run, run_row


class SweepProgress:
    """Shows which run of how many, its epoch, loss, test accuracy and the time left. A listener, and a context."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self.console = console
        self.quiet = quiet
        self.live = console.is_terminal and not quiet
        self.total = self.begun = self.done = 0
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
            disable=not self.live,
        )
        self.sweep_bar: TaskID | None = None
        self.bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, event: Event) -> None:
        """Show what has become known."""
        match event:
            case SweepPlanned(runs, stored):
                self._plan(runs, stored)
            case RunStarted(run):
                self._open(run)
            case EpochEnded(run, row):
                self._move(run, row)
            case RunEnded(record):
                self._close(record)
            case LookEnded(_, tasks):
                for line in look_lines(tasks) if not self.quiet else ():
                    self.console.print(line)

    def _plan(self, runs: tuple[Run, ...], stored: int) -> None:
        """Say how much there is to do, and what is taken from the store."""
        self.total, self.begun, self.done = len(runs), 0, 0
        if self.sweep_bar is not None:  # of an earlier look
            self.progress.remove_task(self.sweep_bar)
            self.sweep_bar = None
        if stored and not self.quiet:
            also = f"{len(runs)} to train" if runs else "nothing to train; --rerun trains again"
            self.console.print(f"{stored} run{'s' * (stored != 1)} already stored, {also}.")
        if len(runs) > 1:
            epochs = sum(run.epochs for run in runs)
            self.sweep_bar = self.progress.add_task("all runs", total=epochs, figures="epochs")

    def _open(self, run: Run) -> None:
        """Open the run's own bar."""
        self.begun += 1
        label = f"[{self.begun}/{self.total}] {run.activation.spelling} · {run.dataset} · seed {run.seed}"
        self.bars[run.key] = self.progress.add_task(escape(label), total=run.epochs, figures="compiling …")

    def _move(self, run: Run, row: Epoch) -> None:
        """Move the bars on."""
        figures = f"loss {row.train_loss:.4f}  test {percent(row.test_accuracy)}%"
        self.progress.update(self.bars[run.key], completed=row.epoch, figures=figures)
        if self.sweep_bar is not None and row.epoch:
            self.progress.advance(self.sweep_bar)

    def _close(self, record: Record) -> None:
        """Close the run's bar and leave one line of it."""
        self.done += 1
        bar = self.bars.pop(record.run.key, None)  # a worker can die before it says that it has begun
        if bar is not None:
            self.progress.remove_task(bar)
        # Early stopping and divergence end a run before its last epoch.
        if self.sweep_bar is not None and record.status != "interrupted":
            self.progress.advance(self.sweep_bar, record.run.epochs - max(len(record.epochs) - 1, 0))
        if not self.quiet:
            self.console.print(_line(record, self.done, self.total))


def _line(record: Record, number: int, total: int) -> str:
    row = run_row(record)
    name = f"[{number}/{total}] {record.run.activation.spelling} on {record.run.dataset}, seed {record.run.seed}"
    if record.status in ("failed", "oom"):
        return f"{name}: {record.status}: {record.error}"
    if not row["epochs_run"]:
        return f"{name}: {record.status} before the end of its first epoch"
    end, best = percent(row["test_accuracy"]), percent(row["best_test_accuracy"])
    figures = f"test {end}% (best {best}% in epoch {row['best_epoch']})"
    seconds = f"{row['train_seconds']:.1f} s training, {row['wall_seconds']:.1f} s in all"
    remark = {"diverged": "diverged, the loss became NaN or infinite; ", "interrupted": "interrupted; "}
    return f"{name}: {remark.get(record.status, '')}{figures}, {seconds}"
