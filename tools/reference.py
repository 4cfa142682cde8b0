"""The reference of the Python functions in docs/python.md, from their signatures and docstrings.

Run ``python -m tools.reference`` in the repository after one of them was changed; a test compares.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import actbench
from actbench.reports.answer import Answer
from actbench.reports.plots.figures import Picture
from tools import renewed

PAGE = Path(__file__).parent.parent / "docs" / "python.md"
PARTS = re.compile(r"^(Args|Attributes|Raises):\n", re.MULTILINE)
NAME = re.compile(r"^([\w*]+):")
ITEM = re.compile(r"^    (?=\S)", re.MULTILINE)


def reference() -> str:
    """Functions, and the classes of what they return with their members."""
    functions = [getattr(actbench, name) for name in actbench.__all__]
    shown = [_entry(f"actbench.{one.__name__}", one) for one in functions if inspect.isfunction(one)]
    return "\n\n".join([*shown, *(_class(kind) for kind in (Answer, Picture))])


def with_reference(page: str) -> str:
    """The page with its reference renewed. Raises ValueError where it has no place for it."""
    return renewed(page, "reference", reference())


def _entry(title: str, function: Any) -> str:
    return "\n\n".join([f"### {title}", f"```text\n{title}{_signature(function)}\n```", *_prose(function)])


def _class(kind: type) -> str:
    members = [
        f"- `{name}{'' if isinstance(member, property) else _signature(member)}`: {_first_sentence(member)}"
        for name, member in vars(kind).items()
        if not name.startswith("_") and (isinstance(member, property) or inspect.isfunction(member))
    ]
    return "\n\n".join([f"### {kind.__name__}", *_prose(kind), "\n".join(members)])


def _signature(function: Any) -> str:
    """The parameters with their defaults, one a line where they are many; types stand in the code."""
    parameters = inspect.signature(function).parameters.values()
    bare = [one.replace(annotation=inspect.Parameter.empty) for one in parameters if one.name != "self"]
    text = str(inspect.Signature(bare))
    return text if len(bare) <= 3 else "(\n    " + ",\n    ".join(text[1:-1].split(", ")) + ",\n)"  # noqa: PLR2004


def _prose(thing: Any) -> Iterator[str]:
    """The docstring as Markdown: its sections as lists."""
    first, *rest = PARTS.split(inspect.getdoc(thing) or "")
    yield _markdown(first)
    for name, text in zip(rest[::2], rest[1::2], strict=True):
        items = (" ".join(item.split()) for item in ITEM.split(text.rstrip()) if item.strip())
        named = (NAME.sub("`\\1`:", item) for item in items)
        yield "\n".join(f"- {'Raises ' * (name == 'Raises')}{_markdown(item)}" for item in named)


def _first_sentence(thing: Any) -> str:
    text = inspect.getdoc(thing.fget if isinstance(thing, property) else thing) or ""
    return _markdown(" ".join(text.split("\n\n")[0].split()))


def _markdown(text: str) -> str:
    return text.strip().replace("``", "`")


if __name__ == "__main__":
    PAGE.write_text(with_reference(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
