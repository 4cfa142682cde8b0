"""What loggers leave behind, read by those programs that it is for: also of runs that were interrupted and resumed."""

import csv
import json
import signal
import sys
from pathlib import Path

import pytest
from conftest import program, wait_for

from actbench.errors import UserError
from actbench.reports.loggers import LOGGERS, chosen_loggers

LONG, SHORT = 1500, 3
RUN = ["run", "--data", "digits", "--limit", "60", "--batch-size", "20", "--deterministic", "--quiet", "--results", "r"]


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def curve(folder):
    """Steps and values of the test accuracy that the store has of its one run."""
    return [(int(row["epoch"]), float(row["test_accuracy"])) for row in rows(folder / "epochs.csv")]


def interrupted(folder, started, log):
    """A run that is interrupted and resumed; returns the store. Epochs behind the last checkpoint are trained twice."""
    call = [*RUN, "--act", "tanh", "--epochs", str(LONG), "--checkpoint-every", "40"]
    process = started(*call, "--log", "jsonl", *log, cwd=folder)
    events = folder / "r" / "events.jsonl"
    wait_for(lambda: events.exists() and '"epoch": 70,' in events.read_text(encoding="utf-8"), process)
    process.kill()  # so that the epochs since 40 are lost
    process.wait()
    process = started(*call, "--log", "jsonl", *log, cwd=folder)
    wait_for(lambda: '"epoch": 200,' in events.read_text(encoding="utf-8"), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 130
    program(*call, *log, cwd=folder, check=0)
    logged = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    steps = [line["epoch"] for line in logged if line["event"] == "epoch"]
    assert len(set(steps)) < len(steps), "nothing was trained twice"
    return folder / "r"


@pytest.mark.slow
def test_a_table_of_every_run_as_it_is_trained(tmp_path):
    program(*RUN, "--act", "relu", "--act", "swish(beta=2)", "--epochs", SHORT, "--log", "csv", cwd=tmp_path, check=0)
    store = tmp_path / "r"
    found = {path.parent.parent.name: rows(path) for path in store.glob("csv/adhoc/*/seed-0-*/epochs.csv")}
    assert list(found) == ["relu", "swish(beta=2)"] or set(found) == {"relu", "swish(beta=2)"}
    runs = {row["run_key"]: row["activation"] for row in rows(store / "runs.csv")}
    for key, name in runs.items():
        kept = [row for row in rows(store / "epochs.csv") if row.pop("run_key") == key]
        assert found[name] == kept


@pytest.mark.slow
def test_a_table_of_a_resumed_run_has_every_epoch_once(tmp_path, started):
    store = interrupted(tmp_path, started, ["--log", "csv"])
    (path,) = store.glob("csv/adhoc/tanh/*/epochs.csv")
    assert [(int(row["epoch"]), float(row["test_accuracy"])) for row in rows(path)] == curve(store)


def scalars(folder):
    """What TensorBoard reads in a folder: its scalars by tag, as pairs of a step and a value."""
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator", reason="extra tensorboard")
    read = reader.EventAccumulator(str(folder), size_guidance={reader.SCALARS: 0})
    read.Reload()
    found = {tag: [(point.step, point.value) for point in read.Scalars(tag)] for tag in read.Tags()["scalars"]}
    return found, read


@pytest.mark.slow
def test_tensorboard_reads_curves_settings_and_final_figures(tmp_path):
    pytest.importorskip("tensorboard", reason="extra tensorboard")
    from tensorboard.plugins.hparams import metadata

    calls = ["--act", "relu", "--act", "swish(beta=2)", "--epochs", SHORT, "--seeds", 2, "--log", "tensorboard"]
    program(*RUN, *calls, cwd=tmp_path, check=0)
    store = tmp_path / "r"
    folders = {path.name.rpartition("-")[2]: path for path in store.glob("tensorboard/adhoc/*/seed-*")}
    groups = {}
    for run in rows(store / "runs.csv"):
        folder = folders[run["run_key"][:8]]
        assert (folder.parent.name, folder.name[:6]) == (run["activation"], f"seed-{run['seed']}")
        found, read = scalars(folder)
        kept = [row for row in rows(store / "epochs.csv") if row["run_key"] == run["run_key"]]
        for tag, column in {
            "accuracy/test": "test_accuracy",
            "loss/train": "train_loss",
            "seconds/train": "train_seconds",
        }.items():
            assert found[tag] == [(int(row["epoch"]), pytest.approx(float(row[column]), rel=1e-6)) for row in kept]
        assert found["final/test_accuracy"] == [(SHORT, pytest.approx(float(run["test_accuracy"]), rel=1e-6))]
        content = read.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
        info = metadata.parse_session_start_info_plugin_data(content)
        assert info.hparams["activation"].string_value == run["activation"]
        assert info.hparams["learning_rate"].number_value == float(run["learning_rate"])
        groups.setdefault(info.group_name, set()).add(run["activation"])
        end = read.SummaryMetadata("_hparams_/session_end_info").plugin_data.content
        assert metadata.parse_session_end_info_plugin_data(end).end_time_secs >= info.start_time_secs
    assert sorted(groups.values(), key=str) == [{"relu"}, {"swish(beta=2)"}]


@pytest.mark.slow
def test_tensorboard_reads_every_epoch_of_a_resumed_run_once(tmp_path, started):
    pytest.importorskip("tensorboard", reason="extra tensorboard")
    store = interrupted(tmp_path, started, ["--log", "tensorboard"])
    (folder,) = store.glob("tensorboard/adhoc/tanh/*")
    found, _ = scalars(folder)
    wanted = [(step, pytest.approx(value, rel=1e-6)) for step, value in curve(store)]
    assert found["accuracy/test"] == wanted
    assert [step for step, _ in found["final/test_accuracy"]] == [LONG]


def mlflow_runs(store):
    """The runs that MLflow knows, each with the history of a metric."""
    mlflow = pytest.importorskip("mlflow", reason="extra mlflow")
    client = mlflow.MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    (experiment,) = [one for one in client.search_experiments() if one.name == "adhoc"]
    runs = client.search_runs([experiment.experiment_id])
    return [
        (run, lambda name, run=run: [(p.step, p.value) for p in client.get_metric_history(run.info.run_id, name)])
        for run in runs
    ]


@pytest.mark.slow
def test_mlflow_reads_curves_settings_and_final_figures(tmp_path):
    pytest.importorskip("mlflow", reason="extra mlflow")
    calls = ["--act", "relu", "--act", "swish(beta=2)", "--epochs", SHORT, "--log", "mlflow"]
    for _ in range(2):  # trained anew, what was there goes
        program(*RUN, *calls, "--rerun", cwd=tmp_path, check=0)
    store = tmp_path / "r"
    known = {run.data.tags["actbench.run_key"]: (run, history) for run, history in mlflow_runs(store)}
    trained = rows(store / "runs.csv")
    assert set(known) == {row["run_key"] for row in trained}
    for row in trained:
        run, history = known[row["run_key"]]
        assert (run.info.run_name, run.info.status) == (f"{row['activation']} · seed 0", "FINISHED")
        assert {"activation": row["activation"], "seed": "0", "epochs": "3"}.items() <= run.data.params.items()
        epochs = [line for line in rows(store / "epochs.csv") if line["run_key"] == row["run_key"]]
        assert history("accuracy/test") == [(int(line["epoch"]), float(line["test_accuracy"])) for line in epochs]
        assert run.data.metrics["final/test_accuracy"] == float(row["test_accuracy"])


@pytest.mark.slow
def test_mlflow_reads_every_epoch_of_a_resumed_run_once(tmp_path, started):
    pytest.importorskip("mlflow", reason="extra mlflow")
    store = interrupted(tmp_path, started, ["--log", "mlflow"])
    ((run, history),) = mlflow_runs(store)
    assert history("accuracy/test") == curve(store)
    assert run.info.status == "FINISHED"


@pytest.mark.parametrize("name", [one.name for one in LOGGERS if one.needs])
def test_a_logger_without_its_package_is_refused_before_anything_is_trained(monkeypatch, invoke, name, own_folder):
    monkeypatch.setitem(sys.modules, LOGGERS[name].needs, None)
    with pytest.raises(UserError, match=f"--log {name} needs the package '{name}': install actbench with the extra"):
        chosen_loggers([name])
    refused = invoke("run", "--act", "relu", "--log", name)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"the extra '{name}'" in refused.stderr
    assert not Path("results").exists()
