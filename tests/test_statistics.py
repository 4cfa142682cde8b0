"""Every number against an independent computation, and simulated studies whose truth is known."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from actbench import statistics
from actbench.statistics import (
    Arm,
    Comparison,
    Interval,
    Measure,
    RatioComparison,
    SeedRange,
    Standing,
    TimeComparison,
    compare_paired,
    compare_ratios,
    compare_times,
    compare_unpaired,
    detectable_effect,
    detection_power,
    equivalence_p,
    geometric_mean_speedup,
    judge_family,
    least_pairs,
    max_t,
    mean_interval,
    mean_rank,
    median_interval,
    paired_ratio,
    pareto_front,
    performance_profile,
    seeds_that_would_tell,
    seeds_to_detect,
    seeds_to_exclude,
    shared_seeds,
    sign_flip_interval,
    sign_flip_test,
    smallest_sign_flip_p,
    smallest_two_sample_p,
    summarize,
    summarize_times,
    two_sample_test,
)
from actbench.statistics.planning import sooner

INF, NAN = math.inf, math.nan
# Test accuracies of ten seeds each, on a test set of 10,000 pictures.
RELU = [0.9763, 0.9771, 0.9758, 0.9780, 0.9749, 0.9766, 0.9772, 0.9755, 0.9768, 0.9761]
MISH = [0.9789, 0.9786, 0.9781, 0.9799, 0.9778, 0.9780, 0.9795, 0.9776, 0.9785, 0.9790]

# The same examples every time, and no stopwatch: a busy machine is no failure.
same_examples = settings(derandomize=True, deadline=None, max_examples=60)

few_integers = st.lists(st.integers(-4, 4), min_size=1, max_size=9)
few_times = st.lists(st.sampled_from([1.0, 2.0, 3.0, 5.0, INF]), min_size=1, max_size=8)


def flips_by_hand(differences):
    """The sign-flip test as its definition says it, in exact arithmetic for integers and halves."""
    observed = abs(sum(differences))
    patterns = list(itertools.product((1, -1), repeat=len(differences)))
    hits = sum(abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= observed for signs in patterns)
    return hits / len(patterns)


def deals_by_hand(arm, baseline):
    """The two-sample permutation test as its definition says it; sums are scaled so that integers stay exact."""
    pooled, n, m = [*arm, *baseline], len(arm), len(baseline)

    def scaled_difference(chosen):
        first = sum(pooled[i] for i in chosen)
        return abs(first * m - (sum(pooled) - first) * n)

    deals = list(itertools.combinations(range(n + m), n))
    return sum(scaled_difference(deal) >= scaled_difference(range(n)) for deal in deals) / len(deals)


def assert_interval(interval, low, high, level=0.95):
    assert (interval.low, interval.high, interval.level) == (pytest.approx(low), pytest.approx(high), level)


# One arm ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_summary_agrees_with_scipy(level):
    summary = summarize(MISH, level=level)
    expected = stats.ttest_1samp(MISH, 0).confidence_interval(level)
    assert (summary.n, summary.mean, summary.sd) == (10, pytest.approx(np.mean(MISH)), pytest.approx(stats.tstd(MISH)))
    assert_interval(summary.interval, expected.low, expected.high, level)


def test_summary_of_two_values_by_hand():
    summary = summarize([1.0, 3.0])  # t(1; 0.975) = 12.706, sd = √2, standard error 1
    assert (summary.mean, summary.sd) == (2, pytest.approx(math.sqrt(2)))
    assert_interval(summary.interval, 2 - 12.7062047, 2 + 12.7062047)


def test_one_value_shows_no_spread():
    assert summarize([0.9]) == statistics.Summary(n=1, mean=0.9, sd=None, interval=None)


def test_equal_values_have_exactly_no_spread():
    summary = summarize([0.1] * 7)  # np.mean gives 0.09999999999999999 here
    assert (summary.mean, summary.sd, summary.interval) == (0.1, 0, Interval(0.1, 0.1, 0.95))
    assert summarize([0.3, 0.1 + 0.2, 0.3]).sd == 0


@pytest.mark.parametrize(
    ("values", "wording"),
    [
        ([], "values is empty"),
        ([1, NAN, 2], "number 1 of 3 is nan"),
        ([1, INF], "number 1 of 2 is inf"),
        ([[1, 2]], r"one-dimensional, not of shape \(1, 2\)"),
    ],
)
def test_summary_refuses(values, wording):
    with pytest.raises(ValueError, match=wording):
        summarize(values)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_summary_refuses_a_level_that_is_no_probability(level):
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        summarize(MISH, level=level)


@pytest.mark.parametrize(
    ("times", "reached", "median"),
    [
        ([3, INF], 1, INF),
        ([3, 4, INF], 2, 4),
        ([INF], 0, INF),
        ([INF, INF], 0, INF),
        ([2, 8, 4, INF], 3, 6),
        ([7], 1, 7),
    ],
)
def test_misses_count_as_infinity(times, reached, median):
    summary = summarize_times(times)
    assert (summary.n, summary.reached, summary.median) == (len(times), reached, median)


@pytest.mark.parametrize(
    ("times", "wording"), [([], "times is empty"), ([1, NAN], "1 of 2 is nan"), ([-1], "0 of 1 is -1")]
)
def test_times_refuse(times, wording):
    with pytest.raises(ValueError, match=wording):
        summarize_times(times)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 8, 9, 15, 30, 100])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_median_interval_has_the_binomial_coverage(n, level):
    coverage = {k: 1 - 2 * stats.binom.cdf(k - 1, n, 0.5) for k in range(1, n // 2 + 1)}
    wide_enough = [k for k, covered in coverage.items() if covered >= level]
    interval = median_interval(np.arange(n)[::-1], level=level)
    if not wide_enough:
        assert interval is None
    else:
        k = max(wide_enough)
        assert_interval(interval, k - 1, n - k, pytest.approx(coverage[k]))


def test_median_interval_reaches_into_the_misses():
    assert summarize_times([1, 2, 3, 4, 5, INF]).interval == Interval(1, INF, 1 - 2 / 2**6)
    assert summarize_times([INF] * 6).interval == Interval(INF, INF, 1 - 2 / 2**6)
    assert median_interval(range(6), level=1 - 2 / 2**6) == Interval(0, 5, 1 - 2 / 2**6)  # exactly what six can give
    with pytest.raises(ValueError, match="without nan"):
        median_interval([1, NAN])


# Permutation tests -----------------------------------------------------------------------------------------------


@same_examples
@given(few_integers)
def test_sign_flips_agree_with_enumeration(differences):
    expected = flips_by_hand(differences)
    assert sign_flip_test(differences) == expected
    # Tenths are not exact in binary: ties must survive that. Nor may a change of unit or of sign matter.
    assert sign_flip_test(np.array(differences) / 10) == expected
    assert sign_flip_test(np.array(differences) * -1e-7) == expected


@same_examples
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=5), st.lists(st.integers(-4, 4), min_size=1, max_size=5))
def test_deals_agree_with_enumeration(arm, baseline):
    expected = deals_by_hand(arm, baseline)
    assert two_sample_test(arm, baseline) == pytest.approx(expected, abs=1e-15)
    assert two_sample_test(0.9 + np.array(arm) / 1000, 0.9 + np.array(baseline) / 1000) == pytest.approx(expected)


def test_permutation_tests_agree_with_scipy():
    rng = np.random.default_rng(5)
    first, second = rng.normal(0.4, 1, size=12), rng.normal(size=7)
    flips = stats.permutation_test((first,), np.sum, permutation_type="samples", n_resamples=np.inf)
    deals = stats.permutation_test(
        (first[:7], second), lambda a, b, axis: a.mean(axis) - b.mean(axis), vectorized=True, n_resamples=np.inf
    )
    assert sign_flip_test(first) == flips.pvalue
    assert two_sample_test(first[:7], second) == deals.pvalue


def test_fisher_1935_darwins_maize():
    # The Design of Experiments, section 21: of the 32,768 patterns, 1,726 in both tails together, p = 0.05267.
    differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    assert sign_flip_test(differences) == 1726 / 32768


@pytest.mark.parametrize("n", [1, 2, 6, 20, 32])
def test_all_signs_alike_is_the_smallest_p(n):
    assert sign_flip_test(np.arange(1, n + 1)) == smallest_sign_flip_p(n) == 2 / 2**n


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 3), (2, 5), (6, 4), (16, 16)])
def test_full_separation_is_the_smallest_p(n, m):
    by_chance = (2 if n == m else 1) / math.comb(n + m, n)
    p = two_sample_test(np.linspace(100, 101, n), np.linspace(0, 1, m))
    assert p == smallest_two_sample_p(n, m) == by_chance


def test_no_difference_at_all_is_p_one():
    assert sign_flip_test([0.0] * 8) == 1
    assert sign_flip_test([1, -1]) == 1
    assert two_sample_test([0.1] * 7, [0.1] * 7) == 1


def test_exact_and_random_patterns_meet():
    rng = np.random.default_rng(2)
    differences = rng.normal(0.25, 1, size=33)
    expected = stats.ttest_1samp(differences, 0).pvalue
    assert sign_flip_test(differences[:32]) == pytest.approx(stats.ttest_1samp(differences[:32], 0).pvalue, rel=0.1)
    assert sign_flip_test(differences) == pytest.approx(expected, rel=0.1)
    assert sign_flip_test(differences) == sign_flip_test(differences, seed=0)
    first, second = rng.normal(0.5, 1, size=25), rng.normal(size=20)
    assert two_sample_test(first, second) == pytest.approx(stats.ttest_ind(first, second).pvalue, rel=0.1)


def test_random_patterns_never_give_zero():
    assert sign_flip_test(np.ones(60)) == smallest_sign_flip_p(60) == 1 / 100_001
    assert two_sample_test(np.ones(30), np.zeros(30)) == smallest_two_sample_p(30, 30) == 1 / 100_001


@pytest.mark.parametrize(("alpha", "n"), [(0.05, 6), (0.0625, 5), (0.05 / 5, 8), (0.05 / 40, 11), (0.5, 2)])
def test_least_pairs(alpha, n):
    assert least_pairs(alpha) == n
    assert 2 / 2**n <= alpha < 2 / 2 ** (n - 1)


# Comparisons -----------------------------------------------------------------------------------------------------


def test_paired_comparison_agrees_with_scipy():
    comparison = compare_paired(MISH[:5], RELU[:5])
    expected = stats.ttest_rel(MISH[:5], RELU[:5])
    differences = np.subtract(MISH, RELU)
    assert comparison.paired
    assert (comparison.n, comparison.n_baseline, comparison.direction) == (5, 5, 1)
    assert comparison.difference == pytest.approx(differences[:5].mean())
    assert comparison.sd == pytest.approx(stats.tstd(differences[:5]))
    assert_interval(comparison.interval, *expected.confidence_interval(0.95))
    assert compare_paired(MISH, RELU).interval == sign_flip_interval(differences)


def test_an_interval_is_given_from_three_values_with_spread_on():
    assert mean_interval([0.1]) is None
    assert mean_interval([0.1, 0.2]) is None
    assert mean_interval([0.3, 0.1 + 0.2, 0.3]) is None  # equal, but for rounding
    assert mean_interval([0.1] * 9) is None
    t = stats.ttest_1samp([0.1, 0.3, 0.2], 0).confidence_interval()
    assert_interval(mean_interval([0.1, 0.3, 0.2]), t.low, t.high)
    assert_interval(mean_interval([3.0, 1, 2, 9, 4, 5]), 1, 9, 1 - 2 / 64)
    assert mean_interval(range(5), level=0.8) == sign_flip_interval(range(5), level=0.8)
    with pytest.raises(ValueError, match="differences is empty"):
        mean_interval([])


def test_hedges_correction_from_his_table():
    # Hedges 1981, table 1: the correction for 2, 3, 4, 5 and 10 degrees of freedom.
    for df, correction in [(2, 0.5642), (3, 0.7236), (4, 0.7979), (5, 0.8408), (10, 0.9228)]:
        differences = np.arange(df + 1) + 1.0
        d_z = differences.mean() / stats.tstd(differences)
        assert compare_paired(differences, np.zeros(df + 1)).effect_size == pytest.approx(correction * d_z, abs=5e-4)


def test_hedges_g_z_is_unbiased():
    truth, studies = 0.7, 4000
    rng = np.random.default_rng(3)
    estimates = [compare_paired(rng.normal(truth, 1, size=5), np.zeros(5)).effect_size for _ in range(studies)]
    assert np.mean(estimates) == pytest.approx(truth, abs=4 * np.std(estimates) / math.sqrt(studies))


@same_examples
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=6, max_size=9))
def test_swapping_the_arms_turns_the_comparison_around(pairs):
    first, second = (np.array(side) / 50 for side in zip(*pairs, strict=True))
    there, back = compare_paired(first, second), compare_paired(second, first)
    assert there.difference == pytest.approx(-back.difference, abs=1e-12)
    if there.interval:
        assert there.interval.low == pytest.approx(-back.interval.high, abs=1e-12)
    assert (there.interval is None) == (back.interval is None) == there.shows_no_spread
    assert there.direction == -back.direction


def test_a_single_pair():
    comparison = compare_paired([0.9], [0.8])
    assert comparison.difference == pytest.approx(0.1)
    assert (comparison.sd, comparison.interval, comparison.effect_size) == (None,) * 3


def test_float_noise_is_no_difference_and_no_spread():
    tenths = compare_paired([0.3, 0.8, 0.4, 0.6, 0.9, 0.5], [0.2, 0.7, 0.3, 0.5, 0.8, 0.4])
    assert (tenths.sd, tenths.effect_size, tenths.interval) == (0, None, None)
    long = np.arange(6) * 1e5
    assert compare_paired(long + 0.1, long).sd == 0
    nothing = compare_paired([0.1 + 0.2] * 6, [0.3] * 6)
    assert (nothing.difference, nothing.sd, nothing.direction) == (0, 0, 0)
    assert compare_unpaired([0.1 + 0.2] * 6, [0.3] * 5).direction == 0


@pytest.mark.parametrize(
    ("arm", "baseline", "wording"),
    [
        ([1, 2], [1, 2, 3], "the arm has 2 values, the baseline 3"),
        ([], [], "arm is empty"),
        ([1, NAN], [1, 2], "arm must be finite numbers: number 1 of 2 is nan"),
        ([1, 2], [INF, 2], "baseline must be finite numbers: number 0 of 2 is inf"),
    ],
)
def test_paired_comparison_refuses(arm, baseline, wording):
    with pytest.raises(ValueError, match=wording):
        compare_paired(arm, baseline)


def test_unpaired_comparison_agrees_with_scipy():
    arm, baseline = MISH[:6], RELU[:9]
    comparison = compare_unpaired(arm, baseline)
    welch = stats.ttest_ind(arm, baseline, equal_var=False)
    assert not comparison.paired
    assert (comparison.n, comparison.n_baseline, comparison.direction) == (6, 9, 1)
    assert comparison.difference == pytest.approx(np.mean(arm) - np.mean(baseline))
    assert_interval(comparison.interval, *welch.confidence_interval(0.95))
    # Hedges' g from the pooled t statistic, d = t·√(1/n + 1/m), and his approximation J(k) = 1 - 3/(4k - 1).
    d = stats.ttest_ind(arm, baseline).statistic * math.sqrt(1 / 6 + 1 / 9)
    assert comparison.effect_size == pytest.approx((1 - 3 / 51) * d, rel=5e-4)
    assert comparison.sd == pytest.approx(math.sqrt(np.var(arm, ddof=1) + np.var(baseline, ddof=1)))


def test_unpaired_edges():
    lonely = compare_unpaired([0.9], RELU)
    assert (lonely.sd, lonely.interval, lonely.effect_size) == (None, None, None)
    assert compare_unpaired([0.9, 0.91], RELU).interval is None
    assert compare_unpaired([0.5] * 4, [0.4] * 4).interval is None


# Seconds and times to a threshold --------------------------------------------------------------------------------


def test_ratios_are_robust_and_turn_around():
    seconds = np.array([10.0, 10.2, 9.9, 10.4, 10.1, 9.8, 10.3])
    arm = seconds * [1.02, 1.03, 1.01, 2.5, 1.02, 1.04, 1.03]  # one spoilt by a busy machine
    found = compare_ratios(arm, seconds)
    assert found.ratio == paired_ratio(arm, seconds).ratio == pytest.approx(1.03, abs=0.005)
    assert (found.n, found.n_baseline, found.paired, found.direction) == (7, 7, True, 1)
    back = compare_ratios(seconds, arm)
    assert back.ratio == pytest.approx(1 / found.ratio)
    assert back.interval.low == pytest.approx(1 / found.interval.high)
    assert compare_ratios([2.0], [1.0]) == RatioComparison(1, 2.0, None, None, 1)


def test_ratios_within_a_margin_are_told_by_signed_ranks():
    """A pair that a busy machine spoilt hardly moves these."""
    rng = np.random.default_rng(2)
    decided = []
    for _ in range(60):
        logs = rng.normal(0, 0.03, 12)
        logs[:2] += rng.choice([0, 0.5, -0.5], 2)
        arms = Arm(dict(enumerate(np.exp(logs)))), Arm(dict.fromkeys(range(12), 1.0))
        (found,) = judge_family(arms[1], [arms[0]], measure=Measure.RATIO, margin=0.1, higher_is_better=False)
        inside = found.comparison.interval.low >= 1 / 1.1 and found.comparison.interval.high <= 1.1
        assert found.verdict.negligible is inside
        decided.append((found.verdict.negligible, equivalence_p(logs, math.log1p(0.1)) <= 0.025))
    # Means of the log ratios would tell less.
    assert decided.count((True, False)) > decided.count((False, True))


def test_an_arm_that_was_never_quicker_is_not_faster():
    """Slower in 8 pairs of 30 and equal in the rest: the ratio is 1, and the rank sum says which way it leans."""
    slower = Arm({seed: 1.1 if seed < 8 else 1.0 for seed in range(30)})
    same = Arm(dict.fromkeys(range(30), 1.0))
    (found,) = judge_family(same, [slower], measure=Measure.RATIO, margin=0.05, higher_is_better=False)
    assert (found.comparison.ratio, found.comparison.direction, found.verdict.standing) == (1, 1, "worse")


def test_arms_with_seeds_of_their_own_say_how_many_of_them_could_decide():
    """Two parts share 5 %: six seeds of either arm can give 2/924, where pairs would have to be seven."""
    baseline, *others = (
        Arm({seed: 0.5 + 0.01 * seed for seed in seeds})
        for seeds in (range(10), range(20, 30), range(40, 45), range(10))
    )
    found = judge_family(baseline, others, margin=0.01, higher_is_better=True)
    assert found[1].verdict.standing is Standing.TOO_FEW
    assert [one.verdict.least for one in found] == [6, 6, 7]
    six = [Arm({seed: 0.1 * seed for seed in seeds}) for seeds in (range(6), range(60, 66))]
    (judged,) = judge_family(six[0], six[1:], margin=0.01, higher_is_better=True)
    assert judged.verdict.adjusted_p == pytest.approx(2 / 924)


def test_equal_times_say_how_many_starts_may_miss():
    times = Arm(dict.fromkeys(range(10), 3.0))
    (found,) = judge_family(times, [times], measure=Measure.TIME, margin=0.05, higher_is_better=False)
    assert (found.verdict.standing, found.verdict.failures_not_excluded) == (
        Standing.EQUIVALENT,
        pytest.approx(1 - 0.025**0.1),
    )


def test_too_few_counts_the_pairs_that_decide():
    """Nine pairs, five of which both learned."""
    values, base = np.linspace(0.8, 0.9, 9), np.full(9, 0.5)
    arm = Arm(dict(enumerate(values)), frozenset({5, 6}))
    baseline = Arm(dict(enumerate(base)), frozenset({7, 8}))
    (found,) = judge_family(baseline, [arm], margin=0.01, higher_is_better=True)
    assert (found.verdict.standing, found.verdict.n_learned) == (Standing.TOO_FEW, 5)


TIE_FREE = np.random.default_rng(8)


def test_times_agree_with_scipy():
    arm, baseline = TIE_FREE.gamma(9, 1, size=12), TIE_FREE.gamma(9, 1.4, size=12)
    comparison = compare_times(arm, baseline)
    assert comparison.speedup == pytest.approx(math.exp(np.median(np.log(baseline / arm))))
    assert comparison.geometric_speedup == pytest.approx(stats.gmean(baseline / arm))
    low, high = np.sort(baseline / arm)[[2, -3]]  # for n = 12 the third from either end, by the binomial table
    assert_interval(comparison.interval, low, high, pytest.approx(1 - 2 * stats.binom.cdf(2, 12, 0.5)))
    (judged,) = family(baseline, arm, measure=Measure.TIME, higher_is_better=False)
    assert judged.verdict.adjusted_p == pytest.approx(stats.wilcoxon(arm, baseline, method="exact").pvalue)
    unpaired = compare_times(arm[:9], baseline, paired=False)
    whitney = stats.mannwhitneyu(arm[:9], baseline, method="exact")
    assert unpaired.superiority == pytest.approx(whitney.statistic / (9 * 12))
    assert unpaired.losses == whitney.statistic
    assert unpaired.speedup == pytest.approx(math.exp(np.median(np.log(np.divide.outer(baseline, arm[:9])))))
    assert (unpaired.interval, unpaired.paired, unpaired.n, unpaired.n_baseline) == (None, False, 9, 12)
    other_seeds = Arm(dict(zip(range(20, 29), arm[:9].tolist(), strict=True)))
    options = {"measure": Measure.TIME, "margin": 0.05, "higher_is_better": False}
    (judged,) = judge_family(values(baseline), [other_seeds], **options)
    assert judged.verdict.adjusted_p == pytest.approx(whitney.pvalue)


def test_unpaired_times_share_the_last_ranks_among_misses():
    comparison = compare_times([1, 2, INF], [3, INF, INF, INF], paired=False)
    assert (comparison.wins, comparison.losses, comparison.ties) == (8, 1, 3)
    assert (comparison.speedup, comparison.geometric_speedup, comparison.direction) == (INF, None, -1)
    arm = Arm({11: 1.0, 12: 2.0, 13: INF})
    options = {"measure": Measure.TIME, "margin": 0.0, "higher_is_better": False}
    (judged,) = judge_family(values([3, INF, INF, INF]), [arm], alpha=0.7, power=0.8, **options)
    assert judged.verdict.adjusted_p == pytest.approx(deals_by_hand([2, 4, 11], [6, 11, 11, 11]))  # twice the ranks


@pytest.mark.parametrize(
    ("arm", "baseline", "speedup"),
    [
        ([3], [6], 2),
        ([3], [INF], INF),
        ([INF], [3], 0),
        ([INF], [INF], 1),
        ([3, INF], [INF, 3], 1),
        ([2, 2], [4, 16], 4),
        ([2, INF], [4, INF], math.sqrt(2)),
        ([0], [0], 1),
        ([0], [2], INF),
    ],
)
def test_speedup_by_hand(arm, baseline, speedup):
    assert compare_times(arm, baseline).speedup == pytest.approx(speedup)
    assert compare_times(baseline, arm).speedup == pytest.approx(1 / speedup if speedup else INF)


def test_a_miss_in_either_arm_leaves_no_geometric_mean():
    assert compare_times([1, 2, 4], [2, 4, 8]).geometric_speedup == pytest.approx(2)
    assert compare_times([1, 2, INF], [2, 4, INF]).geometric_speedup is None


def test_superiority_counts_pairs_of_differences():
    # Differences -1, -2, 4, inf: of the six sums one is negative and five are positive.
    assert compare_times([1, 1, 5, INF], [2, 3, 1, 1]).superiority == pytest.approx(5 / 6)
    assert compare_times([1, INF], [INF, 1]).superiority == 0.5
    assert compare_times([1], [2]).superiority is None


@same_examples
@given(few_times, st.randoms(use_true_random=False))
def test_signed_ranks_agree_with_enumeration(times, random):
    others = random.sample(times, len(times))
    (judged,) = family(others, times, measure=Measure.TIME, higher_is_better=False, alpha=0.999, power=0.9999)
    steps = [0.0 if a == b else a - b for a, b in zip(times, others, strict=True)]
    signed = np.sign(steps) * stats.rankdata(np.abs(steps))
    assert judged.verdict.adjusted_p in (flips_by_hand((2 * signed).astype(int).tolist()), None)


def test_comparisons_of_times_refuse():
    with pytest.raises(ValueError, match="arm must be >= 0, and inf where it was missed: number 1 of 2 is nan"):
        compare_times([1, NAN], [1, 2])
    with pytest.raises(ValueError, match="the arm has 2 values, the baseline 1"):
        compare_times([1, 2], [1])


# Planning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("effect", "n"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_seeds_to_detect_agree_with_published_tables(effect, n):
    # G*Power 3.1 (Faul et al. 2007), means of matched pairs, two tails, alpha 0.05, power 0.8.
    assert seeds_to_detect(effect) == seeds_to_detect(-effect) == n


@pytest.mark.parametrize("arms", [1, 4])
@pytest.mark.parametrize("effect", [0.25, 0.6, 1.0, 1.7])
def test_seeds_to_detect_have_the_power_that_was_asked(effect, arms):
    n = seeds_to_detect(effect, arms=arms)
    assert detection_power(effect, n, arms=arms) == pytest.approx(0.8, abs=0.04 if n > 12 else 0.12)


def test_detection_power_agrees_with_the_noncentral_t():
    for effect, n, arms in [(0.3, 12, 1), (0.9, 15, 1), (0.1, 400, 1), (0.0, 20, 1), (0.9, 15, 5)]:
        level = math.floor(0.05 * 2.0 ** (n - 1)) / 2.0 ** (n - 1) / arms
        t, law = stats.t.ppf(1 - level / 2, n - 1), stats.nct(n - 1, effect * math.sqrt(n))
        assert detection_power(effect, n, arms=arms) == pytest.approx(law.sf(t) + law.cdf(-t), abs=1e-5)


@pytest.mark.parametrize(("n", "alpha"), [(6, 0.05), (7, 0.05), (10, 0.05), (8, 0.01), (9, 0.01), (10, 0.01)])
def test_detection_power_is_that_of_the_exact_test(n, alpha):
    effect = detectable_effect(n, alpha)
    differences = np.random.default_rng(n).normal(effect, 1, size=(2000, n))
    half_of_the_patterns = 1 - 2 * ((np.arange(2 ** (n - 1)) >> np.arange(n)[:, None]) & 1)
    extreme = np.abs(differences @ half_of_the_patterns) >= np.abs(differences.sum(axis=1, keepdims=True)) - 1e-9
    assert np.mean(extreme.mean(axis=1) <= alpha) == pytest.approx(0.8, abs=0.06 + 0.02)
    assert detection_power(effect, n, alpha) == pytest.approx(0.8)


def test_power_rises_with_the_seeds():
    powers = [detection_power(0.9, n, 0.01) for n in range(1, 60)]
    assert powers == sorted(powers)
    assert powers[:7] == [0] * 7
    assert powers[-1] > 0.999


def test_detectable_effect():
    assert detectable_effect(34) == pytest.approx(0.5, abs=0.01)  # from the same table
    assert detectable_effect(5) == INF
    assert detectable_effect(7, alpha=0.01) == INF
    # At six seeds all six must agree: Φ(δ)^6 = 0.8.
    assert detectable_effect(6) == pytest.approx(stats.norm.ppf(0.8 ** (1 / 6)), abs=1e-4)
    assert detectable_effect(6, arms=10) > detectable_effect(6, arms=2) > detectable_effect(6)


def test_seeds_to_detect_edges():
    assert seeds_to_detect(0.0) is None
    assert seeds_to_detect(0.01) is None  # 78,000 or so
    assert seeds_to_detect(100.0) == seeds_to_detect(INF) == seeds_to_detect(100.0, arms=40) == 6
    assert seeds_to_detect(1e6, alpha=0.01) == 8


@pytest.mark.parametrize(("effect", "margin"), [(0.0, 0.6), (0.2, 0.7), (-0.25, 1.25)])
def test_seeds_to_exclude_hold_in_simulation(effect, margin):
    def share_within(n):
        draws = np.random.default_rng(4).normal(effect, 1, size=(20_000, n))
        reach = stats.t.ppf(0.975, n - 1) * draws.std(axis=1, ddof=1) / math.sqrt(n)
        return np.mean(np.abs(draws.mean(axis=1)) + reach <= margin)

    n = seeds_to_exclude(effect, margin)
    assert share_within(n) >= 0.77
    assert share_within(n - 2) < 0.82


def test_seeds_to_exclude_edges():
    assert seeds_to_exclude(0.5, 0.5) is None
    assert seeds_to_exclude(0.0, 0.001) is None
    assert seeds_to_exclude(0.0, 1e9) == 6
    with pytest.raises(ValueError, match="the margin must not be negative: -1"):
        seeds_to_exclude(0.0, -1)


def test_a_range_of_seeds_holds_what_is_known_and_shrinks():
    few, more, many = (seeds_that_would_tell(1.0, n, None) for n in (3, 10, 30))
    assert few.fewest < more.fewest
    assert (few.most or INF) > more.most > many.most
    assert many.fewest >= 31  # never fewer than there are and one more
    assert seeds_that_would_tell(INF, 4, None) == SeedRange(6, 6)
    assert seeds_that_would_tell(0.0, 8, None).most is None
    assert seeds_that_would_tell(0.0, 8, 0.0) == seeds_that_would_tell(0.0, 8, None)
    nothing = seeds_that_would_tell(0.0, 500, None)
    assert nothing == SeedRange(None, None)
    assert seeds_that_would_tell(0.0, 8, 2.0).most < 20  # within the margin is a way out, too


@pytest.mark.parametrize("effect", [0.6, 1.0])
@pytest.mark.parametrize("n", [3, 5, 10])
def test_four_ranges_in_five_hold_the_number_of_seeds(effect, n):
    truth = seeds_to_detect(effect)
    draws = np.random.default_rng(n).normal(effect, 1, size=(1000, n))
    ranges = [seeds_that_would_tell(row.mean() / row.std(ddof=1), n, None) for row in draws]
    held = np.mean([(r.fewest or INF) <= max(truth, n + 1) <= (r.most or INF) for r in ranges])
    assert 0.77 <= held <= 0.95


@pytest.mark.parametrize(("effect", "margin"), [(0.3, 0.5), (0.5, 0.88), (0.0, 0.88), (0.7, 1.5)])
@pytest.mark.parametrize("n", [3, 6])
def test_four_upper_ends_in_five_are_enough_where_equality_is_a_way_out(effect, margin, n):
    """Of studies that are undecided, with effects near the margin among them, which take the most seeds."""
    ways = seeds_to_detect(effect), seeds_to_exclude(effect, margin)
    truth = max(n + 1, min(count for count in ways if count is not None))
    draws = np.random.default_rng(n).normal(effect, 1, size=(200, n))
    open_ones = [row for row in draws if sign_flip_test(row) > 0.05 and equivalence_p(row, margin) > 0.025]
    sds = [row.std(ddof=1) for row in open_ones]
    ranges = [seeds_that_would_tell(row.mean() / sd, n, margin / sd) for row, sd in zip(open_ones, sds, strict=True)]
    assert np.mean([truth <= (found.most or INF) for found in ranges]) >= 0.8
    assert np.mean([(found.fewest or INF) <= truth for found in ranges]) >= 0.8


def test_the_hardest_effect_lies_between_the_ends_of_the_range():
    """No effect and a large one take few seeds, whatever lies between."""
    found = seeds_that_would_tell(0.5, 6, 1.0)
    between = [min(seeds_to_detect(e) or INF, seeds_to_exclude(e, 1.0) or INF) for e in np.linspace(0.01, 1.0, 50)]
    assert found.most >= max(between)


@pytest.mark.parametrize("plan", [seeds_to_detect, detectable_effect])
def test_planning_refuses(plan):
    with pytest.raises(ValueError, match=r"power must lie between alpha \(0.05\) and 1, not 0.05"):
        plan(7, power=0.05)
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1, not 0"):
        plan(7, alpha=0)
    with pytest.raises(ValueError, match="not nan"):
        seeds_to_detect(NAN)


# Families and verdicts -------------------------------------------------------------------------------------------


def values(numbers, failed=(), first=0):
    return Arm({first + seed: float(value) for seed, value in enumerate(numbers)}, frozenset(failed))


def family(baseline, *arms, margin=0.005, higher_is_better=True, **options):
    """Arms given as arrays, paired by their places."""
    return judge_family(
        values(baseline), [values(arm) for arm in arms], margin=margin, higher_is_better=higher_is_better, **options
    )


def verdict_of(arm, baseline=RELU, **options):
    return family(baseline, arm, **options)[0].verdict


@pytest.mark.parametrize(
    ("arm", "baseline", "shared"),
    [([0], [0], [0]), ([0, 1], [0, 1], [0, 1]), ([0, 1, 2], [1, 2, 3], [1, 2]), ([0, 1, 2], [2, 3, 4], []),
     ([0], [0, 1], []), ([0], [1], []), ([5, 4, 3, 2], [2, 3, 4, 5], [2, 3, 4, 5])],
)  # fmt: skip
def test_pairs_are_seeds_that_both_have(arm, baseline, shared):
    assert shared_seeds(arm, baseline) == shared


def test_better_and_worse_follow_the_direction_that_counts():
    better = [r + step for r, step in zip(RELU, itertools.cycle([0.010, 0.012]), strict=False)]
    assert verdict_of(better).standing == "better"
    assert verdict_of(RELU, better).standing == "worse"
    assert verdict_of(better, higher_is_better=False).standing == "worse"
    assert verdict_of(better).adjusted_p == 2 / 2**10
    assert verdict_of(better, measure=Measure.RATIO, higher_is_better=False).standing == "worse"
    assert verdict_of(RELU, better, measure=Measure.TIME, higher_is_better=False).standing == "better"


def test_a_better_arm_can_be_negligibly_better():
    verdict = verdict_of(MISH)
    assert (verdict.standing, verdict.negligible) == ("better", True)
    assert not verdict_of(MISH, margin=0.0001).negligible


def test_equal_within_the_margin():
    arm = [r + step for r, step in zip(RELU, [0.001, -0.001] * 5, strict=True)]
    verdict = verdict_of(arm)
    assert verdict.standing is Standing.EQUIVALENT
    assert verdict.failures_not_excluded == pytest.approx(1 - 0.025 ** (1 / 10))
    assert verdict_of(arm, margin=0.0005).standing is Standing.UNDECIDED


def test_seeds_are_planned_for_the_respect_that_is_open_and_for_runs_that_do_not_learn():
    rng = np.random.default_rng(5)
    noise = rng.normal(0, 0.0002, 12)
    baseline = values(0.95 + rng.normal(0, 0.002, 12))

    def arm(dead, step=0.0):
        return Arm({s: v + step + noise[s] for s, v in baseline.values.items()}, frozenset(dead))

    def planned(one, other=baseline, margin=0.005):
        return judge_family(other, [one], margin=margin, higher_is_better=True)[0].verdict

    # Where both learn they are equal for sure; what nobody knows is whether four failures of twelve are luck.
    often = planned(arm((1, 5, 7, 9)))
    lead = [-1.0] * 4 + [0.0] * 8
    assert (often.standing, often.negligible, often.n_learned) == (Standing.UNDECIDED, True, 8)
    assert often.seeds == seeds_that_would_tell(np.mean(lead) / np.std(lead, ddof=1), 12, 0.0)
    assert often.seeds.fewest > 12
    # Both fail at the same four seeds: values decide, and a third of the further seeds will not count either.
    dead = frozenset((1, 5, 7, 9))
    twice = replace(arm(dead), values={s: baseline.values[s] + step for s, step in enumerate([0.002, -0.003] * 6)})
    both = planned(twice, replace(baseline, failed=dead), 0.002)
    steps = np.array([twice.values[s] - baseline.values[s] for s in sorted(set(range(12)) - dead)])
    sd = steps.std(ddof=1)
    alone = seeds_that_would_tell(steps.mean() / sd, 8, 0.002 / sd)
    assert (both.standing, both.reliability) == (Standing.UNDECIDED, Standing.UNDECIDED)
    assert both.seeds == alone.where(8 / 12)
    assert both.seeds.fewest >= 1.5 * alone.fewest
    # No seed where both learned, and still it is known what is open.
    never = planned(arm(range(5)), Arm(dict(baseline.values), frozenset(range(5, 12))))
    assert never.n_learned == 0
    assert never.seeds is not None


def test_ranges_of_seeds():
    assert SeedRange(9, 54).where(0.5) == SeedRange(18, 108)
    assert SeedRange(9, 600).where(1 / 3) == SeedRange(27, None)
    assert sooner([SeedRange(9, None), SeedRange(20, 50)]) == SeedRange(9, 50)
    assert sooner([SeedRange(None, None)]) == SeedRange(None, None)
    assert sooner([]) is None


def test_two_seeds_that_happen_to_agree_show_nothing():
    for n in (2, 3, 5):
        found = family(RELU[:n], RELU[:n])[0]
        assert (found.verdict.standing, found.verdict.n, found.verdict.least) == (Standing.TOO_FEW, n, 6)
        assert found.comparison.interval is None
    assert verdict_of(RELU[:6], RELU[:6]).standing is Standing.EQUIVALENT


def test_seeds_that_are_too_few_say_how_many_would_do():
    for arms in (1, 5, 40):
        found = family(RELU[:5], *[MISH[:5]] * arms)
        assert {(one.verdict.standing, one.verdict.adjusted_p, one.verdict.least) for one in found} == {
            (Standing.TOO_FEW, None, 6)
        }
        clear = family(RELU[:6], *[MISH[:6]] * arms)
        assert {(one.verdict.standing, one.verdict.adjusted_p) for one in clear} == {(Standing.BETTER, 2 / 64)}


def test_undecided_says_how_many_seeds_would_tell():
    differences = np.array([0.03, -0.01, 0.02, 0.01, -0.02, 0.03, 0.0, 0.02])
    verdict = verdict_of(0.5 + differences, np.full(8, 0.5))
    effect, limit = differences.mean() / differences.std(ddof=1), 0.005 / differences.std(ddof=1)
    assert verdict.standing is Standing.UNDECIDED
    assert verdict.seeds == seeds_that_would_tell(effect, 8, limit)
    assert verdict.seeds.fewest < seeds_to_detect(effect) < (verdict.seeds.most or INF)


def test_the_family_decides_together():
    noise = [0.01, -0.01] * 5
    arms = [np.add(RELU, noise)] * 3 + [np.add(RELU, np.arange(10) / 1000 - 0.001)]
    found = family(RELU, *arms)
    assert [one.verdict.adjusted_p for one in found] == max_t(np.subtract(arms, RELU).T).tolist()
    assert found[-1].verdict.standing is Standing.BETTER


def test_an_arm_with_too_few_seeds_costs_the_others_nothing():
    """Eight arms of three seeds, and one of eight whose p of 0.0078 is valid: it was called too few."""
    baseline, rng = values(RELU[:8]), np.random.default_rng(1)
    short = [values(np.add(RELU[:3], rng.normal(0, 0.01, size=3))) for _ in range(8)]
    full = values(MISH[:8])
    found = judge_family(baseline, [*short, full], margin=0.001, higher_is_better=True)
    assert (found[-1].verdict.standing, found[-1].verdict.adjusted_p) == (Standing.BETTER, 2 / 2**8)
    assert {one.verdict.standing for one in found[:-1]} == {Standing.TOO_FEW}
    assert {one.pairing.paired for one in found[:-1]} == {False}  # three of eight seeds are less than half


def test_parts_that_can_decide_share_alpha():
    baseline, paired = values(RELU), values(MISH)
    apart = values(MISH[:6], first=20)
    alone = judge_family(baseline, [apart], margin=0.0, higher_is_better=True)[0].verdict.adjusted_p
    both = judge_family(baseline, [apart, paired], margin=0.0, higher_is_better=True)
    assert alone == two_sample_test(MISH[:6], RELU)
    assert both[0].verdict.adjusted_p == pytest.approx(2 * alone)
    assert both[1].verdict.adjusted_p == pytest.approx(2 * 2 / 2**10)
    few = judge_family(baseline, [values(MISH[:5], first=20), paired], margin=0.0, higher_is_better=True)
    assert few[1].verdict.adjusted_p == 2 / 2**10  # five seeds decide no more unpaired than paired
    assert (few[0].verdict.standing, few[0].verdict.least) == (Standing.TOO_FEW, 6)


def test_always_paired_takes_the_pairs_that_there_are():
    arm = Arm({8: 1.0, 9: 1.1})
    (found,) = judge_family(values(RELU), [arm], measure=Measure.RATIO, margin=0.05, higher_is_better=False)
    assert (found.pairing.paired, found.pairing.shared, found.verdict.standing) == (True, (8, 9), Standing.TOO_FEW)
    with pytest.raises(ValueError, match="no seed to compare"):
        judge_family(values(RELU), [values([1], first=30)], measure=Measure.RATIO, margin=0, higher_is_better=False)


def test_verdicts_on_times():
    slow = np.arange(8) + 10.0
    options = {"measure": Measure.TIME, "margin": 0.1, "higher_is_better": False}
    faster, slower, same = (verdict_of(arm, slow, **options) for arm in (slow / 2, slow * 2, slow * 1.01))
    assert (faster.standing, slower.standing) == ("better", "worse")
    assert (same.standing, same.negligible) == ("worse", True)
    # 10.5 % slower is within ±10 % as 1/1.105 = 0.905, but not as a ratio: then 0.905 is below 1/1.1.
    assert not compare_times(slow * 1.105, slow).lies_within(0.1)
    assert compare_times(slow, slow * 1.095).lies_within(0.1)
    assert verdict_of(slow + [0.1, -0.1] * 4, slow, **options).standing is Standing.EQUIVALENT


def test_two_arms_that_never_arrive_are_not_shown_to_be_alike():
    options = {"measure": Measure.TIME, "margin": 0.1, "higher_is_better": False}
    never = verdict_of([INF] * 8, [INF] * 8, **options)
    assert never.standing is Standing.UNDECIDED
    assert never.seeds is None
    few = verdict_of([1, 2, 3], [2, 3, 4], **options)
    assert (few.standing, few.n, few.least) == (Standing.TOO_FEW, 3, 6)
    assert few.seeds.fewest >= 6
    assert verdict_of([1], [2], **options).seeds is None


# Runs that never learn -------------------------------------------------------------------------------------------


def with_failures(failed, shift=0.0, n=10):
    """RELU's values and a little more, and some runs at chance."""
    rng = np.random.default_rng(5)
    accuracy = np.resize(RELU, n) + shift + rng.normal(0, 0.0002, size=n)
    accuracy[list(failed)] = 0.1
    return values(accuracy, failed)


