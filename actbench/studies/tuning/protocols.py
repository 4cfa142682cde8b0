"""Protocols by name: which settings are tried, on how many seeds, and when more are needed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from actbench.errors import UserError
from actbench.registry import Parameter, Registry, choose
from actbench.studies.tuning.asked import FIRST_SEED, Tuning, Values
from actbench.studies.tuning.trials import Key, Results, Trial, Tuned, in_a_row, score, tuned
from actbench.training.optimizers import OPTIMIZERS, Optimizer

HALF_WIDTH = 3
"""Rates on each side of the usual one, and how many more may follow on each side."""
Extend: TypeAlias = "Callable[[Sequence[Trial], Collection[Trial]], list[Trial]]"


@dataclass(frozen=True)
class Protocol:
    """A way to search.

    Attributes:
        name: its spelling.
        trials: the trials for an optimizer and a grid (empty where none is given).
        seeds: tuning seeds, where nobody says how many.
        extend: what else is to be tried for all arms, by the trials so far and the arms' bests.
        parameters, aliases: none.
    """

    name: str
    trials: Callable[[Optimizer, Mapping[str, list[Any]]], list[Trial]]
    seeds: int
    extend: Extend
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What it does, from the docstring."""
        return self.trials.__doc__ or ""

    @property
    def extends(self) -> bool:
        """Whether it may come to try more than it begins with."""
        return self.extend is not _no_more


PROTOCOLS: Registry[Protocol] = Registry("protocol", __name__, listed=False)


def _no_more(_trials: Sequence[Trial], _bests: Collection[Trial]) -> list[Trial]:
    return []


def protocol(*, seeds: int, extend: Extend = _no_more) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a protocol under the function's name."""

    def add(trials: Callable[..., Any]) -> Callable[..., Any]:
        PROTOCOLS.add(Protocol(trials.__name__, trials, seeds, extend))
        return trials

    return add


def _further(trials: Sequence[Trial], bests: Collection[Trial]) -> list[Trial]:
    """One more rate beyond each edge on which some arm's best lies, for all arms; at most `HALF_WIDTH` a side."""
    row = in_a_row(trials) or []
    # The first trials are those of the grid, in their order: what lies outside of them was added.
    grid = trials[: 2 * HALF_WIDTH + 1]
    usual = grid[HALF_WIDTH].rate or 0.0
    below, above = row.index(grid[0]), len(row) - 1 - row.index(grid[-1])
    more = []
    if row[0] in bests and below < HALF_WIDTH:
        more.append(_half_decades(usual, -HALF_WIDTH - below - 1))
    if row[-1] in bests and above < HALF_WIDTH:
        more.append(_half_decades(usual, HALF_WIDTH + above + 1))
    return more


@protocol(seeds=3, extend=_further)
def fair(optimizer: Optimizer, _grid: Mapping[str, list[Any]]) -> list[Trial]:
    """7 learning rates, each √10 times the one before, around the optimizer's usual one, the same for all arms; up to 3
    more on a side while some arm's best lies on its edge; 3 seeds
    """
    return [_half_decades(optimizer.usual, k) for k in range(-HALF_WIDTH, HALF_WIDTH + 1)]


@protocol(seeds=1)
def deepobs(_optimizer: Optimizer, _grid: Mapping[str, list[Any]]) -> list[Trial]:
    """36 learning rates from 1e-5 to 1e2, evenly spaced in their logarithms, one seed (Schneider et al. 2019)"""
    return [_at(_rounded(10.0 ** (-5 + 7 * k / 35))) for k in range(36)]


@protocol(seeds=1)
def algoperf(optimizer: Optimizer, _grid: Mapping[str, list[Any]]) -> list[Trial]:
    """5 studies of 5 quasi-random trials each over the learning rate and, where the optimizer has them, weight decay
    and momentum; the study whose best is the median of the five stands for all (Dahl et al. 2023)
    """
    from scipy.stats import qmc

    spans: dict[str, Callable[[float], float]] = {
        "learning_rate": lambda u: optimizer.usual * 10.0 ** (3 * u - 1.5),
    }
    if optimizer.weight_decay is not None:
        spans["weight_decay"] = lambda u: 10.0 ** (4 * u - 4)
    if any(parameter.name == "momentum" for parameter in optimizer.parameters):
        spans["momentum"] = lambda u: 1 - 10.0 ** (-2 * u)
    return [
        Trial(tuple((name, _rounded(span(u))) for (name, span), u in zip(spans.items(), point, strict=True)), group)
        for group in range(5)
        for point in qmc.Halton(len(spans), rng=group).random(5).tolist()
    ]


