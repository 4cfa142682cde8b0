"""The place in a network where an activation goes. The only module of the catalogue that needs Keras to be imported."""

from __future__ import annotations

from typing import Any

import numpy as np

from actbench.activations import Resolved
from actbench.custom import named_error, unwrapped
from actbench.errors import UserError, shown
from actbench.lazy import load
from actbench.models.streams import streams_kept
from actbench.models.wiring import is_activation

keras = load("keras")


class Site(keras.layers.Layer):  # type: ignore[misc, name-defined]
    """One activation site: shape in = shape out, with weights of its own where the activation has any.

    Element-wise functions are called on every forward pass, through ``function``, which a backend may replace by a
    faster program for the same values. Every other kind is called once, on a symbolic tensor of
    the site's shape, and the small network that results belongs to this site alone.

    Args:
        activation: the resolved activation.
        seed: seeds the activation's own initial weights and random stream, and nothing else.

    Raises:
        UserError: the activation changes the shape of its input, leaves Keras, or cannot be called on it.
    """

    def __init__(self, activation: Resolved, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.supports_masking = True  # what is hidden from the layers behind stays so: an activation moves nothing
        self.activation = activation
        self.function = activation.function
        self.seed = seed
        self.network: Any = None

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Build the activation for this shape and check that it keeps it."""
        try:
            output = self._output(input_shape)
        except (UserError, MemoryError):  # too little memory is no fault of the activation's
            raise
        except Exception as error:  # a library or a person's own code may raise anything
            raise UserError(
                f"The activation {self.activation.choice.spelling!r} does not work on inputs of shape "
                f"{_words(input_shape)}: {named_error(unwrapped(error))}"
            ) from error
        if isinstance(output, np.ndarray):
            # Works on the zeros of this check, and on nothing inside a compiled program.
            raise UserError(
                f"The activation {self.activation.choice.spelling!r} returns a NumPy array, which no gradient passes. "
                "Write it with keras.ops, which has the same functions under the same names."
            )
        shape = getattr(output, "shape", None)
        if shape is None or not _same(tuple(shape)[1:], input_shape[1:]):
            raise UserError(
                f"The activation {self.activation.choice.spelling!r} turns shape {_words(input_shape)} into "
                f"{_words(shape) if shape is not None else _what(output)}; an activation must keep the shape."
            )
        given, returned = self.compute_dtype, keras.backend.standardize_dtype(output.dtype)
        if returned != given:
            raise UserError(
                f"The activation {self.activation.choice.spelling!r} turns {given} into {returned}; an activation must "
                "keep the type. keras.ops.cast(…, x.dtype) gives the type of its input x."
            )

    def _output(self, input_shape: tuple[int | None, ...]) -> Any:
        """The output for such an input; for all but element-wise activations also the network behind it."""
        if self.activation.kind == "elementwise":
            sides = [1, *(1 if side is None else side for side in input_shape[1:])]
            return self.activation.function(keras.ops.zeros(sides, dtype=self.compute_dtype))
        policy = keras.config.dtype_policy()
        with streams_kept():
            keras.utils.set_random_seed(self.seed)
            keras.config.set_dtype_policy(self.dtype_policy)  # layers take their precision from the global one
            try:
                inputs = keras.Input(shape=input_shape[1:], dtype=self.compute_dtype)
                output = self.activation.function(inputs)
                self.network = keras.Model(inputs, output)
            finally:
                keras.config.set_dtype_policy(policy)
        return output

    def call(self, x: Any, training: bool | None = None) -> Any:
        """Apply the activation to ``x``."""
        return self.function(x) if self.network is None else self.network(x, training=training)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """An activation keeps the shape."""
        return input_shape


def sites(model: Any) -> list[Site]:
    """The activation sites of a network that lie between its input and its output, nested ones included.

    A network made of layers holds only those that its output depends on. A layer of a person's own may hold more than
    it calls; what was never called has not been built.
    """
    return [layer for layer in model._flatten_layers() if isinstance(layer, Site) and layer.built]  # noqa: SLF001 - no public walk


NO_KERNELS = ("bias", "gamma", "beta", "scale")
"""What Keras calls weights that are added or multiplied one by one; a GRU's biases have two axes, too."""


def kernels(model: Any) -> list[Any]:
    """The trained weights by which layers mix their inputs, or look them up; none of those that activations have."""
    theirs = {id(weight) for weight in learned(model)}
    return [
        weight
        for weight in model.trainable_variables
        if len(weight.shape) > 1 and weight.name not in NO_KERNELS and id(weight) not in theirs
    ]


def learned(model: Any) -> list[Any]:
    """The weights that activations have in a network, in sites or as it came: no initializer of kernels draws them, and
    nothing shrinks them.
    """
    inside = model._flatten_layers()  # noqa: SLF001 - no public walk
    theirs = [layer for layer in inside if isinstance(layer, Site) or is_activation(layer)]
    theirs += [layer.activation for layer in inside if isinstance(getattr(layer, "activation", None), keras.Layer)]
    return [*{id(weight): weight for each in theirs for weight in each.weights}.values()]


def _same(one: tuple[int | None, ...], other: tuple[int | None, ...]) -> bool:
    """Whether two shapes agree in every side that is known."""
    return len(one) == len(other) and all(None in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))


def _what(output: Any) -> str:
    """What came in the place of a tensor."""
    if isinstance(output, (list, tuple)):
        items = "tensor" if all(hasattr(item, "shape") for item in output) else "item"
        return f"a {type(output).__name__} of {len(output)} {items}{'' if len(output) == 1 else 's'}"
    return shown(output)


def _words(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join(str(side) for side in shape[1:])})"
