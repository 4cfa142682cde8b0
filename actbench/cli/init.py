"""``actbench init``."""

from __future__ import annotations

import shlex
import typing
from pathlib import Path
from typing import Annotated

import typer

from actbench.cli.options import console
from actbench.cli.run import run
from actbench.errors import UserError
from actbench.reports.study_file import study_file
from actbench.results.columns import SETTINGS
from actbench.studies.file import NAME


def init(
    path: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="The file to write.")] = Path("study.toml"),
) -> None:
    """Write a new study's file in which every key is explained, to be changed and run."""
    if path.suffix != ".toml":
        raise UserError(f"A study's file ends in .toml: call it {str(path.with_suffix('.toml'))!r}.")
    if not NAME.fullmatch(path.stem):
        raise UserError(f"{path.stem!r} cannot be a study's name; letters, digits and . _ - will do, at most 100.")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(study_file(shlex.quote(str(path)), path.stem, settings_help()))
    except FileExistsError:
        raise UserError(f"There is {str(path)!r} already. Name another file, or move that one.") from None
    except OSError as error:
        raise UserError(f"Cannot write {str(path)!r}: {error.strerror or error}.") from None
    typer.echo(str(path))
    console(stderr=True).print(f"What it would train: actbench run {shlex.quote(str(path))} --dry-run")


def settings_help() -> dict[str, str]:
    """What ``run --help`` says of the settings."""
    hints = typing.get_type_hints(run, include_extras=True)
    return {name: hints[column.parameter].__metadata__[0].help for name, column in SETTINGS.items()}
