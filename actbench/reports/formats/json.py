"""JSON, for other programs."""

from __future__ import annotations

import json as standard
import math
from typing import TYPE_CHECKING, Any

from actbench.printable import UNPRINTABLE
from actbench.reports.formats import sheet_format

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.reports.sheet import Sheet


@sheet_format("json", ".json")
def json(sheet: Sheet, console: Console) -> str:
    """Everything, unrounded; null for what was not reached and for what cannot be said."""
    return json_text(_plain(sheet.document), console.encoding)


def json_text(value: Any, encoding: str | None) -> str:
    """Plain values as JSON; what the encoding lacks, and what cannot be printed, stands there by its number."""
    text = standard.dumps(value, indent=2, ensure_ascii=not (encoding or "").lower().startswith("utf"))
    return UNPRINTABLE.sub(lambda found: standard.dumps(found[0])[1:-1], text)


def _plain(value: Any) -> Any:
    """Values as JSON has them: no nan, no infinity, none of NumPy's types."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
