"""Which epoch's figures a run has: by validation, the last one, or the best on test, worked out from rows by hand."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from conftest import mostly_slow
from synthetic import Arm, Task, write

from actbench.errors import UserError
from actbench.execution.plan import stored_plan
from actbench.execution.reproduce import find_case, review
from actbench.reports import words
from actbench.results.thresholds import EpochsTo, SecondsTo
from actbench.tables.findings import Question, analyse
from actbench.tables.measured import EpochRule, measure
from actbench.tables.metrics import PLAIN, parse_metrics

RESULTS = Path(__file__).parent.parent / "results"
#        train  val   test   of epochs 0 … 5; the highest validation accuracy comes twice.
COURSE = [
    (0.10, 0.95, 0.99),
    (0.50, 0.60, 0.70),
    (0.60, 0.80, 0.72),
    (0.70, 0.80, 0.75),
    (0.80, 0.70, 0.79),
    (0.90, 0.75, 0.74),
]


def epochs_of(key, course):
    return pd.DataFrame(
        [
            {
                "run_key": key, "epoch": float(n), "train_accuracy": train, "train_loss": 1 - train,
                "val_accuracy": val, "test_accuracy": test, "test_loss": 1 - test, "train_seconds": 2.0 * n,
            }
            for n, (train, val, test) in enumerate(course)
        ]
    )  # fmt: skip


def run_of(key, split, **more):
    last = {"train_accuracy": 0.9, "train_loss": 0.1, "test_accuracy": 0.74, "test_loss": 0.26}
    known = {
        "run_key": key, "activation": "relu", "dataset": "mnist", "validation_split": split, "status": "ok",
        "chance": 0.1, "train_size": 54000.0, "epochs_run": 5.0, "train_seconds": 10.0, "seed": 0.0,
    }  # fmt: skip
    return known | last | more


def measured(runs, rule=None, thresholds=(0.75,), pieces=1):
    epochs = pd.concat([epochs_of(run["run_key"], COURSE) for run in runs], ignore_index=True)
    size = -(-len(epochs) // pieces)
    parts = (epochs.iloc[at : at + size] for at in range(0, len(epochs), size))
    return measure(pd.DataFrame(runs), parts, thresholds, rule=rule).set_index("run_key")


@pytest.mark.parametrize("pieces", [1, 2, 5, 12])
@pytest.mark.parametrize(
    ("rule", "epoch", "figures", "reached"),
    [
        # The first of two epochs that are equal in validation, where test accuracy is neither highest nor last.
        (EpochRule.VAL, 2, (0.60, 0.72), 2),
        (EpochRule.LAST, 5, (0.90, 0.74), 3),
        (EpochRule.BEST, 4, (0.80, 0.79), 3),
    ],
)
def test_a_run_has_the_figures_of_the_epoch_that_the_rule_chooses(rule, epoch, figures, reached, pieces):
    found = measured([run_of("a", 0.1), run_of("b", 0.1)], rule, pieces=pieces)
    for key in ("a", "b"):
        row = found.loc[key]
        assert (row["epoch_rule"], row["chosen_epoch"]) == (rule, epoch)
        assert (row["train_accuracy"], row["test_accuracy"]) == figures
        assert row["test_loss"] == pytest.approx(1 - figures[1])
        assert row["test_perplexity"] == pytest.approx(2.718281828459045 ** (1 - figures[1]))
        assert row["train_loss"] == pytest.approx(1 - figures[0])
        # Epoch 0 is before training, and by whatever chooses the epoch a threshold is reached.
        assert (row[EpochsTo(0.75)], row[SecondsTo(0.75)]) == (reached, 2.0 * reached)


def test_validation_chooses_where_there_is_such_a_part_and_the_last_epoch_elsewhere():
    found = measured([run_of("with", 0.1), run_of("without", 0.0)])
    assert found["epoch_rule"].tolist() == [EpochRule.VAL, EpochRule.LAST]
    assert found["test_accuracy"].tolist() == [0.72, 0.74]


def test_validation_cannot_choose_without_such_a_part():
    runs = [run_of("with", 0.1), run_of("without", 0.0, activation="mish")]
    with pytest.raises(
        UserError, match="--select val: 1 of 2 runs have no validation part, the first being mish on mn"
    ):
        measured(runs, EpochRule.VAL)
    failed = [run_of("with", 0.1), run_of("without", 0.0, status="failed")]
    assert measured(failed, EpochRule.VAL)["epoch_rule"].tolist() == [EpochRule.VAL] * 2


@pytest.mark.parametrize(
    ("rule", "accuracy", "epochs"),
    [
        (EpochRule.VAL, "test accuracy after the epoch of highest validation accuracy", "validation"),
        (EpochRule.LAST, "test accuracy after the last epoch", "test"),
        (EpochRule.BEST, "test accuracy after the epoch of highest test accuracy", "test"),
    ],
)
def test_what_is_compared_says_by_which_rule(rule, accuracy, epochs):
    assert words.metric_title(replace(PLAIN["test_accuracy"], rule=rule)) == accuracy
    (metric,) = parse_metrics(["epochs-to:0.95"], ())
    assert words.metric_title(replace(metric, rule=rule)) == f"epochs to 95 % {epochs} accuracy"


@pytest.fixture
def validated(tmp_path):
    """A store whose validation accuracy is highest half-way, where test accuracy is still lower."""
    split = {"validation_split": 0.1}
    task = Task(epochs=10, settings=split)
    folder = write(tmp_path / "store", [(task, [Arm("relu"), Arm("mish", 0.9745)])], edit=unsigned)
    rows = list(csv.DictReader((folder / "epochs.csv").read_text().splitlines()))
    with (folder / "epochs.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"val_accuracy": 0.9 - abs(int(row["epoch"]) - 5) / 100} for row in rows)
    return folder


def unsigned(row):
    return row | {"epochs_digest": ""}


@pytest.mark.slow
def test_tables_and_reports_say_which_epoch_counts(validated, invoke):
    rows = {rule: invoke("compare", validated, "--format", "md", "--select", rule).stdout for rule in EpochRule}
    assert "figures of the epoch of highest validation accuracy, thresholds by validation accuracy" in rows["val"]
    assert "figures of the last epoch" in rows["last"]
    assert "figures of the epoch of highest test accuracy, which flatters" in rows["best"]
    assert invoke("compare", validated, "--format", "md").stdout == rows["val"]
    assert all("best on test %" in text for text in rows.values())
    page = invoke("compare", validated, "--format", "html", "--select", "val").stdout
    assert "figures of the epoch of highest validation accuracy" in page
    assert "--select val" in page
    table = list(csv.DictReader(invoke("compare", validated, "--format", "csv").stdout.splitlines()))
    assert {row["epoch_rule"] for row in table} == {"val"}


def test_the_epoch_is_chosen_without_a_look_at_the_test_part(validated):
    chosen = {rule: analyse([validated], Question(rule=rule)).runs for rule in EpochRule}
    assert set(chosen[EpochRule.VAL]["chosen_epoch"]) == {5}
    assert set(chosen[EpochRule.LAST]["chosen_epoch"]) == {10}
    for one, other in ((EpochRule.VAL, EpochRule.BEST), (EpochRule.LAST, EpochRule.BEST)):
        assert (chosen[one]["test_accuracy"] <= chosen[other]["test_accuracy"]).all()
    best = chosen[EpochRule.BEST]
    assert (best["test_accuracy"] == best["best_test_accuracy"]).all()
    # What is best on test stays what it is, whichever epoch counts.
    for runs in chosen.values():
        assert (runs["best_test_accuracy"] == best["best_test_accuracy"]).all()


@pytest.mark.parametrize("kind", mostly_slow(["strip", "profile", "curves", "pareto"]))
def test_pictures_obey_the_rule(validated, invoke, own_folder, kind):
    assert invoke("plot", validated, kind, "--select", "last", "--output", "last.svg").returncode == 0
    assert invoke("plot", validated, kind, "--output", "val.svg").returncode == 0
    texts = {name: Path(f"{name}.svg").read_text() for name in ("last", "val")}
    if kind == "strip":
        assert "test accuracy after the last epoch" in texts["last"]
        assert "test accuracy after the epoch of highest validation accuracy" in texts["val"]
    if kind == "profile":
        assert "% validation accuracy" not in texts["last"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--select", "first"], "--select: it must be one of 'val', 'last', 'best', not 'first'."),
        (["--chance-level", "11"], "--chance-level 11 is no accuracy between 0 and 1."),
        (["--chance-level", "-0.1"], "--chance-level -0.1 is no accuracy between 0 and 1."),
    ],
)
def test_a_rule_that_there_is_not(validated, invoke, options, message):
    done = invoke("compare", validated, *options)
    assert done.returncode == 2
    assert message in " ".join(done.stderr.split())


def test_printed_figures_are_those_of_the_last_epoch_whatever_judges_the_claims():
    case = find_case("frelu-mnist", RESULTS)
    plan = stored_plan(case.study, case.store)
    last, val = review(case, plan, EpochRule.LAST), review(case, plan)  # which takes compare's default
    assert (last.findings.runs["validation_split"] > 0).all()
    assert val.cells == last.cells
    assert set(last.findings.runs["epoch_rule"]) == {EpochRule.LAST}
    assert set(val.findings.runs["epoch_rule"]) == {EpochRule.VAL}
    assert not last.findings.runs["test_accuracy"].equals(val.findings.runs["test_accuracy"])
