"""Reading what people write: names with parameters, of which nothing is ever evaluated."""

from __future__ import annotations

import ast
import math
import re
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from actbench.errors import UserError, shown
from actbench.printable import UNPRINTABLE

FILE = re.compile(r"\.[A-Za-z]\w*$")
LONGEST = 1000
"""Characters of a spelling."""


@dataclass(frozen=True)
class Spelling:
    """A parsed spelling: ``provider:name(*positional, **named)``; ``provider`` is empty for an actbench name."""

    provider: str
    name: str
    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """``provider:name``, or the bare name of an actbench entry."""
        return f"{self.provider}:{self.name}" if self.provider else self.name


def parse(text: str) -> Spelling:
    """Read ``provider:name(1, key=2)``. Arguments are Python literals; nothing is ever evaluated.

    Raises:
        UserError: the text is not of that form.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise UserError(f"Cannot read {shown(text)}: it is longer than {LONGEST} characters.")
    # A file may have brackets in its name: "network (1).keras" has no parameters.
    is_file = FILE.search(text)
    path, bracket, arguments = (text, "", "") if is_file else text.partition("(")
    path = path.rstrip()
    check_printable(path)
    if not path or (")" in path and not is_file) or (bracket and not arguments.endswith(")")):
        raise UserError(
            f"Cannot read {text!r}: write a name with optional parameters, like swish or 'swish(beta=0.5)'."
        )
    # The last colon divides, so that C:\files\mine.py:act works.
    provider, _, name = path.rpartition(":")
    if not name.strip() or (":" in path and not provider.strip()):
        raise UserError(f"Cannot read {text!r}: write 'provider:name', 'module:attribute' or 'file.py:attribute'.")
    positional, named = _arguments(text, arguments[:-1])
    return Spelling(provider.strip(), name.strip(), positional, named)


def parts_of(text: str) -> list[str]:
    """The spellings in a list of them: what commas outside of brackets part."""
    depth, parts = 0, [""]
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]


def check_printable(name: str) -> None:
    """Raise UserError for a name that is too long, or that no table could hold."""
    if len(name) > LONGEST:
        raise UserError(f"Cannot read {shown(name)}: it is longer than {LONGEST} characters.")
    if UNPRINTABLE.search(name) or "\n" in name or "\t" in name:
        raise UserError(f"Cannot read {name!r}: it holds characters that cannot be printed. Rename what it names.")


def _arguments(text: str, arguments: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            call = ast.parse(f"_({arguments})", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError(arguments)  # noqa: TRY301, TRY004 - "a)(b" parses, but it is not one call
        positional = tuple(_plain(node) for node in call.args)
        named = {_keyword(node): _plain(node.value) for node in call.keywords}
        if len(named) < len(call.keywords):
            raise ValueError(arguments)  # noqa: TRY301 - a name given twice parses, and the last would win
    except (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RecursionError):  # such as {[1]}, 1e999j
        raise UserError(
            f"Cannot read the parameters of {text!r}: write plain values, like 'swish(beta=0.5)' or 'mlp(100, 50)', "
            "and words in quotes, like \"mlp(100, normalization='batch')\"."
        ) from None
    return positional, named


def _plain(node: ast.expr) -> Any:
    """A literal that can be written again the same way. Raises ValueError, TypeError."""
    value = ast.literal_eval(node)
    inner: list[Any] = [value]
    while inner:
        match inner.pop():
            case list() | tuple() as items:
                inner += items
            case dict() as items:
                inner += [*items, *items.values()]
            case set() as item:  # in no order
                raise ValueError(item)
            case int() | complex() as item if abs(item) > sys.float_info.max:
                raise ValueError(item)
            case float() as item if item is not value and math.isinf(item):  # has no literal: see `literal`
                raise ValueError(item)
            case item if item is Ellipsis:
                raise ValueError(item)
    return value


def _keyword(node: ast.keyword) -> str:
    if node.arg is None:
        raise ValueError("**")
    return node.arg
