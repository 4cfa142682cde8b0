"""``actbench clean``: what is meant goes, after asking, and a copy of what was there stays."""

import os
import pty
import shutil

import pytest
from conftest import begin, mostly_slow
from synthetic import Arm, Task, write

from actbench.results.read import epoch_digests, is_whole, read_runs

ARMS = [Arm("relu"), Arm("swish(beta=0.5)"), Arm("swish(beta=2)"), Arm("mish", statuses={3: "failed", 4: "oom"})]


@pytest.fixture
def store(tmp_path):
    return write(tmp_path / "mine", [(Task(), ARMS)])


def there(folder):
    return {(row["activation"], int(row["seed"])) for row in read_runs(folder)}


ALL = {(arm.name, seed) for arm in ARMS for seed in arm.seeds}


@pytest.mark.parametrize(
    ("words", "gone", "said"),
    [
        (["--failed"], {("mish", 3), ("mish", 4)}, "2 runs of 'mine': 2 mish (1 failed, 1 oom)."),
        (["--act", "relu"], {("relu", seed) for seed in range(10)}, "10 runs of 'mine': 10 relu (10 ok)."),
        (
            ["--act", "swish", "--act", "mish"],
            {pair for pair in ALL if pair[0] != "relu"},
            "30 runs of 'mine': 10 swish(beta=0.5), 10 swish(beta=2), 10 mish (28 ok, 1 failed, 1 oom).",
        ),
    ],
)
def test_what_is_meant_goes_and_a_copy_stays(store, invoke, words, gone, said):
    before = (store / "runs.csv").read_bytes()
    done = invoke("clean", "mine", *words, "--yes")
    assert done.returncode == 0, done.stderr
    copy = store.with_name("mine-before-clean")
    assert done.stderr == f"{said}\nRemoved {len(gone)} runs. The tables as they were lie in '{copy}'.\n"
    assert there(store) == ALL - gone
    assert (copy / "runs.csv").read_bytes() == before
    digests = epoch_digests(store)
    assert all(is_whole(row, digests) for row in read_runs(store) if row["status"] == "ok")
    assert {line.split(",")[0] for line in (store / "table.csv").read_text().splitlines()[1:]} == {
        name for name, _ in ALL - gone
    }
    assert invoke("compare", copy, "--json").returncode == 0
    again = invoke("clean", "mine", *words, "--yes")
    assert (again.returncode, there(store)) == (2, ALL - gone)


def test_a_second_copy_has_another_name(store, invoke):
    for _ in range(2):
        invoke("clean", "mine", "--failed", "--act", "mish", "--yes")
        shutil.rmtree(store)
        write(store, [(Task(), ARMS)])
    assert {path.name for path in store.parent.iterdir()} == {"mine", "mine-before-clean", "mine-before-clean-2"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Say what is to be removed: --failed, --act NAME"),
        (["--act", "elu"], "--act 'elu' is not among these results: relu, swish(beta=0.5)"),
        (["--act", "relu", "--failed"], "There is no such run in 'mine': nothing is to be removed."),
        (["--failed"], "Nobody can be asked here: give --yes to remove them."),
    ],
)
def test_nothing_goes_where_it_is_not_clear(store, invoke, words, said):
    done = invoke("clean", "mine", *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert there(store) == ALL


def test_a_store_that_is_none(invoke):
    assert "There is no store in 'nothing' to take runs from" in invoke("clean", "nothing", "--failed").stderr


@pytest.mark.parametrize(("answer", "code", "left"), mostly_slow([("y", 0, 38), ("n", 1, 40)]))
def test_it_asks_first(store, answer, code, left):
    ours, theirs = pty.openpty()
    with begin("clean", "mine", "--failed", cwd=store.parent, stdin=theirs) as process:
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        _, said = process.communicate(timeout=60)
    os.close(ours)
    assert (process.returncode, len(there(store))) == (code, left), said
    assert "Remove them? [y/N]" in said
