"""Stores of earlier versions: read as if they were today's, upgraded as a whole or not at all, figures kept."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from later import Later

from actbench.activations import resolve
from actbench.execution.plan import plan_from_store
from actbench.execution.reproduce import find_case
from actbench.results.columns import SCHEMA_VERSION, row_digest
from actbench.results.frames import read_frames
from actbench.results.read import EPOCH_TABLE, EPOCHS, RUN_TABLE, RUNS, is_unchanged, read_epochs, read_runs
from actbench.results.store import Store
from actbench.results.upgrade import upgraded_run

FIRST = Path(__file__).parent / "golden" / "store-1"
"""A store as the first version wrote it."""
KERAS = "frelu(epsilon=0.001, momentum=0.99)"
"""What it called ``frelu``."""


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def first(tmp_path):
    return Path(shutil.copytree(FIRST, tmp_path / "store"))


def test_the_first_version_is_read_as_if_it_were_todays(first):
    written = rows(first / RUNS)
    assert {row["schema_version"] for row in written} == {"1"}
    read = list(read_runs(first))
    assert [tuple(row) for row in read] == [RUN_TABLE.names] * len(written)
    for old, new in zip(written, read, strict=True):
        assert (new["backend"], new["backend_version"]) == ("tensorflow", old["tensorflow_version"])
        kept = old.keys() & new.keys() - {"schema_version"}
        assert len(kept) == len(old) - 2
        today = old | {"activation": KERAS if old["activation"] == "frelu" else old["activation"]}
        assert {name: today[name] for name in kept} == {name: new[name] for name in kept}
    assert list(read_epochs(first)) == [row | {"suspended_seconds": ""} for row in rows(first / EPOCHS)]
    runs, epochs = read_frames(first)
    assert list(runs["run_key"]) == [row["run_key"] for row in written]
    assert len(epochs) == len(rows(first / EPOCHS))


def test_the_first_version_is_upgraded_on_opening_and_only_then(first, caplog):
    before = {name: (first / name).read_bytes() for name in (RUNS, EPOCHS)}
    read = list(read_runs(first))
    assert {name: (first / name).read_bytes() for name in before} == before
    with Store.open(first) as store:
        assert len(store.statuses) == len(read)
    assert "written by an older actbench" in caplog.text
    assert rows(first / RUNS) == read
    assert {row["schema_version"] for row in read} == {str(SCHEMA_VERSION)}
    header, *lines = before[EPOCHS].splitlines()
    assert (first / EPOCHS).read_bytes().splitlines() == [
        header + b",suspended_seconds",
        *(line + b"," for line in lines),
    ]
    after = {name: (first / name).read_bytes() for name in before}
    caplog.clear()
    with Store.open(first):
        pass
    assert caplog.text == ""
    assert {name: (first / name).read_bytes() for name in before} == after


def test_an_empty_table_of_the_first_version_gets_todays_header(first):
    for name in (RUNS, EPOCHS):
        (first / name).write_text((first / name).read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with Store.open(first) as store:
        assert store.statuses == {}
    assert (first / RUNS).read_text(encoding="utf-8") == ",".join(RUN_TABLE.names) + "\n"
    assert (first / EPOCHS).read_text(encoding="utf-8") == ",".join(EPOCH_TABLE.names) + "\n"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("frelu", KERAS),
        ("frelu(kernel_size=5)", "frelu(kernel_size=5, epsilon=0.001, momentum=0.99)"),
        ("prelu", "prelu"),
        ("own.py:frelu", "own.py:frelu"),
    ],
)
@pytest.mark.parametrize("version", ["1", "5"])
def test_a_name_whose_meaning_changed_is_told_as_what_it_meant(version, name, meant):
    """Rows of version 5 prove themselves, and go on doing so; one that was changed is no more believed than before."""
    row = dict(rows(FIRST / RUNS)[0]) | {"schema_version": version, "activation": name}
    if version == "5":
        row = upgraded_run(row | {"schema_version": "6"}) | {"schema_version": "5"}
        row["row_digest"] = row_digest(row)
    read = upgraded_run(row)
    assert read["activation"] == meant
    assert meant.startswith("own.py") or resolve(meant).choice.spelling == meant
    assert is_unchanged(read)
    assert upgraded_run(read) == read
    if version == "5":
        assert not is_unchanged(upgraded_run(row | {"test_accuracy": "0.99"}))


def test_the_stored_runs_of_frelu_are_those_that_their_study_asks_for():
    case = find_case("frelu-mnist", FIRST.parents[2] / "results")
    keys = set(plan_from_store(case.study, case.store).keys)
    stored = [row for row in read_runs(case.store) if row["activation"] == KERAS]
    assert len(stored) >= 2
    assert {row["run_key"] for row in stored} <= keys
    assert "frelu" not in {row["activation"] for row in read_runs(case.store)}


# A version after this one: a column more in either table, one renamed, and every key formed differently.
STEP = """
def _next(row):
    return {"solver" if name == "optimizer" else name: cell for name, cell in row.items()} | {
        "run_key": row["run_key"][::-1]
    }

