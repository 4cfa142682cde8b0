"""What asks servers that are trusted in nothing: of their answers, only what is asked for is read.

``requests`` brings certificates, proxies, and what people set up for both. All that it and urllib3 raise on an answer
is told as one of two errors: whatever a server says, it stops nothing but the asking of that server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from requests import Session, exceptions
from urllib3.exceptions import HTTPError, ReadTimeoutError

from actbench.datasets.fetching.reasons import BrokenError, UselessError
from actbench.environment import __version__

if TYPE_CHECKING:
    from requests import Response

FAILURES = (OSError, HTTPException, HTTPError, ValueError)
"""What the libraries raise on what a server says: not all of it is wrapped into errors of theirs."""
CHUNK = 2**18
MOST_REDIRECTS = 10


class Line(Session):
    """Asks one server at a time.

    Args:
        connect: seconds until a server must have taken the connection.
        silence: seconds without a byte after which a connection counts as broken.
    """

    def __init__(self, connect: float, silence: float) -> None:
        super().__init__()
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
            try:
                answer = self.get(address, headers=dict(headers), stream=True, timeout=self.patience)
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

    def content(self, answer: Response, got: int) -> Iterator[bytes]:
        """The content as it arrives, undecoded, after ``got`` bytes that are here. Raises BrokenError where it ends."""
        while True:
            try:
                chunk = answer.raw.read1(CHUNK, decode_content=False)
            except ReadTimeoutError:
                raise BrokenError(self._silent()) from None
            except FAILURES:
                raise BrokenError(f"the connection broke off after {got} bytes") from None
            if not chunk:
                return
            got += len(chunk)
            yield chunk

    def _silent(self) -> str:
        return f"sent nothing for {self.patience[1]:g} s"

    def _refusal(self, error: Exception) -> UselessError | BrokenError:
        """Why there is no answer, by the cause of what was raised."""
        cause = _cause(error)
        if isinstance(error, exceptions.ReadTimeout):
            return BrokenError(self._silent())
        if isinstance(error, exceptions.ConnectTimeout):
            return UselessError(f"no connection within {self.patience[0]:g} s")
        if isinstance(error, exceptions.SSLError):
            return UselessError(f"its certificate is not trusted ({getattr(cause, 'verify_message', '') or cause})")
        if isinstance(error, ValueError):
            return UselessError(f"leads to what is no address ({cause})")
        words = f"{getattr(cause, 'strerror', None) or cause}"
        broke = isinstance(cause, (ConnectionResetError, BrokenPipeError))
        return BrokenError(f"the connection broke off ({words})") if broke else UselessError(words)


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
