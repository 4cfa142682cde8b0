"""What looking at results costs, without a design for it and with one; `-s` prints every rate.

The slow part is the tables of docs/until-decided.md, row by row, and holds the page to them:

    python -m pytest tests/simulations -m slow -n auto -s
"""

import numpy as np
import pytest
from simulated import Count, say, stand_in

from actbench.statistics import Standing, decide_in_looks, sequential, sign_flip_test
from actbench.statistics.sequential import LOOKS

ALPHA = 0.05
PAGE = "until-decided.md"
MARGIN = 0.88
"""In sd of the pairs: half a point where that is 0.57 points."""


@pytest.fixture
def few_patterns(monkeypatch):
    """5,000 random patterns of signs beyond 12 seeds, for thousands of studies; people get 100,000 beyond 20."""
    monkeypatch.setattr(sequential, "EXACT_ROWS", 12)
    monkeypatch.setattr(sequential, "RANDOM_PATTERNS", 5_000)
    sequential._random_signs.cache_clear()
    yield
    sequential._random_signs.cache_clear()


def decided(differences, looks):
    """Of studies of one arm whether it was found better, and equal, and how many seeds it took on average."""
    better, equal, seeds = Count(), Count(), []
    for row in differences:
        found = decide_in_looks({"arm": row}, looks, margin=MARGIN, higher_is_better=True)["arm"]
        better.add(found.standing is Standing.BETTER)
        equal.add(found.standing is Standing.EQUIVALENT)
        seeds.append(found.seeds)
    return better, equal, np.mean(seeds)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.5, 0.7, 1.0, 1.5])
def test_what_is_saved(few_patterns, effect):
    """A difference as large as the spread takes less than half of thirty seeds, and is found more often than by ten."""
    differences = np.random.default_rng(11).normal(effect, 1, size=(2000, LOOKS[-1]))
    better, equal, seeds = decided(differences, LOOKS)
    ten, _, _ = decided(differences, LOOKS[2:3])
    thirty, _, _ = decided(differences, LOOKS[-1:])
    assert ten.rate < better.rate <= thirty.rate + 0.01
    assert effect < 1 or seeds < 13
    stand_in(PAGE, (effect, better, equal, f"{seeds:.1f}", ten, thirty))


@pytest.mark.slow
def test_looking_without_a_design_is_wrong_more_often():
    """Nothing differs, and whoever looks stops as soon as a test of the seeds by then says so."""
    studies = np.random.default_rng(12).normal(size=(1000, LOOKS[-1]))
    p_values = {n: np.array([sign_flip_test(row[:n]) for row in studies]) for n in range(LOOKS[0], LOOKS[-1] + 1)}

    def wrong(looks):
        ever = np.any([p_values[n] <= ALPHA for n in looks], axis=0)
        return Count(int(ever.sum()), ever.size)

    once = [wrong((n,)) for n in LOOKS]
    twice, six, every = wrong((10, 20)), wrong(LOOKS), wrong(p_values)
    say(f"one look: {', '.join(map(str, once))} %")
    assert all(found.at_most(ALPHA) for found in once)
    assert not six.at_most(ALPHA)
    stand_in(
        PAGE,
        ("10 and 20 seeds", twice),
        (f"{', '.join(map(str, LOOKS))} seeds", six),
        ("every seed from 6 to 30", every),
    )
