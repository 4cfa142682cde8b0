"""Polynomial units."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")


@activation(
    formula="α·h(x/γ + β) − α·h(β); h(z) = 0 for z < 0, z³(z⁵ − 2z⁴ + 2) for z >= 0",
    latex=r"\alpha h(x/\gamma + \beta) - \alpha h(\beta), \quad h(z) = z_+^3 (z_+^5 - 2 z_+^4 + 2)",
    source="Kiseľák, Lu, Švihra, Szépe & Stehlík 2021, SPOCU: scaled polynomial constant unit",
    link="https://doi.org/10.1007/s00521-020-05182-1",
    range="[-1.2669, ∞)",
    smooth=True,
    monotonic=True,
)
def spocu(
    x: Tensor,
    alpha: Annotated[float, Meta(description="scale of the output")] = 3.0937,
    beta: Annotated[float, Meta(description="shift of the polynomial's argument")] = 0.6653,
    gamma: Annotated[float, Meta(gt=0, description="scale of the input")] = 4.437,
) -> Tensor:
    """Scaled polynomial constant unit, with an unbounded generator (c = ∞), as the authors' package has it.

    Grows like x⁸: at the default parameters float32 overflows for x above about 2.5e5. Written with multiplications:
    powers by ``pow`` cost several times as much.
    """
    z = ops.relu(x / gamma + beta)
    fourth = ops.square(ops.square(z))
    generator = ops.square(z) * z * ((z - 2.0) * fourth + 2.0)
    at_zero = max(beta, 0.0)
    return alpha * generator - alpha * at_zero**3 * (at_zero**5 - 2 * at_zero**4 + 2)
