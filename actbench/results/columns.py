"""Every column of ``runs.csv`` and ``epochs.csv``, declared once: as the fields of the classes whose rows they are.

``Run`` is what was asked for, ``Record`` what came of it, ``Epoch`` a row of its course. Headers, parsing, study files,
options, titles and run keys follow from the declarations; see ``column.py`` for what one says.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta

from actbench.errors import UserError, shown
from actbench.registry import Choice
from actbench.results.column import Column, Role, Unit, check_possible, columns_of, derived, figure, identity, setting
from actbench.results.key import definition_of, digest
from actbench.results.text import LineDigest, as_cell, cell_of, csv_lines

Status: TypeAlias = Literal["ok", "diverged", "oom", "failed", "interrupted"]
FINAL: frozenset[str] = frozenset({"ok", "diverged"})
"""Statuses that answer the question: a run with one of these is not trained again."""
STATUSES: tuple[str, ...] = typing.get_args(Status)

KEEP = "keep"
"""Of the weights that a network came with."""
SCORING, TUNING = "scoring", "tuning"
"""Roles of runs: those that a question is answered by, and those that only help to choose settings for them."""
Whole = Annotated[int, Meta(ge=1)]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training, fully specified: nothing is left to a default, and equal runs have equal keys.

    ``limit``, ``patience``: None where not asked for. ``device`` is the kind that was resolved, ``cpu`` or ``gpu``.
    Defaults that are None are what suits the data set; for ``limit`` and ``patience``: not at all. ``role`` is
    ``scoring``, or ``tuning`` for a run that only helps to choose settings; ``tuning`` names those tunings, with blanks
    between them, that chose a scoring run's.
    """

    study: str = identity(shared=True)
    variant: str = identity(shared=True)
    activation: Choice = setting(str, default="relu", option="--act", shared=False)
    dataset: str = setting(
        str, default="digits", option="--data", key="data.name", asked_as="data", hashed=False
    )  # what is in it determines the numbers, not its name
    dataset_sha256: str = identity(hashed=True, shared=True, title="data hash")
    limit: int | None = setting(
        Annotated[int, Meta(ge=2)] | None, default=None, option="--limit", key="data.limit", unit=Unit.INPUTS
    )
    validation_split: float = setting(
        Annotated[float, Meta(ge=0, lt=1)], default=0.0, option="--validation-split", key="data.validation_split",
        unit=Unit.FRACTION,
    )  # fmt: skip
    split: str = setting(
        Literal["last", "stratified"], default="last", neutral="last", option="--split", key="data.split", since=5
    )
    # What these make of the data is told by its hash.
    test_split: float | None = setting(
        Annotated[float, Meta(gt=0, lt=1)] | None, default=None, neutral=None, option="--test-split",
        key="data.test_split", hashed=False, unit=Unit.FRACTION, since=5,
    )  # fmt: skip
    target: str | None = setting(
        str | None, default=None, neutral=None, option="--target", key="data.target", hashed=False, since=5
    )
    impute: str | None = setting(
        Literal["median"] | None,
        default=None,
        neutral=None,
        option="--impute",
        key="data.impute",
        hashed=False,
        since=5,
    )
    image_size: str | None = setting(
        str | None, default=None, neutral=None, option="--image-size", key="data.image_size", hashed=False, since=5
    )
    model: Choice = setting(str | None, default=None, option="--model", key="model")
    swap: str = setting(str, default="hidden", neutral="hidden", option="--swap", key="swap", since=7)
    weights: str = setting(
        Literal["new", "keep"], default="new", neutral="new", option="--weights", key="weights", since=7
    )
    custom_objects: Choice | None = setting(
        str | None, default=None, neutral=None, option="--custom-objects", key="custom_objects", since=7
    )
    optimizer: Choice = setting(str, default="adam", option="--optimizer", key="training.optimizer")
    learning_rate: float = setting(
        Annotated[float, Meta(gt=0, le=1e6)], default=0.001, option="--lr", key="training.learning_rate"
    )
    schedule: str = setting(
        str, default="constant", neutral="constant", option="--schedule", key="training.schedule", since=7
    )
    weight_decay: float | None = setting(
        Annotated[float, Meta(ge=0, le=1e6)] | None, default=None, neutral=None, option="--weight-decay",
        key="training.weight_decay", since=7,
    )  # fmt: skip
    l2: float = setting(
        Annotated[float, Meta(ge=0, le=1e6)], default=0.0, neutral=0.0, option="--l2", key="training.l2", since=7
    )
    clip_norm: float | None = setting(
        Annotated[float, Meta(gt=0, le=1e9)] | None, default=None, neutral=None, option="--clip-norm",
        key="training.clip_norm", since=7,
    )  # fmt: skip
    label_smoothing: float = setting(
        Annotated[float, Meta(ge=0, lt=1)], default=0.0, neutral=0.0, option="--label-smoothing",
        key="training.label_smoothing", since=7,
    )  # fmt: skip
    augment: str = setting(str, default="none", neutral="none", option="--augment", key="training.augment", since=7)
    batch_size: int = setting(Whole, default=100, option="--batch-size", key="training.batch_size", unit=Unit.INPUTS)
    epochs: int = setting(Whole | None, default=None, option="--epochs", key="training.epochs", unit=Unit.EPOCHS)
    patience: int | None = setting(
        Whole | None, default=None, option="--patience", key="training.patience", unit=Unit.EPOCHS
    )
    initializer: str = setting(str | None, default=None, option="--initializer", key="training.initializer")
    precision: str = setting(
        Literal["float32", "float64", "bfloat16"], default="float32", option="--precision", key="training.precision"
    )
    deterministic: bool = setting(bool, default=False, option="--deterministic", key="training.deterministic")
    seed: int = setting(Annotated[int, Meta(ge=0, lt=2**32)], default=0, option="--seed", shared=False)
    device: str = setting(Literal["auto", "cpu", "gpu"], default="auto", option="--device", key="training.device")
    backend: str = setting(
        str, default="tensorflow", neutral="tensorflow", option="--backend", key="training.backend", since=2
    )
    role: str = identity(default=SCORING, hashed=True, shared=True, since=7)
    tuning: str = identity(default="", since=7)

    def __post_init__(self) -> None:
        """Refuse a name that ``runs.csv`` could not hold as it is. Raises UserError."""
        for column in RUN_FIELDS:
            value = getattr(self, column.name)
            text = value.spelling if isinstance(value, Choice) else value
            if isinstance(text, str) and as_cell(text) != text:
                raise UserError(f"The {column.on_paper} {shown(text)} is too long for a table, or holds a line break.")

    @property
    def definition(self) -> dict[str, Any]:
        """Everything that determines the numbers, in canonical form."""
        return definition_of(RUN_FIELDS, {column.name: getattr(self, column.name) for column in RUN_FIELDS})

    @functools.cached_property
    def key(self) -> str:
        """The run key."""
        return digest(self.definition)

    @functools.cached_property
    def arm(self) -> str:
        """The same without the seed: runs of one arm share it."""
        return digest(self.definition | {"seed": None})


