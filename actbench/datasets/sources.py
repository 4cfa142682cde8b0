"""Data sets by name, and the one decorator that adds to them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from actbench.datasets._arrays import Arrays
from actbench.registry import Parameter, Registry, parameters_of

Reader: TypeAlias = Callable[..., Arrays]
"""Takes the request, and parameters by name; returns the four arrays, or the training part alone."""


@dataclass(frozen=True)
class Source:
    """A data set and the defaults that suit it.

    Attributes:
        name: how it is spelled.
        read: reads the arrays, given the request.
        epochs, model, thresholds: what a run takes when nothing else was asked for; thresholds are accuracies, as
            fractions. An empty model is chosen when the shape of an input is known.
        chance: the share of the most frequent class in the training part, for rows of runs that did not measure it;
            None where that is not known beforehand.
        metrics: what arms are compared by beside accuracy where nobody asks, as ``--metric`` reads it.
        obeys: those of the request's options that mean something here, of ``finding.OPTIONS``.
        parameters: what its spelling may set.
        aliases: other names for it.
    """

    name: str
    read: Reader
    epochs: int
    model: str
    thresholds: tuple[float, ...]
    chance: float | None = None
    metrics: tuple[str, ...] = ()
    obeys: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the reader's docstring."""
        return inspect.cleandoc(self.read.__doc__ or "").split("\n\n")[0].replace("\n", " ")


DATASETS: Registry[Source] = Registry("dataset", "actbench.datasets", "actbench.datasets.published")


def dataset(
    *,
    epochs: int,
    model: str,
    thresholds: tuple[float, ...] = (0.95, 0.97, 0.98),
    chance: float | None = None,
    metrics: tuple[str, ...] = (),
) -> Callable[[Reader], Reader]:
    """Add a reader ``(request, parameters…) -> four arrays`` under its own name; the rest is as in `Source`."""

    def register(read: Reader) -> Reader:
        parameters = parameters_of(read, given=1)
        DATASETS.add(Source(read.__name__, read, epochs, model, thresholds, chance, metrics, parameters=parameters))
        return read

    return register
