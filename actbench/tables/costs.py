"""What arms cost beside a baseline: ratios of seconds, over the pairs of runs that were timed together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.tables.arms import finished
from actbench.tables.clocks import clock_pairs, timed_runs
from actbench.tables.comparison import LEAST_SECONDS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Cost:
    """How many times the baseline's seconds an arm takes.

    Attributes:
        ratio: Hodges and Lehmann's, see `statistics.paired_ratio`.
        low, high: the middle half of the pairs' ratios.
        pairs: how many there are.
    """

    ratio: float
    low: float
    high: float
    pairs: int


def relative_costs(runs: pd.DataFrame, baseline: str, column: str) -> dict[str, Cost]:
    """The cost of each arm of a task, the baseline's own among them, which is 1.

    An arm of which no run was timed together with one of the baseline's has none: seconds of other days, devices or
    company say nothing of it.

    Args:
        runs: measured, with the column ``arm``.
        baseline: one of the arms.
        column: of seconds, such as ``seconds_per_epoch`` or ``train_seconds``.
    """
    done = finished(runs).dropna(subset=[column])
    timed = timed_runs(done)
    measured = done[column].clip(lower=LEAST_SECONDS)
    seconds = {(arm, int(seed)): float(x) for arm, seed, x in zip(done["arm"], done["seed"], measured, strict=True)}
    its = timed.get(baseline, {})
    costs = {baseline: Cost(1.0, 1.0, 1.0, len(its))} if its else {}
    for arm, clocks in timed.items():
        seeds = clock_pairs(clocks, its, sorted(clocks.keys() & its.keys())).seeds
        if arm == baseline or not seeds:
            continue
        mine, theirs = (np.array([seconds[name, seed] for seed in seeds]) for name in (arm, baseline))
        low, high = np.quantile(mine / theirs, [0.25, 0.75])
        costs[arm] = Cost(statistics.paired_ratio(mine, theirs).ratio, float(low), float(high), len(seeds))
    return costs
