"""Shrinkage functions: zero, or nearly so, around the origin."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")


@activation(
    formula="x for x < lower or x > upper, else 0; lower = −0.5, upper = 0.5",
    latex=r"x \;\; (x < l \;\mathrm{or}\; x > u), \quad 0 \;\; (l \leq x \leq u); \quad -l = u = \frac{1}{2}",
    source="Donoho & Johnstone 1994, Ideal Spatial Adaptation by Wavelet Shrinkage (hard threshold)",
    link="https://doi.org/10.1093/biomet/81.3.425",
    range="(-∞, -0.5) ∪ {0} ∪ (0.5, ∞)",
    smooth=False,
    monotonic=True,
    aliases=("hard_shrink",),
)
def hardshrink(
    x: Tensor,
    lower: Annotated[float, Meta(le=0, description="lower end of the dead zone; the bound itself gives 0")] = -0.5,
    upper: Annotated[float, Meta(ge=0, description="upper end of the dead zone; the bound itself gives 0")] = 0.5,
) -> Tensor:
    """Hard shrinkage: small inputs become 0, others pass unchanged. Keras has one threshold for both sides."""
    # Asked this way round, NaN lies in no zone and stays NaN: as 0, it would hide that a training diverged.
    return ops.where((x >= lower) & (x <= upper), ops.zeros_like(x), x)


@activation(
    formula="x − upper for x > upper, x − lower for x < lower, else 0; lower = −0.5, upper = 0.5",
    latex=r"x - \min(\max(x, l), u), \quad -l = u = \frac{1}{2}",
    source="Donoho 1995, De-Noising by Soft-Thresholding",
    link="https://doi.org/10.1109/18.382009",
    range="(-∞, ∞)",
    smooth=False,
    monotonic=True,
    aliases=("soft_shrink",),
)
def softshrink(
    x: Tensor,
    lower: Annotated[float, Meta(le=0, description="lower end of the dead zone, subtracted below it")] = -0.5,
    upper: Annotated[float, Meta(ge=0, description="upper end of the dead zone, subtracted above it")] = 0.5,
) -> Tensor:
    """Soft shrinkage: everything moves towards 0 by the threshold. Keras has one threshold for both sides."""
    return x - ops.clip(x, lower, upper)


@activation(
    formula="x − tanh(x)",
    latex=r"x - \tanh(x)",
    source="Collobert, Kavukcuoglu & Farabet 2011, Torch7: A Matlab-like Environment for Machine Learning",
    link="https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html",
    range="(-∞, ∞)",
    smooth=True,
    monotonic=True,
    aliases=("tanh_shrink",),
)
def tanhshrink(x: Tensor) -> Tensor:
    """Smooth shrinkage: flat at the origin, where it grows like x³/3."""
    return x - ops.tanh(x)
