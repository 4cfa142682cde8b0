"""Is it better, or is it luck? Arrays in, numbers out: no tables, no files, no records.

The way through::

    values of one arm ──► summarize / summarize_times, interquartile_mean    (summary, intervals)
    arm and baseline  ──► compare_paired / compare_unpaired / compare_times  (comparison, permutation)
    all comparisons   ──► judge: Holm's correction, then a verdict           (verdict, planning)
    seed after seed   ──► decide_in_looks: the same, at several looks        (sequential)
    arm and rivals    ──► decide_order / decide_alike: does a claim hold?    (claims)
    share of guesses  ──► chance_bound: how far guessing alone can get         (chance)
    tasks x arms      ──► performance_profile, mean_rank, geometric_mean_speedup, pareto_front   (tasks)

`compare_*` take ``arms``, the number of comparisons that `judge` will receive together: the size of the family decides
how small a p-value has to become, and with that whether so few seeds can decide anything at all.
"""

from actbench.statistics.chance import chance_bound
from actbench.statistics.claims import Decided, Decision, decide_alike, decide_order
from actbench.statistics.comparison import (
    Comparison,
    TimeComparison,
    compare_paired,
    compare_times,
    compare_unpaired,
)
from actbench.statistics.intervals import (
    Interval,
    Ratio,
    failures_not_excluded,
    median_interval,
    paired_ratio,
    share_interval,
    sign_flip_interval,
)
from actbench.statistics.permutation import (
    equivalence_p,
    least_pairs,
    max_t,
    sign_flip_test,
    smallest_sign_flip_p,
    smallest_two_sample_p,
    two_sample_test,
)
from actbench.statistics.planning import (
    detection_power,
    minimum_detectable_difference,
    seeds_to_detect,
    seeds_to_detect_by_rank,
    seeds_to_exclude,
)
from actbench.statistics.sequential import SequentialVerdict, decide_in_looks, looks_until, spending
from actbench.statistics.summary import (
    Summary,
    TimeSummary,
    interquartile_mean,
    probability_of_improvement,
    summarize,
    summarize_times,
)
from actbench.statistics.tasks import geometric_mean_speedup, mean_rank, pareto_front, performance_profile
from actbench.statistics.verdict import Standing, Verdict, holm, judge

__all__ = [
    "Comparison",
    "Decided",
    "Decision",
    "Interval",
    "Ratio",
    "SequentialVerdict",
    "Standing",
    "Summary",
    "TimeComparison",
    "TimeSummary",
    "Verdict",
    "chance_bound",
    "compare_paired",
    "compare_times",
    "compare_unpaired",
    "decide_alike",
    "decide_in_looks",
    "decide_order",
    "detection_power",
    "equivalence_p",
    "failures_not_excluded",
    "geometric_mean_speedup",
    "holm",
    "interquartile_mean",
    "judge",
    "least_pairs",
    "looks_until",
    "max_t",
    "mean_rank",
    "median_interval",
    "minimum_detectable_difference",
    "paired_ratio",
    "pareto_front",
    "performance_profile",
    "probability_of_improvement",
    "seeds_to_detect",
    "seeds_to_detect_by_rank",
    "seeds_to_exclude",
    "share_interval",
    "sign_flip_interval",
    "sign_flip_test",
    "smallest_sign_flip_p",
    "smallest_two_sample_p",
    "spending",
    "summarize",
    "summarize_times",
    "two_sample_test",
]
