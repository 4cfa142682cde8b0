"""Code that studies name: only what is defined beside them is run, and reading what is stored runs nothing at all."""

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from conftest import INSTALLED, PROGRAM, program, small_arrays

from actbench import custom
from actbench.activations import named as named_activation
from actbench.activations import resolve
from actbench.errors import UserError
from actbench.execution.local import LocalExecutor
from actbench.execution.plan import make_plan
from actbench.studies.file import read_study

MINE = """
import os
from functools import partial
from os import system

def double(x, by=2):
    return by * x

class Holder:
    @staticmethod
    def inner(x):
        return x

half = partial(double, by=0.5)
alias = os.system
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a person's own code, below it some more, and the study beside it; it is the current one."""
    home = tmp_path / "home"
    (home / "below" / "pkg").mkdir(parents=True)
    for name in ("home/mine.py", "home/below/deep.py", "home/below/pkg/__init__.py", "elsewhere.py"):
        (tmp_path / name).write_text(textwrap.dedent(MINE))
    installed = home / ".venv" / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "library.py").write_text(MINE)
    (home / "link.py").symlink_to(tmp_path / "elsewhere.py")
    monkeypatch.chdir(home)
    return home


def study(folder, activation, more=""):
    path = folder / "study.toml"
    path.write_text(f'{more}\n[grid]\nactivation = ["relu", {activation!r}]\n')
    return path


@pytest.mark.parametrize(
    "activation", ["mine.py:double", "mine:double(by=3)", "below/deep.py:Holder.inner", "mine.py:half", "keras:gelu"]
)
def test_a_study_may_name_what_is_defined_beside_or_below_it(folder, activation):
    assert read_study(study(folder, activation)).grid["activation"] == ["relu", activation]


@pytest.mark.parametrize(
    "activation",
    [
        "os:system(command='touch ran')",
        "os.path:join",
        "sys:exit",
        "mine.py:os.system",
        "mine.py:system",
        "mine.py:alias",
        "mine.py:double.__class__",
        "mine.py:missing",
        "../elsewhere.py:double",
        "link.py:double",
        ".venv/lib/site-packages/library.py:double",
        "nowhere.py:double",
        "no.such.module:double",
        "keras:Lambda",
        "keras:TFSMLayer(filepath='model')",
    ],
)
def test_a_study_may_name_no_other_code(folder, activation):
    with pytest.raises(UserError, match=r"study\.toml: grid\.activation"):
        read_study(study(folder, activation))
    assert not (folder / "ran").exists()


def test_a_model_is_code_too_and_so_is_what_a_variant_or_a_trial_names(folder):
    for more in ('model = "os:system"', '[variants.a]\nmodel = "os:system"', '[smoke]\nactivation = "os:system"'):
        path = folder / "study.toml"
        path.write_text(more)
        with pytest.raises(UserError, match="does not lie beside or below the study.*--allow-code"):
            read_study(path)


def test_what_is_allowed_on_the_command_line_may_come_from_anywhere(folder):
    assert read_study(study(folder, "../elsewhere.py:double"), allow_code=True).grid["activation"][1]


def test_a_definition_is_known_without_running_anything(folder):
    """It is the very one that a run gets that was trained."""
    for spelling in ("mine.py:double(by=3)", "mine:double", "below.pkg:double"):
        assert named_activation(spelling) == resolve(spelling).choice


@pytest.mark.slow
def test_what_is_imported_does_not_take_the_place_of_libraries(folder):
    (folder / "json.py").write_text("raise SystemExit('run unasked')")
    assert named_activation("mine:double").version
    code = "from actbench.activations import resolve; resolve('mine:double'); import json; json.dumps(1)"
    assert subprocess.run([sys.executable, "-P", "-c", code], check=False, cwd=folder).returncode == 0


def test_what_code_prints_when_it_is_imported_is_no_result(folder, capsys):
    (folder / "loud.py").write_text("print('hello')\ndef double(x):\n    return 2 * x\n")
    resolve("loud.py:double")
    assert capsys.readouterr() == ("", "hello\n")


HELPED = """
from helper import factor
import pkg.impl

def act(x):
    return factor * pkg.impl.factor * x
"""
SMALL = """
model = "mlp(4)"
data = {name = "my.npz"}
training = {epochs = 1, batch_size = 10}
grid = {activation = ["helped.py:act", "pkg.impl:act"]}
"""


@pytest.fixture
def project(folder, monkeypatch):
    """A study with code, the modules that this imports, and data, all beside it; one stands elsewhere."""
    (folder / "pkg").mkdir()
    (folder / "pkg" / "impl.py").write_text("factor = 1.0\n\ndef act(x):\n    return 2 * x\n")
    (folder / "helped.py").write_text(HELPED)
    (folder / "helper.py").write_text("factor = 1.0\n")
    (folder / "study.toml").write_text(SMALL)
    np.savez(folder / "my.npz", **small_arrays())
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return folder


