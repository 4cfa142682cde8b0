"""``actbench reproduce``."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actbench.cli.compare import write_text
from actbench.cli.options import Json, console
from actbench.cli.run import supervised

if TYPE_CHECKING:
    from actbench.execution.reproduce import Reproduction


class ReportFormat(StrEnum):
    """What ``actbench reproduce`` can write."""

    table = "table"
    md = "md"
    json = "json"
    html = "html"


def _names(incomplete: str) -> list[str]:
    from actbench.execution.reproduce import studies

    return [name for name in studies() if name.startswith(incomplete)]


def reproduce(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME|STUDY.toml]...",
            help="Articles, as 'actbench list studies' names them. Default: all.",
            autocompletion=_names,
        ),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A short trial with little data, kept in RESULTS/smoke; judges nothing.")
    ] = False,
    stored: Annotated[bool, typer.Option("--stored", help="Judge by what is stored, and train nothing.")] = False,
    results: Annotated[Path, typer.Option(help="Folder of the stores, one a study.")] = Path("results"),
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder that holds mnist.npz, cifar10.npz. Default: $ACTBENCH_DATA_DIR.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time; seconds are then not measured alone.")] = 1,
    table_format: Annotated[ReportFormat, typer.Option("--format", help="How to write it.")] = ReportFormat.table,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")] = False,
    as_json: Json = False,
) -> None:
    """Reproduce published articles: train what is missing, lay ours beside what was printed, judge every claim."""
    from actbench.execution import reproduce as articles
    from actbench.execution.plan import make_plan, stored_plan
    from actbench.execution.sweep import Options, sweep

    errors = console(stderr=True)
    options = Options(jobs=jobs)
    cases = [
        articles.find_case(name, results, smoke=smoke, data_dir=data_dir) for name in names or list(articles.studies())
    ]
    broken = False
    found = []
    for case in cases:
        plan = stored_plan(case.study, case.store)
        if plan is None and not stored:
            made = make_plan(case.study, options.executor)
            outcome = supervised(partial(sweep, made, case.store, options), errors, quiet=quiet)
            broken |= bool(outcome.broken)
            plan = made if outcome.complete else None
        found.append(articles.judge(case, plan))
    _write(found, ReportFormat.json if as_json else table_format, output)
    for one in found:
        for judged in one.disappointing:
            errors.print(
                f"actbench: {one.case.study.name}: expected to hold, but {judged.words}: {judged.claim.text} "
                f"({judged.figures})",
                markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
    if broken or any(one.disappointing for one in found):
        raise typer.Exit(1)


def _write(found: Sequence[Reproduction], table_format: ReportFormat, output: Path | None) -> None:
    from actbench.reports import reproduction

    if table_format is ReportFormat.table:
        screen = console()
        if output is None:
            reproduction.show(found, screen)
            return
        with screen.capture() as captured:
            reproduction.show(found, screen)
        write_text(output, captured.get())
        return
    text = reproduction.RENDERERS[table_format](found)
    if output is None:
        typer.echo(text.removesuffix("\n"))
    else:
        write_text(output, text)
