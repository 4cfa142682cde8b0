"""Values as people read them: the one place where findings become sentences.

Numbers are in ``numbers``; settings and tasks in ``settings``, metrics in ``metrics``;
verdicts, pairings and reasons in ``verdicts``; warnings in ``warnings``; what became of runs
in ``outcomes``, of looks in ``looks``, of an article's claims in ``claims``; what may become
of a plan in ``plans``; what is taken out of a store in ``removals``.
"""

from actbench.reports.words.across import across_title, shared_networks
from actbench.reports.words.claims import beside_printed_mean, claim_figures, claim_verdict, explain_claims
from actbench.reports.words.costs import cost
from actbench.reports.words.looks import explain_looks, look_lines
from actbench.reports.words.metrics import metric_title, scored_on
from actbench.reports.words.numbers import (
    NOTHING,
    accuracy,
    decimals_of,
    difference,
    factor,
    interval,
    median,
    no_room,
    number,
    p_value,
    percent,
    plural,
    seconds,
    sentence,
    share,
    summary,
    unit,
    with_reach,
    with_spread,
)
from actbench.reports.words.outcomes import (
    bar_name,
    begins_beyond,
    beyond_scale,
    ends_beyond,
    epoch_rule,
    explain_learned,
    in_grey,
    judged_by,
    learned,
    outcome,
    spread_name,
    unreached,
)
from actbench.reports.words.plans import gave_up, too_few_seeds, tried
from actbench.reports.words.removals import removed, to_remove
from actbench.reports.words.settings import family_title, setting, task_title, tuning_title
from actbench.reports.words.tuning import NO_RATES, NO_TRIALS, range_name
from actbench.reports.words.verdicts import (
    baseline,
    check_figures,
    explain_could_show,
    family,
    left_out,
    margin,
    not_across,
    not_compared,
    notes,
    pairing,
    standing,
    summarize,
    targets,
    verdict,
)
from actbench.reports.words.warnings import warning
from actbench.results.thresholds import in_percent

__all__ = [
    "NOTHING",
    "NO_RATES",
    "NO_TRIALS",
    "accuracy",
    "across_title",
    "bar_name",
    "baseline",
    "begins_beyond",
    "beside_printed_mean",
    "beyond_scale",
    "check_figures",
    "claim_figures",
    "claim_verdict",
    "cost",
    "decimals_of",
    "difference",
    "ends_beyond",
    "epoch_rule",
    "explain_claims",
    "explain_could_show",
    "explain_learned",
    "explain_looks",
    "factor",
    "family",
    "family_title",
    "gave_up",
    "in_grey",
    "in_percent",
    "interval",
    "judged_by",
    "learned",
    "left_out",
    "look_lines",
    "margin",
    "median",
    "metric_title",
    "no_room",
    "not_across",
    "not_compared",
    "notes",
    "number",
    "outcome",
    "p_value",
    "pairing",
    "percent",
    "plural",
    "range_name",
    "removed",
    "scored_on",
    "seconds",
    "sentence",
    "setting",
    "share",
    "shared_networks",
    "spread_name",
    "standing",
    "summarize",
    "summary",
    "targets",
    "task_title",
    "to_remove",
    "too_few_seeds",
    "tried",
    "tuning_title",
    "unit",
    "unreached",
    "verdict",
    "warning",
    "with_reach",
    "with_spread",
]
