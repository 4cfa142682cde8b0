"""Is it better, or is it luck? Arrays in, numbers out: no tables, no files, no records.

The way through::

    values of one arm ──► summarize / summarize_times, interquartile_mean    (summary, intervals)
    arms and baseline ──► judge_family: exact tests of the whole family, a verdict for each arm   (family, permutation)
                          with the figures: compare_paired / _unpaired / _ratios / _times         (comparison)
                          and how many seeds would tell                                           (planning)
    seed after seed   ──► decide_in_looks: the same, at several looks        (sequential)
    a margin          ──► shown_outside: which arms differ by more than that  (outside)
    share of guesses  ──► chance_bound: how far guessing alone can get         (chance)
    tasks x arms      ──► performance_profile, mean_rank, geometric_mean_speedup, pareto_front   (tasks)
"""

from actbench.statistics.chance import chance_bound
from actbench.statistics.comparison import (
    AnyComparison,
    Comparison,
    RatioComparison,
    TimeComparison,
    compare_paired,
    compare_ratios,
    compare_times,
    compare_unpaired,
)
from actbench.statistics.family import Judged, Learned, Measure, Respect, judge_family
from actbench.statistics.intervals import (
    LEAST_SPREAD,
    Interval,
    Moments,
    Ratio,
    failures_not_excluded,
    mean_interval,
    median_interval,
    paired_ratio,
    share_interval,
    sign_flip_interval,
    welch_interval,
)
from actbench.statistics.outside import shown_outside
from actbench.statistics.pairing import Arm, Pairing, shared_seeds
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
    SeedRange,
    detectable_effect,
    detection_power,
    seeds_that_would_tell,
    seeds_to_detect,
    seeds_to_exclude,
)
from actbench.statistics.sequential import SequentialVerdict, decide_in_looks, looks_until, spending, within_in_looks
from actbench.statistics.summary import (
    Summary,
    TimeSummary,
    interquartile_mean,
    probability_of_improvement,
    summarize,
    summarize_times,
)
from actbench.statistics.tasks import geometric_mean_speedup, mean_rank, pareto_front, performance_profile
from actbench.statistics.verdict import Standing, Verdict

__all__ = [
    "LEAST_SPREAD",
    "AnyComparison",
    "Arm",
    "Comparison",
    "Interval",
    "Judged",
    "Learned",
    "Measure",
    "Moments",
    "Pairing",
    "Ratio",
    "RatioComparison",
    "Respect",
    "SeedRange",
    "SequentialVerdict",
    "Standing",
    "Summary",
    "TimeComparison",
    "TimeSummary",
    "Verdict",
    "chance_bound",
    "compare_paired",
    "compare_ratios",
    "compare_times",
    "compare_unpaired",
    "decide_in_looks",
    "detectable_effect",
    "detection_power",
    "equivalence_p",
    "failures_not_excluded",
    "geometric_mean_speedup",
    "interquartile_mean",
    "judge_family",
    "least_pairs",
    "looks_until",
    "max_t",
    "mean_interval",
    "mean_rank",
    "median_interval",
    "paired_ratio",
    "pareto_front",
    "performance_profile",
    "probability_of_improvement",
    "seeds_that_would_tell",
    "seeds_to_detect",
    "seeds_to_exclude",
    "share_interval",
    "shared_seeds",
    "shown_outside",
    "sign_flip_interval",
    "sign_flip_test",
    "smallest_sign_flip_p",
    "smallest_two_sample_p",
    "spending",
    "summarize",
    "summarize_times",
    "two_sample_test",
    "welch_interval",
    "within_in_looks",
]
