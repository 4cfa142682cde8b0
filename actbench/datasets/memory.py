"""Memory that data may take: what is needed is known, and said, before anything of that size is made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from actbench.errors import UserError

GIB = 2**30
BYTES_WHEN_SCALED = 8
"""Of a number that was a byte, at most, beside what was read: it is trained on as a float."""
BYTES_WHEN_STANDARDIZED = 16
"""Of any other: on the way it is subtracted and divided in double precision, and drawn parts are copies."""
_limit: ContextVar[float | None] = ContextVar("limit", default=None)


@contextlib.contextmanager
def at_most(gib: float | None) -> Iterator[None]:
    """Inside the block, data of more than so many GiB is refused; None: more than half of the memory that is free.

    Raises:
        UserError: the bound is none, which nan would be, or one that lets nothing pass.
    """
    if gib is not None and not gib > 0:
        raise UserError(f"--max-memory {gib:g} is no amount of memory: give GiB above 0.")
    token = _limit.set(gib)
    try:
        yield
    finally:
        _limit.reset(token)


def check_memory(name: str, needed: float) -> None:
    """Raise UserError where so many bytes are more than data may take: what it takes, what it may, and what to do."""
    import psutil

    limit = _limit.get()
    allowed = psutil.virtual_memory().available / 2 if limit is None else limit * GIB
    if needed > allowed:
        why = "half of what is free" if limit is None else "--max-memory"
        raise UserError(
            f"The data in {name!r} takes about {needed / GIB:.3g} GiB of memory, more than the "
            f"{allowed / GIB:.3g} GiB that it may ({why}). Take a smaller file, or raise --max-memory."
        )
