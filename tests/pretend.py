"""Tuned studies without training: an executor that makes records up."""

import math
from pathlib import Path

from actbench.execution.events import RunEnded, RunStarted
from actbench.execution.sweep import Options
from actbench.execution.tune import Tuner, sweep_tuned
from actbench.results.columns import Epoch, Record
from actbench.studies.study import Study
from actbench.studies.tuning.asked import Tuning


class Pretend:
    """An executor that makes records up: validation is best at ``best`` of an arm, test accuracy at another rate."""

    def __init__(self, best, halts_at=None, diverges=lambda _run: False, unlearned=lambda _run: False):
        self.best, self.halts_at, self.diverges, self.unlearned = best, halts_at, diverges, unlearned
        self.trained = []

    def device_kind(self, asked, backend="tensorflow"):  # noqa: ARG002
        return "cpu" if asked == "auto" else asked

    def run(self, assignments, jobs, halt, skip=None):  # noqa: ARG002
        for assignment in assignments:
            run = assignment.run
            if len(self.trained) == self.halts_at:
                raise KeyboardInterrupt
            self.trained.append(run.key)
            yield RunStarted(run)
            yield RunEnded(self.record(run))

    def record(self, run):
        away = abs(math.log10(run.learning_rate / self.best[run.activation.spelling]))
        val = 0.9 - away / 20 if run.validation_split else None
        test = 0.95 - abs(math.log10(run.learning_rate * 1000)) / 20 + run.seed % 7 / 1000
        loss = math.inf if self.diverges(run) else 0.5
        train = 1 / 3 if self.unlearned(run) else 0.9
        epochs = [
            Epoch(
                number,
                loss,
                train,
                None if val is None else loss,
                val,
                0.5,
                test,
                0.1 * number,
                0.01,
                run.learning_rate,
            )
            for number in range(3)
        ]
        status = "diverged" if self.diverges(run) else "ok"
        return Record(run=run, status=status, epochs=tuple(epochs), train_size=54, test_size=30, chance=1 / 3,
                      compile_seconds=0.1, wall_seconds=0.2, started_at="2026-11-21T00:00:00+00:00")  # fmt: skip


def sweep(executor, tuning=None, folder="r", **fields):
    """Carry a tuned study out with a pretending executor. Returns the plan of its scoring runs and the outcome."""
    study = Study(name="made-up", tuning=tuning or Tuning()).override(
        {"data": "data.npz", "model": "mlp(8)", "epochs": 2, "batch_size": 20, "optimizer": "sgd",
         "activation": ["relu", "tanh"], "seed": [0, 1]} | fields
    )  # fmt: skip
    return sweep_tuned(Tuner(study, executor, Path(folder)), Path(folder), Options(executor=executor))
