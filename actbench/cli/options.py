"""What the commands share: completions, common options, and consoles."""

from __future__ import annotations

import os
import re
import sys
import typing
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, overload

import typer

from actbench import activations, datasets, models
from actbench.errors import UserError
from actbench.registry import Registry
from actbench.reports.loggers import LOGGERS
from actbench.results.columns import SETTINGS
from actbench.studies.study import MOST_SEEDS
from actbench.training.augmentation import AUGMENTATIONS
from actbench.training.initializers import INITIALIZERS
from actbench.training.optimizers import OPTIMIZERS
from actbench.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from actbench.tables.measured import EpochRule


class Listed(StrEnum):
    """What ``actbench list`` can list."""

    activations = "activations"
    datasets = "datasets"
    models = "models"
    optimizers = "optimizers"
    initializers = "initializers"
    schedules = "schedules"
    augmentations = "augmentations"
    loggers = "loggers"
    studies = "studies"


REGISTRIES: dict[Listed, Registry[Any]] = {
    Listed.activations: activations.CATALOGUE,
    Listed.datasets: datasets.DATASETS,
    Listed.models: models.MODELS,
    Listed.optimizers: OPTIMIZERS,
    Listed.initializers: INITIALIZERS,
    Listed.schedules: SCHEDULES,
    Listed.augmentations: AUGMENTATIONS,
    Listed.loggers: LOGGERS,
}


def completing(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    """Completions for the shell: those of the names that begin with what was typed."""

    def complete(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return complete


def completions(kind: Listed) -> Callable[[str], list[str]]:
    """Completions for the shell: the names of one kind."""
    return completing(lambda: REGISTRIES[kind].names)


def choices(setting: str) -> Callable[[str], list[str]]:
    """Completions for the shell: the values that a setting may have."""
    return completing(lambda: typing.get_args(SETTINGS[setting].asked))


def _metrics() -> list[str]:
    from actbench.results.thresholds import TIMES
    from actbench.tables.metrics import ALIASES, PLAIN

    return [*PLAIN, *ALIASES, *(time.kind for time in TIMES)]


complete_metric = completing(_metrics)


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Log = Annotated[
    list[str] | None,
    typer.Option(
        "--log",
        help="Also log with this, as 'actbench list loggers' names them (repeatable).",
        autocompletion=completions(Listed.loggers),
    ),
]
AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code",
        help="Let the study name any code of this machine, not only what is defined in files beside or below it, and "
        "a saved model hold code, which a Lambda is.",
    ),
]
MaxMemory = Annotated[
    float | None,
    typer.Option(help="GiB of memory that the data in a file may take. Default: half of what is free."),
]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder that holds NAME.npz of a published data set. Default: what 'actbench data path' prints."),
]
Thresholds = Annotated[
    list[float] | None,
    typer.Option("--threshold", help="Accuracy as a fraction, like 0.95 (repeatable). Default: by data set."),
]


class ThemeName(StrEnum):
    """Of the paper that pictures are drawn on."""

    light = "light"
    dark = "dark"


class SelectedEpoch(StrEnum):
    """Which epoch's figures are a run's."""

    val = "val"
    last = "last"
    best = "best"


Select = Annotated[
    SelectedEpoch | None,
    typer.Option(
        help="Whose figures count: those of the epoch that is best on validation (val), the last one, or the one best "
        "on test, which flatters. Default: val where there is a validation part, else last."
    ),
]
ChanceLevel = Annotated[
    float | None,
    typer.Option(
        help="Training accuracy, a fraction, up to which a run counts as guessing. Default: a bound that guessing "
        "passes once in a million runs."
    ),
]


UNBOUNDED = 10_000
"""Columns of a screen that is none."""
SEEDS = re.compile(r"(\d{1,10})\.\.(\d{1,10})")


def chosen_seeds(count: int | None, chosen: list[str] | None) -> list[int] | None:
    """The seeds that ``--seeds N`` or several ``--seed S`` and ``--seed A..B`` stand for; None where none was given.

    Raises:
        UserError: both were given, too many, or what is neither a whole number nor a range.
    """
    if count is not None and chosen:
        raise UserError("Give either --seeds N (the seeds 0 … N-1) or --seed S, not both.")
    if count is not None and count > MOST_SEEDS:
        raise UserError(f"--seeds {count} is too many; give {MOST_SEEDS} or fewer.")
    if count is not None:
        return list(range(at_least_one("--seeds", count)))
    return list(dict.fromkeys(seed for text in chosen for seed in _seeds_in(text))) if chosen else None


def _seeds_in(text: str) -> Iterable[int]:
    """The seeds of one ``--seed``."""
    found = SEEDS.fullmatch(text.strip())
    try:
        first, last = (int(found[1]), int(found[2])) if found else (int(text), int(text))
    except ValueError:
        raise UserError(f"--seed {text} is no seed; give a whole number, like 3, or a range, like 10..19.") from None
    if not 0 <= last - first < MOST_SEEDS:
        raise UserError(
            f"--seed {text} must go from the lower to the higher seed, over at most {MOST_SEEDS}, like 10..19."
        )
    return range(first, last + 1)


def at_least_one(option: str, value: int) -> int:
    """A number of things. Raises UserError for none."""
    if value < 1:
        raise UserError(f"{option} {value} makes no sense; give 1 or more.")
    return value


@overload
def epoch_rule(chosen: SelectedEpoch) -> EpochRule: ...
@overload
def epoch_rule(chosen: None) -> None: ...
def epoch_rule(chosen: SelectedEpoch | None) -> EpochRule | None:
    """The rule of that name."""
    from actbench.tables.measured import EpochRule

    return EpochRule(chosen.value) if chosen else None


def console(*, stderr: bool = False, plain: bool = False) -> Any:
    """A Rich console on stdout or stderr; plain text where nobody watches, and for a file (``plain``)."""
    from actbench.cli.terminal import Screen

    # Where nobody watches and nobody says how wide it is, nothing is squeezed into a made-up terminal. A notebook's
    # streams say that they are terminals, but obey nothing that moves a cursor.
    stream = sys.stderr if stderr else sys.stdout
    notebook = "ipykernel" in sys.modules
    bounded = (stream.isatty() and not notebook) or "COLUMNS" in os.environ
    width = None if bounded and not plain else UNBOUNDED
    colours: Any = None if plain else "auto"
    terminal = False if notebook else None
    return Screen(stderr=stderr, width=width, color_system=colours, force_terminal=terminal, force_jupyter=False)
