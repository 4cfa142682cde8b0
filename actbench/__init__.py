"""Would another activation function do better in my network, and what would it cost me?

From Python, as from the command line: `run` trains, `compare` says what the stored results show, `plot` draws them. All
that is heavy is imported where it is needed: ``import actbench`` takes neither TensorFlow nor pandas nor Matplotlib.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from actbench import lazy
from actbench.environment import __version__
from actbench.errors import ActbenchError
from actbench.execution.given import check_among, in_its_own_names, several
from actbench.training import backends

if TYPE_CHECKING:
    from actbench.execution.executor import Executor
    from actbench.reports.answer import Answer
    from actbench.reports.plots.figures import Picture
    from actbench.tables.findings import Question
    from actbench.tables.measured import EpochRule

__all__ = ["ActbenchError", "__version__", "compare", "plot", "run"]

# Keras settles on its backend when it is imported, whoever comes first: a model, a provider or a person's own file.
lazy.before("keras", backends.prepare)

PathLike: TypeAlias = str | os.PathLike[str]
EpochChoice: TypeAlias = Literal["val", "last", "best"]
TimeAxis: TypeAlias = Literal["epochs", "seconds"]


@in_its_own_names
def run(  # noqa: PLR0913 - one parameter an option
    study: PathLike | None = None,
    *,
    seeds: int | Iterable[int] | None = None,
    variants: str | Sequence[str] = (),
    thresholds: float | Sequence[float] | None = None,
    select: EpochChoice | None = None,
    until_decided: bool = False,
    max_seeds: int | None = None,
    margin: float | None = None,
    baseline: str | None = None,
    tune: str | None = None,
    protocol: str | None = None,
    tuning_seeds: int | None = None,
    budget: str | None = None,
    results: PathLike | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    rerun: bool = False,
    reuse: PathLike | Sequence[PathLike] = (),
    log: str | Sequence[str] = (),
    data_dir: PathLike | None = None,
    max_memory: float | None = None,
    allow_code: bool = False,
    quiet: bool = False,
    **settings: Any,
) -> Answer:
    """Train what is not stored yet, and say what all of it shows: ``actbench run``.

    Runs are trained in processes of their own. Progress goes to stderr. Ctrl-C, or a notebook's stop button, lets the
    running epochs end and keeps their state; the same call goes on from there. One name or number may stand for a list
    of one.

    Args:
        study: a study's file; what is given beside it overrides what it says.
        seeds: the seeds 0 … N-1, or exactly these.
        variants: of the study, those to train; none for all.
        thresholds: accuracies as fractions; None takes the study's, or those that suit the data.
        select: which epoch's figures are a run's; None takes validation where there is such a part, else the last.
        until_decided: add seeds until test accuracy tells every arm from the baseline, or equal to it.
        max_seeds: with ``until_decided``, seeds at the last look; None for 30.
        margin: with ``until_decided``, the smallest difference worth caring about, a fraction.
        baseline: with ``until_decided``, the arm to compare with; None takes relu, or the first.
        tune: ``"lr"`` to choose each arm's learning rate first; a study's file can tune other settings.
        protocol: of ``tune``, what is tried; None for ``fair``.
        tuning_seeds: of ``tune``, how often each trial is repeated; None by protocol.
        budget: of ``tune``, ``full`` or ``halving``; None for ``full``.
        results: folder of the store; None for ``results/NAME`` of the study, or ``results/adhoc``.
        jobs: runs at a time.
        executor: where to train; None for this machine.
        rerun: train again what is stored.
        reuse: stores to take finished runs from.
        log: names of loggers.
        data_dir: folder of published data.
        max_memory: GiB that the data of a file may take; None for half of what is free.
        allow_code: let the study's file name any code of this machine, and a saved model hold some.
        quiet: no progress.
        settings: by the names of studies' files and tables: a value, or a list of values to try each of.
            ``activation=["relu", "mine.py:gate"]``, ``data="mnist"``, ``learning_rate=[0.1, 0.01]``.

    Raises:
        ActbenchError: what was asked for cannot be, own code does not work, or too many runs of an arm failed in a row.
        KeyboardInterrupt: it was interrupted; what had been trained is stored.
    """
    import msgspec

    from actbench.cli.options import at_least_one, chosen_seeds, console
    from actbench.cli.sweeps import BEGIN_ANEW, GO_ON
    from actbench.cli.tuning import asked_tuning, tuner_of
    from actbench.datasets.fetching.events import told
    from actbench.execution.asking import asked_settings, asked_study, asked_wish, carry_out
    from actbench.execution.local import LocalExecutor
    from actbench.execution.plan import make_plan
    from actbench.execution.sweep import Options
    from actbench.execution.tune import sweep_tuned
    from actbench.execution.until_decided import with_designs
    from actbench.reports import words
    from actbench.reports.fetching import FetchProgress
    from actbench.reports.loggers import chosen_loggers
    from actbench.reports.progress import SweepProgress
    from actbench.results.thresholds import checked_thresholds
    from actbench.tables.findings import Question

    asked = asked_settings(settings)
    asked["seed"] = list(seeds) if isinstance(seeds, Iterable) else chosen_seeds(seeds, None)
    rule = _rule(select)
    wish = asked_wish(until_decided, max_seeds, margin, baseline, rule, asked["seed"], rerun=rerun)
    asked["seed"] = list(range(wish.most)) if wish else asked["seed"]
    chosen = asked_study(Path(study) if study else None, asked, variants=several(variants), allow_code=allow_code)
    chosen = msgspec.structs.replace(
        chosen,
        tuning=asked_tuning(chosen, tune, protocol, tuning_seeds, budget),
        thresholds=checked_thresholds(several(thresholds)) or chosen.thresholds,
        data_dir=str(data_dir) if data_dir else None,
        max_memory=max_memory,
    )
    folder = Path(results or Path("results") / chosen.name)
    options = Options(
        executor=executor or LocalExecutor(),
        jobs=at_least_one("--jobs", jobs),
        rerun=rerun,
        reuse=tuple(map(Path, several(reuse))),
    )
    listeners = [logger.listener(folder) for logger in chosen_loggers(several(log))]
    errors = console(stderr=True)
    tuner = None
    with FetchProgress(errors, quiet=quiet) as fetching, told(fetching):
        if chosen.tuning is not None:
            tuner = tuner_of(chosen, folder, options, until_decided=until_decided)
        plan = tuner.shared if tuner else make_plan(chosen, options.executor)
    if wish is not None:
        plan = with_designs(plan, folder, wish)
    with SweepProgress(errors, quiet=quiet) as progress:
        if tuner:
            scored, outcome = sweep_tuned(tuner, folder, options, [progress, *listeners])
            plan = scored or plan
        else:
            outcome = carry_out(plan, folder, options, listeners, wish, progress)
    go_on = BEGIN_ANEW if rerun else GO_ON
    if outcome.interrupted:
        raise KeyboardInterrupt(f"Interrupted. {go_on}")
    if outcome.gave_up:
        raise ActbenchError(f"{words.gave_up(outcome.gave_up, options.max_failures)} {go_on}")
    return _answer([folder], Question(thresholds=plan.thresholds, only=plan.keys, tunings=plan.tunings, rule=rule))


@in_its_own_names
def compare(
    *stores: PathLike,
    metrics: str | Sequence[str] = (),
    baseline: str | None = None,
    margin: float | None = None,
    thresholds: float | Sequence[float] | None = None,
    select: EpochChoice | None = None,
    chance_level: float | None = None,
    activations: str | Sequence[str] = (),
    data: str | Sequence[str] = (),
    models: str | Sequence[str] = (),
    where: str | Sequence[str] = (),
) -> Answer:
    """Put the arms of some results side by side, and say whether the differences are luck: ``actbench compare``.

    One name or number may stand for a list of one.

    Args:
        stores: folders with results; none for ``results/adhoc``.
        metrics: what to compare by: ``accuracy``, ``loss``, ``epochs-to:0.95``, ``seconds_per_epoch`` and others; none
            for accuracy, and what is usual with the data: perplexity of a text, epochs to 95 % of modular addition.
        baseline: the arm to compare with; None takes relu, or the first.
        margin: the smallest difference worth caring about, a fraction; None takes the metric's own.
        thresholds: accuracies as fractions; None takes those of the stores' studies.
        select: which epoch's figures are a run's; None takes validation where there is such a part, else the last.
        chance_level: training accuracy, a fraction, up to which a run counts as guessing.
        activations: only these; ``"swish*"`` and a bare name for all its parameters will do.
        data: only these data sets.
        models: only these models.
        where: only runs of which all this holds: ``"seed<5"``, ``"optimizer=adam"``.

    Raises:
        ActbenchError: a store cannot be read, or what is named is not there.
    """
    from actbench.tables.findings import Question
    from actbench.tables.select import Selection

    question = Question(
        thresholds=several(thresholds) or None,
        selection=Selection(*map(several, (activations, data, models, where))),
        baseline=baseline,
        metrics=several(metrics),
        margin=margin,
        rule=_rule(select),
        chance_level=chance_level,
    )
    return _answer(stores, question)


@in_its_own_names
def plot(
    answer: Answer | PathLike,
    kind: str,
    *,
    theme: Literal["light", "dark"] = "light",
    x: TimeAxis | None = None,
    metric: str | None = None,
) -> Picture:
    """Draw what `run` or `compare` gave, or a store: ``actbench plot``.

    Args:
        answer: what to draw, or the folder of a store.
        kind: ``curves``, ``strip``, ``profile`` or ``pareto``.
        theme: of the paper.
        x: what lies along the x axis of pictures over time; None for epochs.
        metric: of pictures that can show several, as `compare` takes it; None for test accuracy.

    Raises:
        ActbenchError: there is no such picture, or nothing to draw it from.
    """
    from actbench.reports.answer import Answer
    from actbench.reports.plots import look_of
    from actbench.reports.plots.figures import drawn
    from actbench.reports.plots.style import THEMES

    check_among(THEMES, theme=theme)
    check_among(get_args(TimeAxis), x=x)
    look = look_of(kind, theme, x=x, metric=metric)
    known = answer if isinstance(answer, Answer) else compare(answer, metrics=look.metric)
    return drawn(kind, known.findings, look)


def _answer(stores: Sequence[PathLike], question: Question) -> Answer:
    from actbench.cli.compare import ADHOC
    from actbench.reports.answer import Answer
    from actbench.tables.findings import analyse

    return Answer(analyse([Path(store) for store in stores] or [ADHOC], question))


def _rule(select: EpochChoice | None) -> EpochRule | None:
    from actbench.tables.measured import EpochRule

    check_among(get_args(EpochChoice), select=select)
    return EpochRule(select) if select else None
