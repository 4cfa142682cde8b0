"""How much sooner a sweep ends with two workers on two cores: ``actbench run --jobs 2`` against ``--jobs 1``.

    python benchmarks/jobs.py [--rounds 3] [--runs 32] [--epochs 50]

Each round runs the same sweep of MNIST MLP runs with one worker and with two, in turn, from start to table, into new
stores, at 50 epochs a run as articles train them: about 10 minutes a round. Needs mnist (`actbench data
fetch mnist`).
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time


def sweep_seconds(jobs, runs, epochs):
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "actbench", "run", "--act", "relu", "--act", "swish", "--data", "mnist"]
        command += ["--seeds", str(runs // 2), "--epochs", str(epochs), "--jobs", str(jobs), "--results", folder]
        began = time.perf_counter()
        subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--runs", type=int, default=32)
    options.add_argument("--epochs", type=int, default=50)
    chosen = options.parse_args()
    rounds = [[sweep_seconds(jobs, chosen.runs, chosen.epochs) for jobs in (1, 2)] for _ in range(chosen.rounds)]
    one, two = (statistics.median(column) for column in zip(*rounds, strict=True))
    print("runs  epochs  --jobs 1 s  --jobs 2 s  times as fast  target")
    print(f"{chosen.runs:4}  {chosen.epochs:6}  {one:10.1f}  {two:10.1f}  {one / two:13.2f}  {1.6:6.1f}")


if __name__ == "__main__":
    main()
