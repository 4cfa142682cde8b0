"""What became of a run: learned, never learned, collapsed, diverged. From its epochs, every time."""

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from conftest import mostly_slow
from scipy import stats
from synthetic import DRAWN_OF_ALL, Arm, Task, write

from actbench import datasets
from actbench.datasets import DATASETS, Request
from actbench.datasets.published.files import PUBLISHED
from actbench.reports import words
from actbench.reports.formats import FORMATS
from actbench.results.columns import SCHEMA_VERSION
from actbench.results.frames import epoch_chunks, read_frames, run_frames
from actbench.statistics import chance_bound
from actbench.tables.findings import Question, analyse
from actbench.tables.measured import EPOCH_COLUMNS, measure
from actbench.tables.outcomes import ERROR, Outcome, chance_level, outcomes
from actbench.tables.warnings import ChanceUnknown, NotLearned

RESULTS = Path(__file__).parent.parent / "results"


def measured(folder, **options):
    runs, _ = run_frames([folder])
    return measure(runs, epoch_chunks(runs, EPOCH_COLUMNS), (), **options)


def made_up(highest, last, **columns):
    import pandas as pd

    asked = {"status": "ok", "chance": 0.1, "dataset": "mnist", "train_size": 50_000.0, "epochs_run": 50.0}
    known = {"highest_train_accuracy": highest, "last_train_accuracy": last}
    return pd.DataFrame([asked | known | columns])


# The bound


@pytest.mark.parametrize("n", [1, 7, 100, 1437, 50_000])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.999])
@pytest.mark.parametrize("error", [0.4, 0.01, 1e-6, 1e-9])
def test_the_bound_is_the_exact_quantile(n, share, error):
    hits = chance_bound(share, n, error) * n - 0.5
    assert hits == pytest.approx(stats.binom.isf(error, n, share), abs=1e-6)
    assert stats.binom.sf(round(float(hits)), n, share) <= error


def test_what_is_not_known_bounds_nothing():
    assert np.isnan(chance_bound([np.nan, 0.1], [100, np.nan], 0.01)).all()
    with pytest.raises(ValueError, match="one half"):
        chance_bound(0.1, 100, 0.5)


@pytest.mark.parametrize(("epochs", "error"), [(1, 0.05), (20, 0.05), (100, 0.2)])
def test_guesses_pass_the_bound_no_more_often_than_it_says(epochs, error):
    rng = np.random.default_rng(0)
    bound = float(chance_bound(0.1, 500, error / epochs))
    passed = (rng.binomial(500, 0.1, (20_000, epochs)) / 500 > bound).any(axis=1).mean()
    assert 0 < passed <= error


def test_a_network_that_says_one_class_after_another_is_never_taken_for_one_that_learned():
    """The running mean over an epoch of one that answers every batch with whatever class it likes at that time."""
    rng = np.random.default_rng(1)
    size, classes, epochs, runs = 2000, 10, 20, 200
    labels = np.arange(size) % classes
    batches = rng.permuted(np.tile(labels, (runs * epochs, 1)), axis=1).reshape(runs * epochs, -1, 100)
    answers = rng.integers(classes, size=(*batches.shape[:2], 1))
    accuracy = (batches == answers).mean(axis=(1, 2)).reshape(runs, epochs)
    frame = made_up(0.0, 0.0, train_size=float(size), epochs_run=float(epochs))
    assert (accuracy.max(axis=1) <= chance_level(frame)[0]).all()
    # And it is no wide bound: a network that is right about one more input in thirty has learned.
    assert chance_level(frame)[0] < 0.1 + 1 / 20


# What is said of it


@pytest.fixture
def hardshrink():
    return RESULTS / "hardshrink-cifar10"


def test_tables_tell_runs_that_learned_from_others_only_where_some_did_not(hardshrink, invoke):
    out = invoke("compare", hardshrink).stdout
    assert "test % learned" in out
    assert "Learned: runs whose training accuracy left chance" in out
    assert re.search(r"hardshrink +\d+ +\d+/\d+ \(\d+ … \d+ %\)", out)
    assert "warning: hardshrink did not always learn (never learned: " in out
    out = invoke("compare", RESULTS / "swish-mish-mnist").stdout
    assert "learned" not in out
    (row, *_) = csv.DictReader(invoke("compare", RESULTS / "frelu-mnist", "--format", "csv").stdout.splitlines())
    assert row["learned"] == row["runs"]
    assert row["test_accuracy_learned"] == row["test_accuracy"]


