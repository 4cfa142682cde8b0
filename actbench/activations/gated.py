"""Gated units: x times a soft gate of x."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")


@activation(
    formula="x · σ(βx)",
    latex=r"x \, \sigma(\beta x)",
    source="Ramachandran, Zoph & Le 2017, Searching for Activation Functions",
    link="https://arxiv.org/abs/1710.05941",
    range="[-0.2785, ∞)",
    smooth=True,
    monotonic=False,
    aliases=("silu",),
)
def swish(
    x: Tensor, beta: Annotated[float, Meta(description="steepness of the gate; 0 gives x/2, ∞ would give relu")] = 1.0
) -> Tensor:
    """Swish: x gated by its own sigmoid; SiLU at beta = 1."""
    return ops.silu(x) if beta == 1 else x * ops.sigmoid(beta * x)


@activation(
    formula="x · tanh(ln(1 + exp(x)))",
    latex=r"x \tanh(\ln(1 + e^x))",
    source="Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function",
    link="https://arxiv.org/abs/1908.08681",
    range="[-0.3089, ∞)",
    smooth=True,
    monotonic=False,
)
def mish(x: Tensor) -> Tensor:
    """Mish: x gated by the tanh of its softplus."""
    return x * ops.tanh(ops.softplus(x))
