"""What an epoch costs in actbench against plain ``model.fit``: the same network, data, batches and optimizer.

    python benchmarks/epoch.py [--rounds 5] [--only mlp|cnn]

Needs mnist and cifar10 (`actbench data fetch mnist cifar10`). Both sides are warmed up, then every round times one
epoch of each, in turn; the figures are medians over the rounds and their ratio.
"""

import argparse
import statistics
import time

import numpy as np

from actbench import activations, datasets, models
from actbench.lazy import lazy
from actbench.training import backends
from actbench.training.backends import Recipe

keras = lazy("keras")

CASES = {
    "mlp": ("mnist", "mlp(100, 50)", "swish", lambda: keras.optimizers.SGD(0.1), 0.45),
    "cnn": ("cifar10", "cnn", "mish", lambda: keras.optimizers.Adam(0.001), 0.8),
}
BATCH = 100


def build(data, model, activation):
    from actbench.training.site import Site

    resolved = activations.resolve(activation)
    return models.resolve(model).build(lambda: Site(resolved, 0), data.input_shape, data.classes)


def fit(data, model, activation, optimizer):
    network = build(data, model, activation)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss, metrics=["accuracy"])
    return lambda: network.fit(data.x_train, data.y_train, batch_size=BATCH, epochs=1, verbose=0)


def ours(data, model, activation, optimizer):
    network = build(data, model, activation)
    backend = backends.current()
    program = backend.program(network, optimizer, backend.place(data, "cpu"), Recipe(batch_size=BATCH))
    program.compile()
    stream = np.random.RandomState(0)
    return lambda: program.train_epoch(stream.permutation(len(data.x_train)))


def seconds(epoch):
    began = time.perf_counter()
    epoch()
    return time.perf_counter() - began


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", choices=CASES)
    chosen = options.parse_args()
    print("case  model.fit s/epoch  actbench s/epoch  ratio  target")
    for name, (dataset, model, activation, optimizer, target) in CASES.items():
        if chosen.only not in (None, name):
            continue
        data = datasets.load(datasets.Request(dataset))
        sides = [make(data, model, activation, optimizer()) for make in (fit, ours)]
        for epoch in sides:
            epoch()
        rounds = [[seconds(epoch) for epoch in sides] for _ in range(chosen.rounds)]
        theirs, mine = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{name:<4}  {theirs:17.3f}  {mine:16.3f}  {mine / theirs:5.2f}  {target:6.2f}", flush=True)


if __name__ == "__main__":
    main()
