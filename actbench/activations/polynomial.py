"""Polynomial units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.activations.precision import at_least_single
from actbench.lazy import lazy

ops = lazy("keras.ops")


@activation(
    formula="α·h(x/γ + β) − α·h(β); h(z) = z³(z⁵ − 2z⁴ + 2) for z >= 0, else 0; α = 3.0937, β = 0.6653, γ = 4.437",
    latex=r"\alpha h(x/\gamma + \beta) - \alpha h(\beta), \quad h(z) = z_+^3 (z_+^5 - 2 z_+^4 + 2)",
    source="Kiseľák, Lu, Švihra, Szépe & Stehlík 2021, “SPOCU”: scaled polynomial constant unit activation function",
    link="https://doi.org/10.1007/s00521-020-05182-1",
    range="[-9.8421, ∞)",
    smooth=True,
    monotonic=False,
)
def spocu(
    x: Tensor,
    alpha: Annotated[float, Meta(description="scale of the output")] = 3.0937,
    beta: Annotated[float, Meta(description="shift of the polynomial's argument")] = 0.6653,
    gamma: Annotated[float, Meta(gt=0, description="scale of the input")] = 4.437,
) -> Tensor:
    """Scaled polynomial constant unit, with an unbounded generator (c = ∞), as in a package, non-official.

    That package is not by SPOCU's authors (see the provider ``spocu:``); the parameters are theirs.

    Grows like x⁸: at the default parameters float32 overflows for x above about 2.5e5. Without a bound on the
    generator it is not monotonic: it falls between z = 1 (x = 1.485) and its minimum, then rises for good.
    """

    # Powers by multiplication, and the gradient by hand: pow costs several times as much, and the derivative that
    # TensorFlow would put together from these steps takes twice as many passes over memory as the product below.
    def generator(x: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        z = ops.relu(x * (1 / gamma) + beta)
        squared = ops.square(z)
        fourth = ops.square(squared)

        def gradient(upstream: Tensor) -> Tensor:
            steep = alpha / gamma
            return upstream * (squared * (fourth * (8 * steep * z - 14 * steep) + 6 * steep))

        return alpha * (squared * (z * ((z - 2.0) * fourth + 2.0))), gradient

    at_zero = max(beta, 0.0)
    # Around its root at 5.16 numbers of 100 cancel, of which half precision has lost the digits that count.
    y = ops.custom_gradient(generator)(at_least_single(x)) - alpha * at_zero**3 * (at_zero**5 - 2 * at_zero**4 + 2)
    return ops.cast(y, x.dtype)
