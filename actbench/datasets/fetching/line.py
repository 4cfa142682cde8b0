"""What asks servers that are trusted in nothing: of their answers, only what is asked for is read.

``requests`` brings certificates, proxies, and what people set up for both. All that it and urllib3 raise on an answer
is told as one of two errors: whatever a server says, it stops nothing but the asking of that server.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from socket import SHUT_RDWR, socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from requests import Session, exceptions
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError, ReadTimeoutError

from actbench.datasets.fetching.reasons import BrokenError, UselessError
from actbench.environment import __version__

if TYPE_CHECKING:
    from requests import Response
    from urllib3 import HTTPConnectionPool

FAILURES = (OSError, HTTPException, HTTPError, ValueError)
"""What the libraries raise on what a server says: not all of it is wrapped into errors of theirs."""
CHUNK = 2**18
MOST_REDIRECTS = 10


class Line(Session):
    """Asks one server at a time.

    Args:
        connect: seconds until a server must have taken the connection.
        silence: seconds without a byte after which a connection counts as broken. With ``connect`` together, those from
            the connection to the end of an answer's head, however much of it comes.
    """

    def __init__(self, connect: float, silence: float) -> None:
        super().__init__()
        self.watch: _Watch | None = None
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(self._watched))
        self.patience = (connect, silence)
        self.headers.update({"User-Agent": f"actbench/{__version__}", "Accept-Encoding": "identity"})

    def get_redirect_target(self, resp: Response) -> str | None:  # noqa: ARG002 - the library's name and signature
        """None: the library would read the content of a redirect, however long, even where it does not follow."""
        return None

    def answer(self, address: str, headers: Mapping[str, str]) -> Response:
        """What a server answers; where it leads elsewhere what is answered there, but never from https to plain http.

        Raises:
            UselessError: it cannot be asked, or leads to where nothing is asked for.
            BrokenError: it does not answer this time.
        """
        for _ in range(MOST_REDIRECTS):
            self.close()  # a connection that was watched for an answer is not taken for another one
            try:
                answer = self.get(address, headers=dict(headers), stream=True, timeout=self.patience)
                self._check_watch()
                if not answer.is_redirect:
                    return answer
                answer.close()
                target = urljoin(address, answer.headers["Location"])
            except FAILURES as error:
                raise self._refusal(error) from None
            if address.startswith("https:") and not target.startswith("https:"):
                raise UselessError(f"leads from https to {target}, which is not followed")
            address = target
        raise UselessError(f"leads elsewhere more than {MOST_REDIRECTS} times")

    def content(self, answer: Response, got: int, within: float) -> Iterator[bytes]:
        """The content as it arrives, undecoded.

        Args:
            answer: what a server has begun to say.
            got: bytes that are here already.
            within: seconds without content, whatever else comes, after which the connection counts as broken.

        Raises:
            BrokenError: it ends too early.
        """
        silent = f"sent nothing for {within:g} s"
        while True:
            if self.watch:
                self.watch.bear(within, silent)
            try:
                chunk = answer.raw.read1(CHUNK, decode_content=False)
            except ReadTimeoutError:
                raise BrokenError(silent) from None
            except FAILURES:
                self._check_watch()
                raise BrokenError(f"the connection broke off after {got} bytes") from None
            self._check_watch()
            if not chunk:
                return
            got += len(chunk)
            yield chunk

    def close(self) -> None:
        """Hang up."""
        if self.watch:
            self.watch.end()
            self.watch = None
        super().close()

    def _watched(self, connection: socket) -> None:
        """Watch a connection that has just been made."""
        seconds = sum(self.patience)
        self.watch = _Watch(connection)
        self.watch.bear(seconds, f"gave no answer within {seconds:g} s")

    def _check_watch(self) -> None:
        if self.watch and self.watch.expired:
            raise BrokenError(self.watch.reason)

    def _refusal(self, error: Exception) -> UselessError | BrokenError:
        """Why there is no answer, by the cause of what was raised."""
        self._check_watch()
        cause = _cause(error)
        if isinstance(error, exceptions.ReadTimeout):
            return BrokenError(f"sent nothing for {self.patience[1]:g} s")
        if isinstance(error, exceptions.ConnectTimeout):
            return UselessError(f"no connection within {self.patience[0]:g} s")
        if isinstance(error, exceptions.SSLError):
            return UselessError(f"its certificate is not trusted ({getattr(cause, 'verify_message', '') or cause})")
        if isinstance(error, ValueError):
            return UselessError(f"leads to what is no address ({cause})")
        words = f"{getattr(cause, 'strerror', None) or cause}"
        broke = isinstance(cause, (ConnectionResetError, BrokenPipeError))
        return BrokenError(f"the connection broke off ({words})") if broke else UselessError(words)


class _Watch:
    """Shuts a connection at a deadline: the time-out of a socket counts anew from every byte, whatever that says."""

    def __init__(self, connection: socket) -> None:
        self.handle = connection.dup()  # TLS takes the other one over
        self.deadline = math.inf
        self.reason = ""
        self.expired = self.over = False
        self.changed = threading.Condition()
        threading.Thread(target=self._wait, daemon=True).start()

    def bear(self, seconds: float, reason: str) -> None:
        """Shut it so many seconds from now, for that reason, instead of whenever it was to be shut."""
        with self.changed:
            sooner = time.monotonic() + seconds < self.deadline
            self.deadline, self.reason = time.monotonic() + seconds, reason
            if sooner:
                self.changed.notify()

    def end(self) -> None:
        """Watch it no longer."""
        with self.changed:
            self.over = True
            self.changed.notify()

    def _wait(self) -> None:
        with self.handle, self.changed:
            while not self.over and not self.expired:
                left = self.deadline - time.monotonic()
                self.expired = left <= 0
                self.changed.wait(None if left == math.inf else max(left, 0))
            if self.expired:
                with contextlib.suppress(OSError):  # it is gone already
                    self.handle.shutdown(SHUT_RDWR)


class _Watched(HTTPConnection):
    """A connection that tells of its socket, before anything is said on it, be it TLS or to a proxy."""

    opened: Callable[[socket], None]

    def _new_conn(self) -> socket:
        connection = super()._new_conn()
        self.opened(connection)
        return connection


class _Adapter(HTTPAdapter):
    """Has every connection watched, of whatever kind."""

    def __init__(self, opened: Callable[[socket], None]) -> None:
        super().__init__()
        self.opened = opened

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        kind = (_Watched, type(pool).ConnectionCls)
        pool.ConnectionCls = type("Watched", kind, {"opened": staticmethod(self.opened)})
        return pool


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
