"""Folders of images, a folder a class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actbench.custom import place_of
from actbench.datasets._arrays import CLASSES, Array, Arrays
from actbench.datasets.memory import BYTES_WHEN_SCALED, check_memory
from actbench.datasets.own import own_data
from actbench.datasets.own._pixels import Size, common_format, look, opened, pixels
from actbench.datasets.request import Request
from actbench.errors import UserError
from actbench.results.files import check_readable

SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff")
OTHER_IMAGES = (".heic", ".heif", ".avif", ".svg", ".jxl", ".psd", ".raw", ".dng", ".jp2")
"""What is not read, and would be missed."""
SHUFFLE_SEED = 0
"""The inputs of a folder are shuffled once, so that the last of them are of all classes."""


@own_data("FOLDER/", obeys=("image_size", "test_split"))
def images(request: Request, place: str) -> Arrays:
    """A folder with a folder of images for each class, or with train/ and test/ that hold such.

    All images are read in grey if none has colours; --image-size resizes them, and is needed where sizes differ.
    """
    root = place_of(place)
    if not os.path.isdir(root):  # noqa: PTH112 - which says so of a name that can be no path, too
        raise UserError(f"There is no folder {place!r}.")
    parts = {"train": root / "train", "test": root / "test"} if (root / "train").is_dir() else {"train": root}
    if "test" in parts:
        others = [path.name for path in _visible(root) if path.is_dir() and path.name not in parts]
        if others:
            raise UserError(
                f"The folder {place!r} has {others[0]!r} beside train/, and only test/ would be read. Move what is in "
                "it into train/ (--validation-split keeps a part of that for validation), or take it away."
            )
        if not parts["test"].is_dir():
            del parts["test"]
    classes = sorted(folder.name for folder in _visible(parts["train"]) if folder.is_dir())
    if len(classes) < 2:  # noqa: PLR2004 - one class is nothing to learn
        raise UserError(
            f"The folder {str(parts['train'])!r} has {len(classes)} folders in it; it takes one for each class, at "
            "least two, with the images of that class: cats/1.png, dogs/1.png."
        )
    files = {part: list(_labelled(folder, classes)) for part, folder in parts.items()}
    seen = [_looked(path) for found in files.values() for path, _ in found]
    size, grey = common_format(place, seen, request.image_size)
    channels = 1 if grey else 3
    count = sum(map(len, files.values()))
    check_memory(place, count * size[0] * size[1] * channels * (1 + BYTES_WHEN_SCALED))
    arrays: dict[str, Array] = {}
    for part, found in files.items():
        arrays[f"x_{part}"], arrays[f"y_{part}"] = _arrays(found, size, grey=grey)
    import numpy as np

    return arrays | {CLASSES: np.array(classes)}


def _visible(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UserError(f"Cannot read the folder {str(folder)!r}: {error.strerror}.") from None


def _labelled(folder: Path, classes: list[str]) -> Iterator[tuple[Path, int]]:
    """The images below the folders of the classes, with the numbers of these."""
    unknown = [path.name for path in _visible(folder) if path.is_dir() and path.name not in classes]
    if unknown:
        raise UserError(f"The folder {str(folder)!r} has {unknown[0]!r}, which is no class of the training part.")
    for label, name in enumerate(classes):
        there = _visible(folder / name) if (folder / name).is_dir() else []
        found = [path for path in there if path.suffix.lower() in SUFFIXES]
        missed = [path for path in there if path.is_dir() or path.suffix.lower() in OTHER_IMAGES]
        if missed:
            what = (
                "is a folder; images lie directly in the folder of their class" if missed[0].is_dir() else "is not read"
            )
            raise UserError(f"{str(missed[0])!r} {what} ({', '.join(SUFFIXES)}). Move it, or save it as one of these.")
        if not found and folder.name != "test":
            raise UserError(f"The folder {str(folder / name)!r} holds no image ({', '.join(SUFFIXES)}).")
        for path in found:
            check_readable(path)
            yield path, label


def _image(path: Path) -> Any:
    """The image, its pixels not read yet. Raises UserError."""
    try:
        return opened(path)
    except Exception as error:  # noqa: BLE001 - whatever a decoder makes of damaged bytes
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(
        f"Cannot read the image {str(path)!r}: {type(error).__name__}: {error}. Remove it, or save it anew."
    )


def _arrays(found: list[tuple[Path, int]], size: Size, *, grey: bool) -> tuple[Array, Array]:
    import numpy as np

    order = np.random.RandomState(SHUFFLE_SEED).permutation(len(found))
    x = np.empty((len(found), *size, 1 if grey else 3), dtype=np.uint8)
    for place, index in enumerate(order):
        x[place] = _pixels(found[index][0], size, grey=grey)
    return x, np.array([found[index][1] for index in order], dtype=np.int32)


def _looked(path: Path) -> tuple[Size, str]:
    with _image(path) as image:
        try:
            return look(image)
        except Exception as error:  # noqa: BLE001 - as above
            raise _unreadable(path, error) from None


def _pixels(path: Path, size: Size, *, grey: bool) -> Array:
    with _image(path) as image:
        try:
            return pixels(image, size, grey=grey)
        except Exception as error:  # noqa: BLE001 - as above
            raise _unreadable(path, error) from None
