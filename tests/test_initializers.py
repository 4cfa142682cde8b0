"""Initial weights: each initializer's spread and bounds by its formula, from the numbers that it draws."""

import math

import numpy as np
import pytest

from actbench.training.initializers import INITIALIZERS, drawing

WINDOW, MATRIX = (3, 3, 40, 60), (300, 200)


def drawn(spelling, shape, seed=0):
    return drawing(spelling).kernel(np.random.RandomState(seed), shape)


@pytest.mark.parametrize("shape", [WINDOW, MATRIX])
@pytest.mark.parametrize(
    ("spelling", "variance", "bound"),
    [
        ("glorot_uniform", lambda fan_in, fan_out: 2 / (fan_in + fan_out), math.sqrt(3)),
        ("glorot_normal", lambda fan_in, fan_out: 2 / (fan_in + fan_out), math.inf),
        ("he_uniform", lambda fan_in, _: 2 / fan_in, math.sqrt(3)),
        ("he_normal", lambda fan_in, _: 2 / fan_in, math.inf),
        ("lecun_uniform", lambda fan_in, _: 1 / fan_in, math.sqrt(3)),
        ("lecun_normal", lambda fan_in, _: 1 / fan_in, math.inf),
        ("fan_in_uniform", lambda fan_in, _: 1 / (3 * fan_in), math.sqrt(3)),
        ("truncated_normal(sd=0.1)", lambda *_: (0.1 * 0.8796) ** 2, 2 / 0.8796),
    ],
)
def test_the_spread_is_that_of_the_formula(spelling, variance, bound, shape):
    fan_in, fan_out = math.prod(shape[:-1]), math.prod(shape[:-2]) * shape[-1]
    sd = math.sqrt(variance(fan_in, fan_out))
    found = drawn(spelling, shape)
    assert found.dtype == np.float64
    assert found.std() == pytest.approx(sd, rel=0.02)
    assert abs(found.mean()) < 4 * sd / math.sqrt(found.size)
    assert 0.99 * min(bound, 3) * sd < np.abs(found).max() <= bound * sd * 1.0001


def test_glorot_by_kind_takes_another_one_for_windows_than_for_matrices():
    window, sd = drawn("glorot_by_kind", WINDOW), math.sqrt(2 / (9 * (40 + 60)))
    assert window.std() == pytest.approx(sd, rel=0.02)
    assert np.abs(window).max() <= 2 * sd / 0.8796
    np.testing.assert_array_equal(drawn("glorot_by_kind", MATRIX), drawn("glorot_uniform", MATRIX))


@pytest.mark.parametrize("name", INITIALIZERS.names)
def test_the_same_stream_draws_the_same_and_another_one_others(name):
    np.testing.assert_array_equal(drawn(name, WINDOW), drawn(name, WINDOW))
    assert not np.any(drawn(name, WINDOW) == drawn(name, WINDOW, seed=1))


def test_biases_are_drawn_where_the_initializer_has_any():
    bias = drawing("fan_in_uniform").bias(np.random.RandomState(0), (50, 4000))
    assert bias.shape == (4000,)
    assert bias.std() == pytest.approx(1 / math.sqrt(3 * 50), rel=0.03)
    assert drawing("he_normal").bias is None
