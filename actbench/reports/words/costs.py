"""What the arms of a task cost, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import factor, percent
from actbench.tables.metrics import RELATIVE_MARGIN
from actbench.tables.select import name_some
from actbench.tables.warnings import MixedJobs, MixedMachines

if TYPE_CHECKING:
    from actbench.tables.findings import TaskFindings


def cost(found: TaskFindings) -> str:
    """Seconds per epoch relative to the baseline's, by medians; empty where they are not known."""
    seconds = dict(zip(found.arms["activation"], found.arms["seconds_per_epoch"], strict=True))
    base = seconds.get(found.baseline, 0.0)
    ratios = {arm: value / base for arm, value in seconds.items() if arm != found.baseline and base > 0 and value > 0}
    if not ratios:
        return ""
    unlike = any(isinstance(warning, MixedJobs | MixedMachines) for warning in found.warnings)
    caution = ", though not all were measured alike" if unlike else ""
    alike = [arm for arm, ratio in ratios.items() if abs(ratio - 1) <= RELATIVE_MARGIN]
    apart = [f"{arm} {factor(ratio)}" for arm, ratio in ratios.items() if arm not in alike]
    parts = [
        f"of those of {found.baseline}: {name_some(apart)}" if apart else "",
        f"as long as {found.baseline} within {percent(RELATIVE_MARGIN, 0)} %: {name_some(alike)}" if alike else "",
    ]
    return f"Seconds per epoch, by medians alone, {'; '.join(filter(None, parts))}{caution}."
