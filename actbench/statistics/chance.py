"""How far guessing alone can get: a bound that a share of lucky guesses passes hardly ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def chance_bound(share: ArrayLike, n: ArrayLike, error: ArrayLike) -> NDArray[np.float64]:
    """The share of n inputs that somebody who guesses hits at most, but for a probability of `error`.

    (k + ½)/n for the least k with P(B > k) <= error, B ~ Binomial(n, share): an exact quantile, by the incomplete beta
    function. The half keeps the rounding of a stored share from deciding.

    Args:
        share: fractions, the probability of a hit; nan where it is not known.
        n: inputs, at least 1; nan where that is not known.
        error: probabilities, above 0 and below ½.

    Returns:
        Fractions, of the shape that the three make together; nan where something is not known.

    Raises:
        ValueError: an error outside (0, ½).
    """
    from scipy.special import bdtrik

    shares, sizes, errors = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (share, n, error)))
    if not ((errors > 0) & (errors < 0.5)).all():  # noqa: PLR2004
        raise ValueError("the error of a bound lies above 0 and below one half")
    known = ~(np.isnan(shares) | np.isnan(sizes))
    bound = np.full(shares.shape, np.nan)
    p, count, small = shares[known], sizes[known], errors[known]
    hits = np.clip(np.ceil(bdtrik(1 - small, count, p)), 0, count)
    # The inverse is rounded: step to the least count that keeps the error.
    hits = np.where(_tail(hits, count, p) > small, hits + 1, hits)
    hits = np.where((hits > 0) & (_tail(hits - 1, count, p) <= small), hits - 1, hits)
    bound[known] = (hits + 0.5) / count
    return bound


def _tail(hits: NDArray[np.float64], n: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """P(B > hits) for B ~ Binomial(n, share)."""
    from scipy.special import betainc

    return np.asarray(np.where(hits >= n, 0.0, betainc(np.maximum(hits + 1, 0), np.maximum(n - hits, 1), share)))
