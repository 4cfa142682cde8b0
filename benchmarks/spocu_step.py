"""What a training step of the CNN costs with our SPOCU and with the package spocu's layer: compiled plain graph, CPU.

    python benchmarks/spocu_step.py [--rounds 15] [--steps 5]

Rounds are interleaved, so that a drift of the machine hits all alike; the ratio is that of the medians. The network is
Conv 32 3×3 – site – max-pool – Conv 64 3×3 – site – max-pool – Dense 10 on 32×32×3 images, batch 100, Adam.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import numpy as np

from actbench.activations import resolve
from actbench.lazy import load

keras = load("keras")
tf = load("tensorflow")

from actbench.training.site import Site  # noqa: E402 - imports Keras

BATCH = 100
TARGET = 0.55


def compiled_step(name: str) -> Callable[[], object]:
    """One training step on a batch that stays on the device."""
    keras.utils.set_random_seed(0)
    seeds, activation = itertools.count(), resolve(name)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(32, 3),
            Site(activation, next(seeds)),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(64, 3),
            Site(activation, next(seeds)),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dense(10),
        ]
    )
    optimizer = keras.optimizers.Adam(0.001)
    optimizer.build(model.trainable_variables)
    random = np.random.default_rng(0)
    images = tf.constant(random.random((BATCH, 32, 32, 3), dtype=np.float32))
    labels = tf.constant(random.integers(0, 10, BATCH), tf.int32)

    @tf.function(jit_compile=False)
    def step() -> object:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_mean(losses)
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--steps", type=int, default=5, help="steps in a round; a round's time is their mean")
    options = parser.parse_args()

    steps = {name: compiled_step(name) for name in ("spocu", "spocu:SPOCU", "relu")}
    milliseconds: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(options.rounds + 2):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(options.steps):
                loss = step()
            float(loss)  # waits for the device
            if round_ >= 2:  # noqa: PLR2004 - tracing, and a warm-up round
                milliseconds[name].append(1000 * (time.perf_counter() - start) / options.steps)

    print(f"{'activation':14}{'median ms/step':>16}{'fastest':>10}{'slowest':>10}")
    for name, times in milliseconds.items():
        print(f"{name:14}{statistics.median(times):16.1f}{min(times):10.1f}{max(times):10.1f}")
    ratio = statistics.median(milliseconds["spocu"]) / statistics.median(milliseconds["spocu:SPOCU"])
    print(f"spocu / spocu:SPOCU = {ratio:.2f} (target: at most {TARGET})")


if __name__ == "__main__":
    main()
