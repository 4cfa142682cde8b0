"""Training against independent programs, the pairing of arms, the ends a run can come to, and its clocks."""

import dataclasses
import math
import textwrap
from dataclasses import replace

import keras
import numpy as np
import pytest
from conftest import bytes_images, mostly_slow, planned, small_arrays, trained

from actbench import datasets
from actbench.datasets import Request
from actbench.errors import UserError
from actbench.training.backends import Recipe
from actbench.training.backends.tensorflow import program as programs
from actbench.training.backends.tensorflow.program import DeviceData, TensorFlowProgram
from actbench.training.build import build, build_optimizer
from actbench.training.run import Trainer
from actbench.training.site import sites

OWN = """
import keras
import tensorflow as tf
from keras import ops

def bad(x):
    raise ValueError("a bug\\nof my own")

class BadInTraining(keras.layers.Layer):
    def call(self, x, training=False):
        if training:
            raise ValueError("a bug\\nof my own")
        return x

def all_nan(x):
    return x * float("nan")

def no_xla(x):
    return x + 0 * tf.reshape(tf.strings.to_number(tf.strings.as_string(tf.stop_gradient(x))), tf.shape(x))

class InferenceWithoutXla(keras.layers.Layer):
    def call(self, x, training=False):
        return x if training else no_xla(x)

def cut_off(x):
    return ops.stop_gradient(2 * x)

class CutOffInTraining(keras.layers.Layer):
    def call(self, x, training=False):
        return ops.cast(x > 0, x.dtype) if training else x

def narrow(x):
    return x[..., :1]

def mlp(site, input_shape, classes, end="logits"):
    inputs = keras.Input(input_shape)
    x = site()(keras.layers.Dense(6)(keras.layers.Flatten()(inputs)))
    if end == "logits":
        return keras.Model(inputs, keras.layers.Dense(classes)(x))
    if end == "dense":
        return keras.Model(inputs, keras.layers.Dense(classes, activation="softmax")(x))
    x = keras.layers.Dense(classes)(x)
    if end == "layer":
        return keras.Model(inputs, keras.layers.Softmax()(x))
    if end == "activation":
        return keras.Model(inputs, keras.layers.Activation("softmax")(x))
    if end == "nested":
        return keras.Model(inputs, keras.Sequential([keras.layers.Softmax()])(x))
    return keras.Model(inputs, ops.softmax(x))

def noisy(site, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.BatchNormalization()(keras.layers.Flatten()(inputs))
    x = keras.layers.Dropout(0.4)(site()(keras.layers.Dense(8)(x)))
    x = keras.layers.Dropout(0.4)(site()(keras.layers.Dense(8)(x)))
    return keras.Model(inputs, keras.layers.Dense(classes)(x))

def tiny(site, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.MaxPooling2D()(site()(keras.layers.Conv2D(3, 3)(inputs)))
    return keras.Model(inputs, keras.layers.Dense(classes)(keras.layers.Flatten()(x)))

def wide(site, input_shape, classes):
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, keras.layers.Dense(classes + 1)(keras.layers.Flatten()(inputs)))

def nothing(site, input_shape, classes):
    return None

def without_sites(site, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(6, activation="relu")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(classes)(x))

def thrown_away(site, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(6)(keras.layers.Flatten()(inputs))
    site()(x)
    return keras.Model(inputs, keras.layers.Dense(classes)(site()(x)))

class Block(keras.layers.Layer):
    def __init__(self, site, other, called):
        super().__init__()
        self.site, self.other, self.called = site, other, called

    def call(self, x):
        return self.site(self.other(x) if self.called else x)

def in_layers(site, input_shape, classes, called=True):
    return keras.Sequential([
        keras.layers.Flatten(), Block(site(), site(), called),
        keras.Sequential([keras.layers.Dense(4), site()]),
        keras.layers.Dense(classes),
    ])

def sequential(site, input_shape, classes):
    layers = keras.layers
    return keras.Sequential([layers.Flatten(), layers.Dense(6), site(), layers.Dense(classes)])
"""
FIGURES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the data and the code that the tests of this module train with."""
    folder = tmp_path_factory.mktemp("training")
    np.savez(folder / "small.npz", **small_arrays(n=60, features=5))
    noise = small_arrays(n=60, features=20)
    noise["y_train"] = np.random.RandomState(3).randint(0, 3, 60)
    np.savez(folder / "noise.npz", **noise)
    np.savez(folder / "images.npz", **bytes_images(n=50, side=10))
    (folder / "own.py").write_text(textwrap.dedent(OWN))
    return folder


@pytest.fixture(autouse=True)
def in_that_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)


in_a_plain_graph = pytest.mark.usefixtures("plain_graph")


def figures(record):
    """The figures of all epochs, without clocks; NaN for what was not measured."""
    return np.array([[np.nan if (v := getattr(e, f)) is None else v for f in FIGURES] for e in record.epochs])


def finished(training):
    """The record of a run that is trained to its end."""
    for _ in training:
        pass
    return training.record()


SMALL = {"data": "small.npz", "model": "mlp(7, 6)", "batch_size": 16, "epochs": 4, "seed": 3}


# Against independent programs


def reference_mlp(data, widths, act, slope, *, seed, lr, batch, epochs):
    """Train an MLP by gradients written out by hand, in float64: ``he_normal``, SGD, mean cross-entropy.

    Returns the rows train_loss, train_accuracy, test_loss, test_accuracy from epoch 0 (an evaluation) on.
    """
    stream = np.random.RandomState(seed)
    x, y, classes = data.x_train.astype("float64"), data.y_train, data.classes
    sizes = [x.shape[1], *widths, classes]
    kernels = [
        stream.normal(0, math.sqrt(2 / fan_in), (fan_in, fan_out))
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True)
    ]
    biases = [np.zeros(size) for size in sizes[1:]]

    def forward(inputs):
        before, after = [], [inputs]
        for layer, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            before.append(after[-1] @ kernel + bias)
            after.append(act(before[-1]) if layer < len(widths) else before[-1])
        return before, after

    def loss_and_hits(logits, labels):
        shifted = logits - logits.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return -log_p[np.arange(len(labels)), labels].sum(), (logits.argmax(axis=1) == labels).sum(), np.exp(log_p)

    def evaluate(inputs, labels):
        loss, hits, _ = loss_and_hits(forward(inputs)[1][-1], labels)
        return loss / len(labels), hits / len(labels)

    rows = [(*evaluate(x, y), *evaluate(data.x_test, data.y_test))]
    for _ in range(epochs):
        order, loss_sum, hit_sum = stream.permutation(len(x)), 0.0, 0
        for first in range(0, len(x), batch):
            chosen = order[first : first + batch]
            before, after = forward(x[chosen])
            loss, hits, gradient = loss_and_hits(after[-1], y[chosen])
            loss_sum, hit_sum = loss_sum + loss, hit_sum + hits
            gradient[np.arange(len(chosen)), y[chosen]] -= 1
            gradient /= len(chosen)
            for layer in reversed(range(len(kernels))):
                kernel_gradient, bias_gradient = after[layer].T @ gradient, gradient.sum(axis=0)
                if layer:
                    gradient = (gradient @ kernels[layer].T) * slope(before[layer - 1])
                kernels[layer] -= lr * kernel_gradient
                biases[layer] -= lr * bias_gradient
        rows.append((loss_sum / len(x), hit_sum / len(x), *evaluate(data.x_test, data.y_test)))
    return np.array(rows)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


HAND_MADE = {
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "swish(beta=1.5)": (
        lambda x: x * sigmoid(1.5 * x),
        lambda x: sigmoid(1.5 * x) * (1 + 1.5 * x * (1 - sigmoid(1.5 * x))),
    ),
}


@pytest.mark.parametrize("activation", mostly_slow([*HAND_MADE]))
@pytest.mark.parametrize(("batch", "seed"), mostly_slow([(16, 3), (60, 2**32 - 1)]))
def test_every_epoch_is_that_of_a_program_written_by_hand(activation, batch, seed):
    asked = SMALL | {"batch_size": batch, "seed": seed, "precision": "float64", "activation": activation}
    record = trained(**asked, optimizer="sgd", learning_rate=0.1, initializer="he_normal")
    assert record.status == "ok"
    data = datasets.load(Request("small.npz", dtype="float64"))
    expected = reference_mlp(data, (7, 6), *HAND_MADE[activation], seed=seed, lr=0.1, batch=batch, epochs=4)
    np.testing.assert_allclose(figures(record)[:, [0, 1, 4, 5]], expected, rtol=1e-10, atol=1e-12)
    assert [row.epoch for row in record.epochs] == [0, 1, 2, 3, 4]


class InOrder(keras.utils.PyDataset):
    """Batches in an order that somebody else chose."""

    def __init__(self, x, y, order, size):
        super().__init__()
        self.x, self.y, self.order, self.size = x, y, order, size

    def __len__(self):
        return math.ceil(len(self.order) / self.size)

    def __getitem__(self, index):
        chosen = self.order[index * self.size : (index + 1) * self.size]
        return self.x[chosen], self.y[chosen]


@pytest.mark.parametrize(
    ("model", "activation", "make"),
    mostly_slow(
        [
            ("mlp(9)", "elu", lambda: keras.optimizers.AdamW(0.004)),
            ("own.py:tiny", "frelu", lambda: keras.optimizers.SGD(0.02, momentum=0.9)),
            ("cnn", "mish", lambda: keras.optimizers.Adam(0.003)),
            ("mlp(9)", "prelu", lambda: keras.optimizers.RMSprop(0.002)),
        ],
    ),
)
def test_every_epoch_is_that_of_keras_fit(model, activation, make):
    optimizer = make()
    name = {"SGD": "sgd(momentum=0.9)"}.get(type(optimizer).__name__, type(optimizer).__name__.lower())
    asked = {"data": "images.npz", "model": model, "activation": activation, "batch_size": 16, "epochs": 3, "seed": 5}
    lr = float(f"{float(optimizer.learning_rate):.6g}")
    record = trained(**asked, optimizer=name, learning_rate=lr)

    ((run, request),) = planned(**asked, optimizer=name, learning_rate=lr)
    data = datasets.load(request)
    twin, stream = build(run, data)
    twin.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    rows = []
    for _ in range(3):
        batches = InOrder(data.x_train, data.y_train, stream.permutation(len(data.x_train)), 16)
        history = twin.fit(batches, shuffle=False, verbose=0).history
        test = twin.evaluate(data.x_test, data.y_test, verbose=0, return_dict=True)
        rows.append((history["loss"][0], history["accuracy"][0], test["loss"], test["accuracy"]))
    np.testing.assert_allclose(figures(record)[1:, [0, 1, 4, 5]], rows, rtol=2e-4, atol=2e-5)
    assert record.parameters == twin.count_params()


@pytest.mark.parametrize("activation", ["prelu", "pau", "frelu"])
def test_what_activations_learn_is_not_decayed(activation):
    """Nothing pulls at the weights here but the decay: all gradients are 0."""
    asked = {"data": "images.npz", "model": "cnn", "activation": activation, "batch_size": 10}
    ((run, request),) = planned(**asked, optimizer="adamw", weight_decay=0.5, learning_rate=0.1)
    network, _ = build(run, datasets.load(request))
    optimizer = build_optimizer(run, network, 1)
    own = {id(weight) for site in sites(network) for weight in site.trainable_weights}
    before = [(weight, weight.numpy()) for weight in network.trainable_weights]
    optimizer.apply([keras.ops.zeros_like(weight) for weight, _ in before], [weight for weight, _ in before])
    assert 0 < len(own) < len(before)
    for weight, value in before:
        np.testing.assert_allclose(weight, value if id(weight) in own else 0.95 * value, rtol=1e-6)


# Pairing


def kernels(model):
    own = {id(weight) for site in sites(model) for weight in site.weights}
    return [np.asarray(w) for w in model.trainable_weights if id(w) not in own]


@pytest.mark.parametrize(
    "model", mostly_slow(["mlp(8, 7)", "own.py:noisy", "cnn", "cnn6", "cnn6_batch_norm", "mlp_single_site"], quick=2)
)
def test_all_arms_of_a_seed_begin_alike_and_see_the_same_batches(model):
    arms = ["relu", "prelu", "prelu(init=0.1)", "swish(beta=2)"] + ["frelu"] * model.startswith("cnn")
    beginnings = []
    for activation in arms:
        ((run, request),) = planned(data="images.npz", model=model, activation=activation, batch_size=10, seed=4)
        network, stream = build(run, datasets.load(request))
        beginnings.append((kernels(network), stream.permutation(50), stream.permutation(50)))
    first, *others = beginnings
    for other in others:
        for one, two in zip(first[0], other[0], strict=True):
            np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(first[1:], other[1:])
    assert len(first[0]) > 2


def test_the_protocol_is_the_published_one():
    """``RandomState(seed)``: the kernels in layer order, nothing else, then one permutation an epoch."""
    ((run, request),) = planned(
        data="images.npz", model="cnn", activation="prelu", seed=11, batch_size=10, initializer="he_normal"
    )
    network, stream = build(run, datasets.load(request))
    expected = np.random.RandomState(11)
    for shape, fan_in in (((3, 3, 1, 32), 9), ((3, 3, 32, 64), 288), ((64, 2), 64)):
        kernel = expected.normal(0, math.sqrt(2 / fan_in), shape)
        found = [w for w in kernels(network) if w.shape == shape]
        np.testing.assert_array_equal(found, [kernel.astype("float32")])
    assert all((w == 0).all() for w in kernels(network) if w.ndim == 1)
    np.testing.assert_array_equal(stream.permutation(50), expected.permutation(50))


def test_pytorchs_default_draws_the_biases_too():
    """Each right behind its kernel, by the kernel's fan-in; what an activation learns stays where it began."""
    asked = {"data": "images.npz", "model": "cnn", "seed": 11, "batch_size": 10, "initializer": "fan_in_uniform"}
    ((run, request),) = planned(activation="prelu", **asked)
    network, stream = build(run, datasets.load(request))
    expected = np.random.RandomState(11)
    for layer in [layer for layer in network.layers if hasattr(layer, "kernel")]:
        shape = layer.kernel.shape
        limit = 1 / math.sqrt(math.prod(shape[:-1]))
        for weight, drawn in ((layer.kernel, shape), (layer.bias, shape[-1:])):
            np.testing.assert_array_equal(weight.numpy(), expected.uniform(-limit, limit, drawn).astype("float32"))
    assert [w.numpy().tolist() for w in network.trainable_weights if w.name == "alpha"] == [[0.25] * 32, [0.25] * 64]
    np.testing.assert_array_equal(stream.permutation(50), expected.permutation(50))


