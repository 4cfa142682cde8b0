"""The catalogue on paper: the names in the README and the gallery ``docs/activations.md`` with its pictures.

Run ``python -m tools.gallery`` in the repository after an entry was added or changed; a test compares.
"""

from __future__ import annotations

import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from actbench.activations import CATALOGUE, Activation, resolve
from actbench.registry import signature
from actbench.reports.activations import DRAWS, flags, number, properties, save_curves, window_of
from tools import renewed

PAGE = Path("docs/activations.md")
PICTURES = Path("docs/activations")


def names() -> str:
    """The name of every entry, in one paragraph."""
    return textwrap.fill(", ".join(_code(entry.name) for entry in CATALOGUE) + ".", 120, break_on_hyphens=False)


def with_names(readme: str) -> str:
    """The README with its names of the catalogue renewed. Raises ValueError where it has no place for them."""
    return renewed(readme, "catalogue", names())


def table() -> str:
    """Every entry with its formula and source, as a Markdown table."""
    rows = [
        f"| [{_code(signature(entry))}](#{entry.name}) | {_cell(entry.formula)} | {_cited(entry)} |"
        for entry in CATALOGUE
    ]
    return "\n".join(["| activation | f(x) | source |", "| --- | --- | --- |", *rows])


def page() -> str:
    """The gallery: family by family, for every entry its picture, formula, properties, parameters and source."""
    note = (
        f"{len(CATALOGUE)} entries. Written by `python -m tools.gallery`; pictures show f on the left and "
        "f′ on the right, at the default parameters. All pictures of a family have the same axes, and show every "
        "turning point between −5 and 5."
    )
    parts = ["# The activations", note, "## At a glance", table()]
    for module, family in _families():
        parts.append(f"## {inspect.getdoc(sys.modules[module]) or module}".splitlines()[0].rstrip("."))
        parts += [_section(entry) for entry in family]
    return "\n\n".join(parts) + "\n"


def _families() -> Iterator[tuple[str, list[Activation]]]:
    """The modules of the catalogue with their entries."""
    entries = sorted(CATALOGUE, key=lambda entry: (entry.function.__module__, entry.name))
    for module, family in itertools.groupby(entries, key=lambda entry: entry.function.__module__):
        yield module, list(family)


def _section(entry: Activation) -> str:
    names = "".join(f", {_code(alias)}" for alias in entry.aliases)
    text = [
        f"### {entry.name}",
        f"![f and f′ of {entry.name}]({PICTURES.name}/{entry.name}.svg)",
        f"$${entry.latex}$$",
        f"{_code(signature(entry))}{names}: {_documentation(entry)}",
        f"Range {entry.range}; {flags(entry)}" + ("." if entry.kind == "layer" else f"; {_at_start(entry)}."),
    ]
    if entry.kind == "layer":
        text.append(
            f"The band of the picture holds {DRAWS} draws of its start weights, in inference, on an image that is x "
            "everywhere."
        )
    if entry.twin:
        text.append(f"At its default parameters the same function as `{entry.twin}`.")
    if entry.overflow:
        text.append(f"Overflow: {entry.overflow}.")
    if entry.parameters:
        text.append(
            "\n".join(f"- `{p.name} = {number(p.default)}`: {p.meaning} ({p.allowed})" for p in entry.parameters)
        )
    return "\n\n".join([*text, f"{entry.source}. <{entry.link}>"])


def _at_start(entry: Activation) -> str:
    return properties(resolve(entry.name)).words


def _documentation(entry: Activation) -> str:
    return " ".join((inspect.getdoc(entry.function) or "").replace("``", "`").split())


def _code(text: str) -> str:
    return f"`{text}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _cited(entry: Activation) -> str:
    """Authors and year of the source, with its link."""
    head, year = entry.source, ""
    for word in entry.source.replace(",", " ").replace(";", " ").split():
        if word.isdigit() and len(word) == len("2026"):
            head, year = entry.source.split(word)[0], word
            break
    return f"[{head.strip()} {year}]({entry.link})"


def main(root: Path) -> None:
    """Write the README's names, the gallery and its pictures below ``root``."""
    readme = root / "README.md"
    readme.write_text(with_names(readme.read_text(encoding="utf-8")), encoding="utf-8")
    (root / PAGE).parent.mkdir(exist_ok=True)
    (root / PAGE).write_text(page(), encoding="utf-8")
    folder = root / PICTURES
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for _, family in _families():
        window = window_of([entry.name for entry in family])
        for entry in family:
            file = folder / f"{entry.name}.svg"
            save_curves([entry.name], file, window=window)
            # Six decimals of a point are four too many, and half of the file.
            drawn = file.read_text(encoding="utf-8")
            file.write_text(re.sub(r"\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", drawn), encoding="utf-8")


if __name__ == "__main__":
    main(Path())
