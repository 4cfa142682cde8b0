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
from simulated import Arm, Count, say, stand_in

from actbench.statistics import judge_family
from actbench.studies.tuning.asked import Tuning
from actbench.studies.tuning.protocols import Search
from actbench.studies.tuning.trials import Result
from actbench.tables.choices import doubted

ALPHA = 0.05
PAGE = "tuning.md"
ARMS = ("one", "same")
MARGIN = 0.005
SEEDS = 10
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


def verdict(figures, one, same):
    """What is said of the two arms' test accuracies, each at a trial."""
    first, second = (
        Arm(dict(enumerate(figures[trial][:, place, 2].tolist()))) for place, trial in enumerate((one, same))
    )
    (judged,) = judge_family(first, [second], margin=MARGIN, higher_is_better=True)
    return judged.verdict.standing


def tuned_study(rng, trained, alike):
    """Tune two arms of one function and score them on ten fresh seeds.

    Returns:
        Whether they chose differently, whether one is called better by its own scores, and whether that also holds at
        equal settings where the tuning cannot tell the two choices apart.
    """
    search = Search(Tuning(), "adam", ARMS)
    results = {}
    while missing := [key for key in search.needed(results) if key not in results]:
        for trial in dict.fromkeys(trial for _, trial, _ in missing):
            figures = drawn(rng, trained[trial.rate], len(search.seeds), alike)
            for seed, both in zip(search.seeds, figures, strict=True):
                for arm, (accuracy, loss, _) in zip(ARMS, both, strict=True):
                    results[arm, trial, seed] = Result(float(accuracy), float(loss))
    chosen = search.chosen(results)
    own = [chosen[arm].trial for arm in ARMS]
    fresh = {trial: drawn(rng, trained[trial.rate], SEEDS, alike) for trial in own}
    said = verdict(fresh, *own)
    beside = [verdict(fresh, trial, trial) for trial in doubted(chosen, ARMS[1], ARMS[0])]
    return own[0] != own[1], said.is_different, said.is_different and all(other is said for other in beside)


@pytest.mark.parametrize("studies", [60, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("alike", IN_COMMON)
def test_tuning_raises_no_false_verdicts(trained, studies, alike):
    """Two arms of one function are called better or worse in no more than 5 % of studies."""
    rng = np.random.default_rng(14)
    differ, plain, wrong = Count(), Count(), Count()
    for _ in range(studies):
        different, alarm, confirmed = tuned_study(rng, trained, alike)
        differ.add(different)
        plain.add(alarm)
        wrong.add(confirmed)
    say(f"{IN_COMMON[alike]}: chose differently {differ} %, better/worse {plain} %, also at equal settings {wrong} %")
    assert wrong.at_most(ALPHA)
    if alike == 1:
        assert plain.rate == differ.rate == 0
    if studies > 100:
        stand_in(PAGE, (IN_COMMON[alike], differ, plain, wrong))
