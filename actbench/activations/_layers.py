"""What a site may learn or draw: the Keras layers behind the trainable and the random activations.

Families of the catalogue reach this module lazily, because it needs Keras to be imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from actbench.lazy import load

keras = load("keras")

Start = float | Sequence[float] | Callable[..., Any]


def normal(deviation: float) -> Callable[..., Any]:
    """A start that is drawn from N(0, deviation²), by the seed of the site."""
    return cast("Callable[..., Any]", keras.initializers.RandomNormal(0.0, deviation))


def uniform(bound: float) -> Callable[..., Any]:
    """A start that is drawn from U(−bound, bound), by the seed of the site."""
    return cast("Callable[..., Any]", keras.initializers.RandomUniform(-bound, bound))


class Learned(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """Applies ``function(x, **weights)`` with weights that belong to this layer alone.

    Args:
        function: the formula, ``(x, **weights) -> tensor`` of the shape of ``x``.
        per_channel: whether every weight is a vector with one element for each channel (the last axis).
        name: of the layer; None leaves it to Keras.
        starts: the start value of each weight: a number, a sequence for a weight that is a vector of coefficients, or
            what draws one for each channel.
    """

    def __init__(
        self, function: Callable[..., Any], *, per_channel: bool = False, name: str | None = None, **starts: Start
    ) -> None:
        super().__init__(name=name)
        self.function = function
        self.per_channel = per_channel
        self.starts = starts
        self.learned: dict[str, Any] = {}

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights, each at its start value."""
        for name, start in self.starts.items():
            if callable(start):
                self.learned[name] = self.add_weight(name=name, shape=(input_shape[-1],), initializer=start)
                continue
            values = start if isinstance(start, (int, float)) else list(start)
            shape = (input_shape[-1],) if self.per_channel else keras.ops.shape(values)
            self.learned[name] = self.add_weight(
                name=name,
                shape=shape,
                # A closure over a list cannot be Constant(), which keeps to numbers in half precision.
                initializer=lambda shape, dtype, values=values: keras.ops.broadcast_to(
                    keras.ops.convert_to_tensor(values, dtype), shape
                ),
            )

    def call(self, x: Any) -> Any:
        """Apply the formula to ``x``."""
        weights = {name: keras.ops.convert_to_tensor(weight) for name, weight in self.learned.items()}
        return self.function(x, **weights)


class RandomSlope(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """A leaky rectifier that draws the slope of every negative element anew in training, and takes the mean otherwise.

    Args:
        lower: smallest slope.
        upper: largest slope.
        divisor: whether it is the slope's inverse that is uniform, and that has its mean.
    """

    def __init__(self, lower: float, upper: float, *, divisor: bool = False) -> None:
        super().__init__()
        self.divisor = divisor
        self.lower, self.upper = (1 / upper, 1 / lower) if divisor else (lower, upper)
        # Made here, its seed comes from the global one, which the site has set.
        self.seed_generator = keras.random.SeedGenerator()

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Apply to ``x``; ``training`` chooses between a random and the mean slope."""
        drawn: Any = (self.lower + self.upper) / 2
        if training:
            drawn = keras.random.uniform(
                keras.ops.shape(x), self.lower, self.upper, dtype=x.dtype, seed=self.seed_generator
            )
        below = keras.ops.minimum(x, 0)
        return keras.ops.relu(x) + (below / drawn if self.divisor else drawn * below)
