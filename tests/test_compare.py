"""Findings: what is kept apart, what is said about luck, what is warned of, and what is refused."""

from __future__ import annotations

import csv
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import Arm, Task, write

from actbench.errors import UserError
from actbench.registry import Choice
from actbench.reports import words
from actbench.reports.sheet.arms import arm_grid
from actbench.reports.sheet.comparison import settings_line
from actbench.reports.sheet.differences import comparison_grid
from actbench.reports.sheet.parts import View
from actbench.results.columns import RUN_COLUMNS, VERSION_FIELDS, row_digest
from actbench.results.thresholds import EpochsTo, Reached
from actbench.statistics import SeedRange, Standing, max_t
from actbench.tables.across import Across, AcrossObstacle
from actbench.tables.checks import parse_check
from actbench.tables.comparison import Margin as TheMargin
from actbench.tables.comparison import SmallMargin, default_margin
from actbench.tables.findings import NotCompared, Obstacle, Question, analyse, full_table
from actbench.tables.metrics import PLAIN, parse_metrics
from actbench.tables.select import Selection
from actbench.tables.warnings import SeveralCopies

ARMS = (
    Arm("relu"),
    Arm("swish(beta=0.5)", 0.972, 1.8, seconds=0.3),
    Arm("mish", 0.9745, 1.6, seconds=0.35),
    Arm("tanh", 0.955),
)


def ask(folder, **question):
    return analyse([Path(folder)], Question(**question))


def rows_of(findings, task=0, metric=0):
    return {row.arm: row for row in findings.tasks[task].comparisons[metric].rows}


@pytest.fixture
def store(tmp_path):
    return write(tmp_path / "store", [(Task(), ARMS)])


def edit_cell(path, line, column, value):
    rows = list(csv.reader(path.read_text().splitlines()))
    rows[line - 1][rows[0].index(column)] = value
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


# What is said


def test_verdicts_follow_the_truth(store):
    rows = rows_of(ask(store))
    assert [rows[arm].verdict.standing for arm in ("swish(beta=0.5)", "mish", "tanh")] == ["better", "better", "worse"]
    assert all(row.comparison.paired for row in rows.values())


def test_the_difference_is_that_of_the_pairs_in_the_file(store):
    with (store / "runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    values = {(run["activation"], run["seed"]): float(run["test_accuracy"]) for run in runs}
    differences = [values["mish", str(seed)] - values["relu", str(seed)] for seed in range(10)]
    found = rows_of(ask(store))["mish"].comparison
    assert found.difference == pytest.approx(np.mean(differences), abs=1e-12)
    assert found.sd == pytest.approx(np.std(differences, ddof=1), abs=1e-12)


def test_a_task_without_relu_is_compared_with_its_first_arm(tmp_path):
    store = write(tmp_path, [(Task(), (Arm("mish"), Arm("tanh")))])
    assert ask(store).tasks[0].baseline == "mish"
    assert list(rows_of(ask(store, baseline="tanh"))) == ["mish"]


def test_one_seed_gives_no_interval_and_says_how_many_would_do(tmp_path):
    store = write(tmp_path, [(Task(), [replace(arm, seeds=(0,)) for arm in ARMS])])
    row = rows_of(ask(store))["mish"]
    assert row.comparison.interval is None
    assert row.could_show is None
    assert words_of(store)[0]["mish"] == "too few seeds: 1 of at least 6"
    assert "No interval for swish(beta=0.5), mish, tanh: fewer than 3 values." in notes_of(store)


def test_a_difference_its_interval_and_what_could_be_shown_have_as_many_decimals(tmp_path):
    others = [Arm(name, 0.97005, spread=0.0002) for name in ("elu", "mish", "tanh")]
    arms = [Arm("relu", 0.97, spread=0.0002), *others]
    grid = comparison_grid(ask(write(tmp_path, [(Task(), arms)])).tasks[0].comparisons[0])
    headings = [head.heading for head in grid.columns]
    places = [headings.index(heading) for heading in ("difference", "95 % interval", "could show")]
    told = [" ".join(row[place].text for place in places) for row in grid.rows]
    decimals = [{len(number) for number in re.findall(r"[.]([0-9]+)", text)} for text in told]
    assert all(len(found) == 1 for found in decimals), told
    assert {3} in decimals, told  # where two would print an end of the interval as nothing


def test_one_arm_says_what_is_missing(tmp_path):
    found = ask(write(tmp_path, [(Task(), [Arm("relu")])])).tasks[0]
    assert found.comparisons == ()
    assert words.not_compared(found.not_compared).startswith("One arm only (relu): add another")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (("relu", "mish"), "no run has finished."),
        (("relu",), "no run of the baseline relu has finished."),
        (("mish",), "only relu has finished runs."),
    ],
)
def test_why_there_is_nothing_to_compare(tmp_path, broken, reason):
    failed = dict.fromkeys(range(10), "failed")
    arms = [Arm(name, statuses=failed if name in broken else {}) for name in ("relu", "mish")]
    (found,) = ask(write(tmp_path, [(Task(), arms)])).tasks
    assert words.not_compared(found.not_compared) == f"Nothing to compare: {reason}"


def test_a_missing_seed_is_named_and_the_other_pairs_are_kept(tmp_path):
    store = write(tmp_path, [(Task(), (Arm("relu"), Arm("mish", statuses={3: "failed"})))])
    row = rows_of(ask(store))["mish"]
    assert (row.comparison.paired, row.comparison.n) == (True, 9)
    assert (row.pairing.paired, len(row.pairing.shared), row.pairing.missing) == (True, 9, (3,))
    assert notes_of(store)[0] == "Paired over 9 seeds (missing here: 3)."


def test_other_seeds_fall_back_to_an_unpaired_comparison(tmp_path):
    store = write(tmp_path, [(Task(), (Arm("relu"), Arm("mish", seeds=tuple(range(8, 16)))))])
    row = rows_of(ask(store))["mish"]
    assert (row.comparison.paired, row.comparison.n, row.comparison.n_baseline) == (False, 8, 10)
    assert notes_of(store)[0] == "Unpaired, by Welch's interval: 8 and 10 seeds, of which 2 are shared."


