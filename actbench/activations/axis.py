"""Functions of a whole feature axis: every output depends on all the inputs beside it."""

from __future__ import annotations

from actbench.activations import Tensor, activation
from actbench.activations.precision import at_least_single
from actbench.lazy import lazy

keras = lazy("keras")
ops = lazy("keras.ops")


@activation(
    kind="axis",
    formula="exp(xᵢ) / Σⱼ exp(xⱼ)",
    latex=r"\frac{e^{x_i}}{\sum_j e^{x_j}}",
    source="Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs, "
    "with Relationships to Statistical Pattern Recognition",
    link="https://doi.org/10.1007/978-3-642-76153-9_28",
    range="(0, 1)",
    smooth=True,
    monotonic=True,
)
def softmax(x: Tensor) -> Tensor:
    """Probabilities along the last axis."""
    return ops.softmax(x, axis=-1)


@activation(
    kind="axis",
    formula="xᵢ − ln Σⱼ exp(xⱼ)",
    latex=r"x_i - \ln \sum_j e^{x_j}",
    source="Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs, "
    "with Relationships to Statistical Pattern Recognition (its logarithm)",
    link="https://doi.org/10.1007/978-3-642-76153-9_28",
    range="(-∞, 0)",
    smooth=True,
    monotonic=True,
)
def log_softmax(x: Tensor) -> Tensor:
    """Log-probabilities along the last axis."""
    return ops.log_softmax(x, axis=-1)


@activation(
    kind="axis",
    formula="max(xᵢ − τ, 0), τ such that the outputs sum to 1",
    latex=r"\max(x_i - \tau(x), 0), \quad \sum_i \max(x_i - \tau(x), 0) = 1",
    source="Martins & Astudillo 2016, From Softmax to Sparsemax: A Sparse Model of Attention and Multi-Label "
    "Classification",
    link="https://arxiv.org/abs/1602.02068",
    range="[0, 1]",
    smooth=False,
    monotonic=True,
)
def sparsemax(x: Tensor) -> Tensor:
    """Probabilities along the last axis, most of them exactly 0: the projection on the simplex."""
    # Shifted by the maximum, which changes nothing, large inputs keep their digits; sums want more than 8 bits.
    wide = at_least_single(x)
    shifted = wide - ops.stop_gradient(ops.max(wide, axis=-1, keepdims=True))
    ordered = ops.flip(ops.sort(shifted, axis=-1), axis=-1)
    rank = ops.cumsum(ops.ones_like(ordered), axis=-1)
    kept = ops.cast(1.0 + rank * ordered > ops.cumsum(ordered, axis=-1), ordered.dtype)
    threshold = (ops.sum(kept * ordered, axis=-1, keepdims=True) - 1.0) / ops.sum(kept, axis=-1, keepdims=True)
    return ops.cast(ops.relu(shifted - threshold), x.dtype)
