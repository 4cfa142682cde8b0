"""The manual page, ``docs/man/actbench.1``: every command and option, from what ``--help`` says.

Run ``python -m tools.man`` in the repository after a command or an option was changed; a test compares.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from actbench.cli import app
from actbench.environment import __version__

PAGE = Path("docs/man/actbench.1")
EXIT_CODES = (
    ("0", "Done."),
    ("1", "Some run failed, or a check did not hold."),
    ("2", "Wrong usage or bad input."),
    ("3", "A bug in actbench; the message names a log."),
    ("130", "Interrupted."),
)
VARIABLES = (
    ("ACTBENCH_DATA_DIR", "The folder that keeps published data."),
    ("ACTBENCH_OFFLINE", "1: fetch nothing, as --offline."),
    ("NO_COLOR", "No colours."),
)


def page() -> str:
    """The page in the language of ``man``."""
    program: Any = get_command(app)
    lines = [
        f'.TH ACTBENCH 1 "" "actbench {__version__}" "User Commands"',
        ".SH NAME",
        r"actbench \- compare activation functions of neural networks",
        ".SH SYNOPSIS",
        ".B actbench",
        r"\fICOMMAND\fR [\fIOPTION\fR]...",
        ".br",
        ".B keras-actbench",
        r"\fICOMMAND\fR [\fIOPTION\fR]...",
        ".SH DESCRIPTION",
        _plain(program.help),
        ".PP",
        _plain(program.epilog),
        ".SH OPTIONS",
        *_parameters(program),
        ".SH COMMANDS",
    ]
    for name, command in commands(program):
        lines += [f".SS {_plain(name)}", _plain(command.help), *_parameters(command)]
    for heading, entries in (("EXIT STATUS", EXIT_CODES), ("ENVIRONMENT", VARIABLES)):
        lines.append(f".SH {heading}")
        for name, meaning in entries:
            lines += [".TP", rf"\fB{_plain(name)}\fR", _plain(meaning)]
    return "\n".join(lines) + "\n"


def commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def _parameters(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            name = rf"\fI{_plain(parameter.metavar or parameter.name)}\fR"
        else:
            name = ", ".join(rf"\fB{_plain(option)}\fR" for option in parameter.opts)
            name += "" if parameter.is_flag else rf" \fI{_plain(parameter.metavar or 'VALUE')}\fR"
        default = getattr(parameter.default, "value", parameter.default)
        given = "" if callable(default) or default in (None, False, "") else f" Default: {default}."
        yield from (".TP", name, _plain(f"{parameter.help or ''}{given}"))


def _plain(text: str) -> str:
    """Text in which ``man`` sees no command of its own, and in which every hyphen can be copied."""
    escaped = " ".join(text.split()).replace("\\", r"\e").replace("-", r"\-")
    escaped = "".join(letter if letter.isascii() else rf"\[u{ord(letter):04X}]" for letter in escaped)
    return rf"\&{escaped}" if escaped[:1] in (".", "'") else escaped


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
