"""The digits that the article on Swish and Mish printed, by the commands that a reader would type."""

import csv

import numpy as np
import pytest
from conftest import program

pytestmark = pytest.mark.real_data

PUBLISHED = {
    "swish": (0.9258, 0.9447, 0.9509, 0.9644, 0.9662),
    "mish": (0.9302, 0.9497, 0.9548, 0.9674, 0.9675),
}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_first_five_epochs_end_in_the_published_test_accuracies(own_folder, real_data):
    command = ["--model", "mlp(100, 50)", "--optimizer", "sgd", "--lr", "0.1", "--batch-size", "100"]
    command += ["--initializer", "he_normal", "--seed", "10", "--epochs", "5"]
    program(
        "run", "--act", "swish", "--act", "mish", "--data", "mnist", *command, "--results", "out",
        cwd=own_folder, env={"ACTBENCH_DATA_DIR": str(real_data)}, check=0,
    )  # fmt: skip
    runs, epochs = rows(own_folder / "out" / "runs.csv"), rows(own_folder / "out" / "epochs.csv")
    assert [run["activation"] for run in runs] == list(PUBLISHED)
    for run in runs:
        mine = [row for row in epochs if row["run_key"] == run["run_key"]]
        assert [row["epoch"] for row in mine] == ["0", "1", "2", "3", "4", "5"]
        found = [float(row["test_accuracy"]) for row in mine[1:]]
        np.testing.assert_allclose(found, PUBLISHED[run["activation"]], rtol=0, atol=0.0002)
        assert (run["train_size"], run["test_size"], run["parameters"]) == ("60000", "10000", "84060")


@pytest.mark.slow
def test_the_article_network_trains_on_cifar10(own_folder, real_data):
    done = program(
        "run", "--act", "mish", "--data", "cifar10", "--limit", "500", "--epochs", "1", "--results", "out",
        "--data-dir", real_data, cwd=own_folder, check=0,
    )  # fmt: skip
    (run,) = rows(own_folder / "out" / "runs.csv")
    assert (run["model"], run["parameters"], run["train_size"], run["status"]) == ("cnn", "42442", "500", "ok")
    assert "mish" in done.stdout
    assert {path.name for path in (own_folder / "out").iterdir()} >= {
        "runs.csv",
        "epochs.csv",
        "table.csv",
        "manifest.json",
    }
