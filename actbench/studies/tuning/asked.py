"""What is asked of a tuning: by which protocol which settings are chosen, on which seeds, judged on which part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from actbench.errors import UserError, did_you_mean
from actbench.registry import Spelling, bind, choose, spell
from actbench.results.columns import SETTINGS
from actbench.training.optimizers import OPTIMIZERS

FIRST_SEED = 10_000
"""Of the tuning seeds, where nobody names them: behind all that a number of scoring seeds can reach."""
SCORING_SEEDS = 10
"""Fresh seeds that judge the arms at their own settings, where nobody says how many."""
UNSEARCHED = ("device", "backend", "precision", "deterministic", "epochs", "patience")
"""Settings of training that a tuning leaves as they are: they say where and how long, not how well."""
Values: TypeAlias = tuple[tuple[str, Any], ...]
"""Names of settings, or of an optimizer's parameters, each with a value."""


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """How each arm's own settings are chosen before it is scored.

    Attributes:
        protocol: ``fair``, ``deepobs`` or ``algoperf``, by default ``fair``; ``grid`` where values are given.
        seeds: of the tuning runs; in a study's file also how many. By default the protocol's number, from 10000 on.
        validation_split: the share of the training part that judges, drawn of each class, by default 0.1.
        grid: a table: names of settings, or of the optimizer's parameters, each with the values to be tried.
        budget: ``full``, or ``halving``, which drops the worse half of an arm's trials after each seed.
    """

    protocol: str = "fair"
    seeds: tuple[Annotated[int, Meta(ge=0, lt=2**32)], ...] | None = None
    validation_split: Annotated[float, Meta(gt=0, lt=1)] = 0.1
    grid: dict[str, list[Any]] = {}
    budget: Literal["full", "halving"] = "full"


def searchable() -> tuple[str, ...]:
    """The settings that a tuning may choose."""
    return tuple(
        name for name, column in SETTINGS.items() if column.key.startswith("training.") and name not in UNSEARCHED
    )


def place_of(name: str) -> str:
    """The setting in which a searched name lies: itself, or the optimizer whose parameter it is.

    Raises:
        UserError: it is neither.
    """
    known = searchable()
    if name in known:
        return name
    parameters = sorted({parameter.name for entry in OPTIMIZERS for parameter in entry.parameters})
    if name in parameters:
        return "optimizer"
    raise UserError(
        f"A tuning cannot choose {name!r}.{did_you_mean(name, (*known, *parameters))} It can choose "
        f"{', '.join(known)}, and what is a parameter of the optimizer."
    )


def laid_over(asked: Mapping[str, Any], values: Values) -> dict[str, Any]:
    """Settings with those of a trial in their place.

    Raises:
        UserError: an optimizer is to have a parameter that it lacks.
    """
    found = dict(asked)
    for name, value in values:
        if place_of(name) == name:
            found[name] = value
        else:
            entry, parameters, _ = choose(OPTIMIZERS, found["optimizer"])
            checked = bind("optimizer", entry, Spelling("", entry.name, (), parameters | {name: value}))
            found["optimizer"] = spell(entry.name, entry.parameters, checked)
    return found


def value_in(asked: Mapping[str, Any], name: str) -> Any:
    """What settings, or a row of ``runs.csv``, hold under a searched name. Where no weight decay is said, it is the
    optimizer's own.
    """
    if place_of(name) != name:
        return choose(OPTIMIZERS, asked["optimizer"])[1][name]
    value = asked[name]
    if name == "weight_decay" and (value is None or math.isnan(value)):
        return choose(OPTIMIZERS, asked["optimizer"])[0].usual_decay
    return value
