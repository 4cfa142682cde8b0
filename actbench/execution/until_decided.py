"""Seeds until it is decided: a sweep after the other, each with the seeds of one look, for the arms still open.

The runs are those that a plain sweep of the same seeds would train, in its order, only fewer. What is decided is found
out anew from the store after every look, so that the same command goes on after a break with the same looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec.structs import replace as changed

from actbench import statistics
from actbench.errors import UserError
from actbench.execution.events import Listener, LookEnded
from actbench.execution.plan import Plan
from actbench.execution.sweep import Announcer, Options, Outcome, sweep
from actbench.results.columns import Run
from actbench.results.read import read_manifest
from actbench.results.sittings import Decided, Design, designs_in, family_key
from actbench.results.store import Store
from actbench.statistics.sequential import SPENDING
from actbench.tables.comparison import ALPHA, default_baseline
from actbench.tables.findings import Findings, Question, TaskFindings, analyse
from actbench.tables.measured import EpochRule
from actbench.tables.metrics import USUAL
from actbench.tables.select import matching


@dataclass(frozen=True)
class Wish:
    """How seeds are to be chosen.

    Attributes:
        most: seeds at the last look.
        margin: smallest difference worth caring about, as a fraction; None takes the metric's own, by the first look.
        baseline: the arm to compare with; None takes relu, or the first.
        rule: which epoch's figures count; None takes validation where there is such a part, else the last epoch.
    """

    most: int
    margin: float | None = None
    baseline: str | None = None
    rule: EpochRule | None = None


def with_designs(plan: Plan, folder: Path, wish: Wish) -> Plan:
    """A plan of the most seeds, with a design for each of its families: the store's own, if it has begun one.

    Raises:
        UserError: a family has one arm, or none of the baseline's name, or the store's design of it is another one.
    """
    stored = designs_in(read_manifest(folder))
    families: dict[str, list[Run]] = {}
    for run, _ in plan.runs:
        families.setdefault(family_key(run), []).append(run)
    return replace(plan, designs={key: _design(runs, wish, stored.get(key), folder) for key, runs in families.items()})


def first_and_most(plan: Plan) -> tuple[Plan, Plan]:
    """What the first look trains, and what all of them would."""
    first = {run.arm: plan.designs[family_key(run)].looks[0] for run, _ in plan.runs}
    return _part(plan, first), plan


def sweep_until_decided(
    plan: Plan, folder: Path, wish: Wish, options: Options | None = None, listeners: Sequence[Listener] = ()
) -> Outcome:
    """Train look by look until every arm of every family is decided, or has the most seeds.

    A look whose runs did not all come to a result is not judged: the sweep ends there, as one that failed.

    Args:
        plan: as `with_designs` gives it.
        folder: of the store.
        wish: what the plan was made with.
        options: how each sweep is carried out; ``rerun`` is not for this.
        listeners: hear the events of every sweep, and a ``LookEnded`` after each look.

    Returns:
        What all sweeps came to together.

    Raises:
        UserError, KeyboardInterrupt: as ``sweep``.
    """
    announce = Announcer(listeners)
    looks = sorted({n for design in plan.designs.values() for n in design.looks if n <= wish.most})
    found: Sequence[TaskFindings] = ()
    outcome = Outcome((), complete=True)
    for n in looks:
        limits = _limits(plan, found, n)
        if limits is None:
            break
        part = _part(plan, limits)
        its = sweep(part, folder, options, listeners)
        outcome = replace(its, trained=(*outcome.trained, *its.trained))
        if not its.complete:
            break
        found = _look_at(part, folder, wish).tasks
        plan = _with_decisions(plan, found)
        with Store.open(folder) as store:
            store.write_manifest(plan.designs_entry)
        announce(LookEnded(n, tuple(found)))
    return outcome


def _design(runs: Sequence[Run], wish: Wish, stored: Design | None, folder: Path) -> Design:
    """The design of a family. Raises UserError as `with_designs`."""
    arms = {run.activation.spelling: run.key for run in runs if run.seed == 0}
    where = f" on {runs[0].dataset}" + (f" in variant {runs[0].variant!r}" if runs[0].variant else "")
    if len(arms) == 1:
        raise UserError(
            f"--until-decided compares arms, and there is only {next(iter(arms))}{where}. Add another with --act."
        )
    names = list(arms)
    baseline = matching(wish.baseline, names, "--baseline")[0] if wish.baseline else default_baseline(names)
    validated = EpochRule.VAL if runs[0].validation_split else EpochRule.LAST
    asked = Design(
        metric=USUAL[0],
        rule=wish.rule or validated,
        baseline=baseline,
        arms=arms,
        margin=wish.margin,
        alpha=ALPHA,
        spending=SPENDING,
        looks=statistics.looks_until(wish.most, stored.looks if stored else ()),
    )
    if stored is None:
        return asked
    if not asked.asks_the_same(stored):
        raise UserError(
            f"{str(folder)!r} holds another sequential design{where}: {_told(stored)}, not {_told(asked)}. The errors "
            "of two designs add up. Ask for the same one, or take another --results."
        )
    # Fewer looks than it had do not undo any.
    return changed(stored, looks=max(stored.looks, asked.looks, key=len))


def _told(design: Design) -> str:
    """A design in a few words."""
    margin = "the default margin" if design.margin is None else f"a margin of {design.margin:g}"
    return f"{', '.join(design.arms)} against {design.baseline} with {margin}, epoch by {design.rule}"


def _part(plan: Plan, limits: Mapping[str, int]) -> Plan:
    """The runs of a plan whose seeds are below their arm's limit."""
    return replace(plan, runs=tuple(pair for pair in plan.runs if pair[0].seed < limits[pair[0].arm]))


