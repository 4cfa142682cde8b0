"""Data sets: four arrays from somewhere, checked, cut to size, hashed and scaled the same way whatever their source."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from actbench.custom import place_of
from actbench.datasets import npz
from actbench.datasets._arrays import NAMES, Array, Arrays
from actbench.errors import UserError
from actbench.registry import Parameter, Registry, check_printable

__all__ = ["DATASETS", "Arrays", "Dataset", "DatasetInfo", "Request", "Source", "dataset", "describe", "info", "load"]

CUT_SEED = 0
"""Seeds the choice that ``limit`` makes; one choice for all runs, so that every arm and seed learns from the same."""


@dataclass(frozen=True)
class Source:
    """A named data set and the defaults that suit it.

    ``read(data_dir)`` returns the four arrays. ``epochs``, ``model`` and ``thresholds`` (accuracies as fractions) are
    what a run takes when nothing else was asked for. ``chance`` is the share of the most frequent class in the training
    part, for rows of runs that did not measure it; None where that is not known beforehand.
    """

    name: str
    read: Callable[[Path | None], Arrays]
    epochs: int
    model: str
    thresholds: tuple[float, ...]
    chance: float | None = None
    parameters: tuple[Parameter, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of the reader's docstring."""
        return inspect.cleandoc(self.read.__doc__ or "").split("\n\n")[0].replace("\n", " ")


DATASETS: Registry[Source] = Registry("dataset", __name__, f"{__name__}.published")


def dataset(
    *, epochs: int, model: str, thresholds: tuple[float, ...] = (0.95, 0.97, 0.98), chance: float | None = None
) -> Callable[[Callable[[Path | None], Arrays]], Callable[[Path | None], Arrays]]:
    """Add a reader ``(data_dir) -> four arrays`` under its own name."""

    def register(read: Callable[[Path | None], Arrays]) -> Callable[[Path | None], Arrays]:
        DATASETS.add(Source(read.__name__, read, epochs, model, thresholds, chance))
        return read

    return register


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data ready for training.

    ``x_*`` are floats ``(n, …input_shape)``, ``y_*`` int32 ``(n,)`` with classes 0 … classes−1. ``x_val`` and ``y_val``
    are empty without a validation split. ``sha256`` is that of the four raw arrays that were used (after ``limit``,
    before scaling).
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

    @property
    def chance(self) -> float:
        """The share of the most frequent class among the training inputs."""
        import numpy as np

        return float(np.bincount(self.y_train).max() / len(self.y_train))

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one input."""
        return tuple(self.x_train.shape[1:])


def describe(name: str) -> Source:
    """The named source, or a source for a person's own ``file.npz``. Raises UserError for an unknown name."""
    check_printable(name)
    if not name.endswith(".npz"):
        return DATASETS[name]

    def read(_: Path | None) -> Arrays:
        return npz.read_npz(place_of(name))

    # The model depends on what is in the file, so it is chosen when the file has been read: see default_model.
    return Source(name, read, epochs=10, model="", thresholds=(0.9, 0.95, 0.98))


def default_model(source: Source, input_shape: tuple[int, ...]) -> str:
    """The source's own default, or for a person's file: ``cnn`` for images that are large enough, else an MLP."""
    from actbench.models import MODELS

    images = len(input_shape) == 3 and min(input_shape[:2]) >= MODELS["cnn"].smallest_side  # noqa: PLR2004
    return source.model or ("cnn" if images else "mlp(100, 50)")


@dataclass(frozen=True)
class Request:
    """Which data, and which part of it. Runs that ask for the same share what was loaded.

    Attributes:
        name: a registered name or the path of a ``.npz`` file.
        data_dir: a folder to look for ``NAME.npz`` in first.
        limit: keep at most this many training and at most this many test inputs, balanced over the classes.
        validation_split: the last fraction of the training part is kept for validation, as Keras does.
        dtype: the floating type of the inputs.
        max_memory: GiB that a file's data may take; None: half of what is free.
    """

    name: str
    data_dir: str | None = None
    limit: int | None = None
    validation_split: float = 0.0
    dtype: str = "float32"
    max_memory: float | None = None

    @property
    def label(self) -> str:
        """The part of the data set, in words: ``mnist``, ``mnist (limit 500, validation split 0.1)``."""
        parts = [f"limit {self.limit}"] if self.limit is not None else []
        parts += [f"validation split {self.validation_split:g}"] if self.validation_split else []
        return f"{self.name} ({', '.join(parts)})" if parts else self.name


