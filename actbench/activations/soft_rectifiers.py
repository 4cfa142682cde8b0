"""Soft rectifiers: ReLU with a bent knee or a saturating negative part, and the exponential."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")

_LN2 = math.log(2.0)
_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


@activation(
    formula="x for x > 0, α·(exp(x) − 1) for x <= 0; α = 1",
    latex=r"\max(x, 0) + \alpha (e^{\min(x, 0)} - 1), \quad \alpha = 1",
    source="Clevert, Unterthiner & Hochreiter 2016, Fast and Accurate Deep Network Learning by Exponential Linear "
    "Units (ELUs)",
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
    latex=r"\lambda \left(\max(x, 0) + \alpha (e^{\min(x, 0)} - 1)\right), \quad \lambda = 1.0507, \; \alpha = 1.6733",
    source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-Normalizing Neural Networks",
    link="https://arxiv.org/abs/1706.02515",
    range="(-1.7581, ∞)",
    smooth=False,
    monotonic=True,
)
def selu(x: Tensor) -> Tensor:
    """Scaled ELU: the constants keep mean 0 and variance 1 from layer to layer."""
    # TensorFlow's operation has the slope of the right side at 0, and that of the left where XLA compiled it.
    return _SELU_SCALE * ops.relu(x) + (_SELU_SCALE * _SELU_ALPHA) * ops.expm1(ops.minimum(x, 0.0))


@activation(
    formula="max(x, 0) + α·(exp(min(x, 0)/α) − 1); α = 1",
    latex=r"\max(x, 0) + \alpha (e^{\min(x, 0) / \alpha} - 1), \quad \alpha = 1",
    source="Barron 2017, Continuously Differentiable Exponential Linear Units",
    link="https://arxiv.org/abs/1704.07483",
    range="(-1, ∞)",
    smooth=True,
    monotonic=True,
    twin="elu",
)
def celu(
    x: Tensor,
    alpha: Annotated[float, Meta(gt=0, description="the negative part saturates at −alpha; 1 gives elu")] = 1.0,
) -> Tensor:
    """ELU made smooth for every alpha: where ELU scales its negative part, CELU stretches it too."""
    # With relu, whose slope at 0 is 0: two clips would each pass the gradient there, and the slope would be 2.
    return ops.relu(x) + alpha * ops.expm1(ops.minimum(x, 0.0) / alpha)


@activation(
    formula="x for x >= 0, x / √(1 + αx²) for x < 0; α = 1",
    latex=r"\frac{x}{\sqrt{1 + \alpha \min(x, 0)^2}}, \quad \alpha = 1",
    source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, Improving Deep Learning by Inverse Square Root "
    "Linear Units (ISRLUs)",
    link="https://arxiv.org/abs/1710.09967",
    range="(-1, ∞)",
    smooth=True,
    monotonic=True,
)
def isrlu(
    x: Tensor, alpha: Annotated[float, Meta(gt=0, description="the negative part saturates at −1/√alpha")] = 1.0
) -> Tensor:
    """Inverse square root linear unit: like ELU, without an exponential."""
    # The minimum makes the root 1 for x >= 0: one formula for both halves.
    return x * ops.rsqrt(1.0 + alpha * ops.square(ops.minimum(x, 0.0)))


@activation(
    formula="ln(1 + exp(βx)) / β; β = 1",
    latex=r"\frac{1}{\beta} \ln(1 + e^{\beta x}), \quad \beta = 1",
    source="Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, Incorporating Second-Order Functional Knowledge for "
    "Better Option Pricing",
    link="https://papers.nips.cc/paper/1920-incorporating-second-order-functional-knowledge-for-better-option-pricing",
    range="(0, ∞)",
    smooth=True,
    monotonic=True,
)
def softplus(
    x: Tensor,
    beta: Annotated[
        float, Meta(gt=0, description="sharpness of the bend; ∞ would give relu", extra={"neutral": 1.0})
    ] = 1.0,
) -> Tensor:
    """Smooth rectifier; its derivative is the sigmoid."""
    return ops.softplus(x) if beta == 1 else ops.softplus(beta * x) * (1 / beta)


@activation(
    formula="ln(exp(x)/2 + 1/2)",
    latex=r"\ln\left(\frac{e^x + 1}{2}\right)",
    source="Schütt, Kindermans, Sauceda, Chmiela, Tkatchenko & Müller 2017, SchNet: A continuous-filter convolutional "
    "neural network for modeling quantum interactions",
    link="https://arxiv.org/abs/1706.08566",
    range="(-0.6932, ∞)",
    smooth=True,
    monotonic=True,
    aliases=("ssp",),
)
def shifted_softplus(x: Tensor) -> Tensor:
    """Softplus moved down to pass through the origin."""
    return ops.softplus(x) - _LN2


@activation(
    formula="(x + √(x² + b)) / 2; b = 4",
    latex=r"\frac{x + \sqrt{x^2 + b}}{2}, \quad b = 4",
    source="Barron 2021, Squareplus: A Softplus-Like Algebraic Rectifier",
    link="https://arxiv.org/abs/2112.11687",
    range="(0, ∞)",
    smooth=True,
    monotonic=True,
)
def squareplus(
    x: Tensor, b: Annotated[float, Meta(gt=0, description="width of the bend; the value at 0 is √b/2")] = 4.0
) -> Tensor:
    """Softplus by algebra alone."""
    # For x < 0 the sum in the formula cancels. With r = √(x² + b), (r − |x|)/2 is b/(2·(r + |x|)), without the loss;
    # the slope is f/r, by hand, as the parts above have kinks at 0 that the whole does not.

    def unit(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        root = ops.sqrt(ops.square(x) + b)
        y = ops.relu(x) + (0.5 * b) / (root + ops.abs(x))

        def gradient(upstream: Tensor) -> Tensor:
            return upstream * (y / root)

        return y, gradient

    return ops.custom_gradient(unit)(x)


@activation(
    formula="exp(x)",
    latex=r"e^x",
    source="Nelder & Wedderburn 1972, Generalized Linear Models (the inverse link of log-linear models)",
    link="https://doi.org/10.2307/2344614",
    range="(0, ∞)",
    smooth=True,
    monotonic=True,
    aliases=("exp",),
    overflow="infinite for x > 88.7 in float32 and bfloat16, for x > 709.7 in float64",
)
def exponential(x: Tensor) -> Tensor:
    """Exponential function: for output layers that must be positive; it explodes in deep networks."""
    return ops.exp(x)
