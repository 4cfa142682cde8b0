"""What the rule promises, against made-up studies whose truth is known; `-s` prints every rate.

The quick part takes seconds. The slow part is the tables of docs/method.md, row by row, and holds the page to them:

    python -m pytest tests/simulations -m slow -n auto -s

A rate is held against its bound with three standard errors of the simulation.
"""

import itertools
import math

import numpy as np
import pytest
from scipy import stats
from simulated import (
    DEAD,
    SD,
    SEEDS,
    SHAPES,
    Count,
    alarms,
    called_within,
    covered,
    covers,
    false_alarms,
    families,
    normal,
    say,
    share_covered,
    stand_in,
)

from actbench.statistics import Measure, Standing, share_interval

ALPHA = 0.05
PAGE = "method.md"
QUICK = {3: 50, 6: 100}
FULL = {3: 200, 5: 200, 6: 1000, 10: 1000, 20: 100}
"""Studies by numbers of seeds: with fewer than six nothing is decided, and twenty take twenty times as long as ten."""
ARMS = {1: 0.8, 3: 0.4, 10: 0.2}
"""Arms of the families whose errors are counted together, and which part of the studies has so many."""
MARGINS = (0.5, 1.0, 2.0, 4.0)
both = pytest.mark.parametrize(
    "part", [pytest.param(QUICK, id="quick"), pytest.param(FULL, id="full", marks=pytest.mark.slow)]
)


def pairs_of(shape):
    """What the seeds of a coarse shape have in common would make it fine."""
    return {"common": 0.0} if shape == "coarse" else {}


def test_the_simulations_tell_five_percent_from_eight():
    """Chances that so many studies pass where the true rate is the bound, and where it is larger."""

    def passes(studies, bound, rate):
        most = max(hits for hits in range(studies) if Count(hits, studies).at_most(bound))
        return stats.binom.cdf(most, studies, rate)

    together = round(sum(ARMS.values()) * FULL[6])
    assert passes(together, ALPHA, ALPHA) > 0.997
    assert passes(together, ALPHA, 0.08) < 0.05
    assert passes(FULL[6], ALPHA / 2, 0.05) < 0.1


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_the_interval_covers(part, shape):
    """93 to 98 %, for arms of one shape; ties of coarse accuracies only make the exact interval wider."""
    rng = np.random.default_rng(1)
    row = []
    for n, studies in part.items():
        shift = 0.3 * SD.get(shape, 1.0)
        # Three to five seeds are cheap, and their interval is not exact.
        found, none = covered(
            families(rng, [SHAPES[shape]] * 2, max(studies, 1000 * (n < 6)), n, shifts=[0, shift], **pairs_of(shape)),
            shift,
        )
        say(f"interval covers, {shape}, n = {n}: {found} % (no interval: {none} %)")
        assert found.at_least(0.93)
        assert found.at_most(0.98) or shape == "coarse"
        row.append(found)
    if part is FULL:
        stand_in(PAGE, (shape, *row))


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_the_family_wise_error_is_five_percent(part, shape):
    """All arms equal the baseline, in how well they do and in how often they learn."""
    rng = np.random.default_rng(2)

    def errors(n, arms, dead, studies):
        options = pairs_of(shape) | {"dead": [dead] * (1 + arms)}
        found = false_alarms(families(rng, [SHAPES[shape]] * (1 + arms), studies, n, **options))
        say(f"false better/worse, {shape}, n = {n}, {arms} arms, {dead:.0%} never learn: {found} %")
        assert found.at_most(ALPHA if n >= 6 else 0.0)
        return found

    rows = []
    for n, studies in part.items():
        if n not in (6, 10):
            errors(n, 1, 0.0, studies)
            continue
        dead = (0.0, 0.1, 0.3) if part is FULL else (0.1,)
        row = [
            sum((errors(n, arms, share, round(part_of * studies)) for arms, part_of in ARMS.items()), Count())
            for share in dead
        ]
        assert all(found.at_most(ALPHA) for found in row)
        rows.append((f"{shape}, {n} seeds", *row))
    if part is FULL:
        stand_in(PAGE, *rows)


