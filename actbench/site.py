"""The place in a network where an activation goes. The only module of the catalogue that needs Keras to be imported."""

from __future__ import annotations

from typing import Any

from actbench.activations import Resolved
from actbench.errors import UserError
from actbench.lazy import load

keras = load("keras")


class Site(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """One activation site: shape in = shape out, with weights of its own where the activation has any.

    Element-wise functions are called on every forward pass, through ``function``, which an engine may replace by a
    faster program for the same values. Every other kind is called once, on a symbolic tensor of
    the site's shape, and the small network that results belongs to this site alone.

    Args:
        activation: the resolved activation.
        seed: seeds the activation's own initial weights and random stream, and nothing else.

    Raises:
        UserError: the activation changes the shape of its input.
    """

    def __init__(self, activation: Resolved, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activation
        self.function = activation.function
        self.seed = seed
        self.network: Any = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Build the activation for this shape and check that it keeps it."""
        inputs = keras.Input(shape=input_shape[1:], dtype=self.compute_dtype)
        if self.activation.kind == "elementwise":
            output = keras.layers.Lambda(self.activation.function)(inputs)
        else:
            # Keras's initializers take their seeds from the global one when they are made.
            keras.utils.set_random_seed(self.seed)
            output = self.activation.function(inputs)
            self.network = keras.Model(inputs, output)
        shape = getattr(output, "shape", None)
        if shape is None or tuple(shape[1:]) != tuple(input_shape[1:]):
            raise UserError(
                f"The activation {self.activation.choice.spelling!r} turns shape {_words(input_shape)} into "
                f"{_words(shape) if shape is not None else repr(output)}; an activation must keep the shape."
            )

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Apply the activation to ``x``."""
        return self.function(x) if self.network is None else self.network(x, training=training)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """An activation keeps the shape."""
        return input_shape


def _words(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join(str(side) for side in shape[1:])})"
