"""A person's own data, told by how it is spelled: a file, a folder, or a name in somebody's collection."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from actbench.custom import place_of
from actbench.datasets.sources import DATASETS, Reader, Source
from actbench.errors import UserError
from actbench.registry import Parameter, Registry, bind, parameters_of, parse

__all__ = ["KINDS", "Kind", "file_of", "kind_of", "own_data"]


@dataclass(frozen=True)
class Kind:
    """A kind of own data: how it is spelled, and what reads it, given the request and the spelled file or name.

    ``suffixes`` are the endings of its files, or ``prefix`` stands before a name and a colon; a folder has neither.
    Names of files and folders (``is_file``) are relative to the study, or the current folder. The rest is as in
    `Source`.
    """

    name: str
    read: Reader
    spelled: str
    obeys: tuple[str, ...]
    suffixes: tuple[str, ...] = ()
    prefix: str = ""
    is_file: bool = True
    thresholds: tuple[float, ...] = (0.9, 0.95, 0.98)
    metrics: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first line of its reader's docstring."""
        return (self.read.__doc__ or "").strip().partition("\n")[0]

    def source(self, name: str) -> Source:
        """What such a name stands for. Raises UserError for a parameter that it does not take."""
        if not self.prefix:
            return self._source(name, partial(self.read, place=name))
        spelling = parse(name)
        values = bind("data", self, spelling)
        return self._source(name, partial(self.read, place=_rest(name, self.prefix), **values))

    def _source(self, name: str, read: Reader) -> Source:
        # The model depends on what is in it, so it is chosen when it has been read: see default_model.
        return Source(
            name, read, epochs=10, model="", thresholds=self.thresholds, metrics=self.metrics, obeys=self.obeys
        )


def _rest(name: str, prefix: str) -> str:
    """What stands between the prefix and the parameters."""
    return name.strip().removeprefix(f"{prefix}:").partition("(")[0].strip()


KINDS: Registry[Kind] = Registry("kind of data", __name__, listed=False)


def own_data(spelled: str, *, obeys: tuple[str, ...], **more: Any) -> Callable[[Reader], Reader]:
    """Add a reader ``(request, place, parameters…) -> arrays`` of a kind of own data; what else it has is in `Kind`."""

    def register(read: Reader) -> Reader:
        KINDS.add(Kind(read.__name__, read, spelled, obeys, parameters=parameters_of(read, given=2), **more))
        return read

    return register


def kind_of(name: str) -> Kind | None:
    """The kind of own data that a name stands for; None for the name of a registered data set, and for nothing."""
    name = name.strip()
    for kind in KINDS:
        if kind.prefix and name.startswith(f"{kind.prefix}:") and _rest(name, kind.prefix):
            return kind
        if kind.suffixes and name.lower().endswith(kind.suffixes):
            return kind
    # os.path says of a name that can be no path that nothing is there.
    if name.endswith(("/", "\\")) or (name not in DATASETS and os.path.isdir(place_of(name))):  # noqa: PTH112 - as said
        return next(kind for kind in KINDS if not kind.prefix and not kind.suffixes)
    for kind in KINDS:
        if kind.prefix and name in {kind.prefix, f"{kind.prefix}:"} and name not in DATASETS:
            raise UserError(f"--data {name} names nothing to read. Write {kind.spelled}.")
    return None


def file_of(name: str) -> str | None:
    """The file or folder that a name names; None for anything else."""
    kind = kind_of(name)
    if kind is None or not kind.is_file:
        return None
    return _rest(name, kind.prefix) if kind.prefix else name.strip()
