"""NumPy archives: a person's own file, or a copy of a named data set.

What is in an archive is told by its headers: nothing is unpacked before it is known to fit into memory.
"""

from __future__ import annotations

import contextlib
import math
import zipfile
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from actbench.datasets._arrays import NAMES, Array, Arrays
from actbench.errors import UserError
from actbench.results.files import check_readable

GIB = 2**30
BYTES_WHEN_SCALED = 8
"""Of a number, at most, beside what the file holds: it is trained on as a float."""
_limit: ContextVar[float | None] = ContextVar("limit", default=None)


@contextlib.contextmanager
def at_most(gib: float | None) -> Iterator[None]:
    """Inside the block, data of more than so many GiB is refused; None: more than half of the memory that is free.

    Raises:
        UserError: the bound is none, which nan would be, or one that lets nothing pass.
    """
    if gib is not None and not gib > 0:
        raise UserError(f"--max-memory {gib:g} is no amount of memory: give GiB above 0.")
    token = _limit.set(gib)
    try:
        yield
    finally:
        _limit.reset(token)


def read_npz(path: Path) -> Arrays:
    """Read the four arrays of a ``.npz`` file; pickled objects are never loaded.

    Raises:
        UserError: it is no such file, is damaged, or would take more memory than it may.
    """
    check_readable(path)
    try:
        with zipfile.ZipFile(path) as archive:
            found = [key for key in NAMES if f"{key}.npy" in archive.namelist()]
            _check_memory(path, sum(_memory(archive, key) for key in found))
            return {key: _array(archive, key) for key in found}
    except FileNotFoundError:
        raise UserError(f"There is no data file {str(path)!r}.") from None
    except UserError:
        raise
    # A damaged or forged archive can make its readers raise anything: zlib.error, struct.error, NotImplementedError for
    # a packing, RuntimeError for an encrypted one, tokenize.TokenError for a header.
    except Exception as error:
        raise UserError(
            f"Cannot read {str(path)!r} as a NumPy archive of plain arrays ({', '.join(NAMES)}): it is damaged, "
            "something else, or holds Python objects, which are never loaded. Write it with numpy.savez from arrays of "
            "numbers."
        ) from error


def _array(archive: zipfile.ZipFile, key: str) -> Array:
    from numpy.lib import format as npy

    with archive.open(f"{key}.npy") as file:
        array: Array = npy.read_array(file, allow_pickle=False)
        return array


def _memory(archive: zipfile.ZipFile, key: str) -> int:
    """Bytes that an array takes, with what is made of it, going by its headers. Raises ValueError where they disagree.

    The reader of an archive gives no more bytes than the archive says there are.
    """
    from numpy.lib import format as npy

    entry = archive.getinfo(f"{key}.npy")
    with archive.open(entry) as file:
        version: Any = npy.read_magic(file)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        if version != (1, 0):
            _check_memory(Path(str(archive.filename)), entry.file_size)  # a header that long is read as a whole
        shape, _, kind = read_header(file)
    numbers = math.prod(shape)
    if kind.hasobject or not kind.itemsize or min(shape, default=0) < 0 or numbers * kind.itemsize > entry.file_size:
        raise ValueError(key)
    return int(numbers * (kind.itemsize + BYTES_WHEN_SCALED))


def _check_memory(path: Path, needed: int) -> None:
    import psutil

    limit = _limit.get()
    allowed = psutil.virtual_memory().available / 2 if limit is None else limit * GIB
    if needed > allowed:
        why = "half of what is free" if limit is None else "--max-memory"
        raise UserError(
            f"The data in {str(path)!r} takes about {needed / GIB:.3g} GiB of memory, more than the "
            f"{allowed / GIB:.3g} GiB that it may ({why}). Take a smaller file, or raise --max-memory."
        )
