"""The four arrays that every data set comes as."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]
else:
    Array = Any  # registries evaluate the hints of readers, and NumPy is not imported for that
Arrays: TypeAlias = Mapping[str, Array]
"""The four arrays ``x_train, y_train, x_test, y_test`` as they come from the source."""

NAMES = ("x_train", "y_train", "x_test", "y_test")
CLASSES = "classes"
"""What a source may add: the names of the classes, shape (classes,)."""
TOKENS = "tokens"
"""What a source adds whose inputs are numbers of tokens, never scaled: the names of all tokens, shape (vocabulary,).

Such a source may have a target for each token, ``y_*`` of the shape of ``x_*``, `NO_TARGET` where a token has none.
"""
NO_TARGET = -1
FEATURES = "features"
"""What a source may add: the names of the features, shape (features,)."""
CUT_APART = "cut_apart"
"""What a source adds that kept another place of a whole as the test part, as the request's ``test_split`` asks: equal
inputs in both parts are then chance, and not the same one twice."""


def sha256_of(arrays: Arrays) -> str:
    """The SHA-256 of the four arrays, with their types and shapes, in hex digits: what ``dataset_sha256`` holds.

    Where there are tokens, their number counts, too: a network has a vector for each.
    """
    import numpy as np

    digest = hashlib.sha256(f"{TOKENS} {len(arrays[TOKENS])}\n".encode() if TOKENS in arrays else b"")
    for key in NAMES:
        array = np.ascontiguousarray(arrays[key])
        digest.update(f"{key} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data)
    return digest.hexdigest()
