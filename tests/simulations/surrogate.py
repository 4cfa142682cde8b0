"""Writes `surrogate.csv`: what real tuning runs came to, for made-up ones to be drawn from.

actbench run tests/simulations/surrogate.toml --results build/surrogate
python tests/simulations/surrogate.py build/surrogate
"""

import csv
import sys
from pathlib import Path

FIGURES = ("val_accuracy", "val_loss", "test_accuracy")


def surrogate(store: Path) -> list[dict[str, str]]:
    """The last epochs of a store's tuning runs, by learning rate and seed."""
    with (store / "epochs.csv").open(encoding="utf-8") as file:
        last = {row["run_key"]: row for row in csv.DictReader(file)}
    with (store / "runs.csv").open(encoding="utf-8") as file:
        runs = [row for row in csv.DictReader(file) if row["role"] == "tuning"]
    runs.sort(key=lambda row: (float(row["learning_rate"]), int(row["seed"])))
    return [
        {"learning_rate": row["learning_rate"], "seed": row["seed"]}
        | {name: f"{float(last[row['run_key']][name]):.5g}" for name in FIGURES}
        for row in runs
    ]


if __name__ == "__main__":
    rows = surrogate(Path(sys.argv[1]))
    with Path(__file__).with_suffix(".csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
