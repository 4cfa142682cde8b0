"""``actbench clean``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from actbench.cli.options import Listed, completions, console
from actbench.errors import UserError


def clean(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="Folder with results.")],
    failed: Annotated[bool, typer.Option("--failed", help="Runs that failed or ran out of memory.")] = False,
    act: Annotated[
        list[str] | None,
        typer.Option(
            "--act",
            help="Runs of this activation; 'swish*' and a bare name for all its parameters will do (repeatable).",
            autocompletion=completions(Listed.activations),
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove runs from a store, after a copy of its tables was put beside it."""
    if not (failed or act):
        raise UserError("Say what is to be removed: --failed, --act NAME, or both for the failed runs of that one.")
    from actbench.execution.clean import remove, unwanted
    from actbench.reports import words

    found = unwanted(store, act or (), failed=failed)
    errors = console(stderr=True)
    errors.print(words.to_remove(found), markup=False)
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("Nobody can be asked here: give --yes to remove them.")
        if not typer.confirm("Remove them?", err=True):
            raise typer.Exit(1)
    copy = remove(found)
    errors.print(words.removed(found, copy), markup=False)
