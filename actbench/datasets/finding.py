"""Finding what a name stands for: a registered data set, or a person's own, told by how it is spelled."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from actbench.custom import is_there
from actbench.datasets import own
from actbench.datasets._arrays import Arrays
from actbench.datasets.request import Request
from actbench.datasets.sources import DATASETS, Source
from actbench.errors import UserError, shown
from actbench.registry import check_printable, choose


def describe(name: str) -> Source:
    """The source of that name, or of a person's own data. Raises UserError where there is none."""
    check_printable(name)
    kind = own.kind_of(name)
    if kind is not None:
        return kind.source(name)
    there = is_there(name)
    if name not in DATASETS and ("/" in name or there):
        spelled = ", ".join(kind.spelled for kind in own.KINDS)
        what = "of no kind that is read here" if there else "not there"
        raise UserError(f"The data {shown(name)} is {what}. A person's own data is spelled {spelled}.")
    source, values, choice = choose(DATASETS, name)
    if not values:
        return source
    chance = source.chance if choice.spelling == source.name else None  # other parameters, other shares
    return replace(source, name=choice.spelling, read=partial(source.read, **values), chance=chance)


def metrics_of(name: str) -> tuple[str, ...]:
    """What arms on such data are compared by beside accuracy; nothing for a name that means nothing here."""
    kind = own.kind_of(name)
    if kind is not None:
        return kind.metrics
    plain = name.partition("(")[0].strip()
    return DATASETS[plain].metrics if plain in DATASETS else ()


OPTIONS: dict[str, tuple[str, str]] = {
    "target": ("--target", "names the column of a table that holds the classes"),
    "impute": ("--impute", "fills missing numbers of a person's own features"),
    "image_size": ("--image-size", "resizes the images in a folder"),
    "test_split": ("--test-split", "keeps a part of data that has no test part"),
}
"""Options of a request that not every source obeys: as they are given, and what they do."""


def read(request: Request) -> Arrays:
    """The arrays that a request names, as they come.

    Raises:
        UserError: they cannot be had, or something was asked of them that means nothing there.
    """
    source = describe(request.name)
    for field, (option, meaning) in OPTIONS.items():
        value: Any = getattr(request, field)
        if value is not None and field not in source.obeys:
            raise UserError(f"{option} {meaning}: that is not for {request.name!r}. Leave it out.")
    return source.read(request)
