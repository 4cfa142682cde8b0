"""What commands that may fetch data share: the option that forbids it, and the progress of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Annotated

import typer

from actbench.cli.options import console


def _go_offline(chosen: bool) -> bool:
    """Have this process, and those that it starts, leave the network alone."""
    from actbench.datasets.fetching.offline import OFFLINE

    if chosen:
        os.environ[OFFLINE] = "1"
    return chosen


Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        callback=_go_offline,
        help="Never touch the network: say what is missing, and where to put it. ACTBENCH_OFFLINE=1 does the same.",
    ),
]


@contextlib.contextmanager
def watched(*, quiet: bool) -> Iterator[None]:
    """Inside the block, what is fetched is shown on stderr; Ctrl-C ends the command with a word on how to go on."""
    from actbench.datasets.fetching.events import told
    from actbench.reports.fetching import FetchProgress

    errors = console(stderr=True)
    try:
        with FetchProgress(errors, quiet=quiet) as progress, told(progress):
            yield
    except KeyboardInterrupt:
        errors.print("Interrupted. What has been fetched is kept; give the same command again to go on.")
        raise typer.Exit(130) from None
