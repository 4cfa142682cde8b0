"""An article's claim about an arm and its rivals, judged as `compare` judges: by all seeds but the article's own.

What a claim was first seen with cannot also confirm it: a seed that the article named is shown, and never counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actbench.statistics import Comparison, Interval, Measure, RatioComparison, Standing, TimeComparison
from actbench.studies.article import Article, Claim, own_seeds, printed_cells, rival_of, spelling
from actbench.tables.clocks import timed_runs
from actbench.tables.comparison import Family, MetricComparison, Row, compare_family, default_baseline, family_of
from actbench.tables.evidence import (
    ArmDifference,
    ArmEvidence,
    ArmRatio,
    ArmTimes,
    ClaimVerdict,
    Examined,
    JudgedClaim,
    Lacking,
    NoEvidence,
    combined,
)
from actbench.tables.metrics import Metric, parse_metrics, values_by_arm
from actbench.tables.published import CLOCKS, Share
from actbench.tables.tasks import task_numbers

if TYPE_CHECKING:
    import pandas as pd

EPOCH_SECONDS = Metric("epoch_seconds", "seconds")


@dataclass(frozen=True)
class _Contest:
    """A claim about an arm, and what is there to judge it by.

    Attributes:
        article, claim, variant, metric: what is asked.
        arm: its spelling.
        rivals: theirs; with the variant in front, where that was asked something else.
        runs: those that are counted, with the column ``arm``: of all arms of the task, and of the rivals.
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

    @property
    def baseline(self) -> str:
        """What the family stands beside: the arm, where it has several rivals; of two arms the one that `compare` would
        take, whichever of them the claim is about.
        """
        if len(self.rivals) > 1:
            return self.arm
        return default_baseline([name for name in dict.fromkeys(self.runs["arm"]) if name in (self.arm, *self.rivals)])

    def left_open(self, lacking: Lacking, *arms: str) -> JudgedClaim:
        """The claim, about which nothing can be said."""
        return JudgedClaim.left_open(self.claim, self.variant, NoEvidence(lacking, arms))


@dataclass(frozen=True)
class _Duel:
    """The arm of a claim and one of its rivals: what `compare` says of the two.

    Attributes:
        rival: its name.
        row: that of the arm beside the rival or, if ``turned``, of the rival beside the arm.
        test: the same as evidence.
        turned: whether the arm is the baseline.
    """

    rival: str
    row: Row
    test: Examined
    turned: bool

    def says(self, claim: Claim, *, higher_is_better: bool) -> ClaimVerdict:
        """What it says of the claim."""
        if claim.relation == "alike":
            return self.test.alike
        better = (claim.relation == "higher") == higher_is_better
        return self.test.is_shown(Standing.BETTER if better != self.turned else Standing.WORSE)

    def support(self, claim: Claim) -> tuple[float, float]:
        """How far it is from speaking against the claim: by its p-value, among equal ones by the size of the lead."""
        p = 1.0 if self.test.p_value is None else self.test.p_value
        if claim.relation == "alike":
            return p, -abs(_lead(self.row))
        lead = _lead(self.row) * (1 if (claim.relation == "higher") != self.turned else -1)
        return math.copysign(1 - p, lead), lead


def _lead(row: Row) -> float:
    """By how much the values of the row's arm are higher: a difference, of times and ratios a logarithm."""
    found = row.comparison
    if isinstance(found, Comparison):
        return found.difference
    if isinstance(found, RatioComparison):
        return found.direction * abs(math.log(found.ratio))
    return float(found.direction) if found else 0.0


def metric_of(claim: Claim) -> Metric:
    """What a claim about an arm is judged by. Raises UserError for a metric that there is not."""
    return EPOCH_SECONDS if claim.by == EPOCH_SECONDS.name else parse_metrics([claim.by], ())[0]


def judge_contest(article: Article, claim: Claim, variant: str, runs: pd.DataFrame) -> JudgedClaim:
    """Judge a claim about an arm in one variant, by runs as `measure` and `with_epoch_seconds` give them.

    The family is that of `compare`: all arms that were asked what the variant's were, whatever variant they are of,
    beside one of them, see `_Contest.baseline`. So the claims about several arms and ReLU are one family, and so is a
    claim about one arm and its several rivals.
    """
    metric = metric_of(claim)
    arm = spelling(claim.arm or "", "claim")
    tasks = task_numbers(runs.assign(tuning=""))  # claims are about settings, whoever chose them
    here = tasks.isin(tasks[runs["variant"] == variant])
    runs = runs.assign(arm=runs["activation"].where(here, runs["variant"] + ": " + runs["activation"]))
    if claim.than == "others":
        # Others that the article printed are rivals even where none of their runs is there.
        printed = [cell.activation for cell in printed_cells(article) if cell.variant == variant]
        rivals = [name for name in dict.fromkeys([*runs.loc[here, "arm"], *printed]) if name != arm]
    else:
        rivals = [_name_of(runs, variant, *rival_of(text, variant)) for text in claim.than]
    named = own_seeds(article)
    own = sorted(named.intersection(runs.loc[runs["arm"] == arm, "seed"]))
    counted = runs[~runs["seed"].isin(named) & (here | runs["arm"].isin(rivals))]
    contest = _Contest(article, claim, variant, metric, arm, tuple(rivals), counted, tuple(own))
    trained, values = values_by_arm(metric, runs), values_by_arm(metric, counted)
    absent = [name for name in (arm, *rivals) if not trained.get(name)]
    if absent or not rivals:
        return contest.left_open(Lacking.ARMS, *absent)
    if not all(values.get(name) for name in (arm, *rivals)):
        return contest.left_open(Lacking.SEEDS, arm, *rivals)
    family = family_of(counted, metric, contest.baseline)
    apart = [name for name in (arm, *rivals) if name in family.apart]
    if apart:
        return contest.left_open(Lacking.PAIRS, *dict.fromkeys((contest.baseline, *apart)))
    if not family.has_figures:
        return contest.left_open(Lacking.LEARNING, arm, *rivals)
    return _judged(contest, family, compare_family(family, claim.margin))


