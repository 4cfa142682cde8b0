"""Every activation trains: one epoch of the reference networks on a few hundred digits, without a NaN.

Pixels lie in [0, 1] and kernels are Keras's default: at that scale not even the exponential explodes.
"""

from __future__ import annotations

import functools
from itertools import count

import numpy as np
import pytest
from conftest import mostly_slow
from sklearn.datasets import load_digits

from actbench import models
from actbench.activations import CATALOGUE, resolve

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from actbench.training.site import Site  # noqa: E402 - imports Keras

BATCH, LEARNING_RATE = 64, 0.001


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """192 digits of 16×16 pixels in [0, 1], and their labels."""
    images, labels = load_digits(return_X_y=True)
    images = images[:192].reshape(-1, 8, 8, 1).repeat(2, axis=1).repeat(2, axis=2)
    return (images / 16).astype("float32"), labels[:192].astype("int32")


def epoch(name: str, architecture: str, precision: str) -> list[float]:
    """The loss over everything before the epoch, then of each of its steps, then over everything after it."""
    images, labels = digits()
    if architecture.startswith("mlp"):
        images = images.reshape(len(images), -1)
    keras.utils.set_random_seed(5)
    seeds, activation = count(), resolve(name)
    keras.config.set_dtype_policy(precision)
    try:
        model = models.resolve(architecture).build(
            lambda: Site(activation, next(seeds)), models.Shape(images.shape[1:]), 10
        )
    finally:
        keras.config.set_dtype_policy("float32")
    optimizer = keras.optimizers.Adam(LEARNING_RATE)

    def loss(batch, truth, *, training):
        logits = tf.cast(model(batch, training=training), "float32")
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(truth, logits))

    losses = [float(loss(images, labels, training=False))]
    for start in range(0, len(images), BATCH):
        with tf.GradientTape() as tape:
            value = loss(images[start : start + BATCH], labels[start : start + BATCH], training=True)
        gradients = tape.gradient(value, model.trainable_variables)
        # A weight without a gradient is cut off from the loss, as everything before a detached activation is.
        assert all(gradient is not None for gradient in gradients)
        assert all(np.isfinite(gradient.numpy()).all() for gradient in gradients)
        optimizer.apply(gradients, model.trainable_variables)
        losses.append(float(value))
    return [*losses, float(loss(images, labels, training=False))]


LAYERS = [entry.name for entry in CATALOGUE if entry.kind == "layer"]
OTHERS = [entry.name for entry in CATALOGUE if entry.kind != "layer"]


@pytest.mark.parametrize("name", mostly_slow(OTHERS, quick=8))
def test_mlp(name) -> None:
    losses = epoch(name, "mlp(32, 16)", "float32")
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("name", [*LAYERS, *mostly_slow([*OTHERS], quick=3)])
def test_cnn(name) -> None:
    assert np.isfinite(epoch(name, "cnn", "float32")).all()


@pytest.mark.parametrize("name", mostly_slow(["frelu", "spocu", "rrelu", "pau", "sparsemax", "squared_relu"]))
def test_cnn_in_mixed_precision(name) -> None:
    assert np.isfinite(epoch(name, "cnn", "mixed_bfloat16")).all()
