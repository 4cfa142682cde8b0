"""Text that may come from anywhere, made fit to be looked at: one rule for terminals, tables and pages."""

from __future__ import annotations

import re
import textwrap

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
    """The text with lines of at most so many letters, broken at blanks: a longer word, such as a path, stays whole."""
    text = TOGETHER.sub(GLUE, printable(text))
    lines = (textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in text.split("\n"))
    return "\n".join(lines).replace(GLUE, " ")
