"""What data is known by: the hash of a file, and that of the four arrays, which is the same in every container."""

from __future__ import annotations

import hashlib
from pathlib import Path

from actbench.datasets._arrays import NAMES, TOKENS, Arrays, sha256_of
from actbench.datasets.published.files import PublishedFile

TITLES = {"sha256": "SHA-256", "md5": "MD5"}


def file_hash(path: Path, kind: str = "sha256") -> str:
    """The SHA-256 or MD5 of a file, in hex digits. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(kind, usedforsecurity=False)).hexdigest()


def published_hash(file: PublishedFile) -> tuple[str, str]:
    """The best hash that was published of a file: its kind, as ``hashlib`` calls it, and the digits."""
    return ("sha256", file.sha256.lower()) if file.sha256 else ("md5", file.md5.lower())


def named(file: PublishedFile) -> str:
    """A file with its hash, in words."""
    kind, digits = published_hash(file)
    return f"{file.name} ({TITLES[kind]} {digits})"


def is_intact(path: Path, file: PublishedFile) -> bool:
    """Whether a regular file here is the published one, byte for byte; False where it cannot be read."""
    kind, digits = published_hash(file)
    try:
        return path.is_file() and file.size in (0, path.stat().st_size) and file_hash(path, kind) == digits
    except OSError:
        return False


def arrays_hash(arrays: Arrays) -> str:
    """The SHA-256 of the four arrays in canonical shape, which is ``dataset_sha256`` of runs with the whole data set.

    Grey images have a channel axis, labels are flat int32: containers differ in that.
    """
    import numpy as np

    canonical = {TOKENS: arrays[TOKENS]} if TOKENS in arrays else {}
    for key in NAMES:
        array = np.asarray(arrays[key])
        if key.startswith("y"):
            array = array.reshape(-1).astype(np.int32)
        elif array.ndim == 3:  # noqa: PLR2004 - n, height, width
            array = array[..., np.newaxis]
        canonical[key] = array
    return sha256_of(canonical)
