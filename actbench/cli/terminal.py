"""The border to the terminal: what comes from names, errors and files is shown there, and never obeyed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from actbench.printable import fitted, printable


@contextlib.contextmanager
def printable_streams() -> Iterator[None]:
    """Inside the block, whatever is written to stdout and stderr is printable, by whomever.

    A stream that has no letter for a character shows a question mark: no encoding ends a command.
    """
    out, err = sys.stdout, sys.stderr
    for stream in (out, err):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.stdout, sys.stderr = _Printable(out), _Printable(err)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


class _Printable:
    """A text stream that writes what is printable. Rich, whose colours are control sequences, goes past it."""

    def __init__(self, stream: Any) -> None:
        self.rich_proxied_file = stream  # Rich's own name for the stream that it is to write to

    def __getattr__(self, name: str) -> Any:
        if name == "buffer":  # for click, which goes round a stream that speaks ASCII, to its bytes
            raise AttributeError(name)
        return getattr(self.rich_proxied_file, name)

    def write(self, text: str) -> int:
        """Write, and say that all was written."""
        self.rich_proxied_file.write(printable(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them all."""
        for line in lines:
            self.write(line)


class Screen(Console):
    """A console on which only Rich itself moves and colours anything, and brackets are brackets."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, highlight=False, emoji=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; text is broken at blanks alone, so that no word is, and everything else as it is."""
        if all(isinstance(item, str) for item in objects):
            objects, options = tuple(fitted(text, self.width) for text in objects), {"soft_wrap": True} | options
        super().print(*objects, **options)

    @property
    def file(self) -> IO[str]:
        """The stream itself, past all that stands for it: Rich puts one more round ours while it shows a bar."""
        stream = super().file
        while (inner := getattr(stream, "rich_proxied_file", None)) is not None:
            stream = inner
        return stream

    @file.setter
    def file(self, stream: IO[str]) -> None:
        self._file = stream

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of something to show, their text printable."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)
