"""Rectifiers: piecewise polynomials that pass the positive part."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.errors import UserError
from actbench.lazy import lazy

keras = lazy("keras")
ops = lazy("keras.ops")
weights = lazy("actbench.activations._layers")


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
    formula="min(max(x, 0), 6)",
    latex=r"\min(\max(x, 0), 6)",
    source="Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10",
    link="https://www.cs.toronto.edu/~kriz/conv-cifar10-aug2010.pdf",
    range="[0, 6]",
    smooth=False,
    monotonic=True,
)
def relu6(x: Tensor) -> Tensor:
    """ReLU with a ceiling of 6, made for arithmetic in few bits."""
    return ops.relu6(x)


@activation(
    formula="max(x, 0) + slope·min(x, 0); slope = 0.01",
    latex=r"\max(x, 0) + s \min(x, 0), \quad s = 0.01",
    source="Maas, Hannun & Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models",
    link="https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=True,
)
def leaky_relu(
    x: Tensor,
    slope: Annotated[
        float,
        Meta(ge=0, le=1, description="slope of the negative part: 0.01 in the paper, 0.2 and 0.3 in Keras's two forms"),
    ] = 0.01,
) -> Tensor:
    """ReLU with a small slope below 0, so that no unit is ever quite dead."""
    if keras.backend.standardize_dtype(x.dtype) == "float64":
        # TensorFlow's operation, whose slope at 0 is the left one too, keeps the slope in float32 whatever it is given.
        return ops.where(x > 0.0, x, slope * x)
    return ops.leaky_relu(x, negative_slope=slope)


@activation(
    formula="x for x > threshold, else value; threshold = 1, value = 0",
    latex=r"x \;\; (x > \theta), \quad v \;\; (x \leq \theta); \quad \theta = 1, \; v = 0",
    source="Konda, Memisevic & Krueger 2014, Zero-bias Autoencoders and the Benefits of Co-adapting Features",
    link="https://arxiv.org/abs/1402.3337",
    range="{0} ∪ (1, ∞)",
    smooth=False,
    monotonic=True,
    aliases=("thresholded_relu",),
)
def threshold(
    x: Tensor,
    threshold: Annotated[float, Meta(description="inputs up to here are replaced, the bound included")] = 1.0,
    value: Annotated[float, Meta(description="what replaces them")] = 0.0,
) -> Tensor:
    """Thresholded ReLU: the identity above a threshold, a constant below. Keras's function has no defaults."""
    # Keras's own asks for x > threshold, and turns NaN into the value: that would hide that a training diverged.
    return ops.where(x <= threshold, ops.full_like(x, value), x)


@activation(
    formula="max(x, 0)²",
    latex=r"\max(x, 0)^2",
    source="So, Mańke, Liu, Dai, Shazeer & Le 2021, Primer: Searching for Efficient Transformers for Language Modeling",
    link="https://arxiv.org/abs/2109.08668",
    range="[0, ∞)",
    smooth=True,
    monotonic=True,
    aliases=("relu_squared",),
)
def squared_relu(x: Tensor) -> Tensor:
    """The square of ReLU."""
    return ops.square(ops.relu(x))


@activation(
    formula="scale·max(x, 0)² + bias; scale = 0.8944, bias = −0.4472",
    latex=r"s \max(x, 0)^2 + b, \quad s = 0.8944, \; b = -0.4472",
    source="Yu, Si, Zhou, Luo, Zhou, Feng, Yan & Wang 2022, MetaFormer Baselines for Vision",
    link="https://arxiv.org/abs/2210.13452",
    range="[-0.4472, ∞)",
    smooth=True,
    monotonic=True,
)
def star_relu(
    x: Tensor,
    scale: Annotated[float, Meta(description="factor of the square")] = 0.8944,
    bias: Annotated[float, Meta(description="added to everything")] = -0.4472,
) -> Tensor:
    """Squared ReLU, scaled and shifted to mean 0 and variance 1 on standard normal inputs; both numbers stay fixed."""
    return scale * ops.square(ops.relu(x)) + bias