def test_misses_are_infinite_and_the_reach_rate_is_shown(tmp_path):
    slow = Arm("tanh", 0.9601, 3.0)
    store = write(tmp_path, [(Task(), (Arm("relu"), slow))])
    found = ask(store, metrics=("epochs-to:0.96",))
    row = rows_of(found)["tanh"]
    assert 0 < row.summary.reached < 10
    assert row.comparison.losses > row.comparison.wins
    table = found.tasks[0].arms.set_index("activation")
    assert table.loc["tanh", Reached(0.96)] == row.summary.reached


def test_a_run_that_diverged_is_judged_apart(tmp_path):
    store = write(tmp_path, [(Task(), (Arm("relu"), Arm("selu", statuses={1: "diverged"})))])
    for comparison in ask(store, metrics=("loss", "accuracy")).tasks[0].comparisons:
        (row,) = comparison.rows
        assert (row.summary.n, row.comparison.n, row.judged.learned.k, row.judged.learned.n) == (9, 9, 9, 10)
        assert row.verdict.reliability is Standing.UNDECIDED
        assert comparison.some_failed


def test_an_arm_that_seldom_learns_is_told_by_that_and_by_how_well_it_does(tmp_path):
    dead = dict.fromkeys(range(9), "diverged")
    store = write(
        tmp_path,
        [(Task(), (Arm("relu", seeds=tuple(range(20))), Arm("bad", 0.96, seeds=tuple(range(20)), statuses=dead)))],
    )
    verdicts, summary, baseline = words_of(store)
    assert verdicts == {"bad": "learns less often, and worse where both do"}
    assert (
        "learns less often than relu, and worse where both do: bad (learned 11/20 against 20/20, -0.99 pp)" in summary
    )
    assert baseline.endswith(", learned 20/20")
    row = rows_of(ask(store))["bad"]
    assert (row.verdict.reliability, row.verdict.by_values, row.comparison.n) == ("worse", "worse", 11)
    assert any(note.startswith("Runs that did not learn are judged apart") for note in notes_of(store))


def test_where_no_run_learned_there_is_nothing_to_compare(tmp_path):
    dead = dict.fromkeys(range(3), "diverged")
    arms = [Arm(name, seeds=(0, 1, 2), statuses=dead) for name in ("relu", "mish")]
    assert ask(write(tmp_path, [(Task(), arms)])).tasks[0].comparisons == ()


def started(store, arm, when, seeds=range(10)):
    """Runs that began at another time, and say so in rows that are whole."""
    path = store / "runs.csv"
    with path.open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["activation"] == arm and int(row["seed"]) in seeds:
            row["started_at"] = when
            row["row_digest"] = row_digest(row)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_seconds_are_compared_over_pairs_that_were_timed_together(store):
    started(store, "mish", "2026-11-20T23:48:35+00:00", seeds=[3])
    row = rows_of(ask(store, metrics=("seconds_per_epoch",)))["mish"]
    assert (row.comparison.n, row.clocks.far_apart) == (9, (3,))
    (said,) = [note for note in notes_of(store, metrics=("seconds_per_epoch",)) if note.startswith("mish")]
    assert said.startswith("mish: 9 pairs timed together; left out: seed 3: too far apart in time; how busy the ")
    verdicts, summary, _ = words_of(store, metrics=("seconds_per_epoch",))
    assert verdicts["mish"] == "slower"
    assert "slower than relu" in summary


def test_arms_that_were_timed_on_another_day_are_left_out(store):
    started(store, "tanh", "2026-11-21T19:48:35+00:00")
    (comparison,) = ask(store, metrics=("train_seconds",)).tasks[0].comparisons
    assert comparison.apart == ("tanh",)
    left_out = "Left out, since no run of theirs was timed together with one of relu: tanh."
    assert left_out in comparison_grid(comparison).notes


@pytest.mark.parametrize(
    ("accuracy", "answers", "margin", "small"),
    [
        (0.7, 10_000, 0.005, None),
        (0.95, 10_000, 0.005, None),
        (0.9786, 10_000, 0.0021, SmallMargin.ERRORS),
        (0.99, 10_000, 0.001, SmallMargin.ERRORS),
        (0.9999, 10_000, 0.0001, SmallMargin.ANSWER),
        (1.0, 10_000, 0.0001, SmallMargin.ANSWER),
        (1.0, 360, 0.0028, SmallMargin.ANSWER),
        (1.0, 100, 0.005, None),
    ],
)
def test_the_margin_is_a_tenth_of_the_errors_where_these_are_few_and_one_answer_at_least(
    accuracy, answers, margin, small
):
    assert default_margin(accuracy, answers) == TheMargin(margin, small=small)


def test_answers_are_targets_where_inputs_have_several():
    runs = pd.DataFrame({"train_size": [50, 50], "test_size": [30, 30], "test_targets": [np.nan, 210]})
    test, train = parse_metrics(["test_accuracy", "train_accuracy"], [])
    assert (test.counted(runs), train.counted(runs)) == (210, 50)
    assert np.isnan(test.counted(runs[[]]))


def test_arms_that_never_err_are_equal_within_one_answer(tmp_path):
    never = {"accuracy": 1.0, "spread": 0.0, "speed": 0.1}
    store = write(tmp_path, [(Task(), [Arm("relu", **never), Arm("mish", **never)])])
    (comparison,) = ask(store).tasks[0].comparisons
    assert words.verdict(comparison, comparison.rows[0]).startswith("equal within 0.01 pp")
    note = "The margin, 0.01 pp, is what a single answer counts, more than a tenth of the errors that relu makes."
    assert note in comparison_grid(comparison).notes
    # Within no margin at all nothing can lie, whatever the number of seeds.
    (comparison,) = ask(store, margin=0.0).tasks[0].comparisons
    assert words.verdict(comparison, comparison.rows[0]) == "undecided"
    assert words.summarize(comparison).endswith(": undecided against relu: mish.")
    (comparison,) = ask(store, metrics=("epochs-to:0.95",)).tasks[0].comparisons
    assert words.verdict(comparison, comparison.rows[0]) == "equal within 5 %; up to 31 % of starts may miss it"
    (comparison,) = ask(store, metrics=("train_accuracy",)).tasks[0].comparisons
    assert words.verdict(comparison, comparison.rows[0]).startswith("equal within 0.0017 pp")


