"""Scaling by what the training part holds, the same way whatever the data is called."""

from __future__ import annotations

from collections.abc import Callable

from actbench.datasets._arrays import Array, Arrays
from actbench.datasets.splits import Rows
from actbench.errors import UserError


def scaling(x_train: Array, dtype: str) -> Callable[[Array], Array]:
    """Bytes by 1/255, other images from the training part's least and greatest value, features to mean 0 and sd 1.

    What is true or false is 1 or 0, and so is a feature that has no other values. A feature that is the same in the
    whole training part is 0 everywhere: nothing could be learned of it.
    """
    import numpy as np

    if x_train.dtype == np.bool_:
        return lambda x: x.astype(dtype)
    if x_train.dtype == np.uint8:
        levels = (np.arange(256) / 255.0).astype(dtype)
        return lambda x: levels[x]
    if x_train.ndim > 2:  # noqa: PLR2004 - images
        low, high = float(x_train.min()), float(x_train.max())
        shift, width = np.asarray(low), np.asarray((high - low) or 1.0)
    else:
        shift, width = x_train.mean(axis=0, dtype=np.float64), x_train.std(axis=0, dtype=np.float64)
        truths = ((x_train == 0) | (x_train == 1)).all(axis=0)
        same = x_train.min(axis=0) == x_train.max(axis=0)  # their spread may be a rounding error in place of 0
        shift, factor = np.where(truths, 0.0, shift), np.where(same, 0.0, 1.0)
        width = np.where(truths | same, 1.0, width)
        width = np.where(np.isfinite(width), width, np.nan)  # a spread beyond all floats would make zeros of numbers
        return lambda x: ((x - shift) / width * factor).astype(dtype)
    width = np.where(np.isfinite(width), width, np.nan)  # as above
    return lambda x: ((x - shift) / width).astype(dtype)


def check_range(name: str, raw: Arrays, training: Rows, dtype: str) -> None:
    """Raise UserError for numbers that are no longer finite once they are scaled."""
    import numpy as np

    x_train = raw["x_train"]
    if x_train.dtype in (np.uint8, np.bool_):
        return
    with np.errstate(all="ignore"):
        scale = scaling(x_train[training], dtype)
        for key in ("x_train", "x_test"):
            # Scaling keeps the order, so that the least and the greatest tell for all.
            axes = 0 if raw[key].ndim == 2 else None  # noqa: PLR2004 - features have a scale each
            ends = np.stack([raw[key].min(axis=axes), raw[key].max(axis=axes)])
            if not np.isfinite(scale(ends)).all():
                raise UserError(
                    f"The numbers in {key} of {name!r}, {ends.min():.3g} to {ends.max():.3g}, cannot be scaled within "
                    f"{dtype}. Scale them to a common range, for instance 0 to 1, first."
                )


def imputed(name: str, raw: dict[str, Array], training: Rows) -> dict[str, Array]:
    """Missing features replaced by the median of those that are there in the training part, feature by feature.

    Raises:
        UserError: a feature has no number in the training part at all.
    """
    import numpy as np

    x = raw["x_train"][training]
    if x.dtype.kind != "f" or x.ndim != 2:  # noqa: PLR2004 - nothing else may lack numbers: see checks
        return raw
    empty = np.flatnonzero(np.isnan(x).all(axis=0))
    if len(empty):
        raise UserError(
            f"Feature {empty[0] + 1} of {name!r} has no number in the training part: there is no median. Remove it."
        )
    medians = np.nanmedian(x, axis=0)
    filled = {key: np.where(np.isnan(raw[key]), medians, raw[key]) for key in ("x_train", "x_test")}
    return raw | {key: value.astype(raw[key].dtype) for key, value in filled.items()}
