"""Heavy libraries behind light names: nothing is imported before something of it is really used.

``keras = lazy("keras")`` costs nothing; ``keras.ops.tanh`` imports Keras, which takes seconds, on first use. That is
why ``actbench --help``, the lists and every usage error answer at once.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

_PREPARATIONS: dict[str, Callable[[], None]] = {}


class LazyModule:
    """Stands in for a module until one of its attributes is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(load(self._name), attribute)

    def __repr__(self) -> str:
        return f"<lazy {self._name}>"


def lazy(name: str) -> Any:
    """Return a stand-in for the module ``name`` (typed ``Any``, as the module itself would be for mypy)."""
    return LazyModule(name)


def before(package: str, prepare: Callable[[], None]) -> None:
    """Have ``prepare()`` called right before ``load`` imports an installed ``package`` for the first time."""
    _PREPARATIONS[package] = prepare


def load(name: str) -> Any:
    """Import ``name`` now, after what was registered with ``before`` for its package."""
    package = name.partition(".")[0]
    prepare = _PREPARATIONS.get(package)
    if prepare is not None and package not in sys.modules and importlib.util.find_spec(package) is not None:
        prepare()
    return importlib.import_module(name)
