"""From a request to data that is ready for training, by one way for all sources."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from actbench.datasets import finding
from actbench.datasets._arrays import NAMES, Array, Arrays
from actbench.datasets.checks import check_parts, checked
from actbench.datasets.memory import at_most
from actbench.datasets.request import TEST_SHARE, DatasetInfo, Request
from actbench.datasets.scaling import check_range, imputed, scaling
from actbench.datasets.sources import Source
from actbench.datasets.splits import Rows, count_seen, cut, validation_rows, with_test_part
from actbench.errors import UserError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data ready for training.

    ``x_*`` are floats ``(n, …input_shape)``, ``y_*`` int32 ``(n,)`` with classes 0 … classes−1. ``x_val`` and ``y_val``
    are empty without a validation split. ``sha256`` is that of the four raw arrays that were used (after ``limit``,
    before scaling). ``seen_in_training`` counts the test inputs that are equal to an input of the training part.
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
    seen_in_training: int

    @property
    def chance(self) -> float:
        """The share of the most frequent class among the training inputs."""
        import numpy as np

        return float(np.bincount(self.y_train).max() / len(self.y_train))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        return tuple(self.x_train.shape[1:])


def default_model(source: Source, input_shape: tuple[int, ...]) -> str:
    """The source's own default, or for a person's file: ``cnn`` for images that are large enough, else an MLP."""
    from actbench.models import MODELS

    images = len(input_shape) == 3 and min(input_shape[:2]) >= MODELS["cnn"].smallest_side  # noqa: PLR2004
    return source.model or ("cnn" if images else "mlp(100, 50)")


def info(request: Request) -> DatasetInfo:
    """Read, check, cut and hash a data set, and keep only what it is. Raises UserError as ``load`` does."""
    raw, classes, (_, validation) = _prepared(request)
    val_size = len(raw["y_train"][validation])
    return DatasetInfo(
        sha256=_sha256(raw),
        classes=classes,
        input_shape=tuple(raw["x_train"].shape[1:]),
        train_size=len(raw["x_train"]) - val_size,
        val_size=val_size,
        test_size=len(raw["x_test"]),
        seen_in_training=count_seen(raw["x_train"], raw["x_test"]),
    )


def load(request: Request) -> Dataset:
    """Read, check, cut, hash, split and scale a data set.

    Raises:
        UserError: the data is missing, unreadable or not fit for training; the message says which array and why.
    """
    raw, classes, (training, validation) = _prepared(request)
    x_train, y_train, x_test, y_test = (raw[key] for key in NAMES)
    scale = scaling(x_train[training], request.dtype)
    return Dataset(
        name=request.name,
        x_train=scale(x_train[training]),
        y_train=y_train[training],
        x_val=scale(x_train[validation]),
        y_val=y_train[validation],
        x_test=scale(x_test),
        y_test=y_test,
        classes=classes,
        sha256=_sha256(raw),
        seen_in_training=count_seen(x_train, x_test),
    )


def _prepared(request: Request) -> tuple[dict[str, Array], int, tuple[Rows, Rows]]:
    """The raw arrays that are to be used, the number of classes, and which training inputs train and validate."""
    name = request.name
    with at_most(request.max_memory):
        raw = checked(name, finding.read(request), may_lack_numbers=request.impute is not None)
    if "x_test" not in raw:
        raw = with_test_part(name, raw, TEST_SHARE if request.test_split is None else request.test_split)
    elif request.test_split is not None:
        raise UserError(f"--test-split is for data without a test part; {name!r} has one. Leave it out.")
    check_parts(name, raw)
    classes = int(raw["y_train"].max()) + 1
    if request.limit is not None:
        raw = cut(name, raw, request.limit, classes)
    rows = validation_rows(request, raw["y_train"], classes)
    if request.impute is not None:
        raw = imputed(name, raw, rows[0])
    check_range(name, raw, rows[0], request.dtype)
    return raw, classes, rows


def _sha256(raw: Arrays) -> str:
    import numpy as np

    digest = hashlib.sha256()
    for key in NAMES:
        array = np.ascontiguousarray(raw[key])
        digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()
