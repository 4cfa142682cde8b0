"""Units with trainable parameters; each site has its own."""

from __future__ import annotations

import math
from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.activations.precision import erf
from actbench.errors import UserError
from actbench.lazy import lazy

ops = lazy("keras.ops")
weights = lazy("actbench.activations._layers")


@activation(
    kind="trainable",
    formula="max(x, 0) + α·min(x, 0); α learned, one per channel, from 0.25",
    latex=r"\max(x, 0) + \alpha_c \min(x, 0)",
    source="He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet "
    "Classification",
    link="https://arxiv.org/abs/1502.01852",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=True,
)
def prelu(
    x: Tensor,
    init: Annotated[float, Meta(ge=-10, le=10, description="start value of every α")] = 0.25,
    per_channel: Annotated[
        bool, Meta(description="False: one α for all channels, as in PyTorch's default", extra={"neutral": True})
    ] = True,
) -> Tensor:
    """Parametric ReLU: the slope of the negative part is learned per channel, shared over space as in the paper.

    Keras's own layer defaults to one slope per *position*, PyTorch's to one in all, ``prelu(per_channel=False)``.
    """

    def formula(x: Tensor, alpha: Tensor) -> Tensor:
        return ops.relu(x) + alpha * ops.minimum(x, 0.0)

    return weights.Learned(formula, per_channel=per_channel, alpha=init)(x)


