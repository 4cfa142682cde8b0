"""The run key: what a run was asked to do, as sixteen hexadecimal digits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from actbench.registry import Choice
from actbench.results.column import Column


def definition_of(columns: Iterable[Column], values: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that determines a run's numbers, in canonical form; names and versions are not among it.

    A setting that holds its neutral value is left out: a setting that comes tomorrow must not change today's keys.
    """
    hashed = {c.name: values[c.name] for c in columns if c.hashed and values[c.name] != c.neutral}
    return {name: value.definition if isinstance(value, Choice) else value for name, value in hashed.items()}


def digest(defined: Mapping[str, Any]) -> str:
    """The first 16 hex digits of the SHA-256 of a definition as JSON, its names in alphabetical order."""
    canonical = json.dumps(defined, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
