"""``actbench init``: the file that it writes is a study, explains every key, and says the true defaults."""

import re
import tomllib
from pathlib import Path

import pytest

from actbench.execution.local import LocalExecutor
from actbench.execution.plan import make_plan
from actbench.studies.file import TABLES, keys_of, read_study

KEY = re.compile(r"^#(\w+ = )(?!…)", re.MULTILINE)


@pytest.fixture
def written(own_folder, invoke):
    assert invoke("init").stdout == "study.toml\n"
    return own_folder / "study.toml"


def test_it_can_be_run_as_it_is(written, invoke):
    done = invoke("run", "study.toml", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "18 runs in 3 arms" in done.stdout


def test_every_key_stands_below_a_comment(written):
    lines = written.read_text(encoding="utf-8").splitlines()
    for table in ("", *TABLES):
        for key in keys_of(table):
            (place,) = [n for n, line in enumerate(lines) if re.match(rf"#?{key} = ", line)][:1]
            assert re.match(r"# \S", lines[place - 1]), key


def test_what_is_commented_out_is_the_default(written):
    """With every key set that has a value, the very same runs are asked for."""
    text = written.read_text(encoding="utf-8")
    before, grid = text.split("[grid]")
    opened = KEY.sub(r"\1", before)
    assert len(tomllib.loads(opened)["training"]) >= 8
    plan = make_plan(read_study(written), LocalExecutor())
    written.write_text(f"{opened}[grid]{grid}", encoding="utf-8")
    again = make_plan(read_study(written), LocalExecutor())
    assert again.keys == plan.keys
    assert again.study.checks
    assert not plan.study.checks


def test_the_variants_that_are_shown_work(written):
    before, grid = written.read_text(encoding="utf-8").split("[grid]")
    written.write_text(before + "[grid]" + re.sub(r"^#(?=[\[m])", "", grid, flags=re.MULTILINE), encoding="utf-8")
    runs = [run for run, _ in make_plan(read_study(written), LocalExecutor()).runs]
    assert {(run.variant, run.model.spelling) for run in runs} == {
        ("plain", "mlp(100, 50)"), ("wide", "mlp(200, 100)")
    }  # fmt: skip


def test_a_trial_of_it_is_short(written, invoke):
    done = invoke("reproduce", "study.toml", "--smoke", "--dry-run")
    assert "study: 3 runs in 3 arms" in done.stdout


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("study.toml", "There is 'study.toml' already. Name another file, or move that one."),
        ("study.yml", "A study's file ends in .toml: call it 'study.toml'."),
        ("my study.toml", "'my study' cannot be a study's name"),
        ("nowhere/study.toml", "Cannot write 'nowhere/study.toml'"),
    ],
)
def test_what_cannot_be_written_is_said(written, invoke, path, says):
    before = written.read_bytes()
    done = invoke("init", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert [*Path().iterdir()] == [Path("study.toml")]
    assert written.read_bytes() == before
