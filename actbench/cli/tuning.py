"""``actbench run --tune``: each arm at its own best settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from actbench.cli.options import at_least_one, completing, console
from actbench.cli.sweeps import ended, print_forecasts, supervised
from actbench.errors import UserError
from actbench.studies.tuning.asked import FIRST_SEED, Tuning
from actbench.studies.tuning.protocols import PROTOCOLS

if TYPE_CHECKING:
    from actbench.execution.events import Listener
    from actbench.execution.plan import Plan
    from actbench.execution.sweep import Options, Outcome
    from actbench.execution.tune import Tuner
    from actbench.studies.study import Study
    from actbench.tables.measured import EpochRule

BUDGETS = ("full", "halving")
Tune = Annotated[
    str | None,
    typer.Option(
        "--tune",
        metavar="WHAT",
        help="Choose for each arm what suits it best, on seeds of their own and a part kept from training; then score "
        "all arms. lr; a study's [tuning.grid] can choose other settings, too.",
        autocompletion=completing(lambda: ("lr",)),
    ),
]
ProtocolName = Annotated[
    str | None,
    typer.Option(
        "--protocol",
        help="Of --tune: fair (7 rates, 3 seeds), deepobs (36 rates) or algoperf (5 × 5 random trials). Default: fair.",
        autocompletion=completing(lambda: PROTOCOLS.names),
    ),
]
TuningSeeds = Annotated[
    int | None, typer.Option(help="Of --tune: repeat each trial with so many seeds. Default: by protocol.")
]
Budget = Annotated[
    str | None,
    typer.Option(
        help="Of --tune: full, or halving, which drops the worse half of the trials after each seed. Default: full.",
        autocompletion=completing(lambda: BUDGETS),
    ),
]


def asked_tuning(
    study: Study, what: str | None, protocol: str | None, seeds: int | None, budget: str | None
) -> Tuning | None:
    """What is asked of a tuning: the study's, with what the options say laid over it; None where neither asks for one.

    Raises:
        UserError: an option without a tuning, or one that asks for what there is not.
    """
    given = {"--protocol": protocol, "--tuning-seeds": seeds, "--budget": budget}
    unused = " and ".join(name for name, value in given.items() if value is not None)
    if what is None and study.tuning is None:
        if unused:
            raise UserError(f"{unused} is for --tune.")
        return None
    if what not in {None, "lr", "learning_rate"}:
        raise UserError(
            f"--tune {what} is not possible: the option tunes the learning rate, lr. A study's file tunes any setting, "
            "with [tuning.grid]."
        )
    if budget not in {None, *BUDGETS}:
        raise UserError(f"--budget {budget} is not known: it is {' or '.join(BUDGETS)}.")
    changes: dict[str, Any] = {"protocol": protocol, "budget": budget}
    if seeds is not None:
        changes["seeds"] = tuple(range(FIRST_SEED, FIRST_SEED + at_least_one("--tuning-seeds", seeds)))
    asked = msgspec.structs.replace(
        study.tuning or Tuning(), **{name: value for name, value in changes.items() if value is not None}
    )
    if bool(asked.grid) != (asked.protocol == "grid"):
        raise UserError("--protocol grid is that of a study with a [tuning.grid], which has no other.")
    if asked.budget == "halving" and asked.protocol == "algoperf":
        raise UserError(
            "--budget halving drops trials whatever study they belong to, and algoperf takes the best of each of its "
            "five: give --budget full."
        )
    if asked.budget == "halving" and len(asked.seeds or range(PROTOCOLS[asked.protocol].seeds)) == 1:
        raise UserError(
            "--budget halving drops trials after each tuning seed, and there is one: give --tuning-seeds 2 or more."
        )
    return asked


def tuner_of(study: Study, folder: Path, options: Options, *, until_decided: bool) -> Tuner:
    """The tuner of a study for a store.

    Raises:
        UserError: it cannot be tuned, or is asked for what does not go together.
    """
    from actbench.execution.tune import Tuner

    if until_decided:
        raise UserError(
            "A tuning and --until-decided do not go together: the looks would have to allow for the choice of "
            "settings, and do not. Leave --until-decided out, and score on more seeds: --seeds 20."
        )
    if options.rerun:
        raise UserError(
            "A tuning and --rerun do not go together: what is tried next follows from what is stored. Take another "
            "--results."
        )
    return Tuner(study, options.executor, folder)


def print_price(tuner: Tuner, folder: Path, options: Options, *, as_json: bool) -> None:
    """What a tuning and the scoring after it would train."""
    from actbench.execution.forecast import Prospect
    from actbench.execution.tune import known_results
    from actbench.reports.words.tuning import price_note

    results, plan = known_results(tuner, folder)
    complete = plan is None
    scoring = tuner.scoring_plan(tuner.chosen(results)) if complete else tuner.shared
    tuning = tuner.tuning_plan(results)[0] if plan is None else plan
    prospects = {
        "Tuning": Prospect(tuning, folder, later=tuner.later(results)),
        "Scoring": Prospect(scoring, folder, more=0 if complete else tuner.most_beside),
    }
    print_forecasts(prospects, options.jobs, as_json=as_json)
    if not as_json and not complete:
        console().print(
            price_note(halving=tuner.tuning.budget == "halving", extends=PROTOCOLS[tuner.tuning.protocol].extends)
        )


def tune_and_print(
    tuner: Tuner,
    folder: Path,
    options: Options,
    listeners: Sequence[Listener],
    *,
    rule: EpochRule | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Tune and score, print the tables of the plan's own runs, and say where they are."""
    from actbench.execution.tune import sweep_tuned

    plans: list[Plan] = []

    def work(progress: Listener) -> Outcome:
        plan, outcome = sweep_tuned(tuner, folder, options, [progress, *listeners])
        plans.append(plan or tuner.shared)
        return outcome

    errors = console(stderr=True)
    outcome = supervised(work, errors, quiet=quiet)
    ended(outcome, plans[-1], folder, options, rule=rule, quiet=quiet, as_json=as_json)
