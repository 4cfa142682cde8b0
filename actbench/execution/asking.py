"""What somebody asks for, from the command line or from Python, and its carrying out: the same for both."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actbench import activations, datasets, models
from actbench.errors import UserError, did_you_mean, shown
from actbench.execution.events import Listener
from actbench.execution.plan import Plan
from actbench.execution.reproduce import studies
from actbench.execution.sweep import Options, Outcome, sweep
from actbench.execution.until_decided import Wish, sweep_until_decided
from actbench.results.columns import SETTINGS
from actbench.statistics.sequential import FIRST_LOOK
from actbench.studies.file import read_study
from actbench.studies.settings import files_in
from actbench.studies.study import MAX_SEEDS, MOST_SEEDS, Study
from actbench.tables.measured import EpochRule


def asked_settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as studies hold them, of what Python holds: sequences as lists.

    Raises:
        UserError: there is no such setting, or a value is a function: runs are trained where no notebook's are known.
    """
    names = [name for name in SETTINGS if name != "seed"]
    # By what it is called as an option and in tables.
    elsewhere = {
        other: name
        for name in names
        for other in (SETTINGS[name].option.removeprefix("--").replace("-", "_"), SETTINGS[name].name)
    }
    asked = {}
    for name, value in given.items():
        if name not in names:
            meant = f" Did you mean {elsewhere[name]!r}?" if name in elsewhere else did_you_mean(name, names)
            raise UserError(f"There is no setting {name!r}.{meant} Known: {', '.join(names)}.")
        several = isinstance(value, Iterable) and not isinstance(value, str)
        asked[name] = list(value) if several else os.fspath(value) if isinstance(value, os.PathLike) else value
        for own in filter(callable, asked[name] if several else [value]):
            called = getattr(own, "__name__", "")
            called = called if called.isidentifier() else "mine"
            raise UserError(
                f"{name} takes names, not objects like {shown(own)}: runs are trained in processes of their own. Write "
                f'the code into a file and name it, like {name}="mine.py:{called}".'
            )
    return asked


def asked_study(
    path: Path | None, fields: Mapping[str, Any], *, variants: Sequence[str] = (), allow_code: bool = False
) -> Study:
    """The study in the file, or one of the fields alone, with what was given of them laid over it.

    Args:
        path: of the study's file, if any.
        fields: a value, or a list of values, for names of settings; None is not given.
        variants: those of the study to keep; none for all.
        allow_code: let the file name any code of this machine, and a saved model hold some.

    Raises:
        UserError: there is no such file or variant, or the file is no study.
    """
    if path and not path.exists():
        _check_no_other_name(str(path))
    study = read_study(path, allow_code=allow_code) if path else Study(allow_code=allow_code)
    given = {name: value for name, value in fields.items() if value is not None}
    laid = study.override({name: _seen_from(study.folder, name, value) for name, value in given.items()})
    return laid.only(variants)


def _check_no_other_name(text: str) -> None:
    """Refuse the name of something else in the place of a study's file, and say where it belongs."""
    if text in studies():
        raise UserError(
            f"{text!r} is an article's study: 'actbench reproduce {text}' trains and judges it, and "
            f"'actbench run {os.path.relpath(studies()[text])}' only trains it."
        )
    for option, known in (("--act", activations.CATALOGUE), ("--data", datasets.DATASETS), ("--model", models.MODELS)):
        if text.partition("(")[0] in known:
            words = shlex.join(["actbench", "run", option, text])
            raise UserError(f"There is no study's file {text!r}. Of that name there is the {known.kind}: {words}")


def _seen_from(folder: str, name: str, value: Any) -> Any:
    """A setting as a study in that folder would say it: what files it names, it names relative to its own folder."""
    if isinstance(value, list):
        return [_seen_from(folder, name, item) for item in value]
    if Path(folder).resolve() == Path.cwd().resolve():
        return value
    for file in dict.fromkeys(files_in(name, value)):
        if not Path(file).is_absolute():
            value = value.strip().replace(file, os.path.relpath(file, folder))
    return value


def asked_wish(
    until_decided: bool,
    most: int | None,
    margin: float | None,
    baseline: str | None,
    rule: EpochRule | None,
    seeds: list[int] | None,
    *,
    rerun: bool,
) -> Wish | None:
    """What is asked of a sweep that adds seeds until it is decided; None where none is asked for.

    Raises:
        UserError: the wish cannot be met, or is made of a sweep that adds no seeds.
    """
    if not until_decided:
        wishes = {"--max-seeds": most, "--margin": margin, "--baseline": baseline}
        if unused := " and ".join(name for name, value in wishes.items() if value is not None):
            raise UserError(f"{unused} is for --until-decided. 'actbench compare' has --margin and --baseline, too.")
        return None
    if seeds is not None:
        raise UserError("--until-decided chooses the seeds itself, from 0 on. Name none beside it.")
    if rerun:
        raise UserError("--until-decided goes by what is stored, which --rerun trains again. Take another --results.")
    if margin is not None and not 0 <= margin < 1:
        raise UserError(f"--margin {margin:g} is no difference of accuracies, which are fractions from 0 to 1.")
    most = MAX_SEEDS if most is None else most
    if not FIRST_LOOK <= most <= MOST_SEEDS:
        raise UserError(
            f"--max-seeds {most} is not possible: the first look takes {FIRST_LOOK} seeds, with fewer no test can "
            f"decide at 5 %, and {MOST_SEEDS} is the most."
        )
    return Wish(most, margin, baseline, rule)


def carry_out(
    plan: Plan, folder: Path, options: Options, listeners: Sequence[Listener], wish: Wish | None, progress: Listener
) -> Outcome:
    """Train what a plan asks for: all of it, or, with a wish, look by look. The progress is told first."""
    heard = [progress, *listeners]
    return sweep_until_decided(plan, folder, wish, options, heard) if wish else sweep(plan, folder, options, heard)