def test_seeds_differ_in_kernels_and_batches():
    starts = []
    for seed in (0, 1):
        ((run, request),) = planned(**SMALL | {"seed": seed})
        network, stream = build(run, datasets.load(request))
        starts.append((kernels(network)[0], stream.permutation(60)))
    assert not np.array_equal(starts[0][0], starts[1][0])
    assert not np.array_equal(starts[0][1], starts[1][1])


def test_an_activations_own_weights_do_not_shift_the_dropout_of_the_network():
    """Otherwise prelu would train with other masks than relu, and the difference would not be prelu's."""
    starts = []
    for activation in ("relu", "prelu"):
        ((run, request),) = planned(**SMALL | {"model": "own.py:noisy", "activation": activation})
        network, _ = build(run, datasets.load(request))
        masks = [layer.seed_generator.state for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
        starts.append([np.asarray(mask).tolist() for mask in masks])
    assert starts[0] == starts[1]
    assert starts[0][0] != starts[0][1]


@pytest.mark.slow
@in_a_plain_graph
def test_the_same_run_twice_gives_the_same_numbers_whatever_was_trained_before():
    """Programs are kept between seeds: nothing of an earlier run may be left in them."""
    asked = SMALL | {"model": "own.py:noisy", "activation": "prelu", "optimizer": "sgd(momentum=0.9)"}
    shared = Trainer()
    ((first, request),) = planned(**asked)
    ((second, _),) = planned(**asked | {"seed": 8})
    data = datasets.load(request)
    alone = [figures(finished(Trainer().begin(run, data))) for run in (first, second)]
    together = [finished(shared.begin(run, data)) for run in (first, second, first)]
    assert len(shared.programs.kept) == 1
    np.testing.assert_allclose(figures(together[0]), alone[0], rtol=1e-6)
    np.testing.assert_allclose(figures(together[1]), alone[1], rtol=1e-6)
    np.testing.assert_array_equal(figures(together[2]), figures(together[0]))
    assert not np.allclose(alone[0][:, 0], alone[1][:, 0])


# The compiled programs


def made(asked, compiler):
    ((run, request),) = planned(**asked)
    data = datasets.load(request)
    network, stream = build(run, data)
    optimizer = keras.optimizers.Adam(0.01)
    placed = DeviceData(data, "cpu")
    return TensorFlowProgram(network, optimizer, placed, Recipe.of(run), compiler=compiler), stream, data


@pytest.mark.parametrize("activation", ["mish", pytest.param("frelu", marks=pytest.mark.slow)])
def test_all_compilers_give_the_same_numbers(activation):
    results = {}
    for compiler in ("graph", "fused", "xla"):
        asked = {"data": "images.npz", "model": "own.py:tiny", "activation": activation, "batch_size": 15}
        program, stream, _ = made(asked | {"precision": "float64"}, compiler)
        program.compile()
        assert program.compiler == compiler
        rows = [program.train_epoch(stream.permutation(50)) for _ in range(2)]
        results[compiler] = [*rows, program.evaluate("test"), program.evaluate("train")]
    np.testing.assert_allclose(results["fused"], results["graph"], rtol=1e-9)
    np.testing.assert_allclose(results["xla"], results["graph"], rtol=1e-9)


@pytest.mark.parametrize(
    ("compiler", "model", "activation"),
    [
        pytest.param("xla", "own.py:noisy", "prelu", marks=pytest.mark.slow),
        pytest.param("graph", "own.py:noisy", "prelu", marks=pytest.mark.slow),
        pytest.param("graph", "own.py:tiny", "frelu", marks=pytest.mark.slow),
        ("fused", "own.py:tiny", "mish"),
    ],
)
def test_compiling_leaves_weights_optimizer_and_random_streams_as_they_were(compiler, model, activation):
    program, _, _ = made({"data": "images.npz", "model": model, "activation": activation, "batch_size": 15}, compiler)
    before = program.state()
    program.compile()
    for old, new in zip(before, program.state(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert int(program.optimizer.iterations) == 0


@pytest.mark.parametrize(
    "activation", ["own.py:no_xla", pytest.param("own.py:InferenceWithoutXla", marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_what_xla_cannot_compile_is_trained_in_the_plain_graph_with_the_same_numbers(activation):
    asked = SMALL | {"model": "mlp(5)", "epochs": 2}
    record, plain = (trained(**asked | {"activation": name}) for name in (activation, "linear"))
    assert (record.status, record.compiler, plain.compiler) == ("ok", "graph", "xla"), record.error
    np.testing.assert_allclose(figures(record), figures(plain), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_the_compiler_is_chosen_for_the_network_and_recorded():
    images = {"data": "images.npz", "activation": "mish", "batch_size": 15, "epochs": 1}
    assert trained(**images, model="mlp(4)").compiler == "xla"
    assert trained(**images, model="own.py:tiny").compiler == "fused"


@pytest.mark.parametrize("part", ["train", "val", "test"])
@pytest.mark.parametrize("size", mostly_slow([7, 48, 1, 12, 29, 1000], quick=2))
def test_parts_that_do_not_fill_the_last_batch_are_evaluated_exactly(monkeypatch, part, size):
    monkeypatch.setattr(programs, "EVALUATION_BATCH", size)
    program, _, data = made(
        {"data": "small.npz", "model": "mlp(4)", "validation_split": 0.2, "batch_size": 10}, "graph"
    )
    assert (len(data.x_train), len(data.x_val), len(data.x_test)) == (48, 12, 30)
    logits = np.asarray(program.model(getattr(data, f"x_{part}")), "float64")
    labels = getattr(data, f"y_{part}")
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(labels)), labels]
    loss, accuracy = program.evaluate(part)
    assert loss == pytest.approx(losses.mean(), rel=1e-6)
    assert accuracy == (logits.argmax(axis=1) == labels).mean()


def test_a_part_without_inputs_has_no_figures():
    program, _, _ = made(SMALL, "graph")
    assert program.evaluate("val") is None


@in_a_plain_graph
@pytest.mark.parametrize("end", mostly_slow(["dense", "layer", "activation", "nested", "function"]))
def test_a_network_that_ends_in_a_softmax_has_the_same_loss_as_its_logits(end):
    asked = SMALL | {"precision": "float64", "optimizer": "sgd", "learning_rate": 0.1}
    logits = trained(**asked | {"model": "own.py:mlp"})
    softmax = trained(**asked | {"model": f"own.py:mlp(end='{end}')"})
    np.testing.assert_allclose(figures(softmax), figures(logits), rtol=1e-5)


# How a run goes and ends


@in_a_plain_graph
def test_epoch_0_is_an_evaluation_of_the_initial_weights():
    record = trained(**SMALL, validation_split=0.2)
    ((run, request),) = planned(**SMALL, validation_split=0.2)
    data = datasets.load(request)
    network, _ = build(run, data)
    network.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    expected = []
    for part in ("train", "val", "test"):
        expected += network.evaluate(getattr(data, f"x_{part}"), getattr(data, f"y_{part}"), verbose=0)
    np.testing.assert_allclose(figures(record)[0], expected, rtol=1e-5)
    first = record.epochs[0]
    assert (first.epoch, first.train_seconds) == (0, 0.0)
    assert first.eval_seconds > 0


@in_a_plain_graph
def test_without_a_validation_split_there_are_no_validation_figures():
    assert {(row.val_loss, row.val_accuracy) for row in trained(**SMALL).epochs} == {(None, None)}


@in_a_plain_graph
@pytest.mark.parametrize("patience", mostly_slow([1, 3]))
def test_early_stopping_is_keras_own(patience):
    asked = {
        "data": "noise.npz",
        "model": "mlp(30)",
        "batch_size": 10,
        "learning_rate": 0.02,
        "validation_split": 0.3,
        "epochs": 20,
    }
    whole, stopped = trained(**asked), trained(**asked, patience=patience)
    callback = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience)
    callback.set_model(keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]))
    callback.on_train_begin()
    callback.model.stop_training = False
    expected = 0
    for row in whole.epochs[1:]:
        callback.on_epoch_end(row.epoch - 1, {"val_loss": row.val_loss})
        expected = row.epoch
        if callback.model.stop_training:
            break
    assert expected < 20
    assert len(stopped.epochs) - 1 == expected
    assert stopped.status == "ok"
    np.testing.assert_allclose(figures(stopped), figures(whole)[: expected + 1], rtol=1e-5)


@in_a_plain_graph
@pytest.mark.slow
def test_a_stopped_run_does_not_stop_the_next_seed():
    asked = {"data": "noise.npz", "model": "mlp(30)", "batch_size": 10, "learning_rate": 0.05, "validation_split": 0.3}
    trainer = Trainer()
    lengths = [len(trained(trainer, **asked, epochs=12, patience=1, seed=seed).epochs) for seed in (0, 1, 2)]
    assert min(lengths) >= 3
    assert max(lengths) < 13


@in_a_plain_graph
def test_a_loss_that_explodes_is_a_result_with_its_row():
    record = trained(**SMALL | {"epochs": 9, "activation": "linear"}, optimizer="sgd", learning_rate=1e6)
    assert record.status == "diverged"
    assert record.error == ""
    assert 1 <= len(record.epochs) - 1 < 9
    assert not math.isfinite(record.epochs[-1].train_loss + record.epochs[-1].test_loss)
    assert all(math.isfinite(row.train_loss) for row in record.epochs[:-1])
    assert record.parameters == (6 * 7 + 8 * 6 + 7 * 3)


@pytest.mark.slow
@in_a_plain_graph
def test_an_activation_that_gives_nan_diverges_in_the_first_epoch():
    record = trained(**SMALL | {"activation": "own.py:all_nan"})
    assert (record.status, len(record.epochs)) == ("diverged", 2)


@in_a_plain_graph
def test_an_activation_that_raises_in_training_costs_its_run_only():
    trainer = Trainer()
    record = trained(trainer, **SMALL | {"activation": "own.py:BadInTraining"})
    assert record.status == "failed"
    assert "ValueError" in record.error
    assert "a bug of my own" in record.error
    assert "\n" not in record.error
    assert "\x1b" not in record.error
    assert len(record.error) <= 500
    assert record.epochs == ()
    assert trained(trainer, **SMALL).status == "ok"


@in_a_plain_graph
def test_an_activation_that_raises_when_it_is_built_gives_its_own_words_on_one_line():
    record = trained(**SMALL | {"activation": "own.py:bad"})
    assert record.status == "failed"
    assert "ValueError: a bug of my own" in record.error
    assert "\n" not in record.error


@in_a_plain_graph
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"activation": "own.py:narrow"}, r"'own\.py:narrow' turns shape \(7\) into \(1\); an activation must keep"),
        ({"activation": "own.py:cut_off"}, r"'own\.py:cut_off' lets no gradient through"),
        ({"activation": "own.py:CutOffInTraining"}, r"'own\.py:CutOffInTraining' lets no gradient through"),
        ({"activation": "frelu"}, "'frelu' looks at neighbouring pixels: use it in a convolutional model"),
        ({"model": "own.py:wide"}, r"'own\.py:wide' ends in shape \(None, 4\), but it must end in \(None, 3\)"),
        ({"model": "own.py:nothing"}, r"'own\.py:nothing'.*None"),
        ({"model": "own.py:without_sites"}, r"'own\.py:without_sites' has no place for an activation"),
        ({"model": "own.py:thrown_away"}, r"calls site\(\) 2 times, but what 1 of these layers return has no part in"),
        ({"model": "own.py:in_layers(called=False)"}, r"calls site\(\) 3 times, but what 1 of these"),
    ],
)
def test_a_network_that_cannot_be_built_is_refused_in_words(changes, message):
    with pytest.raises(UserError, match=message):
        trained(**SMALL | changes)


