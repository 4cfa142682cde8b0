"""NumPy archives: a person's own file, or a copy of a named data set."""

from __future__ import annotations

import zipfile
from pathlib import Path

from actbench.datasets._arrays import NAMES, Arrays
from actbench.errors import UserError


def read_npz(path: Path) -> Arrays:
    """Read the four arrays of a ``.npz`` file; pickled objects are never loaded. Raises UserError."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: np.asarray(archive[key]) for key in NAMES if key in archive}
    except FileNotFoundError:
        raise UserError(f"There is no data file {str(path)!r}.") from None
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, AttributeError, TypeError, MemoryError) as error:
        raise UserError(
            f"Cannot read {str(path)!r} as a NumPy archive of plain arrays ({', '.join(NAMES)}): it is damaged, "
            "something else, or holds Python objects, which are never loaded. Write it with numpy.savez from arrays of "
            "numbers."
        ) from error
