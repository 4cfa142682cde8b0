"""The table of arms against numbers worked out by hand, and table.csv against a file that people read in review.

After a wanted change: ``python tests/test_tables.py`` writes the golden file anew; read the difference.
"""

import dataclasses
import io
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_store import epoch_of, run_of

from actbench.errors import UserError
from actbench.registry import Choice
from actbench.results.columns import Record
from actbench.results.frames import SHOWN, epoch_chunks, read_frames, run_frames
from actbench.results.store import EPOCHS, RUNS, Store
from actbench.results.thresholds import EpochsTo, Reached, SecondsTo
from actbench.tables import arm_table, to_csv
from actbench.tables.arms import COUNTS

GOLDEN = Path(__file__).parent / "golden"
THRESHOLDS = (0.5, 0.9, 0.975)


def record(activation, seed, accuracies, *, seconds=1.0, status="ok", **changes):
    """A run of one epoch for each accuracy after the first; each epoch of training lasts ``seconds``."""
    epochs = tuple(
        epoch_of(number, accuracy, train_accuracy=accuracy + 0.01, train_seconds=seconds * number)
        for number, accuracy in enumerate(accuracies)
    )
    fields = {"status": status, "epochs": epochs, "compile_seconds": 0.5, "wall_seconds": 2 * seconds * len(accuracies)}
    return Record(run=run_of(activation, seed, epochs=4, **changes), train_size=60, test_size=30, **fields)


RECORDS = [
    # relu reaches 0.9 in epochs 2, 3 and never; 0.975 never.
    record("relu", 0, (0.1, 0.6, 0.9, 0.92, 0.91), seconds=1.0),
    record("mish", 0, (0.2, 0.9, 0.98, 0.97, 0.96), seconds=2.0),
    record("relu", 1, (0.1, 0.5, 0.8, 0.93, 0.93), seconds=3.0),
    record("mish", 1, (0.2, 0.7, 0.89, 0.95, 0.98), seconds=2.5),
    record("relu", 2, (0.95, 0.3, 0.4, 0.49, 0.47), seconds=2.0),
    # spocu: once diverged in epoch 2, once broken off by an error of its own.
    record("spocu", 0, (0.1, 0.55, 0.1), seconds=1.0, status="diverged"),
    record("spocu", 1, (), status="failed"),
]


def stored(folder, records=RECORDS):
    with Store.open(folder) as store:
        for one in records:
            store.append(one)
    return folder


def read_together(folders, only=None):
    """Several stores as one."""
    runs, _ = run_frames(folders, only)
    return runs, pd.concat(epoch_chunks(runs, SHOWN))


@pytest.fixture
def frames(own_folder):
    return read_frames(stored(own_folder / "store"))


@pytest.fixture
def arms(frames):
    return arm_table(*frames, THRESHOLDS).set_index("activation")


def test_there_is_a_row_an_arm_in_the_order_of_appearance(arms):
    assert list(arms.index) == ["relu", "mish", "spocu"]


def test_runs_with_a_result_are_counted_and_those_without_apart(arms):
    assert arms[["runs", "diverged", "failed"]].to_numpy().tolist() == [[3, 0, 0], [2, 0, 0], [1, 1, 1]]


def test_means_and_deviations_are_over_the_runs_of_the_arm(arms):
    assert arms.loc["relu", "test_accuracy"] == pytest.approx((0.91 + 0.93 + 0.47) / 3)
    assert arms.loc["relu", "test_accuracy_sd"] == pytest.approx(math.sqrt((0.14**2 + 0.16**2 + 0.3**2) / 2))
    assert arms.loc["relu", "best_test_accuracy"] == pytest.approx((0.92 + 0.93 + 0.49) / 3)
    assert arms.loc["mish", "train_accuracy"] == pytest.approx((0.97 + 0.99) / 2)
    assert arms.loc["mish", "best_test_accuracy_sd"] == pytest.approx(0.0, abs=1e-12)


def test_a_diverged_run_counts_with_what_it_ended_on(arms):
    assert arms.loc["spocu", "test_accuracy"] == 0.1
    assert arms.loc["spocu", "best_test_accuracy"] == 0.55
    assert math.isnan(arms.loc["spocu", "test_accuracy_sd"])


