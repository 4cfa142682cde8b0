"""Folders of images, a folder a class."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from actbench.custom import place_of
from actbench.datasets._arrays import CLASSES, Array, Arrays
from actbench.datasets.memory import BYTES_WHEN_SCALED, check_memory
from actbench.datasets.own import own_data
from actbench.datasets.request import Request
from actbench.errors import UserError
from actbench.results.files import check_readable

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
GREY = frozenset({"1", "L", "I;16", "I", "F"})
"""Pillow's modes of one channel. (A palette may hold colours.)"""
SHUFFLE_SEED = 0
"""The inputs of a folder are shuffled once, so that the last of them are of all classes."""
LARGEST_SIDE = 4096
ORIENTATION, TURNED = 0x0112, {5, 6, 7, 8}
"""The EXIF tag that says how a camera was held, and its values for a quarter turn."""


@own_data("FOLDER/", obeys=("image_size", "test_split"))
def images(request: Request, place: str) -> Arrays:
    """A folder with a folder of images for each class, or with train/ and test/ that hold such.

    All images are read in grey if none has colours; --image-size resizes them, and is needed where sizes differ.
    """
    root = place_of(place)
    if not root.is_dir():
        raise UserError(f"There is no folder {place!r}.")
    parts = {"train": root / "train", "test": root / "test"} if (root / "train").is_dir() else {"train": root}
    if "test" in parts and not parts["test"].is_dir():
        del parts["test"]
    classes = sorted(folder.name for folder in _visible(parts["train"]) if folder.is_dir())
    if len(classes) < 2:  # noqa: PLR2004 - one class is nothing to learn
        raise UserError(
            f"The folder {str(parts['train'])!r} has {len(classes)} folders in it; it takes one for each class, at "
            "least two, with the images of that class: cats/1.png, dogs/1.png."
        )
    files = {part: list(_labelled(folder, classes)) for part, folder in parts.items()}
    size, grey = _format(place, [path for found in files.values() for path, _ in found], request.image_size)
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
        found = (
            [path for path in _visible(folder / name) if path.suffix.lower() in SUFFIXES]
            if (folder / name).is_dir()
            else []
        )
        if not found and folder.name != "test":
            raise UserError(f"The folder {str(folder / name)!r} holds no image ({', '.join(SUFFIXES)}).")
        for path in found:
            check_readable(path)
            yield path, label


def _format(place: str, paths: list[Path], asked: str | None) -> tuple[tuple[int, int], bool]:
    """Height and width of all images, and whether they are grey: told by their headers."""
    found = [_opened(path) for path in paths]
    grey = all(mode in GREY for _, mode in found)
    if asked is not None:
        return _size(asked), grey
    sizes = {size for size, _ in found}
    if len(sizes) > 1:
        low, high = min(sizes), max(sizes)
        raise UserError(
            f"The images in {place!r} differ in size, like {low[1]}×{low[0]} and {high[1]}×{high[0]} pixels. Give "
            "--image-size, for instance 32."
        )
    (size,) = sizes
    return size, grey


def _size(asked: str) -> tuple[int, int]:
    height, _, width = asked.lower().partition("x")
    sides = [int(side) if side.isascii() and side.isdigit() else 0 for side in (height, width or height)]
    if not all(0 < side <= LARGEST_SIDE for side in sides):
        raise UserError(
            f"--image-size {asked!r} is no size: give 32, or 32x48 for a height of 32 and a width of 48 pixels."
        )
    return sides[0], sides[1]


def _opened(path: Path) -> tuple[tuple[int, int], str]:
    """Height, width and mode, going by the header."""
    with _image(path) as image:
        try:
            turned = image.getexif().get(ORIENTATION) in TURNED
        except Exception as error:  # noqa: BLE001 - as below
            raise _unreadable(path, error) from None
        return (image.width, image.height) if turned else (image.height, image.width), image.mode


def _image(path: Path) -> Any:
    """The image, its pixels not read yet. Raises UserError."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(path)
    except Exception as error:  # noqa: BLE001 - whatever a decoder makes of damaged bytes
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> UserError:
    return UserError(
        f"Cannot read the image {str(path)!r}: {type(error).__name__}: {error}. Remove it, or save it anew."
    )


def _arrays(found: list[tuple[Path, int]], size: tuple[int, int], *, grey: bool) -> tuple[Array, Array]:
    import numpy as np

    order = np.random.RandomState(SHUFFLE_SEED).permutation(len(found))
    x = np.empty((len(found), *size, 1 if grey else 3), dtype=np.uint8)
    for place, index in enumerate(order):
        x[place] = _pixels(found[index][0], size, grey=grey)
    return x, np.array([found[index][1] for index in order], dtype=np.int32)


def _pixels(path: Path, size: tuple[int, int], *, grey: bool) -> Array:
    import numpy as np
    from PIL import Image, ImageOps

    try:
        with _image(path) as image:
            upright = ImageOps.exif_transpose(image)
            if upright.mode in {"I;16", "I", "F"}:
                upright = _eight_bits(upright)
            upright = upright.convert("L" if grey else "RGB")
            if upright.size != size[::-1]:
                upright = upright.resize(size[::-1], Image.Resampling.BICUBIC)
            return np.asarray(upright, dtype=np.uint8).reshape(*size, -1)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise _unreadable(path, error) from None


def _eight_bits(image: Any) -> Any:
    """16 bits a pixel as 8: Pillow's own conversion would cut what is above 255."""
    import numpy as np
    from PIL import Image

    return Image.fromarray((np.clip(np.asarray(image, dtype=np.float64), 0, 65535) / 257).round().astype(np.uint8))
