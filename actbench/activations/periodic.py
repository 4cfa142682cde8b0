"""Periodic units, and sums and products with them."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")
weights = lazy("actbench.activations._layers")


@activation(
    formula="sin(frequency·x); frequency = 1",
    latex=r"\sin(\omega x), \quad \omega = 1",
    source="Parascandolo, Huttunen & Virtanen 2016, Taming the Waves: Sine as Activation Function in Deep Neural "
    "Networks; Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, Implicit Neural Representations with Periodic "
    "Activation Functions (SIREN, frequency 30)",
    link="https://arxiv.org/abs/2006.09661",
    range="[-1, 1]",
    smooth=True,
    monotonic=False,
    aliases=("sin",),
)
def sine(
    x: Tensor, frequency: Annotated[float, Meta(gt=0, description="angular frequency; SIREN takes 30")] = 1.0
) -> Tensor:
    """Sine."""
    return ops.sin(frequency * x)


@activation(
    formula="x + (1 − cos(2fx)) / (2f) = x + sin²(fx)/f; frequency f = 1",
    latex=r"x + \frac{\sin^2(f x)}{f}, \quad f = 1",
    source="Ziyin, Hartwig & Ueda 2020, Neural Networks Fail to Learn Periodic Functions and How to Fix It",
    link="https://arxiv.org/abs/2006.08195",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=True,
)
def snake(
    x: Tensor, frequency: Annotated[float, Meta(gt=0, description="frequency of the ripple on the identity")] = 1.0
) -> Tensor:
    """Identity with a ripple: for data that repeat themselves."""
    # sin² instead of 1 − cos, which cancels near 0.
    return x + ops.square(ops.sin(frequency * x)) * (1 / frequency)


@activation(
    formula="x · cos(x)",
    latex=r"x \cos(x)",
    source="Noel, Arunkumar, Trivedi & Dutta 2021, Growing Cosine Unit: A Novel Oscillatory Activation Function That "
    "Can Speedup Training and Reduce Parameters in Convolutional Neural Networks",
    link="https://arxiv.org/abs/2108.12943",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=False,
)
def gcu(x: Tensor) -> Tensor:
    """Growing cosine unit: one neuron of it can learn XOR."""
    return x * ops.cos(x)


@activation(
    kind="trainable",
    formula="x + sin²(fx)/f; frequency f learned, one per channel, from 1",
    latex=r"x + \frac{\sin^2(f_c x)}{f_c}",
    source="Ziyin, Hartwig & Ueda 2020, Neural Networks Fail to Learn Periodic Functions and How to Fix It (learned f)",
    link="https://arxiv.org/abs/2006.08195",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=True,
)
def snake_trainable(
    x: Tensor, frequency: Annotated[float, Meta(gt=0, description="start value of every f")] = 1.0
) -> Tensor:
    """Snake whose frequency is learned per channel, as vocoders use it."""

    def formula(x: Tensor, frequency: Tensor) -> Tensor:
        # At f = 0 the ripple is 0, whatever it is divided by.
        divisor = ops.where(frequency == 0.0, ops.ones_like(frequency), frequency)
        return x + ops.square(ops.sin(frequency * x)) / divisor

    return weights.Learned(formula, per_channel=True, frequency=frequency)(x)


@activation(
    kind="trainable",
    formula="x + sin²(αx)/β; ln α and ln β learned, one per channel; α and β from 1",
    latex=r"x + \frac{\sin^2(\alpha_c x)}{\beta_c}",
    source="Lee, Ping, Ginsburg, Catanzaro & Yoon 2023, BigVGAN: A Universal Neural Vocoder with Large-Scale Training "
    "(SnakeBeta with snake_logscale, in its code)",
    link="https://github.com/NVIDIA/BigVGAN",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=True,
)
def snake_beta(
    x: Tensor,
    alpha: Annotated[float, Meta(gt=0, description="start value of every α, the frequency")] = 1.0,
    beta: Annotated[float, Meta(gt=0, description="start value of every β, the inverse of the height")] = 1.0,
) -> Tensor:
    """Snake with a ripple whose frequency and height are learned apart, on a logarithmic scale."""

    def formula(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        return x + ops.exp(-beta) * ops.square(ops.sin(ops.exp(alpha) * x))

    return weights.Learned(formula, per_channel=True, alpha=math.log(alpha), beta=math.log(beta))(x)
