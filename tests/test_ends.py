"""However a sweep ends, and whatever becomes of its streams: no process and no folder stays, and the store is whole."""

import csv
import json
import os
import signal
import subprocess
import time

import psutil
import pytest
from conftest import PROGRAM, program

from actbench.execution.scratch import scratch_folder

SLOWLY = pytest.mark.slow
TINY = ["--model", "mlp(8)", "--limit", "200", "--batch-size", "50", "--epochs", "2"]
# Not with the few inputs that code is tried with before anything is trained.
SLOW = """
import time

def act(x):
    if x.shape[0] == 50:
        open('begun', 'w').close()
        time.sleep(600)
    return x
"""
NOISY = "import keras\n\nprint('import')\n\ndef act(x):\n    print('call')\n    return keras.ops.tanh(x)\n"
# The second event that reaches the store meets an error that nobody expects.
BROKEN_STORE = """
from actbench.execution import local
from actbench.results.store import Store

def broken(self, *records):
    raise RuntimeError("nobody expects this")

Store.append = broken
"""
# And worse: nobody closes the executor's events either, as where the error strikes between two lines of it.
FORGETFUL = BROKEN_STORE + "local._Pool.end = lambda self, **_: None\n"


def stored(folder):
    with (folder / "runs.csv").open(encoding="utf-8", newline="") as file:
        return {row["activation"]: row for row in csv.DictReader(file)}


