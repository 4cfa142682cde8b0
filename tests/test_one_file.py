"""A new format, picture, logger and backend are one new file each: every command offers it, and knows what to do."""

import csv
import json
from functools import partial
from pathlib import Path

import pytest
from conftest import planned
from later import Later

from actbench.results.columns import Epoch, Record, Versions
from actbench.results.store import Store

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
BACKEND = """
import contextlib
import os

import numpy as np

class Idle:
    # Trains nothing: the loss is one over the epochs gone by, the accuracy a tenth more with each.
    compiler = "idle"
    learning_rate = 0.5
    epochs = 0

    def compile(self):
        pass

    def train_epoch(self, order):
        self.epochs += 1
        return self.evaluate("train")

    def evaluate(self, part):
        return None if part == "val" else (1 / (1 + self.epochs), self.epochs / 10)

    def state(self):
        return [np.asarray(self.epochs)]

    def set_state(self, values):
        self.epochs = int(values[0])

    def start_from(self, model, recipe):
        self.epochs = 0

    def peak_device_memory_mib(self):
        return None

class Another:
    name = "new_one"
    version = "7.5"
    out_of_memory = (MemoryError,)

    def environment(self, threads=None):
        return {"KERAS_BACKEND": "tensorflow"}  # Keras builds the network with what there is

    def prepare(self):
        os.environ.update(self.environment())

    def device_kind(self, asked):
        return "cpu"

    def device_name(self, kind):
        return "Another's processor"

    def set_determinism(self):
        pass

    def precision(self, name):
        return contextlib.nullcontext()

    def place(self, data, device):
        return data

    def program(self, model, optimizer, data, recipe):
        return Idle()

    def values_and_slopes(self, function, inputs, dtype):
        return np.zeros_like(inputs), np.zeros_like(inputs)

BACKEND = Another()
"""
SMALL = ["--act", "relu", "--model", "mlp(4)", "--limit", 50, "--batch-size", 50, "--epochs", 2]


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    """A version with one file more in each of four packages."""
    later = Later(tmp_path_factory.mktemp("later"))
    later.add_file("reports/formats/new_one.py", FORMAT)
    later.add_file("reports/plots/new_one.py", PICTURE)
    later.add_file("reports/loggers/new_one.py", LOGGER)
    later.add_file("training/backends/new_one.py", BACKEND)
    return later


@pytest.fixture
def call(later, tmp_path):
    """Call the later version in an empty folder."""
    return partial(later.program, cwd=tmp_path)


def rows(folder):
    with (folder / "runs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_each_is_offered(call):
    offered = {
        ("compare", "--help"): "csv|html|json|junit|latex|md|table|telegram",
        ("reproduce", "--help"): "csv|html|json|junit|latex|md|table|telegram",
        ("plot", "--help"): "|heads|",
        ("list", "loggers"): "diary",
        ("run", "--help"): "new_one",
        ("info",): "new_one7.5",
    }
    for words, name in offered.items():
        assert name in "".join(call(*words, check=0).stdout.split()), words


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["compare", RESULTS / "hardshrink-cifar10"], "Activation functions on cifar10 STOP"),
        (["reproduce", "hardshrink-cifar10", "--stored", "--results", RESULTS], "hardshrink-cifar10, reproduced STOP"),
    ],
)
def test_a_format_writes_every_sheet(call, words, title, tmp_path):
    done = call(*words, "--format", "telegram", check=0)
    assert done.stdout.startswith(title)
    assert any(line.startswith("hardshrink") for line in done.stdout.splitlines())
    assert call(*words, "--output", "a.tel", check=0).stdout == ""
    assert (tmp_path / "a.tel").read_text(encoding="utf-8") == done.stdout


@pytest.mark.slow
def test_a_picture_is_drawn_and_obeys_its_options(call, tmp_path):
    store = RESULTS / "hardshrink-cifar10"
    call("plot", store, "heads", "--x", "seconds", "--output", "heads.svg", check=0)
    drawn = (tmp_path / "heads.svg").read_text(encoding="utf-8")
    assert all(text in drawn for text in ("hardshrink", "relu", "runs, not seconds"))
    refused = call("plot", store, "heads", "--metric", "loss", check=2)
    assert refused.stdout == ""
    assert "The picture 'heads' takes no --metric" in refused.stderr


def usual_runs(folder):
    """Put two runs of the usual backend into a store, as if they had been trained."""
    asked = {"model": "mlp(4)", "limit": 50, "batch_size": 50, "epochs": 2, "seed": [0, 1]}
    course = [(epoch, 2.0, 0.1, None, None, 2.0, 0.1, epoch / 10, 0.0, 0.001) for epoch in range(3)]
    with Store.open(folder) as store:
        for run, _ in planned(**asked):
            versions = Versions(backend_version="2.21")
            store.append(Record(run=run, status="ok", epochs=tuple(Epoch(*row) for row in course), versions=versions))


@pytest.mark.slow
def test_a_backend_trains_and_a_logger_hears_of_it(call, tmp_path):
    words = ["run", *SMALL, "--seeds", 2, "--results", "r", "--quiet"]
    usual_runs(tmp_path / "r")
    call(*words, "--backend", "new_one", "--log", "diary", "--log", "jsonl", check=0)

    *usual, first, second = rows(tmp_path / "r")
    assert [row["backend"] for row in usual] == ["tensorflow"] * 2
    for seed, row in enumerate((first, second)):
        assert (row["backend"], row["backend_version"], row["seed"]) == ("new_one", "7.5", str(seed))
        assert (row["status"], row["epochs_run"], row["test_accuracy"]) == ("ok", "2", "0.2")
        assert (row["compiler"], row["device_name"]) == ("idle", "Another's processor")
    assert len({row["run_key"] for row in rows(tmp_path / "r")}) == 4

    a_run = ["RunStarted", "PhaseBegan", "PhaseBegan", "EpochEnded 0", "EpochEnded 1", "EpochEnded 2", "RunEnded"]
    heard = [line.strip() for line in (tmp_path / "r" / "diary.txt").read_text().splitlines()]
    assert heard == ["SweepPlanned", *a_run, *a_run]
    lines = [json.loads(line) for line in (tmp_path / "r" / "events.jsonl").read_text().splitlines()]
    assert [line["event"] for line in lines] == ["planned", *["started", "epoch", "epoch", "epoch", "ended"] * 2]
    assert [line["epoch"] for line in lines[2:5]] == [0, 1, 2]
    assert lines[-1]["test_accuracy"] == lines[-2]["test_accuracy"]

    found = json.loads(call("compare", "r", "--json", check=0).stdout)
    tasks = {task["settings"]["backend"]: [arm["runs"] for arm in task["arms"]] for task in found["tasks"]}
    assert tasks == {"tensorflow": [2], "new_one": [2]}
    (apart,) = (warning for warning in found["warnings"] if warning["kind"] == "kept apart")
    assert ["backend", ["tensorflow", "new_one"]] in apart["settings"]
    page = call("compare", "r", "--where", "backend=new_one", "--format", "html", check=0).stdout
    assert "--backend new_one" in page
    for wrong, meant in (("--backend", "newone"), "new_one"), (("--log", "dairy"), "diary"):
        assert f"Did you mean '{meant}'?" in call(*words, *wrong, check=2).stderr
