"""What the arms of a task cost, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actbench.reports.words.numbers import factor, percent
from actbench.tables.costs import relative_costs
from actbench.tables.metrics import RELATIVE_MARGIN
from actbench.tables.select import name_some

if TYPE_CHECKING:
    from actbench.tables.findings import TaskFindings


def cost(found: TaskFindings) -> str:
    """Seconds per epoch relative to the baseline's, over pairs timed together; empty where there are none."""
    costs = relative_costs(found.task.runs, found.baseline, "seconds_per_epoch")
    ratios = {arm: its.ratio for arm, its in costs.items() if arm != found.baseline}
    if not ratios:
        return ""
    unknown = [arm for arm in found.task.arms if arm not in costs]
    alike = [arm for arm, ratio in ratios.items() if abs(ratio - 1) <= RELATIVE_MARGIN]
    apart = [f"{arm} {factor(ratio)}" for arm, ratio in ratios.items() if arm not in alike]
    parts = [
        f"of those of {found.baseline}: {name_some(apart)}" if apart else "",
        f"as long as {found.baseline} within {percent(RELATIVE_MARGIN, 0)} %: {name_some(alike)}" if alike else "",
        f"not timed together with {found.baseline}: {name_some(unknown)}" if unknown else "",
    ]
    return f"Seconds per epoch, over pairs timed together, {'; '.join(filter(None, parts))}."