def test_the_figures_of_those_that_learned_are_theirs_alone(hardshrink, invoke):
    document = json.loads(invoke("compare", hardshrink, "--json").stdout)
    (arm,) = (arm for arm in document["tasks"][0]["arms"] if arm["activation"] == "hardshrink")
    runs = measured(hardshrink)
    mine = runs[(runs["activation"] == "hardshrink") & (runs["outcome"] == Outcome.LEARNED)]
    assert arm["learned"] == len(mine) < arm["runs"]
    assert arm["test_accuracy_learned"] == pytest.approx(mine["test_accuracy"].mean())
    assert arm["test_accuracy"] < arm["test_accuracy_learned"]
    share = stats.binomtest(arm["learned"], arm["runs"]).proportion_ci(method="exact")
    assert (arm["learned_low"], arm["learned_high"]) == pytest.approx((share.low, share.high))
    (warning,) = (found for found in document["tasks"][0]["warnings"] if found["kind"] == "not learned")
    assert warning["arm"] == "hardshrink"
    assert {0, 1} <= set(warning["seeds"][0][1])


def test_another_level_of_chance_can_be_set_afterwards(hardshrink, invoke):
    out = invoke("compare", hardshrink, "--chance-level", "0.05", "--json").stdout
    assert {arm["never_learned"] for arm in json.loads(out)["tasks"][0]["arms"]} == {0}
    out = invoke("compare", hardshrink, "--chance-level", "0.99", "--json").stdout
    assert {arm["learned"] for arm in json.loads(out)["tasks"][0]["arms"]} == {0}


def test_test_cases_say_what_became_of_a_run(hardshrink, invoke):
    cases = ET.fromstring(invoke("compare", hardshrink, "--format", "junit").stdout).iter("testcase")
    said = {case.get("name"): "".join(case.itertext()).strip() for case in cases}
    assert said["hardshrink seed 0"] == "never learned: the training accuracy of no epoch is above chance"
    assert said["relu seed 0"] == ""


@pytest.mark.parametrize("form", mostly_slow(FORMATS.names, quick=2))
def test_a_store_in_which_nobody_learned_can_be_written_in_every_format(tmp_path, invoke, form):
    store = write(tmp_path / "dead", [(Task(epochs=3), [Arm(name, 0.1, spread=0.001) for name in ("relu", "mish")])])
    done = invoke("compare", store, "--format", form, "--chance-level", "0.3")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert not re.search(r"\bnan\b", done.stdout, re.IGNORECASE)


@pytest.mark.parametrize("kind", DRAWN_OF_ALL)
def test_a_store_in_which_nobody_learned_can_be_drawn(tmp_path, invoke, kind):
    store = write(tmp_path / "dead", [(Task(epochs=3), [Arm(name, 0.1, spread=0.001) for name in ("relu", "mish")])])
    assert invoke("plot", store, kind, "--chance-level", "0.3", "--output", "a.svg").returncode == 0


def test_what_nobody_knows_is_said(tmp_path):
    store = write(tmp_path, [(Task("mine.npz"), [Arm("relu"), Arm("mish")])])
    (found,) = (item for item in analyse([store], Question()).tasks[0].warnings if item.kind == "chance unknown")
    assert found == ChanceUnknown(20)
    assert words.warning(found).startswith("of 20 runs nobody knows what chance is")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (
            NotLearned("elu", ((Outcome.NEVER_LEARNED, (0, 4)), (Outcome.COLLAPSED, (2,)))),
            "elu did not always learn (never learned: 2 runs, seeds 0, 4; collapsed: 1 run, seed 2).",
        ),
        (
            ChanceUnknown(1),
            (
                "of 1 run nobody knows what chance is, since an older actbench stored them and their data are not of "
                "the catalogue: they count as learned unless they diverged. --chance-level sets it."
            ),
        ),
    ],
)
def test_warnings_about_outcomes(found, text):
    assert words.warning(found) == text


# What data sets declare


HERE = [source.name for source in DATASETS if source.name not in PUBLISHED or source.name in ("mnist", "cifar10")]
"""Built in, or in the folder of real data; of the others, what their publishers say is declared."""


