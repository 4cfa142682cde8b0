"""Sigmoids and their kin: bounded, S-shaped functions, the straight line, and softplus, the sigmoid's integral."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")


@activation(
    formula="x",
    latex="x",
    source="the identity; every layer without an activation",
    link="https://keras.io/api/layers/activations/#linear-function",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=True,
    aliases=("identity",),
)
def linear(x: Tensor) -> Tensor:
    """Identity: the control arm, a network without non-linearity."""
    return x


@activation(
    formula="1 / (1 + exp(−x))",
    latex=r"\frac{1}{1 + e^{-x}}",
    source="Verhulst 1838; as a neural unit: Rumelhart, Hinton & Williams 1986",
    link="https://doi.org/10.1038/323533a0",
    range="(0, 1)",
    smooth=True,
    monotonic=True,
    aliases=("logistic",),
)
def sigmoid(x: Tensor) -> Tensor:
    """Logistic function."""
    return ops.sigmoid(x)


@activation(
    formula="min(max(slope·x + 1/2, 0), 1); slope = 1/6",
    latex=r"\min(\max(s x + \tfrac{1}{2}, 0), 1), \quad s = \tfrac{1}{6}",
    source="Courbariaux, Bengio & David 2015, BinaryConnect; the slope 1/6 is Keras 3's and PyTorch's",
    link="https://arxiv.org/abs/1511.00363",
    range="[0, 1]",
    smooth=False,
    monotonic=True,
)
def hard_sigmoid(
    x: Tensor,
    slope: Annotated[float, Meta(gt=0, description="slope at 0: 1/6 in Keras 3 and PyTorch, 0.2 in Keras 2")] = 1 / 6,
) -> Tensor:
    """Sigmoid in three straight pieces. Keras changed its slope between versions 2 and 3, hence the parameter."""
    return ops.clip(slope * x + 0.5, 0.0, 1.0)


@activation(
    formula="(exp(x) − exp(−x)) / (exp(x) + exp(−x))",
    latex=r"\tanh(x)",
    source="LeCun, Bottou, Orr & Müller 1998, Efficient BackProp",
    link="https://doi.org/10.1007/3-540-49430-8_2",
    range="(-1, 1)",
    smooth=True,
    monotonic=True,
)
def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent."""
    return ops.tanh(x)


@activation(
    formula="x / (1 + |x|)",
    latex=r"\frac{x}{1 + |x|}",
    source="Bergstra, Desjardins, Lamblin & Bengio 2009, Quadratic Polynomials Learn Better Image Features",
    link="https://www.iro.umontreal.ca/~lisa/publications2/index.php/publications/show/205",
    range="(-1, 1)",
    smooth=True,
    monotonic=True,
)
def softsign(x: Tensor) -> Tensor:
    """Like tanh with polynomial instead of exponential tails."""
    return ops.softsign(x)


@activation(
    formula="ln(1 + exp(x))",
    latex=r"\ln(1 + e^x)",
    source="Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, Incorporating Second-Order Functional Knowledge",
    link="https://papers.nips.cc/paper/1920-incorporating-second-order-functional-knowledge-for-better-option-pricing",
    range="(0, ∞)",
    smooth=True,
    monotonic=True,
)
def softplus(x: Tensor) -> Tensor:
    """Smooth rectifier; its derivative is the sigmoid."""
    return ops.softplus(x)
