"""An activation as a curve: its values and slopes along a line of inputs, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.custom import prints_to_stderr
from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.training import backends

if TYPE_CHECKING:
    from actbench.activations import Resolved

site = lazy("actbench.training.site")

# A window up to 15 wide sees the same constant everywhere around the middle pixel.
_SIDE = 15


def curve(
    activation: Resolved,
    x: np.ndarray,
    *,
    precision: str = "float64",
    training: bool = False,
    seed: int = 0,
    beside: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes at ``x``, at the start values of everything that is learned.

    An activation along an axis is seen through its first output for the inputs ``(x, beside)``, and so is one from
    elsewhere, of which nothing is known; one that looks at neighbours through the middle pixel of an image that is
    ``x`` everywhere.

    Args:
        activation: what ``resolve`` made of a spelling.
        x: one-dimensional inputs.
        precision: the dtype to compute in; the results are float64 in any case.
        training: whether random activations draw, as in training.
        seed: for start values and draws.
        beside: the second input.

    Returns:
        Two arrays of the shape of ``x``.

    Raises:
        UserError: the activation works on neither features nor images.
    """
    rows = np.asarray(x, np.float64)[:, None]
    if activation.kind == "axis" or activation.entry is None:
        rows = np.concatenate([rows, np.full(rows.shape, beside)], axis=1)
    try:
        return _along(activation, rows, precision, training, seed)
    except UserError:
        images = np.tile(rows[:, None, None, :], (1, _SIDE, _SIDE, 1))
        return _along(activation, images, precision, training, seed)


def is_along_an_axis(activation: Resolved) -> bool:
    """Whether an output depends on the inputs beside its own: declared, or seen for one from elsewhere."""
    if activation.entry is not None:
        return activation.kind == "axis"
    x = np.linspace(-2, 2, 9)
    return not np.array_equal(curve(activation, x)[0], curve(activation, x, beside=1.0)[0], equal_nan=True)


def _along(
    activation: Resolved, inputs: np.ndarray, precision: str, training: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    layer = site.Site(activation, seed, dtype=precision)
    image = inputs.ndim > 2  # noqa: PLR2004 - a batch of features

    def seen(x: Any) -> Any:
        outputs = layer(x, training=training)
        return outputs[:, _SIDE // 2, _SIDE // 2, 0] if image else outputs[:, 0]

    with prints_to_stderr():
        values, slopes = backends.current().values_and_slopes(seen, inputs, precision)
    return values, slopes[..., 0].sum(axis=(1, 2)) if image else slopes[:, 0]