def reliability(failed, shift=0.0, baseline_failed=(), n=10):
    baseline = with_failures(baseline_failed, n=n)
    (found,) = judge_family(baseline, [with_failures(failed, shift, n)], margin=0.005, higher_is_better=True)
    return found


def test_a_dead_run_is_no_low_value():
    found = reliability([0, 4, 7], shift=-0.01)
    learned = [seed for seed in range(10) if seed not in (0, 4, 7)]
    assert found.comparison.n == found.verdict.n_learned == 7
    assert found.comparison.difference == pytest.approx(-0.01, abs=0.0005)
    assert found.over_all < -0.2
    assert (found.learned.k, found.learned.n) == (7, 10)
    assert found.learned.interval.low == pytest.approx(stats.beta.ppf(0.025, 7, 4))
    assert (found.verdict.by_values, found.verdict.reliability) == (Standing.WORSE, Standing.UNDECIDED)
    assert found.verdict.standing is Standing.WORSE
    assert sorted(set(found.pairing.shared) - {0, 4, 7}) == learned


def test_both_respects_are_one_family():
    found = reliability([0, 4, 7], shift=-0.01)
    accuracy = with_failures([0, 4, 7], -0.01).picked(range(10)) - with_failures([]).picked(range(10))
    accuracy[[0, 4, 7]] = 0
    lead = np.array([-1.0 if seed in (0, 4, 7) else 0 for seed in range(10)])
    expected = max_t(np.column_stack([accuracy, lead]))
    assert [found.verdict.adjusted_p, found.verdict.reliability_p] == pytest.approx(expected.tolist())