def test_differences_that_are_all_equal_tell_nothing_of_what_could_be_shown(tmp_path):
    """As if any difference at all could be shown: their spread is not known to be nothing."""
    even = {"spread": 0.0, "speed": 0.1}
    store = write(tmp_path, [(Task(), [Arm("relu", 0.97, **even), Arm("mish", 0.95, **even)])])
    (comparison,) = ask(store).tasks[0].comparisons
    assert comparison.rows[0].comparison.sd == 0
    assert comparison.rows[0].could_show is None
    grid = comparison_grid(comparison)
    assert "could show" not in [head.heading for head in grid.columns]  # a column of nothing but dashes
    assert not [note for note in grid.notes if note.startswith("Could show")]


def test_effect_sizes_of_pairs_and_of_two_samples_have_names_of_their_own(tmp_path):
    store = write(tmp_path, [(Task(), (Arm("relu"), Arm("mish"), Arm("elu", seeds=tuple(range(20, 28)))))])
    grid = comparison_grid(ask(store).tasks[0].comparisons[0])
    column = [head.heading for head in grid.columns].index("effect size")
    assert [row[column].text.split()[0] for row in grid.rows] == ["g_z", "g"]


def notes_of(store, **question):
    comparison = ask(store, **question).tasks[0].comparisons[0]
    return comparison_grid(comparison).notes


def words_of(store, **question):
    comparison = ask(store, **question).tasks[0].comparisons[0]
    verdicts = {row.arm: words.verdict(comparison, row) for row in comparison.rows}
    return verdicts, words.summarize(comparison), words.baseline(comparison)


def test_arms_that_never_arrive_are_said_to_in_words(tmp_path):
    store = write(tmp_path, [(Task(), [Arm("relu", 0.9), Arm("tanh", 0.8), Arm("mish", 0.97), Arm("elu", 0.85)])])
    verdicts, summary, baseline = words_of(store, metrics=("epochs-to:0.95",))
    assert verdicts == {"tanh": "undecided: neither got there", "mish": "faster", "elu": "undecided: neither got there"}
    assert summary == "Epochs to 95 % test accuracy: faster than relu: mish (8 epochs); undecided: tanh, elu."
    assert baseline == "reached by none of 10 runs"
    _, summary, baseline = words_of(store, metrics=("epochs-to:0.95",), baseline="mish")
    assert "slower than mish: relu (reached by none of 10 runs), tanh (" in summary
    assert baseline == "8 epochs"


def test_a_summary_names_the_baseline_and_counts_the_undecided(tmp_path):
    arms = [Arm("relu", seeds=(0, 1, 2)), Arm("elu", 0.972, seeds=(0, 1, 2))]
    verdicts, summary, _ = words_of(write(tmp_path / "few", [(Task(), arms)]), margin=0.0)
    assert verdicts == {"elu": "too few seeds: 3 of at least 6"}
    assert summary.endswith(": too few seeds against relu: elu, where at least 6 could tell.")
    dead = dict.fromkeys(range(3), "diverged")
    arms = [replace(arm, seeds=tuple(range(8))) for arm in (Arm("relu"), Arm("elu", 0.972, statuses=dead))]
    verdicts, summary, _ = words_of(write(tmp_path / "dead", [(Task(), arms)]), margin=0.0)
    assert verdicts == {"elu": "too few seeds where both learned: 5 of at least 6"}
    assert summary.endswith(": too few seeds against relu where both learned: elu, of which at least 6 could tell.")
    arms = [replace(arm, seeds=tuple(range(7))) for arm in (Arm("relu"), Arm("elu", 0.9705))]
    _, summary, _ = words_of(write(tmp_path / "more", [(Task(), arms)]), margin=0.0)
    assert re.search(r"undecided against relu: elu, where \d+ to (\d+|more than 1000) seeds would tell\.$", summary)


def test_a_summary_does_not_call_a_few_of_the_undecided_most_of_them(store):
    (comparison,) = ask(store, margin=0.0).tasks[0].comparisons

    def row(seeds):
        found = comparison.rows[0]
        verdict = replace(found.verdict, standing=Standing.UNDECIDED, by_values=Standing.UNDECIDED, seeds=seeds)
        return replace(found, arm="f", judged=replace(found.judged, verdict=verdict))

    ranges = (SeedRange(12, 30), SeedRange(None, None), SeedRange(9, None), SeedRange(10, 11))
    summary = words.summarize(replace(comparison, rows=tuple(map(row, ranges))))
    assert summary.endswith("against relu: f, f, f, f, where 9 to more than 1000 seeds would tell for 3 of them.")
    nothing = words.summarize(replace(comparison, rows=tuple(map(row, [SeedRange(None, None)]))))
    assert nothing.endswith("undecided against relu: f, and more than 1,000 seeds would be needed to tell.")


@pytest.mark.parametrize(
    ("metric", "value", "shown"),
    [("test_loss", 0.0, "0"), ("test_loss", -0.0, "0"), ("test_accuracy", -1e-6, "0.00"), ("test_loss", 0.01, "+0.01")],
)
def test_no_difference_has_no_sign(metric, value, shown):
    assert words.difference(PLAIN[metric], value) == shown


def test_the_table_of_arms_has_the_losses_that_they_are_compared_by(store):
    plain, asked = ask(store), ask(store, metrics=("perplexity", "loss"))
    heads = [[head.title for head in arm_grid(found.tasks[0], View()).columns] for found in (plain, asked)]
    assert not {"perplexity", "test loss"} & set(heads[0])
    assert {"perplexity", "test loss"} <= set(heads[1])
    row = plain.tasks[0].arms.iloc[0]
    runs = plain.runs[plain.runs["activation"] == row["activation"]]
    assert row["test_loss"] == pytest.approx(runs["test_loss"].mean())
    assert row["test_perplexity"] == pytest.approx(np.exp(runs["test_loss"]).mean())
    assert row["test_perplexity_sd"] == pytest.approx(np.exp(runs["test_loss"]).std())
    assert ask(store, fail_if=("test_perplexity(mish) > 0",)).failed_checks


def test_arms_are_compared_by_what_is_usual_with_their_data_too(tmp_path):
    data = {"text": "text:book.txt(block=32)", "sums": "modular_addition(p=97)", "pixels": "mnist"}
    stores = {name: write(tmp_path / name, [(Task(dataset=spelled), ARMS)]) for name, spelled in data.items()}
    named = {name: [each.metric.name for each in ask(store).tasks[0].comparisons] for name, store in stores.items()}
    assert named == {
        "text": ["test_accuracy", "test_perplexity"],
        "sums": ["test_accuracy", "epochs_to_95"],
        "pixels": ["test_accuracy"],
    }
    (asked,) = ask(stores["text"], metrics=("loss",)).tasks[0].comparisons
    assert asked.metric.name == "test_loss"


