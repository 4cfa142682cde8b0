"""Which inputs are used, and for what: a smaller part, a test part, a validation part."""

from __future__ import annotations

import hashlib
from typing import Any, TypeAlias

from actbench.datasets._arrays import Array
from actbench.datasets.checks import check_lengths
from actbench.datasets.request import Request
from actbench.errors import UserError

CUT_SEED = 0
"""Seeds the choice that ``limit`` makes; one choice for all runs, so that every arm and seed learns from the same."""
SPLIT_SEED = 1
"""Seeds the draws of test and validation parts; one draw for all runs, as above."""
SURELY_KEPT = 7
"""Validation inputs that some classes are to be expected to have; that they have none is then no chance (e⁻⁷)."""
Rows: TypeAlias = "slice | Array"
"""Which rows of an array: a slice, which copies nothing, or a mask."""


def cut(name: str, raw: dict[str, Array], limit: int) -> dict[str, Array]:
    """Keep at most ``limit`` inputs of each part: a seeded shuffle, then the classes in turn; and shuffle what is kept.

    Without that, the inputs of a rare class, which are all kept, would stand behind the frequent ones.
    """
    import numpy as np

    classes = int(strata(raw["y_train"]).max()) + 1
    if limit < classes:
        raise UserError(
            f"A limit of {limit} is too small: the data {name!r} has {classes} classes, and each needs an input."
        )
    kept_of = dict(raw)
    for part in ("train", "test"):
        labels = strata(raw[f"y_{part}"])
        order = np.random.RandomState(CUT_SEED).permutation(len(labels))
        by_class = np.argsort(labels[order], kind="stable")
        sizes = np.bincount(labels, minlength=classes)
        turn = np.empty(len(order), dtype=np.int64)
        turn[by_class] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        kept = order[np.argsort(turn, kind="stable")[:limit]]
        kept = kept[np.random.RandomState(CUT_SEED).permutation(len(kept))]
        kept_of[f"x_{part}"], kept_of[f"y_{part}"] = raw[f"x_{part}"][kept], raw[f"y_{part}"][kept]
    return kept_of


def with_test_part(name: str, raw: dict[str, Array], share: float) -> dict[str, Array]:
    """Draw a test part out of the training part, class by class. Raises UserError where that cannot be."""
    check_lengths(name, raw, "train")
    labels = raw["y_train"]
    drawn = stratified(strata(labels), share, SPLIT_SEED)
    if not drawn.any():
        raise UserError(f"A test split of {share:g} of {len(labels)} inputs of {name!r} leaves none for testing.")
    x, y = raw["x_train"], labels
    return {"x_train": x[~drawn], "y_train": y[~drawn], "x_test": x[drawn], "y_test": y[drawn]}


def strata(labels: Array) -> Array:
    """What draws are balanced over, shape (n,): the classes; where each token has a target, nothing."""
    import numpy as np

    return labels if labels.ndim == 1 else np.zeros(len(labels), dtype=labels.dtype)


def validation_rows(request: Request, y_train: Array) -> tuple[Rows, Rows]:
    """The rows of the training part that train, and those that validate.

    Raises:
        UserError: none would validate, or a class would not be trained on.
    """
    import numpy as np

    share, n = request.validation_split, len(y_train)
    y_train = strata(y_train)
    if request.split == "stratified":
        drawn = stratified(y_train, share, SPLIT_SEED)
        rows: tuple[Rows, Rows] = (~drawn, drawn)
    else:
        first = int(n * (1.0 - share))
        rows = (slice(first), slice(first, None))
    training, validation = (y_train[part] for part in rows)
    if not len(validation) and share:
        raise UserError(f"A validation split of {share} of {n} training inputs leaves none for validation.")
    missed = np.setdiff1d(y_train, validation)
    expected = np.isin(y_train, missed).sum() * share
    absent = np.setdiff1d(y_train, training)
    if len(absent):
        raise UserError(
            f"A validation split of {share} keeps the last {len(validation)} of {n} training inputs of "
            f"{request.name!r}, and class {absent[0]} is then missing from training. Take a smaller split, or "
            "--split stratified, which draws from each class."
        )
    if expected >= SURELY_KEPT:
        raise UserError(
            f"The last {len(validation)} of {n} training inputs of {request.name!r}, a validation split of {share}, "
            f"hold none of class {missed[0]}: the data seems to be sorted. Give --split stratified, which draws from "
            "each class."
        )
    return rows


def stratified(labels: Array, share: float, seed: int) -> Array:
    """Draw a share of the inputs, of each class alike: a mask, shape (n,).

    Of n inputs n − ⌊n·(1 − share)⌋ are drawn, as Keras counts; each class gives its share rounded down, and those with
    the largest remainders one more (Hamilton's method). A class always keeps one input.
    """
    import numpy as np

    n = len(labels)
    kinds, inverse, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    ideal = sizes * share
    quota = np.minimum(np.floor(ideal).astype(np.int64), sizes - 1)
    missing = n - int(n * (1.0 - share)) - int(quota.sum())
    order = np.argsort(-(ideal - quota), kind="stable")
    more = order[quota[order] < sizes[order] - 1][: max(missing, 0)]
    quota[more] += 1
    shuffled = np.random.RandomState(seed).permutation(n)
    by_class = shuffled[np.argsort(inverse[shuffled], kind="stable")]
    starts = np.cumsum(sizes) - sizes
    drawn = np.zeros(n, dtype=bool)
    for kind in range(len(kinds)):
        drawn[by_class[starts[kind] : starts[kind] + quota[kind]]] = True
    return drawn


def count_seen(x_train: Array, x_test: Array) -> int:
    """How many test inputs are equal to a training input, number by number, whatever their labels."""
    import numpy as np

    kind = np.result_type(x_train, x_test)
    kind = np.dtype(np.float64) if kind == np.longdouble else kind  # whose bytes are not all of the number
    seen = {_digest(row, kind) for row in x_train}
    return sum(_digest(row, kind) in seen for row in x_test)


def _digest(row: Array, kind: Any) -> bytes:
    if kind.kind == "f":
        row = row.astype(kind) + 0.0  # -0.0 is 0.0
    elif row.dtype != kind:
        row = row.astype(kind)
    return hashlib.blake2b(row.tobytes(), digest_size=16).digest()