@activation(
    formula="0 for x <= −1, (x + 1)²/4 for −1 < x < 1, x for x >= 1",
    latex=r"0 \;\; (x \leq -1), \quad \frac{(x + 1)^2}{4} \;\; (|x| < 1), \quad x \;\; (x \geq 1)",
    source="Blondel, Martins & Niculae 2019, Learning with Fenchel-Young Losses (the integral of the sparse sigmoid)",
    link="https://arxiv.org/abs/1901.02324",
    range="[0, ∞)",
    smooth=True,
    monotonic=True,
)
def sparse_plus(x: Tensor) -> Tensor:
    """ReLU with its kink rounded by a parabola; exactly 0 below −1 and exactly x above 1."""
    # Two clips instead of a choice between three branches. The parabola's slope at its ends is 0 and 1, whatever
    # a clip's own slope at its bounds; only the upper end needs the inner slope, which TensorFlow's clip has.
    return 0.25 * ops.square(ops.clip(x, -1.0, 1.0) + 1.0) + ops.relu(x - 1.0)


def _ordered(*, lower: float, upper: float, divisor: bool) -> None:
    if lower > upper:
        raise UserError(f"The activation 'rrelu' needs lower <= upper, but got lower={lower}, upper={upper}.")
    if divisor and lower == 0:
        raise UserError("The activation 'rrelu' cannot divide by a number of any size: divisor=True needs lower > 0.")


@activation(
    kind="stochastic",
    formula="max(x, 0) + a·min(x, 0); a ~ U(1/8, 1/3) anew for every element in training, a = 11/48 otherwise",
    latex=r"\max(x, 0) + a \min(x, 0), \quad a \sim U(\frac{1}{8}, \frac{1}{3})",
    source="Xu, Wang, Chen & Li 2015, Empirical Evaluation of Rectified Activations in Convolutional Network; as in "
    "PyTorch and MXNet",
    link="https://arxiv.org/abs/1505.00853",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=True,
    check=_ordered,
)
def rrelu(
    x: Tensor,
    lower: Annotated[float, Meta(ge=0, le=1, description="smallest slope of the negative part")] = 0.125,
    upper: Annotated[float, Meta(ge=0, le=1, description="largest slope of the negative part")] = 1 / 3,
    divisor: Annotated[
        bool,
        Meta(
            description="True: the paper's x/a, where a, not the slope, is uniform, and has its mean in inference",
            extra={"neutral": False},
        ),
    ] = False,
) -> Tensor:
    """Randomized leaky ReLU: a random slope in training, its mean in inference.

    The paper divides instead: x/a with a ~ U(3, 8) in training and x/5.5 in inference, a slope of 0.182 where the mean
    slope is 0.229. That is ``rrelu(divisor=True)``; the default is what PyTorch, MXNet and TensorFlow Addons do.
    """
    return weights.RandomSlope(lower, upper, divisor=divisor)(x)


@activation(
    kind="layer",
    formula="max(x, T(x)); T = batch normalization of a depthwise k×k convolution of x",
    latex=r"\max(x, T(x)), \quad T = \mathrm{BN}(\mathrm{DWConv}_{k \times k}(x))",
    source="Ma, Zhang & Sun 2020, Funnel Activation for Visual Recognition",
    link="https://arxiv.org/abs/2007.11824",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=False,
)
def frelu(
    x: Tensor,
    kernel_size: Annotated[int, Meta(ge=1, le=15, description="side of the depthwise window")] = 3,
    epsilon: Annotated[
        float,
        Meta(gt=0, le=1, description="added to the variance; 0.001 in Keras's own layer", extra={"neutral": 1e-3}),
    ] = 1e-5,
    momentum: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            description="share of the moving averages that a step leaves; 0.99 in Keras's own layer",
            extra={"neutral": 0.99},
        ),
    ] = 0.9,
) -> Tensor:
    """Funnel ReLU: the maximum of each pixel and a learned view of its neighbourhood.

    Input ``(batch, height, width, channels)``, output the same. Needs images: raises UserError on flat features.
    The batch normalization has the authors' numbers, which are MegEngine's and PyTorch's. With those of Keras's layer,
    ``frelu(epsilon=0.001, momentum=0.99)``, the averages follow so slowly that a short training is scored at chance.
    """
    if x.ndim != 4:  # noqa: PLR2004 - batch, height, width, channels
        raise UserError(
            "The activation 'frelu' looks at neighbouring pixels: use it in a convolutional model (cnn, cnn6)."
        )
    window = keras.layers.DepthwiseConv2D(kernel_size, padding="same")(x)
    return ops.maximum(x, keras.layers.BatchNormalization(momentum=momentum, epsilon=epsilon)(window))