def test_a_miss_is_infinity_in_a_median_and_never_dropped(arms):
    assert arms.loc["relu", [Reached(t) for t in THRESHOLDS]].tolist() == [2, 2, 0]
    assert arms.loc["relu", EpochsTo(0.5)] == 1  # median of 1, 1 and never
    assert arms.loc["relu", EpochsTo(0.9)] == 3  # median of 2, 3 and never
    assert arms.loc["relu", SecondsTo(0.9)] == 9.0  # median of 2, 9 and never
    assert math.isnan(arms.loc["relu", EpochsTo(0.975)])
    assert math.isnan(arms.loc["relu", SecondsTo(0.975)])


def test_a_median_of_an_even_number_is_the_mean_of_the_middle_two(arms):
    assert arms.loc["mish", EpochsTo(0.975)] == 3  # of 2 and 4
    assert arms.loc["mish", SecondsTo(0.975)] == 7.0  # of 4 and 10


def test_half_the_runs_missing_is_a_miss(own_folder):
    folder = stored(own_folder / "half", [record("relu", 0, (0.1, 0.9)), record("relu", 1, (0.1, 0.2))])
    (row,) = arm_table(*read_frames(folder), (0.9,)).to_dict("records")
    assert row[Reached(0.9)] == 1
    assert math.isnan(row[EpochsTo(0.9)])


def test_the_evaluation_before_training_reaches_nothing(arms):
    assert arms.loc["relu", Reached(0.9)] == 2  # the third run had 0.95 in epoch 0 alone


def test_reaching_a_threshold_is_being_at_it_or_above(own_folder):
    folder = stored(own_folder / "at", [record("relu", 0, (0.1, 0.8999999999999999, 0.9))])
    assert arm_table(*read_frames(folder), (0.9,)).loc[0, EpochsTo(0.9)] == 2


def test_clocks_are_medians(arms):
    assert arms.loc["relu", ["train_seconds", "seconds_per_epoch", "wall_seconds"]].tolist() == [8.0, 2.0, 20.0]
    assert arms.loc["spocu", ["train_seconds", "seconds_per_epoch"]].tolist() == [2.0, 1.0]


def test_thresholds_are_free_to_change_afterwards(frames):
    table = arm_table(*frames, (0.985,))
    assert table[Reached(0.985)].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("learning_rate", 0.1, [0.001, 0.1]),
        ("model", Choice("cnn", "cnn"), ["mlp(100, 50)", "cnn"]),
        ("dataset_sha256", "cd" * 32, ["ab" * 32, "cd" * 32]),
        ("limit", 500, [None, 500]),
        ("precision", "bfloat16", ["float32", "bfloat16"]),
        ("patience", 3, [None, 3]),
        ("deterministic", True, [False, True]),
        ("device", "gpu", ["cpu", "gpu"]),
    ],
)
def test_runs_of_different_settings_never_share_a_row(own_folder, name, value, shown):
    other = record("relu", 0, (0.1, 0.4), **{name: value})
    table = arm_table(*read_frames(stored(own_folder / "both", [record("relu", 0, (0.1, 0.9)), other])), (0.5,))
    assert table["runs"].tolist() == [1, 1]
    assert table["test_accuracy"].tolist() == [0.9, 0.4]
    assert [None if pd.isna(v) else v for v in table[name]] == shown


def edited(name, provider, digests):
    """Runs of one spelling, whose provider was another version each time."""
    for seed, (digest, accuracy) in enumerate(digests.items()):
        one = record("x", seed, (0.1, accuracy))
        choice = Choice(name, f"{name}#{digest}", provider, digest)
        yield dataclasses.replace(one, run=dataclasses.replace(one.run, activation=choice))


def test_two_states_of_a_persons_own_code_never_share_a_row(own_folder):
    """An edited function is a new experiment: its figures must not be averaged with those of the old one."""
    runs = edited("mine.py:act", "mine.py", {"aaa": 0.9, "bbb": 0.4})
    table = arm_table(*read_frames(stored(own_folder / "both", runs)), (0.5,))
    assert table[["activation", "test_accuracy"]].to_numpy().tolist() == [
        ["mine.py:act #aaa", 0.9],
        ["mine.py:act #bbb", 0.4],
    ]


