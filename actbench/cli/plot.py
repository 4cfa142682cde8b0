"""``actbench plot``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from actbench.cli.compare import ADHOC, Act, Baseline, Data, Model, Where, selection
from actbench.cli.options import Thresholds, checked_thresholds
from actbench.errors import UserError, did_you_mean


class ThemeName(StrEnum):
    """Of the paper."""

    light = "light"
    dark = "dark"


class Across(StrEnum):
    """What lies along the x axis."""

    epochs = "epochs"
    seconds = "seconds"


def plot(  # noqa: PLR0913, PLR0917 - one parameter an option
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[STORE]... curves|profile|pareto|strip", help="Folders with results, then the kind of picture."
        ),
    ],
    output: Annotated[
        Path | None, typer.Option(help="File to write: .png, .svg or .pdf. Default: KIND.png here.")
    ] = None,
    theme: Annotated[ThemeName, typer.Option(help="Of the paper.")] = ThemeName.light,
    x: Annotated[Across, typer.Option(help="Of curves and of one task's profile.")] = Across.epochs,
    metric: Annotated[
        str, typer.Option(help="Of curves (accuracy, train_accuracy, loss, train_loss) and strips (any).")
    ] = "test_accuracy",
    act: Act = None,
    data: Data = None,
    model: Model = None,
    where: Where = None,
    baseline: Baseline = None,
    threshold: Thresholds = None,
) -> None:
    """Draw results: learning curves, time to a threshold, accuracy against seconds, or every seed as a dot."""
    from actbench.reports.plots import Look, save_picture
    from actbench.tables.findings import Question, analyse

    stores, kind = _split(words)
    question = Question(
        thresholds=checked_thresholds(threshold),
        selection=selection(act, data, model, where),
        baseline=baseline,
        metrics=(metric,),
    )
    path = output or Path(f"{kind}.png")
    save_picture(kind, analyse(stores, question), Look(theme=theme, metric=metric, x=x), path)
    typer.echo(str(path))


def _split(words: list[str]) -> tuple[list[Path], str]:
    """The stores, and the kind of picture: the last word, or the first."""
    from actbench.reports.plots import KINDS

    for place in (-1, 0):
        if words[place] in KINDS:
            kind = words[place]
            stores = words[:-1] if place else words[1:]
            return [Path(store) for store in stores] or [ADHOC], kind
    raise UserError(f"There is no picture {words[-1]!r}.{did_you_mean(words[-1], KINDS)} Known: {', '.join(KINDS)}.")
