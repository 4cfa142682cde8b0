"""Published articles: what is printed is read as it stands, ours stands beside it, and verdicts keep their promises."""

import csv
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from conftest import mostly_slow, program

from actbench.errors import UserError
from actbench.execution.reproduce import find_case, studies
from actbench.reports.formats import FORMATS
from actbench.results.read import read_runs
from actbench.results.thresholds import EpochsTo
from actbench.studies.article import Article, PrintedFigure, Quantity, Table, printed_cells, quantity, read_article
from actbench.tables.outcomes import Outcome
from actbench.tables.published import as_printed, figure_beside, with_epoch_seconds

REPOSITORY = Path(__file__).parent.parent
STUDY = """
name = "small"
description = "Two arms on little data."
source = "An article that never was."
thresholds = [0.5, 0.95]
model = "mlp(8)"
notes = ["It is made up.", "So are its figures."]

[data]
name = "digits"
limit = 200

[training]
optimizer = "sgd"
learning_rate = 0.5
epochs = 10

[grid]
activation = ["relu", "swish"]
seeds = [3, 4, 5, 6, 7, 8, 9]

[smoke]
epochs = 1
seeds = [3]

[[published]]
place = "Table 1"
seed = 3
table = '''
activation | test_accuracy | epochs_to_95 | train_seconds
relu       | 12.34 %       | -            | 57 s
silu       | 0.00 %        | 3            | 107 s
'''

[[curves]]
activation = "relu"
seed = 3
listing = '''
epoch test_accuracy test_loss
0 0.1 2.3
2 0.5 1.0
'''

[[claims]]
text = "ReLU never gets to 95 %."
expected = true
cells = [": relu"]
at_least = 1

[[claims]]
text = "The two come to the same within 60 points."
arm = "swish"
is = "alike"
than = ["relu"]
margin = 0.6

[[claims]]
text = "Every accuracy is within 100 points."
expected = true
cells = ["*"]
within = 1.0

[[claims]]
text = "ReLU's curve is followed."
curve = ": relu"
within = 1.0
through = 1

[[claims]]
text = "Swish takes longer."
arm = "swish"
is = "higher"
by = "epoch_seconds"
"""


MEANS = """
[[published]]
runs = 5
table = '''
activation | test_accuracy
tanh | 12 ± 1 %
'''
"""


# Printed figures


@pytest.mark.parametrize(
    ("text", "number", "decimals", "unit"),
    [
        ("98.01 %", 98.01, 2, "%"),
        ("100.00%", 100.0, 2, "%"),
        ("0.6913", 0.6913, 4, ""),
        ("6 ms", 6.0, 0, "ms"),
        (" - ", None, 0, ""),
    ],
)
def test_a_printed_figure_is_read_with_its_decimals_and_unit(text, number, decimals, unit):
    read = quantity(text)
    assert (read.number, read.decimals, read.unit, read.sd) == (number, decimals, unit, None)


def test_a_printed_mean_is_read_with_its_standard_deviation():
    assert quantity("98.94 ± 0.0387 %") == Quantity(98.94, 2, "%", 0.0387)
    assert quantity("0.9894±0.0004") == Quantity(0.9894, 4, "", 0.0004)


@pytest.mark.parametrize(("ddof", "sd"), [(0, 0.04 * (5 / 4) ** 0.5), (1, 0.04)])
def test_the_standard_deviation_of_a_printed_mean_is_that_of_a_sample(ddof, sd):
    table = Table("activation | best_test_accuracy\nrelu | 98.94 ± 0.04 %", runs=5, ddof=ddof)
    (printed,) = printed_cells(Article(published=(table,)))
    assert (printed.runs, printed.sd) == (5, pytest.approx(sd))
    sample = [98.9, 98.98, 98.94, 98.89, 98.99]
    told = Table(f"activation | test_accuracy\nrelu | 98.94 ± {np.std(sample, ddof=ddof):.9f} %", runs=5, ddof=ddof)
    (printed,) = printed_cells(Article(published=(told,)))
    assert printed.sd == pytest.approx(np.std(sample, ddof=1))


