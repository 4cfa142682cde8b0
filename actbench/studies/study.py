"""What is to be compared: a base setting, a grid over any of its fields, and named variants; expands into runs."""

from __future__ import annotations

import functools
import itertools
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from actbench import activations, datasets, models
from actbench.datasets import DatasetInfo, Request
from actbench.errors import UserError
from actbench.registry import choose
from actbench.results.record import Run
from actbench.training.initializers import INITIALIZERS
from actbench.training.optimizers import OPTIMIZERS

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


TYPES = typing.get_type_hints(Settings, include_extras=True)
"""The fields of the settings, and what each may hold."""


class Study(msgspec.Struct, frozen=True, kw_only=True):
    """A comparison: ``base``, with every combination of ``grid``, and each of the ``variants``, laid over it.

    ``grid`` maps fields of ``Settings`` to their values. A variant maps fields to a value, which replaces the base's or
    the grid's, or to a list, which replaces the grid's. ``thresholds`` are accuracies as fractions; None takes the data
    set's. ``checks`` are what ``compare`` is to fail on. ``data_dir`` is where ``NAME.npz`` may lie.
    """

    name: str = "adhoc"
    description: str = ""
    source: str = ""
    base: dict[str, Any] = {}
    grid: dict[str, list[Any]] = {}
    variants: dict[str, dict[str, Any]] = {}
    thresholds: tuple[Fraction, ...] | None = None
    checks: tuple[str, ...] = ()
    smoke: dict[str, Any] = {}
    data_dir: str | None = None

    def override(self, fields: Mapping[str, Any]) -> Study:
        """The same study with some fields fixed, or given a list of values, wherever it had them."""
        kept = {name: values for name, values in self.grid.items() if name not in fields}
        variants = {
            name: {key: value for key, value in changes.items() if key not in fields}
            for name, changes in self.variants.items()
        }
        lists = {name: value for name, value in fields.items() if isinstance(value, list)}
        plain = {name: value for name, value in fields.items() if not isinstance(value, list)}
        return msgspec.structs.replace(self, base=self.base | plain, grid=kept | lists, variants=variants)

    def settings(self) -> Iterator[tuple[str, Settings]]:
        """Every run's variant and settings: seed by seed, the arms interleaved, so that a drift hits all arms alike."""
        for seed in self._seeds():
            for variant, changes in (self.variants or {"": {}}).items():
                axes = {name: values for name, values in self.grid.items() if name not in changes}
                axes |= {name: value for name, value in changes.items() if isinstance(value, list)}
                # The activation turns fastest, whatever order the file was written in.
                names = sorted(axes.keys() - {"seed"}, key=lambda name: (name == "activation", list(axes).index(name)))
                fixed = {name: value for name, value in changes.items() if not isinstance(value, list)}
                for values in itertools.product(*(axes[name] for name in names)):
                    chosen = self.base | fixed | dict(zip(names, values, strict=True)) | {"seed": seed}
                    yield variant, settings(chosen)

    def _seeds(self) -> list[int]:
        return self.grid.get("seed", [self.base.get("seed", 0)])

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


def settings(values: Mapping[str, Any]) -> Settings:
    """Validate plain values. Raises UserError that names the field, what was given and what is allowed."""
    checked = {}
    for name, value in values.items():
        try:
            checked[name] = validated(value, TYPES[name])
        except ValueError as error:
            raise UserError(f"{OPTIONS.get(name, name)} cannot be {value!r}: {error}.") from None
    return Settings(**checked)


def validated(value: Any, kind: Any) -> Any:
    """The value as that type. Raises ValueError that says in words what is allowed."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        text = str(error).partition(" - at ")[0]
    if typing.get_origin(kind) is Literal:
        raise ValueError("allowed are " + ", ".join(typing.get_args(kind)))
    for theirs, ours in WORDS.items():
        text = text.replace(theirs, ours)
    raise ValueError(text[:1].lower() + text[1:])


WORDS = {
    " | null`": "`",
    "Expected `int`": "it must be a whole number",
    "Expected `float`": "it must be a number",
    "Expected `str`": "it must be a text",
    "Expected `bool`": "it must be true or false",
    "Expected `array`": "it must be a list",
    ", got `": ", not `",
}
"""What the validator says, and how people say it."""


def request(chosen: Settings, data_dir: str | None) -> Request:
    """The data that the settings ask for."""
    dtype = "float64" if chosen.precision == "float64" else "float32"
    return Request(chosen.data, data_dir, chosen.limit, chosen.validation_split, dtype)


def plan(
    study: Study, info: Callable[[Request], DatasetInfo], device_kind: Callable[[str], str]
) -> list[tuple[Run, Request]]:
    """Expand a study into fully specified runs, each with its data, in the order in which they are to be trained.

    Everything that cannot work is refused here, before anything is trained.

    Args:
        study: what is to be compared.
        info: what a data set is, as ``datasets.info`` tells.
        device_kind: resolves ``auto``, ``cpu`` and ``gpu`` to what there is.

    Raises:
        UserError: an unknown name, a wrong parameter, two equal arms, or a setting that does not fit the data.
    """
    wanted = list(study.settings())
    check_names = functools.cache(_check_names)
    for _, chosen in wanted:
        check_names(chosen.activation, chosen.data, chosen.optimizer, chosen.initializer, chosen.model)
    devices = {asked: device_kind(asked) for asked in {chosen.device for _, chosen in wanted}}
    resolve_activation, resolve_model = functools.cache(activations.resolve), functools.cache(models.resolve)
    runs: dict[str, tuple[Run, Request]] = {}
    for variant, chosen in wanted:
        asked = request(chosen, study.data_dir)
        data = info(asked)
        source = datasets.describe(chosen.data)
        model = resolve_model(chosen.model or datasets.default_model(source, data.input_shape))
        model.check(data.input_shape)
        _check_training(chosen, data)
        run = Run(
            study=study.name,
            variant=variant,
            activation=resolve_activation(chosen.activation).choice,
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
            device=devices[chosen.device],
        )
        if run.key in runs:
            raise UserError(_twice(study.name, runs[run.key][0], run))
        runs[run.key] = (run, asked)
    return list(runs.values())


def _twice(study: str, first: Run, second: Run) -> str:
    where = [f" in variant {run.variant!r}" if run.variant else "" for run in (first, second)]
    pairs = zip((first, second), where, strict=True)
    arms = [f"{run.activation.spelling} with seed {run.seed}{place}" for run, place in pairs]
    return f"The study {study!r} asks twice for the same run: {arms[0]}, and {arms[1]}. Drop one of them."


def _check_names(activation: str, data: str, optimizer: str, initializer: str, model: str | None) -> None:
    """Refuse what is misspelled while that is still cheap: no data is read and no heavy library imported for it."""
    activations.resolve(activation)
    datasets.describe(data)
    choose(OPTIMIZERS, optimizer)
    INITIALIZERS[initializer]
    if model:
        models.resolve(model)


def _check_training(chosen: Settings, data: DatasetInfo) -> None:
    if chosen.batch_size > data.train_size:
        raise UserError(
            f"--batch-size {chosen.batch_size} is more than the {data.train_size} training inputs of {chosen.data!r}. "
            f"Take {data.train_size} or fewer."
        )
    if chosen.patience is not None and not data.val_size:
        raise UserError("--patience watches the validation loss: give --validation-split too, for instance 0.1.")
