"""What is said of commands, keys and functions in docs/, from the code that obeys them.

Run ``python -m tools.reference`` in the repository after one of them was changed; a test compares.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from typer.main import get_command

import actbench
from actbench.cli import app
from actbench.cli.init import settings_help
from actbench.models import MODELS
from actbench.registry import signature
from actbench.reports.answer import Answer
from actbench.reports.plots.figures import Picture
from actbench.results.columns import SETTINGS
from actbench.studies.file import TABLES, keys_of
from actbench.studies.tuning.asked import Tuning
from actbench.studies.tuning.protocols import PROTOCOLS
from tools import man, renewed

DOCS = Path(__file__).parent.parent / "docs"
PIPE = "\\|"
"""In a cell of a table, in code as well."""
PARTS = re.compile(r"^(Args|Attributes|Raises):\n", re.MULTILINE)
NAME = re.compile(r"^([\w*]+):")
ITEM = re.compile(r"^    (?=\S)", re.MULTILINE)


def functions() -> str:
    """The functions of Python, and the classes of what they return with their members."""
    named = [getattr(actbench, name) for name in actbench.__all__]
    shown = [_entry(f"actbench.{one.__name__}", one) for one in named if inspect.isfunction(one)]
    return "\n\n".join([*shown, *(_class(kind) for kind in (Answer, Picture))])


def keys() -> str:
    """The keys of a study's file that set something of a run, table by table."""
    meanings = settings_help()
    tables = [_keys(f"[{table}]" if table else "At the top", keys_of(table), meanings) for table in ("", *TABLES)]
    rest = {name: name for name, column in SETTINGS.items() if not column.key and name != "seed"}
    tuning = _attributes(Tuning)
    return "\n\n".join(
        [
            *tables,
            _keys("In [grid] and [variants.NAME] only", rest, meanings),
            _keys("[tuning]", {name: name for name in tuning}, tuning),
        ]
    )


def protocols() -> str:
    """The protocols of tunings."""
    return "\n".join(f"| `{its.name}` | {_cell(its.summary)} |" for its in PROTOCOLS)


def models() -> str:
    """The reference networks with their parameters."""
    rows = [f"| `{signature(entry)}` | {_cell(entry.summary)} |" for entry in MODELS]
    return "\n".join(["| network | what it is |", "| --- | --- |", *rows])


def commands() -> str:
    """Every command with its arguments and options."""
    program: Any = get_command(app)
    parts = [_command(name, command) for name, command in man.commands(program)]
    ends = "\n".join(f"- `{code}`: {meaning}" for code, meaning in man.EXIT_CODES)
    variables = "\n".join(f"- `{name}`: {meaning}" for name, meaning in man.VARIABLES)
    return "\n\n".join([*parts, f"## Exit codes\n\n{ends}", f"## Environment variables\n\n{variables}"])


GENERATED: dict[str, tuple[str, Callable[[], str]]] = {
    "python.md": ("functions", functions),
    "study-files.md": ("keys", keys),
    "commands.md": ("commands", commands),
    "tuning.md": ("protocols", protocols),
    "models.md": ("models", models),
}
"""Pages, and what stands in them between the markers of which name."""


def renewed_page(name: str) -> str:
    """A page with its generated part renewed. Raises ValueError where it has no place for it."""
    part, text = GENERATED[name]
    return renewed((DOCS / name).read_text(encoding="utf-8"), part, text())


def _keys(title: str, named: Mapping[str, str], meanings: Mapping[str, str]) -> str:
    rows = [f"| `{key}` | {_cell(meanings[name])} |" for key, name in named.items()]
    return "\n".join([f"### {title}", "", "| key | what it is |", "| --- | --- |", *rows])


def _command(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    named = [(one.metavar or one.name.upper(), one.required) for one in arguments]
    words = [word if required or word.startswith("[") else f"[{word}]" for word, required in named]
    several = [one.nargs != 1 for one in arguments]
    words = [f"{word}..." if more and "..." not in word else word for word, more in zip(words, several, strict=True)]
    rows = []
    for one in command.params:
        if one.param_type_name != "argument":
            value = "" if one.is_flag else f" {one.metavar or 'VALUE'}"
            default = getattr(one.default, "value", one.default)
            given = "" if callable(default) or default in (None, False, "") else f" Default: {default}."
            spelled = ", ".join(f"`{option}{value}`" for option in one.opts)
            rows.append(f"| {spelled.replace('|', PIPE)} | {_cell((one.help or '') + given)} |")
    usage = " ".join(["actbench", name, *words, *["[OPTION]..."] * bool(rows)])
    table = ["| option | what it does |", "| --- | --- |", *rows] if rows else []
    return "\n\n".join([f"## actbench {name}", f"```text\n{usage}\n```", command.help, "\n".join(table)]).rstrip()


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


def _attributes(kind: type) -> dict[str, str]:
    """What a class says of its attributes."""
    _, *sections = PARTS.split(inspect.getdoc(kind) or "")
    text = dict(zip(sections[::2], sections[1::2], strict=True))["Attributes"]
    items = (" ".join(item.split()) for item in ITEM.split(text.rstrip()) if item.strip())
    return {
        name: _markdown(f"{meaning[:1].upper()}{meaning[1:]}") for name, meaning in (i.split(": ", 1) for i in items)
    }


def _first_sentence(thing: Any) -> str:
    text = inspect.getdoc(thing.fget if isinstance(thing, property) else thing) or ""
    return _markdown(" ".join(text.split("\n\n")[0].split()))


def _markdown(text: str) -> str:
    return text.strip().replace("``", "`")


def _cell(text: str) -> str:
    """Text in a table's cell, what looks like code or markup being code."""
    bare = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r"(?<![\w`])(--[a-z-]+|[A-Z]+\.(?:toml|npz|csv)|'[^']+'|\w*[*_]\w*)(?![\w`])", _as_code, bare)


def _as_code(found: re.Match[str]) -> str:
    return f"`{found[0]}`"


if __name__ == "__main__":
    for page in GENERATED:
        (DOCS / page).write_text(renewed_page(page), encoding="utf-8")
