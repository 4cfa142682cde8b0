"""What came of trials, and which is an arm's best."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from actbench.studies.tuning.asked import Values

FLAT = 0.01
"""An optimum is as broad as the rates whose validation accuracy is within one point of the best."""
TOLD_APART = 2.0
"""So many standard errors of a mean a trial must lead by before its lead is more than luck."""
MEAN_DIGITS = 12
"""Of a mean accuracy: more than any number of inputs needs, and fewer than float64 has."""


@dataclass(frozen=True)
class Trial:
    """Settings that are tried.

    Attributes:
        settings: those that are searched, with their values.
        group: the number of the study that it belongs to, where a protocol has several.
    """

    settings: Values
    group: int = 0

    @property
    def rate(self) -> float | None:
        """Its learning rate, if that is searched."""
        rate: float | None = dict(self.settings).get("learning_rate")
        return rate


@dataclass(frozen=True)
class Result:
    """What one tuning run came to: validation accuracy and loss after its last epoch.

    A run that diverged counts as a network that always says the same: ``accuracy`` is the share of the most frequent
    class, and its loss is infinite. One that never learned counts with what it reached. ``learned`` tells both from the
    others.
    """

    accuracy: float
    loss: float
    learned: bool = True


Key: TypeAlias = tuple[str, Trial, int]
"""An arm, a trial and a seed."""
Results: TypeAlias = Mapping[Key, Result]


@dataclass(frozen=True)
class Score:
    """The mean of a trial's results over its seeds.

    Attributes:
        accuracy, loss: means.
        variance: of the accuracies; nan of a single one.
        runs: how many.
        learned: how many of them learned.
    """

    accuracy: float
    loss: float
    variance: float
    runs: int
    learned: int

    @property
    def rank(self) -> tuple[float, float]:
        """More is better: by accuracy, and where that is equal by loss."""
        return self.accuracy, -math.inf if math.isnan(self.loss) else -self.loss


@dataclass(frozen=True)
class Tuned:
    """What was chosen for an arm.

    Attributes:
        trial: the best.
        score: its.
        scores: of all its trials, in their order.
        on_edge: whether its learning rate is the lowest or highest of several that were tried.
        flat: the lowest and the highest learning rate around the best with an accuracy within `FLAT` of it, at which
            some run learned; None where rates were not tried in a row, and where none learned with the best.
    """

    trial: Trial
    score: Score
    scores: Mapping[Trial, Score]
    on_edge: bool
    flat: tuple[float, float] | None

    def tells_from(self, other: Trial) -> bool:
        """Whether the best leads another trial by more than `TOLD_APART` standard errors of a mean.

        The error is pooled over the two trials; nothing is told from what it is, nor by single seeds.
        """
        if (rival := self.scores.get(other)) is None or other == self.trial:
            return False
        pair = (self.score, rival)
        error = math.sqrt(sum(its.variance for its in pair) / len(pair) / min(its.runs for its in pair))
        return self.score.accuracy - rival.accuracy > TOLD_APART * error

    @property
    def is_cut_off(self) -> bool:
        """Whether the optimum may be broader: it goes on to the lowest or highest learning rate that was tried."""
        rates = [trial.rate for trial in self.scores if trial.rate is not None]
        return self.flat is not None and (self.flat[0] == min(rates) or self.flat[1] == max(rates))

    @property
    def decades(self) -> float | None:
        """How broad the optimum is, in powers of ten of the learning rate."""
        return math.log10(self.flat[1] / self.flat[0]) if self.flat else None


def score(results: Results, arm: str, trial: Trial, seeds: Sequence[int]) -> Score:
    """The mean of an arm's results in a trial over these seeds."""
    found = [results[arm, trial, seed] for seed in seeds]
    n = len(found)
    accuracies = [r.accuracy for r in found]
    variance = statistics.variance(accuracies) if n > 1 else math.nan
    # Equal counts of right answers are a tie, whatever is lost in their fractions' last digits.
    mean = round(math.fsum(accuracies) / n, MEAN_DIGITS)
    return Score(mean, sum(r.loss for r in found) / n, variance, n, sum(r.learned for r in found))


def tuned(scores: Mapping[Trial, Score], *, finalists: Sequence[Trial] | None = None) -> Tuned:
    """What is chosen by these scores.

    Of several groups the one whose best is the median of their bests stands for all (the lower one of an even number).

    Args:
        scores: of all trials; of equal ones the one with the lower rate is taken, then the earlier.
        finalists: those among which to choose; None for all.
    """
    groups: dict[int, Trial] = {}
    for trial in sorted(finalists or scores, key=lambda trial: trial.rate or 0.0):
        best = groups.get(trial.group)
        if best is None or scores[trial].rank > scores[best].rank:
            groups[trial.group] = trial
    bests = sorted(groups.values(), key=lambda trial: scores[trial].rank)
    chosen = bests[(len(bests) - 1) // 2]
    rates = {trial.rate for trial in scores if trial.rate is not None}
    on_edge = len(rates) > 1 and chosen.rate in (min(rates), max(rates))
    row = in_a_row(list(scores))
    if row is None or not scores[chosen].learned:
        return Tuned(chosen, scores[chosen], scores, on_edge=on_edge, flat=None)
    good = [bool(scores[t].learned) and scores[t].accuracy >= scores[chosen].accuracy - FLAT for t in row]
    low = high = row.index(chosen)
    while low > 0 and good[low - 1]:
        low -= 1
    while high < len(row) - 1 and good[high + 1]:
        high += 1
    return Tuned(chosen, scores[chosen], scores, on_edge=on_edge, flat=(_rate(row[low]), _rate(row[high])))


def in_a_row(trials: Sequence[Trial]) -> list[Trial] | None:
    """The trials by rising learning rate, where that is all in which they differ; else None."""
    if any(trial.group or [name for name, _ in trial.settings] != ["learning_rate"] for trial in trials):
        return None
    return sorted(trials, key=_rate)


def _rate(trial: Trial) -> float:
    value: Any = trial.rate
    return float(value)
