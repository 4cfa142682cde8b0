"""Texts: which character comes next."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from actbench.custom import place_of
from actbench.datasets._arrays import CLASSES, CUT_APART, TOKENS, Array, Arrays
from actbench.datasets.memory import check_memory
from actbench.datasets.own import own_data
from actbench.datasets.request import Request
from actbench.errors import UserError
from actbench.results.files import check_readable

MOST_INPUTS = 100_000
"""Of each part, where only what follows on a block is asked for; a longer text gives every second place, or third …"""
LEAST_COUNT = 10
"""Of a character in the training part; all that are rarer are one token."""
OTHER = "other"
TEST_TENTH = 0.1
"""Of a text, what is kept at its end for testing."""
PRINTED = range(0x21, 0x7F)
"""Bytes that are named by what they print."""


@own_data("text:FILE", prefix="text", obeys=("test_split",), thresholds=(0.4, 0.5, 0.6), metrics=("test_perplexity",))
def text(
    request: Request,
    place: str,
    *,
    block: Annotated[int, Meta(ge=1, le=4096, description="length of the sequences")] = 64,
    unit: Annotated[Literal["characters", "bytes"], Meta(description="what a token is")] = "characters",
    each: Annotated[bool, Meta(description="ask after each token, not only after the block")] = True,
) -> Arrays:
    """A text, cut into blocks: which character comes next after each of them; its last tenth is the test part.

    Inputs are numbers of tokens, int (n, block), and so are the targets, moved by one. With ``each=False`` there is
    one target, what follows on a block, and blocks overlap. Characters that are too rare to be learned are one token.
    """
    import numpy as np

    codes = _codes(place, unit)
    share = TEST_TENTH if request.test_split is None else request.test_split
    first = int(len(codes) * (1 - share))
    train, test = (_blocks(part, block, each=each) for part in (codes[:first], codes[first:]))
    kinds, counts = np.unique(codes[:first], return_counts=True)
    known = kinds[counts >= LEAST_COUNT]
    if len(kinds) == 1:
        raise UserError(
            f"The text {place!r} has nothing to learn: its training part is one character, again and again."
        )
    if len(known) < 2 or not len(train) or not len(test):  # noqa: PLR2004 - one character is nothing to learn
        raise UserError(
            f"The text {place!r} is too short: of {len(codes):,} {unit}, {len(known)} different ones occur "
            f"{LEAST_COUNT} times in its training part, which gives {len(train)} blocks of {block}, and the test part "
            f"{len(test)}. Take a longer one, or a smaller block."
        )
    check_memory(place, (len(train) + len(test)) * (block + 1) * 16)
    arrays = {CUT_APART: np.array(1)}
    names = [_name(int(code), unit) for code in known]
    rare = len(known) < len(np.unique(codes))
    arrays[TOKENS] = np.array([*names, *([OTHER] if rare else [])])
    for part, windows in (("train", train), ("test", test)):
        numbers = _numbers(windows, known)
        arrays[f"x_{part}"] = numbers[:, :-1]
        arrays[f"y_{part}"] = numbers[:, 1:] if each else numbers[:, -1]
    return arrays if each else _answers(arrays)


def _codes(place: str, unit: str) -> Array:
    """The text as numbers: code points, or bytes."""
    import numpy as np

    path = place_of(place)
    check_readable(path)
    try:
        check_memory(place, path.stat().st_size * 5)  # a number of four bytes a character
        if unit == "bytes":
            return np.frombuffer(path.read_bytes(), dtype=np.uint8)
        written = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"There is no text {place!r}.") from None
    except IsADirectoryError:
        raise UserError(f"{place!r} is a folder, and a text is one file: --data text:FILE.") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"Cannot read {place!r}: it is not UTF-8 ({error.reason}). Save it as UTF-8, or give unit='bytes'."
        ) from None
    except OSError as error:
        raise UserError(f"Cannot read {place!r}: {error.strerror}.") from None
    return np.frombuffer(written.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _name(code: int, unit: str) -> str:
    return chr(code) if unit == "characters" or code in PRINTED else f"0x{code:02x}"


def _blocks(codes: Array, block: int, *, each: bool) -> Array:
    """Blocks with what follows on them, shape (n, block + 1): one after the other, or evenly spaced."""
    import numpy as np

    if len(codes) <= block:
        return np.empty((0, block + 1), dtype=codes.dtype)
    every = np.lib.stride_tricks.sliding_window_view(codes, block + 1)
    return every[:: block if each else -(-len(every) // MOST_INPUTS)]


def _answers(arrays: dict[str, Array]) -> dict[str, Array]:
    """The same with the classes counted without gaps: characters that follow on no block in training are none."""
    import numpy as np

    classes, y_train = np.unique(arrays["y_train"], return_inverse=True)
    asked = np.isin(arrays["y_test"], classes)
    return arrays | {
        CLASSES: arrays[TOKENS][classes],
        "y_train": y_train,
        "x_test": arrays["x_test"][asked],
        "y_test": np.searchsorted(classes, arrays["y_test"][asked]),
    }


def _numbers(codes: Array, known: Array) -> Array:
    """The number of each character among the known ones; theirs is the count of these where it is none of them."""
    import numpy as np

    place = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.where(known[place] == codes, place, len(known)).astype(np.int32)
