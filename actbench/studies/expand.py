"""From a study to fully specified runs: everything that cannot work is refused here, before anything is trained."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from actbench import activations, datasets, models
from actbench.datasets import DatasetInfo, Request
from actbench.errors import UserError
from actbench.models import whole
from actbench.registry import choose, parse
from actbench.results.columns import KEEP, SCORING, SETTINGS, TUNING, Run
from actbench.studies.settings import NAMED, Asked, check_trusted, is_of_ones_own, is_saved
from actbench.studies.study import Study
from actbench.training import augmentation, initializers
from actbench.training.optimizers import OPTIMIZERS


def request(study: Study, asked: Asked) -> Request:
    """The data that the settings of one of a study's runs ask for."""
    dtype = "float64" if asked["precision"] == "float64" else "float32"
    options = ("limit", "validation_split", "split", "test_split", "target", "impute", "image_size")
    return Request(
        asked["data"],
        study.data_dir,
        dtype=dtype,
        max_memory=study.max_memory,
        **{name: asked[name] for name in options},
    )


def expand(
    study: Study,
    info: Callable[[Request], DatasetInfo],
    device_kind: Callable[[str, str], str],
    *,
    run_code: bool = True,
    asked_for: Sequence[tuple[str, Asked]] | None = None,
    role: str = SCORING,
) -> list[tuple[Run, Request]]:
    """Expand a study into runs, each with its data, in the order in which they are to be trained.

    Args:
        study: what is to be compared.
        info: what a data set is, as ``datasets.info`` tells.
        device_kind: resolves ``auto``, ``cpu`` and ``gpu`` to what there is for a backend.
        run_code: whether a person's own code is imported, to see that it can be called; not done where nothing is
            trained.
        asked_for: variants and settings to take in place of the study's own.
        role: of the runs.

    Raises:
        UserError: an unknown name, a wrong parameter, two equal arms, or a setting that does not fit the data.
    """
    resolve = {name: functools.cache(function) for name, function in NAMED.items()}
    # What is misspelled is refused while that is cheap: no data is read and no heavy library imported for it.
    asked_for = study.expanded if asked_for is None else asked_for
    for _, asked in asked_for:
        for name, function in resolve.items():
            if asked[name] is not None:
                function(asked[name])
    if run_code:
        for model in {asked["model"] for _, asked in asked_for} - {None}:
            check_trusted(model, allow_code=study.allow_code)
        _import_code(asked_for)
    is_whole = functools.cache(models.is_whole)
    device_kind = functools.cache(device_kind)
    runs: dict[str, tuple[Run, Request]] = {}
    for variant, asked in asked_for:
        wanted = request(study, asked)
        data = info(wanted)
        source = datasets.describe(asked["data"])
        fitting = dict(asked)
        fitting["model"] = asked["model"] or datasets.default_model(source, data.shape)
        fitting["epochs"] = asked["epochs"] or source.epochs
        fitting["device"] = device_kind(asked["device"], asked["backend"])
        models.check(fitting["model"], data.shape)
        if role == TUNING:
            _check_room(asked, data)
        _check_training(asked, data)
        whole_network = is_whole(fitting["model"])
        fitting["initializer"] = asked["initializer"] or (initializers.OWN if whole_network else initializers.USUAL)
        (_check_whole if whole_network else _check_reference)(fitting)
        # The data goes by the name that was given; what is in it is told by its hash.
        meant = {
            name: resolve[name](value) if name in NAMED and value is not None else value
            for name, value in fitting.items()
        }
        meant["data"] = asked["data"]
        if meant["weight_decay"] == choose(OPTIMIZERS, asked["optimizer"])[0].usual_decay:
            meant["weight_decay"] = None  # it says what would be done without a word
        values = {column.name: meant[name] for name, column in SETTINGS.items()}
        run = Run(study=study.name, variant=variant, dataset_sha256=data.sha256, role=role, **values)
        if run.key in runs:
            raise UserError(_twice(study.name, runs[run.key][0], run))
        runs[run.key] = (run, wanted)
    return list(runs.values())


