"""Verdicts over several looks: the error that they promise, counted over all sign patterns and simulated."""

import itertools

import numpy as np
import pytest

from actbench import statistics
from actbench.statistics import decide_in_looks, looks_until, max_t, spending
from actbench.statistics import sequential as module

ALL = looks_until(30)
HIGHER = {"higher_is_better": True}


def arms_of(table):
    return {str(number): column for number, column in enumerate(np.asarray(table, dtype=float).T)}


def standings(table, looks, margin=0.0):
    return [str(v.standing) for v in decide_in_looks(arms_of(table), looks, margin=margin, **HIGHER).values()]


# The budget


def test_six_seeds_may_spend_what_six_equal_signs_need():
    assert spending(6) == 2 / 64
    assert np.diff([spending(n) for n in (*ALL, 100, 10_000)]).min() > 0
    assert spending(10**9) <= 0.05


@pytest.mark.parametrize("looks", list(itertools.pairwise([6, 8, 10, 15])))
def test_every_look_can_decide_what_the_one_before_could_not(looks):
    before, now = looks
    patterns = 2 ** (now - 1)
    assert int(spending(now) * patterns) > int(spending(before) * patterns)


@pytest.mark.parametrize(("n", "alpha"), [(5, 0.05), (6, 0.03), (6, 1.0)])
def test_a_budget_that_cannot_be_is_refused(n, alpha):
    with pytest.raises(ValueError, match="nothing can be spent"):
        spending(n, alpha)


@pytest.mark.parametrize(
    ("most", "begun", "looks"),
    [
        (30, (), (6, 8, 10, 15, 20, 30)),
        (6, (), (6,)),
        (12, (), (6, 8, 10, 12)),
        (100, (), (6, 8, 10, 15, 20, 30, 40, 60, 80, 100)),
        (30, (6, 8, 10, 12), (6, 8, 10, 12, 15, 20, 30)),
        (10, (6, 8, 10, 15), (6, 8, 10)),
    ],
)
def test_looks_end_with_the_most_seeds_and_keep_those_that_were_begun(most, begun, looks):
    assert looks_until(most, begun) == looks


def test_looks_of_fewer_than_six_seeds_are_refused():
    with pytest.raises(ValueError, match="cannot take 5"):
        looks_until(5)


@pytest.mark.parametrize(
    ("looks", "margin", "words"), [((8, 6), 0.1, "must rise"), ((6,), -1.0, "not be negative"), ((5,), 0, "spent")]
)
def test_what_makes_no_sense_is_refused(looks, margin, words):
    with pytest.raises(ValueError, match=words):
        decide_in_looks({"a": np.ones(8)}, looks, margin=margin, **HIGHER)


# Exact: over all patterns of signs


@pytest.mark.parametrize("arms", [1, 3])
@pytest.mark.parametrize("step", [0.0, 0.5])
def test_the_share_of_patterns_that_reject_is_the_budget(arms, step):
    rng = np.random.default_rng(arms)
    table = rng.normal(size=(10, 1)) + rng.normal(size=(10, arms))
    table = np.round(table / step) * step if step else table
    rejected = [
        any(found in ("better", "worse") for found in standings(table * np.array(signs)[:, None], (6, 8, 10)))
        for signs in itertools.product((1, -1), repeat=10)
        if signs[0] == 1
    ]
    assert np.mean(rejected) <= spending(10)
    if not step:  # without ties nothing is left over but part of a pattern
        assert np.mean(rejected) > spending(10) - 1 / 2**9


def test_the_share_of_patterns_called_equal_at_the_margin_is_half_the_budget():
    rng = np.random.default_rng(3)
    centred = rng.uniform(0.5, 1.5, size=8)
    equal = [
        standings((1.0 + centred * np.array(signs))[:, None], (6, 8), margin=1.0) == ["equivalent"]
        for signs in itertools.product((1, -1), repeat=8)
    ]
    assert 0 < np.mean(equal) <= spending(8) / 2


