"""Gated units: x times a sigmoid, or the Gaussian distribution function, of x."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")

_TWICE_ROOT = 2.0 * math.sqrt(2.0 / math.pi)


@activation(
    formula="x · σ(βx); β = 1",
    latex=r"x \, \sigma(\beta x), \quad \beta = 1",
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
    formula="β·x · σ(x); β = 1.75",
    latex=r"\beta x \, \sigma(x), \quad \beta = 1.75",
    source="Alcaide 2018, E-swish: Adjusting Activations to Different Network Depths",
    link="https://arxiv.org/abs/1801.07145",
    range="[-0.4874, ∞)",
    smooth=True,
    monotonic=False,
)
def e_swish(
    x: Tensor,
    beta: Annotated[
        float, Meta(description="scale; of 1 to 2 the paper's best were 1.125 to 1.375, libraries take 1.75")
    ] = 1.75,
) -> Tensor:
    """Swish scaled up."""
    return beta * ops.silu(x)


@activation(
    formula="x · σ(1.702x)",
    latex=r"x \, \sigma(1.702 x)",
    source="Hendrycks & Gimpel 2016, Gaussian Error Linear Units (the approximation by a sigmoid)",
    link="https://arxiv.org/abs/1606.08415",
    range="[-0.1637, ∞)",
    smooth=True,
    monotonic=False,
)
def quick_gelu(x: Tensor) -> Tensor:
    """GELU approximated by one sigmoid; swish at beta = 1.702."""
    return x * ops.sigmoid(1.702 * x)


@activation(
    formula="x · min(max(x + 3, 0), 6) / 6",
    latex=r"\frac{x \min(\max(x + 3, 0), 6)}{6}",
    source="Howard et al. 2019, Searching for MobileNetV3",
    link="https://arxiv.org/abs/1905.02244",
    range="[-0.375, ∞)",
    smooth=False,
    monotonic=False,
    aliases=("hard_swish",),
)
def hard_silu(x: Tensor) -> Tensor:
    """Swish with a gate of three straight pieces."""
    return x * ops.relu6(x + 3.0) * (1 / 6)


@activation(
    formula="x · Φ(x), Φ the normal distribution function; approximate: x · σ(2√(2/π)·(x + 0.044715x³))",
    latex=r"\frac{x}{2} \left(1 + \mathrm{erf}(x / \sqrt{2})\right)",
    source="Hendrycks & Gimpel 2016, Gaussian Error Linear Units (GELUs)",
    link="https://arxiv.org/abs/1606.08415",
    range="[-0.17, ∞)",
    smooth=True,
    monotonic=False,
)
def gelu(
    x: Tensor,
    approximate: Annotated[bool, Meta(description="True: the tanh form, as tfa has it; False: exact")] = False,
) -> Tensor:
    """Gaussian error linear unit: x times the probability that a standard normal number is smaller."""
    if approximate:
        # (1 + tanh u)/2 is σ(2u): fewer passes, and no cancellation for negative x.
        return x * ops.sigmoid(x * (_TWICE_ROOT + 0.044715 * _TWICE_ROOT * ops.square(x)))
    # 1 + erf cancels for negative x, erfc of the mirrored argument does not, and costs the same.
    return 0.5 * x * ops.erfc(-math.sqrt(0.5) * x)


@activation(
    formula="x · (1 + exp(−βx))^(−α); α = 1.5, β = 2",
    latex=r"x \, (1 + e^{-\beta x})^{-\alpha}, \quad \alpha = 1.5, \; \beta = 2",
    source="Patwardhan, Ingalhalikar & Walambe 2018, ARiA: Utilizing Richard's Curve for Controlling the "
    "Non-monotonicity of the Activation Function in Deep Neural Nets",
    link="https://arxiv.org/abs/1805.08878",
    range="[-0.06998, ∞)",
    smooth=True,
    monotonic=False,
)
def aria2(
    x: Tensor,
    alpha: Annotated[float, Meta(gt=0, description="exponent of the gate, 1/ν of Richards' curve")] = 1.5,
    beta: Annotated[float, Meta(description="growth rate of the gate")] = 2.0,
) -> Tensor:
    """ARiA-2: x gated by a two-parameter Richards curve; swish at alpha = 1."""
    # The power as exp of −α·softplus: one exponential less than by pow, and no overflow of exp(−βx).
    return x * ops.exp(-alpha * ops.softplus(-beta * x))


@activation(
    formula="x · σ(x) for x >= 0, (exp(x) − 1) · σ(x) for x < 0",
    latex=r"\left(\max(x, 0) + e^{\min(x, 0)} - 1\right) \sigma(x)",
    source="Basirat & Roth 2018, The Quest for the Golden Activation Function",
    link="https://arxiv.org/abs/1808.00783",
    range="[-0.1716, ∞)",
    smooth=True,
    monotonic=False,
)
def elish(x: Tensor) -> Tensor:
    """ELU times its sigmoid gate."""
    return ops.elu(x) * ops.sigmoid(x)


@activation(
    formula="x · min(max((x + 1)/2, 0), 1) for x >= 0, (exp(x) − 1) · min(max((x + 1)/2, 0), 1) for x < 0",
    latex=r"\left(\max(x, 0) + e^{\min(x, 0)} - 1\right) \min(\max(\frac{x + 1}{2}, 0), 1)",
    source="Basirat & Roth 2018, The Quest for the Golden Activation Function",
    link="https://arxiv.org/abs/1808.00783",
    range="[-0.0997, ∞)",
    smooth=False,
    monotonic=False,
    aliases=("hardelish",),
)
def hard_elish(x: Tensor) -> Tensor:
    """ELU times a gate of three straight pieces."""
    return ops.elu(x) * ops.relu6(3.0 * x + 3.0) * (1 / 6)  # relu6 costs half of a clip
