"""How long the bookkeeping takes at 2,000 runs: planning a study of that size, and opening such a store.

    python benchmarks/scale.py [--runs 2000] [--epochs 100] [--rounds 5]

Medians, without the imports. The design asks for less than 2 seconds of each.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from actbench.execution.local import LocalExecutor
from actbench.execution.plan import make_plan
from actbench.results.columns import Epoch, Record
from actbench.results.read import EPOCHS
from actbench.results.store import Store
from actbench.studies.study import Study


def study(runs):
    activations = ["relu", "swish", "mish", "tanh", "elu", "selu", "gelu", "softplus", "sigmoid", "softsign"]
    rates = [0.1 / 2**power for power in range(10)]
    return Study(grid={"activation": activations, "learning_rate": rates, "seed": list(range(max(1, runs // 100)))})


def fill(folder, runs, epochs):
    """A store of that size, written in one go: filling it row by row with fsync is not what is timed here."""
    rows = tuple(Epoch(n, 0.5, 0.9, None, None, 0.5, 0.9, 0.1 * n, 0.01 * n, 0.001) for n in range(epochs + 1))
    records = [Record(run=run, status="ok", epochs=rows) for run in runs]
    with Store.open(folder) as store:
        store.append(*records)


def seconds(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=2000)
    options.add_argument("--epochs", type=int, default=100)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    executor = LocalExecutor()

    def planned():
        return [run for run, _ in make_plan(study(chosen.runs), executor).runs]

    runs = planned()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, runs, chosen.epochs)

        def open_store():
            with Store.open(folder) as store:
                assert len(store.statuses) == len(runs)  # noqa: S101 - otherwise it is not opening that was timed

        plans = [seconds(planned) for _ in range(chosen.rounds)]
        opens = [seconds(open_store) for _ in range(chosen.rounds)]
        size = (folder / EPOCHS).stat().st_size / 2**20
    planning, opening = statistics.median(plans), statistics.median(opens)
    print("runs  epochs  epochs.csv MiB  plan s  open s  target s")
    print(f"{len(runs):4}  {chosen.epochs:6}  {size:14.1f}  {planning:6.2f}  {opening:6.2f}  {2:8.1f}")


if __name__ == "__main__":
    main()
