"""NumPy archives: a person's own file, or a copy of a named data set.

What is in an archive is told by its headers: nothing is unpacked before it is known to fit into memory.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any

from actbench.datasets._arrays import NAMES, TOKENS, Array, Arrays
from actbench.datasets.memory import BYTES_WHEN_SCALED, BYTES_WHEN_STANDARDIZED, check_memory
from actbench.errors import UserError
from actbench.results.files import check_readable


def read_npz(path: Path) -> Arrays:
    """Read the four arrays of a ``.npz`` file, and names of tokens where it has such; pickled objects are never loaded.

    Raises:
        UserError: it is no such file, is damaged, or would take more memory than it may.
    """
    check_readable(path)
    try:
        with zipfile.ZipFile(path) as archive:
            found = [key for key in (*NAMES, TOKENS) if f"{key}.npy" in archive.namelist()]
            check_memory(str(path), sum(_memory(archive, key) for key in found))
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
            check_memory(str(archive.filename), entry.file_size)  # a header that long is read as a whole
        shape, _, kind = read_header(file)
    numbers = math.prod(shape)
    if kind.hasobject or not kind.itemsize or min(shape, default=0) < 0 or numbers * kind.itemsize > entry.file_size:
        raise ValueError(key)
    later = BYTES_WHEN_SCALED if kind.itemsize == 1 else BYTES_WHEN_STANDARDIZED
    return int(numbers * (kind.itemsize + later))