@pytest.mark.parametrize("name", mostly_slow(sorted(HERE, key=["mnist", "cifar10"].count), quick=len(HERE) - 2))
def test_a_data_set_declares_the_share_of_its_most_frequent_class(name, request):
    folder = str(request.getfixturevalue("real_data")) if name.startswith(("mnist", "cifar")) else None
    whole = datasets.load(Request(name, folder))
    assert round(whole.chance, 4) == DATASETS[name].chance
    for split in (0.1, 0.5, 0.8):
        part = datasets.load(Request(name, folder, validation_split=split))
        assert part.chance <= chance_bound(DATASETS[name].chance, len(part.x_train), ERROR)


def test_every_data_set_of_the_catalogue_declares_it():
    assert {source.name for source in DATASETS if source.chance is None} == set()


# The rule


@pytest.mark.parametrize(
    ("highest", "last", "status", "outcome"),
    [
        (0.8, 0.79, "ok", Outcome.LEARNED),
        (0.102, 0.1, "ok", Outcome.NEVER_LEARNED),
        (0.8, 0.101, "ok", Outcome.COLLAPSED),
        (0.8, 0.101, "diverged", Outcome.DIVERGED),
        (0.1, 0.1, "diverged", Outcome.DIVERGED),
        (np.nan, np.nan, "failed", None),
        (0.1, 0.1, "interrupted", None),
    ],
)
def test_an_outcome_follows_from_the_training_accuracy_and_the_status(highest, last, status, outcome):
    assert outcomes(made_up(highest, last, status=status))["outcome"].tolist() == [outcome]


def test_where_chance_is_not_known_a_run_learned_unless_it_diverged():
    runs = made_up(0.1, 0.1, chance=np.nan, dataset="mine.npz")
    assert outcomes(runs)["outcome"].tolist() == [Outcome.LEARNED]
    assert np.isnan(outcomes(runs)["chance_level"]).all()
    assert outcomes(runs.assign(status="diverged"))["outcome"].tolist() == [Outcome.DIVERGED]
    assert outcomes(runs, level=0.2)["outcome"].tolist() == [Outcome.NEVER_LEARNED]


def test_what_a_run_measured_comes_before_what_its_data_set_declares():
    assert chance_level(made_up(0, 0, chance=0.5))[0] == pytest.approx(0.5, abs=0.02)
    assert chance_level(made_up(0, 0, chance=np.nan))[0] == pytest.approx(0.1124, abs=0.01)


def test_the_stored_runs_that_never_left_chance_are_told_from_those_that_did():
    runs = measured(RESULTS / "hardshrink-cifar10")
    ends = runs.set_index(["activation", "seed"])["outcome"].to_dict()
    assert {seed: ends["hardshrink", seed] for seed in (0, 1, 2)} == {
        0: Outcome.NEVER_LEARNED,
        1: Outcome.NEVER_LEARNED,
        2: Outcome.LEARNED,
    }
    assert {outcome for (arm, _), outcome in ends.items() if arm == "relu"} == {Outcome.LEARNED}
    # Sure on both sides: nobody is near the bound.
    distance = abs(runs["highest_train_accuracy"] - runs["chance_level"])
    assert (distance > 0.005).all()


@pytest.mark.parametrize("name", ["activation-tuning-mnist", "frelu-mnist", "spocu-cifar10", "swish-mish-mnist"])
def test_all_other_stored_runs_learned(name):
    assert set(measured(RESULTS / name)["outcome"]) == {Outcome.LEARNED}


def test_pieces_that_cut_a_run_in_two_change_nothing():
    folder = RESULTS / "hardshrink-cifar10"
    runs, epochs = read_frames(folder)
    whole = measure(runs, [epochs], (0.5,))
    pieces = measure(runs, (epochs.iloc[at : at + 7] for at in range(0, len(epochs), 7)), (0.5,))
    assert whole.to_dict("list").keys() == pieces.to_dict("list").keys()
    assert whole.astype(str).equals(pieces.astype(str))


def test_rows_of_before_the_column_know_no_chance_of_their_own():
    runs = measured(RESULTS / "hardshrink-cifar10")
    old = runs["schema_version"] < SCHEMA_VERSION
    assert runs["chance"][old].isna().all()
    assert (runs["chance_level"] > 0.1).all()