@dataclass(frozen=True)
class Epoch:
    """One row of ``epochs.csv``; epoch 0 is before training.

    Losses are in nats, accuracies are fractions, seconds count up over the run.
    ``train_*`` are running means over the epoch, as Keras reports them (at epoch 0: an evaluation). ``val_*`` are None
    without a validation split. ``suspended_seconds``, in which the process was stopped during the epoch, are in no
    clock; None where it was not. A new column goes last: see ``text.LineDigest``.
    """

    epoch: int = figure(Role.IDENTITY, unit=Unit.EPOCHS)
    train_loss: float = figure(Role.OUTCOME, unit=Unit.NATS)
    train_accuracy: float = figure(Role.OUTCOME, unit=Unit.FRACTION)
    val_loss: float | None = figure(Role.OUTCOME, unit=Unit.NATS)
    val_accuracy: float | None = figure(Role.OUTCOME, unit=Unit.FRACTION)
    test_loss: float = figure(Role.OUTCOME, unit=Unit.NATS)
    test_accuracy: float = figure(Role.OUTCOME, unit=Unit.FRACTION)
    train_seconds: float = figure(Role.CLOCK, unit=Unit.SECONDS)
    eval_seconds: float = figure(Role.CLOCK, unit=Unit.SECONDS)
    learning_rate: float = figure(Role.SETTING)
    suspended_seconds: float | None = figure(Role.CLOCK, default=None, unit=Unit.SECONDS, since=2)

    def __post_init__(self) -> None:
        """Raises ValueError for numbers that cannot be: a run that comes to such fails, and its store can be read."""
        check_possible(EPOCH_FIELDS, self)


