"""What answers at once must not import what takes seconds. Counted in modules, never in time."""

import json
import os
import subprocess
import sys

import pytest
from conftest import mostly_slow

HEAVY = ("tensorflow", "keras", "pandas", "matplotlib", "scipy", "sklearn", "ray", "spocu")
LOOK = """
import json, sys
try:
    {code}
finally:
    found = sorted({{name.split(".")[0] for name in sys.modules}} & set({heavy}))
    print("\\n" + json.dumps(found), file=sys.stderr)  # stdout is the program's
"""


def heavy_after(code, cwd):
    """The heavy libraries that some code has imported, in a process of its own; how the code ends does not matter."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(code=code, heavy=HEAVY)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | {"PYTHONSAFEPATH": ""},
    )
    return json.loads(done.stderr.splitlines()[-1]), done


@pytest.mark.parametrize(
    ("words", "says"),
    mostly_slow(
        [
            (["--help"], "Usage"),
            (["--version"], "actbench"),
            (["run", "--help"], "--act"),
            (["list", "activations"], "mish"),
            (["list", "activations", "--json"], "mish"),
            (["list", "datasets"], "cifar10"),
            (["list", "models"], "cnn6"),
            (["list", "optimizers"], "adamw"),
            (["list", "initializers"], "he_normal"),
            (["list", "studies"], "swish-mish-mnist"),
            (["reproduce", "--help"], "--smoke"),
            (["reproduce", "swish-mish"], "Did you mean 'swish-mish-mnist'?"),
            (["run", "--act", "mihs"], "Did you mean 'mish'?"),
            (["run", "--act", "swish(beta='a')"], "allowed is a number"),
            (["run", "--act", "nowhere.py:f"], "There is no file"),
            (["run", "--data", "digit"], "Did you mean 'digits'?"),
            (["run", "--model", "cnm"], "Did you mean 'cnn'?"),
            (["run", "--optimizer", "adan"], "Did you mean 'adam'?"),
            (["run", "--lr", "-1"], "--lr cannot be -1.0"),
            (["run", "--threshold", "95"], "Did you mean 0.95?"),
            (["run", "--epochs", "many"], "it must be a whole number"),
            (["run", "--activation", "mish"], "Did you mean '--act'?"),
            (["run", "mish"], "actbench run --act mish"),
            (["init", "no-study"], "call it 'no-study.toml'"),
            (["show", "mihs"], "Did you mean 'mish'?"),
        ],
        quick=4,
    ),
    ids=str,
)
def test_help_lists_and_mistakes_import_nothing_heavy(own_folder, words, says):
    code = f"sys.argv = ['actbench', *{words!r}]; from actbench.cli import main; main()"
    heavy, done = heavy_after(code, own_folder)
    assert heavy == []
    assert says in done.stdout + done.stderr


def test_where_there_can_be_no_gpu_nothing_heavy_is_asked_for_one(own_folder):
    code = "from actbench import environment; environment.gpu_possible = lambda: False; "
    heavy, done = heavy_after(
        f"{code}sys.argv = ['actbench', 'info']; from actbench.cli import main; main()", own_folder
    )
    assert heavy == []
    assert "GPU (tensorflow)" in done.stdout


def test_importing_a_light_module_imports_nothing_heavy(own_folder):
    """One after the other in one process, the lightest first."""
    kernel = ["errors", "lazy", "registry", "custom", "activations", "datasets", "models"]
    rooms = [
        "training.optimizers",
        "training.initializers",
        "results.columns",
        "studies.study",
        "studies.file",
        "results.store",
        "tables",
        "reports.formats.screen",
        "reports.progress",
        "execution.events",
        "execution.sweep",
        "execution.local",
        "execution.ray",
        "execution.reproduce",
        "training.backends.tensorflow",
        "training.build",
    ]
    modules = ["actbench", *(f"actbench.{name}" for name in [*kernel, *rooms, "training.run", "environment", "cli"])]
    code = "; ".join(f"import {name}" for name in modules)
    heavy, done = heavy_after(code, own_folder)
    assert heavy == [], done.stderr
    assert done.returncode == 0, done.stderr


def test_the_check_sees_what_it_is_to_see(own_folder):
    assert "sklearn" in heavy_after("import sklearn", own_folder)[0]
