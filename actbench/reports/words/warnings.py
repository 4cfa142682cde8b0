"""Warnings as sentences."""

from __future__ import annotations

import math
import textwrap
from typing import Any

from actbench.reports.words.looks import about_looks
from actbench.reports.words.numbers import percent
from actbench.reports.words.outcomes import about_outcomes, some_seeds
from actbench.reports.words.tuning import EDGE, luck_words
from actbench.results.columns import BY_NAME
from actbench.tables.select import name_some
from actbench.tables.warnings import (
    ChanceUnknown,
    ChosenByLuck,
    ChosenOnEdge,
    GrewBetweenLooks,
    Groups,
    KeptApart,
    LearnedNowhere,
    LooksNotCounted,
    MissingResults,
    MixedJobs,
    MixedMachines,
    MixedVersions,
    NotLearned,
    NotScoredThere,
    ParallelRuns,
    RepeatedSeeds,
    SeenInTraining,
    SensitivityStudy,
    SeveralCopies,
    StoppedEarly,
    TableWarning,
    TriedLess,
    UnknownTuning,
)

VERSION_TITLES = {"backend_version": "backend", "provider_version": "provider versions"}
"""Versions whose columns are called otherwise."""
FEW = 6
LONGEST_ERROR = 200
PAIRS_ARE = "Verdicts on seconds go by pairs that were timed together."


def warning(found: TableWarning) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each kind
    """A warning as a sentence."""
    match found:
        case MixedJobs(groups=groups):
            some = tuple(("alone" if jobs == 1 else f"{jobs} at a time", arms) for jobs, arms in groups)
            return (
                f"mean seconds are not comparable: some runs were measured with others beside them "
                f"({_by_group(some)}). {PAIRS_ARE} "
                "On a CPU, accuracies of convolutional networks may differ by it too, unless --deterministic."
            )
        case ParallelRuns(jobs=jobs):
            return f"seconds were measured with {jobs} runs at a time, not alone on the machine."
        case MixedMachines(column=column, groups=groups):
            differs = f"the {BY_NAME[column].on_paper} differs ({_by_group(groups)})"
            dropped = " Dropout, if there is any, draws by the compiler." if column == "compiler" else ""
            return f"mean seconds are not comparable: {differs}. {PAIRS_ARE}{dropped}"
        case MixedVersions(versions=versions):
            mixed = (
                f"{_version(column)} ({name_some([v or 'unknown' for v in values])})" for column, values in versions
            )
            return f"versions are mixed: {', '.join(mixed)}."
        case MissingResults(arm=arm, seeds=seeds, statuses=statuses, error=error):
            reason = f": {textwrap.shorten(error, LONGEST_ERROR, placeholder=' …')}" if error else ""
            return f"{arm} has no result for {some_seeds(seeds)} ({', '.join(statuses)}{reason})."
        case NotLearned() | ChanceUnknown():
            return about_outcomes(found)
        case SeenInTraining(seen=seen, inputs=inputs):
            return (
                f"{seen:,} of the {inputs:,} test inputs ({percent(seen / inputs, 1)} %) are training inputs, too: on "
                "those the test shows what was remembered."
            )
        case LooksNotCounted() | GrewBetweenLooks() | StoppedEarly():
            return about_looks(found)
        case SeveralCopies(runs=runs, stores=stores):
            named = ", ".join(map(repr, stores))
            return f"{runs} run(s) were found more than once; their figures are those of {named}, which came first."
        case RepeatedSeeds(runs=runs, arms=arms):
            return (
                f"{runs} run(s) of {', '.join(arms)} repeat a seed under equal settings; only the newest of each is "
                "shown. Was code of your own edited in between? Use a store for each version."
            )
        case SensitivityStudy(family=family, rates=rates):
            listed = ", ".join(map(_short, rates))
            return (
                f"{' · '.join(family)}: a sensitivity study over the learning rate ({listed}), each rate a task of its "
                "own. 'actbench plot sensitivity' draws them as one, and --tune lr chooses each arm's own rate."
            )
        case ChosenOnEdge(arms=arms):
            return f"{name_some(arms)}: {EDGE}."
        case ChosenByLuck(arms=arms, baseline=baseline):
            return luck_words(name_some(arms), baseline)
        case TriedLess(arms=arms, most=most):
            listed = ", ".join(f"{arm} {trials}" for arm, trials in arms.items())
            return (
                f"tuned with fewer trials than the {most} of others, which a later study tuned further: {listed}. Give "
                "all arms in one command, and they are tuned alike."
            )
        case LearnedNowhere(arms=arms):
            return f"{name_some(arms)}: no tuning run learned at any of the settings, and so none of them is its best."
        case UnknownTuning(names=names):
            return (
                f"no manifest.json knows the tuning {name_some(names)}: runs at settings that it chose are shown only "
                "where these are the shared ones. Take the store whole, with its manifest."
            )
        case NotScoredThere(arms=arms):
            return (
                f"{name_some(arms)}: by what later studies tried, another setting is best, and no run was scored with "
                "it. Give the command of the scoring runs again."
            )
        case KeptApart(family=family, settings=settings):
            what = (
                f"{BY_NAME[name].on_paper} ({', '.join(dict.fromkeys(map(_short, values)))})"
                for name, values in settings
            )
            return (
                f"{' · '.join(family)}: runs that differ in {', '.join(what)} are not comparable and are shown apart."
            )


def _version(column: str) -> str:
    return VERSION_TITLES.get(column) or BY_NAME[column].on_paper


def _by_group(groups: Groups) -> str:
    return "; ".join(f"{value or 'unknown'}: {name_some(arms, FEW)}" for value, arms in groups)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return "none" if math.isnan(value) else f"{value:.10g}"
    return str(value)[:12] or "none"
