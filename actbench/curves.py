"""An activation as a curve: its values and slopes along a line of inputs, whatever its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from actbench.errors import UserError
from actbench.lazy import lazy

if TYPE_CHECKING:
    from actbench.activations import Resolved

tf = lazy("tensorflow")
site = lazy("actbench.site")

# A window up to 15 wide sees the same constant everywhere around the middle pixel.
_SIDE = 15


def curve(
    activation: Resolved, x: np.ndarray, *, precision: str = "float64", training: bool = False, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Values and slopes at ``x``, at the start values of everything that is learned.

    An activation along an axis is seen through its first output for the inputs ``(x, 0)``; one that looks at
    neighbours through the middle pixel of an image that is ``x`` everywhere.

    Args:
        activation: what ``resolve`` made of a spelling.
        x: one-dimensional inputs.
        precision: the dtype to compute in; the results are float64 in any case.
        training: whether random activations draw, as in training.
        seed: for start values and draws.

    Returns:
        Two arrays of the shape of ``x``.

    Raises:
        UserError: the activation works on neither features nor images.
    """
    column = tf.cast(np.asarray(x, np.float64), precision)[:, None]
    if activation.kind == "axis":
        return _along(activation, tf.concat([column, tf.zeros_like(column)], 1), precision, training, seed)
    try:
        return _along(activation, column, precision, training, seed)
    except UserError:
        image = tf.tile(column[:, :, None, None], (1, _SIDE, _SIDE, 1))
        return _along(activation, image, precision, training, seed)


def _along(
    activation: Resolved, inputs: Any, precision: str, training: bool, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    layer = site.Site(activation, seed, dtype=precision)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=training)
        image = outputs.shape.rank > 2  # noqa: PLR2004 - a batch of features
        seen = outputs[:, _SIDE // 2, _SIDE // 2, 0] if image else outputs[:, 0]
    slopes = tf.convert_to_tensor(tape.gradient(seen, inputs))
    slope = tf.reduce_sum(slopes, axis=(1, 2, 3)) if image else slopes[:, 0]
    return tf.cast(seen, "float64").numpy(), tf.cast(slope, "float64").numpy()