@in_a_plain_graph
def test_a_sequential_network_without_an_input_layer_is_trained():
    record = trained(**SMALL | {"model": "own.py:sequential"})
    assert record.status == "ok", record.error
    assert record.parameters == 6 * 6 + 7 * 3


@in_a_plain_graph
@pytest.mark.parametrize(("model", "sites"), mostly_slow([("own.py:in_layers", 3), ("mlp(6)", 1), ("mlp(6, 5)", 2)]))
def test_the_number_of_sites_is_noted(model, sites):
    assert trained(**SMALL | {"model": model}).sites == sites


@in_a_plain_graph
@pytest.mark.parametrize(
    ("precision", "weights", "compute"),
    mostly_slow(
        [("bfloat16", "float32", "bfloat16"), ("float64", "float64", "float64"), ("float32", "float32", "float32")]
    ),
)
def test_precision(precision, weights, compute):
    asked = {"data": "images.npz", "model": "own.py:tiny", "activation": "prelu", "batch_size": 10}
    asked |= {"precision": precision}
    ((run, request),) = planned(**asked)
    network, _ = build(run, datasets.load(request))
    assert {str(w.dtype) for w in network.trainable_weights} == {weights}
    assert {layer.compute_dtype for layer in network.layers} == {compute}
    record = trained(**asked, epochs=6, learning_rate=0.003)
    assert record.status == "ok", record.error
    assert record.epochs[-1].train_loss < record.epochs[0].train_loss
    assert keras.config.floatx() == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_all_precisions_begin_with_the_same_kernels():
    starts = []
    for precision in ("float32", "float64", "bfloat16"):
        ((run, request),) = planned(**SMALL | {"precision": precision})
        starts.append([w.astype("float32") for w in kernels(build(run, datasets.load(request)).model)])
    for start in starts[1:]:
        assert all((one == two).all() for one, two in zip(starts[0], start, strict=True))