def test_reliability_alone_can_differ():
    found = reliability(range(8), n=20)
    assert (found.verdict.reliability, found.verdict.standing) == (Standing.WORSE, Standing.WORSE)
    assert not found.verdict.by_values.is_different


def test_better_where_it_learns_and_worse_in_how_often_is_mixed():
    assert reliability(range(8), shift=0.01, n=20).verdict.standing is Standing.MIXED
    assert reliability(range(8), shift=-0.01, n=20).verdict.standing is Standing.WORSE
    assert reliability([], shift=0.01, baseline_failed=range(8), n=20).verdict.standing is Standing.BETTER


def test_equal_takes_as_many_learned_runs():
    assert reliability([]).verdict.standing is Standing.EQUIVALENT
    assert reliability([3]).verdict.standing is Standing.UNDECIDED
    alike = reliability([3], baseline_failed=[4])
    assert alike.verdict.standing is Standing.EQUIVALENT
    assert alike.verdict.failures_not_excluded == pytest.approx(stats.beta.ppf(0.975, 2, 9))


def test_too_few_seeds_where_both_learned():
    found = reliability(range(6))
    assert (found.verdict.standing, found.verdict.n, found.verdict.n_learned) == (Standing.WORSE, 10, 4)
    found = reliability(range(5))
    assert (found.verdict.standing, found.verdict.n_learned) == (Standing.TOO_FEW, 5)
    assert found.verdict.reliability is Standing.UNDECIDED


