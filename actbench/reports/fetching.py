"""The progress of data that is fetched, on stderr: a bar in a terminal, one line an event elsewhere, or nothing."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from actbench.datasets.fetching.events import FetchEvent, FileFetched, MirrorLeft, MirrorTried, Received
from actbench.reports.words import data as words


class FetchProgress:
    """Shows which file comes from which mirror, how much of it is here, and how fast. A listener, and a context."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self.console = console
        self.quiet = quiet
        self.said: set[str] = set()
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[mirror]}", markup=False),
            console=console,
            transient=True,
            disable=quiet or not console.is_terminal,
        )
        self.bar: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, event: FetchEvent) -> None:
        """Show what has become known."""
        match event:
            case MirrorTried(file, mirror, got):
                self.progress.start()
                self.bar = self.progress.add_task(file.name, total=file.size or None, completed=got, mirror=mirror)
            case Received(_, _, got) if self.bar is not None:
                self.progress.update(self.bar, completed=got)
            case MirrorLeft() | FileFetched() if self.bar is not None:
                self.progress.remove_task(self.bar)
                self.bar = None
        self._say(words.fetching(event))

    def _say(self, line: str) -> None:
        """Say a line, once: every request for the same data would say the same."""
        if line and line not in self.said and not self.quiet:
            self.console.print(line)
        self.said.add(line)
