"""Names in collections that others keep: OpenML, Hugging Face, TensorFlow Datasets. Their libraries fetch and cache."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from actbench.datasets._arrays import CLASSES, Array, Arrays
from actbench.datasets.fetching.offline import offline
from actbench.datasets.memory import BYTES_WHEN_SCALED, check_memory
from actbench.datasets.own import own_data
from actbench.datasets.own.table import classes_of, features_of
from actbench.datasets.request import Request
from actbench.errors import UserError


@own_data("openml:NAME", prefix="openml", obeys=("target", "impute", "test_split"), is_file=False)
def openml(
    request: Request,
    place: str,
    *,
    version: Annotated[int, Meta(ge=1, description="of the data set at OpenML")] = 1,
) -> Arrays:
    """A table of OpenML by its name there, fetched by scikit-learn; --target names another column than OpenML's own."""
    from sklearn.datasets import fetch_openml

    if offline():
        raise UserError(
            f"'openml:{place}' comes from openml.org, and --offline keeps to this machine. Save it as a CSV file."
        )
    chosen = {"target_column": request.target} if request.target is not None else {}
    with _told(f"openml:{place}"):
        found = fetch_openml(place, version=version, as_frame=True, parser="auto", **chosen)
    if found.target is None or getattr(found.target, "ndim", 1) != 1:
        raise UserError(f"'openml:{place}' names no single column as its target. Give --target.")
    labels, classes = classes_of(place, str(found.target.name), found.target)
    return {"x_train": features_of(place, found.data, impute=request.impute), "y_train": labels, CLASSES: classes}


@own_data("hf:NAME", prefix="hf", obeys=("target", "impute", "test_split"), is_file=False)
def hugging_face(
    request: Request,
    place: str,
    *,
    config: Annotated[str, Meta(description="of a data set that has several")] = "",
) -> Arrays:
    """Images or a table at Hugging Face, split into train and test; --target, or the one column of classes.

    Needs the extra hf.
    """
    if offline():
        os.environ["HF_HUB_OFFLINE"] = "1"  # read when the library is imported: it then keeps to its cache
    library = _library("datasets", "hf")
    with _told(f"hf:{place}"):
        parts = library.load_dataset(place, config or None)
    parts = {name: parts[name] for name in ("train", "test") if name in parts}
    if "train" not in parts:
        raise UserError(f"'hf:{place}' has no split that is called train.")
    features = parts["train"].features
    labels = [name for name, kind in features.items() if type(kind).__name__ == "ClassLabel"]
    if request.target is None and len(labels) != 1:
        raise UserError(f"Which column of 'hf:{place}' holds the classes? Give --target; it has {', '.join(features)}.")
    target = request.target or labels[0]
    if target not in features:
        raise UserError(f"'hf:{place}' has no column {target!r}; it has {', '.join(features)}.")
    pictures = [name for name, kind in features.items() if type(kind).__name__ == "Image"]
    check_memory(place, sum(part.dataset_size or 0 for part in parts.values()) * (1 + BYTES_WHEN_SCALED))
    arrays: dict[str, Array] = {}
    with _told(f"hf:{place}"):
        frames = {
            name: part.select_columns([target, *pictures] if pictures else list(features))
            for name, part in parts.items()
        }
        values = {name: frame.with_format("numpy")[:] for name, frame in frames.items()}
    arrays |= _tables(place, target, pictures, values, request)
    return arrays


def _tables(
    place: str, target: str, pictures: list[str], parts: Mapping[str, Mapping[str, Any]], request: Request
) -> dict[str, Array]:
    """Columns by split, as arrays. The categories of words are those of all splits together."""
    import numpy as np
    import pandas as pd

    sizes = {name: len(columns[target]) for name, columns in parts.items()}
    whole = {key: np.concatenate([columns[key] for columns in parts.values()]) for key in parts["train"]}
    labels, classes = classes_of(place, target, pd.Series(whole.pop(target)))
    if pictures:
        x = np.stack(list(whole[pictures[0]]))
    else:
        x = features_of(place, pd.DataFrame(whole), impute=request.impute)
    arrays: dict[str, Array] = {CLASSES: classes}
    start = 0
    for name, size in sizes.items():
        arrays[f"x_{name}"], arrays[f"y_{name}"] = x[start : start + size], labels[start : start + size]
        start += size
    return arrays


@own_data("tfds:NAME", prefix="tfds", obeys=("test_split",), is_file=False)
def tensorflow_datasets(request: Request, place: str) -> Arrays:  # noqa: ARG001 - a reader's signature
    """A data set of TensorFlow Datasets that has inputs and labels; the extra tfds. Splits train and test."""
    library = _library("tensorflow_datasets", "tfds")
    with _told(f"tfds:{place}"):
        builder = library.builder(place)
        check_memory(place, builder.info.dataset_size * (1 + BYTES_WHEN_SCALED))
        parts = [name for name in ("train", "test") if name in builder.info.splits]
        if not offline():
            builder.download_and_prepare()
        read = [library.as_numpy(builder.as_dataset(split=name, batch_size=-1, as_supervised=True)) for name in parts]
    return {
        f"{axis}_{name}": value
        for name, pair in zip(parts, read, strict=True)
        for axis, value in zip("xy", pair, strict=True)
    }


def _library(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            f"That needs {name!r}, which is not installed: install actbench with the extra {extra}."
        ) from error


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """What a collection's library raises, as a sentence."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UserError(f"Cannot get {name!r}: {reason}") from error
