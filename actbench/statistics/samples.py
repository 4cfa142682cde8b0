"""What a sample has to be before anything is computed from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# Two numbers closer than this, relative to the larger, came from the same measurement: 0.3 - 0.2 is 0.1.
FLOAT_NOISE = 1e-12


def finite_sample(values: ArrayLike, name: str = "values") -> NDArray[np.float64]:
    """`values` as a float64 vector; ValueError unless it is 1-D, not empty, and finite throughout."""
    sample = _vector(values, name)
    if not np.isfinite(sample).all():
        first = int(np.flatnonzero(~np.isfinite(sample))[0])
        raise ValueError(f"{name} must be finite numbers: number {first} of {sample.size} is {sample[first]}")
    return sample


def time_sample(values: ArrayLike, name: str = "times") -> NDArray[np.float64]:
    """`values` as a float64 vector; ValueError unless 1-D, not empty, and each is >= 0 or inf (a miss)."""
    sample = _vector(values, name)
    wrong = np.isnan(sample) | (sample < 0)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"{name} must be >= 0, and inf where it was missed: number {first} of {sample.size} is {sample[first]}"
        )
    return sample


def same_length(arm: NDArray[np.float64], baseline: NDArray[np.float64]) -> None:
    """ValueError unless the two samples can be pairs."""
    if arm.size != baseline.size:
        raise ValueError(f"pairs need equal lengths: the arm has {arm.size} values, the baseline {baseline.size}")


def probability(value: float, name: str) -> float:
    """`value` unchanged; ValueError unless it lies strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, not {value}")
    return value


def ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 1, ties sharing the mean of theirs; SciPy's take most of a second to import."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    shared: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return shared


def subset_sums(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of all 2ⁿ subsets, that of none first, in the same order for every array of the same length."""
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums, sums + value])
    return sums


def not_negative(value: float, name: str) -> float:
    """`value` unchanged; ValueError where it is below 0 or nan."""
    if not value >= 0:
        raise ValueError(f"{name} must not be negative: {value}")
    return value


def _vector(values: ArrayLike, name: str) -> NDArray[np.float64]:
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, not of shape {sample.shape}")
    if sample.size == 0:
        raise ValueError(f"{name} is empty")
    return sample


def signed_ranks(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ranks of the absolute differences, ties sharing the mean of theirs, with their signs; nan stays."""
    known = ~np.isnan(differences)
    signed = np.full_like(differences, np.nan)
    signed[known] = np.sign(differences[known]) * ranks(np.abs(differences[known]))
    return signed