STEPS[SCHEMA_VERSION - 1] = _next
FORMER = FORMER | {"optimizer"}


"""
LOOK = """
import json, sys
from pathlib import Path
from actbench.results.read import read_epochs, read_runs
from actbench.results.frames import read_frames
folder = Path(sys.argv[1])
runs, epochs = read_frames(folder)
print(json.dumps([list(read_runs(folder)), list(read_epochs(folder)), list(runs["run_key"]), len(epochs)]))
"""
OPEN = """
import os, signal, sys
from pathlib import Path
from actbench.results.store import Store
moves, replace = [], Path.replace

def killed(self, target):
    if len(moves) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    moves.append(target)
    return replace(self, target)

Path.replace = killed
with Store.open(Path(sys.argv[1])) as store:
    print(len(store.statuses))
"""


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    later = Later(tmp_path_factory.mktemp("later"))
    version = SCHEMA_VERSION + 1
    later.add(
        "results/columns.py",
        "    suspended_seconds: float | None = figure(Role.CLOCK, default=None, unit=Unit.SECONDS, since=2)\n",
        f"    gradient_norm: float | None = figure(Role.OUTCOME, default=None, since={version})\n",
    )
    later.add("results/columns.py", "    optimizer: Choice = setting(", "")
    columns = later.folder / "actbench" / "results" / "columns.py"
    columns.write_text(columns.read_text().replace("    optimizer: Choice = setting(", "    solver: Choice = setting("))
    later.add("results/upgrade.py", "def upgraded_run(", STEP)
    return later


def look(later, folder):
    done = later.python(LOOK, folder, cwd=folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(first, seen):
    """Every run and epoch is there once, in the later form, under the later key."""
    runs, epochs, keys, count = seen
    old_runs, old_epochs = rows(FIRST / RUNS), rows(FIRST / EPOCHS)
    assert [row["run_key"] for row in runs] == keys == [row["run_key"][::-1] for row in old_runs]
    assert [row["solver"] for row in runs] == [row["optimizer"] for row in old_runs]
    assert [row["test_accuracy"] for row in runs] == [row["test_accuracy"] for row in old_runs]
    assert {row["schema_version"] for row in runs} == {str(SCHEMA_VERSION + 1)}
    assert [
        row | {"suspended_seconds": "", "gradient_norm": ""} | {"run_key": row["run_key"][::-1]} for row in old_epochs
    ] == epochs
    assert count == len(old_epochs)


def test_a_later_version_reads_the_first_one(first, later):
    check(first, look(later, first))


@pytest.mark.slow
@pytest.mark.parametrize("moves", [0, 1, 2])
def test_an_upgrade_that_is_killed_half_way_is_finished_by_the_next_opening(first, later, moves):
    """Two files are moved into place: killed before the first, between the two, and after the second."""
    killed = later.python(OPEN, first, moves, cwd=first)
    assert killed.returncode == -9, killed.stdout + killed.stderr
    assert killed.stdout == ""
    if moves < 2:
        check(first, look(later, first))  # also who only looks finds all of it
    again = later.python(OPEN, first, 99, cwd=first)
    assert (again.returncode, again.stdout) == (0, f"{len(rows(FIRST / RUNS))}\n"), again.stderr
    check(first, look(later, first))
    assert rows(first / RUNS)[0]["run_key"] == rows(FIRST / RUNS)[0]["run_key"][::-1]
    assert not list(first.glob("*.part"))
