"""A bug of actbench's own exits with 3 and leaves a log; every other end keeps its own exit code."""

import os
import re
import sys
import tempfile

import pytest
from conftest import INSTALLED, program

# Python runs a sitecustomize.py that it finds before the program itself.
BUG = """
import actbench.environment

def hardware():
    raise ZeroDivisionError("a bug\\n of ours")

actbench.environment.hardware = hardware
"""
BUG_IN_RUN = """
from actbench.studies.study import Study

def override(*_):
    raise KeyError("nothing")

Study.override = override
"""


@pytest.fixture
def buggy(tmp_path):
    """Variables of a process in which something of actbench's is broken, and whose temporary files lie in ``tmp``."""

    def variables(code):
        (tmp_path / "sitecustomize.py").write_text(code, encoding="utf-8")
        (tmp_path / "tmp").mkdir(exist_ok=True)
        path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
        return {"PYTHONPATH": path, "TMPDIR": str(tmp_path / "tmp")}

    return variables


def test_a_bug_exits_with_3_and_names_its_log(tmp_path, buggy):
    done = program("info", "--json", cwd=tmp_path, env=buggy(BUG), check=3)
    assert done.stdout == ""
    assert done.stderr.startswith("actbench: this is a bug: ZeroDivisionError: a bug of ours. ")
    assert done.stderr.count("\n") == 1
    (log,) = (tmp_path / "tmp").glob("actbench-crash-*.log")
    assert str(log) in done.stderr
    text = log.read_text(encoding="utf-8")
    assert re.match(r"command: \S*__main__.py info --json\nfolder: ", text)
    assert "Traceback (most recent call last)" in text
    assert 'raise ZeroDivisionError("a bug' in text


def test_the_log_holds_versions_and_machine(tmp_path, buggy):
    done = program("run", "--dry-run", cwd=tmp_path, env=buggy(BUG_IN_RUN), check=3)
    assert "this is a bug: KeyError: 'nothing'" in done.stderr
    (log,) = (tmp_path / "tmp").glob("*.log")
    lines = log.read_text(encoding="utf-8").splitlines()
    assert f"python: {sys.version.split()[0]}" in lines
    assert any(re.fullmatch(r"cores: \d+", line) for line in lines)


@pytest.mark.slow
def test_debug_shows_the_traceback_of_a_bug_too_whatever_starts_the_program(tmp_path, buggy):
    done = program("info", "--debug", command=INSTALLED, cwd=tmp_path, env=buggy(BUG), check=3)
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("actbench: this is a bug")


def test_a_bug_in_a_folder_where_nothing_can_be_written_is_still_told(tmp_path, buggy):
    environment = buggy(BUG + "\nimport tempfile\ntempfile.mkstemp = lambda **_: open('/dev/null/nowhere')\n")
    done = program("info", cwd=tmp_path, env=environment, check=3)
    assert "this is a bug: ZeroDivisionError" in done.stderr
    assert "No log could be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_stays_2_and_leaves_no_log(own_folder, invoke, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(own_folder))
    for words in (["run", "--act", "mihs"], ["run", "--no-such-option"], ["compare", "nowhere"]):
        done = invoke(*words)
        assert (done.returncode, "bug" in done.stderr) == (2, False)
    assert list(own_folder.iterdir()) == []