def test_perplexity_is_what_follows_from_the_loss(store):
    (comparison,) = ask(store, metrics=("perplexity",)).tasks[0].comparisons
    runs = ask(store).runs
    by_hand = {arm: np.exp(rows["test_loss"].to_numpy(float)) for arm, rows in runs.groupby("arm")}
    assert comparison.metric.name == "test_perplexity"
    for row in comparison.rows:
        assert row.summary.mean == pytest.approx(by_hand[row.arm].mean())
    assert "perplexity" in words.summary(comparison.metric, comparison.rows[0].summary)


def test_the_family_is_all_arms_of_the_metric(store):
    comparison = ask(store).tasks[0].comparisons[0]
    by_hand = max_t(np.array([paired(store, row.arm) for row in comparison.rows]).T)
    assert [row.verdict.adjusted_p for row in comparison.rows] == by_hand.tolist()


def paired(store, arm):
    runs = ask(store).runs
    values = {name: runs[runs["arm"] == name].set_index("seed")["test_accuracy"].sort_index() for name in ("relu", arm)}
    return (values[arm] - values["relu"]).to_list()


def test_the_margin_can_be_chosen(store):
    row = rows_of(ask(store, margin=0.02))["mish"]
    assert row.verdict.negligible
    for wrong in (-1, float("inf"), float("nan")):
        with pytest.raises(UserError, match=f"--margin {wrong} is no size: give a number from 0 up"):
            Question(margin=wrong)


@pytest.mark.slow
def test_an_arm_against_itself_is_rarely_called_different(tmp_path):
    """Family-wise, over whole stores: the arrays behind it are put to 2,000 repetitions in test_statistics.py."""
    alarms = 0
    arms = [Arm("relu"), *(Arm(f"same{number}") for number in range(3))]
    tasks = [(Task(f"data{number}", epochs=4, study=f"study {number}", settings={"batch_size": number + 1}), arms)
             for number in range(40)]  # fmt: skip
    shifted = [(task, [replace(arm, seeds=tuple(range(10 * i, 10 * i + 10))) for arm in arms])
               for i, (task, arms) in enumerate(tasks)]  # fmt: skip
    for found in ask(write(tmp_path, shifted)).tasks:
        alarms += any(row.verdict.standing.is_different for row in found.comparisons[0].rows)
    assert alarms <= 6  # 2 expected; more than 6 of 40 happens once in 100 at 5 %


# What is kept apart, and warned of


def test_other_settings_are_other_tasks_and_it_is_said_in_what(tmp_path):
    store = write(
        tmp_path, [(Task(), ARMS), (Task(epochs=10), ARMS), (Task(settings={"dataset_sha256": "f" * 64}), ARMS)]
    )
    found = ask(store)
    assert [words.task_title(item.task.distinction) for item in found.tasks] == [
        "mnist · mlp(100, 50) · data 00000000 · 20 epochs",
        "mnist · mlp(100, 50) · data 00000000 · 10 epochs",
        "mnist · mlp(100, 50) · data ffffffff · 20 epochs",
    ]
    assert len(found.warnings) == 1
    assert "data hash (000000000000, ffffffffffff), epochs (20, 10)" in words.warning(found.warnings[0])


def test_variants_that_ask_the_same_share_a_task_and_its_baseline(tmp_path):
    parts = [(Task(variant="basic"), [Arm("relu"), Arm("mish")]), (Task(variant="steep"), [Arm("swish(beta=2)")])]
    parts.append((Task(variant="wide", settings={"batch_size": 32}), [Arm("relu")]))
    found = ask(write(tmp_path / "variants", parts))
    titles = [words.task_title(item.task.distinction) for item in found.tasks]
    assert titles == ["mnist · mlp(100, 50) · basic + steep", "mnist · mlp(100, 50) · wide"]
    assert [item.task.arms for item in found.tasks] == [["relu", "mish", "swish(beta=2)"], ["relu"]]
    assert [row.arm for row in found.tasks[0].comparisons[0].rows] == ["mish", "swish(beta=2)"]
    assert found.warnings == ()


def test_two_studies_that_ask_the_same_share_a_task(tmp_path):
    one = write(tmp_path / "one", [(Task(study="a"), [Arm("relu")])])
    two = write(tmp_path / "two", [(Task(study="b"), [Arm("mish")])])
    found = analyse([one, two], Question())
    assert [item.task.settings["study"] for item in found.tasks] == ["a + b"]
    assert list(rows_of(found)) == ["mish"]


def test_a_run_in_two_stores_is_counted_once_and_said(tmp_path):
    one, two = (write(tmp_path / name, [(Task(), ARMS)]) for name in ("one", "two"))
    found = analyse([one, two], Question())
    assert found.tasks[0].arms["runs"].tolist() == [10] * 4
    assert found.warnings == (SeveralCopies(40, (str(one),)),)
    assert words.warning(found.warnings[0]).startswith(
        "40 run(s) were found more than once; their figures are those of '"
    )


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        (Arm("mish", jobs=4), "some runs were measured with others beside them (alone: relu; 4 at a time: mish)"),
        (Arm("mish", compiler="graph"), "the compiler differs (xla: relu; graph: mish)"),
        (Arm("mish", versions={"keras_version": "3.16.0"}), "versions are mixed: Keras (3.15.1, 3.16.0)"),
        (
            Arm("mish", statuses={1: "oom", 2: "oom"}, error="no room"),
            "mish has no result for seeds 1, 2 (oom: no room)",
        ),
    ],
)
def test_what_makes_figures_doubtful_is_said(tmp_path, arm, said):
    (warning,) = ask(write(tmp_path, [(Task(), (Arm("relu"), arm))])).tasks[0].warnings
    assert said in words.warning(warning)


