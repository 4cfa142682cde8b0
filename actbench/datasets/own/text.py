"""Texts: which character comes next."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from actbench.custom import place_of
from actbench.datasets._arrays import CLASSES, CUT_APART, Array, Arrays
from actbench.datasets.memory import BYTES_WHEN_SCALED, check_memory
from actbench.datasets.own import own_data
from actbench.datasets.request import TEST_SHARE, Request
from actbench.errors import UserError
from actbench.results.files import check_readable

MOST_INPUTS = 100_000
"""Of each part; a longer text gives every second place, or every third …"""
LEAST_COUNT = 10
"""Of a character among the training part's answers; a rarer one is no class of its own."""


@own_data("text:FILE", prefix="text", obeys=("test_split",))
def text(
    request: Request,
    place: str,
    *,
    block: Annotated[int, Meta(ge=1, le=64, description="characters that are seen")] = 8,
) -> Arrays:
    """A text in UTF-8: which character comes next after a block of them; its last part is the test part.

    Inputs are true where a character stands at a place of the block, shape (n, block · characters). Characters that are
    too rare to be learned are one class together, and no input.
    """
    import numpy as np

    path = place_of(place)
    check_readable(path)
    try:
        check_memory(place, path.stat().st_size * 5)  # a number of four bytes a character
        written = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"There is no text {place!r}.") from None
    except UnicodeDecodeError as error:
        raise UserError(f"Cannot read {place!r}: it is not UTF-8 ({error.reason}). Save it as UTF-8.") from None
    except OSError as error:
        raise UserError(f"Cannot read {place!r}: {error.strerror}.") from None
    codes = np.frombuffer(written.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    share = TEST_SHARE if request.test_split is None else request.test_split
    first = int(len(codes) * (1 - share))
    train, test = (_windows(part, block) for part in (codes[:first], codes[first:]))
    known = _classes(train[:, -1])
    if len(known) < 2 or not len(test):  # noqa: PLR2004 - one class is nothing to learn
        raise UserError(
            f"The text {place!r} is too short: of {len(codes)} characters, {len(known)} occur {LEAST_COUNT} times in "
            "its training part. Take a longer one."
        )
    check_memory(place, (len(train) + len(test)) * block * len(known) * (1 + BYTES_WHEN_SCALED))
    arrays = {CUT_APART: np.array(1)}
    rare = bool((_numbers(train[:, -1], known) == len(known)).any())
    arrays[CLASSES] = np.array([*map(chr, known), *(["other"] if rare else [])])
    for part, windows in (("train", train), ("test", test)):
        labels = _numbers(windows[:, -1], known)
        kept = (labels < len(known)) | rare  # what is rare in the test part alone has no class
        seen = _numbers(windows[kept, :-1], known)
        arrays[f"x_{part}"] = (seen[..., np.newaxis] == np.arange(len(known))).reshape(len(seen), -1)
        arrays[f"y_{part}"] = labels[kept]
    return arrays


def _windows(codes: Array, block: int) -> Array:
    """Blocks with the character that follows, evenly spaced, shape (n, block + 1)."""
    import numpy as np

    if len(codes) <= block:
        return np.empty((0, block + 1), dtype=codes.dtype)
    every = np.lib.stride_tricks.sliding_window_view(codes, block + 1)
    return every[:: -(-len(every) // MOST_INPUTS)]


def _classes(following: Array) -> Array:
    import numpy as np

    codes, counts = np.unique(following, return_counts=True)
    return codes[counts >= LEAST_COUNT]


def _numbers(codes: Array, known: Array) -> Array:
    """The number of each character among the known ones; theirs is the count of these where it is none of them."""
    import numpy as np

    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[place] == codes, place, len(known)).astype(np.int32)