# Epoch by epoch


@in_a_plain_graph
def test_every_row_is_given_as_its_epoch_ends():
    ((run, request),) = planned(**SMALL)
    training = Trainer().begin(run, datasets.load(request))
    seen = [(row.epoch, len(training.record().epochs), training.ended) for row in training]
    assert seen == [(0, 1, False), (1, 2, False), (2, 3, False), (3, 4, False), (4, 5, True)]
    assert training.record().status == "ok"


@in_a_plain_graph
def test_a_run_that_was_broken_off_goes_on_with_the_very_same_numbers():
    asked = SMALL | {"model": "own.py:noisy", "activation": "prelu", "optimizer": "adam", "learning_rate": 0.01}
    ((run, request),) = planned(**asked)
    data = datasets.load(request)
    whole = finished(Trainer().begin(run, data))
    begun = Trainer().begin(run, data)
    for row in begun:
        if row.epoch == 2:
            state = begun.checkpoint()
            begun.interrupt()
    assert (begun.record().status, len(begun.record().epochs)) == ("interrupted", 3)
    ended = finished(Trainer().begin(run, data, checkpoint=state))
    assert (ended.status, len(ended.epochs)) == ("ok", 5)
    np.testing.assert_allclose(figures(ended), figures(whole), rtol=1e-6)
    assert ended.wall_seconds >= state.wall_seconds
    assert (whole.sittings, ended.sittings) == (1, 2)


