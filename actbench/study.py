"""What is to be compared: a base setting, a grid over any of its fields, and named variants; expands into runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from actbench import activations, datasets, models
from actbench.errors import UserError
from actbench.initializers import INITIALIZERS
from actbench.optimizers import OPTIMIZERS
from actbench.record import Run
from actbench.registry import choose

Fraction = Annotated[float, Meta(gt=0, lt=1)]
Whole = Annotated[int, Meta(ge=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one run is asked to do. ``None``: what suits the data set; for ``limit`` and ``patience``: not at all."""

    activation: str = "relu"
    data: str = "digits"
    limit: Annotated[int, Meta(ge=2)] | None = None
    validation_split: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    model: str | None = None
    optimizer: str = "adam"
    learning_rate: Annotated[float, Meta(gt=0, le=1e6)] = 0.001
    batch_size: Whole = 100
    epochs: Whole | None = None
    patience: Whole | None = None
    initializer: str = "glorot_uniform"
    precision: Literal["float32", "float64", "bfloat16"] = "float32"
    deterministic: bool = False
    device: Literal["auto", "cpu", "gpu"] = "auto"
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 0


class Study(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A comparison: ``base``, with every combination of ``grid``, and each of the ``variants``, laid over it.

    ``thresholds`` are accuracies as fractions; None takes the data set's. ``data_dir`` is where ``NAME.npz`` may lie.
    """

    name: str = "adhoc"
    base: Settings = Settings()
    grid: dict[str, list[Any]] = {}
    variants: dict[str, dict[str, Any]] = {}
    thresholds: tuple[Fraction, ...] | None = None
    data_dir: str | None = None

    def settings(self) -> Iterator[tuple[str, Settings]]:
        """Every run's variant and settings: seed by seed, the arms interleaved, so that a drift hits all arms alike."""
        # The seed turns slowest and the activation fastest, whatever order the grid was written in.
        names = sorted(self.grid, key=lambda name: (name != "seed", name == "activation"))
        slow, fast = (names[:1], names[1:]) if "seed" in names else ([], names)
        for seed in itertools.product(*(self.grid[name] for name in slow)):
            for variant, changes in (self.variants or {"": {}}).items():
                for values in itertools.product(*(self.grid[name] for name in fast)):
                    chosen = dict(zip(slow + fast, seed + values, strict=True))
                    yield variant, settings(msgspec.to_builtins(self.base) | chosen | changes)

    def chosen_thresholds(self) -> tuple[float, ...]:
        """The study's thresholds, or those that suit its data sets, in rising order."""
        if self.thresholds is not None:
            return tuple(sorted(set(self.thresholds)))
        names = {chosen.data for _, chosen in self.settings()}
        return tuple(sorted({t for name in names for t in datasets.describe(name).thresholds}))


OPTIONS = {
    "data": "--data",
    "limit": "--limit",
    "validation_split": "--validation-split",
    "learning_rate": "--lr",
    "batch_size": "--batch-size",
    "epochs": "--epochs",
    "patience": "--patience",
    "precision": "--precision",
    "device": "--device",
    "seed": "--seed",
}


def settings(values: dict[str, Any]) -> Settings:
    """Validate plain values. Raises UserError that names the field, what was given and what is allowed."""
    try:
        return msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        field = place.rstrip("`")
        name = OPTIONS.get(field, field)
        raise UserError(f"{name} cannot be {values.get(field)!r}: {text[:1].lower()}{text[1:]}.") from None


Load = Callable[[Settings], datasets.Dataset]


def load_data(chosen: Settings, data_dir: Path | None) -> datasets.Dataset:
    """The data that the settings ask for. Raises UserError."""
    return datasets.load(
        chosen.data,
        data_dir=data_dir,
        limit=chosen.limit,
        validation_split=chosen.validation_split,
        dtype="float64" if chosen.precision == "float64" else "float32",
    )


def plan(study: Study, load: Load, device_kind: Callable[[str], str]) -> list[tuple[Run, Settings]]:
    """Expand a study into fully specified runs, in the order in which they are to be trained.

    Everything that cannot work is refused here, before anything is trained. The settings beside each run are what
    ``load`` takes to find its data again.

    Raises:
        UserError: an unknown name, a wrong parameter, or a setting that does not fit the data.
    """
    wanted = list(study.settings())
    for _, chosen in wanted:
        _check_names(chosen)
    runs: dict[str, tuple[Run, Settings]] = {}
    for variant, chosen in wanted:
        data = load(chosen)
        source = datasets.describe(chosen.data)
        model = models.resolve(chosen.model or datasets.default_model(source, data.input_shape))
        model.check(data.input_shape)
        _check_training(chosen, data)
        run = Run(
            study=study.name,
            variant=variant,
            activation=activations.resolve(chosen.activation).choice,
            dataset=chosen.data,
            dataset_sha256=data.sha256,
            limit=chosen.limit,
            validation_split=chosen.validation_split,
            model=model.choice,
            optimizer=choose(OPTIMIZERS, chosen.optimizer)[2],
            learning_rate=chosen.learning_rate,
            batch_size=chosen.batch_size,
            epochs=chosen.epochs or source.epochs,
            patience=chosen.patience,
            initializer=INITIALIZERS[chosen.initializer].name,
            precision=chosen.precision,
            deterministic=chosen.deterministic,
            seed=chosen.seed,
            device=device_kind(chosen.device),
        )
        runs.setdefault(run.key, (run, chosen))
    return list(runs.values())


def _check_names(chosen: Settings) -> None:
    """Refuse what is misspelled while that is still cheap: no data is read and no heavy library imported for it."""
    activations.resolve(chosen.activation)
    datasets.describe(chosen.data)
    choose(OPTIMIZERS, chosen.optimizer)
    INITIALIZERS[chosen.initializer]
    if chosen.model:
        models.resolve(chosen.model)


def _check_training(chosen: Settings, data: datasets.Dataset) -> None:
    size = len(data.x_train)
    if chosen.batch_size > size:
        raise UserError(
            f"--batch-size {chosen.batch_size} is more than the {size} training inputs of {chosen.data!r}. "
            f"Take {min(100, size)} or fewer."
        )
    if chosen.patience is not None and not len(data.x_val):
        raise UserError("--patience watches the validation loss: give --validation-split too, for instance 0.1.")
