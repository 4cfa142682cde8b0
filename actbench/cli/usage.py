"""What the parser has against the words of a command, said as all other messages are: one sentence, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from typer.exceptions import TyperException

from actbench.errors import did_you_mean
from actbench.results.columns import SETTINGS

WORDS = {
    r"Invalid value for '(.*?)':": r"\1:",
    r"Input should be a valid integer.*": "it must be a whole number",
    r"Input should be a valid number.*": "it must be a number",
    r"Input should be greater than or equal to": "it must be at least",
    r"Input should be": "it must be",
    r"Value error, ": "",
    r"('.*?') is not one of (.*?)\.$": r"it must be one of \2, not \1",
    r"Got unexpected extra argument\(s\) \((.*)\)": r"There is no place for \1",
    r"Missing argument '(.*?)'": r"Missing: \1",
    r"Option '(.*?)' requires an argument": r"\1 needs a value",
    r"Option '(.*?)' does not take": r"\1 does not take",
    r"No such command": "There is no command",
}
"""What the parser says, and how people say it."""


def usage_message(error: TyperException) -> str:
    """The parser's error as a message that ends with where help is; the help itself where no command was given."""
    context: Any = getattr(error, "ctx", None)
    if context and error.message == context.get_help():
        return error.message
    if hasattr(error, "possibilities"):  # an option that is not there; the parser's own guesses are looser than ours
        options = [name for parameter in context.command.params for name in parameter.opts] if context else []
        text = f"There is no option {error.option_name}.{_meant(error.option_name, options)}"  # type: ignore[attr-defined]
    else:
        text = " ".join(error.format_message().split())
        for theirs, ours in WORDS.items():
            text = re.sub(theirs, ours, text)
    stop = "" if text.endswith(("?", ".")) else "."
    return f"actbench: {text}{stop} See '{context.command_path if context else 'actbench'} --help'."


def _meant(typed: str, options: Iterable[str]) -> str:
    """The option that was meant: of a setting that has this name elsewhere, or one that is spelled alike."""
    plain = typed.removeprefix("--").replace("-", "_")
    named = {
        name: column.option
        for asked, column in SETTINGS.items()
        for name in (asked, column.name, column.key.rpartition(".")[2])
    }
    options = [*options]
    if named.get(plain) in options:
        return f" Did you mean {named[plain]!r}?"
    # Two dashes alike are no likeness.
    words = [option.removeprefix("--") for option in options]
    return did_you_mean(typed.removeprefix("--"), words).replace("'", "'--", 1)
