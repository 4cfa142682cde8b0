"""The rooms of the house, which may use which, and the table of them in CONTRIBUTING.md.

Run ``python -m tools.rooms`` in the repository after a room was added or its docstring changed; a test compares.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tools import renewed

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "actbench"
PAGE = ROOT / "CONTRIBUTING.md"
LAYERS = (
    ("__main__",),
    ("cli",),
    ("reports",),
    ("execution",),
    ("tables",),
    ("studies",),
    ("training",),
    ("activations", "datasets", "models"),
    ("providers",),
    ("results",),
    ("custom",),
    ("registry",),
    ("statistics", "environment"),
    ("lazy", "errors", "printable"),
)
"""Imports point down this list, never up; rooms of one layer may use each other, but not in a circle."""
DEPTH = {room: depth for depth, rooms in enumerate(LAYERS) for room in rooms}


def room_of(module: str) -> str:
    """The room that a module belongs to: ``cli`` for ``actbench.cli.run``; empty for the package itself."""
    return module.partition(".")[2].partition(".")[0]


def modules() -> Iterator[tuple[str, Path]]:
    """The dotted name and the path of every module."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def job(room: str) -> str:
    """What a room is for: the first sentence of its docstring."""
    path = PACKAGE / f"{room}.py"
    source = path if path.exists() else PACKAGE / room / "__init__.py"
    words = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return " ".join(words.split("\n\n")[0].split()).replace("``", "`").replace("|", "\\|")


def table() -> str:
    """The rooms from the top layer down, as a Markdown table."""
    rows = [(room, job(room)) for rooms in LAYERS for room in rooms]
    named = [(f"{room}/" if (PACKAGE / room).is_dir() else f"{room}.py", words) for room, words in rows]
    return "\n".join(["| room | its one job |", "|---|---|", *(f"| `{room}` | {words} |" for room, words in named)])


def with_table(text: str) -> str:
    """CONTRIBUTING with its table of rooms renewed. Raises ValueError where it has no place for it."""
    return renewed(text, "rooms", table())


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
