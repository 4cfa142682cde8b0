"""Carrying out what ``actbench run`` and ``reproduce`` plan: with progress, and with words for how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from actbench.cli.compare import print_arms
from actbench.cli.options import console
from actbench.cli.output import echo_json
from actbench.errors import UserError

if TYPE_CHECKING:
    from actbench.execution.events import Listener
    from actbench.execution.executor import Executor
    from actbench.execution.forecast import Prospect
    from actbench.execution.plan import Plan
    from actbench.execution.sweep import Options, Outcome
    from actbench.tables.measured import EpochRule

GO_ON = "Finished runs are kept, running ones with their state; give the same command again to go on."
BEGIN_ANEW = (
    "Finished runs are kept. The same command trains all runs anew; without --rerun, those that have not finished."
)


class ExecutorName(StrEnum):
    """Where runs are trained."""

    local = "local"
    ray = "ray"


def sweep_and_print(
    carry_out: Callable[[Listener], Outcome],
    plan: Plan,
    folder: Path,
    options: Options,
    *,
    rule: EpochRule | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Sweep with progress, and say what came of it; see `ended`."""
    errors = console(stderr=True)
    if not quiet:
        say_too_few_seeds(plan, folder, errors)
    outcome = supervised(carry_out, errors, rerun=options.rerun, quiet=quiet)
    ended(outcome, plan, folder, options, rule=rule, quiet=quiet, as_json=as_json)


def ended(
    outcome: Outcome,
    plan: Plan,
    folder: Path,
    options: Options,
    *,
    rule: EpochRule | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """After a sweep: print the table of the plan's own runs, say where they are; exit with 1 where some run failed."""
    from actbench.reports import words

    errors = console(stderr=True)
    go_on = BEGIN_ANEW if options.rerun else GO_ON
    form = "json" if as_json else "table"
    print_arms([folder], plan.thresholds, form, only=plan.keys, tunings=plan.tunings, rule=rule)
    if outcome.gave_up:
        errors.print(f"{words.gave_up(outcome.gave_up, options.max_failures)} {go_on}", markup=False)
    elif not quiet:
        errors.print(f"Kept in {folder}; 'actbench compare {folder}' shows all that lies there.")
    if outcome.broken:
        raise typer.Exit(1)


def supervised(work: Callable[[Listener], Outcome], errors: Any, *, rerun: bool = False, quiet: bool) -> Outcome:
    """Carry out a sweep that tells of its progress; where it is interrupted, say how to go on, and exit."""
    from actbench.reports.progress import SweepProgress

    try:
        with SweepProgress(errors, quiet=quiet) as progress:
            outcome = work(progress)
    except KeyboardInterrupt:
        rest = BEGIN_ANEW if rerun else "Finished runs are kept; give the same command again to go on."
        errors.print(f"Ended at once. {rest}")
        raise typer.Exit(130) from None
    if outcome.interrupted:
        errors.print(f"Interrupted. {BEGIN_ANEW if rerun else GO_ON}")
        raise typer.Exit(130)
    return outcome


def executor_of(name: ExecutorName, address: str | None, cpus: int, gpus: float) -> Executor:
    """The executor of that name. Raises UserError for options that are another's."""
    if name == ExecutorName.local:
        from actbench.execution.local import LocalExecutor

        if address or (cpus, gpus) != (1, 0):
            raise UserError("--ray-address, --cpus-per-run and --gpus-per-run are for --executor ray.")
        return LocalExecutor()
    from actbench.execution.ray import RayExecutor

    return RayExecutor(address, cpus, gpus)


def print_forecast(plans: Sequence[Plan], folder: Path, options: Options, *, as_json: bool) -> None:
    """What would be trained: of one plan, or of the fewest and the most runs that it may come to."""
    from actbench.execution.forecast import forecast, too_few_seeds
    from actbench.reports.forecast import forecast_grid, forecast_json, forecast_words
    from actbench.reports.layout import show_grid

    jobs = options.jobs
    found = [forecast(plan, folder, rerun=options.rerun) for plan in plans]
    if as_json:
        totals = [
            forecast_json(arms, jobs, too_few_seeds(plan, folder)) for arms, plan in zip(found, plans, strict=True)
        ]
        echo_json(totals[0] if len(totals) == 1 else dict(zip(("fewest", "most"), totals, strict=True)))
        return
    for name, arms in zip(("The first look: ", "All looks: ") if len(found) > 1 else ("",), found, strict=True):
        if arms is found[-1]:
            show_grid(forecast_grid(arms), console())
        console().print(name + forecast_words(arms, jobs))
    say_too_few_seeds(plans[-1], folder, console())


def print_forecasts(prospects: Mapping[str, Prospect], jobs: int, *, as_json: bool) -> None:
    """What would be trained of several plans, by their names."""
    from actbench.execution.forecast import forecast, too_few_seeds
    from actbench.reports.forecast import forecast_grid, forecast_json, forecast_words
    from actbench.reports.layout import show_grid

    found = {name: (its, forecast(its.plan, its.folder, later=its.later)) for name, its in prospects.items()}
    if as_json:
        echo_json(
            {
                name: forecast_json(arms, jobs, too_few_seeds(its.plan, its.folder), its.more)
                for name, (its, arms) in found.items()
            }
        )
        return
    for name, (its, arms) in found.items():
        show_grid(forecast_grid(arms), console())
        console().print(f"{name}: {forecast_words(arms, jobs, its.more)}")
        say_too_few_seeds(its.plan, its.folder, console())


def say_too_few_seeds(plan: Plan, folder: Path, where: Any) -> None:
    """Say on a console, before hours are spent, where no verdict is possible whatever comes of the runs."""
    from actbench.execution.forecast import too_few_seeds
    from actbench.reports import words

    found = too_few_seeds(plan, folder)
    if found is not None:
        where.print(words.too_few_seeds(found))
