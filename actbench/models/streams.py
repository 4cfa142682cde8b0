"""The streams from which Keras takes the seeds of what is drawn, held still where something is made on the side."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def streams_kept() -> Iterator[None]:
    """Leave the streams as they are: what is drawn behind must not depend on what is made inside.

    Keras's initializers, generators and random layers take their seeds from the global ones when they are made.
    """
    import numpy as np

    streams = random.getstate(), np.random.get_state()  # noqa: NPY002 - Keras seeds the global one
    try:
        yield
    finally:
        random.setstate(streams[0])
        np.random.set_state(streams[1])  # noqa: NPY002
