"""``actbench run``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from actbench.cli.compare import print_arms
from actbench.cli.options import Json, Kind, Thresholds, checked_thresholds, completions, console
from actbench.errors import UserError


def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    act: Annotated[
        list[str] | None,
        typer.Option(
            "--act",
            help="Activation: a name, 'swish(beta=0.5)', or your own module:attr or file.py:attr (repeatable).",
            autocompletion=completions(Kind.activations),
        ),
    ] = None,
    data: Annotated[
        str, typer.Option(help="Data set, or your own FILE.npz.", autocompletion=completions(Kind.datasets))
    ] = "digits",
    model: Annotated[
        str | None,
        typer.Option(
            help="Network, like cnn or 'mlp(100, 50)', or your own module:function. Default: by data set.",
            autocompletion=completions(Kind.models),
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Default: by data set.")] = None,
    batch_size: Annotated[int, typer.Option()] = 100,
    optimizer: Annotated[
        str, typer.Option(help="Like adam or 'sgd(momentum=0.9)'.", autocompletion=completions(Kind.optimizers))
    ] = "adam",
    lr: Annotated[float, typer.Option("--lr", help="Learning rate.")] = 0.001,
    seeds: Annotated[int | None, typer.Option(help="Repeat with the seeds 0 … N-1. Default: 1.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Repeat with exactly this seed (repeatable).")] = None,
    threshold: Thresholds = None,
    initializer: Annotated[
        str, typer.Option(help="Of the reference layers' kernels.", autocompletion=completions(Kind.initializers))
    ] = "glorot_uniform",
    limit: Annotated[
        int | None, typer.Option(help="Take at most this many training and test inputs, balanced over the classes.")
    ] = None,
    validation_split: Annotated[
        float, typer.Option(help="Keep the last fraction of the training part for validation.")
    ] = 0.0,
    patience: Annotated[
        int | None, typer.Option(help="Stop when the validation loss has not improved for this many epochs.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or gpu.")] = "auto",
    precision: Annotated[str, typer.Option(help="float32, float64 or bfloat16 (mixed).")] = "float32",
    deterministic: Annotated[bool, typer.Option("--deterministic", help="Repeatable bit for bit, and slower.")] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder that holds mnist.npz, cifar10.npz. Default: $ACTBENCH_DATA_DIR.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Folder of the store that is written to.")] = Path("results/adhoc"),
    rerun: Annotated[bool, typer.Option("--rerun", help="Train again what is stored already.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only the result.")] = False,
    as_json: Json = False,
) -> None:
    """Train networks with the activations and print the table."""
    from actbench.study import Study, settings

    study = Study(
        base=settings(
            {
                "data": data,
                "model": model,
                "epochs": epochs,
                "batch_size": batch_size,
                "optimizer": optimizer,
                "learning_rate": lr,
                "initializer": initializer,
                "limit": limit,
                "validation_split": validation_split,
                "patience": patience,
                "device": device,
                "precision": precision,
                "deterministic": deterministic,
            }
        ),
        grid={"seed": _seeds(seeds, seed), "activation": act or ["relu"]},
        thresholds=checked_thresholds(threshold),
        data_dir=str(data_dir) if data_dir else None,
    )
    _run_study(study, results, rerun=rerun, quiet=quiet, as_json=as_json)


def _run_study(study: Any, results: Path, *, rerun: bool, quiet: bool, as_json: bool) -> None:
    from actbench.reports.progress import SweepProgress
    from actbench.sweep import sweep

    errors = console(stderr=True)
    try:
        with SweepProgress(errors, quiet=quiet) as progress:
            outcome = sweep(study, results, progress, rerun=rerun)
    except KeyboardInterrupt:
        errors.print("Interrupted. Finished runs are kept; give the same command again to go on.", soft_wrap=True)
        raise typer.Exit(130) from None
    print_arms([results], study.chosenchecked_thresholds(), "json" if as_json else "table", only=outcome.keys)
    if not quiet:
        errors.print(f"Kept in {results}; 'actbench compare {results}' shows all that lies there.", soft_wrap=True)
    if outcome.broken:
        raise typer.Exit(1)


def _seeds(count: int | None, chosen: list[int] | None) -> list[int]:
    if count is not None and chosen:
        raise UserError("Give either --seeds N (the seeds 0 … N-1) or --seed S, not both.")
    if count is not None and count < 1:
        raise UserError(f"--seeds {count} is no number of repeats; give 1 or more.")
    return list(dict.fromkeys(chosen)) if chosen else list(range(count or 1))
