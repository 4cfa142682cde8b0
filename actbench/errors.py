"""What a person did wrong, in one sentence: the one error class that the command line turns into a short message."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_NAME = 100
"""Nobody misspells a name that long, and comparing it takes time."""


class ActbenchError(Exception):
    """Whatever actbench refuses, or cannot carry out, in one sentence: what callers from Python catch."""


class UserError(ActbenchError):
    """Wrong usage or bad input: says what was wrong, with which input, and what to do instead.

    The command line prints it without a traceback and exits with 2.
    """


def shown(value: object, longest: int = 200) -> str:
    """A value as a message shows it: as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of more than 4,300 digits, lists within lists without end
        return f"({type(value).__name__} that is too long to be shown)"
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'relu'?"`` for a near miss of a known name, else an empty string."""
    if len(name) > LONGEST_NAME:
        return ""
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""
