"""What became of runs, and which epoch's figures they have, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actbench.reports.words.metrics import EPOCHS
from actbench.reports.words.numbers import NOTHING, percent, plural, sentence
from actbench.tables.measured import EpochRule
from actbench.tables.outcomes import Outcome
from actbench.tables.select import name_some
from actbench.tables.warnings import NotLearned

if TYPE_CHECKING:
    from actbench.tables.warnings import ChanceUnknown

FEW = 6


def epoch_rule(rule: EpochRule) -> str:
    """Which epoch's figures a table shows."""
    more = {EpochRule.VAL: ", thresholds by validation accuracy", EpochRule.BEST: ", which flatters"}
    return f"figures of {EPOCHS[rule]}{more.get(rule, '')}"


def judged_by(rules: Sequence[EpochRule]) -> str:
    """Which epoch's figures judge the claims, and which stand beside printed ones."""
    text = f"{sentence('; '.join(map(epoch_rule, dict.fromkeys(rules))))}."
    printed = " Beside what was printed stand those of the last epoch."
    return text + (printed if any(rule is not EpochRule.LAST for rule in rules) else "")


def learned(count: float, runs: float, low: float, high: float) -> str:
    """How many runs learned, with the exact interval of their share in percent: ``6/10 (26 … 88 %)``."""
    return f"{count:g}/{runs:g} ({percent(low, 0)} … {percent(high, 0)} %)" if runs else NOTHING


def unreached(thresholds: Sequence[str]) -> str:
    """Which accuracies, in percent, were reached by no run: ``No run reached 90, 95 or 97 %.``"""
    *most, last = thresholds
    return f"No run reached {', '.join(most)}{' or ' * bool(most)}{last} %."


NOTES = {
    Outcome.NEVER_LEARNED: "never learned: the training accuracy of no epoch is above chance",
    Outcome.COLLAPSED: "collapsed: it learned, and its last epoch is back at chance",
    Outcome.DIVERGED: "diverged: the loss became NaN or infinite",
}


def outcome(found: Outcome | None) -> str:
    """What became of a run, where it did not learn."""
    return NOTES.get(found, "") if found else ""


def explain_learned() -> str:
    """What stands below a table that tells runs which learned from others."""
    return (
        "Learned: runs whose training accuracy left chance and stayed away from it, with the exact 95 % interval of "
        "their share; % learned: over these runs alone."
    )


def bar_name(*, ranked: bool, apart: bool, intervals: bool) -> str:
    """What the bar of a strip is; ``intervals`` says whether some arm has one."""
    # Student's of one arm is a description: for skewed values it covers less than it says, and no verdict uses it.
    interval = "its 95 % interval" if ranked else "Student's 95 % interval"
    return f"bar: {'median' if ranked else 'mean'}{f' with {interval}' if intervals else ''}" + (
        "; hollow: did not learn, and in no bar" if apart else ""
    )


def beyond_scale(ends: tuple[float, float], unit: str) -> str:
    """What dots stand for that a line sets apart, since their values, of which these are the ends, lie far off."""
    return f"beyond the line, not to scale: {_from_to(ends)} {unit}"


def ends_beyond(ends: tuple[float, float], unit: str) -> str:
    """What becomes of lines of runs that did not learn and leave a picture, by the least and the most of their ends."""
    return f"▽ did not learn, and ends at {_from_to(ends)} {unit}"


def _from_to(ends: tuple[float, float]) -> str:
    low, high = (f"{end:.3g}" for end in ends)
    return low if low == high else f"{low} to {high}"


def in_grey(arms: Sequence[str]) -> str:
    """The arms that have no colour of their own; empty where all have one."""
    return f"grey: {name_some(arms, 3)}" if arms else ""


def begins_beyond(*, below: bool, above: bool) -> str:
    """Which marks at the edges stand for lines that begin beyond them."""
    marks = [*["▼ begins lower"] * below, *["▲ begins higher"] * above]
    return ", ".join(marks)


def spread_name(*, seeds: tuple[int, int], unlearned: int) -> str:
    """What a learning curve and its band are, and the dotted lines beside it: of the fewest and the most runs."""
    few, many = seeds
    if unlearned:
        return f"mean ± sd of the runs that learned; dotted: {plural(unlearned, 'run')} that did not"
    return "one seed" if many == 1 else f"mean ± sd, {few if few == many else f'{few} to {many}'} seeds"


def about_outcomes(found: NotLearned | ChanceUnknown) -> str:
    """A warning about runs that did not learn, or of which nobody can tell."""
    if isinstance(found, NotLearned):
        ends = (f"{end}: {plural(len(seeds), 'run')}, {some_seeds(seeds)}" for end, seeds in found.seeds)
        return f"{found.arm} did not always learn ({'; '.join(ends)})."
    return (
        f"of {plural(found.runs, 'run')} nobody knows what chance is, since an older actbench stored them and their "
        "data are not of the catalogue: they count as learned unless they diverged. --chance-level sets it."
    )


def some_seeds(seeds: Sequence[int]) -> str:
    """Seeds in a sentence: ``seeds 0, 1``."""
    return f"seed{'s' * (len(seeds) > 1)} {name_some([str(seed) for seed in seeds], FEW)}"
