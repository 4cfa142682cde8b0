"""Drivers and workers killed at random: each run is stored once, with the epochs that it has undisturbed."""

import csv
import os
import random
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from conftest import PROGRAM, program

ACTS = ("relu", "tanh", "prelu", "mish")
SEEDS = 5
SWEEP = [
    "run", *(word for act in ACTS for word in ("--act", act)), "--seeds", str(SEEDS), "--model", "mlp(8)",
    "--limit", "200", "--batch-size", "50", "--epochs", "300", "--checkpoint-every", "20", "--quiet",
]  # fmt: skip


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def answers(store):
    """Of every run what must not depend on how often it was broken off: its figures, and its epochs without clocks."""
    epochs = {}
    for row in rows(store / "epochs.csv"):
        figures = {name: cell for name, cell in row.items() if not name.endswith("_seconds")}
        epochs.setdefault(row["run_key"], []).append(figures)
    runs = rows(store / "runs.csv")
    assert len({row["run_key"] for row in runs}) == len(runs), "a run is stored twice"
    figures = (
        "status",
        "epochs_run",
        "train_accuracy",
        "test_accuracy",
        "best_test_accuracy",
        "best_epoch",
        "test_loss",
    )
    return {row["run_key"]: ([row[name] for name in figures], epochs.get(row["run_key"])) for row in runs}


@dataclass
class Killer:
    """Starts a sweep again and again, and kills its driver, one of its workers, or all of them at once."""

    folder: Path
    env: dict[str, str]
    chance: random.Random
    kills: dict[str, int] = field(default_factory=dict)

    def until_done(self, jobs, most):
        """Disturb a sweep until it is done, or there were kills enough."""
        while True:
            process = subprocess.Popen(
                [*PROGRAM, *SWEEP, "--jobs", str(jobs), "--results", "r"],
                cwd=self.folder, env=os.environ | self.env, start_new_session=True, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            while process.poll() is None and sum(self.kills.values()) < most:
                if self.chance.random() < 0.8:  # the others fall into imports and beginnings
                    self.wait_for_training(process)
                time.sleep(self.chance.uniform(0, 1.5))
                if process.poll() is None:
                    self.kill(process)
            _, said = process.communicate(timeout=300)
            assert "Traceback" not in said, said
            self.no_worker_is_left(process)
            if process.returncode == 0 or sum(self.kills.values()) >= most:
                return
            assert process.returncode in (-signal.SIGKILL, 1), said

    def wait_for_training(self, process):
        """Until something is stored that was not before."""
        begun = self.stored()
        end = time.monotonic() + 120
        while process.poll() is None and self.stored() == begun:
            assert time.monotonic() < end, "nothing is stored any more"
            time.sleep(0.02)

    def stored(self):
        found = [path for path in self.folder.glob("r/**/*") if path.suffix in (".csv", ".npz")]
        return {(path.name, self.mtime(path)) for path in found}

    def mtime(self, path):
        try:
            return path.stat().st_mtime_ns
        except FileNotFoundError:  # moved into place meanwhile
            return 0

    def kill(self, process):
        workers = workers_of(process.pid)
        target = self.chance.choice(["driver", "group", *["worker"] * 2])
        if target == "worker":
            if not workers:
                return
            self.chance.choice(workers).kill()
        elif target == "driver":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        self.kills[target] = self.kills.get(target, 0) + 1

    def no_worker_is_left(self, process):
        end = time.monotonic() + 30
        while left := in_session(process.pid):
            assert time.monotonic() < end, f"these live on: {left}"
            time.sleep(0.05)


def workers_of(pid):
    """The processes in which runs are trained."""
    return [one for one in in_session(pid) if one.pid != pid and "spawn_main" in " ".join(command(one))]


def in_session(pid):
    """The processes of a session that are still running."""
    found = []
    for one in psutil.process_iter():
        try:
            if os.getsid(one.pid) == pid and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


def command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.mark.slow
def test_a_sweep_survives_many_kills(tmp_path, request, record_property):
    most = request.config.getoption("--kills")
    program(*SWEEP, "--results", "undisturbed", cwd=tmp_path, check=0)
    calm = answers(tmp_path / "undisturbed")
    assert len(calm) == len(ACTS) * SEEDS
    assert {row[0][0] for row in calm.values()} == {"ok"}

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {"TMPDIR": str(temporary)}
    killer, sweeps = Killer(tmp_path, env, random.Random(most)), 0
    while sum(killer.kills.values()) < most:
        shutil.rmtree(tmp_path / "r", ignore_errors=True)
        killer.until_done(jobs=1 + sweeps % 2, most=most)
        program(*SWEEP, "--results", "r", cwd=tmp_path, env=env, check=0)  # what is left, if anything
        disturbed = answers(tmp_path / "r")
        assert disturbed.keys() == calm.keys()
        changed = [key for key in calm if disturbed[key] != calm[key]]
        assert not changed, f"other numbers after kills: {changed}"
        assert not list(temporary.glob("actbench-*")), "killed sweeps leave folders behind"
        sweeps += 1
    epochs = sum(len(rows) for _, rows in calm.values())
    record_property("kills", f"{killer.kills} in {sweeps} sweeps of {len(calm)} runs: their {epochs} epochs are alike")
