"""From the raw tables of stores to findings: what was measured, side by side, and what can be said about it.

The way through::

    runs of stores ──► select: what was asked for; split: tasks  (select, tasks)
    task   ──► one row an arm; comparisons with the baseline; warnings  (arms, metrics, comparison, warnings)
    tasks  ──► across them; checks; Findings                            (across, checks, findings)
"""

from actbench.tables.arms import ACCURACIES, CLOCKS, arm_table, to_csv, varying_settings

__all__ = [
    "ACCURACIES",
    "CLOCKS",
    "arm_table",
    "to_csv",
    "varying_settings",
]
