"""Settings by name: what each may hold, and what the names among them stand for.

Which settings there are is declared in ``actbench.results.columns``; here their values are checked. A setting that is
a name from a catalogue, or a person's own code, has a line in ``NAMED``.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from actbench import activations, datasets, models
from actbench.errors import UserError, shown
from actbench.models import whole
from actbench.providers import LIBRARIES
from actbench.registry import Choice, Spelling, choose, parse, parts_of
from actbench.results.columns import SETTINGS
from actbench.training import augmentation, backends, initializers, schedules
from actbench.training.optimizers import OPTIMIZERS

Asked: TypeAlias = Mapping[str, Any]
"""What one run is asked to do: a value for each name in ``SETTINGS``."""


def _check_one_name(text: str) -> None:
    """Raise UserError for a list that is written as one text, and say what to write instead."""
    names = parts_of(text)
    if len(names) > 1 and ":" not in text:
        raise UserError(
            f"{shown(text)} is {len(names)} names. Give each by itself: as an option of its own, like --act relu --act "
            "mish, or in a study's file as an item of a list."
        )


def _of_one(find: Callable[[str], Any]) -> Callable[[str], Any]:
    """The function, for one name at a time."""

    def found(text: str) -> Any:
        _check_one_name(text)
        return find(text)

    return found


def _optimizer(text: str) -> Choice:
    """The optimizer that is meant. Raises UserError, also for one that is given what is a setting of its own."""
    given = parse(text).named
    for word, name in (("lr", "learning_rate"), ("learning_rate",) * 2, ("weight_decay",) * 2):
        if word in given:
            raise UserError(
                f"The {name.replace('_', ' ')} is no parameter of {text!r}, but a setting of its own: "
                f"{SETTINGS[name].option} {given[word]}, or {name} = {given[word]} in a study's file."
            )
    return choose(OPTIMIZERS, text)[2]


NAMED: dict[str, Callable[[str], Any]] = {
    "augment": augmentation.named,
    "custom_objects": whole.named_objects,
} | {
    name: _of_one(find)
    for name, find in {
        "activation": activations.named,
        "data": lambda text: datasets.describe(text).name,
        "model": models.named,
        "optimizer": _optimizer,
        "initializer": initializers.named,
        "schedule": schedules.named,
        "backend": lambda text: backends.get(text).name,
    }.items()
}
"""Settings that are names, and what finds out which thing is meant, if there is one. No person's code is run."""

CODE: dict[str, tuple[str, ...]] = {"activation": LIBRARIES, "model": (models.KERAS,), "custom_objects": ()}
"""Settings that may name a person's own code: by any provider but these."""


def own_code(name: str, value: Any) -> list[Spelling]:
    """The spellings of a person's own code, where a setting's value names such. Raises UserError for no spelling."""
    if name not in CODE or value is None:
        return []
    if name != "custom_objects":
        _check_one_name(value)
    spellings = map(parse, parts_of(value)) if name == "custom_objects" else [parse(value)]
    return [spelling for spelling in spellings if spelling.provider and spelling.provider not in CODE[name]]


def is_of_ones_own(name: str, value: Any) -> bool:
    """Whether a setting's value is code or a network of a person's own, which may not work."""
    return bool(own_code(name, value)) or (name == "model" and value is not None and models.is_whole(value))


def is_saved(model: str) -> bool:
    """Whether a model is a file that Keras saved."""
    return whole.is_file(parse(model))


def check_trusted(model: str, *, allow_code: bool) -> None:
    """Raise UserError for a saved model that holds code, unless that is allowed: to read it is to run it."""
    if not allow_code and is_saved(model) and whole.holds_code(parse(model).name):
        raise UserError(
            f"The model {model!r} holds a Lambda, which is code that runs when it is read. Give --allow-code if you "
            "trust the file, or build the network in a function: --model FILE.py:build."
        )


def files_in(name: str, value: Any) -> list[str]:
    """The files that a setting's value names: of data, of a saved model, or of a person's own code."""
    if name == "data":
        file = datasets.file_of(str(value))
        return [] if file is None else [file]
    if name == "model" and value is not None and is_saved(value):
        return [parse(value).name]
    return [spelling.provider for spelling in own_code(name, value) if spelling.provider.endswith(".py")]


LARGEST = 2**53
"""Of whole numbers: above it a float, which tables are read into, does not tell neighbours apart."""
WORDS = {
    " | null`": "`",
    "Expected `int`": "it must be a whole number",
    "Expected `float`": "it must be a number",
    "Expected `str`": "it must be a text",
    "Expected `bool`": "it must be true or false",
    "Expected `array`": "it must be a list",
    ", got `": ", not `",
}
"""What the validator says, and how people say it."""


def complete(values: Mapping[str, Any]) -> Asked:
    """Validate plain values and fill in the defaults.

    Raises:
        UserError: names the setting as the command line does, what was given and what is allowed.
    """
    asked = {name: column.default for name, column in SETTINGS.items()}
    for name, value in values.items():
        try:
            asked[name] = validated(value, SETTINGS[name].asked)
        except ValueError as error:
            raise UserError(f"{SETTINGS[name].option} cannot be {shown(value)}: {error}.") from None
    return asked


def validated(value: Any, kind: Any) -> Any:
    """The value as that type. Raises ValueError that says in words what is allowed."""
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError(f"it must be a number of at most {LARGEST}")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = str(error).partition(" - at ")[0]
    choices = [part for part in (kind, *typing.get_args(kind)) if typing.get_origin(part) is Literal]
    if choices:
        raise ValueError("allowed are " + ", ".join(typing.get_args(choices[0])))
    for theirs, ours in WORDS.items():
        text = text.replace(theirs, ours)
    raise ValueError(text[:1].lower() + text[1:])