@protocol(seeds=3)
def grid(_optimizer: Optimizer, values: Mapping[str, list[Any]]) -> list[Trial]:
    """Every combination of the values in [tuning.grid], 3 seeds"""
    return [Trial(tuple(zip(values, some, strict=True))) for some in itertools.product(*values.values())]


@dataclass(frozen=True)
class Search:
    """A tuning of one family of arms: all that it needs is found out from the results that are there.

    Attributes:
        tuning: what is asked.
        optimizer: as the settings spell it.
        arms: their names.
        tried: what other arms of the same tuning were tried with, if there are any: it is tried with these, too, so
            that budgets stay equal.
    """

    tuning: Tuning
    optimizer: str
    arms: tuple[str, ...]
    tried: tuple[Trial, ...] = ()

    @property
    def protocol(self) -> Protocol:
        """By which it searches. Raises UserError for a name that is none."""
        return PROTOCOLS[self.tuning.protocol]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the tuning runs."""
        return self.tuning.seeds or tuple(range(FIRST_SEED, FIRST_SEED + self.protocol.seeds))

    @property
    def first(self) -> list[Trial]:
        """The trials that it begins with. Raises UserError where there is nothing to choose from."""
        trials = self.protocol.trials(choose(OPTIMIZERS, self.optimizer)[0], self.tuning.grid)
        if len(trials) < 2:  # noqa: PLR2004
            raise UserError("A tuning chooses between values: give two or more in [tuning.grid].")
        return trials

    @property
    def searched(self) -> tuple[str, ...]:
        """The names of what it chooses."""
        return tuple(name for name, _ in self.first[0].settings)

    def needed(self, results: Results) -> list[Key]:
        """The runs that are needed, as far as the results so far tell; when all are there, none is missing any more."""
        return self._needed(results)[1]

    def trials(self, results: Results) -> list[Trial]:
        """All that is tried, as far as the results so far tell."""
        return self._needed(results)[0]

    def chosen(self, results: Results) -> dict[str, Tuned]:
        """What each arm is best with, by results that hold all that was needed."""
        trials, _ = self._needed(results)
        found = {}
        for arm in self.arms:
            seeds = {t: [seed for seed in self.seeds if (arm, t, seed) in results] for t in trials}
            most = max(map(len, seeds.values()))
            scores = {t: score(results, arm, t, its) for t, its in seeds.items()}
            found[arm] = tuned(scores, finalists=[t for t, its in seeds.items() if len(its) == most])
        return found

    def later(self, results: Results) -> int:
        """How many runs of each arm will be needed beyond those that are now, if nothing else comes to be tried."""
        trials, needed = self._needed(results)
        return sum(self._kept(len(trials))) - len(needed) // len(self.arms)

    def _kept(self, trials: int) -> list[int]:
        """How many of an arm's trials are made on each of the seeds."""
        halved = self.tuning.budget == "halving"
        return [math.ceil(trials / 2 ** (number * halved)) for number in range(len(self.seeds))]

    def _needed(self, results: Results) -> tuple[list[Trial], list[Key]]:
        halving = self.tuning.budget == "halving"
        at_first = self.seeds[:1] if halving else self.seeds
        first = self.first
        trials = [*first, *(trial for trial in self.tried if trial not in first)]
        while True:
            needed = [(arm, t, seed) for seed in at_first for t in trials for arm in self.arms]
            if any(key not in results for key in needed):
                return trials, needed
            scores = {arm: {t: score(results, arm, t, at_first) for t in trials} for arm in self.arms}
            more = self.protocol.extend(trials, {tuned(its).trial for its in scores.values()})
            if not more:
                break
            trials = trials + more
        left = dict.fromkeys(self.arms, trials)
        for number, kept in enumerate(self._kept(len(trials))[1:] if halving else (), start=1):
            for arm in self.arms:
                scores_now = {t: score(results, arm, t, self.seeds[:number]) for t in left[arm]}
                best = sorted(scores_now, key=lambda t: scores_now[t].rank, reverse=True)[:kept]
                left[arm] = [t for t in trials if t in best]
            needed += [(arm, t, self.seeds[number]) for arm in self.arms for t in left[arm]]
            if any(key not in results for key in needed):
                break
        return trials, needed


def _half_decades(usual: float, k: int) -> Trial:
    """The learning rate so many factors of √10 above the usual one."""
    return _at(_rounded(usual * 10.0 ** (k / 2)))


def _at(rate: float) -> Trial:
    values: Values = (("learning_rate", rate),)
    return Trial(values)


def _rounded(number: float) -> float:
    """Three digits that count: what is read in a table is what was trained with."""
    return float(f"{number:.3g}")
