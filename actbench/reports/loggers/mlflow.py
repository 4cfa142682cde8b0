"""Runs in MLflow."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import Any

from actbench.execution.events import EpochEnded, Event, Listener, RunEnded
from actbench.reports.loggers import asked_of, curves_of, final_figures, logger
from actbench.results.columns import Run

FILE = "mlflow.db"
KEY, ARM = "actbench.run_key", "actbench.arm"
STATUSES = {"ok": "FINISHED", "diverged": "FINISHED", "interrupted": "KILLED"}
"""What MLflow calls the ends of runs; all others failed."""

MOST_POINTS = 1000
"""That MLflow takes at once."""


@partial(logger, needs="mlflow")
def mlflow(folder: Path) -> Listener:
    """Curves, settings and final figures for MLflow: in mlflow.db in the store's folder, or at MLFLOW_TRACKING_URI.

    An experiment a study, a run a run, named by its arm and seed. Look at it with
    ``mlflow ui --backend-store-uri sqlite:///STORE/mlflow.db``, and group by ``activation``.
    """
    from mlflow import MlflowClient

    client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder / FILE).resolve()}")
    known: dict[str, str] = {}

    def listen(event: Event) -> None:
        match event:
            case EpochEnded(run, row):
                if run.key not in known:
                    known[run.key] = _begun(client, run, row.epoch)
                _log(client, known[run.key], curves_of(row), row.epoch)
            case RunEnded(record) if record.run.key in known:
                run_id = known[record.run.key]
                figures = {f"final/{name}": value for name, value in final_figures(record).items()}
                _log(client, run_id, figures, record.epochs[-1].epoch)
                client.set_tag(run_id, "actbench.status", record.status)
                client.set_terminated(run_id, STATUSES.get(record.status, "FAILED"))

    return listen


def _begun(client: Any, run: Run, epoch: int) -> str:
    """The identifier of a run that holds no epochs but those before that one.

    What MLflow has of a run cannot be taken back: a new one takes over what is to stay, and the old one is deleted.
    """
    from mlflow.entities import Param, RunTag

    experiment = client.get_experiment_by_name(run.study)
    place = experiment.experiment_id if experiment else client.create_experiment(run.study)
    name = " · ".join(part for part in (run.variant, run.activation.spelling, f"seed {run.seed}") if part)
    made = client.create_run(place, run_name=name)
    asked = {key: value for key, value in asked_of(run).items() if value is not None}
    earlier = client.search_runs([place], f"tags.`{KEY}` = '{run.key}'")
    kept = [
        point
        for old in earlier
        for metric in old.data.metrics
        for point in client.get_metric_history(old.info.run_id, metric)
        if point.step < epoch and not metric.startswith("final/")
    ]
    for start in range(0, len(kept), MOST_POINTS):
        client.log_batch(made.info.run_id, metrics=kept[start : start + MOST_POINTS])
    client.log_batch(
        made.info.run_id,
        params=[Param(key, str(value)) for key, value in asked.items()],
        tags=[RunTag(KEY, run.key), RunTag(ARM, run.arm)],
    )
    for old in earlier:
        client.delete_run(old.info.run_id)
    return str(made.info.run_id)


def _log(client: Any, run_id: str, figures: dict[str, float], step: int) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value in figures.items()])
