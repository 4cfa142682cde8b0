"""The articles' networks: their parameters and layers as published, their limits, and a person's own network."""

import re
from pathlib import Path

import numpy as np
import pytest

from actbench.activations import resolve as resolve_activation
from actbench.errors import UserError
from actbench.models import MODELS, Shape, check, resolve


class Sites:
    """A factory of sites that remembers what it made."""

    def __init__(self, activation="relu"):
        self.activation = resolve_activation(activation)
        self.made = []

    def __call__(self):
        from actbench.training.site import Site

        self.made.append(Site(self.activation, len(self.made)))
        return self.made[-1]


def built(spelling, input_shape, classes=10, activation="relu"):
    sites = Sites(activation)
    return resolve(spelling).build(sites, Shape(input_shape), classes), sites.made


def words(model):
    """The network's layers without its input, as one could read them aloud."""
    return [word(layer) for layer in model.layers[1:]]


def word(layer):
    name = type(layer).__name__
    if name == "Dense":
        return f"Dense{layer.units}"
    if name == "Conv2D":
        return f"Conv{layer.filters} {layer.kernel_size[0]}x{layer.kernel_size[1]} {layer.padding}"
    return {"MaxPooling2D": "MaxPool", "GlobalAveragePooling2D": "GlobalAverage"}.get(name, name)


CONV6 = "Conv32 3x3 same"


@pytest.mark.parametrize(
    ("spelling", "input_shape", "classes", "parameters", "layers"),
    [
        (
            "cnn",
            (32, 32, 3),
            10,
            (27 + 1) * 32 + (288 + 1) * 64 + (6 * 6 * 64 + 1) * 10,
            "Conv32 3x3 valid|Site|MaxPool|Conv64 3x3 valid|Site|MaxPool|Flatten|Dense10",
        ),
        ("cnn", (28, 28, 1), 10, 320 + 18_496 + (5 * 5 * 64 + 1) * 10, None),
        (
            "mlp(100, 50)",
            (28, 28, 1),
            10,
            785 * 100 + 101 * 50 + 51 * 10,
            "Flatten|Dense100|Site|Dense50|Site|Dense10",
        ),
        ("mlp(3)", (30,), 2, 31 * 3 + 4 * 2, "Dense3|Site|Dense2"),
        ("mlp(4, 4, 4)", (8, 8, 1), 3, 65 * 4 + 2 * 5 * 4 + 5 * 3, None),
        (
            "mlp_single_site",
            (28, 28, 1),
            10,
            785 * 200 + 201 * 200 + 201 * 10,
            "Flatten|Dense200|Site|Dense200|Dense10",
        ),
        ("mlp_single_site(width=5)", (30,), 2, 31 * 5 + 6 * 5 + 6 * 2, "Dense5|Site|Dense5|Dense2"),
        (
            "cnn6",
            (32, 32, 3),
            10,
            (27 + 1) * 32 + 5 * (288 + 1) * 32 + 33 * 10,
            "|".join([*[CONV6, "Site"] * 2, "MaxPool", *[CONV6, "Site"] * 2, "MaxPool", *[CONV6, "Site"] * 2])
            + "|GlobalAverage|Dense10",
        ),
        (
            "cnn6_batch_norm",
            (28, 28, 1),
            10,
            (9 + 1) * 32 + 5 * (288 + 1) * 32 + 33 * 10 + 6 * 4 * 32,
            "|".join(["MaxPool", *[CONV6, "BatchNormalization", "Site"] * 2] * 3).removeprefix("MaxPool|")
            + "|GlobalAverage|Dense10",
        ),
    ],
)
def test_parameters_and_layers_are_the_published_ones(spelling, input_shape, classes, parameters, layers):
    model, sites = built(spelling, input_shape, classes)
    assert model.count_params() == parameters
    assert tuple(model.output_shape) == (None, classes)
    assert len(sites) == len({id(site) for site in sites}) == words(model).count("Site")
    if layers:
        assert "|".join(words(model)) == layers


