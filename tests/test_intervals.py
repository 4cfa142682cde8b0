"""Intervals and shares against SciPy and against their definitions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from actbench.statistics import (
    Moments,
    equivalence_p,
    failures_not_excluded,
    interquartile_mean,
    median_interval,
    paired_ratio,
    probability_of_improvement,
    share_interval,
    sign_flip_interval,
    sign_flip_test,
    welch_interval,
)

same_examples = settings(derandomize=True, deadline=None, max_examples=60)
hundredths = st.lists(st.integers(-40, 40).map(lambda k: k / 100), min_size=6, max_size=9)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("n", [3, 6, 8, 10])
def test_the_sign_flip_interval_is_what_the_test_does_not_reject(n, level):
    values = np.random.default_rng(n).normal(0.3, 1, size=n)
    interval = sign_flip_interval(values, level=level)
    if interval is None:
        assert 2 / 2**n > 1 - level
        return
    alpha = 1 - level
    for end, outwards in ((interval.low, -1), (interval.high, 1)):
        assert sign_flip_test(values - end - outwards * 1e-6) <= alpha
        assert sign_flip_test(values - end + outwards * 1e-6) > alpha


def test_six_values_reach_from_the_smallest_to_the_largest():
    interval = sign_flip_interval([3, 1, 2, 9, 4, 5])
    assert (interval.low, interval.high) == (pytest.approx(1), pytest.approx(9))
    assert interval.level == 1 - 2 / 64
    assert sign_flip_interval([3, 1, 2, 9, 4]) is None


def test_random_subsets_continue_where_all_of_them_end():
    values = np.random.default_rng(1).normal(size=21)
    exact, random = sign_flip_interval(values[:20]), sign_flip_interval(values)
    t = stats.ttest_1samp(values, 0).confidence_interval()
    assert exact.level == pytest.approx(0.95, abs=1e-5)
    assert (random.low, random.high) == (pytest.approx(t.low, abs=0.05), pytest.approx(t.high, abs=0.05))


@same_examples
@given(hundredths, st.integers(0, 60))
def test_equivalence_and_the_interval_say_the_same(values, margin):
    interval = sign_flip_interval(values, level=0.95)
    inside = interval.low > -margin / 100 and interval.high < margin / 100
    outside = interval.low < -margin / 100 - 1e-9 or interval.high > margin / 100 + 1e-9
    p = equivalence_p(values, margin / 100)
    assert (p <= 0.025) == inside or not (inside or outside)


def test_equivalence_by_hand():
    assert equivalence_p([0.001] * 6, 0.005) == 1 / 64
    assert equivalence_p([0.001] * 5, 0.005) == 1 / 32
    assert equivalence_p([0.001] * 6, 0.001) == 1  # six times exactly the margin has not been shown to be within it
    assert equivalence_p([0.3 - 0.2, 0.1] * 3, 0.1) == 1
    for margin in (-0.1, math.nan):
        with pytest.raises(ValueError, match="the margin must not be negative"):
            equivalence_p([0.1], margin)


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 10), (3, 10), (10, 10), (7, 30), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_share_interval_agrees_with_scipy(k, n, level):
    expected = stats.binomtest(k, n).proportion_ci(level, method="exact")
    interval = share_interval(k, n, level=level)
    assert (interval.low, interval.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_share_interval_refuses(k, n):
    with pytest.raises(ValueError, match="k of n with 0 <= k <= n and n >= 1"):
        share_interval(k, n)


@pytest.mark.parametrize("n", [1, 5, 10, 300])
def test_failures_not_excluded(n):
    share = failures_not_excluded(n)
    assert (1 - share) ** n == pytest.approx(0.05)
    assert share == pytest.approx(stats.binomtest(0, n).proportion_ci(0.9, method="exact").high)
    if n >= 300:
        assert share == pytest.approx(3 / n, rel=0.01)  # the rule of three


def test_failures_need_a_run():
    with pytest.raises(ValueError, match="at least 1 run, not in 0"):
        failures_not_excluded(0)


@pytest.mark.parametrize("n", [3, 6, 9, 13])
def test_paired_ratio_by_its_definition(n):
    rng = np.random.default_rng(n)
    baseline = rng.uniform(1, 2, size=n)
    arm = baseline * np.exp(rng.normal(0.1, 0.2, size=n))
    found = paired_ratio(arm, baseline)
    logs = np.log(arm / baseline)
    averages = [(logs[i] + logs[j]) / 2 for i, j in itertools.combinations_with_replacement(range(n), 2)]
    assert found.ratio == pytest.approx(math.exp(np.median(averages)))
    if n < 6:
        assert found.interval is None
        return
    # The interval is what Wilcoxon's exact test does not reject.
    for end, outwards in ((found.interval.low, -1), (found.interval.high, 1)):
        rejected = stats.wilcoxon(logs - math.log(end) - outwards * 1e-6, method="exact")
        kept = stats.wilcoxon(logs - math.log(end) + outwards * 1e-6, method="exact")
        assert rejected.pvalue <= 0.05 < kept.pvalue
        assert 1 - found.interval.level == pytest.approx(rejected.pvalue)


def test_one_spoilt_pair_hardly_moves_the_ratio():
    seconds = np.array([10.0, 10.1, 9.9, 10.2, 9.8, 10.0, 10.1, 9.9])
    spoilt = seconds.copy()
    spoilt[3] *= 2.5
    assert np.exp(np.log(spoilt / seconds).mean()) > 1.12
    assert paired_ratio(spoilt, seconds).ratio == pytest.approx(1)


def test_ratios_refuse():
    with pytest.raises(ValueError, match="values above zero"):
        paired_ratio([0, 1], [1, 1])
    with pytest.raises(ValueError, match="the arm has 1 values, the baseline 2"):
        paired_ratio([1], [1, 2])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 10, 11])
def test_interquartile_mean_is_that_of_rliable(n):
    values = np.random.default_rng(n).normal(size=n)
    assert interquartile_mean(values) == pytest.approx(stats.trim_mean(values, 0.25))


def test_interquartile_mean_leaves_out_a_run_that_fell_apart():
    assert interquartile_mean([0.1, 0.9, 0.9, 0.9, 0.9]) == pytest.approx(0.9)


def test_probability_of_improvement_is_mann_whitney():
    rng = np.random.default_rng(4)
    arm, baseline = rng.integers(0, 6, size=8), rng.integers(0, 6, size=5)
    expected = stats.mannwhitneyu(arm, baseline).statistic / 40
    assert probability_of_improvement(arm, baseline, higher_is_better=True) == pytest.approx(expected)
    assert probability_of_improvement(arm, baseline, higher_is_better=False) == pytest.approx(1 - expected)
    assert probability_of_improvement([math.inf, 1], [math.inf], higher_is_better=False) == 0.75
    with pytest.raises(ValueError, match="values in both arms, without nan"):
        probability_of_improvement([], [1], higher_is_better=True)


def test_median_interval_still_needs_six():
    assert median_interval([1, 2, 3, 4, 5]) is None


@pytest.mark.parametrize("level", [0.9, 0.95, 1 - 0.05 / 19])
@pytest.mark.parametrize(
    ("arm", "baseline"),
    [((99.018, 0.056, 6), (98.942, 0.0387, 5)), ((15.6, 0.0, 6), (11.35, 3.4, 5)), ((0.2, 5.0, 3), (0.1, 0.01, 40))],
)
def test_welchs_interval_ends_where_scipys_test_rejects(arm, baseline, level):
    interval = welch_interval(Moments(*arm), Moments(*baseline), level=level)
    assert interval.level == level
    assert interval.low + interval.high == pytest.approx(2 * (arm[0] - baseline[0]))
    for end in (interval.low, interval.high):
        moved = stats.ttest_ind_from_stats(arm[0] - end, *arm[1:], *baseline, equal_var=False)
        assert moved.pvalue == pytest.approx(1 - level)


def test_welchs_interval_of_too_few_values_or_of_no_spread_is_none():
    some = Moments(0.9, 0.01, 5)
    assert welch_interval(some, Moments(0.9, 0.01, 2)) is None
    assert welch_interval(Moments(0.9, 0.01, 2), some) is None
    assert welch_interval(Moments(0.9, 0.0, 5), Moments(0.1, 0.0, 5)) is None
    assert welch_interval(Moments(11.35, 1e-15, 6), Moments(11.35, 0.0, 5)) is None  # equal values, but for rounding
    with pytest.raises(ValueError, match="a standard deviation must not be negative"):
        welch_interval(some, Moments(0.9, -0.01, 5))


def test_welchs_interval_covers_as_often_as_it_says_at_five_and_six_runs():
    """Of normal samples with unequal spread, at the sizes that are compared with articles: 4,000 of them."""
    stream = np.random.default_rng(0)
    covered = 0
    for _ in range(4000):
        one, other = stream.normal(1, 3, 6), stream.normal(0, 1, 5)
        found = welch_interval(*(Moments(each.mean(), each.std(ddof=1), each.size) for each in (one, other)))
        covered += found.low < 1 < found.high
    assert abs(covered / 4000 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)