@pytest.mark.parametrize("column", [c.name for c in VERSION_FIELDS if c.name != "git_commit"])
def test_a_version_is_warned_of_whichever_it_is(tmp_path, column):
    (warning,) = (
        ask(write(tmp_path, [(Task(), (Arm("relu"), Arm("mish", versions={column: "9.9"})))])).tasks[0].warnings
    )
    ((mixed, values),) = warning.versions
    assert (mixed, values[1]) == (column, "9.9")


def test_the_line_of_settings_has_every_one_that_was_asked_for_and_is_not_in_the_title(tmp_path):
    plain = Task(settings={"deterministic": True})
    found = ask(write(tmp_path, [(plain, ARMS[:2]), (Task(settings={"backend": "another"}), ARMS[:2])]))
    same = "adam · learning rate 0.001 · batch size 100 · 20 epochs · glorot_uniform · float32 · cpu"
    assert [words.task_title(item.task.distinction) for item in found.tasks] == [
        "mnist · mlp(100, 50) · deterministic · backend tensorflow",
        "mnist · mlp(100, 50) · not deterministic · backend another",
    ]
    assert [settings_line(item).partition(" · 60,000")[0] for item in found.tasks] == [same, same]
    alone = ask(write(tmp_path / "alone", [(plain, ARMS[:2])])).tasks[0]
    assert "float32 · deterministic · cpu" in settings_line(alone)


def test_clean_stores_are_not_warned_about(store):
    found = ask(store)
    assert found.warnings == found.tasks[0].warnings == ()


def test_an_edited_function_is_an_arm_of_its_own(tmp_path):
    def mine(version, seeds):
        return Arm("mine.py:f", provider="mine.py", version=version, seeds=seeds)

    store = write(tmp_path, [(Task(), (Arm("relu"), mine("abcdef012345", (0, 1)), mine("123456abcdef", (0, 1))))])
    assert ask(store).tasks[0].task.arms == ["relu", "mine.py:f #abcdef", "mine.py:f #123456"]


def test_a_new_version_of_a_package_is_no_arm_of_its_own_but_is_warned_of(tmp_path):
    def new(row):
        return row | {"provider_version": "3.16.0"} if row["provider"] == "keras" and row["seed"] > 4 else row

    arms = (Arm("relu"), Arm("keras:relu", provider="keras", version="3.15.1"))
    (found,) = ask(write(tmp_path, [(Task(), arms)], edit=new)).tasks
    assert found.arms[["activation", "runs"]].to_numpy().tolist() == [["relu", 10], ["keras:relu", 10]]
    assert "versions are mixed: provider versions (3.15.1, 3.16.0)" in words.warning(found.warnings[0])


def test_an_edited_network_is_a_task_of_its_own_whose_rows_can_be_told_apart(tmp_path):
    def network(digest):
        return Task(settings={"model": Choice("net.py:build", f"net.py:build#{digest}", "net.py", digest)})

    found = ask(write(tmp_path, [(network("abcdef0"), ARMS[:2]), (network("1234567"), ARMS[:2])]))
    assert [words.task_title(item.task.distinction) for item in found.tasks] == [
        "mnist · net.py:build · model's code abcdef",
        "mnist · net.py:build · model's code 123456",
    ]
    assert full_table(found)["model_version"].tolist() == ["abcdef0", "abcdef0", "1234567", "1234567"]


def test_a_failed_run_that_never_knew_its_data_stays_in_its_task(tmp_path):
    store = write(tmp_path, [(Task(), (Arm("relu"), Arm("frelu", statuses=dict.fromkeys(range(10), "failed"))))])
    found = ask(store)
    assert len(found.tasks) == 1
    assert found.tasks[0].arms["failed"].tolist() == [0, 10]
    assert found.tasks[0].not_compared == NotCompared(Obstacle.ONLY_BASELINE, "relu", ("relu", "frelu"))


# What is asked for


def test_filters(store):
    assert ask(store, selection=Selection(activations=("swish", "m*"))).tasks[0].task.arms == [
        "swish(beta=0.5)",
        "mish",
    ]
    for condition in ("deterministic=false", "deterministic != TRUE", "deterministic==0"):
        whole = ask(store, selection=Selection(where=(condition,))).tasks[0].arms["runs"].tolist()
        assert whole == ask(store).tasks[0].arms["runs"].tolist()
    assert ask(store, selection=Selection(where=("seed<3", "optimizer=adam"))).tasks[0].arms["runs"].tolist() == [3] * 4


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(activations=("mosh",)), "--act 'mosh' is not among these results.*Did you mean 'mish'"),
        (Selection(data=("cifar",)), "--data 'cifar' is not among these results: mnist"),
        (Selection(where=("seed",)), "is not a condition"),
        (Selection(where=("sede<3",)), "knows no column 'sede'. Did you mean 'seed'"),
        (Selection(where=("seed<x",)), "'x' is not a number"),
        (Selection(where=("optimizer<adam",)), "optimizer is text"),
        (Selection(where=("seed>99",)), "leaves no run"),
        (Selection(where=("deterministic=yes",)), "leaves no run"),
        (Selection(where=("deterministic=maybe",)), "deterministic is only = or != to true or false"),
        (Selection(where=("deterministic<true",)), "deterministic is only = or != to true or false"),
    ],
)
def test_filters_that_find_nothing_say_so(store, selection, message):
    with pytest.raises(UserError, match=message):
        ask(store, selection=selection)


def test_a_baseline_that_is_not_there(store):
    with pytest.raises(UserError, match=r"--baseline 'relo' is not among these results: relu, .*Did you mean 'relu'"):
        ask(store, baseline="relo")


def test_a_baseline_that_could_be_several_arms_is_not_guessed(tmp_path):
    arms = [Arm("relu"), Arm("swish(beta=0.5)"), Arm("swish(beta=2)")]
    store = write(tmp_path, [(Task(), arms), (Task("cifar10"), arms[:2])])
    for several in ("swish", "swish*"):
        with pytest.raises(UserError, match=r"stands for several arms: swish\(beta=0.5\), swish\(beta=2\). Name one"):
            ask(store, baseline=several)
    assert ask(store, baseline="swish", selection=Selection(data=("cifar10",))).tasks[0].baseline == "swish(beta=0.5)"


