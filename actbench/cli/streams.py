"""stdout and stderr as they may be outside: closed, full, or read by nobody any more. No sweep ends because of them."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from typing import Any

from actbench.errors import UserError


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Inside the block, stderr may break in silence, and stdout too where its reader has gone (``| head``).

    Where stdout cannot be written for another reason, such as a full disk, printing raises UserError.
    """
    _open_missing()
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Guarded(out), _Guarded(err, silent=True)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = out, err


def _open_missing() -> None:
    """Put the null device in the place of closed streams: else the next file gets their numbers, and the text."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            # The workers need theirs just as much.
            os.set_inheritable(number, True)  # noqa: FBT003 - it takes no keyword
        if getattr(sys, name) is None:
            # For as long as the program runs, like the stream it stands for.
            setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115


class _Guarded:
    """A text stream whose failures are dropped with everything after them, or told as a user's error."""

    def __init__(self, stream: Any, *, silent: bool = False) -> None:
        self._stream = stream
        self._silent = silent
        self._broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, while that is possible."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Write what is waiting, while that is possible."""
        self._try(self._stream.flush)

    def _try(self, action: Any) -> None:
        if self._broken:
            return
        try:
            action()
        except OSError as error:
            self._broken = True
            self._empty()
            if not self._silent and error.errno not in (errno.EPIPE, errno.ESHUTDOWN):
                raise UserError(f"Cannot write the result to stdout: {error.strerror or error}.") from None

    def _empty(self) -> None:
        """Let what is still waiting go nowhere: Python would complain of it at its end, and exit with 120."""
        with contextlib.suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)
