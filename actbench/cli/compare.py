"""``actbench compare``."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actbench.cli.options import (
    ChanceLevel,
    Json,
    Listed,
    Select,
    Thresholds,
    complete_metric,
    completing,
    completions,
    console,
    epoch_rule,
)
from actbench.cli.output import FormatName, Output, chosen_format, write_sheet

if TYPE_CHECKING:
    from actbench.tables.measured import EpochRule
    from actbench.tables.select import Selection

ADHOC = Path("results/adhoc")


class Style(StrEnum):
    """How the table of arms looks."""

    full = "full"
    article = "article"


Stores = Annotated[
    list[Path] | None, typer.Argument(metavar="STORE", help="Folders with results. Default: results/adhoc.")
]
Act = Annotated[
    list[str] | None,
    typer.Option(
        "--act",
        help="Only this activation; 'swish*' and a bare name for all its parameters will do (repeatable).",
        autocompletion=completions(Listed.activations),
    ),
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", help="Only this data set (repeatable).", autocompletion=completions(Listed.datasets)),
]
Model = Annotated[
    list[str] | None,
    typer.Option("--model", help="Only this model (repeatable).", autocompletion=completions(Listed.models)),
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", help="Only runs of which this holds: 'seed<5', 'optimizer=adam' (repeatable)."),
]
Baseline = Annotated[str | None, typer.Option("--baseline", help="Compare with this arm. Default: relu, or the first.")]


def _complete_columns(incomplete: str) -> list[str]:
    from actbench.reports.sheet.arms import COLUMNS

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in completing(lambda: COLUMNS)(last)]


def compare(  # noqa: PLR0913, PLR0917 - one parameter an option
    stores: Stores = None,
    act: Act = None,
    data: Data = None,
    model: Model = None,
    where: Where = None,
    baseline: Baseline = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Compare by this (repeatable): accuracy, best, train_accuracy, loss, train_loss, epochs-to:0.95, "
            "seconds-to:0.95, seconds_per_epoch, train_seconds, wall_seconds, perplexity. Default: accuracy, and "
            "what is usual with the data: perplexity of a text, epochs to 95 % of modular addition.",
            autocompletion=complete_metric,
        ),
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="Smallest difference worth caring about. Default: 0.005 of accuracy, 5 % of the rest."),
    ] = None,
    threshold: Thresholds = None,
    select: Select = None,
    chance_level: ChanceLevel = None,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns, with commas: 'default,seconds_to_*', 'all', 'article', 'test_accuracy'.",
            autocompletion=_complete_columns,
        ),
    ] = None,
    sort: Annotated[str | None, typer.Option(help="Sort by a column; '-test_accuracy': highest first.")] = None,
    style: Annotated[Style, typer.Option(help="article: means alone, TS95 for epochs to 95 %.")] = Style.full,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with 1 if this holds: 'test_accuracy(mish) < test_accuracy(relu) - 0.01' (repeatable)."
        ),
    ] = None,
    format_name: FormatName = None,
    output: Output = None,
    as_json: Json = False,
) -> None:
    """Put the arms of some results side by side, and say whether the differences are more than luck."""
    from actbench.reports import words
    from actbench.reports.sheet import View
    from actbench.reports.sheet.comparison import ComparisonSheet
    from actbench.tables.findings import Question, analyse

    form = chosen_format(format_name, output, as_json=as_json)
    question = Question(
        thresholds=tuple(threshold or ()) or None,
        selection=selection(act, data, model, where),
        baseline=baseline,
        metrics=tuple(metric or ()),
        margin=margin,
        fail_if=tuple(fail_if or ()),
        rule=epoch_rule(select),
        chance_level=chance_level,
    )
    view = View(
        columns=tuple(name.strip() for name in columns.split(",") if name.strip()) if columns else (),
        sort=sort,
        article=style is Style.article,
    )
    findings = analyse(stores or [ADHOC], question)
    write_sheet(ComparisonSheet(findings, view), form, output)
    for result in findings.failed_checks:
        console(stderr=True).print(
            f"actbench: check failed on {words.task_title(result.task)}: {result.check} "
            f"({words.check_figures(result)})",
        )
    if findings.failed_checks:
        raise typer.Exit(1)


def selection(
    act: list[str] | None, data: list[str] | None, model: list[str] | None, where: list[str] | None
) -> Selection:
    """The filters as they were given."""
    from actbench.tables.select import Selection

    return Selection(tuple(act or ()), tuple(data or ()), tuple(model or ()), tuple(where or ()))


def print_arms(
    stores: Iterable[Path],
    thresholds: tuple[float, ...] | None,
    format_name: str,
    *,
    only: tuple[str, ...] | None = None,
    tunings: tuple[str, ...] | None = None,
    rule: EpochRule | None = None,
) -> None:
    """Print the arms of some stores, or of those runs in them whose keys are in ``only``, tuned by these."""
    from actbench.reports.formats import FORMATS
    from actbench.reports.sheet import View
    from actbench.reports.sheet.comparison import ComparisonSheet
    from actbench.tables.findings import Question, analyse

    findings = analyse(list(stores), Question(thresholds=thresholds, only=only, tunings=tunings, rule=rule))
    write_sheet(ComparisonSheet(findings, View()), FORMATS[format_name])
