"""``actbench list``, ``show`` and ``info``: what there is, without training anything."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from actbench import environment, models
from actbench.cli.options import REGISTRIES, DataDir, Json, Listed, ThemeName, completions, console
from actbench.cli.output import echo_json
from actbench.datasets import Request
from actbench.errors import UserError
from actbench.registry import describe, parse, signature
from actbench.reports import activations as reports
from actbench.reports.layout import pairs_grid, show_grid
from actbench.reports.plots.style import THEMES
from actbench.training import backends


def list_entries(
    kind: Annotated[Listed, typer.Argument()],
    only: Annotated[
        str | None,
        typer.Option("--kind", help="Activations of one kind: elementwise, stochastic, trainable, layer, axis."),
    ] = None,
    search: Annotated[str, typer.Option(help="Those with this text in name, formula, summary or source.")] = "",
    as_json: Json = False,
) -> None:
    """List by name what there is of a kind: activations, data sets, networks and so on."""
    if only is not None and kind is not Listed.activations:
        raise UserError(f"--kind sorts activations, not {kind.value}.")
    if kind is Listed.studies:
        _list_studies(search, as_json=as_json)
        return
    if kind is Listed.activations:
        entries: list[Any] = reports.search_catalogue(only, search)
    else:
        entries = [e for e in REGISTRIES[kind] if search.lower() in f"{e.name} {e.summary}".lower()]
    if as_json:
        echo_json([describe(entry) for entry in entries])
        return
    pairs = [(signature(entry), getattr(entry, "formula", entry.summary)) for entry in entries]
    show_grid(pairs_grid(pairs), console())


def _list_studies(search: str, *, as_json: bool) -> None:
    from actbench.execution.reproduce import find_case, studies

    cases = [find_case(name, Path("results")) for name in studies()]
    wanted = [
        case
        for case in cases
        if search.lower() in f"{case.study.name} {case.study.description} {case.study.source}".lower()
    ]
    if as_json:
        described = [
            {
                "name": case.study.name,
                "description": case.study.description,
                "source": case.study.source,
                "file": str(case.path),
                "claims": [claim.text for claim in case.article.claims],
            }
            for case in wanted
        ]
        echo_json(described)
        return
    show_grid(pairs_grid((case.study.name, case.study.description) for case in wanted), console())


def show(  # noqa: PLR0913, PLR0917 - one parameter an option
    chosen: Annotated[
        list[str] | None, typer.Argument(metavar="ACTIVATION", autocompletion=completions(Listed.activations))
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Show this network instead, as 'actbench run' takes it, and which of its activations are swapped.",
            autocompletion=completions(Listed.models),
        ),
    ] = None,
    data: Annotated[
        str,
        typer.Option(help="With --model: the data that it is built for.", autocompletion=completions(Listed.datasets)),
    ] = "digits",
    data_dir: DataDir = None,
    target: Annotated[
        str | None, typer.Option(help="With --model: the column of a table that holds the classes.")
    ] = None,
    swap: Annotated[
        str, typer.Option(help="With --model: hidden, relu, all, or a pattern of layers' names.")
    ] = "hidden",
    custom_objects: Annotated[
        list[str] | None, typer.Option("--custom-objects", help="With --model: a layer of your own, file.py:Layer.")
    ] = None,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="With --model: trust the code in a saved one.")
    ] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw f and f′ of them all into this .png, .svg or .pdf.")] = None,
    theme: Annotated[ThemeName, typer.Option(help="Of the paper of --plot.")] = ThemeName.light,
    as_json: Json = False,
) -> None:
    """Show activations: formula, source, parameters, properties, and f and f′ as small plots. Or a network's layers."""
    if (model is None) == (not chosen):
        raise UserError("Name activations to show, or one network: --model my.keras.")
    if model is not None:
        request = Request(data, str(data_dir) if data_dir else None, target=target)
        _show_network(model, request, swap, custom_objects, allow_code=allow_code, as_json=as_json)
        return
    for text in chosen or []:
        if (name := parse(text).path) in models.MODELS and name not in REGISTRIES[Listed.activations]:
            raise UserError(f"{name!r} is a network: give it as --model {name}.")
    _show_activations(chosen or [], plot, theme, as_json=as_json)


def _show_activations(chosen: list[str], plot: Path | None, theme: ThemeName, *, as_json: bool) -> None:
    if plot is not None:
        reports.save_curves(chosen, plot, theme=THEMES[theme])
        console(stderr=True).print(f"Drawn into {plot}.")
    if as_json:
        shown = [reports.description(text) for text in chosen]
        echo_json(shown[0] if len(shown) == 1 else shown)
        return
    width = shutil.get_terminal_size((80, 24)).columns
    typer.echo("\n\n".join(reports.card(text, width=width) for text in chosen))


def _show_network(
    model: str, request: Request, swap: str, custom_objects: list[str] | None, *, allow_code: bool, as_json: bool
) -> None:
    """A network's layers, for such data; a saved one has its own shapes."""
    from actbench.datasets import info
    from actbench.models.surgery import HIDDEN, nothing_meant
    from actbench.reports.networks import network_grid, network_json
    from actbench.reports.words.networks import sites_in, title
    from actbench.reports.words.runs import scaled_twice
    from actbench.studies.settings import check_trusted, is_saved
    from actbench.training.outline import outline

    check_trusted(model, allow_code=allow_code)
    known = None if is_saved(model) else info(request)
    shape, classes = (known.shape, known.classes) if known else (models.Shape(()), 0)
    if swap != HIDDEN and not models.is_whole(model):
        raise UserError(f"--swap is for a model that came with activations, and {model!r} has sites.")
    found = outline(model, shape, classes, ",".join(custom_objects) if custom_objects else None)
    rows = found.rows
    if as_json:
        echo_json(network_json(rows, swap) | {"scaled_twice_by": found.scaled_twice_by, "refused": found.refused})
        return
    show_grid(network_grid(title(model, rows, swap), rows, swap), console())
    if found.refused:
        typer.echo(f"warning: {found.refused}", err=True)
    if found.scaled_twice_by:
        typer.echo(f"warning: {scaled_twice(model, found.scaled_twice_by)}", err=True)
    if not sites_in(rows, swap):
        typer.echo(f"warning: {nothing_meant(swap, [place for row in rows for place in row.places])}", err=True)


def information() -> dict[str, str]:
    """What a report of a problem should contain, but for what only a library that computes can tell."""
    from actbench.datasets.fetching.places import folder

    known = environment.information({name: backends.get(name).version for name in backends.names()})
    return {**known, "data folder": str(folder())}


def _gpu(backend: backends.Backend) -> str:
    """The GPU that a backend sees, as its maker calls it."""
    if not backend.version:
        return "not asked: it is not installed"
    try:
        if backend.device_kind("auto") == "gpu":
            return backend.device_name("gpu")
    except Exception as error:  # noqa: BLE001 - a report of a problem is for what does not work
        return f"cannot be asked for: {type(error).__name__}: {error}"
    unused = environment.LINUX and environment.gpu_possible()
    return "none seen" + ", though there is a driver: is the extra 'cuda' installed?" * unused


def info(as_json: Json = False) -> None:
    """Print versions, hardware, GPUs and where data is looked for: what a report of a problem should contain."""
    found = information() | {f"GPU ({name})": _gpu(backends.get(name)) for name in backends.names()}
    if as_json:
        echo_json(found)
        return
    show_grid(pairs_grid(found.items()), console())