def processes_of(folder):
    """Those whose current folder is this one, but for the tests' own."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def leftovers(temporary):
    return list(temporary.glob("actbench-sweep-*"))


@pytest.fixture
def temporary(tmp_path):
    """A folder for temporary files, and the variable that names it."""
    path = tmp_path / "temporary"
    path.mkdir()
    return path


def begun(tmp_path, temporary, *more):
    """A sweep whose only run never ends, and is under way."""
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    process = subprocess.Popen(
        [*PROGRAM, "run", "--act", "slow.py:act", *TINY, "--results", "r", *more],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for((tmp_path / "begun").exists)
    return process


@pytest.mark.parametrize(
    "broken", [pytest.param("full", marks=SLOWLY), pytest.param("closed", marks=SLOWLY), "nobody reads"]
)
@pytest.mark.slow
def test_a_sweep_goes_on_without_its_stderr(tmp_path, broken):
    redirection = {"full": "2>/dev/full", "closed": "2>&-", "nobody reads": "2> >(true)"}[broken]
    acts = "--act relu --act tanh"
    shell = f"'{PROGRAM[0]}' -m actbench run {acts} --results r {' '.join(map(repr, TINY))} {redirection}"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "610 parameters" in done.stdout
    assert {name: row["status"] for name, row in stored(tmp_path / "r").items()} == {"relu": "ok", "tanh": "ok"}


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (">/dev/full", 2, "actbench: Cannot write the result to stdout: No space left on device.\n"),
        pytest.param("| head -n 1", 0, "", marks=pytest.mark.slow),
        pytest.param(">&-", 0, "", marks=pytest.mark.slow),
    ],
)
def test_stdout_that_breaks(tmp_path, redirection, code, said):
    shell = f"'{PROGRAM[0]}' -m actbench list activations {redirection}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (code, said)


@pytest.mark.slow
def test_an_error_text_that_is_not_unicode_costs_its_run_only(tmp_path):
    (tmp_path / "bad.py").write_text(
        "class Mute(Exception):\n    def __str__(self):\n        raise ValueError\n\n"
        "def half(x):\n    if x.shape[0] == 50:\n        raise RuntimeError('half a pair: \\udcff')\n    return x\n\n"
        "def mute(x):\n    if x.shape[0] == 50:\n        raise Mute\n    return x\n",
        encoding="utf-8",
    )
    acts = ["--act", "bad.py:half", "--act", "bad.py:mute", "--act", "relu"]
    program("run", *acts, *TINY, "--results", "r", cwd=tmp_path, check=1)
    found = stored(tmp_path / "r")
    assert [row["status"] for row in found.values()] == ["failed", "failed", "ok"]
    assert "half a pair: \\udcff" in found["bad.py:half"]["error"]


@pytest.mark.parametrize(
    "first",
    [pytest.param(BROKEN_STORE, id="closed", marks=SLOWLY), pytest.param(FORGETFUL, id="forgotten", marks=SLOWLY)],
)
def test_an_error_that_nobody_expects_ends_the_workers_too(tmp_path, temporary, first):
    # With two jobs, another worker is in the middle of a run that never ends.
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    acts = ["--act", "slow.py:act", "--act", "relu"]
    command = [PROGRAM[0], "-c", f"{first}\nfrom actbench.cli import main\nmain()"]
    done = subprocess.run(
        [*command, "run", *acts, *TINY, "--jobs", "2", "--results", "r"],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 3
    assert "this is a bug: RuntimeError: nobody expects this" in done.stderr
    wait_for(lambda: processes_of(tmp_path) == [], 10)  # Python's own tracker of resources ends a little later
    assert leftovers(temporary) == []
    program("run", "--act", "relu", *TINY, "--results", "r", cwd=tmp_path, check=0)
    assert {name: row["status"] for name, row in stored(tmp_path / "r").items()} == {"relu": "ok"}


@SLOWLY
def test_a_closed_terminal_ends_a_sweep_like_ctrl_c(tmp_path, temporary):
    command = ["run", "--act", "tanh", *TINY[:-1], "100000", "--results", "r"]
    process = subprocess.Popen(
        [*PROGRAM, *command], cwd=tmp_path, env=os.environ | {"TMPDIR": str(temporary)}, stderr=subprocess.PIPE
    )
    wait_for((tmp_path / "r" / "manifest.json").exists)
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGHUP)  # the system's and the shell's
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert b"Interrupted. Finished runs are kept" in said
    assert stored(tmp_path / "r")["tanh"]["status"] == "interrupted"
    wait_for(lambda: processes_of(tmp_path) == [], 10)  # Python's own tracker of resources ends a little later
    assert leftovers(temporary) == []


@pytest.mark.slow
def test_what_a_killed_sweep_leaves_is_removed_by_the_next_one(tmp_path, temporary, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    process = begun(tmp_path, temporary)
    (dead,) = leftovers(temporary)
    with scratch_folder() as alive:
        assert {dead, alive} == set(leftovers(temporary)), "a sweep that still goes on keeps its folder"
    process.kill()
    process.communicate()
    wait_for(lambda: processes_of(tmp_path) == [])
    foreign = temporary / "actbench-sweep-of-somebody-else"
    foreign.mkdir()
    (temporary / "actbench-sweep-link").symlink_to(tmp_path)
    assert dead.exists()
    with scratch_folder():
        assert not dead.exists()
    assert foreign.exists()
    assert (tmp_path / "r").exists()


@pytest.mark.slow
def test_prints_of_a_persons_own_code_stay_out_of_the_result(tmp_path):
    (tmp_path / "noisy.py").write_text(NOISY, encoding="utf-8")
    act = "noisy.py:act"
    done = program("run", "--act", act, "--act", "relu", *TINY, "--results", "r", "--json", cwd=tmp_path, check=0)
    assert [arm["activation"] for arm in json.loads(done.stdout)["tasks"][0]["arms"]] == [act, "relu"]
    json.loads(program("show", act, "--json", cwd=tmp_path, check=0).stdout)


@pytest.mark.slow
def test_a_process_that_was_stopped_says_so_and_its_clocks_stood_still(tmp_path):
    """A worker is stopped for three seconds in the middle of training."""
    (tmp_path / "stopped.py").write_text(
        "import os, signal, subprocess\nimport keras\nimport tensorflow as tf\n\n"
        "calls = []\n\n"
        "def stop():\n"
        "    calls.append(1)\n"
        "    if len(calls) == 8:\n"
        "        open('stopped', 'w').close()\n"
        "        subprocess.Popen(['sh', '-c', f'sleep 3; kill -CONT {os.getpid()}'])\n"
        "        os.kill(os.getpid(), signal.SIGSTOP)\n"
        "    return 0.0\n\n"
        "def act(x):\n"
        "    nothing = tf.stop_gradient(tf.numpy_function(stop, [], tf.float64))\n"
        "    return keras.ops.tanh(x) + tf.cast(tf.ensure_shape(nothing, []), x.dtype)\n",
        encoding="utf-8",
    )
    words = [*TINY[:-1], "3", "--results", "r"]
    program("run", "--act", "stopped.py:act", *words, "--deterministic", cwd=tmp_path, check=0)
    assert (tmp_path / "stopped").exists()
    with (tmp_path / "r" / "epochs.csv").open(encoding="utf-8", newline="") as file:
        epochs = list(csv.DictReader(file))
    flagged = [float(row["suspended_seconds"]) for row in epochs if row["suspended_seconds"]]
    assert len(flagged) == 1
    assert 2 < flagged[0] < 30
    row = stored(tmp_path / "r")["stopped.py:act"]
    assert float(row["train_seconds"]) + float(row["eval_seconds"]) < flagged[0]


LOUD = """
import atexit, os, threading, time
os.write(1, b"past Python")
os.system("echo a child")
atexit.register(lambda: print("at the end"))
threading.Thread(target=lambda: (time.sleep(60), open('outlived', 'w'))).start()

def act(x):
    return x
"""


@pytest.mark.slow
def test_own_code_neither_writes_among_results_nor_keeps_the_program_from_ending(tmp_path):
    (tmp_path / "loud.py").write_text(LOUD)
    done = program("run", "--act", "loud.py:act", "--dry-run", "--json", cwd=tmp_path, check=0)
    assert not (tmp_path / "outlived").exists()
    assert json.loads(done.stdout)
    assert "past Python" in done.stderr
    assert "a child" in done.stderr


@pytest.mark.slow
def test_own_code_that_writes_at_the_end_does_not_write_behind_results(tmp_path):
    (tmp_path / "loud.py").write_text("\n".join(line for line in LOUD.splitlines() if "Thread" not in line))
    done = program("run", "--act", "loud.py:act", "--dry-run", "--json", cwd=tmp_path, check=0)
    assert json.loads(done.stdout)
    assert "at the end" in done.stderr
