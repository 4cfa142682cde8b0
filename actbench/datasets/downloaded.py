"""MNIST and CIFAR-10: from a folder of ``NAME.npz`` files, else through Keras (its cache, else its download)."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from actbench.datasets import Arrays, Request, dataset
from actbench.datasets.npz import read_npz
from actbench.errors import UserError
from actbench.lazy import load


@dataset(epochs=10, model="mlp(100, 50)", chance=0.1124)
def mnist(request: Request) -> Arrays:
    """70,000 handwritten digits of 28×28 pixels, 10 classes, 10,000 of them for testing (LeCun, Cortes & Burges)."""
    return _find("mnist", request)


@dataset(epochs=10, model="cnn", thresholds=(0.5, 0.6, 0.65), chance=0.1)
def cifar10(request: Request) -> Arrays:
    """60,000 colour photographs of 32×32 pixels, 10 classes, 10,000 of them for testing (Krizhevsky 2009)."""
    return _find("cifar10", request)


def _find(name: str, request: Request) -> Arrays:
    """``data_dir``, then the folder in ACTBENCH_DATA_DIR, then Keras, which keeps what it downloads."""
    data_dir = Path(request.data_dir) if request.data_dir else None
    if data_dir is not None:
        if not (data_dir / f"{name}.npz").is_file():
            raise UserError(f"There is no {name}.npz in the data folder {str(data_dir)!r}.")
        return read_npz(data_dir / f"{name}.npz")
    folder = os.environ.get("ACTBENCH_DATA_DIR")
    if folder and (Path(folder) / f"{name}.npz").is_file():
        return read_npz(Path(folder) / f"{name}.npz")
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Keras shows its progress on stdout, which is for results
            (x_train, y_train), (x_test, y_test) = getattr(load("keras").datasets, name).load_data()
    except Exception as error:
        where = f" (nor in ACTBENCH_DATA_DIR, {folder!r})" if folder else ""
        raise UserError(
            f"The data set {name!r} is not in Keras's cache{where} and could not be downloaded: {error}. Put "
            f"{name}.npz into a folder and name that with --data-dir or ACTBENCH_DATA_DIR, or try --data digits, "
            "which needs no network."
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