def test_an_arm_that_never_learned_has_no_values():
    found = reliability(range(10))
    assert (found.comparison, found.verdict.reliability, found.verdict.standing) == (None, "worse", "worse")
    assert found.verdict.adjusted_p is None
    nan_loss = judge_family(values(RELU), [Arm({}, frozenset(range(10)))], margin=0, higher_is_better=False)[0]
    assert (nan_loss.over_all, nan_loss.improvement, nan_loss.verdict.standing) == (None, None, "worse")


def test_figures_of_rliable_count_every_run():
    found = reliability([0, 4, 7], shift=0.01)
    arm, baseline = with_failures([0, 4, 7], 0.01).picked(range(10)), with_failures([]).picked(range(10))
    assert found.improvement == pytest.approx(stats.mannwhitneyu(arm, baseline).statistic / 100)
    assert found.iqm_difference == pytest.approx(stats.trim_mean(arm, 0.25) - stats.trim_mean(baseline, 0.25))


@pytest.mark.parametrize("margin", [-1, NAN])
def test_judging_refuses_a_margin_below_zero(margin):
    with pytest.raises(ValueError, match="the smallest difference worth caring about must not be negative"):
        judge_family(values(RELU), [], margin=margin, higher_is_better=True)


def test_judging_refuses_arms_without_seeds():
    with pytest.raises(ValueError, match="no seed to compare"):
        judge_family(values(RELU), [Arm({})], margin=0, higher_is_better=True)
    assert judge_family(values(RELU), [], margin=0, higher_is_better=True) == []