def test_metrics_by_name():
    names = [
        m.name
        for m in parse_metrics(
            ["accuracy", "best", "loss", "epochs-to", "seconds-to:0.9", "epochs_to_95"], (0.95, 0.975)
        )
    ]
    assert names == [
        "test_accuracy",
        "best_test_accuracy",
        "test_loss",
        "epochs_to_95",
        "epochs_to_97.5",
        "seconds_to_90",
    ]
    for wrong, message in (
        ("acuracy", "Did you mean 'accuracy'"),
        ("epochs-to:97 %", "like 0.95"),
        ("epochs-to:1.5", "between 0 and 1"),
    ):
        with pytest.raises(UserError, match=message):
            parse_metrics([wrong], ())


def test_thresholds_can_be_chosen_afterwards(store):
    assert EpochsTo(0.915) in ask(store, thresholds=(0.915,)).tasks[0].arms
    assert ask(store).tasks[0].thresholds == (0.90, 0.95, 0.96)


# Across tasks


def test_across_tasks_needs_two(store):
    assert ask(store).across.obstacle is AcrossObstacle.ONE_TASK
    assert words.not_across(ask(store).across) == "one task only"


def test_across_tasks(tmp_path):
    slower = [replace(arm, speed=arm.speed * 2, accuracy=arm.accuracy - 0.05) for arm in ARMS]
    store = write(
        tmp_path, [(Task(), ARMS), (Task("cifar10"), [*slower, Arm("elu")])], thresholds=(0.85, 0.9, 0.96, 0.97)
    )
    across = ask(store).across
    assert isinstance(across, Across)
    assert across.left_out == ("elu",)
    assert across.targets == (0.96, 0.9)
    rows = {row.arm: row for row in across.rows}
    assert across.rows[0].arm == "mish"
    assert rows["mish"].mean_rank == 1
    assert rows["relu"].speedup == 1
    assert np.isnan(rows["tanh"].speedup)
    assert rows["tanh"].solved < 2
    assert rows["tanh"].profile[-1] < 1
    assert sum(row.profile[0] for row in across.rows) == 1  # in each task one arm is the fastest
    # By hand: the median epochs of the two tables, and the ratios of their seconds an epoch.
    expected = []
    for found, threshold in zip(ask(store).tasks, (0.96, 0.9), strict=True):
        epochs = found.arms.set_index("activation")[EpochsTo(threshold)]
        seconds = found.task.runs.pivot_table(index="seed", columns="arm", values="seconds_per_epoch")
        halves = [a * b for a, b in itertools.combinations_with_replacement(seconds["mish"] / seconds["relu"], 2)]
        expected.append(np.log(epochs["relu"] / epochs["mish"] / np.sqrt(np.median(halves))))
    assert rows["mish"].speedup == pytest.approx(np.exp(np.mean(expected)))


def test_across_tasks_has_no_speed_ups_where_arms_were_timed_apart(tmp_path):
    own, rest = [arm for arm in ARMS if arm.name == "mish"], [arm for arm in ARMS if arm.name != "mish"]
    elsewhere = Task("cifar10", device_name="another machine")
    assert ask(write(tmp_path / "one", [(Task(), ARMS), (Task("cifar10"), ARMS)])).across.timed == 2
    store = write(tmp_path / "two", [(Task(), ARMS), (Task("cifar10"), rest), (elsewhere, own)])
    apart = ask(store).across
    assert (apart.timed, apart.timed_apart) == (2, ("mish",))
    rows = {row.arm: row for row in apart.rows}
    assert np.isnan([rows["mish"].speedup, rows["mish"].cost, *rows["mish"].profile]).all()
    assert rows["mish"].solved == 2
    assert rows["relu"].speedup == 1
    assert np.isfinite(rows["swish(beta=0.5)"].profile).all()
    assert "Not timed together with relu in every task, and so without cost: mish." in words.left_out(apart)


def test_across_tasks_leaves_out_those_without_the_baseline_and_says_so(tmp_path):
    alone = [Arm("swish(beta=0.5)"), Arm("swish(beta=2)")]
    whole = [(Task(), ARMS[:3]), (Task("cifar10"), ARMS[:3])]
    store = write(tmp_path / "three", [(Task(variant="steep", settings={"batch_size": 32}), alone), *whole])
    across, expected = ask(store).across, ask(write(tmp_path / "two", whole)).across
    assert across.baseline == "relu"
    assert [words.task_title(task) for task in across.without_baseline] == ["mnist · mlp(100, 50) · steep"]
    assert (across.tasks, across.rows) == (expected.tasks, expected.rows)
    rare = ask(store, baseline="swish(beta=2)").across
    assert words.not_across(rare) == "3 tasks, but swish(beta=2) has results in 1 of them only"
    apart = write(tmp_path / "apart", [(Task(), ARMS[:2]), (Task("cifar10"), (ARMS[0], ARMS[3]))])
    assert words.not_across(ask(apart).across) == "2 tasks with relu, but no other arm has results in every one of them"


def test_tasks_that_score_the_same_networks_count_as_one(tmp_path):
    elsewhere = Task(variant="elsewhere", settings={"dataset_sha256": "f" * 64})
    same = [(Task(), ARMS), (elsewhere, ARMS)]
    both = ask(write(tmp_path / "same", same)).across
    assert both.obstacle is AcrossObstacle.SAME_NETWORKS
    assert words.not_across(both) == "2 tasks, but all score the same trained networks, on other test inputs"
    # Beside a task of its own they weigh as much as one: nothing changes, as both score alike here.
    three = ask(write(tmp_path / "three", [*same, (Task("cifar10"), ARMS)])).across
    two = ask(write(tmp_path / "two", [(Task(), ARMS), (Task("cifar10"), ARMS)])).across
    assert (len(three.tasks), three.networks, three.timed, three.timed_networks) == (3, 2, 3, 2)
    assert (len(two.tasks), two.networks) == (2, 2)
    for one, other in zip(three.rows, two.rows, strict=True):
        assert one.arm == other.arm
        for name in ("accuracy", "mean_rank", "speedup", "cost"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=True)
        assert one.profile == pytest.approx(other.profile)
    assert three.weights.tolist() == [0.5, 0.5, 1.0]
    assert words.across_title(3, 2) == "3 tasks with 2 sets of trained networks"
    assert words.shared_networks(three) == [
        "Tasks that score the same trained networks on other test inputs count as one together."
    ]
    assert words.shared_networks(two) == []


def test_tasks_that_were_asked_something_else_never_share_networks(tmp_path):
    asked = [(Task(), ARMS), (Task(variant="steep", settings={"batch_size": 32}), ARMS)]
    assert ask(write(tmp_path / "asked", asked)).across.networks == 2


