"""A new format, picture, logger and backend are one new file each: every command offers it, and knows what to do."""

import json
from pathlib import Path

import pytest
from conftest import program

RESULTS = Path(__file__).parent.parent / "results"
FORMAT = '''
from actbench.reports.formats import sheet_format

@sheet_format("telegram", ".tel")
def telegram(sheet, console):
    """As short as it gets."""
    lines = [" ".join(cell.text for cell in row) for part in sheet.sections for grid in part.grids for row in grid.rows]
    return " STOP\\n".join([sheet.title, *lines])
'''
PICTURE = '''
from actbench.reports.plots import picture

@picture(caption="How many runs", options=("x",))
def heads(axes, panel, colours, look):
    """Runs as bars."""
    arms = panel.one_task.arms
    axes.barh(list(arms["activation"]), list(arms["runs"]))
    axes.set_xlabel(f"runs, not {look.x}")
'''
LOGGER = '''
from actbench.reports.loggers import logger

@logger
def diary(folder):
    """Says what happened."""
    file = (folder / "diary.txt").open("a", buffering=1)
    def listen(event):
        print(type(event).__name__, getattr(getattr(event, "row", None), "epoch", ""), file=file)
    return listen
'''
BACKEND = '''
from actbench.training.backends import get

class Another(type(get("tensorflow"))):
    """Computes with what is there; what a library of its own would bring is left out."""

    name = "new_one"
    title = "Another"

BACKEND = Another()
'''


@pytest.fixture
def call(tmp_path):
    """Call the program with a new file in one of its packages, in a process of its own."""

    def call(package, text, *words):
        folder = tmp_path / "more"
        folder.mkdir(exist_ok=True)
        (folder / "new_one.py").write_text(text, encoding="utf-8")
        first = f"import {package} as room; room.__path__.append({str(folder)!r})"
        return program(*words, cwd=tmp_path, first=first)

    return call


@pytest.mark.parametrize("command", ["compare", "reproduce"])
def test_a_format_is_offered_by_every_command(call, command):
    done = call("actbench.reports.formats", FORMAT, command, "--help")
    assert "csv|html|json|junit|latex|md|table|telegram" in "".join(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["compare", RESULTS / "hardshrink-cifar10"], "Activation functions on cifar10 STOP"),
        (["reproduce", "hardshrink-cifar10", "--stored", "--results", RESULTS], "hardshrink-cifar10, reproduced STOP"),
    ],
)
def test_a_format_writes_every_sheet(call, words, title):
    done = call("actbench.reports.formats", FORMAT, *words, "--format", "telegram")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(title)
    assert any(line.startswith("hardshrink") for line in done.stdout.splitlines())
    assert call("actbench.reports.formats", FORMAT, *words, "--output", "a.tel").stdout == ""


def test_a_picture_is_offered_and_drawn(call, tmp_path):
    package, store = "actbench.reports.plots", RESULTS / "hardshrink-cifar10"
    assert "curves|heads|pareto|profile|strip" in "".join(call(package, PICTURE, "plot", "--help").stdout.split())
    done = call(package, PICTURE, "plot", store, "heads", "--x", "seconds", "--output", "heads.svg")
    assert done.returncode == 0, done.stderr
    drawn = (tmp_path / "heads.svg").read_text(encoding="utf-8")
    assert all(text in drawn for text in ("hardshrink", "relu", "runs, not seconds"))
    refused = call(package, PICTURE, "plot", store, "heads", "--metric", "loss")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "The picture 'heads' takes no --metric" in refused.stderr


def test_a_logger_is_listed_and_hears_of_everything_once(call, tmp_path):
    package = "actbench.reports.loggers"
    assert "diary" in call(package, LOGGER, "list", "loggers").stdout
    words = ["run", "--act", "relu", "--model", "mlp(4)", "--limit", 50, "--batch-size", 50, "--epochs", 2, "--quiet"]
    done = call(package, LOGGER, *words, "--log", "diary", "--log", "jsonl", "--results", "r")
    assert done.returncode == 0, done.stderr
    heard = ["SweepPlanned", "RunStarted", "EpochEnded 0", "EpochEnded 1", "EpochEnded 2", "RunEnded"]
    assert [line.strip() for line in (tmp_path / "r" / "diary.txt").read_text().splitlines()] == heard
    lines = [json.loads(line) for line in (tmp_path / "r" / "events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["planned", "started", "epoch", "epoch", "epoch", "ended"]
    assert [line["epoch"] for line in lines[2:5]] == [0, 1, 2]
    assert lines[-1]["test_accuracy"] == lines[-2]["test_accuracy"]
    refused = call(package, LOGGER, *words, "--log", "dairy")
    assert (refused.returncode, "Did you mean 'diary'?" in refused.stderr) == (2, True)


def test_a_backend_is_offered_planned_and_in_the_key(call, tmp_path):
    package = "actbench.training.backends"
    words = ["run", "--act", "relu", "--model", "mlp(4)", "--limit", 50, "--batch-size", 50, "--dry-run"]
    assert "new_one" in call(package, BACKEND, "run", "--help").stdout
    done = call(package, BACKEND, *words, "--backend", "new_one")
    assert done.returncode == 0, done.stderr
    refused = call(package, BACKEND, *words, "--backend", "newone")
    assert (refused.returncode, "Did you mean 'new_one'?" in refused.stderr) == (2, True)
