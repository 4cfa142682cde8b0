"""What trying a run with a few inputs can tell beside that it works."""

from __future__ import annotations

from typing import NamedTuple


class Tried(NamedTuple):
    """What was met that is no mistake, but hardly meant.

    Attributes:
        finite: whether the network's outputs are all finite numbers.
        scaled_twice_by: the layer by which the network scales inputs that come scaled; empty for none.
        frozen: layers with weights that are drawn anew, and never trained.
    """

    finite: bool = True
    scaled_twice_by: str = ""
    frozen: int = 0
