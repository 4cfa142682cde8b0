"""A text to model: modules of Python's own standard library, one after the other.

``python -m tools.corpus studies/python.txt`` writes what ``studies/char-lm.toml`` reads. It is the same text for one
version of Python, wherever that is installed; another version's is other data, under other keys.
"""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

MODULES = (
    "bisect", "calendar", "cmd", "codecs", "contextlib", "copy", "csv", "dataclasses", "difflib", "enum", "fractions",
    "functools", "getopt", "glob", "heapq", "linecache", "random", "shlex", "string", "tempfile", "textwrap",
    "tokenize",
)  # fmt: skip
"""Written by many hands, in pure Python, and there in every version that this project supports."""


def corpus(folder: Path) -> str:
    """The modules of a folder in the order of their names, a blank line between them, with Unix line ends."""
    return "\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in MODULES)


if __name__ == "__main__":
    text = corpus(Path(sysconfig.get_path("stdlib")))
    Path(sys.argv[1]).write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(text):,} characters of Python {sys.version.split()[0]} in {sys.argv[1]}")  # noqa: T201 - a tool says what it did