def _check_whole(asked: Asked) -> None:
    """Refuse what means nothing for a network with activations of its own."""
    if asked["custom_objects"] is not None and not is_saved(asked["model"]):
        raise UserError(
            f"--custom-objects names layers of a saved model, and {asked['model']!r} is none. Leave it out."
        )
    if asked["weights"] == KEEP:
        if parse(asked["model"]).provider == models.KERAS:
            raise UserError(f"--weights keep is for a model that has some, and {asked['model']!r} is built anew.")
        if asked["initializer"] != initializers.OWN:
            raise UserError("--weights keep leaves the weights as they are. Leave --initializer out.")


def _check_reference(asked: Asked) -> None:
    """Refuse what is only for a network with activations of its own."""
    unused = {
        "--act own": asked["activation"].strip() == activations.OWN,
        "--initializer own": asked["initializer"].strip() == initializers.OWN,
        **{
            SETTINGS[name].option: asked[name] != SETTINGS[name].neutral
            for name in ("swap", "weights", "custom_objects")
        },
    }
    for option in (option for option, given in unused.items() if given):
        raise UserError(
            f"{option} is for a model that came with activations, like my.keras or keras:MobileNetV2, and "
            f"{asked['model']!r} has places for them instead. Leave it out."
        )


def _import_code(asked_for: Sequence[tuple[str, Asked]]) -> None:
    """Import what a person wrote, so that what cannot be called is refused before anything is trained."""
    load: dict[str, Callable[[str], Any]] = {
        "activation": activations.resolve,
        "model": models.resolve,
        "custom_objects": whole.loaded_objects,
    }
    for name, resolve in load.items():
        for value in {asked[name] for _, asked in asked_for}:
            if value is not None and value != activations.OWN and is_of_ones_own(name, value):
                resolve(value)


def _twice(study: str, first: Run, second: Run) -> str:
    where = [f" in variant {run.variant!r}" if run.variant else "" for run in (first, second)]
    pairs = zip((first, second), where, strict=True)
    arms = [f"{run.activation.spelling} with seed {run.seed}{place}" for run, place in pairs]
    return f"The study {study!r} asks twice for the same run: {arms[0]}, and {arms[1]}. Drop one of them."


def _check_room(asked: Asked, data: DatasetInfo) -> None:
    """Refuse a tuning whose part for validation is too small, or leaves too little to train on."""
    part = (
        f"{asked['validation_split']:g} of the {data.train_size + data.val_size} training inputs of {asked['data']!r}"
    )
    if data.val_size < data.strata:
        raise UserError(
            f"The tuning has no room for validation: {part} is {data.val_size}, and there are {data.classes} classes. "
            "Raise validation_split in [tuning], or take more data."
        )
    if asked["batch_size"] > data.train_size:
        raise UserError(
            f"The tuning has no room for training: it keeps {part} for validation, and the {data.train_size} that are "
            f"left are less than a batch of {asked['batch_size']}. Lower validation_split in [tuning], take more data, "
            "or give a smaller --batch-size."
        )


def _check_training(asked: Asked, data: DatasetInfo) -> None:
    usual = SETTINGS["batch_size"].default
    if asked["batch_size"] > data.train_size:
        raise UserError(
            f"--batch-size {asked['batch_size']} is more than the {data.train_size} training inputs of "
            f"{asked['data']!r}. Take {data.train_size} or fewer (without the option it is {usual})."
        )
    if asked["augment"] != SETTINGS["augment"].neutral and len(data.input_shape) != 3:  # noqa: PLR2004 - an image
        raise UserError(f"--augment {asked['augment']} changes images, and {asked['data']!r} has none.")
    augmentation.chain(asked["augment"]).check(data.input_shape)
    if asked["split"] != SETTINGS["split"].neutral and not data.val_size:
        raise UserError(f"--split {asked['split']} says how the validation part is kept: give --validation-split too.")
    if asked["patience"] is not None and not data.val_size:
        raise UserError("--patience watches the validation loss: give --validation-split too, for instance 0.1.")
