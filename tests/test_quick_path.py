"""What trains nothing works where TensorFlow and Keras cannot be imported: one process, command after command."""

import json
import sys
from pathlib import Path

import pytest
from conftest import program
from synthetic import DRAWN_OF_ALL
from typer.main import get_command

import actbench
from actbench.cli import app
from actbench.cli.options import REGISTRIES
from actbench.execution.reproduce import studies
from actbench.reports.formats import FORMATS
from actbench.reports.plots import PLOTS
from actbench.training import backends

pytestmark = pytest.mark.slow
RESULTS = Path(__file__).parents[1] / "results"
STORE = str(RESULTS / "frelu-mnist")
CALL = """
import contextlib, io, json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("keras", "tensorflow"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from actbench.cli import main

for words in json.loads(sys.argv[1]):
    sys.argv = ["actbench", *words]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as leave:
            code = leave.code or 0
    print(json.dumps([code, out.getvalue(), err.getvalue()]))
"""
COMMANDS = list(get_command(app).commands)
NAMES = {kind.value: registry.names for kind, registry in REGISTRIES.items()} | {"studies": studies()}
REPRODUCE = ("reproduce", "frelu-mnist", "--stored", "--results", str(RESULTS))
# What each call says on stdout, or writes into the file that its last word names; what is registered later counts too.
SAYS = {
    ("--help",): COMMANDS,
    ("-h",): COMMANDS,
    ("--version",): [f"actbench {actbench.__version__}"],
    **{(command, "--help"): ["Usage", "--help"] for command in COMMANDS},
    **{("list", kind, *more): names for kind, names in NAMES.items() for more in ((), ("--json",))},
    **{("data", "list", *more): NAMES["datasets"] for more in ((), ("--json",))},
    ("data", "path"): ["actbench-data-"],
    **{("info", *more): ["python", *backends.names()] for more in ((), ("--json",))},
    **{("compare", STORE, "--format", name): ["frelu"] for name in FORMATS.names},
    **{(*REPRODUCE, "--format", name): ["frelu"] for name in FORMATS.names},
    ("run", "--act", "relu", "--act", "mish", "--seeds", "2", "--device", "cpu", "--dry-run"): ["4 runs in 2 arms"],
}
WRITES = {
    ("init", "study.toml"): ["[grid]", "learning_rate"],
    **{("plot", STORE, name, "--output", f"{name}.svg"): ["<svg", "frelu"] for name in DRAWN_OF_ALL},
    **{("compare", STORE, "--format", name, "--output", f"compare.{name}"): ["frelu"] for name in FORMATS.names},
}
MISTAKES = {
    ("run", "--act", "mihs"): "Did you mean 'mish'?",
    ("run", "--data", "digit"): "Did you mean 'digits'?",
    ("run", "--lr", "-1"): "--lr cannot be -1.0",
    ("run", "--epochs", "many"): "--epochs: it must be a whole number.",
    ("compare", "nowhere"): "There are no results in 'nowhere'",
    ("reproduce", "swish-mish"): "Did you mean 'swish-mish-mnist'?",
    ("show", "mihs"): "Did you mean 'mish'?",
    **{("plot", STORE, plot.name): "--tune lr" for plot in PLOTS if plot.name not in DRAWN_OF_ALL},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("quick")


@pytest.fixture(scope="module")
def ends(folder):
    """Exit code, stdout and stderr of every call, by its words; all in one process, for its imports take the time."""
    calls = [*SAYS, *WRITES, *MISTAKES]
    python = [sys.executable, "-c", CALL]
    done = program(json.dumps(calls), command=python, cwd=folder, env={"COLUMNS": "200"}, check=0)
    return {words: json.loads(line) for words, line in zip(calls, done.stdout.splitlines(), strict=True)}


def brief(words):
    return " ".join(words).replace(str(RESULTS), "results")


@pytest.mark.parametrize("words", SAYS, ids=brief)
def test_it_says_what_it_should(ends, words):
    code, out, err = ends[words]
    assert code == 0, err
    assert [text for text in SAYS[words] if text not in out] == []


@pytest.mark.parametrize("words", WRITES, ids=brief)
def test_it_writes_what_it_should(ends, folder, words):
    code, _, err = ends[words]
    assert code == 0, err
    written = (folder / words[-1]).read_text(encoding="utf-8")
    assert [text for text in WRITES[words] if text not in written] == []


@pytest.mark.parametrize("words", MISTAKES, ids=brief)
def test_a_mistake_is_told(ends, words):
    code, out, err = ends[words]
    assert code == 2
    assert MISTAKES[words] in err
    assert out == ""


def test_the_libraries_are_out_of_reach(folder):
    blocked = CALL.split("from actbench.cli", maxsplit=1)[0]
    done = program(command=[sys.executable, "-c", blocked + "import keras"], cwd=folder, check=1)
    assert "ModuleNotFoundError: No module named 'keras'" in done.stderr
