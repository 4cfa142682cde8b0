"""Images of one size and one kind: pixels as bytes, whatever the files hold."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

from actbench.datasets._arrays import Array
from actbench.errors import UserError

DEEP = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})
"""Pillow's modes of whole numbers of more than 8 bits."""
GREY = frozenset({"1", "L", "LA", "La", *DEEP})
"""Its modes of grey. (A palette may hold colours.)"""
DEEPEST = 65535
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
"""What is read, by Pillow's names, whatever a file is called. It knows more, some of which run programs."""
LARGEST_SIDE = 4096
ORIENTATION, TURNED = 0x0112, {5, 6, 7, 8}
"""The EXIF tag that says how a camera was held, and its values for a quarter turn."""
Size: TypeAlias = tuple[int, int]
"""Height and width."""


def opened(source: Any) -> Any:
    """A Pillow image, its pixels not read yet, of a path or a stream of bytes. Raises what its decoder raises."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return Image.open(source, formats=FORMATS)


def look(image: Any) -> tuple[Size, str]:
    """Height, width and mode of a Pillow image that is set upright, by its header. Raises what its decoder raises."""
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers, of which nobody says what is white; save 8 or 16 bits")
    turned = image.getexif().get(ORIENTATION) in TURNED
    return (image.width, image.height) if turned else (image.height, image.width), image.mode


def common_format(name: str, seen: Sequence[tuple[Size, str]], asked: str | None) -> tuple[Size, bool]:
    """The size that images are brought to, and whether they are all grey.

    Args:
        name: of the data, for messages.
        seen: of each image what `look` tells.
        asked: ``32`` or ``32x48``, or None for the size that they all have.

    Raises:
        UserError: it is no size, or none was asked for and theirs differ.
    """
    grey = all(mode in GREY for _, mode in seen)
    if asked is not None:
        return _size(asked), grey
    sizes = {size for size, _ in seen}
    if len(sizes) > 1:
        low, high = min(sizes), max(sizes)
        raise UserError(
            f"The images in {name!r} differ in size, like {low[1]}×{low[0]} and {high[1]}×{high[0]} pixels. Give "
            "--image-size, for instance 32."
        )
    (size,) = sizes
    return size, grey


def _size(asked: str) -> Size:
    height, _, width = asked.lower().partition("x")
    sides = [int(side) if side.isascii() and side.isdigit() else 0 for side in (height, width or height)]
    if not all(0 < side <= LARGEST_SIDE for side in sides):
        raise UserError(
            f"--image-size {asked!r} is no size: give 32, or 32x48 for a height of 32 and a width of 48 pixels."
        )
    return sides[0], sides[1]


def pixels(image: Any, size: Size, *, grey: bool) -> Array:
    """A Pillow image, upright and resized, as bytes, shape (height, width, 1 or 3). Raises what its decoder raises."""
    import numpy as np
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode in DEEP:
        upright = _eight_bits(upright)
    if upright.has_transparency_data:  # what lies beneath is nothing that anybody sees
        seen = upright.convert("RGBA")
        upright = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen)
    upright = upright.convert("L" if grey else "RGB")
    if upright.size != size[::-1]:
        upright = upright.resize(size[::-1], Image.Resampling.BICUBIC)
    return np.asarray(upright, dtype=np.uint8).reshape(*size, -1)


def _eight_bits(image: Any) -> Any:
    """16 bits a pixel as 8: Pillow's own conversion would cut what is above 255."""
    import numpy as np
    from PIL import Image

    deep = np.asarray(image).astype(np.int64)
    if deep.min() < 0 or deep.max() > DEEPEST:
        raise ValueError(f"its pixels go from {deep.min()} to {deep.max()}, beyond 16 bits")
    return Image.fromarray((deep / 257).round().astype(np.uint8))
