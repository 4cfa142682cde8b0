"""stdout and stderr as they may be outside: closed, full, or read by nobody any more. No sweep ends because of them.

stdout is for results alone: what a person's own code or a library writes there, in whatever way, goes to stderr.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
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
    own = _for_results_alone(out)
    sys.stdout, sys.stderr = _Guarded(own), _Guarded(err, silent=True)
    try:
        yield
    except SystemExit as end:
        if own is not out:
            _leave_threads_behind(end)
        raise
    finally:
        sys.stdout, sys.stderr = out, err


def _for_results_alone(out: Any) -> Any:
    """The stream in the place of ``out``; from now on until the process ends, descriptor 1 leads to stderr.

    A C library, a child process and a function called at the end write there, past any stream of Python's. Where
    ``out`` has another descriptor, somebody has called us in a process of theirs, and nothing is done.
    """
    try:
        number = out.fileno()
    except OSError:  # it is none of the system's
        return out
    if number != 1:
        return out
    out.flush()
    own = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(own, "w", encoding=out.encoding, errors=out.errors)


def _leave_threads_behind(end: SystemExit) -> None:
    """End the process at once where Python would wait, perhaps for ever, for threads that somebody's code began."""
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))


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
