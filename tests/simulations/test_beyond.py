"""What the rule cannot promise, and how far it is off there; `-s` prints every rate.

Where nothing can be promised, the page says what was measured: the slow part is the tables of docs/method.md and
docs/until-decided.md, row by row, and holds the pages to them.

    python -m pytest tests/simulations -m slow -n auto -s
"""

import math
from statistics import NormalDist

import numpy as np
import pytest
from scipy import stats
from simulated import (
    DOCS,
    Count,
    alarms,
    called_within,
    covers,
    families,
    heavily_skewed,
    normal,
    rarely_low,
    say,
    skewed,
    stand_in,
    two_peaked,
)

from actbench.statistics import (
    Standing,
    equivalence_p,
    seeds_that_would_tell,
    seeds_to_detect,
    seeds_to_exclude,
    sign_flip_test,
    summarize,
)
from actbench.statistics.permutation import EXACT_VALUES
from actbench.statistics.planning import MOST_SEEDS

ALPHA = 0.05
PAGE = "method.md"
UNEQUAL = {
    skewed: ("moderately skewed (log-normal, log-sd ½)", 1),
    heavily_skewed: ("heavily skewed (log-normal, log-sd 1)", 1),
    two_peaked: ("two-peaked, three runs in ten five sd lower", -1),
    rarely_low: ("one run in ten lower by ten sd of the rest", -1),
}
"""Shapes of an arm, and on which side its rare values lie."""


@pytest.mark.slow
@pytest.mark.parametrize("arm", UNEQUAL, ids=lambda noise: noise.__name__)
def test_unequal_shapes_of_equal_mean_are_beyond_any_promise(arm):
    """Bahadur & Savage 1956: no test of finitely many values of unknown shape holds its level for means.

    The baseline is normal and a quarter as wide as the arm. Told are verdicts where the means are equal, and "within
    the margin" where they differ by just that, one sd of the arm, towards its rare values: where these did not come up,
    the others lie within it. With thousands of seeds the rates go back to what they should be, since the test is
    studentized: T is then a standard normal deviate.
    """
    rng = np.random.default_rng(8)
    name, tail = UNEQUAL[arm]
    rows = []

    def narrow(rng, size):
        return 0.25 * normal(rng, size)

    for n in (6, 10):
        wrong, interval = Count(), Count()
        for found in families(rng, [narrow, arm], 2000, n, common=0.0):
            wrong.add(alarms(found))
            interval.add(covers(found[0], 0.0))
        within = called_within(families(rng, [narrow, arm], 2000, n, shifts=[0, tail], margin=1.0, common=0.0))
        rows.append((f"{name}, {n} seeds", wrong, interval, within))
    differences = arm(rng, (2000, 4000)) - narrow(rng, (2000, 4000))
    many = Count()
    for t in differences.sum(axis=1) / np.sqrt((differences**2).sum(axis=1)):
        many.add(abs(t) > NormalDist().inv_cdf(1 - ALPHA / 2))
    say(f"equal means, normal and {arm.__name__}, n = 4000: different {many} %")
    assert many.at_most(ALPHA)
    stand_in(PAGE, *rows)


@pytest.mark.slow
def test_students_interval_of_one_skewed_arm_covers_less_than_it_says():
    rng = np.random.default_rng(13)
    found = Count()
    for row in heavily_skewed(rng, (20_000, 10)):
        interval = summarize(row).interval
        found.add(interval.low <= 0 <= interval.high)
    say(f"Student's interval of ten log-normal values covers {found} %")
    assert f"({100 * found.rate:.0f} % at ten log-normal values" in (DOCS / PAGE).read_text(encoding="utf-8")


def tells(row, margin):
    """Whether a study shows a difference, or that it lies within the margin; by Student's t where that is the same."""
    mean, n = row.mean(), row.size
    if n <= EXACT_VALUES:
        return sign_flip_test(row) <= ALPHA or equivalence_p(row, margin) <= ALPHA / 2
    half = stats.t.ppf(1 - ALPHA / 2, n - 1) * row.std(ddof=1) / math.sqrt(n)
    return abs(mean) > half or abs(mean) + half < margin


@pytest.mark.slow
@pytest.mark.parametrize("pilot", [3, 6, 10])
@pytest.mark.parametrize(("effect", "margin"), [(1.0, 0.5), (0.3, 0.5), (0.0, 0.88), (0.5, 0.88), (0.7, 1.5)])
def test_what_the_planned_seeds_show(pilot, effect, margin):
    """Plan where a pilot is undecided, then run a fresh study of so many seeds; effects and margins in true sd.

    Near the margin it takes the most seeds: too little to be shown, too much to be excluded.
    """
    rng = np.random.default_rng(9)
    ways = seeds_to_detect(effect), seeds_to_exclude(effect, margin)
    needed = min(count for count in ways if count is not None)
    truth = max(pilot + 1, needed)
    held, enough, lower, upper = Count(), Count(), Count(), Count()
    for row in rng.normal(effect, 1, size=(500, pilot)):
        if tells(row, margin):
            continue
        sd = row.std(ddof=1)
        fewest, most = seeds_that_would_tell(row.mean() / sd, pilot, margin / sd).ends
        held.add(fewest <= truth <= most)
        enough.add(truth <= most)
        for shown, n in ((lower, fewest), (upper, most)):
            shown.add(tells(rng.normal(effect, 1, size=n), margin))
    assert enough.at_least(0.8)
    assert upper.at_least(0.8)
    assert lower.rate < upper.rate
    stand_in(PAGE, (f"{effect}, {margin}, {pilot} seeds", needed, enough, held, lower, upper))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dead", "effect", "margin"), [(0.3, 0.0, 3.0), (0.1, 1.0, 0.5)], ids=["failing", "better and failing"]
)
def test_what_the_planned_seeds_show_where_runs_do_not_learn(dead, effect, margin):
    """The upper end is enough, whether it is the values that are open or how often an arm learns."""
    rng = np.random.default_rng(10)
    enough = Count()
    options = {"dead": [0, dead], "shifts": [0, effect * math.sqrt(2)], "margin": margin}
    for (pilot,) in families(rng, [normal] * 2, 60, 8, **options):
        if pilot.verdict.standing is not Standing.UNDECIDED:
            continue
        _, most = pilot.verdict.seeds.ends
        if most <= MOST_SEEDS:
            ((found,),) = families(rng, [normal] * 2, 1, most, **options)
        enough.add(most > MOST_SEEDS or not found.verdict.standing.is_open)
    say(f"{dead:.0%} never learn, effect {effect}, margin {margin}: the upper end tells in {enough} % of {enough.of}")
    assert enough.of > 20
    assert enough.at_least(0.8)
