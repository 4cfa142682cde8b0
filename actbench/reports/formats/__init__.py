"""The formats that sheets are written in. A new one is a file here with one decorated function; it serves every sheet.

The function takes a sheet and the console on which it may be shown, and returns text.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from actbench.errors import UserError
from actbench.registry import Parameter, Registry
from actbench.reports.sheet.parts import Sheet

if TYPE_CHECKING:
    from rich.console import Console

Write: TypeAlias = Callable[[Sheet, "Console"], str]


@dataclass(frozen=True)
class Format:
    """A way to write a sheet.

    Attributes:
        name: as ``--format`` knows it.
        write: from a sheet, and the console on which it may be shown, to text.
        endings: of the files that hold it: ``(".md",)``.
        warns: whether the text holds the sheet's warnings.
        aliases: other names for it.
        parameters: none.
    """

    name: str
    write: Write
    endings: tuple[str, ...]
    warns: bool = True
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return inspect.cleandoc(self.write.__doc__ or "").split("\n\n")[0].replace("\n", " ")


FORMATS: Registry[Format] = Registry("format", __name__, listed=False)
SCREEN = "table"
"""The format of a command that was asked for none."""


def sheet_format(
    name: str, *endings: str, warns: bool = True, aliases: tuple[str, ...] = ()
) -> Callable[[Write], Write]:
    """Add a function to the formats. See `Format` for the arguments."""

    def register(write: Write) -> Write:
        FORMATS.add(Format(name, write, endings, warns, aliases))
        return write

    return register


def format_for(name: str | None, output: Path | None) -> Format:
    """The format of that name; without one, that of the file's ending, and else the screen's.

    Raises:
        UserError: there is no format of that name, none of the file's ending, or the two are different ones.
    """
    chosen = FORMATS[name] if name is not None else None
    ending = output.suffix.lower() if output else ""
    meant = next((form for form in FORMATS if ending in form.endings), None)
    if chosen and meant and chosen is not meant:
        raise UserError(
            f"--output {str(output)!r} is a file of the format {meant.name}, but {chosen.name} was asked for. Give it "
            f"the ending {chosen.endings[0]}."
        )
    if ending and not chosen and not meant:
        known = ", ".join(ending for form in FORMATS for ending in form.endings)
        raise UserError(f"--output {str(output)!r} says no format by its ending. Known: {known}; or give --format.")
    return chosen or meant or FORMATS[SCREEN]
