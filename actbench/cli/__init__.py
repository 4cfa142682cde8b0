"""The command line: parses, calls, prints. What a command does lies in the function that it calls."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer

import actbench
from actbench.cli.compare import compare
from actbench.cli.lists import info, list_entries, show
from actbench.cli.options import console
from actbench.cli.plot import plot
from actbench.cli.reproduce import reproduce
from actbench.cli.run import run
from actbench.errors import UserError

app = typer.Typer(
    name="actbench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Would another activation function do better in my network, and what would it cost me?",
    epilog="Any command takes --debug, which shows the traceback of an error. Start with: actbench run --act mish",
)

app.command()(run)
app.command()(compare)
app.command()(plot)
app.command()(reproduce)
app.command(name="list")(list_entries)
app.command()(show)
app.command()(info)


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Options of the program itself."""
    if version:
        typer.echo(f"actbench {actbench.__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line: 0 done, 1 some run failed, 2 wrong usage or bad input, 130 interrupted."""
    debug = "--debug" in sys.argv
    sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        app()
    except UserError as error:
        if debug:
            raise
        console(stderr=True).print(f"actbench: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)