def _name_of(runs: pd.DataFrame, variant: str, place: str, activation: str) -> str:
    """The arm of that variant: by its activation alone where it was asked what the claim's variant was."""
    there = runs.loc[(runs["variant"] == place) & (runs["activation"] == activation), "arm"]
    return str(there.iloc[0]) if len(there) else activation if place == variant else f"{place}: {activation}"


def _judged(contest: _Contest, family: Family, comparison: MetricComparison) -> JudgedClaim:
    """The verdict on the claim by those on its arm beside each rival: all must hold, and one that fails refutes."""
    claim = contest.claim
    outside = family.shown_outside(comparison.limit.value) if claim.relation == "alike" else {}
    rows = {row.arm: row for row in comparison.rows}
    duels = []
    for rival in contest.rivals:
        turned = contest.baseline == contest.arm
        row = rows[rival if turned else contest.arm]
        test = Examined(
            row.verdict,
            comparison.baseline,
            tuple(each.pairing for each in comparison.rows if each.verdict.is_tested),
            comparison.limit,
            row.pairing.paired,
            outside.get(row.arm, False),
        )
        duels.append(_Duel(rival, row, test, turned))
    said = {duel.rival: duel.says(claim, higher_is_better=contest.metric.higher_is_better) for duel in duels}
    verdict = combined(said.values())
    # Of those that hold this is the closest call, of those that refute the clearest, else the furthest from holding.
    told = min((duel for duel in duels if said[duel.rival] is verdict), key=lambda duel: duel.support(claim))
    return JudgedClaim(claim, contest.variant, verdict, _evidence(contest, family, told), told.test.verdict.n)


def _evidence(contest: _Contest, family: Family, duel: _Duel) -> ArmEvidence:
    """The figures of the arm and the rival that decided."""
    if family.measure is Measure.RATIO:
        return _ratio(contest, duel)
    return _times(contest, family, duel) if family.measure is Measure.TIME else _difference(contest, duel)


def _difference(contest: _Contest, duel: _Duel) -> ArmDifference:
    found, judged = duel.row.comparison, duel.row.judged
    sign = -1 if duel.turned else 1
    difference, interval = None, None
    if isinstance(found, Comparison):
        difference, interval = sign * found.difference, found.interval
        if interval is not None and duel.turned:
            interval = Interval(-interval.high, -interval.low, interval.level)
    values = values_by_arm(contest.metric, contest.runs)
    arm, rival = values[contest.arm], values[duel.rival]
    steps = [arm[seed] - rival[seed] for seed in arm.keys() & rival.keys() if arm[seed] != rival[seed]]
    learned = (judged.learned, judged.learned_baseline)[::sign]
    failures = duel.test.verdict.reliability is not None
    return ArmDifference(
        contest.metric,
        contest.arm,
        duel.rival,
        difference,
        interval,
        above=sum(step > 0 for step in steps),
        below=sum(step < 0 for step in steps),
        learned=learned[0] if failures else None,
        learned_rival=learned[1] if failures else None,
        test=duel.test,
        own_seeds=contest.own_seeds,
    )


def _times(contest: _Contest, family: Family, duel: _Duel) -> ArmTimes:
    found = duel.row.comparison
    faster, slower, tied = (found.wins, found.losses, found.ties) if isinstance(found, TimeComparison) else (0, 0, 0)
    if duel.turned:
        faster, slower = slower, faster
    return ArmTimes(
        contest.metric,
        contest.arm,
        duel.rival,
        _reached(family, contest.arm),
        _reached(family, duel.rival),
        faster,
        slower,
        tied,
        test=duel.test,
        apart=duel.row.clocks.left_out if duel.row.clocks else 0,
        own_seeds=contest.own_seeds,
    )


def _reached(family: Family, name: str) -> Share:
    """How many runs of an arm got to the threshold."""
    sample = family.reference if name == family.baseline else family.arms[name]
    times = sample.picked(sample.valued)
    return Share(sum(map(math.isfinite, times)), len(times))


def _ratio(contest: _Contest, duel: _Duel) -> ArmRatio:
    found, clocks = duel.row.comparison, duel.row.clocks
    if not isinstance(found, RatioComparison) or clocks is None:
        raise TypeError("seconds are compared as ratios of pairs that were timed together")
    ratio, interval = found.ratio, found.interval
    if duel.turned:
        ratio = 1 / ratio
        interval = interval and Interval(1 / interval.high, 1 / interval.low, interval.level)
    timed = timed_runs(contest.runs)
    return ArmRatio(
        contest.metric,
        contest.arm,
        duel.rival,
        ratio,
        interval,
        test=duel.test,
        apart=clocks.left_out,
        own_seeds=contest.own_seeds,
        printed_ratio=_printed_ratio(contest, duel.rival),
        jobs=max(timed[name][seed].jobs for name in (contest.arm, duel.rival) for seed in clocks.seeds),
        others_cores=clocks.others_cores,
    )


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
