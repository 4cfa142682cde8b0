"""The networks of the published articles, and dense ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta

from actbench.lazy import lazy
from actbench.models import Shape, SiteFactory, model

keras = lazy("keras")
layers = lazy("keras.layers")

Width = Annotated[int, Meta(ge=1, le=100_000, description="units of each hidden layer, in order")]


@model()
def mlp(
    site: SiteFactory,
    input_shape: Shape,
    classes: int,
    *widths: Width,
    normalization: Annotated[
        Literal["none", "batch", "layer"],
        Meta(description="between each Dense and its site", extra={"neutral": "none"}),
    ] = "none",
    dropout: Annotated[
        float, Meta(ge=0, lt=1, description="share of the units left out after each site", extra={"neutral": 0.0})
    ] = 0.0,
) -> Any:
    """Multi-layer perceptron: Dense and a site for each width, then Dense."""
    between = {"none": [], "batch": [layers.BatchNormalization], "layer": [layers.LayerNormalization]}[normalization]
    inputs, x = _flat(input_shape)
    for width in widths:
        x = layers.Dense(width)(x)
        for layer in (*between, site):
            x = layer()(x)
        x = layers.Dropout(dropout)(x) if dropout else x
    return keras.Model(inputs, layers.Dense(classes)(x))


@model()
def mlp_single_site(
    site: SiteFactory,
    input_shape: Shape,
    classes: int,
    width: Annotated[int, Meta(ge=1, le=100_000, description="units of both hidden layers")] = 200,
) -> Any:
    """Dense, one site, a second Dense without an activation, then Dense."""
    inputs, x = _flat(input_shape)
    x = site()(layers.Dense(width)(x))
    return keras.Model(inputs, layers.Dense(classes)(layers.Dense(width)(x)))


@model(smallest_side=10)
def cnn(site: SiteFactory, input_shape: Shape, classes: int) -> Any:
    """Two 3×3 convolutions (32 and 64 filters, valid), each with a site and 2×2 max pooling, then Dense."""
    inputs = x = keras.Input(input_shape)
    for filters in (32, 64):
        x = layers.MaxPooling2D()(site()(layers.Conv2D(filters, 3)(x)))
    return keras.Model(inputs, layers.Dense(classes)(layers.Flatten()(x)))


@model(smallest_side=4)
def cnn6(site: SiteFactory, input_shape: Shape, classes: int) -> Any:
    """Six 3×3 convolutions (32 filters, same), each with a site, max pooling after the 2nd and 4th, global average
    pooling, then Dense.
    """
    return _six_convolutions(site, input_shape, classes)


@model(smallest_side=4)
def cnn6_batch_norm(site: SiteFactory, input_shape: Shape, classes: int) -> Any:
    """cnn6 with Keras's batch normalization between each convolution and its site: what `frelu` brings along."""
    return _six_convolutions(site, input_shape, classes, layers.BatchNormalization)


def _six_convolutions(site: SiteFactory, input_shape: Shape, classes: int, *between: Callable[[], Any]) -> Any:
    """The network of `cnn6`, with these layers between each convolution and its site."""
    inputs = x = keras.Input(input_shape)
    for block in range(3):
        if block:
            x = layers.MaxPooling2D()(x)
        for _ in range(2):
            x = layers.Conv2D(32, 3, padding="same")(x)
            for layer in (*between, site):
                x = layer()(x)
    return keras.Model(inputs, layers.Dense(classes)(layers.GlobalAveragePooling2D()(x)))


def _flat(input_shape: Shape) -> tuple[Any, Any]:
    """The input, and its numbers in a row; a token is 1 at its number in the vocabulary and 0 elsewhere."""
    if input_shape.vocabulary:
        inputs = keras.Input(input_shape, dtype="int32")
        return inputs, layers.Flatten()(keras.ops.one_hot(inputs, input_shape.vocabulary))
    inputs = keras.Input(input_shape)
    return inputs, layers.Flatten()(inputs) if len(input_shape) > 1 else inputs
