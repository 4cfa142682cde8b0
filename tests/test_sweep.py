"""Sweeps: what is stored is not trained again, a worker dies alone, what was broken off goes on as if it had not."""

import csv
import json
import re
import signal
import sys
import time

import psutil
import pytest
from conftest import program, wait_for

TINY = ["--model", "mlp(8)", "--limit", "200", "--batch-size", "50"]
CASUALTIES = """
import os, resource, signal
import numpy as np
from keras import ops

def late(x):
    # past the trial, which has a few inputs
    return x.shape[0] == 50

def killed(x):
    if late(x):
        os.kill(os.getpid(), signal.SIGKILL)
    return x

def raises(x):
    if late(x):
        raise RuntimeError("this activation is broken")
    return x

def hungry(x):
    resource.setrlimit(resource.RLIMIT_AS, (2**33, 2**33))
    return x + float(np.ones(2**34, np.float64)[0])

def explodes(x):
    return ops.exp(ops.exp(50.0 * x))

def exits(x):
    if late(x):
        os._exit(7)
    return x
"""
SLOW = """
import time

def act(x):
    open('begun', 'w').close()
    time.sleep(600)
    return x
"""


def rows(folder, name="runs.csv"):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_every_kind_of_casualty_costs_its_own_run_only(tmp_path):
    (tmp_path / "bad.py").write_text(CASUALTIES, encoding="utf-8")
    spoiled = ["killed", "raises", "hungry", "explodes", "exits"]
    acts = ["relu", *(f"bad.py:{name}" for name in spoiled), "tanh"]
    options = [word for act in acts for word in ("--act", act)]
    done = program("run", *options, *TINY, "--epochs", 2, "--results", "r", "--jobs", 2, cwd=tmp_path, check=1)
    found = {row["activation"]: row for row in rows(tmp_path / "r")}
    assert len(found) == len(acts)
    assert {name: row["status"] for name, row in found.items()} == {
        "relu": "ok",
        "bad.py:killed": "failed",
        "bad.py:raises": "failed",
        "bad.py:hungry": "oom",
        "bad.py:explodes": "diverged",
        "bad.py:exits": "failed",
        "tanh": "ok",
    }
    assert "SIGKILL" in found["bad.py:killed"]["error"]
    assert "RuntimeError: this activation is broken" in found["bad.py:raises"]["error"]
    assert "exit code 7" in found["bad.py:exits"]["error"]
    assert found["bad.py:explodes"]["error"] == ""
    assert {row["jobs"] for row in found.values()} == {"2"}
    assert "bad.py:killed: failed: the worker process died of SIGKILL" in done.stderr

    # Results are taken from the store, accidents are tried again; all of it fails again, but for the two that had one.
    again = program("run", *options, *TINY, "--epochs", 2, "--results", "r", "--max-failures", 1, cwd=tmp_path, check=1)
    assert "3 runs already stored, 4 to train" in again.stderr
    given_up = re.search(r"Gave up (.*) after 1 failing run in a row\.", again.stderr)[1].split(", ")
    assert set(given_up) == {"bad.py:killed", "bad.py:raises", "bad.py:hungry", "bad.py:exits"}
    assert len(rows(tmp_path / "r")) == len(acts)


@pytest.mark.slow
def test_a_checkpointed_run_goes_on_bit_for_bit(tmp_path):
    """Broken off after an epoch, written to bytes, taken up by another process: the very same numbers."""
    script = tmp_path / "story.py"
    script.write_text(
        """
import json, sys
from dataclasses import asdict
from pathlib import Path
from actbench import datasets
from actbench.results.checkpoint import Checkpoint
from actbench.studies.expand import expand
from actbench.studies.study import Study
from actbench.training.run import Trainer

study = Study(
    base={"activation": "prelu", "optimizer": "adam", "limit": 150, "batch_size": 40, "epochs": 6,
          "deterministic": True, "validation_split": 0.2, "patience": 2, "learning_rate": 0.02,
          "model": "net.py:network"},
)
(run, request), = expand(study, datasets.info, lambda *_: "cpu")
data = datasets.load(request)
start = Checkpoint.from_bytes(Path("state").read_bytes()) if sys.argv[2] == "resume" else None
training = Trainer().begin(run, data, checkpoint=start)
for row in training:
    if row.epoch == int(sys.argv[1]):
        Path("state").write_bytes(training.checkpoint().to_bytes())
        training.interrupt()
record = training.record()
rows = [{k: v for k, v in asdict(row).items() if not k.endswith("_seconds")} for row in record.epochs]
print(json.dumps([record.status, rows]))
""",
        encoding="utf-8",
    )
    (tmp_path / "net.py").write_text(
        """
import keras

def network(site, input_shape, classes):
    # Everything that has a state: moving statistics, random streams, learned activations.
    inputs = keras.Input(input_shape)
    x = keras.layers.Flatten()(inputs)
    for _ in range(2):
        x = keras.layers.Dropout(0.3)(site()(keras.layers.BatchNormalization()(keras.layers.Dense(12)(x))))
    return keras.Model(inputs, keras.layers.Dense(classes)(x))
""",
        encoding="utf-8",
    )

    def train(*words):
        done = program(*words, command=[sys.executable, str(script)], cwd=tmp_path, check=0)
        return json.loads(done.stdout.splitlines()[-1])

    status, unbroken = train("-1", "new")
    assert status == "ok"
    assert 3 < len(unbroken) <= 7
    status, first = train("2", "new")
    assert (status, first) == ("interrupted", unbroken[:3])
    status, resumed = train("-1", "resume")
    assert (status, resumed) == ("ok", unbroken)


