"""The same study on a real Ray cluster of two nodes on this machine, one of which is lost half-way."""

import csv
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import program, wait_for

from actbench.execution.ray import RUNS_PER_PROCESS, RayExecutor
from actbench.training.run import ProcessSettings

HAVE_RAY = importlib.util.find_spec("ray") is not None
BROKEN = "def act(x):\n    assert x.shape[0] != 50, 'broken'\n    return x\n"
TINY = ["--model", "mlp(8)", "--limit", "200", "--batch-size", "50"]


def rows(folder):
    with (folder / "runs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.skipif(HAVE_RAY, reason="Ray is installed")
def test_without_ray_the_extra_is_named(invoke):
    done = invoke("run", "--executor", "ray", *TINY)
    assert done.returncode == 2
    assert "--executor ray needs the extra 'ray'" in done.stderr


def test_runs_with_other_settings_for_their_process_get_another_process():
    """Ray reuses a process for the same variables only."""
    executor = RayExecutor(cpus_per_run=3)
    plain, repeatable = (executor.environment(ProcessSettings("tensorflow", flag)) for flag in (False, True))
    assert plain != repeatable
    assert plain["OMP_NUM_THREADS"] == "3"
    assert plain["CUDA_VISIBLE_DEVICES"] == ""
    assert "CUDA_VISIBLE_DEVICES" not in RayExecutor(gpus_per_run=1).environment(
        ProcessSettings("tensorflow", deterministic=False)
    )


def test_a_process_of_a_cluster_ends_after_so_many_runs():
    """With a GPU, Ray itself ends it after each."""
    assert RayExecutor().task_options()["max_calls"] == RUNS_PER_PROCESS
    assert "max_calls" not in RayExecutor(gpus_per_run=1).task_options()


needs_ray = pytest.mark.skipif(not HAVE_RAY, reason="needs the extra 'ray'")


@needs_ray
@pytest.mark.slow
def test_a_cluster_out_of_reach_is_a_clear_error(tmp_path):
    done = program(
        "run", "--executor", "ray", "--ray-address", f"127.0.0.1:{free_port()}", *TINY, cwd=tmp_path, check=2
    )
    assert "Cannot reach the Ray cluster at '127.0.0.1:" in done.stderr
    assert "Traceback" not in done.stderr


@needs_ray
@pytest.mark.slow
def test_two_nodes_one_of_them_lost(tmp_path, monkeypatch, started):
    # Every part of the cluster shows the same token; what Ray does by default depends on files in the home folder.
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    head = free_port()
    # Ray's sockets lie in its folder, and the path of a socket must be short. Nothing leaves this machine.
    own = tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
    node = ["--node-ip-address", "127.0.0.1", "--num-cpus", 1]
    ray("start", "--head", "--port", head, *node, "--include-dashboard", "false", "--temp-dir", own.name)
    try:
        before = raylets()
        ray("start", "--address", f"127.0.0.1:{head}", *node)
        (second,) = raylets() - before
        command = ["run", "--act", "relu", "--act", "tanh", "--seeds", "6", *TINY, "--epochs", "1500"]
        cluster = ["--executor", "ray", "--ray-address", f"127.0.0.1:{head}", "--checkpoint-every", "100"]
        (tmp_path / "bad.py").write_text(BROKEN, encoding="utf-8")
        process = started(
            *command, "--act", "bad.py:act", "--max-failures", "99", *cluster, "--results", "r", cwd=tmp_path
        )
        table = tmp_path / "r" / "runs.csv"
        wait_for(lambda: table.exists() and len(rows(table.parent)) >= 4, process)
        os.kill(second, signal.SIGKILL)
        _, said = process.communicate(timeout=400)
        assert process.returncode == 1, said  # the broken activation's runs
        found = rows(tmp_path / "r")
        assert len(found) == len({row["run_key"] for row in found}) == 18
        statuses = {(row["activation"], row["status"]) for row in found}
        assert statuses == {("relu", "ok"), ("tanh", "ok"), ("bad.py:act", "failed")}
        assert {row["jobs"] for row in found} == {"2"}
        # Where it ran makes no difference: the accuracies are those of this machine alone.
        program(*command, "--results", "here", "--quiet", cwd=tmp_path, check=0)
        here = {row["run_key"]: row["test_accuracy"] for row in rows(tmp_path / "here")}
        assert here == {row["run_key"]: row["test_accuracy"] for row in found if row["status"] == "ok"}
    finally:
        ray("stop", "--force")
        own.cleanup()


def ray(*words):
    path = Path(sys.executable).with_name("ray")
    done = subprocess.run([path, *map(str, words)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def raylets():
    import psutil

    return {process.pid for process in psutil.process_iter() if process.name() == "raylet"}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
