"""What help calls the value of an option: its choices where it has some, else VALUE."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class Program(TyperGroup):
    """Commands whose options have names for their values; Typer's own are Python's types, as in ``list[str]``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_values(self)


def _name_values(command: Any) -> None:
    for one in command.params:
        choices = "|".join(one.type_descriptor.choices or ())
        if one.param_type_name == "argument" and not choices:
            one.display_type_rich = _nothing
        elif one.param_type_name == "option" and not one.is_flag and one.metavar is None:
            one.metavar = choices or "VALUE"
    for below in getattr(command, "commands", {}).values():
        _name_values(below)


def _nothing(**_: Any) -> str:
    return ""
