"""Whether the network may be touched: said once, by an option or by the environment, and obeyed by all processes."""

from __future__ import annotations

import os

OFFLINE = "ACTBENCH_OFFLINE"


def offline() -> bool:
    """Whether everything must come from this machine."""
    return os.environ.get(OFFLINE, "").strip().lower() not in ("", "0", "no", "false", "off")
