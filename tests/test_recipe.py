"""What training takes besides the optimizer: penalties, smoothed targets, clipped gradients, changed images."""

import numpy as np
import pytest
from conftest import bytes_images, mostly_slow, planned, trained

from actbench import datasets
from actbench.errors import UserError
from actbench.training import augmentation
from actbench.training.backends.tensorflow import program
from actbench.training.build import build, build_optimizer
from actbench.training.run import Trainer

FIELDS = {
    "data": "data.npz",
    "model": "mlp(8)",
    "epochs": 2,
    "batch_size": 10,
    "optimizer": "sgd",
    "learning_rate": 0.1,
}


@pytest.fixture(autouse=True)
def here(npz, monkeypatch):
    monkeypatch.chdir(npz().parent)
    np.savez("images.npz", **bytes_images(side=12, channels=3))


def network(**fields):
    ((run, request),) = planned(**FIELDS | fields)
    data = datasets.load(request)
    model, stream = build(run, data)
    return run, data, model, stream


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def by_hand(fields, *, smoothing=0.0, l2=0.0, clip=None, steps=2):
    """Gradient descent on a network of one matrix, in NumPy's float64. Returns its matrix and bias."""
    _, data, model, stream = network(**fields)
    kernel, bias = (np.asarray(w, np.float64) for w in model.trainable_weights)
    order = stream.permutation(len(data.x_train))
    for number in range(steps):
        batch = order[number * 10 : number * 10 + 10]
        x, y = data.x_train[batch].astype(np.float64), data.y_train[batch]
        targets = (1 - smoothing) * np.eye(3)[y] + smoothing / 3
        error = (softmax(x @ kernel + bias) - targets) / 10
        slopes = [x.T @ error + 2 * l2 * kernel, error.sum(axis=0)]
        norm = np.sqrt(sum((slope**2).sum() for slope in slopes))
        scale = min(1.0, clip / norm) if clip else 1.0
        kernel, bias = kernel - 0.1 * scale * slopes[0], bias - 0.1 * scale * slopes[1]
    return kernel, bias


SINGLE = '''
import keras

def single(site, input_shape, classes):
    """One matrix; its site is an identity's place."""
    inputs = keras.Input(input_shape)
    return keras.Model(inputs, site()(keras.layers.Dense(classes)(inputs)))
'''


@pytest.mark.parametrize(
    ("asked", "oracle"),
    mostly_slow(
        [
            ({"label_smoothing": 0.1, "l2": 0.01, "clip_norm": 0.2}, {"smoothing": 0.1, "l2": 0.01, "clip": 0.2}),
            ({}, {}),
            ({"label_smoothing": 0.3}, {"smoothing": 0.3}),
            ({"l2": 0.5}, {"l2": 0.5}),
            ({"clip_norm": 0.05}, {"clip": 0.05}),
        ]
    ),
)
def test_a_step_is_what_the_formulas_say(asked, oracle):
    from pathlib import Path

    Path("own.py").write_text(SINGLE, encoding="utf-8")
    fields = {"model": "own.py:single", "activation": "linear", "epochs": 1, "limit": 20} | asked
    run, data, model, stream = network(**fields)
    trainer = Trainer()
    program, _ = trainer.programs.take(run, data, model)
    program.train_epoch(stream.permutation(len(data.x_train)))
    kernel, bias = by_hand(fields, **oracle)
    found = [variable.numpy() for variable in model.trainable_variables]
    np.testing.assert_allclose(found[0], kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found[1], bias, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_evaluations_know_nothing_of_smoothing_and_penalties():
    plain = trained(**FIELDS | {"epochs": 1})
    asked = trained(**FIELDS | {"epochs": 1}, label_smoothing=0.5, l2=10.0)
    assert asked.epochs[0].test_loss == plain.epochs[0].test_loss
    assert asked.epochs[0].train_loss == plain.epochs[0].train_loss
    assert asked.epochs[1].train_loss > plain.epochs[1].train_loss


def test_what_activations_learn_is_not_penalized():
    run, data, model, _ = network(activation="prelu", l2=0.5)
    program, _ = Trainer().programs.take(run, data, model)
    names = {id(variable) for site in model.layers if hasattr(site, "activation") for variable in site.weights}
    assert program._kernels
    assert not [kernel for kernel in program._kernels if id(kernel) in names and len(kernel.shape) < 2]


# Augmentation


def images(n=6, height=5, width=7, channels=2):
    return np.random.RandomState(0).normal(size=(n, height, width, channels)).astype(np.float32)


def test_flip_turns_the_images_whose_number_is_below_a_half():
    x = images()
    found = np.asarray(augmentation.chain("flip")(x, np.asarray([[0.0, 0.49, 0.5, 0.99, 0.3, 0.7]], np.float32)))
    for number, turned in enumerate([True, True, False, False, True, False]):
        np.testing.assert_array_equal(found[number], x[number, :, ::-1] if turned else x[number])


def test_shift_is_padding_and_cropping():
    x, pixels = images(), 2
    draws = np.random.RandomState(1).uniform(size=(2, 6)).astype(np.float32)
    found = np.asarray(augmentation.chain("shift(2)")(x, draws))
    padded = np.pad(x, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)))
    for number in range(6):
        top, left = (int(draw * (2 * pixels + 1)) for draw in draws[:, number])
        np.testing.assert_array_equal(found[number], padded[number, top : top + 5, left : left + 7])


