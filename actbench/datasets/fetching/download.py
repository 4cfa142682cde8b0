"""One published file from whichever of its mirrors has it: whole, intact, and as fast as any of them gives it.

What has arrived is kept beside as ``NAME.part``, and any mirror may be asked for the rest: their copies are the same
byte for byte. That they are is seen at the end by the published hash; what fails it is dropped.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from actbench.datasets.fetching.events import FileFetched, MirrorLeft, MirrorTried, Received, tell
from actbench.datasets.fetching.hashes import TITLES, file_hash, is_intact, published_hash
from actbench.datasets.published.files import PublishedFile
from actbench.environment import __version__

if TYPE_CHECKING:
    from requests import Response, Session

CHUNK = 2**18
MOST_BYTES = 2**30
"""Of a file whose size nobody published."""
MOST_REDIRECTS = 10
LONGEST_REASON = 200
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


class _ReasonError(Exception):
    """Why a mirror does not bring the file; what a server says may be long, and hold anything."""

    def __str__(self) -> str:
        text = " ".join(super().__str__().split())
        return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


class _UselessError(_ReasonError):
    """The mirror will not bring the file."""


class _BrokenError(_ReasonError):
    """This attempt is over; another one may go better."""


class _SlowError(Exception):
    """The mirror brings less than the floor, and another one may bring more."""

    def __init__(self, speed: float) -> None:
        super().__init__(f"slow, {speed / 1000:.3g} kB/s")
        self.speed = speed


def download(file: PublishedFile, to: Path) -> str:
    """Fetch a file from its mirrors, move it into place once it is known to be the published one; who brought it.

    The mirrors are tried in order. One that is slow is left for the next; where all are, the fastest of them is used to
    the end. A part that an earlier call has left is gone on with.

    Raises:
        DownloadError: no mirror has brought it.
        OSError: it cannot be written; the part has been removed.
    """
    import requests

    part = to.with_name(f"{to.name}.part")
    untried = list(file.mirrors)
    slow: dict[str, float] = {}
    reasons: dict[str, str] = {}
    with requests.Session() as session:
        session.headers.update({"User-Agent": f"actbench/{__version__}", "Accept-Encoding": "identity"})
        while untried or slow:
            if untried:
                mirror = untried.pop(0)
                alternative = math.inf if untried else max(slow.values(), default=0.0)
            else:
                mirror = max(slow, key=lambda mirror: slow[mirror])
                del slow[mirror]
                alternative = 0.0
            try:
                _Visit(session, file, mirror, part, alternative).fetch()
            except (_SlowError, _UselessError) as reason:
                reasons[mirror] = str(reason)
                if isinstance(reason, _SlowError):
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

    def __init__(self, session: Session, file: PublishedFile, mirror: str, part: Path, alternative: float) -> None:
        self.session = session
        self.file = file
        self.mirror = mirror
        self.part = part
        self.alternative = alternative
        self.began = time.monotonic()
        self.arrived: deque[tuple[float, int]] = deque()
        self.tag = ""
        self.patience = PATIENCE

    def fetch(self) -> None:
        """Fill the part until it is the file. Raises _UselessError, _SlowError, OSError."""
        begun_by_others = self._size() > 0
        tell(MirrorTried(self.file, self.mirror, self._size()))
        vain = 0
        while True:
            before = self._size()
            try:
                self._attempt()
            except _BrokenError as reason:
                if self._size() > before:
                    vain = 0
                    self._check_speed()
                else:
                    vain += 1
                    late = time.monotonic() - self.began >= self.patience.window
                    if vain >= self.patience.attempts or (late and self.alternative):
                        raise _UselessError(str(reason)) from None
                time.sleep(self.patience.pause * 2 ** max(vain - 1, 0))
                continue
            if is_intact(self.part, self.file):
                return
            kind, digits = published_hash(self.file)
            found = file_hash(self.part, kind)
            self.part.unlink()
            if not begun_by_others:
                raise _UselessError(f"sent another file, {TITLES[kind]} {found[:12]}… in place of {digits[:12]}…")
            begun_by_others = False  # what was there may have been the wrong half

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _attempt(self) -> None:
        """Ask once, for the rest of what is there. Raises _BrokenError where it ends too early."""
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
        with self._answer(headers) as answer:
            got = self._checked_start(answer, got)
            self._check_length(answer, got)
            tag = answer.headers.get("ETag", "")
            self.tag = tag if tag.startswith('"') else ""  # a weak one says nothing of bytes
            with self.part.open("ab" if got else "wb") as out:
                for chunk in self._chunks(answer):
                    got += len(chunk)
                    if got > (size or MOST_BYTES):
                        break
                    out.write(chunk)
                    tell(Received(self.file, self.mirror, got))
                    self.arrived.append((time.monotonic(), len(chunk)))
                    self._check_speed()
        if got > (size or MOST_BYTES):
            self.part.unlink()
            raise _UselessError(f"sends more than the {size or MOST_BYTES} bytes that the file may have")
        if got < size:
            raise _BrokenError(f"the connection broke off after {got} of {size} bytes")

    def _answer(self, headers: Mapping[str, str]) -> Response:
        """What the mirror answers, where it leads elsewhere what is answered there; never from https to plain http."""
        from requests import exceptions

        address = self.mirror
        for _ in range(MOST_REDIRECTS):
            try:
                answer = self.session.get(
                    address,
                    headers=dict(headers),
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.patience.connect, self.patience.silence),
                )
            except exceptions.ReadTimeout:
                raise _BrokenError(self._silent()) from None
            except exceptions.RequestException as error:
                raise self._refusal(error) from None
            except ValueError:  # requests looks at where a redirect leads, too
                raise _UselessError("leads to what is no address") from None
            if not answer.is_redirect:
                return answer
            answer.close()
            target = urljoin(address, answer.headers["Location"])
            if address.startswith("https:") and not target.startswith("https:"):
                raise _UselessError(f"leads from https to {target}, which is not followed")
            address = target
        raise _UselessError(f"leads elsewhere more than {MOST_REDIRECTS} times")

    def _refusal(self, error: Exception) -> _UselessError | _BrokenError:
        """A failure of a connection by its cause."""
        from requests import exceptions

        cause = _cause(error)
        if isinstance(error, exceptions.ConnectTimeout):
            return _UselessError(f"no connection within {self.patience.connect:g} s")
        if isinstance(error, exceptions.SSLError):
            return _UselessError(f"its certificate is not trusted ({getattr(cause, 'verify_message', '') or cause})")
        words = f"{getattr(cause, 'strerror', None) or cause}"
        broke = isinstance(cause, (ConnectionResetError, BrokenPipeError))
        return _BrokenError(f"the connection broke off ({words})") if broke else _UselessError(words)

    def _checked_start(self, answer: Response, asked: int) -> int:
        """Where the content begins that is about to come. Raises _BrokenError, _UselessError for anything else."""
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
            raise _BrokenError(f"does not have the rest of what is here ({reason})")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in PASSING:
            raise _BrokenError(reason)
        raise _UselessError(reason)

    def _check_length(self, answer: Response, start: int) -> None:
        """Raise _UselessError where the mirror announces another size than the file has."""
        length = answer.headers.get("Content-Length", "")
        if not length.isdecimal():
            return
        announced, size = start + int(length), self.file.size
        if announced > MOST_BYTES if not size else announced != size:
            may = f"the file has {size}" if size else f"it may have {MOST_BYTES}"
            raise _UselessError(f"announces {announced} bytes, where {may}")

    def _chunks(self, answer: Response) -> Iterator[bytes]:
        """The content as it arrives, undecoded. Raises _BrokenError where it breaks off."""
        from urllib3 import exceptions

        while True:
            try:
                chunk = answer.raw.read1(CHUNK, decode_content=False)
            except exceptions.ReadTimeoutError:
                raise _BrokenError(self._silent()) from None
            except (exceptions.HTTPError, OSError):
                raise _BrokenError(f"the connection broke off after {self._size()} bytes") from None
            if not chunk:
                return
            yield chunk

    def _silent(self) -> str:
        return f"sent nothing for {self.patience.silence:g} s"

    def _check_speed(self) -> None:
        """Raise _SlowError where less than the floor has come over the window, and a faster mirror is to be had."""
        now, window = time.monotonic(), self.patience.window
        while self.arrived and self.arrived[0][0] < now - window:
            self.arrived.popleft()
        if now - self.began >= window:
            speed = sum(size for _, size in self.arrived) / window
            if speed < min(self.patience.floor, self.alternative):
                raise _SlowError(speed)


def _cause(error: BaseException) -> BaseException:
    """What lies at the bottom of an error that libraries have wrapped into theirs."""
    seen = [error]
    while True:
        inner = getattr(seen[-1], "reason", None)
        candidates = [inner, *seen[-1].args, seen[-1].__cause__, seen[-1].__context__]
        found = next((one for one in candidates if isinstance(one, BaseException) and one not in seen), None)
        if found is None:
            return seen[-1]
        seen.append(found)