@pytest.mark.slow
def test_ctrl_c_keeps_the_running_epoch_and_the_next_call_goes_on(tmp_path, started):
    command = ["run", "--act", "tanh", *TINY, "--epochs", "2500", "--results", "r", "--deterministic"]
    process = started(*command, "--log", "jsonl", cwd=tmp_path)
    events = tmp_path / "r" / "events.jsonl"
    wait_for(lambda: events.exists() and '"epoch": 1,' in events.read_text(encoding="utf-8"), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert said.startswith("Stopping after this epoch; again: end now.\n")
    assert "Interrupted. Finished runs are kept" in said
    (row,) = rows(tmp_path / "r")
    assert row["status"] == "interrupted"
    assert 0 < int(row["epochs_run"]) < 2500
    kept = rows(tmp_path / "r", "epochs.csv")
    assert (tmp_path / "r" / "checkpoints" / f"{row['run_key']}.npz").exists()

    resumed = program(*command, cwd=tmp_path, check=0)
    assert f"tanh: goes on from epoch {int(row['epochs_run']) + 1} of 2500\n" in resumed.stderr
    (row,) = rows(tmp_path / "r")
    assert (row["status"], row["epochs_run"]) == ("ok", "2500")
    resumed = rows(tmp_path / "r", "epochs.csv")
    assert resumed[: len(kept)] == kept
    assert not (tmp_path / "r" / "checkpoints").exists()


@pytest.mark.slow
def test_a_second_ctrl_c_ends_at_once_and_leaves_no_process(tmp_path, started):
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    process = started("run", "--act", "slow.py:act", *TINY, "--results", "r", cwd=tmp_path)
    wait_for((tmp_path / "begun").exists, process)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None, "the first one waits for the epoch"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Ended at once" in said
    assert rows_if_any(tmp_path / "r") == []
    wait_for(lambda: not workers_of(tmp_path))


@pytest.mark.slow
def test_a_driver_that_is_killed_takes_its_workers_with_it(tmp_path, started):
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    process = started("run", "--act", "slow.py:act", *TINY, "--results", "r", "--quiet", cwd=tmp_path)
    wait_for((tmp_path / "begun").exists, process)
    assert workers_of(tmp_path)
    process.kill()
    process.wait()
    wait_for(lambda: not workers_of(tmp_path))


@pytest.mark.slow
def test_two_programs_on_one_store(tmp_path, started):
    first = started("run", "--act", "relu", *TINY, "--epochs", "5", "--results", "r", "--quiet", cwd=tmp_path)
    wait_for((tmp_path / "r" / ".holder").exists, first)
    second = program("run", "--act", "tanh", *TINY, "--results", "r", cwd=tmp_path, check=2)
    assert f"is being written by process {first.pid}" in second.stderr
    assert first.wait(timeout=120) == 0
    assert [row["activation"] for row in rows(tmp_path / "r")] == ["relu"]


@pytest.mark.slow
def test_a_dry_run_counts_what_is_stored_and_estimates_the_rest(tmp_path):
    study = tmp_path / "s.toml"
    study.write_text(
        'model = "mlp(8)"\n[data]\nname = "digits"\nlimit = 200\n[training]\nbatch_size = 50\nepochs = 2\n'
        '[grid]\nactivation = ["relu", "tanh"]\nseeds = 3\n',
        encoding="utf-8",
    )
    before = program("run", study, "--dry-run", cwd=tmp_path, check=0)
    assert "6 runs in 2 arms: 0 stored already, 6 to train. How long that takes is not known" in before.stdout
    assert not (tmp_path / "results").exists()
    program("run", study, "--act", "relu", "--seeds", 2, "--quiet", cwd=tmp_path, check=0)
    after = json.loads(program("run", study, "--dry-run", "--json", cwd=tmp_path, check=0).stdout)
    assert (after["runs"], after["stored"], after["to_train"]) == (6, 2, 4)
    assert after["seconds"] > 0
    stored = rows(tmp_path / "results" / "s")
    assert [(row["study"], row["activation"], row["seed"]) for row in stored] == [
        ("s", "relu", "0"),
        ("s", "relu", "1"),
    ]


@pytest.mark.slow
def test_memory_does_not_grow_over_two_hundred_runs(tmp_path):
    acts = [word for name in ("relu", "tanh", "prelu", "mish") for word in ("--act", name)]
    program("run", *acts, "--seeds", 50, *TINY, "--epochs", 1, "--results", "r", "--quiet", cwd=tmp_path, check=0)
    peaks = [float(row["peak_memory_mib"]) for row in rows(tmp_path / "r")]
    assert len(peaks) == 200
    # The first runs of each arm compile; after them, a leak of even a megabyte a run would show.
    assert sum(peaks[-20:]) / 20 - sum(peaks[20:40]) / 20 < 40


def rows_if_any(folder):
    return rows(folder) if (folder / "runs.csv").exists() else []


def workers_of(folder):
    """The spawned processes whose current folder is this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and any("spawn_main" in word for word in process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found
