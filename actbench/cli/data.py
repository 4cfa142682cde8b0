"""``actbench data``: published data sets on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actbench.cli.data_show import show
from actbench.cli.fetching import Offline, watched
from actbench.cli.options import Json, console
from actbench.cli.output import echo_json
from actbench.errors import UserError

if TYPE_CHECKING:
    from actbench.datasets.fetching.stamps import State
    from actbench.datasets.published.files import Published

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Published data sets: what there is, and fetching, proving and keeping it on this machine.",
)


def _names(incomplete: str) -> list[str]:
    from actbench.datasets.published.files import PUBLISHED

    return [name for name in PUBLISHED.names if name.startswith(incomplete)]


Names = Annotated[list[str] | None, typer.Argument(metavar="NAME", autocompletion=_names)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")]


app.command()(show)


@app.command(name="list")
def list_data(as_json: Json = False) -> None:
    """List the data sets: what they are, their size as published, what is here of them, their licence."""
    from actbench.reports.data import holding_json, holdings, holdings_grid
    from actbench.reports.layout import show_grid

    rows = holdings()
    if as_json:
        echo_json([holding_json(row) for row in rows])
    else:
        show_grid(holdings_grid(rows), console())


@app.command()
def fetch(
    names: Names = None,
    every: Annotated[bool, typer.Option("--all", help="All published data sets.")] = False,
    offline: Offline = False,  # noqa: ARG001 - its callback obeys it
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Fetch data sets that are not here, or damaged: from where other programs keep them, else from a mirror."""
    from actbench.datasets.fetching import cache

    if not names and not every:
        raise UserError("Say which data sets to fetch, as 'actbench data list' names them, or --all.")
    chosen = _chosen(None if every else names)
    failures = []
    with watched(quiet=quiet):
        for published in chosen:
            try:
                cache.fetch(published)
            except UserError as error:  # the others may be had
                failures.append(str(error))
    if len(failures) < len(chosen):
        _print_states({published.name: cache.state_of(published) for published in chosen}, as_json=as_json)
    if failures:
        raise UserError("\n".join(failures))


@app.command()
def verify(names: Names = None, as_json: Json = False) -> None:
    """Hold every byte of what is here against its stamp. Exits with 1 where something is damaged."""
    from actbench.datasets.fetching.cache import state_of
    from actbench.datasets.fetching.stamps import State

    states = {published.name: state_of(published, full=True) for published in _chosen(names or None)}
    _print_states(
        {name: found for name, found in states.items() if names or found is not State.ABSENT}, as_json=as_json
    )
    if State.DAMAGED in states.values():
        raise typer.Exit(1)


@app.command()
def path(
    name: Annotated[str | None, typer.Argument(metavar="NAME", autocompletion=_names)] = None,
    as_json: Json = False,
) -> None:
    """Print the folder that data is kept in, or where the archive of a data set lies."""
    from actbench.datasets.fetching.cache import archive
    from actbench.datasets.fetching.places import folder

    place = folder()
    if name is not None:
        (published,) = _chosen([name])
        place = archive(published.name)
        if not place.is_file():
            raise UserError(f"{published.name} is not here. 'actbench data fetch {published.name}' fetches it.")
    if as_json:
        echo_json({"path": str(place)})
    else:
        typer.echo(place)


@app.command(name="import")
def import_data(
    place: Annotated[Path, typer.Argument(metavar="FILE|FOLDER")],
    name: Annotated[
        str | None,
        typer.Option("--as", help="The data set that it is. Default: told by its hash.", autocompletion=_names),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take published files that somebody fetched in another way; what they are is told by their hashes."""
    from actbench.datasets.fetching.importing import import_from
    from actbench.reports.words import data as words

    done = import_from(place, _chosen([name] if name else None))
    if as_json:
        echo_json([{"name": one.name, "missing": [file.name for file in one.missing]} for one in done])
        return
    for one in done:
        console().print(words.imported(one))


def _chosen(names: list[str] | None) -> list[Published]:
    """The published data sets of these names, or all of them."""
    from actbench.datasets import DATASETS
    from actbench.datasets.published.files import PUBLISHED

    if names is None:
        return list(PUBLISHED)
    built_in = [name for name in names if DATASETS[name].name not in PUBLISHED.names]
    if built_in:
        raise UserError(f"{built_in[0]} is built in, or drawn from another data set: no file of it is published.")
    return [PUBLISHED[name] for name in names]


def _print_states(states: Mapping[str, State], *, as_json: bool) -> None:
    from actbench.datasets import DATASETS
    from actbench.reports.data import holding, holding_json, states_grid
    from actbench.reports.layout import show_grid

    rows = [holding(DATASETS[name], found) for name, found in states.items()]
    if as_json:
        echo_json([holding_json(row) for row in rows])
    else:
        show_grid(states_grid(rows), console())
