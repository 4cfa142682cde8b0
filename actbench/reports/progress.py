"""The progress of a sweep on stderr: a live display in a terminal, one line a run elsewhere, nothing when quiet."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from actbench.record import Epoch, Record, Run, run_row


class SweepProgress:
    """Shows which run of how many, its epoch, loss, test accuracy and the time left. Use it as a context manager."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self.console = console
        self.quiet = quiet
        self.live = console.is_terminal and not quiet
        self.total = self.done = 0
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
        self.sweep_task: Any = None
        self.run_task: Any = None

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def planned(self, runs: Sequence[Run], stored: int) -> None:
        """Say how much there is to do, and what is taken from the store."""
        self.total = len(runs)
        if stored and not self.quiet:
            also = f"{len(runs)} to train" if runs else "nothing to train; --rerun trains again"
            self.console.print(f"{stored} run{'s' * (stored != 1)} already stored, {also}.")
        if len(runs) > 1:
            epochs = sum(run.epochs for run in runs)
            self.sweep_task = self.progress.add_task("all runs", total=epochs, figures="epochs")

    def started(self, run: Run) -> None:
        """Open the run's own bar."""
        label = f"[{self.done + 1}/{self.total}] {run.activation.spelling} · {run.dataset} · seed {run.seed}"
        self.run_task = self.progress.add_task(label.replace("[", r"\["), total=run.epochs, figures="compiling …")

    def epoch(self, run: Run, epoch: Epoch) -> None:  # noqa: ARG002 - the listener's signature
        """Move the bars on."""
        figures = f"loss {epoch.train_loss:.4f}  test {epoch.test_accuracy:.2%}"
        self.progress.update(self.run_task, completed=epoch.epoch, figures=figures)
        if self.sweep_task is not None and epoch.epoch:
            self.progress.advance(self.sweep_task)

    def finished(self, record: Record) -> None:
        """Close the run's bar and leave one line of it."""
        self.done += 1
        self.progress.remove_task(self.run_task)
        if self.sweep_task is not None:  # early stopping and divergence end a run before its last epoch
            self.progress.advance(self.sweep_task, record.run.epochs - max(len(record.epochs) - 1, 0))
        if not self.quiet:
            self.console.print(_line(record, self.done, self.total), markup=False, highlight=False, soft_wrap=True)


def _line(record: Record, number: int, total: int) -> str:
    row = run_row(record)
    name = f"[{number}/{total}] {record.run.activation.spelling} on {record.run.dataset}, seed {record.run.seed}"
    if record.status in ("failed", "oom"):
        return f"{name}: {record.status}: {record.error}"
    figures = f"test {row['test_accuracy']:.2%} (best {row['best_test_accuracy']:.2%} in epoch {row['best_epoch']})"
    seconds = f"{row['train_seconds']:.1f} s training, {row['wall_seconds']:.1f} s in all"
    diverged = "diverged: the loss became NaN or infinite; " if record.status == "diverged" else ""
    return f"{name}: {diverged}{figures}, {seconds}"
