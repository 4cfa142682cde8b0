"""The command line: parses, calls, prints. What a command does lies in the function that it calls."""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from actbench.cli.clean import clean
from actbench.cli.compare import compare
from actbench.cli.crash import crash_message
from actbench.cli.data import app as data
from actbench.cli.init import init
from actbench.cli.lists import info, list_entries, show
from actbench.cli.options import console
from actbench.cli.plot import plot
from actbench.cli.reproduce import reproduce
from actbench.cli.run import run
from actbench.cli.streams import guarded
from actbench.cli.terminal import printable_streams
from actbench.cli.usage import usage_message
from actbench.cli.values import Program
from actbench.environment import __version__
from actbench.errors import UserError

NAMES = ("actbench", "keras-actbench")
"""Of the installed command."""

app = typer.Typer(
    name="actbench",
    cls=Program,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Would another activation function do better in my network, and what would it cost me?",
    epilog="Any command takes --debug, which shows the traceback of an error. Start with: actbench run --act mish",
)

app.command()(run)
app.command()(init)
app.command()(compare)
app.command()(plot)
app.command()(reproduce)
app.command()(clean)
app.command(name="list")(list_entries)
app.command()(show)
app.command()(info)
app.add_typer(data, name="data")


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and exit.")] = False,
) -> None:
    """Options of the program itself."""
    if version:
        typer.echo(f"actbench {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line.

    Exit codes: 0 done, 1 some run failed or a check did not hold, 2 wrong usage or bad input, 3 a bug in actbench, 130
    interrupted.
    """
    with guarded(), printable_streams():
        _run()


def _run() -> None:
    debug = "--debug" in sys.argv
    sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        sys.exit(app(prog_name=_called(), standalone_mode=False))
    except TyperException as error:
        _say(usage_message(error))
        sys.exit(2)
    except UserError as error:
        _trace() if debug else _say(f"actbench: {error}")
        sys.exit(2)
    except Exception as error:  # noqa: BLE001 - nothing else may end in a traceback, or in the code of a failed check
        if debug:
            _trace()
        # Only a name that was given can be so long, whoever of all those that look for files has met it.
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            _say(f"actbench: {str(error.filename)!r} is too long to be the name of a file.")
            sys.exit(2)
        _say(crash_message(error))
        sys.exit(3)


def _called() -> str:
    """The name of the program in help and in what the shell completes: one of its two, however it was started."""
    name = Path(sys.argv[0]).stem
    return name if name in NAMES else NAMES[0]


def _say(text: str) -> None:
    console(stderr=True).print(text.rstrip())


def _trace() -> None:
    """The traceback as Python writes it: its lines are code, and stay whole."""
    typer.echo(traceback.format_exc(), err=True)