@dataclass(frozen=True, kw_only=True)
class Versions:
    """What a run was computed with."""

    actbench_version: str = figure(Role.ENVIRONMENT, default="", title="actbench")
    keras_version: str = figure(Role.ENVIRONMENT, default="", title="Keras")
    backend_version: str = figure(Role.ENVIRONMENT, default="", since=2)
    python_version: str = figure(Role.ENVIRONMENT, default="", title="Python")
    git_commit: str = figure(Role.ENVIRONMENT, default="", title="commit")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one run left behind: the answer, its clocks in seconds, and what it was computed with.

    ``train_*`` and ``test_*`` are those of the last epoch; None where there is nothing to say. ``chance`` is the share
    of the most frequent class among the training inputs: what a network gets right that always says the same.
    """

    run: Run
    epochs: tuple[Epoch, ...] = ()
    status: Status = figure(Role.OUTCOME)
    error: str = figure(Role.OUTCOME, default="")

    @property
    @derived(Role.IDENTITY)
    def provider(self) -> str:
        """Where the activation comes from."""
        return self.run.activation.provider

    @property
    @derived(Role.ENVIRONMENT)
    def provider_version(self) -> str:
        """Its version, or a digest of a person's own code."""
        return self.run.activation.version

    @property
    @derived(Role.ENVIRONMENT, shared=True, title="code of the model")
    def model_version(self) -> str:
        """A digest of the code of a person's own network."""
        return self.run.model.version

    train_size: int | None = figure(Role.OUTCOME, default=None, unit=Unit.INPUTS, shared=True, title="training inputs")
    test_size: int | None = figure(Role.OUTCOME, default=None, unit=Unit.INPUTS, shared=True, title="test inputs")
    train_targets: int | None = figure(Role.OUTCOME, default=None, since=9)
    test_targets: int | None = figure(Role.OUTCOME, default=None, since=9)
    chance: float | None = figure(Role.OUTCOME, default=None, unit=Unit.FRACTION, since=4)
    seen_in_training: int | None = figure(
        Role.OUTCOME, default=None, unit=Unit.INPUTS, title="test inputs seen in training", since=5
    )
    parameters: int | None = figure(Role.OUTCOME, default=None)
    sites: int | None = figure(Role.OUTCOME, default=None, since=7)

    @property
    @derived(Role.OUTCOME, unit=Unit.EPOCHS)
    def epochs_run(self) -> int:
        """Epochs of training that came to their end."""
        return len(self._trained)

    @property
    @derived(Role.OUTCOME, since=2)
    def epochs_digest(self) -> str:
        """Proves that the run's rows in ``epochs.csv`` are still those that were stored."""
        digest = LineDigest()
        for line in csv_lines(EPOCH_NAMES[1:], epoch_rows(self)).splitlines():
            digest.add(line.encode())
        return digest.text

    @property
    @derived(Role.OUTCOME, unit=Unit.FRACTION)
    def train_accuracy(self) -> float | None:
        """Running mean over the last epoch."""
        return self._end.train_accuracy if self._end else None

    @property
    @derived(Role.OUTCOME, unit=Unit.FRACTION)
    def test_accuracy(self) -> float | None:
        """After the last epoch."""
        return self._end.test_accuracy if self._end else None

    @property
    @derived(Role.OUTCOME, unit=Unit.FRACTION)
    def best_test_accuracy(self) -> float | None:
        """The highest of any epoch of training."""
        return self._best.test_accuracy if self._best else None

    @property
    @derived(Role.OUTCOME, unit=Unit.EPOCHS)
    def best_epoch(self) -> int | None:
        """The first of several equal best epochs: what early stopping would have kept."""
        return self._best.epoch if self._best else None

    @property
    @derived(Role.OUTCOME, unit=Unit.NATS)
    def train_loss(self) -> float | None:
        """Running mean over the last epoch."""
        return self._end.train_loss if self._end else None

    @property
    @derived(Role.OUTCOME, unit=Unit.NATS)
    def test_loss(self) -> float | None:
        """After the last epoch."""
        return self._end.test_loss if self._end else None

    compile_seconds: float | None = figure(Role.CLOCK, default=None, unit=Unit.SECONDS)

    @property
    @derived(Role.CLOCK, unit=Unit.SECONDS)
    def train_seconds(self) -> float | None:
        """Of training epochs alone."""
        return self._end.train_seconds if self._end else None

    @property
    @derived(Role.CLOCK, unit=Unit.SECONDS)
    def eval_seconds(self) -> float | None:
        """Of all evaluations."""
        return self._end.eval_seconds if self._end else None

    wall_seconds: float | None = figure(Role.CLOCK, default=None, unit=Unit.SECONDS)
    peak_memory_mib: float | None = figure(Role.OUTCOME, default=None, unit=Unit.MIB)
    started_at: str = figure(Role.CLOCK, default="")
    sittings: int | None = figure(Role.CLOCK, default=None, since=8)
    device_name: str = figure(Role.ENVIRONMENT, default="", title="device")
    compiler: str = figure(Role.ENVIRONMENT, default="")
    jobs: int = figure(Role.ENVIRONMENT, default=1, title="runs at a time")
    others_cores: float | None = figure(Role.ENVIRONMENT, default=None, since=3, title="cores that others kept busy")
    versions: Versions = field(default_factory=Versions)

    def __post_init__(self) -> None:
        """Raises ValueError for numbers that cannot be."""
        check_possible(RECORD_FIELDS, self)

    @property
    def _trained(self) -> list[Epoch]:
        return [epoch for epoch in self.epochs if epoch.epoch > 0]

    @property
    def _best(self) -> Epoch | None:
        return max(self._trained, key=lambda epoch: (epoch.test_accuracy, -epoch.epoch), default=None)

    @property
    def _end(self) -> Epoch | None:
        return self.epochs[-1] if self.epochs else None


