"""Made-up studies whose truth is known, judged through the public functions, and what came of them counted.

Every study has a baseline and some arms of n seeds each. What the runs of a seed have in common is a normal deviate,
which the pairing takes away; the rest has one of the shapes below, with mean 0 and, but for the coarse one, sd 1.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from actbench.statistics import Arm, Judged, Measure, judge_family

Noise = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


DOCS = Path(__file__).parents[2] / "docs"


def say(text: str) -> None:
    """A line of the report that `-s` shows."""
    sys.stdout.write(text + "\n")


def stand_in(page: str, *rows: tuple[object, ...]) -> None:
    """Rows of figures are what a page of the documentation says: studies are drawn alike everywhere."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    say("\n".join(lines))
    other = set(lines) - set((DOCS / page).read_text(encoding="utf-8").splitlines())
    assert not other, f"docs/{page} lacks these rows"


def normal(rng, size):
    return rng.normal(size=size)


def skewed(rng, size):
    """Log-normal, log-sd 1/2: skewness 1.75; some runs end far above the rest."""
    spread = math.exp(0.25)
    return (np.exp(rng.normal(0, 0.5, size=size)) - math.exp(0.125)) / math.sqrt((spread - 1) * spread)


def two_peaked(rng, size):
    """Three runs in ten lie five sd lower than the rest."""
    peaks = np.where(rng.random(size) < 0.3, -5.0, 0.0) + 1.5
    return (peaks + rng.normal(size=size)) / math.sqrt(1 + 25 * 0.3 * 0.7)


def heavily_skewed(rng, size):
    """Log-normal, log-sd 1: skewness 6.2."""
    return (np.exp(rng.normal(size=size)) - math.exp(0.5)) / math.sqrt((math.e - 1) * math.e)


def rarely_low(rng, size):
    """One run in ten lies ten sd lower than the rest, as a run that never learned would, were it counted."""
    return (np.where(rng.random(size) < 0.1, -10.0, 0.0) + 1 + rng.normal(size=size)) / math.sqrt(10)


def coarse(rng, size):
    """Right answers of 360, 97 % of them on average: an sd of three steps, and many ties."""
    return rng.binomial(360, 0.97, size=size) / 360 - 0.97


SHAPES: dict[str, Noise] = {"normal": normal, "skewed": skewed, "two-peaked": two_peaked, "coarse": coarse}
SD = {"coarse": math.sqrt(0.97 * 0.03 / 360)}
SEEDS = (3, 5, 6, 10, 20)
DEAD = (0.05, 0.1, 0.2, 0.5)


@dataclass
class Count:
    """How often something happened in how many studies in which it could."""

    hits: int = 0
    of: int = 0

    def add(self, happened: bool) -> None:
        self.hits += bool(happened)
        self.of += 1

    @property
    def rate(self) -> float:
        return self.hits / self.of if self.of else math.nan

    def __add__(self, other: Count) -> Count:
        return Count(self.hits + other.hits, self.of + other.of)

    def at_most(self, bound: float) -> bool:
        """Whether so many hits are no wonder where the rate is `bound`: three standard errors of the simulation."""
        return self.rate <= bound + 3 * math.sqrt(bound * (1 - bound) / max(self.of, 1))

    def at_least(self, bound: float) -> bool:
        return self.rate >= bound - 3 * math.sqrt(bound * (1 - bound) / max(self.of, 1))

    def __str__(self) -> str:
        return f"{100 * self.rate:.1f}" if self.of else "-"


def arm(values: np.ndarray, failed: np.ndarray | None = None) -> Arm:
    lost = frozenset(np.flatnonzero(failed).tolist()) if failed is not None else frozenset()
    return Arm(dict(enumerate(values.tolist())), lost)


def families(
    rng: np.random.Generator,
    noises: list[Noise],
    studies: int,
    n: int,
    *,
    shifts: list[float] | None = None,
    dead: list[float] | None = None,
    margin: float = 0.0,
    common: float = 1.0,
    **options,
) -> Iterator[list[Judged]]:
    """Judge studies; the first noise, shift and share of dead runs is the baseline's, the others are the arms'."""
    size = (studies, n)
    seeds = common * rng.normal(size=size)
    shifts, dead = shifts or [0.0] * len(noises), dead or [0.0] * len(noises)
    values = [seeds + shift + noise(rng, size) for noise, shift in zip(noises, shifts, strict=True)]
    failed = [rng.random(size) < share for share in dead]
    for study in range(studies):
        baseline, *arms = (arm(v[study], f[study]) for v, f in zip(values, failed, strict=True))
        options.setdefault("measure", Measure.MEAN)
        yield judge_family(baseline, arms, margin=margin, higher_is_better=True, **options)


def alarms(found: list[Judged]) -> bool:
    """Whether any arm was called better or worse."""
    return any(judged.verdict.standing.is_different for judged in found)


def covers(judged: Judged, truth: float) -> bool:
    interval = judged.comparison.interval
    return interval.low - 1e-12 <= truth <= interval.high + 1e-12


def covered(judged_studies: Iterator[list[Judged]], truth: float) -> tuple[Count, Count]:
    """How often the first arm's interval covers, among studies that have one, and how often there is none."""
    hits, none = Count(), Count()
    for first, *_ in judged_studies:
        there = first.comparison is not None and first.comparison.interval is not None
        none.add(not there)
        if there:
            hits.add(covers(first, truth))
    return hits, none


def false_alarms(judged_studies: Iterator[list[Judged]]) -> Count:
    count = Count()
    for found in judged_studies:
        count.add(alarms(found))
    return count


def called_within(judged_studies: Iterator[list[Judged]]) -> Count:
    """How often the first arm is said to be equal within the margin, or to differ by no more than that."""
    count = Count()
    for first, *_ in judged_studies:
        count.add(first.verdict.is_within)
    return count


def share_covered(k: np.ndarray, n: int, share: float) -> float:
    """Exact coverage of Clopper and Pearson's interval, which the tests compare simulated ones with."""
    low = stats.beta.ppf(0.025, k, n - k + 1)
    high = stats.beta.ppf(0.975, k + 1, n - k)
    inside = (np.nan_to_num(low, nan=0.0) <= share) & (share <= np.nan_to_num(high, nan=1.0))
    return float(stats.binom.pmf(k, n, share)[inside].sum())
