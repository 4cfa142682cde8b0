"""What a run was asked to do, and what it left behind: the two row types of a store."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

from actbench.registry import Choice

SCHEMA_VERSION = 1

Status: TypeAlias = Literal["ok", "diverged", "oom", "failed", "interrupted"]
FINAL: frozenset[str] = frozenset({"ok", "diverged"})
"""Statuses that answer the question: a run with one of these is not trained again."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One training, fully specified: nothing is left to a default, and equal runs have equal keys.

    ``limit``, ``patience``: None where not asked for. ``device`` is the kind that was resolved, ``cpu`` or ``gpu``.
    """

    study: str
    variant: str
    activation: Choice
    dataset: str
    dataset_sha256: str
    limit: int | None
    validation_split: float
    model: Choice
    optimizer: Choice
    learning_rate: float
    batch_size: int
    epochs: int
    patience: int | None
    initializer: str
    precision: str
    deterministic: bool
    seed: int
    device: str
    backend: str = "tensorflow"

    @property
    def definition(self) -> dict[str, Any]:
        """Everything that determines the numbers, in canonical form; names and versions are not among it."""
        asked = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in ("study", "variant", "dataset", "backend")
        }
        return {name: value.definition if isinstance(value, Choice) else value for name, value in asked.items()}

    @functools.cached_property
    def key(self) -> str:
        """The run key: the first 16 hex digits of the SHA-256 of the definition as JSON."""
        return _digest(self.definition)

    @functools.cached_property
    def arm(self) -> str:
        """The same without the seed: runs of one arm share it."""
        return _digest(self.definition | {"seed": None})


def _digest(definition: dict[str, Any]) -> str:
    canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Epoch:
    """One row of ``epochs.csv``; epoch 0 is before training.

    Losses are in nats, accuracies are fractions, seconds count up over the run.
    ``train_*`` are running means over the epoch, as Keras reports them (at epoch 0: an evaluation). ``val_*`` are None
    without a validation split.
    """

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    test_loss: float
    test_accuracy: float
    train_seconds: float
    eval_seconds: float
    learning_rate: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """What one run left behind: the answer, its clocks in seconds, and what it was computed with."""

    run: Run
    status: Status
    error: str = ""
    epochs: tuple[Epoch, ...] = ()
    parameters: int | None = None
    train_size: int | None = None
    test_size: int | None = None
    compiler: str = ""
    device_name: str = ""
    jobs: int = 1
    compile_seconds: float | None = None
    wall_seconds: float | None = None
    peak_memory_mib: float | None = None
    started_at: str = ""
    versions: dict[str, str] = field(default_factory=dict)


RUN_COLUMNS = (
    "schema_version", "run_key", "study", "variant", "activation", "provider", "provider_version", "dataset",
    "dataset_sha256", "limit", "validation_split", "train_size", "test_size", "model", "model_version", "parameters",
    "optimizer", "learning_rate", "batch_size", "epochs", "patience", "epochs_run", "initializer", "precision",
    "deterministic", "seed", "device", "device_name", "compiler", "jobs", "status", "error", "train_accuracy",
    "test_accuracy", "best_test_accuracy", "best_epoch", "train_loss", "test_loss", "compile_seconds",
    "train_seconds", "eval_seconds", "wall_seconds", "peak_memory_mib", "started_at", "actbench_version",
    "keras_version", "tensorflow_version", "python_version", "git_commit",
)  # fmt: skip
EPOCH_COLUMNS = ("run_key", *(f.name for f in fields(Epoch)))
SETTING_COLUMNS = (
    "study", "variant", "dataset", "dataset_sha256", "limit", "validation_split", "train_size", "test_size", "model",
    "optimizer", "learning_rate", "batch_size", "epochs", "patience", "initializer", "precision", "deterministic",
    "device",
)  # fmt: skip
"""Columns in which two arms must agree before their figures may stand beside each other."""


def run_row(record: Record) -> dict[str, Any]:
    """The record as a row of ``runs.csv``, in the order of ``RUN_COLUMNS``; None where there is nothing to say."""
    run, last = record.run, record.epochs[-1] if record.epochs else None
    trained = [epoch for epoch in record.epochs if epoch.epoch > 0]
    # The first of several equal best epochs: what early stopping would have kept.
    best = max(trained, key=lambda epoch: (epoch.test_accuracy, -epoch.epoch), default=None)
    row: dict[str, Any] = {f.name: getattr(run, f.name) for f in fields(Run)}
    row |= {name: value.spelling for name, value in row.items() if isinstance(value, Choice)}
    row |= {f.name: getattr(record, f.name) for f in fields(Record) if f.name not in ("run", "epochs", "versions")}
    row |= {"tensorflow_version": record.versions.get("backend_version")} | record.versions
    row |= {
        "schema_version": SCHEMA_VERSION,
        "run_key": run.key,
        "provider": run.activation.provider,
        "provider_version": run.activation.version,
        "model_version": run.model.version,
        "epochs_run": len(trained),
        "train_accuracy": last.train_accuracy if last else None,
        "test_accuracy": last.test_accuracy if last else None,
        "best_test_accuracy": best.test_accuracy if best else None,
        "best_epoch": best.epoch if best else None,
        "train_loss": last.train_loss if last else None,
        "test_loss": last.test_loss if last else None,
        "train_seconds": last.train_seconds if last else None,
        "eval_seconds": last.eval_seconds if last else None,
    }
    return {column: row.get(column) for column in RUN_COLUMNS}


def epoch_rows(record: Record) -> list[dict[str, Any]]:
    """The record's epochs as rows of ``epochs.csv``."""
    return [{"run_key": record.run.key, **{f.name: getattr(e, f.name) for f in fields(Epoch)}} for e in record.epochs]
