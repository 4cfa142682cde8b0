"""Where eight bits of a half-precision number are too few for what lies between input and output."""

from __future__ import annotations

from typing import Any

from actbench.lazy import lazy

keras = lazy("keras")
ops = lazy("keras.ops")


def at_least_single(x: Any) -> Any:
    """A bfloat16 or float16 tensor as float32, any other as it is."""
    half = keras.backend.standardize_dtype(x.dtype) in ("bfloat16", "float16")
    return ops.cast(x, "float32") if half else x
