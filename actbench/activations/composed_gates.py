"""Gated units whose gate is composed of two functions, or of roots: Mish and what followed it."""

from __future__ import annotations

from collections.abc import Callable

from actbench.activations import Tensor, activation
from actbench.activations.gated import gelu
from actbench.activations.precision import at_least_single, erf
from actbench.lazy import lazy

ops = lazy("keras.ops")


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
    # tanh(ln(1 + e)) is e(e + 2)/(e(e + 2) + 2): one exponential instead of three, which are most of what it costs.
    # Beyond 20 the gate is 1 to the last bit of a double, and e² must not overflow.
    exponential = ops.exp(ops.minimum(at_least_single(x), 20.0))
    square = exponential * (exponential + 2.0)
    return x * ops.cast(square / (square + 2.0), x.dtype)


@activation(
    formula="x/2 · min(max(x + 2, 0), 2)",
    latex=r"\frac{x}{2} \min(\max(x + 2, 0), 2)",
    source="Misra 2020, H-Mish; in the library timm by Wightman",
    link="https://github.com/digantamisra98/H-Mish",
    range="[-0.5, ∞)",
    smooth=False,
    monotonic=False,
)
def hard_mish(x: Tensor) -> Tensor:
    """Mish with a gate of three straight pieces."""
    return x * ops.relu6(3.0 * x + 6.0) * (1 / 6)  # relu6 costs half of a clip


@activation(
    formula="x · tanh(exp(x))",
    latex=r"x \tanh(e^x)",
    source="Liu & Di 2020, TanhExp: A Smooth Activation Function with High Convergence Speed for Lightweight "
    "Neural Networks; Fernandez & Mali 2024, Stable and Robust Deep Learning By Hyperbolic Tangent Exponential Linear "
    "Unit (TeLU)",
    link="https://arxiv.org/abs/2003.09855",
    range="[-0.3533, ∞)",
    smooth=True,
    monotonic=False,
    aliases=("telu",),
)
def tanhexp(x: Tensor) -> Tensor:
    """Tanh exponential unit, published a second time as TeLU."""
    # Beyond 4 the gate is 1 to 47 digits; without the ceiling exp overflows and the gradient is 0·∞.
    return x * ops.tanh(ops.exp(ops.minimum(x, 4.0)))


@activation(
    formula="x · erf(ln(1 + exp(x)))",
    latex=r"x \, \mathrm{erf}(\ln(1 + e^x))",
    source="Nag & Bhattacharyya 2021, SERF: Towards better training of deep neural networks using log-Softplus ERror "
    "activation Function",
    link="https://arxiv.org/abs/2108.09598",
    range="[-0.3485, ∞)",
    smooth=True,
    monotonic=False,
)
def serf(x: Tensor) -> Tensor:
    """Like Mish, with the error function in place of tanh."""
    return x * erf(ops.softplus(x))


@activation(
    formula="x · tanh(ln(1 + σ(x)))",
    latex=r"x \tanh(\ln(1 + \sigma(x)))",
    source="Wang, Ren & Wang 2022, Smish: A Novel Activation Function for Deep Learning Methods",
    link="https://doi.org/10.3390/electronics11040540",
    range="[-0.25, ∞)",
    smooth=True,
    monotonic=False,
)
def smish(x: Tensor) -> Tensor:
    """Like Mish, with ln(1 + σ(x)) inside the tanh: 3/5 of x for large x."""
    # tanh(ln(1 + s)) is ((1 + s)² − 1)/((1 + s)² + 1): no logarithm, no second exponential.
    gate = ops.sigmoid(x)
    square = gate * (gate + 2.0)
    return x * (square / (square + 2.0))


@activation(
    formula="x · ln(1 + σ(x))",
    latex=r"x \ln(1 + \sigma(x))",
    source="Zhu, Zeng, Liu & Zhang 2021, Logish: A new nonlinear nonmonotonic activation function for "
    "convolutional neural network",
    link="https://doi.org/10.1016/j.neucom.2021.06.067",
    range="[-0.2528, ∞)",
    smooth=True,
    monotonic=False,
)
def logish(x: Tensor) -> Tensor:
    """X gated by the logarithm of 1 plus its sigmoid: ln 2 of x for large x."""
    return x * ops.log1p(ops.sigmoid(x))


@activation(
    formula="x · tanh(gelu(x))",
    latex=r"x \tanh(\mathrm{gelu}(x))",
    source="Naveen 2022, Phish: A Novel Hyper-Optimizable Activation Function",
    link="https://doi.org/10.36227/techrxiv.17283824",
    range="[0, ∞)",
    smooth=True,
    monotonic=False,
)
def phish(x: Tensor) -> Tensor:
    """X gated by the tanh of its GELU; never negative, as both have the sign of x."""
    return x * ops.tanh(gelu(x))


@activation(
    formula="x · tanh(x)",
    latex=r"x \tanh(x)",
    source="Roy, Manna, Dubey & Chaudhuri 2019, LiSHT: Non-Parametric Linearly Scaled Hyperbolic Tangent "
    "Activation Function for Neural Networks",
    link="https://arxiv.org/abs/1901.05894",
    range="[0, ∞)",
    smooth=True,
    monotonic=False,
)
def lisht(x: Tensor) -> Tensor:
    """Linearly scaled tanh: even, a smooth absolute value."""
    return x * ops.tanh(x)


@activation(
    formula="x/2 · (1 + x/√(1 + x²))",
    latex=r"\frac{x}{2} \left(1 + \frac{x}{\sqrt{1 + x^2}}\right)",
    source="Zhu, Min, Wang, Zou & Chen 2021, PFLU and FPFLU: Two novel non-monotonic activation functions in "
    "convolutional neural networks",
    link="https://doi.org/10.1016/j.neucom.2020.11.068",
    range="[-0.1502, ∞)",
    smooth=True,
    monotonic=False,
)
def pflu(x: Tensor) -> Tensor:
    """Power function linear unit: a gate without exponentials; its negative tail falls like 1/x."""
    # For x < 0 the sum in the formula cancels. With r = √(1 + x²), 1 − |x|/r is 1/(r·(r + |x|)), without the loss, and
    # the slope is f/x + x/(2r³). By hand it takes a third of the passes of what TensorFlow would derive.

    def unit(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        size, squared = ops.abs(x), 1.0 + ops.square(x)
        root = ops.sqrt(squared)
        missing = 0.5 / (root * (root + size))

        def gradient(upstream: Tensor) -> Tensor:
            return upstream * (ops.where(x < 0, missing, 1.0 - missing) + 0.5 * x / (root * squared))

        return ops.relu(x) - size * missing, gradient

    return ops.custom_gradient(unit)(x)
