"""From the raw tables of stores to findings: what was measured, side by side, and what can be said about it.

The way through::

    stores ──► read_stores                                              (read)
    runs   ──► select: what was asked for; split: tasks                 (select, tasks)
    task   ──► one row an arm; comparisons with the baseline; warnings  (arms, metrics, comparison, warnings)
    tasks  ──► across them; checks; Findings                            (across, checks, findings)
"""

from actbench.tables.arms import ACCURACIES, CLOCKS, arm_table, percent, to_csv, varying_settings
from actbench.tables.read import DEFAULT_THRESHOLDS, read_frames, read_stores

__all__ = [
    "ACCURACIES",
    "CLOCKS",
    "DEFAULT_THRESHOLDS",
    "arm_table",
    "percent",
    "read_frames",
    "read_stores",
    "to_csv",
    "varying_settings",
]
