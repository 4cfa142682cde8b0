"""Made-up questions whose answers are known: drawn from a seed, no file and no network needed."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from actbench.datasets import Arrays, Request, dataset

Inputs = Annotated[int, Meta(ge=10, le=1_000_000, description="training inputs; a quarter as many test")]
Draw = Annotated[int, Meta(ge=0, lt=2**32, description="seed of the draw; one for all runs")]


@dataset(epochs=100, model="mlp(100, 50)", thresholds=(0.9, 0.95, 0.99), chance=0.5)
def two_spirals(
    request: Request,  # noqa: ARG001 - a reader's signature
    n: Inputs = 2000,
    turns: Annotated[float, Meta(gt=0, le=100, description="of each spiral")] = 2.0,
    noise: Annotated[float, Meta(ge=0, le=10, description="sd, where the spirals are 1 apart")] = 0.1,
    draw: Draw = 0,
) -> Arrays:
    """Points of two spirals that wind around each other, 2 classes (after Lang & Witbrock 1988)."""
    import numpy as np

    def points(stream: Any, count: int) -> tuple[Any, Any]:
        labels = np.arange(count) % 2
        # Evenly along the arm, not bunched in the middle.
        radius = turns * np.sqrt(stream.uniform(0, 1, count))
        angle = 2 * np.pi * radius + np.pi * labels
        places = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return places + stream.normal(0, noise / 2, places.shape), labels

    return _parts(points, n, draw)


@dataset(epochs=100, model="mlp(100, 50)", thresholds=(0.8, 0.9, 0.95), chance=0.5155)
def checkerboard(
    request: Request,  # noqa: ARG001 - a reader's signature
    dims: Annotated[int, Meta(ge=1, le=20, description="of the board")] = 2,
    cells: Annotated[int, Meta(ge=2, le=100, description="along each side")] = 4,
    n: Inputs = 4000,
    draw: Draw = 0,
) -> Arrays:
    """Points of a chequered cube, its class the colour: whether the numbers of its cell have an even sum."""
    import numpy as np

    def points(stream: Any, count: int) -> tuple[Any, Any]:
        x = stream.uniform(0, cells, (count, dims))
        return x, np.floor(x).astype(np.int64).sum(axis=1) % 2

    return _parts(points, n, draw)


@dataset(epochs=100, model="mlp(100, 50)", thresholds=(0.9, 0.95, 0.99), chance=0.5032)
def parity(
    request: Request,  # noqa: ARG001 - a reader's signature
    bits: Annotated[int, Meta(ge=2, le=1000, description="of each input")] = 10,
    n: Inputs = 4000,
    draw: Draw = 0,
) -> Arrays:
    """Random bits, and whether an odd number of them is set; what is tested may have been trained on."""

    def points(stream: Any, count: int) -> tuple[Any, Any]:
        x = stream.randint(0, 2, (count, bits)).astype(bool)
        return x, x.sum(axis=1) % 2

    return _parts(points, n, draw)


def _parts(points: Any, n: int, draw: int) -> Arrays:
    """Both parts from one stream, the training part first."""
    import numpy as np

    stream = np.random.RandomState(draw)
    (x_train, y_train), (x_test, y_test) = points(stream, n), points(stream, max(4, n // 4))
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
