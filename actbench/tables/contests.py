"""An article's claim about an arm and its rivals, judged by the runs of all seeds but the article's own.

What a claim was first seen with cannot also confirm it: a seed that the article named is shown, and never counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from actbench import statistics
from actbench.statistics import Interval
from actbench.studies.article import Article, Claim, own_seeds, printed_cells, rival_of, spelling
from actbench.tables.clocks import clock_pairs, timed_runs
from actbench.tables.evidence import (
    ArmDifference,
    ArmRatio,
    ClaimVerdict,
    JudgedClaim,
    Lacking,
    Learning,
    NoEvidence,
    PValues,
)
from actbench.tables.metrics import Metric, parse_metrics, values_by_arm
from actbench.tables.outcomes import Outcome
from actbench.tables.published import CLOCKS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

EPOCH_SECONDS = Metric("epoch_seconds", "seconds")
# Of differences between accuracies or losses: this much is rounding.
NOISE = 1e-12

BySeed: TypeAlias = Mapping[int, float]
Sample: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True)
class _Contest:
    """A claim about an arm, and what is there to judge it by.

    Attributes:
        article, claim, variant, metric: what is asked.
        arm: its spelling.
        rivals: theirs; with the variant in front, where that is another.
        runs: those that are counted, with the column ``arm``.
        own_seeds: the article's own, of which the arm has runs that are not counted.
    """

    article: Article
    claim: Claim
    variant: str
    metric: Metric
    arm: str
    rivals: tuple[str, ...]
    runs: pd.DataFrame
    own_seeds: tuple[int, ...]

    def left_open(self, lacking: Lacking, *arms: str) -> JudgedClaim:
        """The claim, about which nothing can be said."""
        return JudgedClaim.left_open(self.claim, self.variant, NoEvidence(lacking, arms))


def metric_of(claim: Claim) -> Metric:
    """What a claim about an arm is judged by. Raises UserError for a metric that there is not."""
    return EPOCH_SECONDS if claim.by == EPOCH_SECONDS.name else parse_metrics([claim.by], ())[0]


def judge_contest(article: Article, claim: Claim, variant: str, runs: pd.DataFrame) -> JudgedClaim:
    """Judge a claim about an arm in one variant, by runs as `measure` and `with_epoch_seconds` give them."""
    metric = metric_of(claim)
    arm = spelling(claim.arm or "", "claim")
    here = runs["variant"] == variant
    runs = runs.assign(arm=runs["activation"].where(here, runs["variant"] + ": " + runs["activation"]))
    if claim.than == "others":
        rivals = [name for name in runs.loc[here, "arm"].unique() if name != arm]
    else:
        places = [rival_of(text, variant) for text in claim.than]
        rivals = [name if place == variant else f"{place}: {name}" for place, name in places]
    named = own_seeds(article)
    own = sorted(named.intersection(runs.loc[runs["arm"] == arm, "seed"]))
    counted = runs[~runs["seed"].isin(named)]
    contest = _Contest(article, claim, variant, metric, arm, tuple(rivals), counted, tuple(own))
    trained, values = values_by_arm(metric, runs), values_by_arm(metric, counted)
    absent = [name for name in (arm, *rivals) if not trained.get(name)]
    if absent or not rivals:
        return contest.left_open(Lacking.ARMS, *absent)
    if not all(values.get(name) and values[name].keys() & values[arm].keys() for name in rivals):
        return contest.left_open(Lacking.SEEDS, arm, *rivals)
    return _judge_seconds(contest, values) if metric.is_clock else _judge_figures(contest, values)


def by_seed(samples: Sequence[BySeed]) -> list[Sample]:
    """Samples by seed as arrays whose rows are the seeds of any of them; nan where one lacks the seed."""
    seeds = sorted({seed for sample in samples for seed in sample})
    return [np.array([sample.get(seed, np.nan) for seed in seeds]) for sample in samples]


def _judge_figures(contest: _Contest, values: Mapping[str, BySeed]) -> JudgedClaim:
    """By accuracy or loss; where some run did not learn, by how often it learned and by the pairs in which both did."""
    arm, claim = contest.arm, contest.claim
    samples = dict(zip((arm, *contest.rivals), by_seed([values[name] for name in (arm, *contest.rivals)]), strict=True))
    learned = dict(zip(samples, _learned(contest, values), strict=True))
    if not np.nansum(learned[arm]):
        return contest.left_open(Lacking.LEARNING, arm)
    differences = {name: _minus(samples[arm], samples[name]) for name in contest.rivals}
    # A run that did not learn is on the bad side: of a low accuracy, of a high loss.
    side = 1.0 if contest.metric.higher_is_better else -1.0
    reliability = {name: side * (learned[arm] - learned[name]) for name in contest.rivals}
    both = {name: np.where(learned[arm] * learned[name] == 1, differences[name], np.nan) for name in contest.rivals}
    if any(np.isinf(sample).any() for sample in both.values()):
        return contest.left_open(Lacking.FIGURES)
    all_learned = all(np.nanmin(learned[name]) == 1 for name in samples)
    if claim.margin is not None:
        decided = statistics.decide_alike(
            list(both.values()), margin=claim.margin, reliability=() if all_learned else list(reliability.values())
        )
    else:
        respects = [[both[name]] if all_learned else [both[name], reliability[name]] for name in contest.rivals]
        decided = statistics.decide_order(respects, higher=claim.relation == "higher")
    rival = contest.rivals[decided.rival]
    pairs = differences[rival][~np.isnan(differences[rival])]
    evidence = ArmDifference(
        contest.metric,
        arm,
        rival,
        float(pairs.mean()) if np.isfinite(pairs).all() else None,
        interval_of(pairs) if all_learned else None,
        above=int((pairs > 0).sum()),
        below=int((pairs < 0).sum()),
        test=PValues.by(decided),
        learning=None if all_learned else _learning(learned[arm], learned[rival], both[rival]),
        own_seeds=contest.own_seeds,
    )
    return JudgedClaim(claim, contest.variant, ClaimVerdict(decided.decision), evidence, decided.n)


def _learning(arm: Sample, rival: Sample, both: Sample) -> Learning:
    """Of the pairs of an arm and a rival: in how many each learned, and the differences where both did."""
    paired, where = ~np.isnan(arm * rival), both[~np.isnan(both)]
    mean = float(where.mean()) if where.size else None
    return Learning(int(arm[paired].sum()), int(rival[paired].sum()), where.size, mean, interval_of(where))


def _judge_seconds(contest: _Contest, values: Mapping[str, BySeed]) -> JudgedClaim:
    """By the ratios of runs that were timed together: their signed ranks, which a busy moment hardly moves."""
    arm, claim = contest.arm, contest.claim
    timed = timed_runs(contest.runs)
    pairs = {
        name: clock_pairs(timed[arm], timed[name], sorted(values[arm].keys() & values[name].keys()))
        for name in contest.rivals
    }
    apart = [name for name, found in pairs.items() if not found.seeds]
    if apart:
        return contest.left_open(Lacking.PAIRS, arm, *apart)
    if not all(np.isfinite(list(values[name].values())).all() for name in (arm, *contest.rivals)):
        return contest.left_open(Lacking.FIGURES)
    ratios = by_seed(
        [
            {seed: np.log(values[arm][seed] / values[name][seed]) for seed in pairs[name].seeds}
            for name in contest.rivals
        ]
    )
    if claim.margin is not None:
        decided = statistics.decide_alike(ratios, margin=float(np.log1p(claim.margin)), by_ranks=True)
    else:
        decided = statistics.decide_order(
            [[ratio] for ratio in ratios], higher=claim.relation == "higher", by_ranks=True
        )
    rival = contest.rivals[decided.rival]
    kept = pairs[rival]
    found = statistics.paired_ratio(*([values[name][seed] for seed in kept.seeds] for name in (arm, rival)))
    evidence = ArmRatio(
        contest.metric,
        arm,
        rival,
        found.ratio,
        found.interval,
        test=PValues.by(decided),
        apart=kept.left_out,
        own_seeds=contest.own_seeds,
        printed_ratio=_printed_ratio(contest, rival),
        jobs=max(timed[name][seed].jobs for name in (arm, rival) for seed in kept.seeds),
        others_cores=kept.others_cores,
    )
    return JudgedClaim(claim, contest.variant, ClaimVerdict(decided.decision), evidence, decided.n)


def _learned(contest: _Contest, values: Mapping[str, BySeed]) -> list[Sample]:
    """Of the arm and each rival by seed: 1 where the run learned, 0 where not, nan where there is none."""
    runs = contest.runs
    flags: dict[str, dict[int, float]] = {}
    for name, seed, outcome in zip(runs["arm"], runs["seed"], runs["outcome"], strict=True):
        if int(seed) in values.get(name, {}):
            flags.setdefault(name, {})[int(seed)] = float(outcome == Outcome.LEARNED)
    return by_seed([flags[name] for name in (contest.arm, *contest.rivals)])


def _minus(first: Sample, second: Sample) -> Sample:
    """The differences; none between two runs that are both infinite."""
    return np.subtract(first, second, where=first != second, out=np.zeros_like(first))


def interval_of(differences: Sample) -> Interval | None:
    """The interval of the test that judges; none where no spread was seen, which does not show that there is none."""
    if differences.size == 0 or not np.isfinite(differences).all() or np.ptp(differences) <= NOISE:
        return None
    return statistics.sign_flip_interval(differences)


def _printed_ratio(contest: _Contest, rival: str) -> float | None:
    """What the article's own clock says, where it printed one for both."""
    times: dict[str, dict[str, float]] = {}
    for cell in printed_cells(contest.article):
        if cell.variant == contest.variant and cell.column in CLOCKS and cell.quantity.number:
            times.setdefault(str(cell.column), {})[cell.activation] = cell.quantity.number
    for figures in times.values():
        if contest.arm in figures and rival in figures:
            return figures[contest.arm] / figures[rival]
    return None
