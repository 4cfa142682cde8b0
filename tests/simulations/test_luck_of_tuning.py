"""Two arms that are the same function, tuned and compared: how often one is called better; `-s` prints every rate.

`surrogate.csv`, made by `surrogate.py`, stands in for training: twenty real runs of ReLU at each of ten learning rates.
A made-up run takes the figures of one of them. The slow part is a table of docs/tuning.md, row by row, and holds the
page to it:

    python -m pytest tests/simulations -m slow -n auto -s
"""

import csv
from pathlib import Path

import numpy as np
import pytest
from studies import Arm, Count, alarms, say, stand_in

from actbench.statistics import judge_family
from actbench.studies.tuning.asked import Tuning
from actbench.studies.tuning.protocols import Search
from actbench.studies.tuning.trials import Result
from actbench.tables.tuning import TuningFindings, about_tuning
from actbench.tables.warnings import ChosenByLuck

ALPHA = 0.05
PAGE = "tuning.md"
ARMS = ("one", "same")
IN_COMMON = {0.0: "nothing in common", 0.5: "half in common", 1.0: "the same runs"}
"""The share of the seeds with which both arms come to the same figures, and how the page calls it."""


@pytest.fixture(scope="module")
def trained():
    """Of each learning rate the runs' validation accuracy, validation loss and test accuracy: shape (runs, 3)."""
    found = {}
    with Path(__file__).with_name("surrogate.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            figures = [float(row[name]) for name in ("val_accuracy", "val_loss", "test_accuracy")]
            found.setdefault(float(row["learning_rate"]), []).append(figures)
    return {rate: np.array(rows) for rate, rows in found.items()}


def drawn(rng, runs, seeds, alike):
    """For each seed the figures of both arms, the same in a share ``alike`` of the seeds: shape (seeds, 2, 3)."""
    picked = rng.integers(len(runs), size=(seeds, 2))
    picked[:, 1] = np.where(rng.random(seeds) < alike, picked[:, 0], picked[:, 1])
    return runs[picked]


def tuned_study(rng, trained, tuning, alike):
    """Tune two arms of one function and score them on ten fresh seeds.

    Returns:
        Whether one was called better, whether they chose differently, and whether a warning says that it may be luck.
    """
    search = Search(tuning, "adam", ARMS)
    results = {}
    while missing := [key for key in search.needed(results) if key not in results]:
        for trial in dict.fromkeys(trial for _, trial, _ in missing):
            figures = drawn(rng, trained[trial.rate], len(search.seeds), alike)
            for seed, both in zip(search.seeds, figures, strict=True):
                for arm, (accuracy, loss, _) in zip(ARMS, both, strict=True):
                    results[arm, trial, seed] = Result(float(accuracy), float(loss))
    chosen = search.chosen(results)
    fresh = {trial: drawn(rng, trained[trial.rate], 10, alike) for trial in {its.trial for its in chosen.values()}}
    one, same = (Arm(dict(enumerate(fresh[chosen[arm].trial][:, place, 2].tolist()))) for place, arm in enumerate(ARMS))
    found = judge_family(one, [same], margin=0.005, higher_is_better=True)
    warned = [
        its
        for its in about_tuning(TuningFindings("", None, chosen, results), ARMS, ARMS[0])
        if isinstance(its, ChosenByLuck)
    ]
    return alarms(found), chosen["one"].trial != chosen["same"].trial, bool(warned)


@pytest.mark.parametrize(
    "studies", [pytest.param(60, id="quick"), pytest.param(2000, id="full", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("alike", IN_COMMON)
def test_a_difference_that_tuning_made_by_luck_is_said_to_be_possible(trained, studies, alike):
    """Without the warning no more than 5 % are wrong; with it, the page says how many."""
    rng = np.random.default_rng(14)
    wrong, differ, unwarned = Count(), Count(), Count()
    for _ in range(studies):
        alarm, different, warned = tuned_study(rng, trained, Tuning(), alike)
        wrong.add(alarm)
        differ.add(different)
        unwarned.add(alarm and not warned)
    say(f"{IN_COMMON[alike]}: chose differently {differ} %, better/worse {wrong} %, without a warning {unwarned} %")
    assert unwarned.at_most(ALPHA)
    if alike == 1:
        assert wrong.rate == differ.rate == 0
    if studies > 100:
        stand_in(PAGE, (IN_COMMON[alike], differ, wrong, unwarned))
