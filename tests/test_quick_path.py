"""What trains nothing works where TensorFlow and Keras cannot be imported: one process, command after command."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
HELP = ["--help", "-h", "--version"]
COMMANDS = ["run", "compare", "plot", "reproduce", "list", "show", "info"]
KINDS = ["activations", "datasets", "models", "optimizers", "initializers", "studies"]
FORMATS = ["table", "csv", "md", "latex", "json", "html"]
PICTURES = ["curves", "profile", "pareto", "strip"]
REPORTS = ["table", "md", "json", "html"]
MISTAKES = {
    ("run", "--act", "mihs"): "Did you mean 'mish'?",
    ("run", "--data", "digit"): "Did you mean 'digits'?",
    ("run", "--lr", "-1"): "--lr cannot be -1.0",
    ("run", "--epochs", "many"): "Usage",
    ("compare", "nowhere"): "There are no results in 'nowhere'",
    ("reproduce", "swish-mish"): "Did you mean 'swish-mish-mnist'?",
    ("show", "mihs"): "Did you mean 'mish'?",
}
CALLS = {
    "help": [[word] for word in HELP] + [[command, "--help"] for command in COMMANDS],
    "lists": [["list", kind, *more] for kind in KINDS for more in ([], ["--json"])] + [["info"], ["info", "--json"]],
    "mistakes": [list(words) for words in MISTAKES],
    "compare": [["compare", STORE, "--format", one] for one in FORMATS],
    "plot": [["plot", STORE, one, "--output", f"{one}.svg"] for one in PICTURES],
    "reproduce": [
        ["reproduce", "frelu-mnist", "--stored", "--results", str(RESULTS), "--format", one] for one in REPORTS
    ],
    "dry run": [["run", "--act", "relu", "--act", "mish", "--seeds", "2", "--device", "cpu", "--dry-run"]],
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """Exit code, stdout and stderr of every call, by its words; all in one process, for its imports take the time."""
    calls = [words for group in CALLS.values() for words in group]
    done = subprocess.run(
        [sys.executable, "-c", CALL, json.dumps(calls)],
        cwd=tmp_path_factory.mktemp("quick"),
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    return {tuple(words): json.loads(line) for words, line in zip(calls, lines, strict=True)}


@pytest.mark.parametrize("group", [name for name in CALLS if name not in ("mistakes", "reproduce")])
def test_it_works(ends, group):
    for words in CALLS[group]:
        code, out, err = ends[tuple(words)]
        assert (code, "bug" in err) == (0, False), (words, err)
        assert out or "--output" in words or "plot" in words, words


def test_it_reproduces_what_is_stored(ends):
    for words in CALLS["reproduce"]:
        code, out, err = ends[tuple(words)]
        assert code == 0, err
        assert "frelu" in out.lower(), words


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_a_mistake_is_told(ends, words):
    code, out, err = ends[words]
    assert code == 2
    assert MISTAKES[words] in err
    assert out == ""


def test_the_libraries_are_out_of_reach():
    blocked = CALL.split("from actbench.cli", maxsplit=1)[0]
    done = subprocess.run([sys.executable, "-c", blocked + "import keras"], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError: No module named 'keras'" in done.stderr