def planned_in(place, study, monkeypatch):
    """What a study's runs are called and keyed where one stands there."""
    monkeypatch.chdir(place)
    runs = [run for run, _ in make_plan(read_study(study), LocalExecutor()).runs]
    return [(run.activation.spelling, run.dataset, run.key) for run in runs]


def test_a_study_names_files_from_its_own_folder_wherever_one_stands(project, monkeypatch):
    here = planned_in(project, Path("study.toml"), monkeypatch)
    assert [name for name, *_ in here] == ["helped.py:act", "pkg.impl:act"]
    assert planned_in(project.parent, Path("home/study.toml"), monkeypatch) == here
    assert planned_in(project / "below", Path("../study.toml"), monkeypatch) == here
    assert planned_in("/", project / "study.toml", monkeypatch) == here


def test_what_lies_beside_the_study_counts_in_its_keys_wherever_one_stands(project, monkeypatch):
    before = planned_in(project.parent, Path("home/study.toml"), monkeypatch)
    (project / "helper.py").write_text("factor = 1.5\n")
    del sys.modules["helper"]  # as in a new process
    after = planned_in(project.parent, Path("home/study.toml"), monkeypatch)
    assert [old[2] == new[2] for old, new in zip(before, after, strict=True)] == [False, True]


@pytest.mark.parametrize("name", ["../elsewhere.py:double", "link.py:double", "elsewhere.py:double", "os:system"])
def test_a_study_may_name_no_other_code_wherever_one_stands(project, name):
    Path("elsewhere.py").write_text(MINE)  # beside who calls, not beside the study
    with pytest.raises(UserError, match=r"study\.toml: grid\.activation"):
        read_study(study(project, name))


def test_two_helpers_of_one_name_are_not_taken_for_each_other(project):
    other = project / "below"
    (other / "helped.py").write_text(HELPED)
    (other / "helper.py").write_text("factor = 2.0\n")
    with custom.names_from(project):
        resolve("helped.py:act")
        with pytest.raises(UserError, match=r"^'below/helped\.py' imports 'helper', and finds '.*home/helper\.py'"):
            resolve("below/helped.py:act")


@pytest.mark.slow
@pytest.mark.parametrize("command", [PROGRAM, INSTALLED], ids=["python -m", "installed"])
def test_a_study_elsewhere_is_trained_once_wherever_one_stands(project, command):
    store = project.parent / "store"

    def run(cwd, *words):
        return program("run", *words, "--results", store, cwd=cwd, command=command, check=0)

    assert "[2/2] pkg.impl:act: test" in run("/", project / "study.toml").stderr
    assert "2 runs already stored, nothing to train" in run(project, "study.toml").stderr
    # What is named on the command line is named from where one stands, and stored as the study would name it.
    again = run(project.parent, "home/study.toml", "--act", "home/helped.py:act", "--data", "home/my.npz")
    assert "1 run already stored, nothing to train" in again.stderr
    stood = (store / "manifest.json").read_text(encoding="utf-8")
    assert str(project) not in stood
    run(
        project,
        *["--act", "helped.py:act", "--data", "my.npz", "--model", "mlp(4)", "--epochs", "1", "--batch-size", "10"],
    )
    assert len((store / "runs.csv").read_text(encoding="utf-8").splitlines()) == 3


MARKING = """
from pathlib import Path
Path("ran").touch()

def double(x):
    return 2 * x
"""
ARTICLE = """
name = "mine"
model = "mlp(4)"
[data]
limit = 20
[training]
epochs = 1
batch_size = 10
[grid]
activation = ["relu", "mine.py:double"]
[[published]]
table = '''
activation     | test_accuracy
mine.py:double | 50 %
'''
[[claims]]
text = "double is not the same"
arm = "mine.py:double"
is = "higher"
"""


@pytest.mark.slow
def test_stored_results_are_read_without_running_anything(tmp_path, monkeypatch, invoke):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(MARKING)
    (tmp_path / "study.toml").write_text(ARTICLE)
    mark = tmp_path / "ran"

    def actbench(*words):
        mark.unlink(missing_ok=True)
        done = invoke(*words)
        assert done.returncode == 0, done.stderr

    actbench("reproduce", "study.toml")
    assert mark.exists()
    for command in ("reproduce study.toml --stored", "reproduce study.toml", "compare results/mine", "list studies",
                    "plot results/mine strip --output strip.svg"):  # fmt: skip
        actbench(*command.split())
        assert not mark.exists(), command
