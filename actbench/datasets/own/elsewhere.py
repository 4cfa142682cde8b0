"""Names in collections that others keep: OpenML, Hugging Face, TensorFlow Datasets. Their libraries fetch and cache."""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from actbench.datasets._arrays import CLASSES, FEATURES, Array, Arrays
from actbench.datasets.fetching.offline import offline
from actbench.datasets.memory import BYTES_WHEN_SCALED, check_memory
from actbench.datasets.own import own_data
from actbench.datasets.own._pixels import common_format, look, opened, pixels
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
    features, names = features_of(place, found.data, impute=request.impute)
    return {"x_train": features, "y_train": labels, CLASSES: classes, FEATURES: names}


@own_data("hf:NAME", prefix="hf", obeys=("target", "impute", "image_size", "test_split"), is_file=False)
def hugging_face(
    request: Request,
    place: str,
    *,
    config: Annotated[str, Meta(description="of a data set that has several")] = "",
) -> Arrays:
    """Images or a table at Hugging Face, split into train and test; --target, or the one column of classes.

    Needs the extra hf.
    """
    import numpy as np

    name = f"hf:{place}"
    if offline():
        os.environ["HF_HUB_OFFLINE"] = "1"  # read when the library is imported: it then keeps to its cache
    library = _library("datasets", "hf")
    with _told(name):
        found = library.load_dataset(place, config or None)
    parts = {part: found[part] for part in ("train", "test") if part in found}
    if "train" not in parts:
        raise UserError(f"{name!r} has no split that is called train.")
    features = parts["train"].features
    kinds = {column: type(kind).__name__ for column, kind in features.items()}
    target = request.target or next(iter(_only(kinds, "ClassLabel")), None)
    if target is None or target not in features:
        asked = f"has no column {target!r}" if target else "does not say which column holds the classes. Give --target"
        raise UserError(f"{name!r} {asked}; it has {', '.join(features)}.")
    check_memory(name, sum(part.dataset_size or 0 for part in parts.values()) * (1 + BYTES_WHEN_SCALED))
    with _told(name):
        pictures = _only(kinds, "Image")
        names = None
        if pictures:
            # Its own decoder reads more formats than are safe to read.
            raw = {part: found.cast_column(pictures[0], library.Image(decode=False)) for part, found in parts.items()}
            read = _pictures(name, raw, pictures[0], request)
        else:
            read, names = _features(name, parts, target, request)
        labels, classes = _classes(name, parts, target)
    ends = list(itertools.accumulate(len(part) for part in parts.values()))[:-1]
    arrays: dict[str, Array] = {CLASSES: classes} | ({FEATURES: names} if names is not None else {})
    for axis, whole in (("x", read), ("y", labels)):
        arrays |= {f"{axis}_{part}": cut for part, cut in zip(parts, np.split(whole, ends), strict=True)}
    return arrays


def _only(kinds: Mapping[str, str], kind: str) -> list[str]:
    """The column of a kind, if there is just one."""
    found = [column for column, its in kinds.items() if its == kind]
    return found if len(found) == 1 else []


def _classes(name: str, parts: Mapping[str, Any], target: str) -> tuple[Array, Array]:
    """The labels of all parts one after the other, and the names of the classes."""
    import numpy as np
    import pandas as pd

    labels, classes = classes_of(name, target, pd.concat([part.to_pandas()[target] for part in parts.values()]))
    names = getattr(parts["train"].features[target], "names", None)
    return labels, np.array(names) if names and len(names) == len(classes) else classes


def _features(name: str, parts: Mapping[str, Any], target: str, request: Request) -> tuple[Array, Array]:
    import pandas as pd

    frame = pd.concat([part.to_pandas() for part in parts.values()], ignore_index=True)
    return features_of(name, frame.drop(columns=target), impute=request.impute)


def _pictures(name: str, parts: Mapping[str, Any], column: str, request: Request) -> Array:
    import numpy as np

    stored = [image for part in parts.values() for image in part[column]]
    images = [opened(io.BytesIO(image["bytes"]) if image["bytes"] else image["path"]) for image in stored]
    size, grey = common_format(name, [look(image) for image in images], request.image_size)
    return np.array([pixels(image, size, grey=grey) for image in images])


@own_data("tfds:NAME", prefix="tfds", obeys=("test_split",), is_file=False)
def tensorflow_datasets(request: Request, place: str) -> Arrays:  # noqa: ARG001 - a reader's signature
    """A data set of TensorFlow Datasets that has inputs and labels; the extra tfds. Splits train and test."""
    name = f"tfds:{place}"
    library = _library("tensorflow_datasets", "tfds")
    with _told(name):
        builder = library.builder(place)
        if not offline():
            builder.download_and_prepare()
        parts = [part for part in ("train", "test") if part in builder.info.splits]
        if "train" not in parts:
            where = " on this machine, and --offline keeps to it" if offline() else ""
            raise UserError(f"{name!r} has no split that is called train{where}.")
        check_memory(name, builder.info.dataset_size * (1 + BYTES_WHEN_SCALED))
        read = [library.as_numpy(builder.as_dataset(split=part, batch_size=-1, as_supervised=True)) for part in parts]
    return {
        f"{axis}_{part}": value
        for part, pair in zip(parts, read, strict=True)
        for axis, value in zip("xy", pair, strict=True)
    }


def _library(name: str, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        lacking = getattr(error, "name", None) or name
        raise UserError(
            f"That needs {lacking!r}, which is not installed: install actbench with the extra {extra}."
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