@pytest.mark.parametrize(
    ("spelling", "input_shape", "trained", "sites"),
    [
        # 2c2d and 3c3d as in the table of BackPACK (Dangel, Kunstner & Hennig 2020), resnet20: 0.27 M in He et al.
        ("2c2d", (28, 28, 1), 3_274_634, 3),
        ("3c3d", (32, 32, 3), 895_210, 5),
        ("resnet20", (32, 32, 3), 269_722, 19),
        ("conv_mnist", (28, 28, 1), 260 + 5_020 + 7_240 + 410, 3),
        ("mlp(100, 50, normalization='batch')", (784,), 84_060 + 2 * 150, 2),
        ("mlp(100, 50, normalization='layer', dropout=0.1)", (784,), 84_060 + 2 * 150, 2),
    ],
)
def test_what_is_trained_is_as_much_as_in_the_papers(spelling, input_shape, trained, sites):
    model, made = built(spelling, input_shape)
    assert sum(int(np.prod(weight.shape)) for weight in model.trainable_weights) == trained
    assert len(made) == sites


def test_the_page_says_how_large_they_are():
    page = (Path(__file__).parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+)×(\d+)×(\d+) \| (\d+) \| ([\d,]+) \|", page, re.MULTILINE)
    assert len(rows) == 4
    for name, *sides, classes, trained in rows:
        model, _ = built(name, tuple(map(int, sides)), int(classes))
        assert f"{sum(int(np.prod(weight.shape)) for weight in model.trainable_weights):,}" == trained
        if name == "resnet20":
            assert f"says {model.count_params():,}, of which {trained} are trained: the other 1,376" in page
            assert model.count_params() - int(trained.replace(",", "")) == 1376 == 2 * 688


def test_a_shortcut_is_every_second_pixel_between_channels_of_zeros():
    import keras

    from actbench.models.convolutional import _shortcut

    inputs = keras.Input((6, 4, 2))
    x = np.random.RandomState(0).normal(size=(3, 6, 4, 2)).astype(np.float32)
    found = np.asarray(keras.Model(inputs, _shortcut(inputs, 6, 2))(x))
    np.testing.assert_array_equal(found, np.pad(x[:, ::2, ::2], ((0, 0), (0, 0), (0, 0), (2, 2))))


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_looks_at_the_pixels_of_its_shortcut(stride):
    import keras

    from actbench.models.convolutional import _normalized

    inputs = keras.Input((6, 4, 2))
    network = keras.Model(inputs, _normalized(inputs, 2, stride))
    (convolution,) = (layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    kernel = np.zeros((3, 3, 2, 2), np.float32)
    kernel[1, 1] = np.eye(2)
    convolution.kernel.assign(kernel)
    x = np.random.RandomState(0).normal(size=(3, 6, 4, 2)).astype(np.float32)
    np.testing.assert_allclose(network(x), x[:, ::stride, ::stride] / np.sqrt(1.001), rtol=1e-6)


def test_the_counts_that_the_articles_print():
    assert built("cnn", (32, 32, 3))[0].count_params() == 42_442
    assert built("mlp(100, 50)", (784,))[0].count_params() == 84_060


@pytest.mark.parametrize(
    ("spelling", "sites"),
    [("cnn", 2), ("cnn6", 6), ("cnn6_batch_norm", 6), ("mlp(9, 8, 7)", 3), ("mlp_single_site", 1)],
)
def test_every_site_has_weights_of_its_own(spelling, sites):
    _, made = built(spelling, (12, 12, 1), activation="prelu")
    weights = [weight for site in made for weight in site.weights]
    assert len(made) == len(weights) == len({id(weight) for weight in weights}) == sites


ENDING = ["cnn", "cnn6", "cnn6_batch_norm", "mlp(5)", "mlp(5, normalization='batch')", "mlp_single_site", "resnet20"]


@pytest.mark.parametrize("spelling", ENDING)
def test_a_network_ends_in_logits(spelling):
    import keras

    model, _ = built(spelling, (12, 12, 1))
    assert model.layers[-1].activation is keras.activations.linear
    kernels = [layer for layer in model.layers if hasattr(layer, "kernel")]
    assert all(layer.activation is keras.activations.linear for layer in kernels)
    assert all(layer.use_bias for layer in kernels) != (spelling == "resnet20")  # whose normalizations have them


@pytest.mark.parametrize(
    ("spelling", "shape", "given"),
    [
        ("cnn", (8, 8, 1), "8×8 images"),
        ("cnn", (9, 32, 1), "9×32 images"),
        ("cnn", (32, 9, 1), "32×9 images"),
        ("cnn", (30,), "flat features"),
        ("cnn6", (3, 3, 1), "3×3 images"),
        ("cnn6", (30,), "flat features"),
    ],
)
def test_inputs_too_small_for_a_network_are_refused_with_another_one(spelling, shape, given):
    with pytest.raises(
        UserError, match=rf"The model '{spelling}' needs images of at least .* has {given}\. Use another"
    ):
        check(spelling, Shape(shape))


@pytest.mark.parametrize(("spelling", "side"), [("cnn", 10), ("cnn6", 4), ("cnn6_batch_norm", 4)])
def test_the_smallest_images_that_are_let_through_do_go_through(spelling, side):
    check(spelling, Shape((side, side, 1)))
    model, _ = built(spelling, (side, side, 1), 2)
    assert all(size > 0 for layer in model.layers[1:] for size in layer.output.shape[1:])


@pytest.mark.parametrize("spelling", ["mlp(5)", "mlp_single_site"])
def test_dense_networks_take_anything(spelling):
    for shape in ((3,), (2, 2, 1)):
        check(spelling, Shape(shape))
        assert tuple(built(spelling, shape, 2)[0].output_shape) == (None, 2)


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ("mlp", "The model 'mlp' needs at least one value: a whole number >= 1"),
        ("mlp(0)", "The model 'mlp' got widths=0; allowed is a whole number >= 1"),
        ("mlp(10.5)", "The model 'mlp' got widths=10.5"),
        ("cnn(3)", "The model 'cnn' takes no parameters, but 1 were given"),
        ("cnm", "Unknown model 'cnm'. Did you mean 'cnn'?"),
    ],
)
def test_a_wrong_spelling_is_refused_in_words(spelling, message):
    with pytest.raises(UserError) as refused:
        resolve(spelling)
    assert message in str(refused.value)


