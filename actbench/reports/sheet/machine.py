"""Where runs were trained: hardware, versions, and hashes of the data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from actbench.reports.repeat import place
from actbench.results.columns import BY_NAME, VERSION_FIELDS

if TYPE_CHECKING:
    from actbench.tables.findings import Findings

FIRST = (
    "device_name", "actbench_version", "git_commit", "keras_version", "backend", "backend_version", "python_version",
    "jobs", "compiler",
)  # fmt: skip
COLUMNS = (*FIRST, *(column.name for column in VERSION_FIELDS if column.name not in FIRST))
"""What runs were computed with, in the order in which it is told; later versions come last."""


def machine_of(stores: Sequence[Findings]) -> list[tuple[str, str]]:
    """Name and value of everything that is known, each pair once."""
    return list(dict.fromkeys(pair for findings in stores for pair in _pairs(findings)))


def manifests_of(stores: Sequence[Findings]) -> list[tuple[str, str]]:
    """The manifest of every store that has one, under a title."""
    title = "Manifest of {}: hardware, versions, the full study"
    texts = {
        title.format(place(folder)): json.dumps(manifest, indent=2, ensure_ascii=False)
        for findings in stores
        for folder, manifest in zip(findings.stores, findings.manifests, strict=True)
        if manifest
    }
    return list(texts.items())


def _pairs(findings: Findings) -> list[tuple[str, str]]:
    runs = findings.runs
    pairs = []
    for column in COLUMNS:
        values = [f"{value:g}" if isinstance(value, float) else str(value) for value in dict.fromkeys(runs[column])]
        values = [value for value in values if value not in ("", "nan")]
        if values:
            pairs.append((BY_NAME[column].on_paper, ", ".join(values)))
    for manifest in findings.manifests:
        hardware = manifest.get("hardware") or {}
        if hardware:
            parts = [f"{name.replace('_', ' ')} {value}" for name, value in hardware.items()]
            pairs.append(("machine", ", ".join(parts)))
    hashes = dict.fromkeys(zip(runs["dataset"], runs["dataset_sha256"], strict=True))
    return [*pairs, *((f"data: {name}", f"sha256 {digest}") for name, digest in hashes)]
