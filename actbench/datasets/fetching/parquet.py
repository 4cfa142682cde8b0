"""Parquet files as Hugging Face keeps data sets in: images and labels, a file or several for each part."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actbench.datasets._arrays import Array, Arrays
from actbench.datasets.memory import BYTES_WHEN_SCALED, check_memory
from actbench.datasets.own._pixels import common_format, look, opened, pixels
from actbench.errors import UserError

SUFFIX = ".parquet"
LABELS = ("label", "fine_label", "labels", "y")
"""What the column of the classes is called; CIFAR-100 has a coarse one, too."""


def read_parquet(paths: Sequence[Path]) -> Arrays:
    """The four arrays of files that have ``train`` or ``test`` in their names, in the order of these.

    What is in them is no proof of what they are: whoever calls holds the arrays' hash against a known one.

    Raises:
        ValueError: they hold no images with labels, or a part is missing; says which.
        UserError: the library that reads them is not installed, or they would take more memory than they may.
    """
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise UserError(
            "Reading Parquet needs 'pyarrow', which is not installed: install actbench with the extra hf."
        ) from error
    arrays: dict[str, Array] = {}
    for part in ("train", "test"):
        files = sorted(path for path in paths if part in path.name)
        if not files:
            raise ValueError(f"there is no file with {part} in its name")
        try:
            columns = [parquet.ParquetFile(path) for path in files]
            arrays[f"x_{part}"], arrays[f"y_{part}"] = _part(columns, files)
        except UserError:
            raise
        except Exception as error:  # whatever its decoders make of damaged bytes
            raise ValueError(f"{files[0].name}: {str(error) or type(error).__name__}") from error
    return arrays


def _part(files: Sequence[Any], paths: Sequence[Path]) -> tuple[Array, Array]:
    import numpy as np

    names = files[0].schema_arrow.names
    label = next((name for name in LABELS if name in names), None)
    images = [field.name for field in files[0].schema_arrow if _holds_images(field.type)]
    if label is None or not images:
        raise ValueError("no column of images beside one of labels")
    stored = sum(
        file.metadata.row_group(group).total_byte_size for file in files for group in range(file.num_row_groups)
    )
    check_memory(str(paths[0]), stored)
    x, y = [], []
    for file in files:
        table = file.read(columns=[images[0], label])
        y.append(table[label].to_numpy())
        for cell in table[images[0]]:
            value = cell.as_py()
            x.append(opened(io.BytesIO(value["bytes"] if isinstance(value, dict) else value)))
    size, grey = common_format(str(paths[0]), [look(image) for image in x], None)
    check_memory(str(paths[0]), len(x) * size[0] * size[1] * (1 if grey else 3) * (1 + BYTES_WHEN_SCALED))
    return np.array([pixels(image, size, grey=grey) for image in x]), np.concatenate(y)


def _holds_images(kind: Any) -> bool:
    types = importlib.import_module("pyarrow.types")
    if types.is_struct(kind):
        return any(field.name == "bytes" for field in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))