def test_two_versions_of_a_package_do_share_a_row(own_folder):
    """They are told by a column of their own, and compare warns of them."""
    runs = edited("keras:relu", "keras", {"3.15.1": 0.9, "3.16.0": 0.4})
    table = arm_table(*read_frames(stored(own_folder / "both", runs)), (0.5,))
    assert table[["activation", "runs"]].to_numpy().tolist() == [["keras:relu", 2]]


def networks(digests):
    """Runs of a network of one's own, whose source was another each time."""
    for seed, (digest, accuracy) in enumerate(digests.items()):
        model = Choice("net.py:build", f"net.py:build#{digest}", "net.py", digest)
        yield record("relu", seed, (0.1, accuracy), model=model)


def test_two_states_of_a_network_of_ones_own_never_share_a_row(own_folder):
    folder = stored(own_folder / "both", networks({"aaa": 0.9, "bbb": 0.4}))
    table = arm_table(*read_frames(folder), (0.5,))
    assert table[["model_version", "activation", "test_accuracy"]].to_numpy().tolist() == [
        ["aaa", "relu", 0.9],
        ["bbb", "relu", 0.4],
    ]


def test_a_store_from_before_a_column_is_read_as_if_its_cells_were_empty(own_folder):
    folder = stored(own_folder / "old", RECORDS[:1])
    text = pd.read_csv(folder / RUNS, dtype=str, keep_default_na=False)
    text.drop(columns="model_version").to_csv(folder / RUNS, index=False)
    runs, epochs = read_together([folder, stored(own_folder / "new", RECORDS[2:3])])
    assert arm_table(runs, epochs, (0.5,))["runs"].tolist() == [2]


def test_a_run_that_failed_before_it_knew_its_data_stays_in_its_row(own_folder):
    lost = dataclasses.replace(record("relu", 1, (), status="failed"), train_size=None, test_size=None)
    table = arm_table(*read_frames(stored(own_folder / "lost", [record("relu", 0, (0.1, 0.9)), lost])), (0.5,))
    assert table[["runs", "failed"]].to_numpy().tolist() == [[1, 1]]
    assert "train_size" not in table


def test_a_store_of_failures_alone_can_be_tabled(own_folder):
    folder = stored(
        own_folder / "failed", [record("relu", 0, (), status="failed"), record("mish", 0, (), status="oom")]
    )
    table = arm_table(*read_frames(folder), (0.5,))
    assert table[["runs", "failed", Reached(0.5)]].to_numpy().tolist() == [[0, 1, 0], [0, 1, 0]]
    assert table["test_accuracy"].isna().all()


def test_several_stores_are_read_as_one(own_folder):
    one = stored(own_folder / "one", RECORDS[:3])
    other = stored(own_folder / "other", RECORDS[2:])
    runs, epochs = read_together([one, other])
    whole = read_frames(stored(own_folder / "whole"))
    assert sorted(runs["run_key"]) == sorted(whole[0]["run_key"])
    pd.testing.assert_frame_equal(
        arm_table(runs, epochs, THRESHOLDS).set_index("activation"),
        arm_table(*whole, THRESHOLDS).set_index("activation"),
    )


def test_only_the_runs_that_were_asked_for_are_shown_in_that_order(own_folder):
    folder = stored(own_folder / "store")
    keys = [RECORDS[3].run.key, RECORDS[0].run.key]
    runs, epochs = read_together([folder], keys)
    assert runs["run_key"].tolist() == keys
    assert set(epochs["run_key"]) == set(keys)


def test_nothing_to_read_is_said_in_words(own_folder):
    with pytest.raises(UserError, match="There are no results in 'nowhere' .*'actbench run' makes some"):
        read_frames(Path("nowhere"))
    (own_folder / RUNS).write_text("a,b\n1,2\n")
    (own_folder / EPOCHS).write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="holds no actbench results: the column 'run_key' is missing"):
        read_frames(own_folder)


# table.csv from the two raw files, by another way


