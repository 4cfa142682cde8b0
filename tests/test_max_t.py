"""Step-down max-T against its definition, and what it promises that Holm cannot."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from actbench.statistics import least_pairs, max_t, sign_flip_test, smallest_sign_flip_p

same_examples = settings(derandomize=True, deadline=None, max_examples=80)
NAN = math.nan
tables = st.integers(1, 4).flatmap(
    lambda arms: st.lists(
        st.lists(st.sampled_from([-3.0, -1.0, 0.0, 1.0, 2.0, 4.0, NAN]), min_size=arms, max_size=arms),
        min_size=1,
        max_size=7,
    )
)


def by_hand(table, alternative):
    """The definition, pattern by pattern; arms without any difference have p = 1."""
    values = np.nan_to_num(np.array(table)) * (-1 if alternative == "less" else 1)
    adjusted = np.ones(values.shape[1])
    arms = [arm for arm in range(values.shape[1]) if values[:, arm].any()]

    def largest(signs, some):
        sums = [np.dot(signs, values[:, arm]) / math.sqrt((values[:, arm] ** 2).sum()) for arm in some]
        return max(map(abs, sums)) if alternative == "two-sided" else max(sums)

    everywhere = [1] * len(values)
    arms.sort(key=lambda arm: -largest(everywhere, [arm]))
    patterns = list(itertools.product((1, -1), repeat=len(values)))
    p = 0.0
    for place, arm in enumerate(arms):
        observed = largest(everywhere, [arm])
        p = max(p, np.mean([largest(signs, arms[place:]) >= observed - 1e-9 for signs in patterns]))
        adjusted[arm] = p
    return adjusted


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@same_examples
@given(tables)
def test_max_t_agrees_with_enumeration(alternative, table):
    assert max_t(table, alternative=alternative) == pytest.approx(by_hand(table, alternative))


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("n", [5, 12, 25, 40])
def test_one_arm_is_the_sign_flip_test(n, alternative):
    differences = np.random.default_rng(n).normal(0.3, 1, size=n)
    assert max_t(differences[:, None], alternative=alternative) == sign_flip_test(differences, alternative=alternative)


@pytest.mark.parametrize("alternative", ["greater", "less"])
@pytest.mark.parametrize("n", [9, 33])
def test_one_sided_sign_flips_agree_with_scipy(n, alternative):
    differences = np.random.default_rng(n).normal(0.2, 1, size=n)
    expected = stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=50_000, alternative=alternative
    )
    assert sign_flip_test(differences, alternative=alternative) == pytest.approx(expected.pvalue, abs=0.01)


@pytest.mark.parametrize("arms", [1, 3, 10, 40])
def test_six_seeds_decide_for_any_number_of_arms(arms):
    rng = np.random.default_rng(arms)
    clear = 1 + 0.05 * rng.normal(size=(6, arms))
    assert (max_t(clear) == 2 / 2**6).all()
    assert (max_t(clear, alternative="greater") == 1 / 2**6).all()
    assert (max_t(clear[:5], alternative="greater") == 1 / 2**5).all()


def test_an_arm_of_three_seeds_does_not_stand_in_the_way_of_one_of_eight():
    """Holm and Tarone: eight arms of 3 seeds and one of 8 divided its valid p of 0.0078 by nine."""
    rng = np.random.default_rng(8)
    table = np.full((8, 9), NAN)
    table[:, 0] = 1 + 0.1 * rng.normal(size=8)
    table[:3, 1:] = rng.normal(size=(3, 8))
    assert max_t(table)[0] == 2 / 2**8


def test_an_arm_without_differences_has_p_one_and_costs_nothing():
    differences = np.arange(1.0, 8.0)
    table = np.column_stack([differences, np.zeros(7), np.full(7, NAN)])
    for alternative in ("two-sided", "greater"):
        assert max_t(table, alternative=alternative)[1:].tolist() == [1, 1]
        assert max_t(table, alternative=alternative)[0] == sign_flip_test(differences, alternative=alternative)


def test_random_patterns_continue_where_all_of_them_end():
    rows = np.random.default_rng(3).normal([0.9, 0.6, 0.2, 0], 1, size=(20, 4))
    table = np.vstack([rows, np.full(4, 1e-6)])  # one row more, which hardly says anything
    exact, random = max_t(rows), max_t(table)
    assert exact == pytest.approx(random, abs=0.01)
    assert random.tolist() == max_t(table, seed=0).tolist()
    assert max_t(np.ones((60, 2))).tolist() == [pytest.approx(1 / 100_001)] * 2


@pytest.mark.parametrize("scale", [1e-9, 1, 1e9])
def test_the_unit_of_an_arm_does_not_matter(scale):
    table = np.random.default_rng(1).normal(0.5, 1, size=(9, 3))
    assert max_t(table * [1, scale, -1]) == pytest.approx(max_t(table))


def test_max_t_refuses():
    with pytest.raises(ValueError, match=r"seeds x arms, not of shape \(3,\)"):
        max_t([1, 2, 3])
    with pytest.raises(ValueError, match="finite, or nan where an arm lacks the seed"):
        max_t([[1, math.inf]])


def test_one_side_takes_five():
    assert least_pairs(0.05) == 6
    assert least_pairs(0.05, sides=1) == 5
    assert smallest_sign_flip_p(5, sides=1) == 1 / 32