def test_what_is_compared_has_its_own_figures():
    assert isinstance(family(RELU, MISH)[0].comparison, Comparison)
    options = {"higher_is_better": False}
    assert isinstance(family(RELU, MISH, measure=Measure.RATIO, **options)[0].comparison, RatioComparison)
    assert isinstance(family(RELU, MISH, measure=Measure.TIME, **options)[0].comparison, TimeComparison)


# Across tasks ----------------------------------------------------------------------------------------------------

# Three tasks, three arms; nobody solves the third.
TIMES = [[10.0, 20.0, INF], [30.0, 15.0, 60.0], [INF, INF, INF]]


def test_performance_profile_by_hand():
    profile = performance_profile(TIMES, [1, 1.9, 2, 4, 1e9])
    assert profile * 3 == pytest.approx(np.array([[1, 1, 0], [1, 1, 0], [2, 2, 0], [2, 2, 1], [2, 2, 1]]))


@same_examples
@given(st.lists(st.lists(st.sampled_from([1.0, 2.0, 3.0, 7.0, INF]), min_size=3, max_size=3), min_size=2, max_size=5))
def test_performance_profile_agrees_with_its_definition(times):
    taus = [1, 1.5, 2, 3, 10]
    for tau, row in zip(taus, performance_profile(times, taus), strict=True):
        for arm in range(3):
            solved = [task[arm] < INF and task[arm] / min(task) <= tau for task in times]
            assert row[arm] == pytest.approx(sum(solved) / len(times))


