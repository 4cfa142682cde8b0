"""What is said before anything is trained: how many seeds a verdict takes."""

import json

import pytest
from conftest import planned
from synthetic import Arm, Task, write

from actbench.execution.forecast import too_few_seeds
from actbench.execution.plan import Plan
from actbench.studies.study import Study

TWO = ["run", "--act", "relu", "--act", "mish", "--device", "cpu", "--dry-run"]
STUDY = """
[grid]
activation = ["relu", "mish"]
[variants.many]
seeds = [0, 1, 2, 3, 4, 5]
[variants.few]
epochs = 2
seeds = [0]
"""


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--seeds", 3], "With 3 seeds and 2 arms no verdict is possible; 6 seeds would do."),
        ([], "With 1 seed and 2 arms no verdict is possible; 6 seeds would do."),
        (["--seeds", 5, "--act", "elu"], "With 5 seeds and 3 arms no verdict is possible; 6 seeds would do."),
        (["--seeds", 6], None),
        (["--until-decided"], None),
    ],
)
def test_too_few_seeds_are_told_before_training(invoke, asked, said):
    shown = invoke(*TWO, *asked)
    assert shown.returncode == 0, shown.stderr
    assert [line for line in shown.stdout.splitlines() if "verdict" in line] == ([said] if said else [])
    found = json.loads(invoke(*TWO, *asked, "--json").stdout)
    assert (found.get("most", found)["too_few_seeds"] is None) == (said is None)


def test_one_arm_has_nothing_to_be_told_from(invoke):
    assert "verdict" not in invoke("run", "--act", "mish", "--device", "cpu", "--dry-run").stdout


def test_tasks_with_too_few_seeds_are_counted(invoke, own_folder):
    (own_folder / "study.toml").write_text(STUDY, encoding="utf-8")
    shown = invoke("run", "study.toml", "--device", "cpu", "--dry-run").stdout
    assert "With 1 seed and 2 arms no verdict is possible in 1 of 2 tasks; 6 seeds would do." in shown


def test_stored_seeds_count(tmp_path):
    pairs = planned(activation=["relu", "mish"], seed=[0, 1])
    plan = Plan(Study(), tuple(pairs), {}, ())
    found = too_few_seeds(plan, tmp_path / "none")
    assert (found.lacking, found.tasks, found.arms, found.seeds, found.least) == (1, 1, 2, 2, 6)
    run = pairs[0][0]
    asked = {name: getattr(run, name) for name in ("dataset_sha256", "model", "optimizer", "epochs")}
    arms = [Arm(name, seeds=tuple(range(2, 6))) for name in ("relu", "mish")]
    store = write(tmp_path / "store", [(Task("digits", settings=asked), arms)])
    assert too_few_seeds(plan, store) is None
    elsewhere = write(tmp_path / "elsewhere", [(Task("digits", settings=asked | {"batch_size": 7}), arms)])
    assert too_few_seeds(plan, elsewhere) == found


@pytest.mark.slow
def test_a_sweep_says_so_before_its_first_run(invoke):
    small = ["--model", "mlp(4)", "--limit", 50, "--batch-size", 50, "--epochs", 1, "--device", "cpu"]
    shown = invoke("run", "--act", "relu", "--act", "tanh", *small)
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr.splitlines()[0] == "With 1 seed and 2 arms no verdict is possible; 6 seeds would do."
    again = invoke("run", "--act", "relu", "--act", "tanh", *small)
    assert "verdict" not in again.stderr
    planned = json.loads(invoke("run", "--act", "elu", *small, "--dry-run", "--json").stdout)
    assert [arm["sites"] for arm in planned["arms"]] == [1]
