"""Rectifiers: piecewise functions that pass the positive part."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

keras = lazy("keras")
ops = lazy("keras.ops")


@activation(
    formula="max(x, 0)",
    latex=r"\max(x, 0)",
    source="Nair & Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines",
    link="https://icml.cc/Conferences/2010/papers/432.pdf",
    range="[0, ∞)",
    smooth=False,
    monotonic=True,
)
def relu(x: Tensor) -> Tensor:
    """Rectified linear unit: the positive part; slope 0 at 0."""
    return ops.relu(x)


@activation(
    formula="x for x > 0, α·(exp(x) − 1) for x <= 0",
    latex=r"\begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
    source="Clevert, Unterthiner & Hochreiter 2016, Fast and Accurate Deep Network Learning by ELUs",
    link="https://arxiv.org/abs/1511.07289",
    range="(-1, ∞)",
    smooth=True,
    monotonic=True,
)
def elu(
    x: Tensor, alpha: Annotated[float, Meta(gt=0, description="the negative part saturates at −alpha")] = 1.0
) -> Tensor:
    """Exponential linear unit: a rectifier whose negative part saturates smoothly."""
    return ops.elu(x, alpha=alpha)


@activation(
    formula="λ·x for x > 0, λ·α·(exp(x) − 1) for x <= 0; λ = 1.0507009873554805, α = 1.6732632423543772",
    latex=r"\lambda \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
    source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-Normalizing Neural Networks",
    link="https://arxiv.org/abs/1706.02515",
    range="(-1.7581, ∞)",
    smooth=False,
    monotonic=True,
)
def selu(x: Tensor) -> Tensor:
    """Scaled ELU: the constants keep mean 0 and variance 1 from layer to layer."""
    return ops.selu(x)


@activation(
    kind="trainable",
    formula="max(x, 0) + α·min(x, 0); α learned, one per channel",
    latex=r"\max(x, 0) + \alpha_c \min(x, 0)",
    source="He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers",
    link="https://arxiv.org/abs/1502.01852",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=True,
)
def prelu(
    x: Tensor, init: Annotated[float, Meta(ge=-10, le=10, description="start value of every α")] = 0.25
) -> Tensor:
    """Parametric ReLU: the slope of the negative part is learned per channel, shared over space as in the paper.

    Keras's own layer defaults to one slope per *position*; here the axes between batch and channel are shared.
    """
    spatial = list(range(1, x.ndim - 1))
    return keras.layers.PReLU(alpha_initializer=keras.initializers.Constant(init), shared_axes=spatial or None)(x)


@activation(
    kind="layer",
    formula="max(x, T(x)); T = batch normalisation of a depthwise k×k convolution of x",
    latex=r"\max(x, T(x)), \quad T = \mathrm{BN}(\mathrm{DWConv}_{k \times k}(x))",
    source="Ma, Zhang & Sun 2020, Funnel Activation for Visual Recognition",
    link="https://arxiv.org/abs/2007.11824",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=False,
)
def frelu(
    x: Tensor, kernel_size: Annotated[int, Meta(ge=1, le=15, description="side of the depthwise window")] = 3
) -> Tensor:
    """Funnel ReLU: the maximum of each pixel and a learned view of its neighbourhood.

    Input ``(batch, height, width, channels)``, output the same. Needs images: raises UserError on flat features.
    """
    if x.ndim != 4:  # noqa: PLR2004 - batch, height, width, channels
        from actbench.errors import UserError

        raise UserError(
            "The activation 'frelu' looks at neighbouring pixels: use it in a convolutional model (cnn, cnn6)."
        )
    window = keras.layers.DepthwiseConv2D(kernel_size, padding="same")(x)
    return ops.maximum(x, keras.layers.BatchNormalization()(window))
