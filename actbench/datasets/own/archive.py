"""NumPy archives."""

from __future__ import annotations

from actbench.custom import place_of
from actbench.datasets._arrays import Arrays
from actbench.datasets.npz import read_npz
from actbench.datasets.own import own_data
from actbench.datasets.request import Request


@own_data("FILE.npz", suffixes=(".npz",), obeys=("impute", "test_split"))
def archive(request: Request, place: str) -> Arrays:  # noqa: ARG001 - a reader's signature
    """The arrays x_train, y_train, x_test and y_test of a NumPy archive; the last two may be missing."""
    return read_npz(place_of(place))
