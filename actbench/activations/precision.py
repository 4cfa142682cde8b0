"""Where a library's numbers are too few or too small for what lies between input and output."""

from __future__ import annotations

from typing import Any

from actbench.lazy import lazy

keras = lazy("keras")
ops = lazy("keras.ops")


def at_least_single(x: Any) -> Any:
    """A bfloat16 or float16 tensor as float32, any other as it is."""
    half = keras.backend.standardize_dtype(x.dtype) in ("bfloat16", "float16")
    return ops.cast(x, "float32") if half else x


def erf(x: Any) -> Any:
    """The error function, for arguments of any size: TensorFlow's is NaN in float64 where their square overflows."""
    return ops.erf(ops.clip(x, -30.0, 30.0))  # beyond 6 it is ±1 to the last bit, beyond 27 its slope is 0 as well
