"""Loggers that people ask for by name with ``--log``. A new one is a file here with one decorated function.

The function takes the folder of the store and returns a listener, which is called with every event of a sweep as soon
as what is to be stored is stored.

A run that was interrupted goes on with the epoch after its checkpoint, and one that is trained anew begins with epoch
0. Either way, what a logger has of that epoch and of later ones is of a sitting that came to nothing: it is dropped.
"""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from actbench.errors import UserError
from actbench.execution.events import Event, Listener
from actbench.registry import Choice, Parameter, Registry
from actbench.results.column import Role
from actbench.results.columns import RUN_COLUMNS, RUN_FIELDS, Epoch, Record, Run, run_row
from actbench.results.files import check_writable

Begin: TypeAlias = Callable[[Path], Listener]
FIGURES = (Role.OUTCOME, Role.CLOCK)
PARTS = ("train", "val", "test", "eval")
UNSAFE = re.compile(r"[^\w.()=,+-]")
"""What no system's file names need."""


@dataclass(frozen=True)
class Logger:
    """``begin(folder)`` returns a listener for one sweep whose store is in that folder.

    ``needs`` is the package that it cannot do without; the extra of that name installs it.
    """

    name: str
    begin: Begin
    needs: str = ""
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


def logger(begin: Begin, *, needs: str = "") -> Begin:
    """Add a logger under the function's name."""
    LOGGERS.add(Logger(begin.__name__, begin, needs))
    return begin


def chosen_loggers(names: Iterable[str]) -> list[Logger]:
    """The loggers of those names. Raises UserError for one that is not there, or that lacks its package."""
    chosen = [LOGGERS[name] for name in names]
    for one in chosen:
        if one.needs and importlib.util.find_spec(one.needs) is None:
            raise UserError(
                f"--log {one.name} needs the package {one.needs!r}: install actbench with the extra {one.needs!r}."
            )
    return chosen


def folder_of(run: Run, folder: Path, name: str) -> Path:
    """The folder of a run below a store's folder of that name: by its study and variant, its arm, its seed.

    Raises:
        UserError: something else lies in the place of one of these folders.
    """
    path = folder
    for part in (name, run.study, run.variant, run.activation.spelling, f"seed-{run.seed}-{run.key[:8]}"):
        if part:
            path /= UNSAFE.sub("_", part).strip(".") or "_"
            check_writable(path, folder=True)
            path.mkdir(exist_ok=True)
    return path


def final_figures(record: Record) -> dict[str, float]:
    """What a run came to: the numbers of its row in ``runs.csv`` that are outcomes or clocks."""
    row = run_row(record)
    named = [column.name for column in RUN_COLUMNS if column.role in FIGURES and column.is_number]
    return {name: float(row[name]) for name in named if row[name] is not None}


def asked_of(run: Run) -> dict[str, Any]:
    """What a run was asked to do, as plain values by the names of the columns."""
    values = {column.name: getattr(run, column.name) for column in RUN_FIELDS}
    return {name: value.spelling if isinstance(value, Choice) else value for name, value in values.items()}


def curves_of(row: Epoch) -> dict[str, float]:
    """The figures of an epoch, by names that lay those of one kind side by side: ``loss/train``, ``loss/test``."""
    named = {}
    for name, value in asdict(row).items():
        part, _, figure = name.partition("_")
        if value is not None and name != "epoch":
            named[f"{figure}/{part}" if part in PARTS else name] = float(value)
    return named
