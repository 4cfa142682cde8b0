"""Small real data sets that scikit-learn ships: no network needed."""

from __future__ import annotations

from typing import Any

from actbench.datasets import Arrays, Request, dataset


@dataset(epochs=30, model="mlp(100, 50)", thresholds=(0.9, 0.95, 0.97), chance=0.1016)
def digits(request: Request) -> Arrays:  # noqa: ARG001 - a reader's signature
    """1,797 handwritten digits of 8×8 pixels, 10 classes (UCI); a fixed stratified fifth is the test part."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return _split(bunch.images, bunch.target)


@dataset(epochs=30, model="mlp(100, 50)", thresholds=(0.9, 0.95, 0.97), chance=0.6264)
def wdbc(request: Request) -> Arrays:  # noqa: ARG001 - a reader's signature
    """569 breast tumours in 30 numbers each, 2 classes (Wisconsin, UCI); a fixed stratified fifth is the test part."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    return _split(bunch.data, bunch.target)


def _split(x: Any, y: Any) -> Arrays:
    from sklearn.model_selection import train_test_split

    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
