"""Units whose start weights are drawn, so that each site begins with a shape of its own."""

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
    kind="layer",
    formula="(p₁ − p₂)·x · σ(β·(p₁ − p₂)·x) + p₂·x; all learned, one per channel, p₁ and p₂ from N(0, 1), β from 1",
    latex=r"(p_1 - p_2) x \, \sigma(\beta (p_1 - p_2) x) + p_2 x",
    source="Ma, Zhang, Liu & Sun 2021, Activate or Not: Learning Customized Activation (ACON-C)",
    link="https://arxiv.org/abs/2009.04759",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=False,
)
def acon_c(x: Tensor) -> Tensor:
    """A smooth maximum of two learned straight lines, and of how sharply it chooses; starts as in the authors' code."""

    def formula(x: Tensor, p1: Tensor, p2: Tensor, beta: Tensor) -> Tensor:
        apart = (p1 - p2) * x
        return apart * ops.sigmoid(beta * apart) + p2 * x

    return weights.Learned(formula, per_channel=True, p1=weights.normal(1.0), p2=weights.normal(1.0), beta=1.0)(x)


@activation(
    kind="layer",
    formula="(p₁ − p₂)·x · σ(β·(p₁ − p₂)·x) + p₂·x; β = σ(BN(W₂·BN(W₁·m))), m the mean of x over its pixels; p₁ and p₂ "
    "from N(0, 1)",
    latex=r"(p_1 - p_2) x \, \sigma(\beta(x) (p_1 - p_2) x) + p_2 x",
    source="Ma, Zhang, Liu & Sun 2021, Activate or Not: Learning Customized Activation (Meta-ACON)",
    link="https://arxiv.org/abs/2009.04759",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=False,
)
def meta_acon(
    x: Tensor,
    r: Annotated[int, Meta(ge=1, le=1024, description="the small network has max(r, channels/r) hidden units")] = 16,
) -> Tensor:
    """ACON-C whose sharpness a small network makes of the whole image, channel by channel.

    Input ``(batch, height, width, channels)``, output the same. Needs images: raises UserError on flat features. The
    batch normalizations have the authors' numbers, which are PyTorch's; the small network starts as Keras's layers do.
    """
    if x.ndim != 4:  # noqa: PLR2004 - batch, height, width, channels
        raise UserError(
            "The activation 'meta_acon' looks at whole images: use it in a convolutional model (cnn, cnn6)."
        )
    channels = x.shape[-1]
    sharpness = ops.mean(x, axis=(1, 2))
    for number, width in enumerate((max(r, channels // r), channels), start=1):
        sharpness = keras.layers.Dense(width, name=f"fc{number}")(sharpness)
        sharpness = keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"bn{number}")(sharpness)
    lines = [
        weights.Learned(lambda x, p: p * x, per_channel=True, p=weights.normal(1.0), name=name)(x)
        for name in ("p1", "p2")
    ]
    apart = lines[0] - lines[1]
    return apart * ops.sigmoid(ops.sigmoid(sharpness)[:, None, None, :] * apart) + lines[1]


@activation(
    kind="layer",
    formula="max(x, 0) + Σ aₛ·max(bₛ − x, 0) (s = 1…S); all learned, one per channel, a from U(−0.2, 0.2), b from "
    "N(0, 0.5²)",
    latex=r"\max(x, 0) + \sum_{s=1}^{S} a_s \max(b_s - x, 0)",
    source="Agostinelli, Hoffman, Sadowski & Baldi 2015, Learning Activation Functions to Improve Deep Neural Networks",
    link="https://arxiv.org/abs/1412.6830",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=False,
)
def apl(x: Tensor, sums: Annotated[int, Meta(ge=1, le=20, description="hinges; S in the paper")] = 5) -> Tensor:
    """Adaptive piecewise linear unit: ReLU plus learned hinges; starts as in the authors' code.

    The authors learn it for every neuron; here the pixels of a channel share theirs, as in `prelu`. Their weight decay
    of 0.001 on it is left out, as for all that activations learn.
    """

    def formula(x: Tensor, **hinges: Tensor) -> Tensor:
        y = ops.relu(x)
        for s in range(1, sums + 1):
            y = y + hinges[f"a{s}"] * ops.relu(hinges[f"b{s}"] - x)
        return y

    starts = {f"a{s}": weights.uniform(0.2) for s in range(1, sums + 1)}
    starts |= {f"b{s}": weights.normal(0.5) for s in range(1, sums + 1)}
    return weights.Learned(formula, per_channel=True, **starts)(x)
