"""``actbench compare``."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from actbench.cli.options import Json, Thresholds, checked_thresholds, console


class TableFormat(StrEnum):
    """What ``actbench compare`` can write."""

    table = "table"
    csv = "csv"
    md = "md"
    json = "json"


def compare(
    stores: Annotated[list[Path] | None, typer.Argument(help="Folders with results. Default: results/adhoc.")] = None,
    threshold: Thresholds = None,
    table_format: Annotated[TableFormat, typer.Option("--format")] = TableFormat.table,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    as_json: Json = False,
) -> None:
    """Print the arms of a store side by side."""
    chosen = TableFormat.json if as_json else table_format
    print_arms(stores or [Path("results/adhoc")], checked_thresholds(threshold), chosen, output=output)


def print_arms(
    stores: Iterable[Path],
    thresholds: tuple[float, ...] | None,
    table_format: str,
    *,
    output: Path | None = None,
    only: tuple[str, ...] | None = None,
) -> None:
    """Print or write the arms of some stores, or of those runs in them whose keys are in ``only``."""
    from actbench.reports import table
    from actbench.tables import arm_table, read_stores

    runs, epochs, stored_thresholds = read_stores(list(stores), only)
    thresholds = thresholds or stored_thresholds
    arms = arm_table(runs, epochs, thresholds)
    if output is None and table_format == TableFormat.table:
        screen = console()
        screen.print(table.to_rich(arms))
        screen.print(table.legend(runs, thresholds), markup=False, highlight=False)
        return
    text = table.RENDERERS[table_format](arms)
    if output is None:
        typer.echo(text.removesuffix("\n"))
    else:
        output.write_text(text, encoding="utf-8")