@activation(
    kind="trainable",
    formula="(1 + σ(β))·max(x, 0) + min(max(α, 0.01), 0.99)·min(x, 0); α from 0.9, β from 2, learned",
    latex=r"(1 + \sigma(\beta)) \max(x, 0) + \mathrm{clip}(\alpha, 0.01, 0.99) \min(x, 0)",
    source="Chen, Li & Xu 2020, AReLU: Attention-based Rectified Linear Unit",
    link="https://arxiv.org/abs/2006.13858",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=True,
)
def arelu(
    x: Tensor,
    alpha: Annotated[float, Meta(description="start value of the negative slope, used between 0.01 and 0.99")] = 0.9,
    beta: Annotated[float, Meta(description="start value; the positive slope is 1 + σ(beta)")] = 2.0,
) -> Tensor:
    """Attention-based ReLU: two learned slopes per site, one that dampens and one that amplifies."""

    def formula(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        return (1.0 + ops.sigmoid(beta)) * ops.relu(x) + ops.clip(alpha, 0.01, 0.99) * ops.minimum(x, 0.0)

    return weights.Learned(formula, alpha=alpha, beta=beta)(x)


@activation(
    kind="trainable",
    formula="max(x, 0) + α·([1 + (1 − t)·min(x, 0)]₊^(1/(1 − t)) − 1); t = 0.9, α from 1, learned, one per channel",
    latex=r"\max(x, 0) + \alpha_c \left(\max(1 + (1 - t) \min(x, 0), 0)^{1 / (1 - t)} - 1\right), \quad t = 0.9",
    source="Cheng, Li, Wu, Ma & Ngan 2020, Parametric Deformable Exponential Linear Units for deep neural networks",
    link="https://doi.org/10.1016/j.neunet.2020.02.012",
    range="[-1, ∞)",
    smooth=True,
    monotonic=True,
)
def pdelu(
    x: Tensor,
    t: Annotated[float, Meta(ge=0, le=0.99, description="deformation of the exponential; 1 would give elu")] = 0.9,
    init: Annotated[float, Meta(gt=0, le=10, description="start value of every α; the negative part ends at −α")] = 1.0,
) -> Tensor:
    """ELU with a deformed exponential that reaches its floor at a finite x, −1/(1 − t), and a learned depth."""

    def formula(x: Tensor, alpha: Tensor) -> Tensor:
        base = ops.relu(1.0 + (1.0 - t) * ops.minimum(x, 0.0))
        return ops.relu(x) + alpha * (ops.power(base, 1.0 / (1.0 - t)) - 1.0)

    return weights.Learned(formula, per_channel=True, alpha=init)(x)


@activation(
    kind="trainable",
    formula="x · σ(βx); β learned, from 1",
    latex=r"x \, \sigma(\beta x)",
    source="Ramachandran, Zoph & Le 2017, Searching for Activation Functions (with trainable β)",
    link="https://arxiv.org/abs/1710.05941",
    range="[-0.2785, ∞)",
    smooth=True,
    monotonic=False,
)
def swish_trainable(x: Tensor, beta: Annotated[float, Meta(description="start value of β")] = 1.0) -> Tensor:
    """Swish whose steepness is learned, one per site."""

    def formula(x: Tensor, beta: Tensor) -> Tensor:
        return x * ops.sigmoid(beta * x)

    return weights.Learned(formula, beta=beta)(x)


@activation(
    kind="trainable",
    formula="scale·max(x, 0)² + bias; scale from 0.8944, bias from −0.4472, learned",
    latex=r"s \max(x, 0)^2 + b",
    source="Yu, Si, Zhou, Luo, Zhou, Feng, Yan & Wang 2022, MetaFormer Baselines for Vision; starts as printed",
    link="https://arxiv.org/abs/2210.13452",
    range="[-0.4472, ∞)",
    smooth=True,
    monotonic=True,
)
def star_relu_trainable(
    x: Tensor,
    scale: Annotated[float, Meta(description="start value of the factor; 1 in the authors' code")] = 0.8944,
    bias: Annotated[float, Meta(description="start value of what is added; 0 in the authors' code")] = -0.4472,
) -> Tensor:
    """StarReLU with a learned scale and bias per site, from the constants that the paper derives.

    The authors' code trains from others: ``star_relu_trainable(1, 0)``.
    """

    def formula(x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        return scale * ops.square(ops.relu(x)) + bias

    return weights.Learned(formula, scale=scale, bias=bias)(x)


@activation(
    kind="trainable",
    formula="x · erf(α·exp(βx)); α and β learned, from 0.75",
    latex=r"x \, \mathrm{erf}(\alpha e^{\beta x})",
    source="Biswas, Kumar, Banerjee & Pandey 2021, ErfAct and Pserf: Non-monotonic Smooth Trainable Activation "
    "Functions",
    link="https://arxiv.org/abs/2109.04386",
    range="[-0.4053, ∞)",
    smooth=True,
    monotonic=False,
)
def erfact(
    x: Tensor,
    alpha: Annotated[float, Meta(description="start value of α")] = 0.75,
    beta: Annotated[float, Meta(description="start value of β")] = 0.75,
) -> Tensor:
    """X gated by the error function of an exponential, both with learned factors, two per site."""

    def formula(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
        # Beyond exp(30) the gate is ±1 for every α above 1e-12; without the ceiling the gradient is 0·∞.
        return x * erf(alpha * ops.exp(ops.minimum(beta * x, 30.0)))

    return weights.Learned(formula, alpha=alpha, beta=beta)(x)


@activation(
    kind="trainable",
    formula="x · erf(γ·ln(1 + exp(δx))); γ from 1.25, δ from 0.85, learned",
    latex=r"x \, \mathrm{erf}(\gamma \ln(1 + e^{\delta x}))",
    source="Biswas, Kumar, Banerjee & Pandey 2021, ErfAct and Pserf: Non-monotonic Smooth Trainable Activation "
    "Functions",
    link="https://arxiv.org/abs/2109.04386",
    range="[-0.5061, ∞)",
    smooth=True,
    monotonic=False,
)
def pserf(
    x: Tensor,
    gamma: Annotated[float, Meta(description="start value of γ")] = 1.25,
    delta: Annotated[float, Meta(description="start value of δ")] = 0.85,
) -> Tensor:
    """Serf with two learned factors per site."""

    def formula(x: Tensor, gamma: Tensor, delta: Tensor) -> Tensor:
        return x * erf(gamma * ops.softplus(delta * x))

    return weights.Learned(formula, gamma=gamma, delta=delta)(x)


# The authors' least-squares fit to a leaky ReLU of slope 0.01 on [−3, 3], as their package publishes it.
_PADE_NUMERATOR = (3.35583603e-02, 5.05000375e-01, 1.65343934e00, 2.01001052e00, 9.31901999e-01, 1.52424124e-01)
_PADE_DENOMINATOR = (3.30847488e-06, 3.98021568e00, 5.12471206e-07, 3.01830109e-01)


@activation(
    kind="trainable",
    formula="Σ aⱼxʲ (j = 0…5) / (1 + |Σ bₖxᵏ| (k = 1…4)); all learned, from a fit to leaky ReLU",
    latex=r"\frac{\sum_{j=0}^{5} a_j x^j}{1 + \left| \sum_{k=1}^{4} b_k x^k \right|}",
    source="Molina, Schramowski & Kersting 2019, Padé Activation Units: End-to-end Learning of Flexible Activation "
    "Functions in Deep Networks",
    link="https://arxiv.org/abs/1907.06732",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=False,
)
def pau(x: Tensor) -> Tensor:
    """Padé activation unit (safe): a learned rational function, ten coefficients per site."""

    def formula(x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
        top = _horner(x, numerator)
        return top / (1.0 + ops.abs(x * _horner(x, denominator)))

    return weights.Learned(formula, numerator=_PADE_NUMERATOR, denominator=_PADE_DENOMINATOR)(x)


def _horner(x: Tensor, coefficients: Tensor) -> Tensor:
    """The polynomial with these coefficients, lowest first, by multiplications instead of powers."""
    *lower, highest = ops.unstack(coefficients)
    total = highest * ops.ones_like(x)
    for coefficient in reversed(lower):
        total = total * x + coefficient
    return total


def _in_order(*, t_left: float, t_right: float, **_: float) -> None:
    if t_left >= t_right:
        raise UserError(f"The activation 'srelu' needs t_left < t_right, but got both as {t_left}.")


def _above_beta(*, alpha_n: float, beta: float, **_: float) -> None:
    if alpha_n <= beta:
        raise UserError(f"The activation 'xielu' needs alpha_n > beta, but got alpha_n={alpha_n}, beta={beta}.")


@activation(
    kind="trainable",
    formula="αₚ·max(x, 0)² + αₙ·(exp(min(x, 0)) − 1 − min(x, 0)) + βx; αₚ > 0 and αₙ > β learned, from 0.8; β = 0.5",
    latex=r"\alpha_p \max(x, 0)^2 + \alpha_n (e^{\min(x, 0)} - 1 - \min(x, 0)) + \beta x, \quad \beta = 0.5",
    source="Huang & Schlag 2025, Deriving Activation Functions Using Integration",
    link="https://arxiv.org/abs/2411.13010",
    range="[-0.2058, ∞)",
    smooth=True,
    monotonic=False,
    check=_above_beta,
)
def xielu(
    x: Tensor,
    alpha_p: Annotated[float, Meta(gt=0, le=50, description="start value of αₚ, of the positive part")] = 0.8,
    alpha_n: Annotated[
        float, Meta(gt=0, le=50, description="start value of αₙ, of the negative part; above beta")
    ] = 0.8,
    beta: Annotated[float, Meta(ge=0, description="slope at 0; it is not learned")] = 0.5,
) -> Tensor:
    """Expanded integral of ELU: a parabola above 0, and below it a curve that turns up again; two weights a site.

    What is learned are a and b, of which αₚ = ln(1 + exp(a)) and αₙ = β + ln(1 + exp(b)) are made.
    """

    def formula(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
        below = ops.minimum(x, 0.0)
        bent = (beta + ops.softplus(b)) * (ops.expm1(below) - below)
        return ops.softplus(a) * ops.square(ops.relu(x)) + bent + beta * x

    return weights.Learned(formula, a=_softplus_inverse(alpha_p), b=_softplus_inverse(alpha_n - beta))(x)


def _softplus_inverse(y: float) -> float:
    return math.log(math.expm1(y))


@activation(
    kind="trainable",
    formula="tˡ + aˡ·(x − tˡ) for x <= tˡ, x between, tʳ + aʳ·(x − tʳ) for x >= tʳ; learned, one per channel, "
    "from 0, 0.2, 1, 1",
    latex=r"\min(\max(x, t^l), t^r) - a^l \max(t^l - x, 0) + a^r \max(x - t^r, 0)",
    source="Jin, Xu, Feng, Wei, Xiong & Yan 2016, Deep Learning with S-shaped Rectified Linear Activation Units",
    link="https://arxiv.org/abs/1512.07030",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=True,
    check=_in_order,
)
def srelu(
    x: Tensor,
    t_left: Annotated[float, Meta(le=0, description="start value of the left threshold")] = 0.0,
    a_left: Annotated[float, Meta(description="start value of the slope left of it")] = 0.2,
    t_right: Annotated[float, Meta(ge=0, description="start value of the right threshold")] = 1.0,
    a_right: Annotated[float, Meta(description="start value of the slope right of it")] = 1.0,
) -> Tensor:
    """S-shaped rectified linear unit: three straight pieces, of which all but the slope of the middle one is learned.

    It starts as a leaky ReLU, as in the paper, which then keeps these weights still for some epochs and moves the right
    thresholds to where the inputs lie; here all of them learn from the first step.
    """

    def formula(x: Tensor, t_left: Tensor, a_left: Tensor, t_right: Tensor, a_right: Tensor) -> Tensor:
        middle = ops.minimum(ops.maximum(x, t_left), t_right)
        return middle - a_left * ops.relu(t_left - x) + a_right * ops.relu(x - t_right)

    starts = {"t_left": t_left, "a_left": a_left, "t_right": t_right, "a_right": a_right}
    return weights.Learned(formula, per_channel=True, **starts)(x)
