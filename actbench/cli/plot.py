"""``actbench plot``."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from actbench.cli.compare import ADHOC, Act, Baseline, Data, Model, Where, selection
from actbench.cli.options import (
    ChanceLevel,
    Select,
    ThemeName,
    Thresholds,
    complete_metric,
    completing,
    epoch_rule,
)
from actbench.errors import UserError
from actbench.reports.plots import PLOTS, look_of, takers


class Along(StrEnum):
    """What lies along the x axis."""

    epochs = "epochs"
    seconds = "seconds"


def plot(  # noqa: PLR0913, PLR0917 - one parameter an option
    words: Annotated[
        list[str],
        typer.Argument(
            metavar=f"[STORE]... {'|'.join(PLOTS.names)}",
            help="Folders with results, then the kind of picture.",
            autocompletion=completing(lambda: PLOTS.names),
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write: .png, .svg or .pdf. Default: KIND.png here.")
    ] = None,
    theme: Annotated[ThemeName, typer.Option(help="Of the paper.")] = ThemeName.light,
    x: Annotated[Along | None, typer.Option(help=f"Of {takers('x')}. Default: epochs.")] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help=f"Of {takers('metric')}, as 'compare' takes it. Default: accuracy.", autocompletion=complete_metric
        ),
    ] = None,
    act: Act = None,
    data: Data = None,
    model: Model = None,
    where: Where = None,
    baseline: Baseline = None,
    threshold: Thresholds = None,
    select: Select = None,
    chance_level: ChanceLevel = None,
) -> None:
    """Draw results: learning curves, time to a threshold, accuracy against seconds or learning rate, seeds as dots."""
    from actbench.reports.plots.figures import save_picture
    from actbench.tables.findings import Question, analyse

    stores, kind = _split(words)
    look = look_of(kind, theme, x=x.value if x else None, metric=metric)
    question = Question(
        thresholds=tuple(threshold or ()) or None,
        selection=selection(act, data, model, where),
        baseline=baseline,
        metrics=(look.metric,),
        rule=epoch_rule(select),
        chance_level=chance_level,
    )
    path = output or Path(f"{kind}.png")
    save_picture(kind, analyse(stores, question), look, path)
    typer.echo(str(path))


def _split(words: list[str]) -> tuple[list[Path], str]:
    """The stores, and the kind of picture: the last word, or the first. Raises UserError where neither is one."""
    place = 0 if words[0] in PLOTS and words[-1] not in PLOTS else -1
    if words[place] not in PLOTS and Path(words[place]).is_dir():
        shown = " ".join(map(shlex.quote, words))
        raise UserError(f"Say which picture to draw: actbench plot {shown} KIND, of {', '.join(PLOTS.names)}.")
    kind = PLOTS[words[place]].name
    return [Path(store) for store in (words[:-1] if place else words[1:])] or [ADHOC], kind