@in_a_plain_graph
def test_a_run_that_has_ended_cannot_be_interrupted():
    ((run, request),) = planned(**SMALL)
    training = Trainer().begin(run, datasets.load(request))
    for _ in training:
        if training.ended:
            training.interrupt()
    assert (training.record().status, len(training.record().epochs)) == ("ok", 5)


def test_before_its_first_row_a_run_has_no_state():
    ((run, request),) = planned(**SMALL)
    with pytest.raises(RuntimeError, match="once its first row is known"):
        Trainer().begin(run, datasets.load(request)).checkpoint()


@pytest.mark.slow
def test_the_learning_rate_of_a_row_is_the_one_that_was_asked_for():
    record = trained(**SMALL, learning_rate=0.1)
    assert {row.learning_rate for row in record.epochs} == {0.1}


# What a run was planned with


@in_a_plain_graph
@pytest.mark.parametrize("what", ["activation", "model", "optimizer"])
def test_code_that_is_not_what_was_planned_is_refused(what):
    ((run, request),) = planned(**SMALL)
    planned_with = getattr(run, what)
    other = replace(run, **{what: replace(planned_with, definition=planned_with.definition + "#older")})
    with pytest.raises(UserError, match=f"^The {what} '.*' changed after its runs were planned. Give the same command"):
        finished(Trainer().begin(other, datasets.load(request)))


