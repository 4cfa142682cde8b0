"""Loggers that people ask for by name with ``--log``. A new one is a file here with one decorated function.

The function takes the folder of the store and returns a listener, which is called with every event of a sweep as soon
as what is to be stored is stored.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from actbench.execution.events import Event, Listener
from actbench.registry import Parameter, Registry

Begin: TypeAlias = Callable[[Path], Listener]


@dataclass(frozen=True)
class Logger:
    """``begin(folder)`` returns a listener for one sweep whose store is in that folder."""

    name: str
    begin: Begin
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return inspect.cleandoc(self.begin.__doc__ or "").split("\n\n")[0].replace("\n", " ")

    def listener(self, folder: Path) -> Listener:
        """A listener that begins with its first event: by then the folder is there, and locked."""
        begun: list[Listener] = []

        def listen(event: Event) -> None:
            if not begun:
                begun.append(self.begin(folder))
            begun[0](event)

        return listen


LOGGERS: Registry[Logger] = Registry("logger", __name__)


def logger(begin: Begin) -> Begin:
    """Add a logger under the function's name."""
    LOGGERS.add(Logger(begin.__name__, begin))
    return begin