@both
def test_an_arm_that_differs_leaves_the_others_their_protection(part):
    rng = np.random.default_rng(3)
    for n, studies in part.items():
        found = Count()
        for _, *others in families(rng, [normal] * 5, studies // 2, n, shifts=[0, 4.0, 0, 0, 0]):
            found.add(alarms(others))
        say(f"false better/worse beside one that differs, n = {n}, 4 arms: {found} %")
        assert found.at_most(ALPHA)


@both
@pytest.mark.parametrize("shape", SHAPES)
def test_equal_is_wrong_in_one_of_forty(part, shape):
    """The arms differ by just the margin."""
    rng = np.random.default_rng(4)
    row = []
    for n, size in itertools.product(part, MARGINS):
        margin = size * SD.get(shape, 1.0)
        options = pairs_of(shape) | {"shifts": [0, margin], "margin": margin}
        found = called_within(families(rng, [SHAPES[shape]] * 2, part[n], n, **options))
        say(f"false equal, {shape}, n = {n}, margin {size:g} sd: {found} %")
        assert found.at_most(ALPHA / 2)
        if n in (6, 10):
            row.append(found)
    if part is FULL:
        stand_in(PAGE, (shape, *row))


@both
@pytest.mark.parametrize("dead", DEAD)
def test_an_arm_that_dies_now_and_then(part, dead):
    """Baseline and arm do equally well where they learn, and the arm does not always learn.

    Said of the values is what is true of them; "equal within the margin where both learn; up to q of starts may fail"
    is wrong where more than q fail.
    """
    rng = np.random.default_rng(5)
    rows = []
    for n, studies in part.items():
        different, wrong, share, interval = Count(), Count(), Count(), Count()
        for (found,) in families(rng, [normal] * 2, studies, n, dead=[0, dead], margin=3.0):
            verdict = found.verdict
            different.add(verdict.by_values.is_different)
            wrong.add(verdict.standing is Standing.EQUIVALENT and verdict.failures_not_excluded < dead)
            share.add(found.learned.interval.low <= 1 - dead <= found.learned.interval.high)
            if found.comparison is not None and found.comparison.interval is not None:
                interval.add(covers(found, 0.0))
        options = {"dead": [0, dead], "shifts": [0, 2.0], "margin": 2.0}
        equal = called_within(families(rng, [normal] * 2, studies, n, **options))
        say(
            f"{dead:.0%} never learn, n = {n}: false better/worse {different} %, interval covers {interval} %, "
            f"share covers {share} %, false equal {equal} %, more failures than stated {wrong} %"
        )
        assert different.at_most(ALPHA)
        assert interval.at_least(0.93)
        assert share.at_least(0.95)
        assert equal.at_most(ALPHA / 2)
        assert wrong.at_most(ALPHA / 2)
        if n in (6, 10):
            rows.append((f"{100 * dead:g} % fail, {n} seeds", different, interval, share, equal, wrong))
    if part is FULL:
        stand_in(PAGE, *rows)


@pytest.mark.parametrize("share", DEAD)
@pytest.mark.parametrize("n", SEEDS)
def test_the_interval_of_a_share_covers_whatever_the_share(n, share):
    """No simulation: Clopper and Pearson's coverage is a sum over the n + 1 outcomes."""
    covering = [k for k in range(n + 1) if share_interval(k, n).low <= share <= share_interval(k, n).high]
    exact = share_covered(np.arange(n + 1), n, share)
    chances = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in covering]
    assert sum(chances) == pytest.approx(exact)
    assert exact >= 0.95


@both
@pytest.mark.parametrize("heavy", [False, True])
def test_ratios_of_seconds(part, heavy):
    """Log ratios, and every tenth run spoilt by others on the machine: three times as slow."""
    rng = np.random.default_rng(6)

    def clock(rng, size):
        spoilt = np.where(rng.random(size) < 0.1 * heavy, 3.0, 1.0)
        return spoilt * np.exp(rng.normal(0, 0.05, size=size))

    for n, studies in part.items():
        options = {"measure": Measure.RATIO, "common": 0.0, "margin": 0.05}
        alike = list(families(rng, [clock] * 4, studies // 2, n, **options))
        wrong = false_alarms(iter(alike))
        found, none = covered(iter(alike), 1.0)
        say(
            f"seconds{', some spoilt' * heavy}, n = {n}: false faster/slower {wrong} %, "
            f"interval covers {found} % ({none} % none)"
        )
        assert wrong.at_most(ALPHA)
        assert not found.of or found.at_least(0.93)


@both
def test_epochs_to_a_threshold_with_misses(part):
    rng = np.random.default_rng(7)

    def epochs(rng, size):
        times = np.ceil(rng.gamma(4, 3, size=size))
        return np.where(times > 18, math.inf, times)  # one run in seven misses

    for n, studies in part.items():
        options = {"measure": Measure.TIME, "common": 0.0}
        wrong = false_alarms(families(rng, [epochs] * 4, studies // 2, n, **options))
        say(f"epochs to a threshold, n = {n}, 3 arms: false faster/slower {wrong} %")
        assert wrong.at_most(ALPHA)