def test_every_augmentation_keeps_the_shape_and_takes_the_numbers_that_it_says():
    chain = augmentation.chain(",".join(augmentation.AUGMENTATIONS.names))
    assert chain.draws == sum(entry.draws for entry in augmentation.AUGMENTATIONS)
    assert chain(images(), np.full((chain.draws, 6), 0.9, np.float32)).shape == (6, 5, 7, 2)


AUGMENTED = {"data": "images.npz", "model": "cnn", "augment": "flip,shift(2)", "epochs": 2}


def figures(record):
    return [(row.train_loss, row.test_loss) for row in record.epochs]


def test_images_are_changed_in_training_alone_and_by_the_seed():
    plain, changed, again = (trained(**FIELDS | AUGMENTED | more) for more in ({"augment": "none"}, {}, {}))
    other = trained(**FIELDS | AUGMENTED | {"seed": 1})
    assert figures(changed) == figures(again)
    assert figures(changed)[0] == figures(plain)[0]
    assert figures(changed)[1] != figures(plain)[1]
    assert figures(changed) != figures(other)


def test_images_are_changed_alike_whatever_compiles(monkeypatch):
    """Where XLA cannot compile an arm's activation, the plain graph takes over; pairs are to stay pairs."""
    fields = FIELDS | AUGMENTED | {"model": "mlp(8)", "learning_rate": 0.01}
    found = []
    for compiler in ("xla", "graph"):
        monkeypatch.setattr(program, "choose_compiler", lambda *_, use=compiler, **__: use)
        record = trained(**fields)
        assert record.compiler == compiler
        found.append(figures(record))
    np.testing.assert_allclose(*found, rtol=1e-4)


@pytest.mark.slow
def test_a_program_shared_by_seeds_changes_images_by_each_seed():
    trainer = Trainer()
    shared = [figures(trained(trainer, **FIELDS | AUGMENTED | {"seed": seed})) for seed in (0, 1)]
    assert len(trainer.programs.kept) == 1
    assert shared == [figures(trained(**FIELDS | AUGMENTED | {"seed": seed})) for seed in (0, 1)]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"augment": "flip", "data": "data.npz", "model": "mlp(8)"}, "has none"),
        ({"augment": "flop"}, "flip"),
        ({"augment": "flip,flip"}, "twice"),
        ({"augment": "shift(0)"}, "pixels"),
        ({"augment": "shift(12)"}, "can move an image out of sight: it has 12×12 pixels"),
        ({"label_smoothing": 1.0}, "--label-smoothing"),
        ({"l2": -1.0}, "--l2"),
        ({"clip_norm": 0.0}, "--clip-norm"),
    ],
)
def test_what_makes_no_recipe_is_refused(asked, words):
    with pytest.raises(UserError, match=words):
        planned(**FIELDS | {"data": "images.npz", "model": "cnn"} | asked)


def test_an_optimizer_is_given_what_all_optimizers_take():
    run, _, model, _ = network(clip_norm=0.5, weight_decay=0.25)
    optimizer = build_optimizer(run, model, 1)
    assert (optimizer.global_clipnorm, optimizer.weight_decay) == (0.5, 0.25)
