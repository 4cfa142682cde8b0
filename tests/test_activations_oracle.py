"""Every entry against a formula written independently of it, in three precisions, with its gradient."""

from __future__ import annotations

import functools
import math
import typing

import msgspec
import numpy as np
import pytest
from conftest import mostly_slow
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from oracles import ORACLES, evaluate

from actbench.activations import CATALOGUE, resolve
from actbench.registry import spell
from actbench.reports.activations import properties
from actbench.training.curves import curve

tf = pytest.importorskip("tensorflow")

EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7}
# In roundings. Every formula here is a handful of operations, each right to one rounding of its own result; what is
# left, seen over all entries, is 2.1 of them. Slopes are products of up to four factors, of which TensorFlow computes
# tanh′ as 1 − tanh²: at x = 2.75 tanhexp multiplies that one's rounding by x·exp(x) = 43, twice.
VALUE_ROUNDINGS = 4
SLOPE_ROUNDINGS = {"float64": 128, "float32": 32, "bfloat16": 6}

SPECIAL = [0, 0.5, 1, 2, 3, 6, 1e-4, 20, 88, 1e4]
POINTWISE = sorted(ORACLES)


def as_bfloat16(x):
    return tf.cast(tf.cast(np.asarray(x, np.float64), "bfloat16"), "float64").numpy()


@functools.cache
def points() -> np.ndarray:
    """Numbers that bfloat16 can write, so that all three precisions see the very same inputs."""
    random = np.random.default_rng(7)
    spread = [random.normal(0, 1, 40), random.uniform(-8, 8, 40), random.uniform(-90, 90, 20)]
    return np.unique(as_bfloat16(np.concatenate([SPECIAL, np.negative(SPECIAL), *spread])))


def assert_right(name: str, x: np.ndarray, precision: str, computed: tuple[np.ndarray, np.ndarray]) -> None:
    """Values and slopes agree to so many roundings, of the result or of x as the formula passes it on."""
    epsilon, largest = EPSILON[precision], float(tf.as_dtype(precision).max)
    y, slope = computed
    truth = evaluate(name, x, close=epsilon)
    with np.errstate(over="ignore", invalid="ignore"):
        # Where the mathematics exceeds the precision, infinity is the right answer.
        fits = (np.abs(truth.value) < largest) & (truth.steepest < largest)
        size = np.maximum.reduce([np.abs(truth.value), np.abs(x * truth.left), np.abs(x)])
        room = VALUE_ROUNDINGS * epsilon * np.maximum(size, ORACLES[name].offset) + np.finfo(np.float32).tiny
        wrong = fits & ~(np.abs(y - truth.value) <= room)
        assert not wrong.any(), report("value", x, y, truth.value, wrong)
        size = np.maximum.reduce([truth.steepest, np.abs(x * truth.bend), np.ones_like(x)])
        room = SLOPE_ROUNDINGS[precision] * epsilon * size
        low, high = np.minimum(truth.left, truth.right) - room, np.maximum(truth.left, truth.right) + room
        wrong = fits & ~((slope >= low) & (slope <= high))
        assert not wrong.any(), report("slope", x, slope, truth.left, wrong)


