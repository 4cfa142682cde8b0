"""From a request to data that is ready for training, by one way for all sources."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actbench.datasets import finding
from actbench.datasets._arrays import CLASSES, CUT_APART, FEATURES, NAMES, NO_TARGET, TOKENS, Array, sha256_of
from actbench.datasets.checks import check_parts, checked
from actbench.datasets.memory import at_most
from actbench.datasets.request import TEST_SHARE, DatasetInfo, Request
from actbench.datasets.scaling import check_range, imputed, scaling
from actbench.datasets.sources import Source
from actbench.datasets.splits import Rows, count_seen, cut, validation_rows, with_test_part
from actbench.errors import UserError

if TYPE_CHECKING:
    from actbench.models import Shape


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data ready for training.

    ``x_*`` are floats ``(n, …input_shape)``, ``y_*`` int32 ``(n,)`` with classes 0 … classes−1. Sequences of tokens are
    int32 ``(n, length)``, of ``vocabulary`` tokens (0 elsewhere); where each token has a target of its own, so are
    ``y_*``, with −1 where one has none, and a class is a token. ``x_val`` and ``y_val`` are empty without a validation
    split. ``sha256`` is that of the four raw arrays that were used (after ``limit``,
    before scaling). ``seen_in_training`` counts the test inputs that are equal to an input of the training part; None
    where that would say nothing.
    """

    name: str
    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array
    x_test: Array
    y_test: Array
    classes: int
    sha256: str
    seen_in_training: int | None
    vocabulary: int = 0

    @property
    def chance(self) -> float:
        """The share of the most frequent class among the targets of the training part."""
        import numpy as np

        targets = self.y_train[self.y_train != NO_TARGET]
        return float(np.bincount(targets).max() / len(targets))

    @property
    def train_targets(self) -> int | None:
        """How many answers the training part asks for; None where that is one an input."""
        return _targets(self.y_train)

    @property
    def test_targets(self) -> int | None:
        """How many answers the test part asks for; None where that is one an input."""
        return _targets(self.y_test)

    @property
    def input_shape(self) -> Shape:
        """The shape of one input."""
        from actbench.models import Shape

        return Shape(self.x_train.shape[1:], vocabulary=self.vocabulary, per_token=self.y_train.ndim > 1)


def _targets(y: Array) -> int | None:
    return int((y != NO_TARGET).sum()) if y.ndim > 1 else None


def default_model(source: Source, input_shape: Shape) -> str:
    """The source's own default, or for a person's file what suits sequences, ``cnn`` for large images, else an MLP."""
    from actbench.models import MODELS

    if input_shape.vocabulary:
        return source.model or ("char_lm" if input_shape.per_token else "transformer")
    images = len(input_shape) == 3 and min(input_shape[:2]) >= MODELS["cnn"].smallest_side  # noqa: PLR2004
    return source.model or ("cnn" if images else "mlp(100, 50)")


@dataclass(frozen=True, eq=False)
class Prepared:
    """The raw arrays that are to be used, not scaled yet.

    ``arrays`` holds the four by name, and the names of tokens where there are such; ``training`` and ``validation``
    are rows of the training part. ``class_names`` are the numbers 0, 1, 2, … where the source has no other names, or
    those of tokens, ``feature_names`` are those of a table's columns.
    For ``cut_apart`` see ``_arrays``.
    """

    arrays: dict[str, Array]
    class_names: tuple[str, ...]
    training: Rows
    validation: Rows
    feature_names: tuple[str, ...] = ()
    cut_apart: bool = False

    @functools.cached_property
    def seen_in_training(self) -> int | None:
        """How many test inputs are equal to a training input; None where that would say nothing."""
        return None if self.cut_apart else count_seen(self.arrays["x_train"], self.arrays["x_test"])

    @property
    def info(self) -> DatasetInfo:
        """What it is, without the data."""
        raw = self.arrays
        val_size = len(raw["y_train"][self.validation])
        return DatasetInfo(
            sha256=sha256_of(raw),
            classes=len(self.class_names),
            input_shape=tuple(raw["x_train"].shape[1:]),
            vocabulary=len(raw.get(TOKENS, ())),
            per_token=raw["y_train"].ndim > 1,
            train_size=len(raw["x_train"]) - val_size,
            val_size=val_size,
            test_size=len(raw["x_test"]),
            seen_in_training=self.seen_in_training,
        )


def info(request: Request) -> DatasetInfo:
    """Read, check, cut and hash a data set, and keep only what it is. Raises UserError as ``load`` does."""
    return prepare(request).info


def load(request: Request) -> Dataset:
    """Read, check, cut, hash, split and scale a data set.

    Raises:
        UserError: the data is missing, unreadable or not fit for training; the message says which array and why.
    """
    found = prepare(request)
    x_train, y_train, x_test, y_test = (found.arrays[key] for key in NAMES)
    training, validation = found.training, found.validation
    tokens = TOKENS in found.arrays
    scale = (lambda x: x) if tokens else scaling(x_train[training], request.dtype)
    return Dataset(
        name=request.name,
        x_train=scale(x_train[training]),
        y_train=y_train[training],
        x_val=scale(x_train[validation]),
        y_val=y_train[validation],
        x_test=scale(x_test),
        y_test=y_test,
        classes=len(found.class_names),
        sha256=sha256_of(found.arrays),
        seen_in_training=found.seen_in_training,
        vocabulary=len(found.arrays[TOKENS]) if tokens else 0,
    )


def prepare(request: Request) -> Prepared:
    """Read, check, cut and split a data set. Raises UserError as ``load`` does."""
    name = request.name
    with at_most(request.max_memory):
        found = finding.read(request)
        raw = checked(name, found, may_lack_numbers=request.impute is not None)
    if "x_test" not in raw:
        raw |= with_test_part(name, raw, TEST_SHARE if request.test_split is None else request.test_split)
    elif request.test_split is not None and CUT_APART not in found:
        raise UserError(f"--test-split is for data without a test part; {name!r} has one. Leave it out.")
    check_parts(name, raw)
    per_token = raw["y_train"].ndim > 1
    classes = len(raw[TOKENS]) if per_token else int(raw["y_train"].max()) + 1
    if request.limit is not None:
        raw = cut(name, raw, request.limit)
    training, validation = validation_rows(request, raw["y_train"])
    if request.impute is not None:
        raw = imputed(name, raw, training)
    if TOKENS not in raw:
        check_range(name, raw, training, request.dtype)
    names = tuple(map(str, raw[TOKENS] if per_token else found.get(CLASSES, ())))
    names = names if len(names) == classes else tuple(map(str, range(classes)))
    features = tuple(map(str, found[FEATURES])) if FEATURES in found else ()
    return Prepared(raw, names, training, validation, features, CUT_APART in found)