def test_mean_rank_by_hand():
    assert mean_rank(TIMES, higher_is_better=False) == pytest.approx(np.array([1 + 2 + 2, 2 + 1 + 2, 3 + 3 + 2]) / 3)
    accuracy = [[0.9, 0.8, 0.9], [0.7, -INF, 0.6]]
    assert mean_rank(accuracy, higher_is_better=True) == pytest.approx(np.array([1.5 + 1, 3 + 3, 1.5 + 2]) / 2)


def test_weights_of_tasks_share_out_what_is_no_independent_evidence():
    """Twice the same task at half the weight is that task once."""
    twice, weights = [TIMES[0], *TIMES], [0.5, 0.5, 1, 1]
    assert mean_rank(twice, higher_is_better=False, weights=weights) == pytest.approx(
        mean_rank(TIMES, higher_is_better=False)
    )
    assert performance_profile(twice, [1, 2, 4], weights=weights) == pytest.approx(
        performance_profile(TIMES, [1, 2, 4])
    )
    times = [[10, 5], [8, 1], [9, 9]]
    assert geometric_mean_speedup([times[0], *times], 0, weights=weights) == pytest.approx(
        geometric_mean_speedup(times, 0)
    )
    for wrong in ([1, 1], [1, 1, 0, 1], [1, 1, math.nan, 1]):
        with pytest.raises(ValueError, match="weights must be 4 numbers above zero"):
            mean_rank(twice, higher_is_better=False, weights=wrong)