@pytest.mark.parametrize("seed", range(20))
def test_one_look_is_the_step_down_test(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(8, 1)) + rng.normal(size=(8, 4)) + rng.choice([0, 1.5], size=4)
    verdicts = decide_in_looks(arms_of(table), (8,), margin=0.0, **HIGHER).values()
    rejected = [verdict.standing.is_different for verdict in verdicts]
    assert rejected == (max_t(table) <= spending(8)).tolist()


# What it decides


@pytest.mark.parametrize("arms", [1, 4, 20])
def test_six_clear_seeds_decide_for_any_number_of_arms(arms):
    table = np.random.default_rng(0).normal(1.0, 0.05, size=(6, arms))
    found = decide_in_looks(arms_of(table), ALL[:1], margin=0.1, **HIGHER).values()
    assert {(str(v.standing), v.look, v.seeds, v.p_value) for v in found} == {("better", 1, 6, 2 / 64)}
    assert set(standings(-table, ALL[:1])) == {"worse"}
    lower = decide_in_looks(arms_of(table), ALL[:1], margin=0.1, higher_is_better=False).values()
    assert {str(v.standing) for v in lower} == {"worse"}


def test_differences_within_the_margin_are_equal_from_six_seeds_on():
    table = np.random.default_rng(1).normal(0, 0.001, size=(6, 2))
    assert standings(table, ALL[:1], margin=0.01) == ["equivalent", "equivalent"]
    assert standings(np.zeros((6, 1)), ALL[:1], margin=0.01) == ["equivalent"]
    assert standings(np.full((6, 1), -0.01), ALL[:1], margin=0.01) == ["worse"]


def test_what_comes_after_the_deciding_look_is_not_looked_at():
    rng = np.random.default_rng(2)
    clear, unclear = rng.normal(1, 0.1, size=15), rng.normal(0, 1, size=15)
    short = {"clear": clear[:6], "unclear": unclear}
    spoiled = {"clear": np.concatenate([clear[:6], -5 * clear[6:]]), "unclear": unclear}
    looks = (6, 8, 10, 15)
    found = decide_in_looks(short, looks, margin=0.1, **HIGHER)
    assert found["clear"].look == 1
    assert found == decide_in_looks(spoiled, looks, margin=0.1, **HIGHER)
    assert found == decide_in_looks(dict(reversed(short.items())), looks, margin=0.1, **HIGHER)


def test_seeds_that_are_missing_say_nothing():
    table = np.full((8, 1), 1.0)
    table[3:] = np.nan
    assert standings(table, (6, 8), margin=10.0) == ["undecided"]
    found = decide_in_looks({"a": np.full(8, np.nan)}, (6, 8), margin=1.0, **HIGHER)["a"]
    assert (found.p_value, found.decided) == (1.0, False)


def test_no_look_is_no_verdict():
    assert not decide_in_looks({"a": np.ones(6)}, (), margin=1.0, **HIGHER)


def test_arms_that_do_not_learn_differ_in_that():
    dead = np.column_stack([np.full(6, np.nan), np.full(6, -1.0)])
    assert decide_in_looks({"a": dead}, (6,), margin=1.0, **HIGHER)["a"].standing == "worse"
    # Alike where both learned, but one of six never did: not shown to differ, nor to be equal.
    some = np.column_stack([np.zeros(8), np.zeros(8)])
    some[2] = np.nan, -1.0
    assert decide_in_looks({"a": some}, (6, 8), margin=1.0, **HIGHER)["a"].standing == "undecided"
    # Of reliability more is better, whatever the metric.
    alive = np.column_stack([np.full(6, np.nan), np.full(6, 1.0)])
    assert decide_in_looks({"a": alive}, (6,), margin=1.0, higher_is_better=False)["a"].standing == "better"


# Simulated studies, of several arms that share a baseline