# Checks


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("test_accuracy(mish) < test_accuracy(relu) - 0.01", False),
        ("test_accuracy(mish) > test_accuracy(relu)", True),
        ("runs(tanh) < 10 or failed(tanh) > 0", False),
        ("not (epochs_to_95(mish) <= epochs_to(relu, 0.95))", False),
        ("0.9 < test_accuracy(swish(beta=0.5)) < 1", True),
        ("test_accuracy('swish(beta=0.5)') * 100 > 50 and diverged(mish) == 0", True),
        ("epochs_to_99(mish) > 100", True),
        ("learned(mish) < 10 or never_learned(mish) + collapsed(mish) > 0", False),
        ("learned_low(mish) < 0.6 or test_accuracy_learned(mish) < test_accuracy(mish)", False),
        ("better(mish, relu)", True),
        ("worse(mish, relu)", False),
        ("worse(relu, mish) and better('swish(beta=0.5)', tanh)", True),
        ("not within(mish, relu, 0.005)", True),
        ("not within(mish, relu, 0.05)", False),
        ("within(relu, mish, 0.05) and not better(tanh, relu)", True),
        ("worse(mish, relu) or test_accuracy(mish) < 0.5", False),
    ],
)
def test_checks(store, text, failed):
    (result,) = ask(store, fail_if=(text,)).checks
    assert result.failed is failed


