"""The commands that would make the same results again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actbench.results.columns import SETTINGS
from actbench.studies.tuning.asked import Tuning
from actbench.studies.tuning.protocols import PROTOCOLS

if TYPE_CHECKING:
    from actbench.tables.findings import Findings, TaskFindings
    from actbench.tables.tuning import TuningFindings


def run_command(found: TaskFindings) -> str:
    """``actbench run`` for the runs of one task."""
    words = ["actbench", "run"]
    for activation in dict.fromkeys(found.task.runs["activation"]):
        words += ["--act", activation]
    for column in SETTINGS.values():
        value = found.task.settings.get(column.name)  # the activation and the seed are no part of the task
        if column.type is bool:
            words += [column.option] * (str(value) == "True")
        elif not column.is_unasked(value):
            words += [column.option, _shortest(value)]
    if found.tuning is not None:
        words += _tuning(found.tuning)
    seeds = sorted({int(seed) for seed in found.task.runs["seed"]})
    looks = next((comparison.looks for comparison in found.comparisons if comparison.looks), None)
    if looks is not None:
        words += ["--until-decided", "--max-seeds", str(looks.planned[-1]), "--baseline", found.baseline]
        words += ["--margin", _shortest(looks.asked_margin)] if looks.asked_margin is not None else []
    elif seeds == list(range(len(seeds))):
        words += ["--seeds", str(len(seeds))]
    else:
        words += [word for seed in seeds for word in ("--seed", str(seed))]
    return shlex.join([*words, "--results", "results/again"])


def _tuning(found: TuningFindings) -> list[str]:
    """The options of a tuning of the learning rate; what else was searched needs a study's file."""
    stored = found.stored
    if list(stored.searched) != ["learning_rate"]:
        return []
    words = ["--tune", "lr", "--lr", _shortest(stored.shared["learning_rate"])]
    words += ["--protocol", stored.protocol] if stored.protocol != Tuning().protocol else []
    words += ["--budget", stored.budget] if stored.budget != Tuning().budget else []
    usual = PROTOCOLS[stored.protocol].seeds
    return [*words, *(["--tuning-seeds", str(len(stored.seeds))] if len(stored.seeds) != usual else [])]


def place(folder: Path) -> str:
    """A folder as it is called from here, where it lies below: whole paths are nobody else's."""
    here = Path.cwd()
    return str(folder.relative_to(here)) if folder.is_absolute() and folder.is_relative_to(here) else str(folder)


def compare_command(findings: Findings, output: str = "report.html") -> str:
    """``actbench compare`` as it was asked."""
    asked = findings.question
    words = ["actbench", "compare", *map(place, findings.stores)]
    pairs = [
        ("--act", asked.selection.activations),
        ("--data", asked.selection.data),
        ("--model", asked.selection.models),
        ("--where", asked.selection.where),
        ("--baseline", (asked.baseline,) if asked.baseline else ()),
        ("--metric", asked.metrics),
        ("--margin", (_shortest(asked.margin),) if asked.margin is not None else ()),
        ("--threshold", tuple(_shortest(t) for t in asked.thresholds or ())),
        ("--select", (asked.rule,) if asked.rule else ()),
        ("--chance-level", (_shortest(asked.chance_level),) if asked.chance_level is not None else ()),
        ("--fail-if", asked.fail_if),
    ]
    words += [word for option, values in pairs for value in values for word in (option, value)]
    return shlex.join([*words, "--format", "html", "--output", output])


def _shortest(value: Any) -> str:
    """A number as briefly as it can be written without becoming another one."""
    return str(float(value)).removesuffix(".0") if isinstance(value, float) else str(value)
