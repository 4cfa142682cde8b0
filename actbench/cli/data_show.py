"""``actbench data show``."""

from __future__ import annotations

from typing import Annotated

import typer

from actbench.cli.fetching import Offline, watched
from actbench.cli.options import Json, Listed, completions, console
from actbench.cli.output import echo_json


def show(  # noqa: PLR0913, PLR0917 - one parameter an option
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH",
            help="A data set, or your own: FILE.npz, FILE.csv, FOLDER/ of images, text:FILE.",
            autocompletion=completions(Listed.datasets),
        ),
    ],
    target: Annotated[str | None, typer.Option(help="Column of a table that holds the classes.")] = None,
    impute: Annotated[str | None, typer.Option(help="Fill missing numbers: median.")] = None,
    image_size: Annotated[str | None, typer.Option(help="Resize the images of a folder, like 32 or 32x48.")] = None,
    test_split: Annotated[float | None, typer.Option(help="Keep this fraction as the test part.")] = None,
    validation_split: Annotated[float, typer.Option(help="Keep this fraction of the training part aside.")] = 0.0,
    split: Annotated[str, typer.Option(help="What is kept aside: last or stratified.")] = "last",
    limit: Annotated[int | None, typer.Option(help="At most this many inputs of each part.")] = None,
    data_dir: Annotated[str | None, typer.Option(help="Folder of NAME.npz files.")] = None,
    max_memory: Annotated[float | None, typer.Option(help="GiB that the data may take.")] = None,
    offline: Offline = False,  # noqa: ARG001 - its callback obeys it
    as_json: Json = False,
) -> None:
    """Show data: shapes, classes with counts, a few images or rows, and its hash."""
    from actbench.datasets import Request, prepare
    from actbench.reports.inputs import card, description
    from actbench.reports.layout import show_grid
    from actbench.reports.sheet.parts import Grid
    from actbench.studies.settings import complete

    options = {
        "target": target, "impute": impute, "image_size": image_size, "test_split": test_split,
        "validation_split": validation_split, "split": split, "limit": limit,
    }  # fmt: skip
    asked = complete(options)
    with watched(quiet=as_json):
        prepared = prepare(Request(name, data_dir, max_memory=max_memory, **{key: asked[key] for key in options}))
    if as_json:
        echo_json(description(name, prepared))
        return
    screen = console()
    colour = screen.is_terminal and screen.color_system is not None
    for part in card(name, prepared, width=screen.width, colour=colour):
        show_grid(part, screen) if isinstance(part, Grid) else screen.print(part)
