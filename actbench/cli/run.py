"""``actbench run``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec.structs import replace

from actbench.cli.fetching import Offline, watched
from actbench.cli.options import (
    AllowCode,
    DataDir,
    Json,
    Listed,
    Log,
    MaxMemory,
    Select,
    Thresholds,
    at_least_one,
    choices,
    chosen_seeds,
    completing,
    completions,
    epoch_rule,
)
from actbench.cli.sweeps import ExecutorName, executor_of, print_forecast, sweep_and_print
from actbench.cli.tuning import (
    Budget,
    ProtocolName,
    Tune,
    TuningSeeds,
    asked_tuning,
    print_price,
    tune_and_print,
    tuner_of,
)
from actbench.errors import UserError
from actbench.reports.loggers import chosen_loggers
from actbench.results.columns import SETTINGS
from actbench.results.thresholds import checked_thresholds
from actbench.studies.study import MAX_SEEDS
from actbench.training import backends

if TYPE_CHECKING:
    pass


def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    study: Annotated[
        Path | None, typer.Argument(metavar="STUDY.toml", help="A study in a file; options override what it says.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option("--variant", help="Of the study's variants only this one (repeatable).")
    ] = None,
    act: Annotated[
        list[str] | None,
        typer.Option(
            "--act",
            help="Activation: a name, 'swish(beta=0.5)', or your own module:attr or file.py:attr (repeatable).",
            autocompletion=completions(Listed.activations),
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="Data set, or your own: FILE.npz, FILE.csv, FOLDER/ of images, text:FILE. Default: digits.",
            autocompletion=completions(Listed.datasets),
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="Network, like cnn or 'mlp(100, 50)', your own FILE.keras or file.py:function, or one of Keras's, "
            "like keras:MobileNetV2. Default: by data set.",
            autocompletion=completions(Listed.models),
        ),
    ] = None,
    swap: Annotated[
        str | None,
        typer.Option(
            help="Which activations of a model that came with some: hidden, relu, all, or a pattern of layers' names, "
            "like 'block_*'. Default: hidden."
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Of a model that came with some: new, drawn by the seed, or keep. Default: new.",
            autocompletion=choices("weights"),
        ),
    ] = None,
    custom_objects: Annotated[
        list[str] | None,
        typer.Option(
            "--custom-objects",
            help="A layer of your own in a saved model, file.py:Layer; several have commas between them.",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Default: by data set.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Inputs a training step. Default: 100.")] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(help="Like 'sgd(momentum=0.9)'. Default: adam.", autocompletion=completions(Listed.optimizers)),
    ] = None,
    lr: Annotated[
        list[float] | None,
        typer.Option("--lr", help="Learning rate; several (repeatable) show how much arms mind it. Default: 0.001."),
    ] = None,
    schedule: Annotated[
        str | None,
        typer.Option(
            help="How the learning rate goes: 'cosine(warmup=0.1)', 'step(0.5, 0.75)'. Default: constant.",
            autocompletion=completions(Listed.schedules),
        ),
    ] = None,
    weight_decay: Annotated[
        float | None,
        typer.Option(
            help="Decoupled, of all but what activations learn. Default: the optimizer's own, none but for adamw."
        ),
    ] = None,
    l2: Annotated[
        float | None,
        typer.Option("--l2", help="Penalty λ·Σw² over the kernels, part of the training loss. Default: 0."),
    ] = None,
    clip_norm: Annotated[
        float | None, typer.Option(help="Scale gradients whose norm over all weights is above this down to it.")
    ] = None,
    label_smoothing: Annotated[
        float | None, typer.Option(help="Share of each training target that is spread over all classes. Default: 0.")
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            help="Change training images at every step: flip, 'shift(4)', or 'flip,shift(4)'. Default: none.",
            autocompletion=completions(Listed.augmentations),
        ),
    ] = None,
    seeds: Annotated[int | None, typer.Option(help="Repeat with the seeds 0 … N-1. Default: 1.")] = None,
    seed: Annotated[
        list[str] | None, typer.Option(help="Repeat with exactly this seed, or these: 10..19 (repeatable).")
    ] = None,
    tune: Tune = None,
    protocol: ProtocolName = None,
    tuning_seeds: TuningSeeds = None,
    budget: Budget = None,
    until_decided: Annotated[
        bool,
        typer.Option(
            "--until-decided",
            help="Add seeds in looks of 6, 8, 10, 15, 20, 30 until test accuracy tells every arm from the baseline, or "
            "equal to it. False verdicts stay at 5 % over all looks and arms.",
        ),
    ] = False,
    max_seeds: Annotated[
        int | None, typer.Option(help=f"With --until-decided: seeds at the last look. Default: {MAX_SEEDS}.")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="With --until-decided: smallest difference worth caring about, like 0.005 of accuracy."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", help="With --until-decided: compare with this arm. Default: relu, or the first."),
    ] = None,
    threshold: Thresholds = None,
    select: Select = None,
    initializer: Annotated[
        str | None,
        typer.Option(
            help="Of the layers' kernels. Default: glorot_uniform, or own: each layer's, for a model that came with "
            "activations.",
            autocompletion=completions(Listed.initializers),
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(help="Take at most this many training and test inputs, balanced over the classes.")
    ] = None,
    validation_split: Annotated[
        float | None, typer.Option(help="Keep this fraction of the training part for validation.")
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            help="What is kept for validation: the last inputs, as Keras does, or a draw of each class. last or "
            "stratified. Default: last.",
            autocompletion=choices("split"),
        ),
    ] = None,
    test_split: Annotated[
        float | None,
        typer.Option(help="Of your own data without a test part, keep this fraction for one. Default: 0.2."),
    ] = None,
    target: Annotated[str | None, typer.Option(help="Column of a table (FILE.csv) that holds the classes.")] = None,
    impute: Annotated[
        str | None, typer.Option(help="Fill missing numbers of your own features: median. Default: refuse them.")
    ] = None,
    image_size: Annotated[
        str | None, typer.Option(help="Resize the images of a folder to this, like 32 or 32x48 (height first).")
    ] = None,
    patience: Annotated[
        int | None, typer.Option(help="Stop when the validation loss has not improved for this many epochs.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="auto, cpu or gpu. Default: auto.", autocompletion=choices("device"))
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(
            help="float32, float64 or bfloat16 (mixed). Default: float32.", autocompletion=choices("precision")
        ),
    ] = None,
    deterministic: Annotated[
        bool | None, typer.Option("--deterministic", help="Repeatable bit for bit, on one thread, and slower.")
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option(
            help=f"What computes: {', '.join(backends.names())}. Default: {backends.DEFAULT}.",
            autocompletion=completing(backends.names),
        ),
    ] = None,
    data_dir: DataDir = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder to write to. Default: results/adhoc, or results/NAME for a study.")
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            help="Runs at a time, each in a process of its own. On a CPU, last digits of convolutional networks depend "
            "on it, unless --deterministic."
        ),
    ] = 1,
    executor: Annotated[
        ExecutorName, typer.Option(help="Train on this machine, or on a Ray cluster.")
    ] = ExecutorName.local,
    ray_address: Annotated[
        str | None, typer.Option(help="Of an existing cluster: auto, HOST:PORT or ray://… Default: start a local one.")
    ] = None,
    cpus_per_run: Annotated[int, typer.Option(help="CPU cores that a run on a cluster asks for.")] = 1,
    gpus_per_run: Annotated[float, typer.Option(help="GPUs that a run on a cluster asks for.")] = 0,
    rerun: Annotated[bool, typer.Option("--rerun", help="Train again what is stored already.")] = False,
    reuse: Annotated[
        list[Path] | None,
        typer.Option(help="Take finished runs that this study asks for from another store (repeatable)."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be trained, and how long.")] = False,
    max_failures: Annotated[int, typer.Option(help="Give an arm up after this many failing runs of it in a row.")] = 5,
    checkpoint_every: Annotated[
        int | None, typer.Option(help="Keep a long run's state every N epochs. Default: about every 5 minutes.")
    ] = None,
    log: Log = None,
    allow_code: AllowCode = False,
    max_memory: MaxMemory = None,
    smoke: Annotated[
        bool,
        typer.Option(
            "--smoke", help="A short trial: the study's [smoke], else one epoch of each run; kept in results/smoke."
        ),
    ] = False,
    offline: Offline = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")] = False,
    as_json: Json = False,
) -> None:
    """Train networks with the activations and print the table."""
    asked = _asked(locals())
    from actbench.execution.asking import asked_study, asked_wish, carry_out
    from actbench.execution.plan import make_plan
    from actbench.execution.sweep import Options

    asked["seed"] = chosen_seeds(seeds, seed)
    rule = epoch_rule(select)
    wish = asked_wish(until_decided, max_seeds, margin, baseline, rule, asked["seed"], rerun=rerun)
    asked["seed"] = list(range(wish.most)) if wish else asked["seed"]
    chosen = asked_study(study, asked, variants=variant or (), allow_code=allow_code)
    chosen = chosen.trial if smoke else chosen
    chosen = replace(chosen, tuning=asked_tuning(chosen, tune, protocol, tuning_seeds, budget))
    chosen = replace(
        chosen,
        thresholds=checked_thresholds(threshold) or chosen.thresholds,
        data_dir=str(data_dir) if data_dir else None,
        max_memory=max_memory,
    )
    folder = results or Path("results", *(["smoke"] if smoke else []), chosen.name)
    options = Options(
        executor=executor_of(executor, ray_address, at_least_one("--cpus-per-run", cpus_per_run), gpus_per_run),
        jobs=at_least_one("--jobs", jobs),
        rerun=rerun,
        reuse=_reuse(reuse, rerun=rerun),
        max_failures=at_least_one("--max-failures", max_failures),
        checkpoint_epochs=None if checkpoint_every is None else at_least_one("--checkpoint-every", checkpoint_every),
    )
    loggers = chosen_loggers(log or ())
    if chosen.tuning is not None:
        with watched(quiet=quiet):
            tuner = tuner_of(chosen, folder, options, until_decided=until_decided)
        if dry_run:
            print_price(tuner, folder, options, as_json=as_json)
        else:
            listeners = [logger.listener(folder) for logger in loggers]
            tune_and_print(tuner, folder, options, listeners, rule=epoch_rule(select), quiet=quiet, as_json=as_json)
        return
    with watched(quiet=quiet):
        plan = make_plan(chosen, options.executor)
    if wish is not None:
        from actbench.execution.until_decided import first_and_most, with_designs

        plan = with_designs(plan, folder, wish)
    if dry_run:
        plans = first_and_most(plan) if wish else (plan,)
        print_forecast(plans, folder, options, as_json=as_json)
    else:
        listeners = [chosen.listener(folder) for chosen in loggers]
        work = partial(carry_out, plan, folder, options, listeners, wish)
        sweep_and_print(work, plan, folder, options, rule=rule, quiet=quiet, as_json=as_json)


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    """The settings among the options, by the names that studies use."""
    layers = options["custom_objects"]
    return {name: options[column.parameter] for name, column in SETTINGS.items()} | {
        "custom_objects": ",".join(layers) if layers else None
    }


def _reuse(stores: list[Path] | None, *, rerun: bool) -> tuple[Path, ...]:
    if stores and rerun:
        raise UserError("--rerun trains everything again, --reuse takes what was trained. Give one of them.")
    return tuple(stores or ())
