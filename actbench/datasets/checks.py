"""Whether arrays are fit for training, and their canonical shape."""

from __future__ import annotations

from actbench.datasets._arrays import NAMES, NO_TARGET, TOKENS, Array, Arrays
from actbench.errors import UserError

CHANNELS = (1, 3, 4)
"""Of grey images, of colours, and of colours with transparency."""


def checked(name: str, arrays: Arrays, *, may_lack_numbers: bool = False) -> dict[str, Array]:
    """Each array in canonical shape: grey images get a channel axis, labels are flat int32, and tokens int32.

    Args:
        name: of the data, for messages.
        arrays: as they come; without x_test and y_test if there is no test part.
        may_lack_numbers: whether features may be NaN.

    Raises:
        UserError: one is missing or unfit.
    """
    needed = NAMES if {"x_test", "y_test"} & arrays.keys() else NAMES[:2]
    missing = [key for key in needed if key not in arrays]
    if missing:
        raise UserError(f"The data {name!r} has no array {missing[0]!r}; it needs {', '.join(NAMES)}.")
    if TOKENS in arrays:
        names = _names(name, arrays[TOKENS])
        return {key: _sequences(name, key, arrays[key], len(names)) for key in needed} | {TOKENS: names}
    return {
        key: _inputs(name, key, arrays[key], may_lack_numbers=may_lack_numbers)
        if key.startswith("x")
        else _labels(name, key, arrays[key])
        for key in needed
    }


def check_parts(name: str, raw: Arrays) -> None:
    """Raise UserError where the parts do not fit each other, or a class is missing."""
    for part in ("train", "test"):
        check_lengths(name, raw, part)
    if "uint8" in (kinds := {raw["x_train"].dtype.name, raw["x_test"].dtype.name}) and len(kinds) > 1:
        raise UserError(
            f"The inputs of {name!r} differ in type: {raw['x_train'].dtype} in x_train and {raw['x_test'].dtype} "
            "in x_test. Bytes are scaled by 1/255 and numbers by their range, so save both alike."
        )
    if raw["x_train"].shape[1:] != raw["x_test"].shape[1:]:
        raise UserError(
            f"The inputs of {name!r} differ in shape: {raw['x_train'].shape[1:]} in x_train, "
            f"{raw['x_test'].shape[1:]} in x_test."
        )
    y_train, y_test = raw["y_train"], raw["y_test"]
    if y_train.ndim == y_test.ndim == 1:
        _check_classes(name, y_train, y_test)
    elif y_train.shape[1:] != raw["x_train"].shape[1:] or y_test.shape[1:] != raw["x_test"].shape[1:]:
        raise UserError(
            f"The labels of {name!r} have the shapes {y_train.shape} in y_train and {y_test.shape} in y_test. In both "
            f"parts there must be one for each input, (n,), or one for each token, (n, {raw['x_train'].shape[1]})."
        )


def check_lengths(name: str, raw: Arrays, part: str) -> None:
    """Raise UserError where a part has not one label an input."""
    inputs, labels = raw[f"x_{part}"], raw[f"y_{part}"]
    if len(inputs) != len(labels):
        raise UserError(
            f"The data {name!r} has {len(inputs)} inputs in x_{part}, but {len(labels)} labels in y_{part}."
        )


def _inputs(name: str, key: str, x: Array, *, may_lack_numbers: bool) -> Array:
    import numpy as np

    if x.dtype.kind not in "buif":
        raise UserError(f"The array {key} of {name!r} holds {x.dtype}, not numbers.")
    if x.ndim not in (2, 3, 4):
        raise UserError(
            f"The array {key} of {name!r} has shape {x.shape}; it must be (n, features), (n, height, width) or "
            "(n, height, width, channels)."
        )
    if x.ndim == 4 and x.shape[1] in CHANNELS and x.shape[3] not in CHANNELS:  # noqa: PLR2004 - n, height, width, channels
        raise UserError(
            f"The array {key} of {name!r} has shape {x.shape}, which looks like channels first. Images are (n, height, "
            "width, channels) here: save numpy.moveaxis(x, 1, -1)."
        )
    if x.size == 0:
        raise UserError(f"The array {key} of {name!r} is empty (shape {x.shape}).")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        if not may_lack_numbers or x.ndim != 2:  # noqa: PLR2004 - features: pixels have no median of their own
            raise UserError(
                f"The array {key} of {name!r} holds NaN or infinite values. Remove or fill them first"
                + (", or give --impute median." if x.ndim == 2 and not np.isinf(x).any() else ".")  # noqa: PLR2004 - as above
            )
        if np.isinf(x).any():
            raise UserError(f"The array {key} of {name!r} holds infinite values, which are not missing ones.")
    return x[..., np.newaxis] if x.ndim == 3 else x  # noqa: PLR2004 - n, height, width


