"""Pictures of findings. A new one is a file here with one decorated function, which draws one panel.

The function takes the axes, what the panel shows, the arms' colours and the look that was asked for.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from actbench.errors import UserError
from actbench.registry import Parameter, Registry
from actbench.reports.plots.style import Palette, Shape, shape_of_lines
from actbench.reports.words import task_title
from actbench.tables.metrics import Metric, parse_metrics

if TYPE_CHECKING:
    from actbench.tables.findings import Findings, TaskFindings


@dataclass(frozen=True)
class Look:
    """How a picture is drawn.

    Attributes:
        theme: ``light`` or ``dark``.
        metric: what it shows, for those that can show several.
        x: ``epochs`` or ``seconds``, for those along time.
    """

    theme: str = "light"
    metric: str = "test_accuracy"
    x: str = "epochs"


@dataclass(frozen=True)
class Panel:
    """What one panel shows.

    Attributes:
        findings: all that was found; colours are the same in all their pictures.
        task: the one it shows; None for all of them together.
        title: above it.
        caption: beside it on a page.
        beside: tasks that are drawn with that one, as one.
    """

    findings: Findings
    task: TaskFindings | None
    title: str
    caption: str = ""
    beside: tuple[TaskFindings, ...] = ()

    @property
    def one_task(self) -> TaskFindings:
        """The task. Raises ValueError where it shows all of them together."""
        if self.task is None:
            raise ValueError(f"{self.title!r} shows no single task")
        return self.task


Draw: TypeAlias = Callable[[Any, Panel, Palette, Look], None]
MakeShape: TypeAlias = Callable[[Sequence["TaskFindings"], Palette, tuple[float, float]], Shape]
AcrossTasks: TypeAlias = Callable[["Findings"], Panel | None]
MakePanels: TypeAlias = Callable[["Findings"], Sequence[Panel]]
LookOption: TypeAlias = Literal["metric", "x"]


def _nothing_across(_: Findings) -> None:
    """The tasks are drawn one by one."""


def each_task(findings: Findings) -> list[Panel]:
    """A panel a task."""
    return [Panel(findings, found, task_title(found.task.distinction)) for found in findings.tasks]


@dataclass(frozen=True)
class Plot:
    """A kind of picture.

    Attributes:
        name: as ``actbench plot`` knows it.
        draw: one panel, on matplotlib's axes.
        caption: on a page; ``{metric}`` stands for what is compared there.
        options: the fields of `Look` that it obeys beside the theme.
        follows_metric: whether on a page it shows what the arms are compared by, rather than test accuracy.
        place: among the pictures of a task on a page; None for a picture that no page shows.
        shape: the room that a panel needs: from the tasks, the colours, and the usual width and height.
        across: the panel that shows all tasks together; None where they are drawn one by one.
        panels: those that show something of what was found, where they are drawn one by one.
        missing: what it would take, where no task has anything to show.
        aliases: other names for it.
        parameters: none.
    """

    name: str
    draw: Draw
    caption: str
    options: tuple[LookOption, ...] = ()
    follows_metric: bool = False
    place: int | None = None
    shape: MakeShape = shape_of_lines
    across: AcrossTasks = _nothing_across
    panels: MakePanels = each_task
    missing: str = ""
    aliases: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the function's docstring."""
        return inspect.cleandoc(self.draw.__doc__ or "").split("\n\n")[0].replace("\n", " ")


PLOTS: Registry[Plot] = Registry("picture", __name__, listed=False)


def picture(
    *,
    caption: str,
    options: tuple[LookOption, ...] = (),
    follows_metric: bool = False,
    place: int | None = None,
    shape: MakeShape = shape_of_lines,
    across: AcrossTasks = _nothing_across,
    panels: MakePanels = each_task,
    missing: str = "",
) -> Callable[[Draw], Draw]:
    """Add a function to the pictures under its own name. See `Plot` for the arguments."""

    def register(draw: Draw) -> Draw:
        PLOTS.add(Plot(draw.__name__, draw, caption, options, follows_metric, place, shape, across, panels, missing))
        return draw

    return register


def takers(option: LookOption) -> str:
    """The pictures that obey an option."""
    return ", ".join(plot.name for plot in PLOTS if option in plot.options)


def look_of(kind: str, theme: str, **options: str | None) -> Look:
    """How a picture of that kind is asked to look, by those options that are given.

    Raises:
        UserError: there is no such picture, or it takes no such option, so that the option would change nothing.
    """
    given = {name: value for name, value in options.items() if value is not None}
    for option in typing.get_args(LookOption):
        if option in given and option not in PLOTS[kind].options:
            raise UserError(f"The picture {kind!r} takes no --{option}; {takers(option)} do.")
    return Look(theme, **given)


def chosen_metric(look: Look, panel: Panel) -> Metric:
    """The metric that a picture was asked to show. Raises UserError for none, or for several at once."""
    chosen = parse_metrics([look.metric], panel.findings.thresholds)
    if len(chosen) != 1:
        raise UserError(f"A picture shows one metric: say which threshold, like {look.metric}:0.95.")
    return replace(chosen[0], rule=panel.one_task.task.rule)
