"""What training one arm after the other takes in memory, where one process trains them all and where it is replaced.

    python benchmarks/memory.py [--arms 60] [--model "mlp(8)"] [--growth 150]

Trains so many arms of ``digits``, an epoch each, in a worker that may grow without end, and in workers that may grow by
so many MiB: the largest resident size while each arm was trained, and how many processes it took.
"""

import argparse
import multiprocessing as mp

from actbench import datasets
from actbench.execution.events import RunEnded, RunStarted
from actbench.execution.executor import Assignment
from actbench.execution.local import LocalExecutor
from actbench.studies.expand import expand
from actbench.studies.study import Study


def peaks(arms, model, growth):
    """The largest resident size while each arm was trained, in MiB, and the processes that trained them."""
    asked = {"activation": [f"swish(beta={1 + arm / 100})" for arm in range(arms)]}
    small = {"model": model, "limit": 200, "batch_size": 50, "epochs": 1}
    pairs = expand(Study().override(asked | small), datasets.info, lambda *_: "cpu")
    sizes, processes = [], set()
    for event in LocalExecutor(growth).run([Assignment(*pair) for pair in pairs], 1, lambda: False):
        if isinstance(event, RunStarted):
            processes |= {process.pid for process in mp.active_children()}
        if isinstance(event, RunEnded):
            sizes.append(event.record.peak_memory_mib)
    return sizes, processes


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--arms", type=int, default=60)
    options.add_argument("--model", default="mlp(8)")
    options.add_argument("--growth", type=float, default=150.0)
    chosen = options.parse_args()
    print("growth MiB  processes  first arm MiB  last arm MiB  largest MiB")
    for growth in (float("inf"), chosen.growth):
        sizes, processes = peaks(chosen.arms, chosen.model, growth)
        ends = f"{sizes[0]:13.0f}  {sizes[-1]:12.0f}  {max(sizes):11.0f}"
        print(f"{growth:10.0f}  {len(processes):9}  {ends}", flush=True)


if __name__ == "__main__":
    main()
