"""``actbench reproduce``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from actbench.cli.fetching import Offline, watched
from actbench.cli.options import (
    AllowCode,
    DataDir,
    Json,
    Log,
    MaxMemory,
    SelectedEpoch,
    completing,
    console,
    epoch_rule,
)
from actbench.cli.output import FormatName, Output, chosen_format, write_sheet
from actbench.cli.sweeps import print_forecasts, say_too_few_seeds, supervised
from actbench.errors import UserError
from actbench.reports.loggers import Logger, chosen_loggers

if TYPE_CHECKING:
    from rich.console import Console

    from actbench.execution.events import Listener
    from actbench.execution.plan import Plan
    from actbench.execution.reproduce import Case
    from actbench.execution.sweep import Options, Outcome


def _names() -> Iterable[str]:
    from actbench.execution.reproduce import studies

    return studies()


def reproduce(  # noqa: PLR0913, PLR0917 - one parameter an option
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME|STUDY.toml",
            help="Articles, as 'actbench list studies' names them. Default: all.",
            autocompletion=completing(_names),
        ),
    ] = None,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="A short trial with little data, kept in RESULTS/smoke; judges nothing.")
    ] = False,
    stored: Annotated[bool, typer.Option("--stored", help="Judge by what is stored, and train nothing.")] = False,
    results: Annotated[Path, typer.Option(help="Folder of the stores, one a study.")] = Path("results"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be trained, and how long.")] = False,
    data_dir: DataDir = None,
    select: Annotated[
        SelectedEpoch | None,
        typer.Option(
            help="Whose figures judge the claims: the epoch that is best on validation (val), the last, or the best on "
            "test. Default: val where there is a validation part, else last. Printed figures are compared with the "
            "last epoch's in any case."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time; seconds are then not measured alone.")] = 1,
    format_name: FormatName = None,
    output: Output = None,
    log: Log = None,
    allow_code: AllowCode = False,
    max_memory: MaxMemory = None,
    offline: Offline = False,  # noqa: ARG001 - its callback obeys it
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")] = False,
    as_json: Json = False,
) -> None:
    """Reproduce published articles: train what is missing, lay ours beside what was printed, judge every claim."""
    from actbench.execution import reproduce as articles
    from actbench.execution.forecast import Prospect
    from actbench.execution.plan import make_plan, stored_plan
    from actbench.execution.sweep import Options
    from actbench.reports import words
    from actbench.reports.sheet.reproduction import ReproductionSheet

    if dry_run and (stored or format_name or output):
        raise UserError("--dry-run judges nothing: leave --stored, --format and --output out.")
    form = chosen_format(format_name, output, as_json=as_json)
    errors = console(stderr=True)
    options = Options(jobs=jobs)
    loggers = chosen_loggers(log or ())
    where = {"data_dir": str(data_dir) if data_dir else None, "max_memory": max_memory}
    cases = [
        # What is stored is judged without running anything, wherever the study's code lies.
        articles.find_case(name, results, smoke=smoke, study_options=where, allow_code=allow_code or stored)
        for name in names or list(articles.studies())
    ]
    if stored and not names:
        cases = _with_runs(cases, errors, quiet=quiet)
    if dry_run:
        with watched(quiet=quiet):
            prospects = {
                case.study.name: Prospect(
                    stored_plan(case.study, case.store) or make_plan(case.study, options.executor), case.store
                )
                for case in cases
            }
        print_forecasts(prospects, jobs, as_json=as_json)
        return
    broken = False
    found = []
    for case in cases:
        plan = stored_plan(case.study, case.store)
        if plan is None and not stored:
            with watched(quiet=quiet):
                made = make_plan(case.study, options.executor)
            if not (quiet or smoke):
                say_too_few_seeds(made, case.store, errors)
            outcome = supervised(partial(_train, made, case.store, options, loggers), errors, quiet=quiet)
            broken |= bool(outcome.broken)
            plan = made if outcome.complete else None
        found.append(articles.review(case, plan, epoch_rule(select)))
    write_sheet(ReproductionSheet(tuple(found)), form, output)
    for one in found:
        for judged in one.disappointing:
            errors.print(
                f"actbench: {one.case.study.name}: expected to hold, but {words.claim_verdict(judged)}: "
                f"{judged.claim.text} ({words.claim_figures(judged)})",
            )
    if broken or any(one.disappointing for one in found):
        raise typer.Exit(1)


def _with_runs(cases: list[Case], errors: Console, *, quiet: bool) -> list[Case]:
    """Of all articles those that runs are stored of, the others being named; all of them where there are no runs."""
    found = [case for case in cases if case.is_trained]
    without = [case.study.name for case in cases if not case.is_trained]
    if found and without and not quiet:
        errors.print(f"No runs stored yet: {', '.join(without)}.")
    return found or cases


def _train(plan: Plan, store: Path, options: Options, loggers: Sequence[Logger], progress: Listener) -> Outcome:
    from actbench.execution.sweep import sweep

    return sweep(plan, store, options, [progress, *(chosen.listener(store) for chosen in loggers)])