def test_mean_rank_carries_the_friedman_statistic():
    accuracy = np.random.default_rng(9).normal(size=(6, 4))
    ranks = mean_rank(accuracy, higher_is_better=True)
    friedman = 12 * 6 / (4 * 5) * ((ranks - 2.5) ** 2).sum()  # Demšar 2006, section 3.2.2
    assert friedman == pytest.approx(stats.friedmanchisquare(*accuracy.T).statistic)


def test_geometric_mean_speedup():
    times = np.array([[10.0, 20.0, 5.0], [30.0, 15.0, 60.0]])
    assert geometric_mean_speedup(times, 0) == pytest.approx([1, 1, 1])
    assert geometric_mean_speedup([[10, 5, 20], [8, 1, 8]], 0) == pytest.approx([1, 4, math.sqrt(0.5)])
    assert geometric_mean_speedup([[10, 5, INF], [8, 1, 8]], 0) == pytest.approx([1, 4, NAN], nan_ok=True)
    assert np.isnan(geometric_mean_speedup([[INF, 5], [8, 1]], 0)).all()
    with pytest.raises(ValueError, match="no column 2 for the baseline among 2 arms"):
        geometric_mean_speedup([[1, 2], [1, 2]], 2)


def test_pareto_front_by_hand():
    accuracy = [0.90, 0.95, 0.95, 0.80, 0.97, 0.90, 0.99]
    seconds = [10.0, 20.0, 25.0, 11.0, 90.0, 10.0, INF]
    assert pareto_front(accuracy, seconds).tolist() == [True, True, False, False, True, True, False]
    assert pareto_front([0.5], [1.0]).tolist() == [True]
    assert pareto_front([0.5], [INF]).tolist() == [False]


