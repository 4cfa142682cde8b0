"""NumPy's archives as Keras publishes them: plain arrays, and lists of the numbers of words, which are pickled."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from actbench.datasets._arrays import NAMES, TOKENS, Array, Arrays
from actbench.datasets.published.decoders.bounds import Bounded, Known, Readable, opened, to_the_end
from actbench.datasets.published.decoders.pickles import unpickled

SEED = 113
"""Keras shuffles texts by it."""
TEST_SHARE = 0.2
"""Of topics that come in one part; Keras's default."""
FIRST = 3
"""Added to the number of a word: 0 stands for padding, 1 for the begin of a text, 2 for any other word."""
PADDING, BEGIN, OTHER = 0, 1, 2
MOST_WORDS = 2**31
MOST_UNPACKED = 2**28
"""Bytes that the lists of one part may take; those of the reviews take about 2**24."""


def decode(paths: Sequence[Path], known: Known) -> Arrays:
    """The four plain arrays of an archive."""
    (path,) = paths
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        return {key: known.checked(key, _numbers(archive, key, known.shape_of(key))) for key in NAMES}


def decode_texts(paths: Sequence[Path], known: Known, words: int = 0) -> Arrays:
    """Texts in two parts, each shuffled, as rows that say which words occur: see ``_occurring``.

    With ``words``, as sequences of so many tokens instead: see ``_tokens``.
    """
    import numpy as np

    (path,) = paths
    random = np.random.RandomState(SEED)
    arrays: dict[str, Array] = {}
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        for part in ("train", "test"):
            labels = _numbers(archive, f"y_{part}", known.shape_of(f"y_{part}"))
            order = _shuffled(random, len(labels))
            texts = _lists(archive, f"x_{part}", len(labels))
            arrays[f"x_{part}"] = _rows([texts[index] for index in order], known, words)
            arrays[f"y_{part}"] = labels[order]
        return {**known.all_checked(arrays), **_named(words)}


def decode_topics(paths: Sequence[Path], known: Known, words: int = 0) -> Arrays:
    """Texts in one part, shuffled and cut into two, as rows or sequences: see ``decode_texts``."""
    import numpy as np

    (path,) = paths
    count = known.train + known.test
    with opened(path) as file, zipfile.ZipFile(file) as archive:
        labels = _numbers(archive, "y", (count,))
        texts = _lists(archive, "x", count)
        order = _shuffled(np.random.RandomState(SEED), count)
        rows, labels = _rows([texts[index] for index in order], known, words), labels[order]
        cut = int(count * (1 - TEST_SHARE))
        arrays = {"x_train": rows[:cut], "y_train": labels[:cut], "x_test": rows[cut:], "y_test": labels[cut:]}
        return {**known.all_checked(arrays), **_named(words)}


def _rows(texts: Sequence[Sequence[int]], known: Known, words: int) -> Array:
    return _tokens(texts, known.shape[0], words) if words else _occurring(texts, known.shape[0])


def _tokens(texts: Sequence[Sequence[int]], length: int, words: int) -> Array:
    """The last tokens of each text, Keras's word indices below ``words``, shape (texts, length), padded in front.

    As ``pad_sequences(load_data(num_words=words), length)`` of Keras has them.
    """
    import numpy as np

    rows = np.full((len(texts), length), PADDING, dtype=np.int32)
    for row, text in zip(rows, texts, strict=True):
        indices = np.array([BEGIN - FIRST, *text], dtype=np.int64)[-length:] + FIRST
        row[length - len(indices) :] = np.where(indices < words, indices, OTHER)
    return rows


def _named(words: int) -> Arrays:
    """The names of so many tokens: the numbers of words, but for those that stand for none."""
    import numpy as np

    return {TOKENS: np.array(["padding", "begin", "other", *map(str, range(3, words))])} if words else {}


def _shuffled(random: Any, count: int) -> Array:
    import numpy as np

    order: Array = np.arange(count)
    random.shuffle(order)
    return order


def _occurring(texts: Sequence[Sequence[int]], words: int) -> Array:
    """Which of Keras's word indices below ``words`` occur in each text: truth values (texts, words).

    As ``load_data(num_words=words)`` of Keras numbers them, by frequency from 4 on; column 1 is the begin of a text and
    column 2 stands for all rarer words.
    """
    import numpy as np

    rows = np.zeros((len(texts), words), dtype=bool)
    rows[:, BEGIN] = True
    for row, text in zip(rows, texts, strict=True):
        indices = np.array(text, dtype=np.int64) + FIRST
        row[np.where(indices < words, indices, OTHER)] = True
    return rows


def _numbers(archive: zipfile.ZipFile, key: str, shape: tuple[int, ...]) -> Array:
    """A plain array of whole numbers."""
    import numpy as np

    with archive.open(f"{key}.npy") as member:
        dtype = _header(member, key, shape)
        if dtype.kind not in "ui":
            raise ValueError(f"{key} holds {dtype}, not whole numbers")
        content = bytearray(to_the_end(member, math.prod(shape) * dtype.itemsize, key))
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def _lists(archive: zipfile.ZipFile, key: str, count: int) -> list[list[int]]:
    """A pickled array of lists of whole numbers, none of them negative."""
    with archive.open(f"{key}.npy") as member:
        bounded = Bounded(member, MOST_UNPACKED)
        if not _header(bounded, key, (count,)).hasobject:
            raise ValueError(f"{key} holds plain numbers, not lists")
        pickled = bounded.read()
    texts = unpickled(pickled)
    if type(texts) is not list or len(texts) != count or not all(map(_is_row, texts)):
        raise ValueError(f"{key} holds something else than {count} lists")
    # One list may stand in many places, but texts that are written out take more bytes than they have words.
    if sum(map(len, texts)) > len(pickled):
        raise ValueError(f"{key} holds more words than bytes")
    rows = [text if isinstance(text, list) else text.tolist() for text in texts]
    if any(set(map(type, row)) - {int} or (row and not 0 <= min(row) <= max(row) < MOST_WORDS) for row in rows):
        raise ValueError(f"{key} holds something else than numbers of words")
    return rows


def _is_row(text: Any) -> bool:
    import numpy as np

    return type(text) is list or (isinstance(text, np.ndarray) and text.ndim == 1)


def _header(source: Readable, key: str, shape: tuple[int, ...]) -> Any:
    """The type of the array that follows. Its shape must be what is known."""
    from numpy.lib import format as npy

    stream: Any = source
    if (version := npy.read_magic(stream)) != (1, 0):
        raise ValueError(f"{key} is an array of version {version}, not (1, 0)")
    promised, by_columns, dtype = npy.read_array_header_1_0(stream)
    if promised != shape or (by_columns and len(shape) > 1):
        raise ValueError(f"{key} promises the shape {promised}, not {shape}")
    return dtype
