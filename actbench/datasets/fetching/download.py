"""One published file from whichever of its mirrors has it: whole, intact, and as fast as any of them gives it.

What has arrived is kept beside as ``NAME.part``, and any mirror may be asked for the rest: their copies are the same
byte for byte. That they are is seen at the end by the published hash; what fails it is dropped.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

from actbench.datasets.fetching.events import FileFetched, MirrorLeft, MirrorTried, Received, tell
from actbench.datasets.fetching.hashes import TITLES, file_hash, is_intact, published_hash
from actbench.datasets.fetching.reasons import BrokenError, SlowError, UselessError
from actbench.datasets.published.files import PublishedFile

if TYPE_CHECKING:
    from requests import Response

    from actbench.datasets.fetching.line import Line

MOST_BYTES = 2**30
"""Of a file whose size nobody published."""
PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)
"""Refusals that are over after a while, beside the server's own errors (500 and above)."""


@dataclass(frozen=True)
class Patience:
    """How long to bear with a mirror.

    Attributes:
        connect: seconds until it must have taken the connection.
        silence: seconds without a byte after which a connection counts as broken.
        floor: bytes a second that it must bring as long as there are mirrors that may be faster.
        window: seconds over which that is measured.
        attempts: so many in a row that bring nothing are the last.
        pause: seconds before the second of them, doubled before each one after it.
    """

    connect: float = 10.0
    silence: float = 20.0
    floor: float = 150_000.0
    window: float = 12.0
    attempts: int = 3
    pause: float = 1.0


PATIENCE = Patience()


class DownloadError(Exception):
    """No mirror brought the file; ``reasons`` says of each why not."""

    def __init__(self, file: PublishedFile, reasons: Mapping[str, str]) -> None:
        super().__init__(file.name)
        self.file = file
        self.reasons = reasons


def download(file: PublishedFile, to: Path) -> str:
    """Fetch a file from its mirrors, move it into place once it is known to be the published one; who brought it.

    The mirrors are tried in order. One that is slow is left for the next; where all are, the fastest of them is used to
    the end. A part that an earlier call has left is gone on with.

    Raises:
        DownloadError: no mirror has brought it.
        OSError: it cannot be written; the part has been removed.
    """
    from actbench.datasets.fetching.line import Line

    part = to.with_name(f"{to.name}.part")
    untried = list(file.mirrors)
    slow: dict[str, float] = {}
    reasons: dict[str, str] = {}
    with Line(PATIENCE.connect, PATIENCE.silence) as line:
        while untried or slow:
            if untried:
                mirror = untried.pop(0)
                alternative = math.inf if untried else max(slow.values(), default=0.0)
            else:
                mirror = max(slow, key=lambda mirror: slow[mirror])
                del slow[mirror]
                alternative = 0.0
            try:
                _Visit(line, file, mirror, part, alternative).fetch()
            except (SlowError, UselessError) as reason:
                reasons[mirror] = str(reason)
                if isinstance(reason, SlowError):
                    slow[mirror] = reason.speed
                tell(MirrorLeft(file, mirror, str(reason)))
            except OSError:
                part.unlink(missing_ok=True)
                raise
            else:
                part.replace(to)
                tell(FileFetched(file, mirror))
                return mirror
    raise DownloadError(file, reasons)


class _Visit:
    """One mirror, asked again and again for as long as it brings something."""

    def __init__(self, line: Line, file: PublishedFile, mirror: str, part: Path, alternative: float) -> None:
        self.line = line
        self.file = file
        self.mirror = mirror
        self.part = part
        self.alternative = alternative
        self.began = time.monotonic()
        self.arrived: deque[tuple[float, int]] = deque()
        self.tag = ""
        self.patience = PATIENCE

    def fetch(self) -> None:
        """Fill the part until it is the file. Raises UselessError, SlowError, OSError."""
        begun_by_others = self._size() > 0
        tell(MirrorTried(self.file, self.mirror, self._size()))
        vain = 0
        while True:
            before = self._size()
            try:
                self._attempt()
            except BrokenError as reason:
                if self._size() > before:
                    vain = 0
                    self._check_speed()
                else:
                    vain += 1
                    late = time.monotonic() - self.began >= self.patience.window
                    if vain >= self.patience.attempts or (late and self.alternative):
                        raise UselessError(str(reason)) from None
                time.sleep(self.patience.pause * 2 ** max(vain - 1, 0))
                continue
            if is_intact(self.part, self.file):
                return
            kind, digits = published_hash(self.file)
            found = file_hash(self.part, kind)
            self.part.unlink()
            if not begun_by_others:
                raise UselessError(f"sent another file, {TITLES[kind]} {found[:12]}… in place of {digits[:12]}…")
            begun_by_others = False  # what was there may have been the wrong half

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self) -> None:
        """Ask once, for the rest of what is there. Raises BrokenError where it ends too early."""
        got = self._size()
        size = self.file.size
        if size and got >= size:
            if got == size:
                return
            self.part.unlink()
            got = 0
        headers = {"Range": f"bytes={got}-"} if got else {}
        if got and self.tag:
            headers["If-Range"] = self.tag
        with self.line.answer(self.mirror, headers) as answer:
            got = self._checked_start(answer, got)
            self._check_length(answer, got)
            tag = answer.headers.get("ETag", "")
            self.tag = tag if tag.startswith('"') else ""  # a weak one says nothing of bytes
            with self.part.open("ab" if got else "wb") as out:
                for chunk in self.line.content(answer, got):
                    got += len(chunk)
                    if got > (size or MOST_BYTES):
                        break
                    out.write(chunk)
                    tell(Received(self.file, self.mirror, got))
                    self.arrived.append((time.monotonic(), len(chunk)))
                    self._check_speed()
        if got > (size or MOST_BYTES):
            self.part.unlink()
            raise UselessError(f"sends more than the {size or MOST_BYTES} bytes that the file may have")
        if got < size:
            raise BrokenError(f"the connection broke off after {got} of {size} bytes")

    def _checked_start(self, answer: Response, asked: int) -> int:
        """Where the content begins that is about to come. Raises BrokenError, UselessError for anything else."""
        status = answer.status_code
        reason = f"{status} {answer.reason or ''}".strip()
        if status == HTTPStatus.OK:
            return 0
        if status == HTTPStatus.PARTIAL_CONTENT and asked:
            start, _, total = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
            if start.split("-")[0] == str(asked) and (not self.file.size or total in ("*", str(self.file.size))):
                return asked
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and asked:
            self.part.unlink()
            raise BrokenError(f"does not have the rest of what is here ({reason})")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in PASSING:
            raise BrokenError(reason)
        raise UselessError(reason)

    def _check_length(self, answer: Response, start: int) -> None:
        """Raise UselessError where the mirror announces another size than the file has."""
        length = answer.headers.get("Content-Length", "")
        if not length.isdecimal():
            return
        announced, size = start + int(length[:20]), self.file.size  # Python refuses to read thousands of digits
        if announced > MOST_BYTES if not size else announced != size:
            may = f"the file has {size}" if size else f"it may have {MOST_BYTES}"
            raise UselessError(f"announces {announced} bytes, where {may}")

    def _check_speed(self) -> None:
        """Raise SlowError where less than the floor has come over the window, and a faster mirror is to be had."""
        now, window = time.monotonic(), self.patience.window
        while self.arrived and self.arrived[0][0] < now - window:
            self.arrived.popleft()
        if now - self.began >= window:
            speed = sum(size for _, size in self.arrived) / window
            if speed < min(self.patience.floor, self.alternative):
                raise SlowError(speed)