@same_examples
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_pareto_front_agrees_with_its_definition(arms):
    def beats(a, b):
        return a[0] >= b[0] and a[1] <= b[1] and a != b

    expected = [not any(beats(other, arm) for other in arms) for arm in arms]
    assert pareto_front([a for a, _ in arms], [s for _, s in arms]).tolist() == expected


def test_tasks_refuse():
    one_task = [[1.0, 2.0]]
    for call in (
        lambda: performance_profile(one_task, [1]),
        lambda: mean_rank(one_task, higher_is_better=False),
        lambda: geometric_mean_speedup(one_task, 0),
    ):
        with pytest.raises(ValueError, match="at least 2 tasks, not 1"):
            call()
    with pytest.raises(ValueError, match="a missing run is not a miss"):
        mean_rank([[1, NAN], [1, 2]], higher_is_better=False)
    with pytest.raises(ValueError, match="times must be above zero"):
        performance_profile([[0, 1], [1, 2]], [1])
    with pytest.raises(ValueError, match="factors >= 1"):
        performance_profile(TIMES, [0.5])
    with pytest.raises(ValueError, match=r"tasks x arms, not the shape \(3,\)"):
        mean_rank([1, 2, 3], higher_is_better=True)
    with pytest.raises(ValueError, match="accuracy must be 2 numbers without nan"):
        pareto_front([0.5], [1, 2])
    with pytest.raises(ValueError, match="accuracy must be 1 numbers without nan"):
        pareto_front([NAN], [1])
    with pytest.raises(ValueError, match="seconds must be >= 0"):
        pareto_front([0.5], [-1])