@dataclass(frozen=True)
class DatasetInfo:
    """What a plan needs to know of a data set: everything but the data."""

    sha256: str
    classes: int
    input_shape: tuple[int, ...]
    train_size: int
    val_size: int
    test_size: int


def info(request: Request) -> DatasetInfo:
    """Read, check, cut and hash a data set, and keep only what it is. Raises UserError as ``load`` does."""
    raw, classes, split = _prepared(request)
    return DatasetInfo(
        sha256=_sha256(raw),
        classes=classes,
        input_shape=tuple(raw["x_train"].shape[1:]),
        train_size=split,
        val_size=len(raw["x_train"]) - split,
        test_size=len(raw["x_test"]),
    )


def load(request: Request) -> Dataset:
    """Read, check, cut, hash, split and scale a data set.

    Raises:
        UserError: the data is missing, unreadable or not fit for training; the message says which array and why.
    """
    raw, classes, split = _prepared(request)
    x_train, y_train, x_test, y_test = (raw[key] for key in NAMES)
    scale = _scaling(x_train[:split], request.dtype)
    return Dataset(
        name=request.name,
        x_train=scale(x_train[:split]),
        y_train=y_train[:split],
        x_val=scale(x_train[split:]),
        y_val=y_train[split:],
        x_test=scale(x_test),
        y_test=y_test,
        classes=classes,
        sha256=_sha256(raw),
    )


def _prepared(request: Request) -> tuple[dict[str, Array], int, int]:
    """The raw arrays that are to be used, the number of classes, and where the training part ends."""
    name = request.name
    data_dir = Path(request.data_dir) if request.data_dir else None
    with npz.at_most(request.max_memory):
        raw = _checked(name, describe(name).read(data_dir))
    classes = int(raw["y_train"].max()) + 1
    if request.limit is not None:
        raw = _cut(name, raw, request.limit, classes)
    split = int(len(raw["x_train"]) * (1.0 - request.validation_split))
    _check_split(name, raw["y_train"], split, classes, request.validation_split)
    _check_range(name, raw, split, request.dtype)
    return raw, classes, split


def _checked(name: str, arrays: Arrays) -> dict[str, Array]:
    """Return the arrays in canonical shape: grey images get a channel axis, labels are flat int32. Raises UserError."""
    missing = [key for key in NAMES if key not in arrays]
    if missing:
        raise UserError(f"The data {name!r} has no array {missing[0]!r}; it needs {', '.join(NAMES)}.")
    raw = {
        key: _inputs(name, key, arrays[key]) if key.startswith("x") else _labels(name, key, arrays[key])
        for key in NAMES
    }
    for part in ("train", "test"):
        inputs, labels = raw[f"x_{part}"], raw[f"y_{part}"]
        if len(inputs) != len(labels):
            raise UserError(
                f"The data {name!r} has {len(inputs)} inputs in x_{part}, but {len(labels)} labels in y_{part}."
            )
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
    _check_classes(name, raw["y_train"], raw["y_test"])
    return raw


def _inputs(name: str, key: str, x: Array) -> Array:
    import numpy as np

    if x.dtype.kind not in "buif":
        raise UserError(f"The array {key} of {name!r} holds {x.dtype}, not numbers.")
    if x.ndim not in (2, 3, 4):
        raise UserError(
            f"The array {key} of {name!r} has shape {x.shape}; it must be (n, features), (n, height, width) or "
            "(n, height, width, channels)."
        )
    if x.size == 0:
        raise UserError(f"The array {key} of {name!r} is empty (shape {x.shape}).")
    if x.dtype.kind == "f" and not np.isfinite(x).all():
        raise UserError(f"The array {key} of {name!r} holds NaN or infinite values. Remove or fill them first.")
    return x[..., np.newaxis] if x.ndim == 3 else x  # noqa: PLR2004 - n, height, width


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


