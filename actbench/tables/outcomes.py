"""What became of a run beside its status: whether it learned at all, recomputed from its epochs every time.

A run that never finds its way out of chance is no low value of the same thing that the others are high values of. The
training accuracy tells the two apart: a network that guesses is right about as often as the most frequent class occurs,
and seldom more often than a binomial bound allows. See `chance_level`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from actbench import statistics
from actbench.datasets import DATASETS
from actbench.results.columns import FINAL

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

ERROR = 1e-6
"""How often a run that guesses in every epoch may be taken for one that learned."""


class Outcome(StrEnum):
    """What became of a run that came to a result."""

    LEARNED = "learned"
    """It left chance and stayed away, or nobody knows what chance is and it did not diverge."""
    NEVER_LEARNED = "never learned"
    """No epoch's training accuracy is above what chance explains."""
    COLLAPSED = "collapsed"
    """It learned, and its last epoch is back at chance."""
    DIVERGED = "diverged"
    """Its loss became infinite or no number."""


def chance_level(runs: pd.DataFrame) -> NDArray[np.float64]:
    """The training accuracy up to which each run may be guessing, a fraction; nan where nobody knows.

    With p the share of the most frequent class, N training inputs and E epochs, it is the binomial bound that guesses
    pass with a probability of `ERROR`/E in one epoch, and so of no more than `ERROR` in any. An epoch's accuracy is a
    running mean over batches drawn without replacement, which spreads no wider than N independent guesses.

    p is what the run measured; rows that are older than that column have what their data set declares for its whole
    training part. Of a part of it (a limit, a validation split) the real share may be another by chance, which the same
    bound allows for: hits of one guess in N inputs drawn of the whole are what it bounds.
    """
    chance = runs["chance"].to_numpy(dtype=np.float64)
    declared = runs["dataset"].map({source.name: source.chance for source in DATASETS}).to_numpy(dtype=np.float64)
    epochs = np.maximum(runs["epochs_run"].to_numpy(dtype=np.float64), 1.0)
    return statistics.chance_bound(
        np.where(np.isnan(chance), declared, chance), runs["train_size"].to_numpy(dtype=np.float64), ERROR / epochs
    )


def outcomes(runs: pd.DataFrame, level: float | None = None) -> pd.DataFrame:
    """The runs with two columns more: ``chance_level`` and ``outcome``, an `Outcome`, None for runs without a result.

    Args:
        runs: with ``highest_train_accuracy`` and ``last_train_accuracy``, over the trained epochs.
        level: the training accuracy up to which a run counts as guessing; None takes `chance_level`.
    """
    bound = chance_level(runs) if level is None else np.full(len(runs), level)
    highest, last = (
        runs[name].to_numpy(dtype=np.float64) for name in ("highest_train_accuracy", "last_train_accuracy")
    )
    # Comparing with nan is false: what is not known is no failure.
    kinds = np.select(
        [
            ~runs["status"].isin(FINAL).to_numpy(),
            (runs["status"] == "diverged").to_numpy(),
            highest <= bound,
            last <= bound,
        ],
        [np.array(None, dtype=object), Outcome.DIVERGED, Outcome.NEVER_LEARNED, Outcome.COLLAPSED],
        np.array(Outcome.LEARNED, dtype=object),
    )
    return runs.assign(chance_level=bound, outcome=kinds)
