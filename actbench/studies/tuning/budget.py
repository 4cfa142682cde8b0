"""What a search of a given size would have found: the expected best of k trials."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb


def expected_best(accuracies: Sequence[float]) -> list[float]:
    """The expected best validation accuracy of k trials, drawn at random from those that were made, for k = 1 … n.

    E[max] = Σᵢ v₍ᵢ₎·C(i − 1, k − 1) / C(n, k), v₍₁₎ ≤ … ≤ v₍ₙ₎: drawn without putting back, which has no bias (Tang,
    Lee, Xin, Liu, Yu & Lin 2020, on Dodge, Gururangan, Card, Schwartz & Smith 2019, who draw with putting back).

    Args:
        accuracies: shape (n,), of each trial, n >= 1.

    Returns:
        Shape (n,), never falling; the last is the best of all.
    """
    values, n = sorted(accuracies), len(accuracies)
    return [sum(value * comb(i, k - 1) for i, value in enumerate(values)) / comb(n, k) for k in range(1, n + 1)]