def recomputed(folder, thresholds):
    """The table worked out row by row from the text of the two files, with nothing but floats and lists."""
    runs, epochs = (
        pd.read_csv(folder / name, dtype=str, keep_default_na=False).to_dict("records") for name in (RUNS, EPOCHS)
    )
    arms = {}
    for run in runs:
        arms.setdefault(run["activation"], []).append(run)
    table = []
    for activation, members in arms.items():
        done = [run for run in members if run["status"] in ("ok", "diverged")]
        row = {"activation": activation, "runs": len(done), "failed": len(members) - len(done)}
        row["diverged"] = sum(run["status"] == "diverged" for run in done)
        # Not one of these runs stays at chance: they learned, or they diverged.
        learned = [run for run in done if run["status"] == "ok"]
        row |= {"learned": len(learned), "never_learned": 0, "collapsed": 0, "epoch_rule": "last"}
        share = stats.binomtest(len(learned), len(done)).proportion_ci(method="exact")
        row |= {"learned_low": share.low, "learned_high": share.high}
        for name in ("train_accuracy", "test_accuracy", "best_test_accuracy"):
            for column, some in ((name, done), (f"{name}_learned", learned)):
                values = [float(run[name]) for run in some]
                row[column] = np.mean(values) if values else math.nan
                row[f"{column}_sd"] = np.std(values, ddof=1) if len(values) > 1 else math.nan
        for name, of in (("test_loss", float), ("test_perplexity", lambda loss: math.exp(float(loss)))):
            values = [of(run["test_loss"]) for run in done]
            row[name] = sum(values) / len(values)
            row[f"{name}_sd"] = np.std(values, ddof=1) if len(values) > 1 else math.nan
        for threshold in thresholds:
            first = []
            for run in done:
                own = [e for e in epochs if e["run_key"] == run["run_key"] and int(e["epoch"]) > 0]
                hits = [e for e in own if float(e["test_accuracy"]) >= threshold]
                first.append(
                    (float(hits[0]["epoch"]), float(hits[0]["train_seconds"])) if hits else (math.inf, math.inf)
                )
            row[str(Reached(threshold))] = sum(math.isfinite(epoch) for epoch, _ in first)
            for place, time in enumerate((EpochsTo, SecondsTo)):
                ordered = sorted(pair[place] for pair in first)
                middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
                row[str(time(threshold))] = middle if math.isfinite(middle) else math.nan
        row["train_seconds"] = np.median([float(run["train_seconds"]) for run in done])
        row["wall_seconds"] = np.median([float(run["wall_seconds"]) for run in done])
        row["seconds_per_epoch"] = np.median([float(run["train_seconds"]) / int(run["epochs_run"]) for run in done])
        table.append(row)
    return pd.DataFrame(table)


def test_the_table_can_be_recomputed_from_the_two_raw_files(own_folder):
    folder = stored(own_folder / "store")
    written = pd.read_csv(io.StringIO(to_csv(arm_table(*read_frames(folder), THRESHOLDS))))
    expected = recomputed(folder, THRESHOLDS)
    written = written.drop(columns=list(COUNTS))  # a property of the network, not of its runs
    pd.testing.assert_frame_equal(written[sorted(written)], expected[sorted(expected)], check_dtype=False, rtol=1e-12)


def test_the_loss_of_a_run_that_diverged_is_infinite(frames):
    runs, epochs = frames
    lost = epochs["run_key"].isin(runs.loc[runs["status"] == "diverged", "run_key"])
    assert lost.any()
    epochs.loc[lost, "test_loss"] = np.nan
    (row,) = (row for row in arm_table(runs, epochs, THRESHOLDS).to_dict("records") if row["diverged"])
    assert (row["test_loss"], row["test_perplexity"]) == (math.inf, math.inf)
    assert math.isnan(row["test_loss_sd"])


# table.csv as it is written


def test_table_csv_is_as_it_was_reviewed(frames):
    assert to_csv(arm_table(*frames, THRESHOLDS)) == (GOLDEN / "table.csv").read_text(encoding="utf-8")


def test_a_miss_is_an_empty_cell(frames):
    text = to_csv(arm_table(*frames, THRESHOLDS))
    assert pd.read_csv(io.StringIO(text), keep_default_na=False)["epochs_to_97.5"].tolist()[0] == ""


if __name__ == "__main__":
    import tempfile

    os.umask(0o022)
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        golden = arm_table(*read_frames(stored(Path(place))), THRESHOLDS)
    (GOLDEN / "table.csv").write_text(to_csv(golden), encoding="utf-8")
