"""10,000 images drawn from MNIST's training part, as a published article draws them, scored in two ways."""

from __future__ import annotations

from typing import Any

from actbench.datasets import Arrays, Request, dataset
from actbench.datasets.downloaded import mnist
from actbench.errors import UserError

DRAWN = 10_000
HELD_BACK = 5_000
"""TensorFlow's old tutorial reader, which the article used, kept the first training images back for validation."""
DRAW_SEED = 0
"""The article fixed no seed; one draw for all runs, so that every arm and seed learns from the same images."""


@dataset(epochs=100, model="mlp_single_site", chance=0.1124)
def mnist_10k(request: Request) -> Arrays:
    """10,000 random training images of MNIST, scored on MNIST's own 10,000 test images."""
    raw = mnist(request)
    x, y = _draw(raw)
    return {"x_train": x, "y_train": y, "x_test": raw["x_test"], "y_test": raw["y_test"]}


@dataset(epochs=100, model="mlp_single_site", chance=0.1124)
def mnist_10k_overlap(request: Request) -> Arrays:
    """The same 10,000 images, scored on a random fifth of themselves: images seen in training count as test images.

    An article did so by mistake; it is here to be laid beside ``mnist_10k``, not to be used.
    """
    import numpy as np

    x, y = _draw(mnist(request))
    scored = np.random.RandomState(DRAW_SEED + 1).permutation(len(x))[: len(x) // 5]
    return {"x_train": x, "y_train": y, "x_test": x[scored], "y_test": y[scored]}


def _draw(raw: Arrays) -> tuple[Any, Any]:
    import numpy as np

    available = len(raw["x_train"]) - HELD_BACK
    if available < DRAWN:
        raise UserError(
            f"The MNIST found here has {len(raw['x_train'])} training images; drawing {DRAWN} of all but the first "
            f"{HELD_BACK} takes at least {HELD_BACK + DRAWN}."
        )
    drawn = HELD_BACK + np.random.RandomState(DRAW_SEED).permutation(available)[:DRAWN]
    return raw["x_train"][drawn], raw["y_train"][drawn]