def test_a_check_of_a_figure_that_is_not_there():
    with pytest.raises(UserError, match="there is no figure 'test_loss_of_nothing'"):
        parse_check("-test_loss_of_nothing(mish) > 0")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true') > 0", "test_accuracy(mish).real > 0", "[1][0] > 0", "(lambda: 1)() > 0",
        "test_accuracy(mish) > '1'", "test_accuracy(mish)", "1 if True else 0", "True", "2 ** 99999999 > 1", "a > 1",
        "test_accuracy(mish, relu) > 0", "test_accuracy() > 0", "test_accuracy(*mish) > 0", "x := 1", "(" * 500,
        "test_accuracy(mish) < 0.5 < (1 < 2)", "f'{mish}' > 1", "test_accuracy(mish) in (1, 2)",
        "-" * 990 + "1 > 0", "1+" * 490 + "1 > 0",
    ],
)  # fmt: skip
def test_checks_refuse_everything_else(text):
    with pytest.raises(UserError, match="--fail-if"):
        parse_check(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("better(mish)", "better is written like better(mish, relu)"),
        ("within(mish, relu)", "within is written like within(mish, relu, 0.005)"),
        ("worse(mish, relu, 0.01)", "worse is written like worse(mish, relu)"),
        ("within(mish, relu, -0.01)", "'-0.01' is no margin; it is a number from 0 on, like 0.005"),
        ("within(mish, relu, 1e999)", "is no margin"),
        ("within(mish, relu, True)", "'True' is no margin"),
        ("within(mish, relu, x)", "'x' is no margin"),
        ("better(mish, 3)", "'3' is not the name of an arm"),
        ("better(mish, 'mish')", "better compares mish with itself"),
        ("better(mish, relu) > 0.5", "'better(mish, relu)' should be a number"),
        ("beter(mish, relu)", "there is no figure 'beter'. Did you mean 'better'?"),
    ],
)
def test_a_verdict_that_cannot_be_read(text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        parse_check(text)


def test_a_verdict_in_a_check_is_the_one_of_compare(store):
    (result,) = ask(store, fail_if=("better(tanh, mish)",)).checks
    alone = ask(store, baseline="mish", selection=Selection(activations=("mish", "tanh")))
    verdict = rows_of(alone)["tanh"].verdict
    assert result.figures == (("better(tanh, mish)", verdict.standing),)
    assert words.check_figures(result) == "better(tanh, mish): worse"


@pytest.mark.parametrize("text", ["worse(mish, relu)", "not better(mish, relu)", "not within(mish, relu, 0.5)"])
def test_too_few_seeds_for_a_verdict_do_not_pass(tmp_path, text):
    store = write(tmp_path, [(Task(), [replace(arm, seeds=(0, 1, 2)) for arm in ARMS])])
    (result,) = ask(store, fail_if=(text,)).checks
    assert result.failed
    assert result.unknown == (text.removeprefix("not "),)
    assert words.check_figures(result) == f"too few seeds for {result.unknown[0]}"


def test_a_verdict_in_a_check_counts_runs_that_did_not_learn(tmp_path):
    """Fewer runs that learn are worse, however well those do that learn; and nothing is alike then."""
    dead = dict.fromkeys(range(8), "diverged")
    store = write(tmp_path, [(Task(), [Arm("relu"), Arm("bad", statuses=dead)])])
    checks = ("worse(bad, relu)", "within(bad, relu, 0.5)", "better(bad, relu)")
    assert [result.failed for result in ask(store, fail_if=checks).checks] == [True, False, False]


def test_an_arm_that_learns_less_often_is_worse_however_good_it_is_where_it_does(tmp_path):
    seeds = tuple(range(20))
    dead = dict.fromkeys(range(0, 20, 2), "diverged")
    selu = Arm("selu", accuracy=0.975, statuses=dead, seeds=seeds)
    store = write(tmp_path, [(Task(), [Arm("relu", accuracy=0.96, seeds=seeds), selu])])
    (row,) = ask(store).tasks[0].comparisons[0].rows
    assert row.verdict.standing == "mixed"
    results = ask(store, fail_if=("worse(selu, relu)", "worse(relu, selu)", "better(selu, relu)")).checks
    assert [result.failed for result in results] == [True, True, False]
    assert words.check_figures(results[0]) == "worse(selu, relu): mixed"


def test_equal_where_both_learn_is_not_within_if_fewer_learn(tmp_path):
    """Four deaths of twelve are too few to be told from none, and too many to be called none."""
    dead = dict.fromkeys((1, 5, 7, 9), "diverged")
    seeds = tuple(range(12))
    store = write(tmp_path, [(Task(), [Arm("relu", seeds=seeds), Arm("selu", statuses=dead, seeds=seeds)])])
    (row,) = ask(store, margin=0.01).tasks[0].comparisons[0].rows
    assert row.verdict.negligible
    assert (row.verdict.standing, row.verdict.reliability) == ("undecided", "undecided")
    (result,) = ask(store, fail_if=("not within(selu, relu, 0.01)",)).checks
    assert result.failed


def test_a_check_of_an_arm_that_is_not_there(store):
    with pytest.raises(UserError, match=r"there is no mosh among the arms relu, .*Did you mean 'mish'"):
        ask(store, fail_if=("test_accuracy(mosh) < 0.5",))


def test_a_check_without_a_value_does_not_pass(tmp_path):
    store = write(tmp_path, [(Task(), (Arm("relu"), Arm("mish", statuses=dict.fromkeys(range(10), "failed"))))])
    (result,) = ask(store, fail_if=("test_accuracy(mish) < 0.1",)).checks
    assert result.failed
    assert result.unknown == ("test_accuracy(mish)",)
    assert words.check_figures(result) == "test_accuracy(mish) has no value"


def test_checks_of_a_study_are_run_where_their_arms_are(tmp_path):
    store = write(tmp_path, [(Task(), ARMS)], checks=("test_accuracy(mish) < 0.99", "runs(gelu) < 1"))
    found = ask(store)
    assert [result.failed for result in found.checks] == [True]
    assert found.skipped_checks == ("runs(gelu) < 1",)


@pytest.mark.parametrize("text", ["test_accuracy(mish) / 0 < 1", "epochs_to_99(mish) - epochs_to_99(relu) > 5"])
def test_what_cannot_be_computed_does_not_pass(store, text):
    (result,) = ask(store, fail_if=(text,)).checks
    assert result.failed
    assert result.unknown == (text.rpartition(" < ")[0] or text.rpartition(" > ")[0],)


# What is refused


@pytest.mark.parametrize(
    ("file", "column", "value", "message"),
    [
        ("runs.csv", "test_accuracy", "abc", r"runs.csv', line 4: test_accuracy abc is not a number"),
        ("runs.csv", "test_accuracy", "97.2", r"line 4: test_accuracy 97.2 is no fraction between 0 and 1"),
        ("runs.csv", "test_accuracy", "", r"line 4: test_accuracy is empty in a finished run"),
        ("runs.csv", "status", "fine", r"line 4: status fine is none of ok, diverged, oom, failed, interrupted"),
        ("runs.csv", "seed", "", r"line 4: seed is empty"),
        ("runs.csv", "schema_version", "99", r"schema version 99"),
        ("epochs.csv", "test_accuracy", "x", r"no longer holds .* of 1 finished run, .*relu with seed 0"),
        ("epochs.csv", "test_accuracy", "0.5", r"no longer holds what was stored of 1 finished run"),
        ("epochs.csv", "epoch", "", r"no longer holds what was stored of 1 finished run"),
        ("runs.csv", "seed", "1.5", r"line 4: seed 1.5 is no whole number"),
        ("runs.csv", "seed", "1e30", r"line 4: seed 1e\+30 is no whole number"),
        ("runs.csv", "seed", "inf", r"line 4: seed inf is not finite"),
        ("runs.csv", "train_seconds", "-3", r"line 4: train_seconds -3(\.0)? is below zero"),
        ("runs.csv", "test_loss", "-inf", r"line 4: test_loss -inf is below zero"),
    ],
)
def test_a_spoiled_cell_is_named(store, file, column, value, message):
    edit_cell(store / file, 4, column, value)
    with pytest.raises(UserError, match=message):
        ask(store)


@pytest.mark.parametrize(
    ("column", "value"), [("test_accuracy", "0.9999"), ("run_key", "0123"), ("seed", "7"), ("epochs_run", "19")]
)
def test_a_run_whose_row_was_changed_does_not_count_and_is_named(store, caplog, column, value):
    before = ask(store).runs
    edit_cell(store / "runs.csv", 4, column, value)
    after = ask(store).runs
    assert "1 run(s), the first being in line 4, mish with seed" in caplog.text
    assert len(after) == len(before) - 1
    assert set(after["test_accuracy"]) < set(before["test_accuracy"])


def test_stores_that_are_none(tmp_path, store):
    with pytest.raises(UserError, match=r"There are no results in .*nowhere.*actbench run"):
        ask(tmp_path / "nowhere")
    header = ",".join(column.name for column in RUN_COLUMNS) + "\n"
    for content, message in (("", "is empty"), ("a,b\n1,2\n", "'run_key' is missing"), (header, "no finished run")):
        (store / "runs.csv").write_text(content)
        with pytest.raises(UserError, match=message):
            ask(store)


def test_epochs_that_are_not_there(store):
    (store / "epochs.csv").unlink()
    with pytest.raises(UserError, match=r"epochs.csv no longer holds what was stored of 40 finished runs"):
        ask(store)


def test_a_torn_last_line_is_dropped(store):
    whole = ask(store).tasks[0].arms["runs"].tolist()
    for name in ("runs.csv", "epochs.csv"):
        text = (store / name).read_text()
        (store / name).write_text(text + text.splitlines()[5][:70])
    assert ask(store).tasks[0].arms["runs"].tolist() == whole


def test_a_last_line_without_its_newline_is_torn(store):
    text = (store / "runs.csv").read_text()
    (store / "runs.csv").write_text(text.removesuffix("\n"))
    assert ask(store).tasks[0].arms["runs"].tolist() == [10, 10, 10, 9]


@pytest.mark.slow
def test_epochs_are_read_in_pieces_with_the_same_result(store, monkeypatch):
    whole = full_table(ask(store))
    monkeypatch.setattr("actbench.results.frames.CHUNK_ROWS", 7)
    assert full_table(ask(store)).equals(whole)


def test_a_manifest_that_is_not_json(store):
    (store / "manifest.json").write_text("{")
    with pytest.raises(UserError, match=r"Cannot read .*manifest\.json"):
        ask(store)
    (store / "manifest.json").unlink()
    assert ask(store).thresholds == (0.95, 0.97, 0.98)


def test_the_manifest_is_no_place_for_numbers(store):
    before = full_table(ask(store))
    manifest = json.loads((store / "manifest.json").read_text())
    manifest["studies"]["made-up"] = {"thresholds": [0.9, 0.95, 0.96], "base": {"epochs": 1}}
    (store / "manifest.json").write_text(json.dumps(manifest))
    assert full_table(ask(store)).equals(before)