def studies(number, means, sd, shape, seed=0):
    """Differences of the arms from a baseline, 30 seeds; two-peaked runs die one time in five."""
    rng = np.random.default_rng(seed)
    draw = {
        "normal": lambda size: rng.normal(size=size),
        "skewed": lambda size: rng.exponential(size=size) - 1,
        "coarse": lambda size: np.round(rng.normal(size=size)),
        "two-peaked": lambda size: rng.normal(size=size),
    }[shape]
    for _ in range(number):
        runs = sd * draw((30, len(means) + 1)) + np.array([0.0, *means])
        alive = rng.random(runs.shape) >= (0.2 if shape == "two-peaked" else 0.0)
        differences = np.where(alive[:, 1:] & alive[:, :1], runs[:, 1:] - runs[:, :1], np.nan)
        learned = alive[:, 1:].astype(float) - alive[:, :1]
        yield {str(arm): np.column_stack([differences[:, arm], learned[:, arm]]) for arm in range(len(means))}


def decided(number, means, sd, shape, looks=ALL):
    """Of every study the verdicts."""
    return [
        list(decide_in_looks(arms, looks, margin=0.005, **HIGHER).values())
        for arms in studies(number, means, sd, shape)
    ]


def at_most(count, number, rate):
    """Whether so many errors go together with a rate of at most this one, at the level of one in a thousand."""
    from scipy.stats import binom

    return binom.sf(count - 1, number, rate) > 0.001


@pytest.fixture
def coarse_patterns(monkeypatch):
    """Fewer patterns than people get, for thousands of studies."""
    monkeypatch.setattr(module, "EXACT_ROWS", 12)
    monkeypatch.setattr(module, "RANDOM_PATTERNS", 5_000)
    module._random_signs.cache_clear()
    yield
    module._random_signs.cache_clear()


def check_no_false_verdict(number, means, sd, shape):
    found = decided(number, means, sd, shape)
    false = sum(
        any(verdict.standing.is_different for verdict, mean in zip(study, means, strict=True) if mean == 0)
        for study in found
    )
    assert at_most(false, number, 0.05), f"{false} of {number} studies have a false better or worse"
    for arm, mean in enumerate(means):
        if abs(mean) >= 0.005:
            equal = sum(study[arm].standing == statistics.Standing.EQUIVALENT for study in found)
            assert at_most(equal, number, 0.025), f"{equal} of {number} studies call a difference of {mean} equal"


TRUTHS = [
    ([0.0], 0.002, "normal"),
    ([0.0], 0.01, "skewed"),
    ([0.0, 0.0, 0.0], 0.004, "coarse"),
    ([0.0, 0.0, 0.0], 0.004, "two-peaked"),
    ([0.0] * 8, 0.003, "skewed"),
    ([0.0, 0.02], 0.004, "normal"),
    ([0.0, 0.005, 0.005, -0.005], 0.003, "normal"),
    ([0.005, -0.005], 0.003, "coarse"),
]


@pytest.mark.parametrize(("means", "sd", "shape"), TRUTHS[:4])
def test_false_verdicts_are_rare(coarse_patterns, means, sd, shape):
    check_no_false_verdict(60, means, sd, shape)


@pytest.mark.slow
@pytest.mark.parametrize(("means", "sd", "shape"), TRUTHS)
def test_two_thousand_studies_keep_the_error(coarse_patterns, means, sd, shape):
    check_no_false_verdict(2000, means, sd, shape)


def shares(number, effect, looks):
    """Studies of one arm that are decided rightly, and seeds that it takes on average. The effect is in sd of pairs."""
    found = decided(number, [effect * 0.004 * np.sqrt(2)], 0.004, "normal", looks)
    right = np.mean([study[0].standing == statistics.Standing.BETTER for study in found])
    return right, np.mean([study[0].seeds for study in found])


def test_clear_differences_take_few_seeds(coarse_patterns):
    large, seeds = shares(40, 1.5, ALL)
    assert large > 0.9
    assert seeds < 11