@in_a_plain_graph
def test_data_that_is_not_what_was_planned_is_refused():
    ((run, request),) = planned(**SMALL)
    other = replace(run, dataset_sha256="0" * 64)
    with pytest.raises(UserError, match=r"^The data 'small\.npz' changed after its runs were planned"):
        finished(Trainer().begin(other, datasets.load(request)))


# Clocks


@in_a_plain_graph
def test_the_clocks_only_go_forward_and_add_up():
    record = trained(**SMALL | {"epochs": 5}, validation_split=0.2)
    for name in ("train_seconds", "eval_seconds"):
        clock = [getattr(row, name) for row in record.epochs]
        assert all(one < two for one, two in zip(clock, clock[1:], strict=False)), name
    last = record.epochs[-1]
    assert record.compile_seconds > 0
    assert record.wall_seconds >= record.compile_seconds + last.train_seconds + last.eval_seconds
    assert record.peak_memory_mib > 1


@in_a_plain_graph
def test_the_record_says_where_it_comes_from():
    record = trained(**SMALL)
    assert (record.train_size, record.test_size, record.jobs) == (60, 30, 1)
    labels = np.load(SMALL["data"])["y_train"]
    assert record.chance == np.bincount(labels).max() / 60
    assert record.device_name
    assert record.started_at.startswith("20")
    versions = dataclasses.asdict(record.versions)
    assert [name for name, version in versions.items() if not version] == []
    assert set(versions) >= {"keras_version", "backend_version"}
