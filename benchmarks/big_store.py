"""How long ``actbench compare`` takes on big stores, and how much memory.

    python benchmarks/big_store.py

Makes stores of 200 and 2,000 runs of 100 epochs, and one of 2,000 runs of 500 epochs, and compares each in a process of
its own, interleaved. The bound: 2,000 runs of 100 epochs in at most 3 seconds, the whole command.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from synthetic import Arm, Task, write  # noqa: E402 - found through the path above

REPEATS = 3
ARMS = 40
SEEDS = 5
SIZES = {"200 runs x 100 epochs": (1, 100), "2,000 runs x 100 epochs": (10, 100), "2,000 runs x 500 epochs": (10, 500)}


def measure(store: Path) -> tuple[float, float]:
    """Wall-clock seconds of one comparison, and the largest resident size in MiB."""
    began = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "actbench", "compare", str(store)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"actbench compare failed with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        stores = {}
        for name, (tasks, epochs) in SIZES.items():
            arms = [
                Arm(
                    "relu" if number == 0 else f"f{number}(a={number})", 0.95 + number / 4000, seeds=tuple(range(SEEDS))
                )
                for number in range(ARMS)
            ]
            made = [(Task(f"data{number}", epochs=epochs), arms) for number in range(tasks)]
            stores[name] = write(Path(folder) / name, made)
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in stores}
        for _ in range(REPEATS):
            for name, store in stores.items():
                found[name].append(measure(store))
        for name, pairs in found.items():
            seconds, mebibytes = [pair[0] for pair in pairs], max(pair[1] for pair in pairs)
            print(f"{name}: {statistics.median(seconds):.2f} s (fastest {min(seconds):.2f}), {mebibytes:.0f} MiB")


if __name__ == "__main__":
    main()