def test_canonical_spellings():
    assert resolve("mlp( 100 ,50)").choice.spelling == "mlp(100, 50)"
    assert resolve("mlp_single_site(200)").choice.spelling == "mlp_single_site"
    assert resolve("mlp_single_site(200)").choice.definition == "mlp_single_site(width=200)"


OWN = """
import keras

def build(site, input_shape, classes, width=4):
    inputs = keras.Input(input_shape)
    x = site()(keras.layers.Dense(width)(keras.layers.Flatten()(inputs)))
    return keras.Model(inputs, keras.layers.Dense(classes)(x))
"""


def test_a_network_of_ones_own(own_folder):
    (own_folder / "net.py").write_text(OWN)
    model, sites = built("net.py:build(width=6)", (5, 5, 1), 3)
    assert model.count_params() == 26 * 6 + 7 * 3
    assert len(sites) == 1
    before = resolve("net.py:build").choice
    (own_folder / "net.py").write_text(OWN.replace("width=4", "width=5"))
    assert resolve("net.py:build").choice.definition != before.definition


def test_a_network_of_ones_own_that_takes_other_arguments_is_refused(own_folder):
    (own_folder / "net.py").write_text("def build(site, input_shape): pass\n")
    with pytest.raises(UserError, match=r"The model 'net\.py:build' cannot be called like that: .* Its signature is"):
        resolve("net.py:build")


def test_every_model_takes_what_it_says_it_takes():
    for entry in MODELS:
        if entry.reads:
            continue  # see test_sequences.py
        spelling = f"{entry.name}(4)" if any(p.variadic for p in entry.parameters) else entry.name
        side = max(entry.smallest_side, 2)
        assert tuple(built(spelling, (side, side, 3), 3)[0].output_shape) == (None, 3)