RUN_FIELDS = columns_of(Run)
RECORD_FIELDS = columns_of(Record)
VERSION_FIELDS = columns_of(Versions)
EPOCH_FIELDS = columns_of(Epoch)
RUN_KEY = Column("run_key", str, Role.IDENTITY)
ROW_DIGEST = Column("row_digest", str, Role.OUTCOME, since=4)
RUN_COLUMNS = (
    Column("schema_version", int, Role.IDENTITY), RUN_KEY, *RUN_FIELDS, *RECORD_FIELDS, *VERSION_FIELDS, ROW_DIGEST,
)  # fmt: skip
"""The columns of ``runs.csv``, in the order of the file."""
EPOCH_COLUMNS = (RUN_KEY, *EPOCH_FIELDS)
EPOCH_NAMES = tuple(column.name for column in EPOCH_COLUMNS)
"""The columns of ``epochs.csv``, in the order of the file."""
SETTINGS = {column.asked_as: column for column in RUN_FIELDS if column.role is Role.SETTING}
"""What a study may ask for, by the name that grids and variants use."""
SHARED = tuple(column for column in RUN_COLUMNS if column.shared)
"""Columns in which two arms must agree before their figures may stand beside each other."""
BY_NAME = {column.name: column for column in RUN_COLUMNS}
LATEST_STEP = 6
"""The version that the newest step of ``upgrade.py`` leads to."""
SCHEMA_VERSION = max(LATEST_STEP, *(column.since for column in (*RUN_COLUMNS, *EPOCH_COLUMNS)))
"""The version of the tables: that of their newest column, or of what changed in one."""

Row: TypeAlias = dict[str, Any]


def run_row(record: Record) -> Row:
    """The record as a row of ``runs.csv``, in the order of the file; None where there is nothing to say."""
    asked = {column.name: getattr(record.run, column.name) for column in RUN_FIELDS}
    left = {column.name: getattr(record, column.name) for column in RECORD_FIELDS}
    row = {
        "schema_version": SCHEMA_VERSION,
        "run_key": record.run.key,
        **asked,
        **left,
        **dataclasses.asdict(record.versions),
    }
    row = {name: value.spelling if isinstance(value, Choice) else value for name, value in row.items()}
    return row | {ROW_DIGEST.name: row_digest(row)}


def row_digest(row: Mapping[str, Any]) -> str:
    """Proves that a row of ``runs.csv`` is what was stored: 16 hex digits of the SHA-256 of its cells.

    Names of study and variant may change. Neutral cells do not count: an upgrade that only adds columns changes no
    digest, one that renames a column has to form it anew.
    """
    free = {"schema_version", "study", "variant", ROW_DIGEST.name}
    proved = [column for column in RUN_COLUMNS if column.name not in free]
    cells = [(column.name, cell_of(row[column.name]), column.neutral_text) for column in proved]
    lines = sorted(f"{name}={cell}\n" for name, cell, neutral in cells if cell != neutral)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def epoch_rows(record: Record) -> list[Row]:
    """The record's epochs as rows of ``epochs.csv``."""
    key = record.run.key
    return [{"run_key": key} | {name: getattr(row, name) for name in EPOCH_NAMES[1:]} for row in record.epochs]