def _limits(plan: Plan, found: Iterable[TaskFindings], n: int) -> dict[str, int] | None:
    """How many seeds each arm needs for a look of n: an open one and its baseline all, a decided one what it had.

    None where no arm is open.
    """
    by_key = {run.key: run for run, _ in plan.runs}
    limits = {run.arm: _reach(plan.designs[family_key(run)], n) for run, _ in plan.runs}
    still_open = not found
    for item in found:
        arms = {arm: by_key[key].arm for arm, key in zip(item.task.runs["arm"], item.task.runs["run_key"], strict=True)}
        looks = item.comparisons[0].looks if item.comparisons else None
        if looks is None or looks.still_open:
            still_open = True
        if looks is not None:
            limits |= {arms[arm]: verdict.seeds for arm, verdict in looks.verdicts.items() if verdict.decided}
            if not looks.still_open:
                limits[arms[item.baseline]] = looks.taken[-1]
    return limits if still_open else None


def _reach(design: Design, n: int) -> int:
    """The seeds of a design's last look up to n."""
    return max((look for look in design.looks if look <= n), default=0)


def _look_at(part: Plan, folder: Path, wish: Wish) -> Findings:
    return analyse([folder], Question(thresholds=part.thresholds, only=part.keys, rule=wish.rule))


def _with_decisions(plan: Plan, found: Iterable[TaskFindings]) -> Plan:
    """The plan with what is known of its arms by now."""
    by_key = {run.key: run for run, _ in plan.runs}
    designs = dict(plan.designs)
    for item in found:
        looks = item.comparisons[0].looks if item.comparisons else None
        if looks is None:
            continue
        first = {arm: by_key[key] for arm, key in zip(item.task.runs["arm"], item.task.runs["run_key"], strict=True)}
        key = family_key(first[item.baseline])
        decided = {
            first[arm].activation.spelling: Decided(
                standing=str(verdict.standing), look=verdict.look, seeds=verdict.seeds, p_value=verdict.p_value
            )
            for arm, verdict in looks.verdicts.items()
            if verdict.decided
        }
        designs[key] = changed(designs[key], decided=decided)
    return replace(plan, designs=designs)