@pytest.mark.parametrize("text", ["", "about 5", "5 hours", "1e3", "--", "5 6", "- ± 3", "5 ±", "5 ± 1 ± 1", "± 5"])
def test_what_is_no_printed_figure_is_refused(text):
    with pytest.raises(ValueError, match="is no printed figure"):
        quantity(text)


@pytest.mark.parametrize(
    ("printed", "number", "reads"),
    [
        ("100.00 %", 59997 / 60000 * 100, "100.00"),  # 99.995, a half, which no float holds
        ("98.01 %", 98.0149, "98.01"),
        ("98.01 %", 98.015, "98.02"),
        ("33", 33.0, "33"),
        ("33", None, "-"),
        ("0.6913", 0.69125, "0.6913"),
    ],
)
def test_ours_is_rounded_as_people_round(printed, number, reads):
    assert quantity(printed).shown(number) == reads


# The file


def write_study(folder, *changes):
    text = STUDY
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("12.34 %", "12,34 %", "published[0], relu, test_accuracy: '12,34 %' is no printed figure"),
        (
            "| epochs_to_95",
            "| epochs_too",
            "there is no column 'epochs_too'. Did you mean 'epochs_to_95'?",
        ),
        ("silu       | 0.00 %", "silo | 0.00 %", "published[0]: Unknown activation 'silo'. Did you mean"),
        ("| 57 s", "", "published[0]: the line 'relu 12.34 % -' has 3 cells, not 4"),
        ("epoch test_accuracy", "epochs test_accuracy", "curves[0]: its first line must be 'epoch' and some of"),
        ("2 0.5 1.0", "2 half 1.0", "curves[0]: could not convert string to float: 'half'"),
        ("margin = 0.6", "", "claims[1]: margin belongs to is = 'alike', which needs it"),
        ('is = "alike"\n', "", "claims[1]: say how the arm compares"),
        ('cells = ["*"]', 'cells = ["*"]\ncurve = ": relu"', "claims[2]: give exactly one of arm, cells and curve"),
        (
            'cells = ["*"]',
            'cells = ["*"]\ncolumns = ["train_accuracy"]',
            "claims[2]: no printed cell is meant",
        ),
        ('cells = [": relu"]', 'cells = [": tanh"]', "claims[0]: no printed cell is meant; arms: ': relu', ': swish'"),
        ("margin = 0.6", 'margin = 0.6\ncolumns = ["test_accuracy"]', "claims[1]: columns belongs to cells"),
        ("through = 1", "", "claims[3]: a curve is followed within"),
        ("expected = true\ncells", "expect = true\ncells", "unknown field `expect`"),
        ('is = "higher"', 'is = "more"', "$.claims[4].is"),
        ("12.34 %", "12.34 ± 1 %", "published[0], relu, test_accuracy: say of how many runs the mean and its standard"),
        (
            "seed = 3\ntable",
            "seed = 3\nruns = 5\ntable",
            "published[0]: give runs, of which each cell is a mean, or the",
        ),
        ("seed = 3\ntable", "runs = 1\ntable", "$.published[0].runs"),
        ("seed = 3\ntable", "ddof = 2\ntable", "$.published[0].ddof"),
        ("seed = 3\ntable", "runs = 5\ntable", "relu, test_accuracy: a mean of 5 runs is printed with its standard"),
        (
            "\n[[curves]]",
            MEANS.replace("test_accuracy", "train_seconds") + "\n[[curves]]",
            "published[1], tanh, train_seconds: means of several runs are read of train_accuracy, test_accuracy",
        ),
        (
            "\n[[curves]]",
            f"{MEANS}\n[[curves]]",
            "claims[2]: its cells are of single runs or means of several, not both",
        ),
        (
            'cells = [": relu"]\nat_least = 1\n',
            f'cells = [": tanh"]\n{MEANS}',
            "claims[0]: means of several runs meet no digits; say within = …",
        ),
        ('arm = "swish"\nis = "higher"', 'arm = "swich"\nis = "higher"', "Did you mean 'swish'?"),
    ],
)
def test_a_mistake_in_the_article_names_its_place(own_folder, old, new, message):
    path = write_study(own_folder, (old, new))
    with pytest.raises(UserError) as caught:
        read_article(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


# Ours in the printed unit


@pytest.mark.parametrize(
    ("column", "text", "ours"),
    [
        ("test_accuracy", "97.1 %", 97.0),
        ("test_accuracy", "0.971", 0.97),
        ("train_seconds", "57 s", 0.97),
        ("step_milliseconds", "9 ms", 0.97),
        (EpochsTo(0.95), "3", 0.97),
        ("precision_of_accuracy", "3 %", 0.97),
    ],
)
def test_our_accuracies_come_in_the_printed_unit(column, text, ours):
    printed = PrintedFigure(column=column, quantity=quantity(text), variant="", activation="relu", seed=None, place="")
    assert as_printed(printed, 0.97) == pytest.approx(ours)


def test_the_seconds_of_an_epoch_are_their_median():
    runs = pd.DataFrame({"run_key": ["b", "a"], "train_size": [101, 100], "batch_size": [50, 50]})
    seconds = {"a": [0.0, 1.0, 2.0, 3.0, 103.0], "b": [0.0, 3.0, 6.0]}
    epochs = pd.DataFrame(
        [(key, epoch, at) for key, times in seconds.items() for epoch, at in enumerate(times)],
        columns=["run_key", "epoch", "train_seconds"],
    )
    measured = with_epoch_seconds(runs, epochs.sample(frac=1, random_state=0))
    assert list(measured["epoch_seconds"]) == [3.0, 1.0]
    assert list(measured["step_milliseconds"]) == [1000.0, 500.0]


def test_of_our_clocks_the_median_stands_beside_the_printed_one():
    printed = PrintedFigure(
        column="step_milliseconds", quantity=quantity("5 ms"), variant="", activation="relu", seed=None, place=""
    )
    runs = pd.DataFrame({"variant": "", "activation": "relu", "seed": [0, 1, 2], "outcome": Outcome.LEARNED,
                         "step_milliseconds": [17.0, 18.0, 90.0]})  # fmt: skip
    found = figure_beside(printed, runs)
    assert (found.ours, found.sd, found.exact) == (18.0, None, None)


# The whole way


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the study, trained."""
    folder = tmp_path_factory.mktemp("reproduce")
    write_study(folder)
    program("reproduce", "small.toml", cwd=folder, check=0)
    return folder


@pytest.fixture
def trained(place, tmp_path, monkeypatch):
    """A copy of it, to stand in."""
    shutil.copytree(place, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_our_figures_stand_beside_the_printed_ones(trained, invoke):
    done = invoke("reproduce", "small.toml", "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # nothing was trained
    (study,) = json.loads(done.stdout)["studies"]
    rows = {(row["activation"], row["seed"]): row for row in read_runs(trained / "results" / "small")}
    assert study["runs"] == len(rows) == 14
    cells = {(cell["activation"], cell["column"]): cell for cell in study["cells"]}
    accuracy = cells["relu", "test_accuracy"]
    assert accuracy["ours"] == pytest.approx(float(rows["relu", "3"]["test_accuracy"]) * 100)
    assert accuracy["exact"] is False
    assert cells["relu", "epochs_to_95"]["ours"] is None
    assert cells["relu", "epochs_to_95"]["exact"] is True
    assert cells["swish", "epochs_to_95"]["exact"] is False
    assert cells["swish", "train_seconds"]["exact"] is None
    (curve,) = study["curves"]
    assert [point["epoch"] for point in curve["points"]] == [0, 2]
    claims = {claim["text"]: claim for claim in study["claims"]}
    assert claims["ReLU never gets to 95 %."]["words"] == "reproduced to the digit"
    assert claims["ReLU never gets to 95 %."]["figures"] == (
        "1 of 2 cells to the digit; 0 of 1 last and best test accuracies"
    )
    assert claims["Every accuracy is within 100 points."]["verdict"] == "met"
    assert claims["ReLU never gets to 95 %."]["evidence"] == {
        "kind": "digits",
        "met": 1,
        "cells": 2,
        "distinct_met": 1,
        "distinct": 2,
        "accuracies_met": 0,
        "accuracies": 1,
        "wanted": 1,
    }
    slower = claims["Swish takes longer."]
    ratio = slower["evidence"]
    assert (ratio["kind"], ratio["metric"], ratio["arm"], ratio["rival"]) == ("ratio", "epoch_seconds", "swish", "relu")
    assert (ratio["own_seeds"], ratio["jobs"], slower["seeds"]) == ([3], 1, ratio["test"]["verdict"]["n"])
    assert ratio["test"]["verdict"]["n"] + ratio["apart"] == 6
    assert (ratio["test"]["baseline"], len(ratio["test"]["family"]), ratio["test"]["verdict"]["least"]) == (
        "relu",
        1,
        6,
    )
    assert ratio["test"]["verdict"]["adjusted_p"] is None or 0 < ratio["test"]["verdict"]["adjusted_p"] <= 1
    assert ratio["interval"]["low"] < ratio["ratio"] < ratio["interval"]["high"]
    assert ratio["printed_ratio"] == pytest.approx(107 / 57)
    span = f"({ratio['interval']['low']:.4g} … {ratio['interval']['high']:.4g})"
    assert slower["figures"].startswith(f"swish / relu: measured ratio {ratio['ratio']:.4g} {span}, printed 1.88; p ")
    alike = claims["The two come to the same within 60 points."]
    assert (alike["verdict"], alike["evidence"]["own_seeds"]) == ("confirmed", [3])
    assert alike["evidence"]["test"]["verdict"]["n"] == 6


def test_the_table_and_markdown_and_page_say_the_same(trained, invoke):
    table = invoke("reproduce", "small.toml").stdout
    markdown = invoke("reproduce", "small.toml", "--format", "md").stdout
    page = invoke("reproduce", "small.toml", "--format", "html").stdout
    rows = {(row["activation"], row["seed"]): row for row in read_runs(trained / "results" / "small")}
    cell = f"12.34 / {float(rows['relu', '3']['test_accuracy']) * 100:.2f}"
    for text in (table, markdown, page):
        for words in (cell, "reproduced to the digit", "It is made up.", "An article that never was."):
            assert words in text
    assert (
        "| ReLU never gets to 95 %. | 1 of 2 cells to the digit; 0 of 1 last and best test accuracies | reproduced"
        in markdown
    )
    assert page.count("<figure") == 1


def test_a_dry_run_trains_nothing_and_says_what_would_be(trained, invoke):
    before = (trained / "results/small/runs.csv").read_bytes()
    done = invoke("reproduce", "small.toml", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "small: 14 runs in 2 arms: 14 stored already, 0 to train." in done.stdout
    write_study(trained, ("seeds = [3,", "seeds = [2, 3,"))
    forecast = json.loads(invoke("reproduce", "small.toml", "--dry-run", "--json").stdout)
    assert (forecast["small"]["stored"], forecast["small"]["to_train"]) == (14, 2)
    assert forecast["small"]["seconds"] > 0
    trial = json.loads(invoke("reproduce", "small.toml", "--dry-run", "--json", "--smoke").stdout)
    assert trial["small"]["runs"] == 2
    assert not (trained / "results/smoke").exists()
    assert (trained / "results/small/runs.csv").read_bytes() == before


@pytest.mark.parametrize("option", [["--stored"], ["--format", "md"], ["--output", "a.md"]])
def test_a_dry_run_judges_nothing(trained, invoke, option):
    done = invoke("reproduce", "small.toml", "--dry-run", *option)
    assert done.returncode == 2
    assert "--dry-run judges nothing: leave --stored, --format and --output out." in done.stderr


@pytest.mark.parametrize("form", mostly_slow(FORMATS.names))
def test_every_format_writes_it(trained, invoke, form):
    done = invoke("reproduce", "small.toml", "--format", form)
    assert done.returncode == 0, done.stderr
    assert "swish" in done.stdout
    assert invoke("reproduce", "small.toml", "--format", form, "--output", "out.file").stdout == ""
    # What reaches the screen is what reaches a file.
    assert Path("out.file").read_text(encoding="utf-8").rstrip("\n") == done.stdout.rstrip("\n")


def test_a_claim_is_a_test_case(trained, invoke):
    write_study(trained, ("at_least = 1", "at_least = 2"))
    (suite,) = ET.fromstring(invoke("reproduce", "small.toml", "--format", "junit").stdout)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("5", "1", "0")
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    (failure,) = cases["ReLU never gets to 95 %."]
    assert failure.tag == "failure"
    assert failure.get("message") == "not met: 1 of 2 cells to the digit; 0 of 1 last and best test accuracies"
    (confirmed,) = cases["Every accuracy is within 100 points."]
    assert confirmed.tag == "system-out"
    assert confirmed.text.startswith("met: largest difference of 2 accuracies")
    (curve,) = cases["ReLU's curve is followed."]
    assert curve.tag == "system-out"


def test_printed_figures_and_ours_as_a_table(trained, invoke):
    rows = list(csv.DictReader(invoke("reproduce", "small.toml", "--format", "csv").stdout.splitlines()))
    ours = json.loads(invoke("reproduce", "small.toml", "--json").stdout)["studies"][0]["cells"]
    assert len(rows) == len(ours) == 6
    for row, cell in zip(rows, ours, strict=True):
        assert (row["activation"], row["figure"]) == (cell["activation"], cell["column"])
        assert row["ours"] == ("" if cell["ours"] is None else str(cell["ours"]))
    assert [row["printed"] for row in rows] == ["12.34", "", "57.0", "0.0", "3.0", "107.0"]
    assert [row["exact"] for row in rows][:3] == ["False", "True", ""]


def test_a_printed_mean_keeps_its_own_runs_and_spread_beside_ours(trained, invoke):
    write_study(trained, ("\n[[curves]]", f"{MEANS}\n[[curves]]"), ('cells = ["*"]', 'cells = [": swish"]'))
    cell = json.loads(invoke("reproduce", "small.toml", "--json").stdout)["studies"][0]["cells"][-1]
    assert (cell["activation"], cell["printed_runs"], cell["printed_sd"]) == ("tanh", 5, 1.0)
    assert (cell["runs"], cell["sd"], cell["interval"]) == (0, None, None)
    row = list(csv.DictReader(invoke("reproduce", "small.toml", "--format", "csv").stdout.splitlines()))[-1]
    assert [float(row[name]) for name in ("printed", "printed_sd", "printed_runs", "runs")] == [12, 1, 5, 0]
    assert (row["ours"], row["low"], row["high"]) == ("", "", "")


def test_of_several_articles_the_verdicts_are_shown(trained, invoke):
    text = write_study(trained).read_text(encoding="utf-8")
    (trained / "other.toml").write_text(text.replace('name = "small"', 'name = "other"'), encoding="utf-8")
    shutil.copytree(trained / "results" / "small", trained / "results" / "other")
    done = invoke("reproduce", "small.toml", "other.toml")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("All articles\n")
    assert done.stdout.count("ReLU never gets to 95 %.") == 2
    assert "12.34 /" not in done.stdout
    assert "12.34 /" in invoke("reproduce", "small.toml", "other.toml", "--format", "md").stdout


def test_an_expected_claim_that_fails_ends_with_1_and_says_which(trained, invoke):
    write_study(trained, ("at_least = 1", "at_least = 2"))
    done = invoke("reproduce", "small.toml")
    assert done.returncode == 1
    assert "not met, though expected" in done.stdout
    assert "small: expected to hold, but not met: ReLU never gets to 95 %. (1 of 2 cells to the digit" in done.stderr


@pytest.mark.slow
def test_what_is_missing_is_trained_and_nothing_else(trained, invoke):
    write_study(trained, ("8, 9]", "8, 9, 10]"))
    incomplete = invoke("reproduce", "small.toml", "--stored", "--json")
    assert json.loads(incomplete.stdout)["studies"][0]["runs"] == 14
    done = program("reproduce", "small.toml", "--json", cwd=trained, check=0)
    assert "14 runs already stored, 2 to train" in done.stderr
    assert json.loads(done.stdout)["studies"][0]["runs"] == 16


@pytest.mark.slow
def test_a_trial_is_kept_apart_and_judges_nothing(trained):
    done = program("reproduce", "small.toml", "--smoke", "--json", cwd=trained, check=0)
    (study,) = json.loads(done.stdout)["studies"]
    assert study["smoke"]
    assert study["claims"] == []
    assert {row["epochs"] for row in read_runs(trained / "results" / "smoke" / "small")} == {"1"}
    assert len(list(read_runs(trained / "results" / "small"))) == 14


def test_stored_results_are_read_without_the_data_and_without_tensorflow(trained, invoke, monkeypatch):
    def no_data(_):
        pytest.fail("the data was read")

    monkeypatch.setattr("actbench.datasets.info", no_data)
    assert invoke("reproduce", "small.toml").returncode == 0
    code = "import sys; sys.argv = ['actbench', 'reproduce', 'small.toml']\nfrom actbench.cli import main\nmain()\n"
    from test_weight import heavy_after

    heavy, _ = heavy_after(code.replace("\n", ";").rstrip(";"), trained)
    assert not {"tensorflow", "keras"} & set(heavy)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["swish-mish"], "There is no study 'swish-mish'. Did you mean 'swish-mish-mnist'?"),
        (["nowhere.toml"], "Cannot read the study 'nowhere.toml'"),
        (["swish-mish-mnist", "--stored"], "There are no results in 'results/swish-mish-mnist' yet. Without --stored"),
    ],
)
def test_a_wrong_name_is_one_message(own_folder, invoke, words, message):
    done = invoke("reproduce", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stdout == ""


def test_a_study_with_a_tuning_is_refused_and_not_judged_without(trained, invoke):
    text = (trained / "small.toml").read_text(encoding="utf-8")
    (trained / "tuned.toml").write_text(f'{text}\n[tuning]\nprotocol = "fair"\n', encoding="utf-8")
    done = invoke("reproduce", "tuned.toml")
    assert done.returncode == 2
    assert "tuned.toml has a [tuning], and claims are judged at the settings that a study names" in done.stderr


def test_of_all_articles_those_with_stored_runs_are_judged(trained, invoke, monkeypatch):
    paths = {"small": trained / "small.toml", "other": trained / "other.toml"}
    text = paths["small"].read_text(encoding="utf-8")
    paths["other"].write_text(text.replace('name = "small"', 'name = "other"'), encoding="utf-8")
    monkeypatch.setattr("actbench.execution.reproduce.studies", lambda: paths)
    done = invoke("reproduce", "--stored", "--json")
    assert (done.returncode, done.stderr) == (0, "No runs stored yet: other.\n")
    assert [study["name"] for study in json.loads(done.stdout)["studies"]] == ["small"]
    assert invoke("reproduce", "--stored", "--quiet", "--json").stderr == ""
    shutil.rmtree("results")
    done = invoke("reproduce", "--stored")
    assert (done.returncode, done.stdout) == (2, "")
    assert "There are no results in 'results/small' yet." in done.stderr


def test_a_study_without_a_trial_says_so(own_folder, invoke):
    write_study(own_folder, ("[smoke]\nepochs = 1\nseeds = [3]\n", ""))
    done = invoke("reproduce", "small.toml", "--smoke")
    assert done.returncode == 2
    assert "small.toml has no [smoke], which says what a short trial of it takes." in done.stderr


# What the project ships


def test_the_articles_are_listed(invoke):
    names = set(studies())
    assert {entry["name"] for entry in json.loads(invoke("list", "studies", "--json").stdout)} == names
    assert names == {path.stem for path in (REPOSITORY / "configs").glob("*.toml")}
    assert len(names) == 6
    assert all(name in invoke("list", "studies").stdout for name in names)


@pytest.mark.parametrize("name", sorted(studies()))
def test_every_study_can_be_read_and_tried(name):
    case = find_case(name, Path("results"), smoke=True)
    assert case.study.name == name
    assert case.article.claims
    assert case.study.chosen_thresholds()
    assert len({asked["seed"] for _, asked in case.study.expanded}) == 1
