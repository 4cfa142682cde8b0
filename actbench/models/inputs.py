"""What a network does to its inputs before any layer that learns: it was written for raw ones, maybe."""

from __future__ import annotations

import math
from typing import Any

from actbench.lazy import lazy
from actbench.models.wiring import Graph, graph_of

layers = lazy("keras.layers")

SLOPES = (1 / 20, 20)
"""Between these a value that was scaled already may be scaled once more, and still be told from others."""
FARTHEST = 10.0
"""So far from 0 it may be moved, in units of what it was."""


def scaled_twice_by(model: Any) -> str:
    """The layer by which a network scales inputs that come scaled: pixels from 0 to 1, columns standardized.

    Rescaling and Normalization are a·x + b. Behind those in front of everything with weights, a is to lie within
    `SLOPES`, and b to be `FARTHEST` from 0 at most; of several columns, in their median.

    Returns:
        The name of the first such layer; empty where inputs reach the weights as they should.
    """
    graph = Graph(model)
    waiting: list[tuple[Any, float, float, str]] = [(graph_of(model).inputs[0], 1.0, 0.0, "")]
    seen = set()
    while waiting:
        tensor, slope, offset, name = waiting.pop()
        for taker, node in graph.takers(tensor):
            a, b = _line(taker)
            reached = (a * slope, a * offset + b, name or taker.name * ((a, b) != (1, 0)))
            learns = isinstance(taker, layers.Layer) and taker.trainable_weights
            if learns and name and not (SLOPES[0] <= abs(slope) <= SLOPES[1] and abs(offset) <= FARTHEST):
                return name
            if not learns and id(node) not in seen:
                waiting += [(each, *reached) for each in node.outputs]
            seen.add(id(node))
    return ""


def _line(layer: Any) -> tuple[float, float]:
    """What a layer that only scales does to each value, a·x + b, as (a, b); (1, 0) of any other."""
    import numpy as np

    if isinstance(layer, layers.Rescaling):
        return float(np.median(layer.scale)), float(np.median(layer.offset))
    if isinstance(layer, layers.Normalization) and layer.mean is not None:
        mean, variance = (np.median(np.asarray(each)) for each in (layer.mean, layer.variance))
        sd = max(math.sqrt(variance), 1e-7)  # Keras's own bound
        return (sd, float(mean)) if layer.invert else (1 / sd, -float(mean) / sd)
    return 1.0, 0.0


def frozen_layers(model: Any) -> list[str]:
    """The layers whose weights are not trained, but for those that take theirs from the data (``adapt``)."""
    inside = model._flatten_layers(include_self=False)  # noqa: SLF001 - no public walk
    own = (layer for layer in inside if layer.weights and not any(layer._flatten_layers(include_self=False)))  # noqa: SLF001
    return [layer.name for layer in own if not layer.trainable and not hasattr(layer, "adapt")]
