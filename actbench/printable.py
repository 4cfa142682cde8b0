"""Text that may come from anywhere, made fit to be looked at: one rule for terminals, tables and pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len

UNPRINTABLE = re.compile(
    # Control characters but for tab and line feed: a terminal obeys them. Marks that turn the direction of text: a name
    # shows as another one. Separators of lines, invisible tags, halves of characters (bytes of a file's name that are
    # no text), and what XML cannot hold.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
    "\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    r"""The text with everything unprintable as Python writes it: ``\x1b``, ``\u202e``. Tabs and line feeds stay."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


TOGETHER = re.compile(r" (?=[±…%])|(?<=[±…]) ")
"""Blanks inside a figure."""
GLUE = "\N{NO-BREAK SPACE}"


def fitted(text: str, width: int) -> str:
    """The text with lines of at most so many columns, broken at blanks: a longer word, such as a path, stays whole."""
    return "\n".join(line for long in printable(text).split("\n") for line in _lines(long, width))


def words_of(text: str) -> list[str]:
    """What a line is not broken within: words, and figures with their signs."""
    return [word.replace(GLUE, " ") for word in TOGETHER.sub(GLUE, text).split(" ")]


def _lines(text: str, width: int) -> Iterator[str]:
    first, *rest = words_of(text)
    line = first
    for word in rest:
        if cell_len(line) + 1 + cell_len(word) > width:
            yield line.rstrip()
            line = word
        else:
            line = f"{line} {word}"
    yield line.rstrip()
