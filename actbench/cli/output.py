"""How results leave the program: in which format, and to stdout or a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actbench.cli.options import completing, console
from actbench.errors import UserError
from actbench.printable import printable
from actbench.reports.formats import FORMATS, SCREEN, format_for
from actbench.reports.formats.json import json_text

if TYPE_CHECKING:
    from actbench.reports.formats import Format
    from actbench.reports.sheet import Sheet


FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS.names),
        help="How to write it. Default: by the ending of --output, or else a table.",
        autocompletion=completing(lambda: FORMATS.names),
    ),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.")]


def chosen_format(name: str | None, output: Path | None, *, as_json: bool) -> Format:
    """What was asked for. Raises UserError for an unknown name: before anything is trained or read."""
    if as_json and name not in (None, "json"):
        raise UserError(f"--json and --format {name} are two formats. Give one of them.")
    return format_for("json" if as_json else name, output)


def write_sheet(sheet: Sheet, form: Format, output: Path | None = None) -> None:
    """Write a sheet to a file, or to stdout. Raises UserError where the file cannot be written."""
    screen = console(plain=output is not None)
    text = form.write(sheet, screen)
    if form.name != SCREEN:  # that one's colours are control sequences; what stands in its cells is printable
        text = printable(text)
    text = text if text.endswith("\n") else text + "\n"
    if output is None:
        screen.file.write(text)
        screen.file.flush()
    else:
        _write_file(output, text)
    if not form.warns:
        for warning in sheet.all_warnings:
            console(stderr=True).print(f"warning: {warning}")


def echo_json(value: Any) -> None:
    """Print plain values as JSON on stdout."""
    typer.echo(json_text(value, sys.stdout.encoding))


def _write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from None
