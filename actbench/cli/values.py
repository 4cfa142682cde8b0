"""Options of all commands: what help calls their values, and that one which takes a single value is given once."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from typing import Any

from typer.core import TyperGroup

from actbench.errors import UserError


class Program(TyperGroup):
    """Commands whose options have names for their values, and take no second one in silence.

    Typer's own names are Python's types, as in ``list[str]``; and of two values it takes the last.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _prepare(self)


def _prepare(command: Any) -> None:
    for one in command.params:
        choices = "|".join(one.type_descriptor.choices or ())
        if one.param_type_name == "argument" and not choices:
            one.display_type_rich = _nothing
        elif one.param_type_name == "option" and not one.is_flag and one.metavar is None:
            one.metavar = choices or "VALUE"
    command.parse_args = functools.partial(_parse_once, command, command.parse_args)
    for below in getattr(command, "commands", {}).values():
        _prepare(below)


def _parse_once(command: Any, parse: Callable[..., Any], context: Any, words: list[str]) -> Any:
    """Parse the words of a command. Raises UserError for a second value where there is room for one."""
    *_, order = command.make_parser(context).parse_args(args=list(words))
    if context.resilient_parsing or any(one.name == "help" for one in order):  # the shell, or a person, asks for help
        return parse(context, words)
    single = [one for one in order if one.param_type_name == "option" and not (one.is_flag or one.multiple)]
    for option, times in Counter(single).items():
        if times > 1:
            raise UserError(
                f"{option.opts[0]} takes one value and was given {times}. A study's file takes several of any setting, "
                "under [grid]: see 'actbench init --help'."
            )
    return parse(context, words)


def _nothing(**_: Any) -> str:
    return ""