@functools.cache
def by_xla(precision: str = "float32", at: tuple[float, ...] = ()) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Values and slopes of every element-wise entry, from one XLA program for them all."""
    functions = {entry.name: resolve(entry.name).function for entry in CATALOGUE if entry.kind == "elementwise"}

    @tf.function(jit_compile=True)
    def program(x):
        results = {}
        for name, function in functions.items():
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = function(x)
            results[name] = (y, tape.gradient(y, x, unconnected_gradients="zero"))
        return results

    results = program(tf.constant(np.array(at) if at else points(), precision))
    return {name: tuple(tf.cast(part, "float64").numpy() for part in pair) for name, pair in results.items()}


def report(what, x, got, expected, wrong) -> str:
    lines = [f"{what} at {x[i]!r}: got {got[i]!r}, expected {expected[i]!r}" for i in np.flatnonzero(wrong)[:5]]
    return "\n".join(lines)


def test_every_entry_has_an_oracle() -> None:
    # What begins with drawn weights has a test of its own, where these are known: see test_activations_sites.
    drawn = {entry.name for entry in CATALOGUE if entry.kind == "layer"}
    assert drawn == {"frelu", "acon_c", "meta_acon", "apl"}
    assert {entry.name for entry in CATALOGUE} == {*ORACLES, *drawn}


@pytest.mark.parametrize("precision", EPSILON)
@pytest.mark.parametrize("name", POINTWISE)
def test_values_and_slopes(name, precision) -> None:
    assert_right(name, points(), precision, curve(resolve(name), points(), precision=precision))


@pytest.mark.parametrize("name", [name for name in POINTWISE if CATALOGUE[name].kind == "elementwise"])
def test_values_and_slopes_by_xla(name) -> None:
    """A training program is compiled where that works, and XLA has approximations of its own for exp, tanh and erf."""
    assert_right(name, points(), "float32", by_xla()[name])


@pytest.mark.parametrize("name", POINTWISE)
def test_values_and_slopes_at_full_double_precision(name) -> None:
    random = np.random.default_rng(8)
    exact = np.concatenate([random.normal(0, 3, 60), [1e-4, -1e-4, 0.1, -0.1, 1e4, -1e4]])
    assert_right(name, exact, "float64", curve(resolve(name), exact))


@pytest.mark.parametrize("precision", mostly_slow([*EPSILON]))
@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE])
def test_finite_far_out_or_declared(name, precision) -> None:
    x = as_bfloat16(np.concatenate([np.linspace(-1e4, 1e4, 301), np.linspace(-120, 120, 301)]))
    y, slope = curve(resolve(name), x, precision=precision)
    finite = np.isfinite(y).all() and np.isfinite(slope).all()
    assert finite == (not CATALOGUE[name].overflow)


@pytest.mark.parametrize("precision", mostly_slow([*EPSILON]))
@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE])
def test_what_is_not_a_number_stays_none(name, precision) -> None:
    """An activation that made a number of it would hide that a training diverged."""
    assert np.isnan(curve(resolve(name), np.array([np.nan]), precision=precision)[0]).all()
    if CATALOGUE[name].kind == "elementwise":
        assert np.isnan(by_xla(precision, (0.0, np.nan))[name][0][1])


@pytest.mark.parametrize("precision", mostly_slow([*EPSILON]))
@pytest.mark.parametrize("name", [*[e.name for e in CATALOGUE if e.kind == "elementwise"], "leaky_relu(0.3)"])
def test_the_slope_at_0_that_is_printed_is_that_of_training(name, precision) -> None:
    """At a kink there is more than one to choose from, and libraries choose differently when they compile."""
    printed = properties(resolve(name)).slope_at_0
    room = 4 * EPSILON[precision] * max(1.0, abs(printed))
    assert curve(resolve(name), np.zeros(1), precision=precision)[1] == pytest.approx(printed, abs=room)
    if name in CATALOGUE:
        assert by_xla(precision, (0.0, np.nan))[name][1][0] == pytest.approx(printed, abs=room)


@pytest.mark.parametrize(("name", "slope"), [("leaky_relu", 0.01), ("penalized_tanh", 0.25), ("selu", 1.7581)])
def test_the_slope_at_a_kink_is_that_of_its_formula(name, slope) -> None:
    """Which gives 0 to the left side."""
    assert properties(resolve(name)).slope_at_0 == pytest.approx(slope, abs=1e-4)


def test_spocu_keeps_its_digits_in_half_precision() -> None:
    """Near its root at 5.16 it is the difference of numbers that are a hundred times larger."""
    x = np.arange(160, 176) / 32
    y = curve(resolve("spocu"), x, precision="bfloat16")[0]
    assert np.array_equal(y, as_bfloat16(evaluate("spocu", x).value))
    assert np.abs(y).min() < 0.2


@pytest.mark.parametrize("name", ["serf", "pserf"])
def test_gates_of_the_error_function_are_open_to_the_end(name) -> None:
    huge = np.array([1e160, 1e300, np.inf])
    y, slope = curve(resolve(name), huge)
    assert np.array_equal(y, huge)
    assert np.array_equal(slope[:2], [1, 1])


@pytest.mark.parametrize("name", POINTWISE)
def test_slopes_are_those_of_the_values(name) -> None:
    x = np.random.default_rng(9).uniform(-5, 5, 80)
    step = 1e-6
    kinks = ORACLES[name].kinks()
    x = x[[all(abs(point - kink) > 10 * step for kink in kinks) for point in x]]
    activation = resolve(name)
    above, below = curve(activation, x + step)[0], curve(activation, x - step)[0]
    slope = curve(activation, x)[1]
    # A central difference is wrong by step²·f‴/6 and by a rounding of f over the step.
    assert np.allclose((above - below) / (2 * step), slope, rtol=1e-6, atol=1e-8 * (1 + np.abs(above).max()))


@pytest.mark.parametrize("name", [name for name in POINTWISE if ORACLES[name].symmetry])
def test_symmetry(name) -> None:
    x = points()
    y, mirrored = curve(resolve(name), x)[0], curve(resolve(name), -x)[0]
    assert np.array_equal(mirrored, y if ORACLES[name].symmetry == "even" else -y)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("name", POINTWISE)
def test_limits(name, side) -> None:
    expression = getattr(ORACLES[name], side)
    if not expression:
        pytest.skip("no asymptote on this side")
    x = np.array([3e3, 1e4]) * (-1 if side == "left" else 1)
    y = curve(resolve(name), x)[0]
    expected = eval(expression, {"x": x}) * np.ones(2)
    # The slowest ones approach like 1/x; and they do approach.
    assert np.allclose(y, expected, rtol=1e-3, atol=1e-3)
    assert abs(y[1] - expected[1]) <= abs(y[0] - expected[0]) + 1e-9


WITH_PARAMETERS = [entry.name for entry in CATALOGUE if entry.parameters and entry.name in ORACLES]


def values_for(parameter):
    """Values that a spelling may give, from the bounds in its declaration, kept to ±5."""
    if parameter.type is bool or bool in typing.get_args(parameter.type):
        return st.booleans()
    metas = [meta for meta in parameter.type.__metadata__ if isinstance(meta, msgspec.Meta)]
    lows = [bound for meta in metas for bound in (meta.ge, meta.gt) if bound is not None]
    highs = [bound for meta in metas for bound in (meta.le, meta.lt) if bound is not None]
    low, high = max([-5.0, *lows]), min([5.0, *highs])
    # In sixty-fourths, so that a spelling writes exactly the number that the oracle gets.
    smallest = math.ceil(low * 64) + 4 * any(meta.gt is not None for meta in metas)
    return st.integers(smallest, math.floor(high * 64)).map(lambda count: count / 64)


@pytest.mark.parametrize("name", WITH_PARAMETERS)
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)
@given(data=st.data())
def test_parameters_over_their_ranges(name, data) -> None:
    entry = CATALOGUE[name]
    parameters = {p.name: data.draw(values_for(p), label=p.name) for p in entry.parameters}
    if name in ("hardshrink", "softshrink", "rrelu", "hard_tanh"):
        parameters["lower"], parameters["upper"] = sorted([parameters["lower"], parameters["upper"]])
        # A dead zone of one point: the slope in it is 0, and 1 on both its sides.
        assume(name == "rrelu" or parameters["lower"] < parameters["upper"])
    assume(not parameters.get("divisor") or parameters["lower"] > 0)
    assume(name != "srelu" or parameters["t_left"] < parameters["t_right"])
    assume(name != "xielu" or parameters["alpha_n"] > parameters["beta"])
    text = spell(name, entry.parameters, parameters)
    x = np.array([0, 1e-3, -1e-3, 0.25, -0.25, 1, -1, 2.5, -2.5, 7, -7, 30, -30])
    y, slope = curve(resolve(text), x)
    truth = evaluate(name, x, **parameters)
    finite = np.isfinite(truth.value) & np.isfinite(truth.steepest)
    # A parameter of 5 or 0.05 multiplies every rounding, hence far wider than the tolerances at the defaults.
    near = np.abs(truth.value[np.abs(x) <= 7]).max()
    assert np.allclose(y[finite], truth.value[finite], rtol=1e-12, atol=1e-12 * max(1.0, near))
    room = 1e-10 * np.maximum(truth.steepest, 1.0)
    low, high = np.minimum(truth.left, truth.right) - room, np.maximum(truth.left, truth.right) + room
    wrong = finite & ~((slope >= low) & (slope <= high))
    assert not wrong.any(), report("slope", x, slope, truth.left, wrong)


def test_no_two_entries_are_the_same_function() -> None:
    """Aliases resolve to one entry; a twin says of which other entry it is a copy at its defaults."""
    x = np.random.default_rng(10).uniform(-8, 8, 200)
    shapes: dict[bytes, list[str]] = {}
    for entry in CATALOGUE:
        # What is learned or drawn only starts there, and an axis is no function of one number.
        if entry.kind == "elementwise":
            shapes.setdefault(np.round(curve(resolve(entry.name), x)[0], 6).tobytes(), []).append(entry.name)
    same = sorted(sorted(names) for names in shapes.values() if len(names) > 1)
    assert same == sorted(sorted([entry.name, entry.twin]) for entry in CATALOGUE if entry.twin)
    assert len(shapes) > 40