def _names(name: str, tokens: Array) -> Array:
    """The names of the tokens."""
    import numpy as np

    if tokens.ndim != 1 or len(tokens) < 2:  # noqa: PLR2004 - one token says nothing
        raise UserError(
            f"The array {TOKENS} of {name!r} has shape {tokens.shape}; it must hold the names of all tokens, (tokens,)."
        )
    return np.array([str(token) for token in tokens.tolist()])


def _sequences(name: str, key: str, array: Array, vocabulary: int) -> Array:
    """Numbers of tokens, or targets for each of them, int32 (n, length); labels of whole sequences as any others."""
    if key.startswith("y") and array.ndim < 2:  # noqa: PLR2004 - n, length
        return _labels(name, key, array)
    least = NO_TARGET if key.startswith("y") else 0
    if array.dtype.kind not in "ui":
        raise UserError(f"The array {key} of {name!r} holds {array.dtype}, not whole numbers of tokens.")
    if array.ndim != 2 or not array.size:  # noqa: PLR2004 - as above
        raise UserError(f"The array {key} of {name!r} has shape {array.shape}; sequences of tokens are (n, length).")
    if array.min() < least or array.max() >= vocabulary:
        raise UserError(
            f"The array {key} of {name!r} holds numbers from {array.min()} to {array.max()}, but the {vocabulary} "
            f"tokens count from 0{f' ({NO_TARGET} where a token has no target)' if least else ''}."
        )
    if array.max() == NO_TARGET:
        raise UserError(f"The array {key} of {name!r} has no target at all.")
    return array.astype("int32")


def _labels(name: str, key: str, y: Array) -> Array:
    import numpy as np

    if y.ndim == 2 and y.shape[1] == 1:  # noqa: PLR2004 - Keras's own CIFAR-10 has such a column
        y = y[:, 0]
    if y.ndim != 1:
        raise UserError(
            f"The array {key} of {name!r} has shape {y.shape}; it must hold one class number per input, (n,), "
            "not one-hot rows."
        )
    if y.size == 0:
        raise UserError(f"The array {key} of {name!r} is empty.")
    numbers = y.dtype.kind in "buif"
    wrong = y[~(np.isfinite(y) & (y == np.floor(y)))] if numbers else y
    if wrong.size:
        raise UserError(
            f"The array {key} of {name!r} must hold whole class numbers 0, 1, 2, …, but it holds {y.dtype} like "
            f"{wrong[0].item()!r}."
        )
    if y.min() < 0:
        raise UserError(f"The array {key} of {name!r} holds the negative label {y.min()}; classes count from 0.")
    if y.max() > np.iinfo(np.int32).max:
        raise UserError(
            f"The array {key} of {name!r} holds the label {y.max()}; classes count 0, 1, 2, … without gaps."
        )
    return y.astype(np.int32)


def _check_classes(name: str, y_train: Array, y_test: Array) -> None:
    import numpy as np

    present = np.unique(y_train)
    if len(present) < 2:  # noqa: PLR2004 - one class is nothing to learn
        raise UserError(
            f"The data {name!r} has only the class {present[0]} in y_train; it takes at least two to learn."
        )
    missing = int(present[-1]) + 1 - len(present)
    if missing:
        first = np.flatnonzero(present != np.arange(len(present)))[
            0
        ]  # a label may be 10⁹: nothing of that size is made
        raise UserError(
            f"The labels of {name!r} have gaps: the largest in y_train is {present[-1]}, but class {first} never "
            f"occurs ({missing} missing in all). Renumber the classes 0 … {len(present) - 1}."
        )
    unknown = np.setdiff1d(y_test, present)
    if len(unknown):
        raise UserError(f"The data {name!r} has the class {unknown[0]} in y_test, which never occurs in y_train.")
