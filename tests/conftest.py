"""What the tests share: a folder of their own, the command line in this process and in another, small data files."""

import functools
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

# Nothing of the person's own may change what is tested. The real data is named by the variable, and only by it.
# (Under its own name, it also reaches the processes of a parallel run.)
os.environ.setdefault("ACTBENCH_TEST_DATA", os.environ.get("ACTBENCH_DATA_DIR", ""))
REAL_DATA = os.environ["ACTBENCH_TEST_DATA"] or None
KERAS_HOME = tempfile.TemporaryDirectory(prefix="actbench-keras-")
os.environ["KERAS_HOME"] = KERAS_HOME.name
DATA_HOME = tempfile.TemporaryDirectory(prefix="actbench-data-")
os.environ["ACTBENCH_DATA_DIR"] = DATA_HOME.name
os.environ["ACTBENCH_OFFLINE"] = "1"  # whatever is fetched in a test, its own server has
for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
    os.environ.pop(name, None)

# Where the tests are begun in the background of a shell, or by nohup, Ctrl-C or a closed terminal is ignored, and would
# be by every process that they begin.
for name, usual in {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}.items():
    number = getattr(signal, name, None)  # not every system has all
    if number is not None and signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

PROGRAM = [sys.executable, "-m", "actbench"]
INSTALLED = [str(Path(sys.executable).with_name("actbench"))]
"""The command as it lies beside this Python."""


def pytest_addoption(parser):
    faults = parser.getgroup("faults", "what tests/faults tries")
    faults.addoption("--cases", type=int, default=100_000, help="made-up inputs in all")
    faults.addoption("--kills", type=int, default=30, help="processes killed at random")


def pytest_terminal_summary(terminalreporter):
    """What became of the cases and kills of tests/faults, in one table for all kinds and processes."""
    done = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    noted = [pair for report in done for pair in report.user_properties]
    trials = [value for name, value in noted if name == "trial"]
    if trials:
        from faults.trial import table

        terminalreporter.section("cases tried")
        for line in table(trials):
            terminalreporter.line(line)
    for name, value in noted:
        if name == "kills":
            terminalreporter.section("processes killed")
            terminalreporter.line(value)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Every test starts in an empty folder, and what Python imported from there, or looked for there, ends with it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in sys.modules.keys() - before:
        named = getattr(sys.modules[name], "__dict__", {})  # past what a module answers of itself, with a warning maybe
        places = [named.get("__file__"), *(named.get("__path__") or [])]
        if any(place and str(place).startswith(str(tmp_path)) for place in places):
            del sys.modules[name]


@pytest.fixture(scope="session")
def real_data():
    """The folder that holds mnist.npz and cifar10.npz."""
    if REAL_DATA is None:
        pytest.skip("needs mnist.npz and cifar10.npz: name their folder in ACTBENCH_DATA_DIR")
    return Path(REAL_DATA).resolve()


once_each = functools.cache(functools.cache)
"""A function that is called once for each of its arguments, however often it is wrapped so."""


@pytest.fixture
def invoke(capfd, monkeypatch):
    """Call the command line in this process. Returns the finished process as ``subprocess.run`` would."""

    import typer.main

    # A program makes its commands once; this process is many programs.
    monkeypatch.setattr(typer.main, "get_command", once_each(typer.main.get_command))

    def call(*arguments):
        from actbench.cli import main

        monkeypatch.setattr(sys, "argv", ["actbench", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leave:
            code = 0 if leave.code is None else leave.code
        out, err = capfd.readouterr()
        return subprocess.CompletedProcess(sys.argv, code, out, err)

    return call


def begin(*arguments, cwd, env=None, command=PROGRAM, **more):
    """Begin ``actbench`` as a process of its own and return the ``Popen``, with its output in pipes of text.

    ``env`` lies over the variables of this process, ``command`` is what to run in place of this Python's program, and
    ``more`` is what ``Popen`` takes: other streams, a session.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    variables = os.environ | (env or {})
    return subprocess.Popen([*command, *map(str, arguments)], cwd=cwd, env=variables, **streams | more)


def program(*arguments, check=None, **how):
    """Call ``actbench`` as ``begin`` does, and wait for its end; ``check`` is the exit code that it must end with."""
    with begin(*arguments, **how) as process:
        out, err = process.communicate()
    assert check is None or process.returncode == check, out + err
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def started():
    """Begin processes that are talked to or killed, as ``begin`` does; none outlives the test, however it ends."""
    processes = []

    def start(*arguments, **how):
        processes.append(begin(*arguments, **how))
        return processes[-1]

    yield start
    for process in processes:
        with process:
            process.kill()


@pytest.fixture
def plain_graph(monkeypatch):
    """Programs that compile fast, where it is not the compiler that is tested."""
    from actbench.training.backends.tensorflow import program

    monkeypatch.setattr(program, "choose_compiler", lambda *_, **__: "graph")


def mostly_slow(values, quick=1):
    """Parameters of which the first ones belong to the quick suite, and the others to the slow one."""
    rest = [value if isinstance(value, tuple) else (value,) for value in values[quick:]]
    return [*values[:quick], *(pytest.param(*value, marks=pytest.mark.slow) for value in rest)]


def wait_for(condition, process=None, seconds=120):
    """Wait until something holds; ``process`` is one that must not end before."""
    end = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def small_arrays(n=60, classes=3, features=4, seed=0):
    """Four arrays that a network can learn from: classes shifted along the first feature, in turn."""
    stream = np.random.RandomState(seed)
    arrays = {}
    for part, size in (("train", n), ("test", n // 2)):
        labels = np.arange(size) % classes
        arrays[f"x_{part}"] = stream.normal(labels[:, None], 1.0, (size, features))
        arrays[f"y_{part}"] = labels
    return arrays


def bytes_images(n=40, side=4, classes=2, channels=None, seed=1):
    """Four arrays of random pictures; a class is a little brighter than the one before it."""
    stream = np.random.RandomState(seed)
    shape = (side, side) if channels is None else (side, side, channels)
    arrays = {}
    for part, size in (("train", n), ("test", n // 2)):
        labels = np.arange(size) % classes
        shift = labels.reshape(-1, *[1] * len(shape)) * 20
        arrays[f"x_{part}"] = (stream.randint(0, 236 - 20 * classes, (size, *shape)) + shift).astype("uint8")
        arrays[f"y_{part}"] = labels.astype("uint8")
    return arrays


def planned(**fields):
    """The runs that such options ask for, each with the request for its data."""
    from actbench import datasets
    from actbench.studies.expand import expand
    from actbench.studies.study import Study

    return expand(Study().override(fields), datasets.info, lambda *_: "cpu")


def trained(trainer=None, **fields):
    """Train one run in this process. Returns its record."""
    from actbench import datasets
    from actbench.training.run import Trainer

    ((run, request),) = planned(**fields)
    training = (trainer or Trainer()).begin(run, datasets.load(request))
    for _ in training:
        pass
    return training.record()


@pytest.fixture
def npz(tmp_path):
    """Write ``data.npz`` from the small arrays, some of them replaced (or left out: None). Returns its path."""

    def write(**changes):
        arrays = {key: value for key, value in (small_arrays() | changes).items() if value is not None}
        path = tmp_path / "data.npz"
        np.savez(path, **arrays)
        return path

    return write
