"""Seeds that were added until it was decided, in words: what a look came to, and what warns of looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import p_value
from actbench.reports.words.settings import task_title
from actbench.results.thresholds import in_percent
from actbench.statistics import SequentialVerdict, Standing
from actbench.tables.select import name_some
from actbench.tables.warnings import GrewBetweenLooks, Hindrance, LooksNotCounted, StoppedEarly

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from actbench.tables.comparison import Looks
    from actbench.tables.findings import TaskFindings

RELIABILITY = {Standing.BETTER: "learns more often", Standing.WORSE: "learns less often"}
HINDRANCES = {
    Hindrance.METRIC: "by another figure than this one",
    Hindrance.RULE: "by the figures of another epoch",
    Hindrance.BASELINE: "against another baseline",
    Hindrance.MARGIN: "with another margin",
    Hindrance.ARMS: "without some of these arms",
    Hindrance.RUNS: "by runs that are left out here",
    Hindrance.CLAIMS: "and not by what is claimed",
    Hindrance.DESIGNS: "by several designs",
}


def about_looks(found: LooksNotCounted | GrewBetweenLooks | StoppedEarly) -> str:
    """A warning about looks as a sentence."""
    if isinstance(found, StoppedEarly):
        return (
            f"{found.there} of the {found.asked} seeds that were asked for are there ({name_some(found.arms)}): the "
            "verdicts hold only if it was not stopped for what they show."
        )
    if isinstance(found, LooksNotCounted):
        return (
            f"the seeds were chosen while results came in (--until-decided), {HINDRANCES[found.hindrance]}: the "
            f"p-values of {found.metric.replace('_', ' ')} are not adjusted for these looks, and come out too small."
        )
    return (
        f"{name_some(found.arms)} got further seeds after {found.before} could have been tested: if these were looked "
        "at, the p-values are not adjusted for it, and 5 % becomes 7 to 10 %. --until-decided keeps it at 5 %."
    )


def look_lines(tasks: Sequence[TaskFindings]) -> list[str]:
    """What the last look at every task came to, a line each."""
    lines = []
    for item in tasks:
        looks = item.comparisons[0].looks if item.comparisons else None
        if looks is not None:
            title = f"{task_title(item.task.distinction)}: " if len(tasks) > 1 else ""
            lines.append(title + _look(looks, f"{in_percent(looks.limit.value):.3g} pp"))
    return lines


def _look(looks: Looks, limit: str) -> str:
    """``look 2 of 6, 8 seeds: mish better (p 0.01), swish still open``."""
    number = len(looks.taken)
    seeds = looks.taken[-1] if looks.taken else 0
    arms = ", ".join(f"{arm} {_at_look(verdict, limit, number)}" for arm, verdict in looks.verdicts.items())
    return f"look {number} of {len(looks.planned)}, {seeds} seeds: {arms}"


def _at_look(found: SequentialVerdict, limit: str, now: int) -> str:
    """An arm's part of it; ``now`` is the number of the look."""
    if not found.decided:
        return "still open"
    parts = [f"equal within {limit}"] if found.standing is Standing.EQUIVALENT else []
    if found.by_values.is_different:
        parts.append(f"{found.by_values} (p {p_value(found.p_value)})")
    if found.reliability is not None and found.reliability.is_different:
        parts.append(f"{RELIABILITY[found.reliability]} (p {p_value(found.reliability_p)})")
    return " and ".join(parts) + ("" if found.look == now else f" since look {found.look}")


def still_open(looks: Looks) -> str:
    """Of an arm that is still open: how far it has come."""
    last = looks.planned[-1]
    if not looks.taken:
        return f"undecided: the first look takes {looks.planned[0]} seeds"
    if looks.taken[-1] < last:
        return f"undecided: {looks.taken[-1]} of up to {last} seeds looked at"
    return f"undecided after all {last} seeds"


def explain_looks(looks: Looks) -> str:
    """How the verdicts were come by, as a note without its full stop."""
    decided: Mapping[str, SequentialVerdict] = {arm: v for arm, v in looks.verdicts.items() if v.decided}
    when = [f"{arm} at {verdict.seeds}" for arm, verdict in decided.items()]
    taken = ", ".join(map(str, looks.taken)) or "no"
    return (
        f"seeds until it is decided: p-values and verdicts hold over {len(looks.planned)} looks and all arms at "
        f"{in_percent(looks.alpha):g} %; "
        f"looked at {taken} seeds{f', decided {name_some(when)}' if when else ''}; differences, intervals and effect "
        "sizes are of all seeds that are here, and not adjusted"
    )
