"""What callers from Python give: checked like options, and refused in the names of the function that they called."""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from numbers import Integral, Real
from typing import Any, NamedTuple, ParamSpec, TypeVar

from actbench.errors import ActbenchError, UserError, did_you_mean, shown
from actbench.results.columns import SETTINGS

OPTION_OR_COMMAND = re.compile(r"'actbench [^']*'|actbench run .*|--(?P<option>[a-z][a-z0-9-]*)")
"""In a message. Commands are told as they are typed."""
P = ParamSpec("P")
R = TypeVar("R")


class Kind(NamedTuple):
    """What an argument must be.

    Attributes:
        types: its classes.
        words: how a message says it.
    """

    types: type | tuple[type, ...]
    words: str


NUMBER = Kind(Real, "a number")
WHOLE = Kind(Integral, "a whole number")
TEXT = Kind(str, "a text")
PATH = Kind((str, os.PathLike), "a path")
KINDS = {
    PATH: "study results reuse data_dir stores",
    WHOLE: "seeds max_seeds tuning_seeds jobs",
    NUMBER: "thresholds margin max_memory chance_level",
    TEXT: "variants baseline tune protocol budget log metrics activations data models where kind metric theme x select",
}
"""Of the functions' parameters, and of each item of those that are lists."""


def several(given: Any) -> tuple[Any, ...]:
    """The items of what may be one or many: a text, a path or a number is one, None is none."""
    if given is None:
        return ()
    one = isinstance(given, (str, os.PathLike)) or not isinstance(given, Iterable)
    return (given,) if one else tuple(given)


def check_among(known: Collection[str], **given: Any) -> None:
    """Check arguments that have a few possible values. Raises UserError for another; None is always allowed."""
    for name, value in given.items():
        if value is not None and value not in known:
            raise UserError(f"{name} cannot be {value!r}.{did_you_mean(value, known)} Known: {', '.join(known)}.")


def in_its_own_names(function: Callable[P, R]) -> Callable[P, R]:
    """The function, with arguments of the right kind, and errors in the names of its parameters, not of options."""
    signature = inspect.signature(function)
    names = signature.parameters
    settings = {column.option: name for name, column in SETTINGS.items()}
    takes_settings = any(its.kind is inspect.Parameter.VAR_KEYWORD for its in names.values())

    def named(found: re.Match[str]) -> str:
        option = found["option"]
        if option is None:
            return found[0]
        setting = settings.get(f"--{option}", option)
        for name in (option.replace("-", "_"), f"{option}s".replace("-", "_"), setting, f"{setting}s"):
            if name in names:
                return name
        return setting if takes_settings and setting in SETTINGS else found[0]

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        bound.arguments |= {name: list(its) for name, its in bound.arguments.items() if isinstance(its, Iterator)}
        for kind, parameters in KINDS.items():
            for name in parameters.split():
                _check(kind, name, bound.arguments.get(name))
        try:
            return function(*bound.args, **bound.kwargs)
        except ActbenchError as error:
            error.args = (OPTION_OR_COMMAND.sub(named, str(error)),)
            raise

    return call


def _check(kind: Kind, name: str, given: Any) -> None:
    for item in several(given):
        if not isinstance(item, kind.types) or isinstance(item, bool):
            raise UserError(f"{name} cannot be {shown(item)}: it must be {kind.words}.")
