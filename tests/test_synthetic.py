"""Made-up data: what its classes are, by other words than those that drew it."""

import numpy as np
import pytest

from actbench import datasets
from actbench.datasets import Request
from actbench.errors import UserError


def arrays(name):
    return datasets.prepare(Request(name)).arrays


def test_spirals_wind_around_each_other():
    found = arrays("two_spirals(n=4000, turns=3, noise=0)")
    x, y = found["x_train"], found["y_train"]
    radius, angle = np.hypot(*x.T), np.arctan2(x[:, 1], x[:, 0])
    turned = np.mod(angle / (2 * np.pi) - radius, 1)
    np.testing.assert_allclose(np.minimum(np.abs(turned - 0.5 * y), 1 - np.abs(turned - 0.5 * y)), 0, atol=1e-9)
    assert radius.max() <= 3
    # No line parts them.
    assert abs(np.corrcoef(x[:, 0], y)[0, 1]) < 0.2


def test_a_board_is_chequered_along_every_side():
    found = arrays("checkerboard(dims=3, cells=5)")
    x, y = found["x_test"], found["y_test"]
    assert ((x >= 0) & (x < 5)).all()
    inside = x[:, 0] < 4
    moved = x[inside] + [1, 0, 0]
    assert (np.floor(moved).sum(axis=1) % 2 != y[inside]).all()


def test_parity_is_the_exclusive_or_of_all_bits():
    found = arrays("parity(bits=7, n=500)")
    assert found["x_train"].dtype == bool
    np.testing.assert_array_equal(np.logical_xor.reduce(found["x_train"], axis=1), found["y_train"].astype(bool))
    assert len(found["x_test"]) == 125


@pytest.mark.parametrize("name", ["two_spirals", "checkerboard", "parity"])
def test_a_draw_is_drawn_again_and_another_is_another(name):
    one, again, other = (datasets.info(Request(spelled)).sha256 for spelled in (name, name, f"{name}(draw=1)"))
    assert one == again != other
    labels = arrays(name)["y_train"]
    assert abs(labels.mean() - 0.5) < 0.05


@pytest.mark.parametrize("name", ["parity(bits=1)", "checkerboard(cells=1)", "two_spirals(noise=-1)", "parity(n=2)"])
def test_what_makes_no_data_is_refused(name):
    with pytest.raises(UserError):
        datasets.describe(name)
