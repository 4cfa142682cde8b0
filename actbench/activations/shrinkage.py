"""Shrinkage functions: zero around the origin."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.errors import UserError
from actbench.lazy import lazy

ops = lazy("keras.ops")


@activation(
    formula="x for x < lower or x > upper, else 0",
    latex=r"\begin{cases} x & x < l \text{ or } x > u \\ 0 & l \le x \le u \end{cases}",
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
    """Hard shrinkage: small inputs become 0, others pass unchanged."""
    if lower > upper:
        raise UserError(f"The activation 'hardshrink' needs lower <= upper, but got lower={lower}, upper={upper}.")
    return ops.where((x < lower) | (x > upper), x, ops.zeros_like(x))
