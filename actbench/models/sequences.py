"""Networks that read sequences of tokens."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from actbench.errors import UserError
from actbench.lazy import lazy
from actbench.models import Shape, SiteFactory, model

keras = lazy("keras")
layers = lazy("keras.layers")
ops = lazy("keras.ops")

Depth = Annotated[int, Meta(ge=1, le=100, description="blocks")]
Width = Annotated[int, Meta(ge=1, le=10_000, description="of the vector of each token")]
Heads = Annotated[int, Meta(ge=1, le=1_000, description="of the attention; they share the width")]
Gated = Annotated[bool, Meta(description="the site is the gate of a gated linear unit, at as many parameters")]


def _heads_share(width: int, heads: int, **_: Any) -> None:
    if width % heads:
        raise UserError(f"A width of {width} cannot be shared by {heads} heads: take a multiple of {heads}.")


@model(reads="tokens", check=_heads_share)
def transformer(
    site: SiteFactory,
    input_shape: Shape,
    classes: int,
    depth: Depth = 2,
    width: Width = 128,
    heads: Heads = 4,
    gated: Gated = False,
) -> Any:
    """Pre-norm transformer over learned positions: attention, then Dense of 4 widths, a site and Dense, in each block
    (Vaswani et al. 2017; Radford et al. 2019; gated: Shazeer 2020)

    It answers for its last token, having seen all of them; where each token has a target, for each of them, having seen
    those up to it.
    """
    return _transformer(site, input_shape, classes, depth, width, heads, gated=gated)


@model(reads="language", check=_heads_share)
def char_lm(
    site: SiteFactory,
    input_shape: Shape,
    classes: int,
    depth: Depth = 4,
    width: Width = 128,
    heads: Heads = 4,
    gated: Gated = False,
) -> Any:
    """The transformer as a language model: which token comes next, after each of them (Radford et al. 2019)"""
    return _transformer(site, input_shape, classes, depth, width, heads, gated=gated)


def _transformer(
    site: SiteFactory, input_shape: Shape, classes: int, depth: int, width: int, heads: int, *, gated: bool
) -> Any:
    tokens = keras.Input(input_shape, dtype="int32")
    x = positions()(layers.Embedding(input_shape.vocabulary, width)(tokens))
    for _ in range(depth):
        x = layers.Add()([x, _attention(_normalized(x), heads, causal=input_shape.per_token)])
        x = layers.Add()([x, _feed_forward(site, _normalized(x), gated=gated)])
    x = _normalized(x if input_shape.per_token else x[:, -1])
    return keras.Model(tokens, layers.Dense(classes)(x))


def _normalized(x: Any) -> Any:
    return layers.LayerNormalization(epsilon=1e-5)(x)


def _attention(x: Any, heads: int, *, causal: bool) -> Any:
    """Each token looks at the others; with ``causal`` only at itself and those before it. No biases."""
    attention = layers.MultiHeadAttention(heads, x.shape[-1] // heads, use_bias=False)
    return attention(x, x, use_causal_mask=causal)


def _feed_forward(site: SiteFactory, x: Any, *, gated: bool) -> Any:
    """The same for each token. No biases, as in Shazeer 2020, so that two matrices weigh as much as three of 2/3."""
    width = x.shape[-1]
    hidden = round(8 * width / 3) if gated else 4 * width
    y = site()(layers.Dense(hidden, use_bias=False)(x))
    if gated:
        y = layers.Multiply()([y, layers.Dense(hidden, use_bias=False)(x)])
    return layers.Dense(width, use_bias=False)(y)


def positions() -> Any:
    """A layer that adds a learned vector to that of each token, by its place."""

    class Positions(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, input_shape: tuple[int | None, ...]) -> None:
            self.table = self.add_weight(shape=input_shape[1:], initializer="uniform", name="table")

        def call(self, x: Any) -> Any:
            return x + self.table

    return Positions()
