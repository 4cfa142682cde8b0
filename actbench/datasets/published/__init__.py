"""Data sets that others publish: what is known of their files, and what reads these."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

from actbench.datasets._arrays import Arrays
from actbench.datasets.published.files import PUBLISHED, Container, Published
from actbench.datasets.request import Request
from actbench.datasets.sources import DATASETS, Reader, Source


def published(
    *,
    source: str,
    home: str,
    licence: str,
    epochs: int,
    model: str,
    thresholds: tuple[float, ...] = (0.95, 0.97, 0.98),
    chance: float | None = None,
) -> Callable[[Callable[[], tuple[Container, ...]]], Reader]:
    """Add a data set under the name of a function that says in which containers it is published.

    The function becomes the data set's reader ``(request) -> four arrays``, its docstring the summary.

    Args:
        source: who made it and when.
        home: its page.
        licence: the terms.
        epochs: what a run takes when nothing else was asked for.
        model: likewise.
        thresholds: likewise; accuracies, as fractions.
        chance: the share of the most frequent class in the training part.
    """

    def register(containers: Callable[[], tuple[Container, ...]]) -> Reader:
        name, words = containers.__name__, inspect.getdoc(containers) or ""
        entry = Published(name, containers(), source, home, licence, words.split("\n\n")[0].replace("\n", " "))

        def read(request: Request) -> Arrays:
            from actbench.datasets.fetching import cache

            return cache.arrays(entry, Path(request.data_dir) if request.data_dir else None)

        read.__doc__ = words
        PUBLISHED.add(entry)
        DATASETS.add(Source(name, read, epochs, model, thresholds, chance))
        return read

    return register