def _cut(name: str, raw: dict[str, Array], limit: int, classes: int) -> dict[str, Array]:
    """Keep at most ``limit`` inputs of each part: a seeded shuffle, then the classes in turn."""
    import numpy as np

    if limit < classes:
        raise UserError(
            f"A limit of {limit} is too small: the data {name!r} has {classes} classes, and each needs an input."
        )
    cut = dict(raw)
    for part in ("train", "test"):
        labels = raw[f"y_{part}"]
        order = np.random.RandomState(CUT_SEED).permutation(len(labels))
        by_class = np.argsort(labels[order], kind="stable")
        sizes = np.bincount(labels, minlength=classes)
        turn = np.empty(len(order), dtype=np.int64)
        turn[by_class] = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        kept = order[np.sort(np.argsort(turn, kind="stable")[:limit])]
        cut[f"x_{part}"], cut[f"y_{part}"] = raw[f"x_{part}"][kept], labels[kept]
    return cut


def _check_split(name: str, y_train: Array, split: int, classes: int, validation_split: float) -> None:
    import numpy as np

    if split == len(y_train) and validation_split:
        raise UserError(
            f"A validation split of {validation_split} of {len(y_train)} training inputs leaves none for validation."
        )
    present = np.unique(y_train[:split])
    if len(present) < classes:
        absent = np.setdiff1d(np.arange(classes), present)
        raise UserError(
            f"A validation split of {validation_split} keeps the last {len(y_train) - split} of {len(y_train)} "
            f"training inputs of {name!r}, and class {absent[0]} is then missing from training. Take a smaller split, "
            "or shuffle the file."
        )


def _scaling(x_train: Array, dtype: str) -> Callable[[Array], Array]:
    """Bytes by 1/255, other images from the training part's least and greatest value, features to mean 0 and sd 1."""
    import numpy as np

    if x_train.dtype == np.uint8:
        levels = (np.arange(256) / 255.0).astype(dtype)
        return lambda x: levels[x]
    if x_train.ndim > 2:  # noqa: PLR2004 - images
        low, high = float(x_train.min()), float(x_train.max())
        shift, width = np.asarray(low), np.asarray((high - low) or 1.0)
    else:
        shift, width = x_train.mean(axis=0, dtype=np.float64), x_train.std(axis=0, dtype=np.float64)
        width = np.where(width > 0, width, 1.0)
    width = np.where(np.isfinite(width), width, np.nan)  # a spread beyond all floats would make zeros of numbers
    return lambda x: ((x - shift) / width).astype(dtype)


def _check_range(name: str, raw: Arrays, split: int, dtype: str) -> None:
    """Raise UserError for numbers that are no longer finite once they are scaled."""
    import numpy as np

    x_train = raw["x_train"]
    if x_train.dtype == np.uint8:
        return
    with np.errstate(all="ignore"):
        scale = _scaling(x_train[:split], dtype)
        for key in ("x_train", "x_test"):
            # Scaling keeps the order, so that the least and the greatest tell for all.
            axes = 0 if raw[key].ndim == 2 else None  # noqa: PLR2004 - features have a scale each
            ends = np.stack([raw[key].min(axis=axes), raw[key].max(axis=axes)])
            if not np.isfinite(scale(ends)).all():
                raise UserError(
                    f"The numbers in {key} of {name!r}, {ends.min():.3g} to {ends.max():.3g}, cannot be scaled within "
                    f"{dtype}. Scale them to a common range, for instance 0 to 1, first."
                )


def _sha256(raw: Arrays) -> str:
    import numpy as np

    digest = hashlib.sha256()
    for key in NAMES:
        array = np.ascontiguousarray(raw[key])
        digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()
