"""``actbench list``, ``show`` and ``info``: what there is, without training anything."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from actbench import activations
from actbench.cli.options import REGISTRIES, Json, Kind, completions, console
from actbench.errors import UserError
from actbench.registry import describe, signature


def list_entries(kind: Annotated[Kind, typer.Argument()], as_json: Json = False) -> None:
    """List the activations, datasets, models, optimizers or initializers by name."""
    entries = list(REGISTRIES[kind])
    if as_json:
        typer.echo(json.dumps([describe(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for entry in entries:
        table.add_row(signature(entry), getattr(entry, "formula", entry.summary))
    console().print(table, markup=False, highlight=False)


def show(
    activation: Annotated[str, typer.Argument(autocompletion=completions(Kind.activations))], as_json: Json = False
) -> None:
    """Show an activation: formula, source, parameters and properties."""
    entry = activations.resolve(activation).entry
    if entry is None:
        raise UserError(f"{activation!r} is your own code: actbench knows no more of it than its name.")
    if as_json:
        typer.echo(json.dumps(describe(entry), indent=2, ensure_ascii=False))
        return
    lines = [
        f"{signature(entry)}   ({entry.kind})",
        f"  {entry.summary}",
        f"  f(x) = {entry.formula}",
        f"  range {entry.range}",
        f"  {'smooth' if entry.smooth else 'not smooth'}, {'monotonic' if entry.monotonic else 'not monotonic'}",
        *(f"  {p.name} = {p.default!r}: {p.meaning} ({p.allowed})" for p in entry.parameters),
        f"  {entry.source}",
        f"  {entry.link}",
    ]
    typer.echo("\n".join(lines))


def info(as_json: Json = False) -> None:
    """Print versions, hardware and where data is looked for: what a report of a problem should contain."""
    from actbench.environment import information

    facts = information()
    if as_json:
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in facts)
    typer.echo("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()))
