"""Sigmoids and their kin: bounded, S-shaped functions, the logarithm of one, and the straight line."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.activations.rectifiers import leaky_relu
from actbench.errors import UserError
from actbench.lazy import lazy

ops = lazy("keras.ops")


def _apart(*, lower: float, upper: float) -> None:
    if lower >= upper:
        raise UserError(f"The activation 'hard_tanh' needs lower < upper, but got lower={lower}, upper={upper}.")


@activation(
    formula="x",
    latex="x",
    source="Widrow & Hoff 1960, Adaptive Switching Circuits (the linear unit); every layer without an activation",
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
    source="Verhulst 1838, Notice sur la loi que la population suit dans son accroissement; as a neural unit: "
    "Rumelhart, Hinton & Williams 1986, Learning representations by back-propagating errors",
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
    formula="−ln(1 + exp(−x))",
    latex=r"-\ln(1 + e^{-x})",
    source="Dugas, Bengio, Bélisle, Nadeau & Garcia 2001, Incorporating Second-Order Functional Knowledge for Better "
    "Option Pricing (softplus, mirrored); a unit in PyTorch",
    link="https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html",
    range="(-∞, 0)",
    smooth=True,
    monotonic=True,
)
def log_sigmoid(x: Tensor) -> Tensor:
    """Logarithm of the sigmoid: a log-probability."""
    return ops.log_sigmoid(x)


@activation(
    formula="min(max(slope·x + 1/2, 0), 1); slope = 1/6",
    latex=r"\min(\max(s x + \frac{1}{2}, 0), 1), \quad s = \frac{1}{6}",
    source="Courbariaux, Bengio & David 2015, BinaryConnect: Training Deep Neural Networks with binary weights "
    "during propagations (slope 1/2); slope 1/6 is Keras 3's and PyTorch's",
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
    if slope == 1 / 6:
        # relu6 has a kernel and a gradient of its own, a clip is made of two operations each way: half the time.
        return ops.relu6(x + 3.0) * (1 / 6)
    return ops.clip(slope * x + 0.5, 0.0, 1.0)


@activation(
    formula="min(max((x + 1) / 2, 0), 1)",
    latex=r"\min(\max(\frac{x + 1}{2}, 0), 1)",
    source="Blondel, Martins & Niculae 2019, Learning with Fenchel-Young Losses",
    link="https://arxiv.org/abs/1901.02324",
    range="[0, 1]",
    smooth=False,
    monotonic=True,
)
def sparse_sigmoid(x: Tensor) -> Tensor:
    """Sigmoid in three straight pieces, exactly 0 below −1 and 1 above 1: sparsemax for two classes."""
    return ops.relu6(3.0 * x + 3.0) * (1 / 6)  # relu6 costs half of a clip


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
    formula="min(max(x, lower), upper); lower = −1, upper = 1",
    latex=r"\min(\max(x, l), u), \quad -l = u = 1",
    source="Collobert 2004, Large Scale Machine Learning (thesis)",
    link="https://ronan.collobert.com/pub/2004_phdthesis_lip6.pdf",
    range="[-1, 1]",
    smooth=False,
    monotonic=True,
    aliases=("hardtanh",),
    check=_apart,
)
def hard_tanh(
    x: Tensor,
    lower: Annotated[float, Meta(description="smallest value", extra={"neutral": -1.0})] = -1.0,
    upper: Annotated[float, Meta(description="largest value", extra={"neutral": 1.0})] = 1.0,
) -> Tensor:
    """Tanh in three straight pieces."""
    return ops.clip(x, lower, upper)


@activation(
    formula="tanh(x) for x > 0, penalty·tanh(x) for x <= 0; penalty = 0.25",
    latex=r"\max(\tanh x, \; a \tanh x), \quad a = 0.25",
    source="Xu, Huang & Li 2016, Revise Saturated Activation Functions; Eger, Youssef & Gurevych 2018, Is it Time "
    "to Swish? Comparing Deep Learning Activation Functions Across NLP tasks",
    link="https://arxiv.org/abs/1602.05980",
    range="(-0.25, 1)",
    smooth=False,
    monotonic=True,
    aliases=("leaky_tanh",),
)
def penalized_tanh(
    x: Tensor, penalty: Annotated[float, Meta(ge=0, le=1, description="factor of the negative part")] = 0.25
) -> Tensor:
    """Tanh with its negative part scaled down, as leaky ReLU does it to the identity."""
    return leaky_relu(ops.tanh(x), penalty)


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
    formula="x / √(1 + αx²); α = 1",
    latex=r"\frac{x}{\sqrt{1 + \alpha x^2}}, \quad \alpha = 1",
    source="Carlile, Delamarter, Kinney, Marti & Whitney 2017, Improving Deep Learning by Inverse Square Root "
    "Linear Units (ISRLUs)",
    link="https://arxiv.org/abs/1710.09967",
    range="(-1, 1)",
    smooth=True,
    monotonic=True,
)
def isru(x: Tensor, alpha: Annotated[float, Meta(gt=0, description="saturates at ±1/√alpha")] = 1.0) -> Tensor:
    """Inverse square root unit: an S-curve without exponentials."""
    return x * ops.rsqrt(1.0 + alpha * ops.square(x))
