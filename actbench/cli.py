"""The command line: parses, calls, prints. What a command does lies in the function that it calls."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

import actbench
from actbench import activations, datasets, models
from actbench.errors import UserError
from actbench.initializers import INITIALIZERS
from actbench.optimizers import OPTIMIZERS
from actbench.registry import Registry, describe, signature

app = typer.Typer(
    name="actbench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Would another activation function do better in my network, and what would it cost me?",
    epilog="Any command takes --debug, which shows the traceback of an error. Start with: actbench run --act mish",
)


class Kind(StrEnum):
    """What ``actbench list`` can list."""

    activations = "activations"
    datasets = "datasets"
    models = "models"
    optimizers = "optimizers"
    initializers = "initializers"


class TableFormat(StrEnum):
    """What ``actbench compare`` can write."""

    table = "table"
    csv = "csv"
    md = "md"
    json = "json"


REGISTRIES: dict[Kind, Registry[Any]] = {
    Kind.activations: activations.CATALOGUE,
    Kind.datasets: datasets.DATASETS,
    Kind.models: models.MODELS,
    Kind.optimizers: OPTIMIZERS,
    Kind.initializers: INITIALIZERS,
}


def _names(kind: Kind) -> Callable[[str], list[str]]:
    """Completions for the shell: the names of one kind that begin with what was typed."""

    def complete(incomplete: str) -> list[str]:
        return [entry.name for entry in REGISTRIES[kind] if entry.name.startswith(incomplete)]

    return complete


Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Thresholds = Annotated[
    list[float] | None,
    typer.Option("--threshold", help="Accuracy as a fraction, like 0.95 (repeatable). Default: by data set."),
]


@app.command()
def run(  # noqa: PLR0913, PLR0917 - one parameter an option
    act: Annotated[
        list[str] | None,
        typer.Option(
            "--act",
            help="Activation: a name, 'swish(beta=0.5)', or your own module:attr or file.py:attr (repeatable).",
            autocompletion=_names(Kind.activations),
        ),
    ] = None,
    data: Annotated[
        str, typer.Option(help="Data set, or your own FILE.npz.", autocompletion=_names(Kind.datasets))
    ] = "digits",
    model: Annotated[
        str | None,
        typer.Option(
            help="Network, like cnn or 'mlp(100, 50)', or your own module:function. Default: by data set.",
            autocompletion=_names(Kind.models),
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Default: by data set.")] = None,
    batch_size: Annotated[int, typer.Option()] = 100,
    optimizer: Annotated[
        str, typer.Option(help="Like adam or 'sgd(momentum=0.9)'.", autocompletion=_names(Kind.optimizers))
    ] = "adam",
    lr: Annotated[float, typer.Option("--lr", help="Learning rate.")] = 0.001,
    seeds: Annotated[int | None, typer.Option(help="Repeat with the seeds 0 … N-1. Default: 1.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Repeat with exactly this seed (repeatable).")] = None,
    threshold: Thresholds = None,
    initializer: Annotated[
        str, typer.Option(help="Of the reference layers' kernels.", autocompletion=_names(Kind.initializers))
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
        thresholds=_thresholds(threshold),
        data_dir=str(data_dir) if data_dir else None,
    )
    _run_study(study, results, rerun=rerun, quiet=quiet, as_json=as_json)


def _run_study(study: Any, results: Path, *, rerun: bool, quiet: bool, as_json: bool) -> None:
    from actbench.reports.progress import SweepProgress
    from actbench.sweep import sweep

    errors = _console(stderr=True)
    try:
        with SweepProgress(errors, quiet=quiet) as progress:
            outcome = sweep(study, results, progress, rerun=rerun)
    except KeyboardInterrupt:
        errors.print("Interrupted. Finished runs are kept; give the same command again to go on.", soft_wrap=True)
        raise typer.Exit(130) from None
    _print_arms([results], study.chosen_thresholds(), "json" if as_json else "table", only=outcome.keys)
    if not quiet:
        errors.print(f"Kept in {results}; 'actbench compare {results}' shows all that lies there.", soft_wrap=True)
    if outcome.broken:
        raise typer.Exit(1)


@app.command()
def compare(
    stores: Annotated[list[Path] | None, typer.Argument(help="Folders with results. Default: results/adhoc.")] = None,
    threshold: Thresholds = None,
    table_format: Annotated[TableFormat, typer.Option("--format")] = TableFormat.table,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of stdout.")] = None,
    as_json: Json = False,
) -> None:
    """Print the arms of a store side by side."""
    chosen = TableFormat.json if as_json else table_format
    _print_arms(stores or [Path("results/adhoc")], _thresholds(threshold), chosen, output=output)


@app.command(name="list")
def list_entries(kind: Annotated[Kind, typer.Argument()], as_json: Json = False) -> None:
    """List the activations, datasets, models, optimizers or initializers by name."""
    entries = list(REGISTRIES[kind])
    if as_json:
        typer.echo(json.dumps([describe(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for entry in entries:
        table.add_row(signature(entry), getattr(entry, "formula", entry.summary))
    _console().print(table, markup=False, highlight=False)


@app.command()
def show(
    activation: Annotated[str, typer.Argument(autocompletion=_names(Kind.activations))], as_json: Json = False
) -> None:
    """Show an activation: formula, source, parameters and properties."""
    entry = activations.resolve(activation).entry
    if entry is None:
        raise UserError(f"{activation!r} is your own code: actbench knows no more of it than its name.")
    if as_json:
        typer.echo(json.dumps(describe(entry), indent=2, ensure_ascii=False))
        return
    lines = [
        f"{signature(entry)}   ({entry.kind})",
        f"  {entry.summary}",
        f"  f(x) = {entry.formula}",
        f"  range {entry.range}",
        f"  {'smooth' if entry.smooth else 'not smooth'}, {'monotonic' if entry.monotonic else 'not monotonic'}",
        *(f"  {p.name} = {p.default!r}: {p.meaning} ({p.allowed})" for p in entry.parameters),
        f"  {entry.source}",
        f"  {entry.link}",
    ]
    typer.echo("\n".join(lines))


@app.command()
def info(as_json: Json = False) -> None:
    """Print versions, hardware and where data is looked for: what a report of a problem should contain."""
    from actbench.environment import information

    facts = information()
    if as_json:
        typer.echo(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in facts)
    typer.echo("\n".join(f"{name:<{width}}  {value}" for name, value in facts.items()))


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """Options of the program itself."""
    if version:
        typer.echo(f"actbench {actbench.__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line: 0 done, 1 some run failed, 2 wrong usage or bad input, 130 interrupted."""
    debug = "--debug" in sys.argv
    sys.argv[1:] = [word for word in sys.argv[1:] if word != "--debug"]
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        app()
    except UserError as error:
        if debug:
            raise
        _console(stderr=True).print(f"actbench: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2)


def _print_arms(
    stores: Iterable[Path],
    thresholds: tuple[float, ...] | None,
    table_format: str,
    *,
    output: Path | None = None,
    only: tuple[str, ...] | None = None,
) -> None:
    from actbench.reports import table
    from actbench.tables import arm_table, read_stores

    runs, epochs, stored_thresholds = read_stores(list(stores), only)
    thresholds = thresholds or stored_thresholds
    arms = arm_table(runs, epochs, thresholds)
    if output is None and table_format == TableFormat.table:
        console = _console()
        console.print(table.to_rich(arms))
        console.print(table.legend(runs, thresholds), markup=False, highlight=False)
        return
    text = table.RENDERERS[table_format](arms)
    if output is None:
        typer.echo(text.removesuffix("\n"))
    else:
        output.write_text(text, encoding="utf-8")


def _seeds(count: int | None, chosen: list[int] | None) -> list[int]:
    if count is not None and chosen:
        raise UserError("Give either --seeds N (the seeds 0 … N-1) or --seed S, not both.")
    if count is not None and count < 1:
        raise UserError(f"--seeds {count} is no number of repeats; give 1 or more.")
    return list(dict.fromkeys(chosen)) if chosen else list(range(count or 1))


def _thresholds(chosen: list[float] | None) -> tuple[float, ...] | None:
    for threshold in chosen or ():
        if not 0 < threshold < 1:
            hint = f" Did you mean {threshold / 100:g}?" if 1 <= threshold < 100 else ""  # noqa: PLR2004 - a percentage
            raise UserError(f"--threshold {threshold:g} is no accuracy between 0 and 1.{hint}")
    return tuple(sorted(set(chosen))) if chosen else None


def _console(*, stderr: bool = False) -> Any:
    from rich.console import Console

    # Where nobody watches, a table must not be squeezed into a made-up terminal of 80 columns.
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, width=None if stream.isatty() else 200)
