"""What tunings chose, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from actbench.reports.words.numbers import NOTHING, decimals_of, difference, factor, number, percent, plural, unit
from actbench.statistics import Comparison, RatioComparison, Standing
from actbench.studies.tuning.trials import TOLD_APART, Tuned

if TYPE_CHECKING:
    from actbench.tables.comparison import MetricComparison, Row
    from actbench.tables.tuning import TuningFindings

EQUAL = "equal within the margin"
EDGE = "the best lies on the edge of what was tried: a still better one may lie beyond"


def luck_words(arms: str, baseline: str) -> str:
    """That a verdict may be of the choice."""
    return (
        f"{arms}: tuned to other settings than {baseline}, which lead by no more than {TOLD_APART:g} standard errors "
        "over the tuning seeds. One activation can choose so differently by luck: better or worse may be said of the "
        "choice. See the arms at the shared settings, or give more --tuning-seeds."
    )


def tuning_lines(chosen: Mapping[str, Mapping[str, Tuned]]) -> list[str]:
    """What each tuning chose, a line each, and a line for what lies on an edge."""
    lines = []
    for name, arms in chosen.items():
        settings = ", ".join(f"{arm} {settings_words(tuned.trial.settings)}" for arm, tuned in arms.items())
        lines.append(f"Tuned ({name}): {settings}.")
        lines += [f"{arm}: {EDGE}." for arm, tuned in arms.items() if tuned.on_edge]
    return lines


def settings_words(settings: tuple[tuple[str, Any], ...]) -> str:
    """The settings of a trial: a learning rate by itself, others with their names."""
    if [name for name, _ in settings] == ["learning_rate"]:
        return f"{settings[0][1]:g}"
    return ", ".join(f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in settings)  # fmt: skip


def at_equal_settings(comparison: MetricComparison) -> list[str]:
    """What came of arms and the baseline at equal settings, where the tuning cannot tell their own apart."""
    parts = [
        f"{row.arm} at {settings_words(settings)} {_beside(comparison, other)}"
        for row in comparison.rows
        for settings, other in row.at_equal
    ]
    if not parts:
        return []
    whose = f"where the tuning cannot tell an arm's settings from those of {comparison.baseline}"
    return [f"{whose}, both were scored at equal ones, too, each judged by itself: {'; '.join(parts)}"]


def _beside(comparison: MetricComparison, row: Row) -> str:
    """A figure and a word."""
    found, said = row.comparison, EQUAL if row.verdict.standing is Standing.EQUIVALENT else str(row.verdict.standing)
    if isinstance(found, Comparison):
        decimals = decimals_of([found.difference])
        figure = f"{difference(comparison.metric, found.difference, decimals=decimals)} {unit(comparison.metric)}"
    elif isinstance(found, RatioComparison):
        figure = factor(found.ratio)
    else:
        figure = factor(found.speedup) if found else NOTHING
    return f"{figure} ({said})"


def tuning_line(found: TuningFindings) -> str:
    """How the settings were chosen: which, by what, on how many runs."""
    stored = found.stored
    *first, last = (name.replace("_", " ") for name in stored.searched)
    chosen = f"{', '.join(first)} and {last}" if first else last
    taken, full = found.runs
    saved = f", {taken} of {full} runs by halving" if taken < full else ""
    return (
        f"{chosen} of each arm chosen by the protocol {stored.protocol}: {plural(len(stored.trials), 'trial')} × "
        f"{plural(len(stored.seeds), 'seed')}{saved}, judged on {percent(stored.validation_split, 0)} % of the "
        "training part"
    )


def decades_words(tuned: Tuned) -> str:
    """How many powers of ten the optimum spans, at least."""
    return number(tuned.decades, "≥ {:.1f}" if tuned.is_cut_off else "{:.1f}")


def flat_words(tuned: Tuned) -> str:
    """How broad the optimum is."""
    if tuned.flat is None or tuned.decades is None:
        return NOTHING
    low, high = tuned.flat
    return f"{low:g} … {high:g}" if high > low else f"{low:g}"


def price_note(*, halving: bool, extends: bool) -> str:
    """What a price before the tuning is made of, and what it does not know.

    Args:
        halving: trials are dropped after each seed.
        extends: the protocol tries more where the best lies on the edge.
    """
    more = "Each further tuning seed takes the better half of an arm's trials, rounded up, which is counted. " * halving
    further = (
        "The tuning goes on by one more rate a side, for all arms, while some arm's best lies on the edge, 3 at most, "
        "which is not counted. "
    ) * extends
    return (
        f"{more}{further}Scoring takes as many runs again for each arm whose own settings are not the shared ones, and "
        "for each that the tuning cannot tell from the baseline's up to twice as many more: both arms at the other's."
    )


NO_RATES = (
    "A picture of sensitivity takes runs at several learning rates that differ in nothing else, as --tune lr makes "
    "them; where a tuning searched more than the rate, 'compare' shows what was chosen."
)
NO_TRIALS = "A picture of budgets takes the trials of a tuning, as --tune lr makes them."


def range_name(seeds: tuple[int, int], *, diverged: bool, unlearned: bool, chosen: str) -> tuple[str, str]:
    """What a picture of sensitivity draws: the range over so many seeds, fewest and most, and its marks.

    ``chosen`` are those at rates that a tuning chose, if one did.
    """
    fewest, most = seeds
    count = plural(most, "seed") if fewest == most else f"{fewest} to {most} seeds"
    marks = [
        "×: diverged" * diverged,
        "▽: did not learn" * unlearned,
        f"{chosen}: an arm's own rate; vertical: the shared one" if chosen else "",
    ]
    return f"band: range of {count}" if most > 1 else count, "; ".join(filter(None, marks))
