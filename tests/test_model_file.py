"""A network as it is: a saved one, one of Keras's, what a function returns. It trains as it would without actbench."""

import json
import math
import textwrap
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import bytes_images, mostly_slow, planned, trained
from keras import layers

from actbench import activations, datasets
from actbench.errors import UserError
from actbench.models import whole
from actbench.models.inputs import scaled_twice_by
from actbench.models.surgery import with_sites
from actbench.registry import parse
from actbench.studies.expand import expand
from actbench.studies.study import Study
from actbench.training.build import build, build_optimizer
from actbench.training.site import Site, kernels, learned, sites
from actbench.training.trial import try_out

SIDE, CLASSES = 8, 3
OWN = """
import keras
from keras import layers

class Scaled(layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=(shape[-1],), initializer="ones")

    def call(self, x):
        return self.scale * x

class Subclassed(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.flat, self.end = layers.Flatten(), layers.Dense(3)

    def call(self, x):
        return self.end(self.flat(x))

def dense(input_shape, classes, width=6):
    return keras.Sequential([
        keras.Input(input_shape), layers.Flatten(), layers.Dense(width, "relu", name="one"), layers.Dense(classes)
    ])

def fixed():
    return dense((8, 8, 3), 3)

def unbuilt(shape, classes):
    return keras.Sequential([layers.Flatten(), layers.Dense(5, "tanh"), layers.Dense(classes, "softmax")])

def with_sites(site, input_shape, classes):
    return keras.Sequential([layers.Flatten(), layers.Dense(4), site(), layers.Dense(classes)])

def swapped_names(classes, input_shape):
    return dense(input_shape, classes)

def one(input_shape):
    return dense(input_shape, 3)

short = lambda input_shape, classes: dense(input_shape, classes)

def raises(input_shape, classes):
    return 1 / 0

def of_precisions(input_shape, classes, first="mixed_bfloat16"):
    return keras.Sequential([
        keras.Input(input_shape), layers.Flatten(), layers.Dense(6, "relu", dtype=first), layers.ReLU(dtype="float64"),
        layers.Dense(classes, dtype="float32"),
    ])

def nothing(input_shape, classes):
    return None

def subclassed(input_shape, classes):
    return Subclassed()
"""


def sequential():
    return keras.Sequential([
        keras.Input((SIDE, SIDE, 3)),
        layers.Conv2D(4, 3, activation="relu", name="one"),
        layers.BatchNormalization(),
        layers.LeakyReLU(name="two"),
        layers.Flatten(),
        layers.Dense(CLASSES, activation="softmax", kernel_initializer="he_normal"),
    ])  # fmt: skip


def block(inputs):
    x = layers.Conv2D(4, 3, activation="swish", name="wide")(inputs)
    s = layers.Dense(2, activation="relu", name="squeeze")(layers.GlobalAveragePooling2D()(x))
    s = layers.Dense(4, activation="sigmoid", name="excite")(s)
    return layers.Multiply()([x, layers.Reshape((1, 1, 4))(s)])


def functional():
    inputs = keras.Input((SIDE, SIDE, 3))
    return keras.Model(inputs, layers.Dense(CLASSES, "softmax", name="end")(layers.Flatten()(block(inputs))))


def nested():
    inputs = keras.Input((SIDE, SIDE, 3))
    inner = keras.Model(inputs, block(inputs), name="block")
    head = keras.Sequential([layers.Flatten(), layers.Dense(5, activation="elu"), layers.Dense(CLASSES)], name="head")
    outer = keras.Input((SIDE, SIDE, 3))
    return keras.Model(outer, head(inner(outer)))


def standardized():
    """Knows the mean and variance of its data, and has slopes that were learned, in a layer and beside a kernel."""
    scale = layers.Normalization()
    scale.adapt(np.random.default_rng(0).normal(0.4, 0.2, (30, SIDE, SIDE, 3)))
    model = keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), scale, layers.Conv2D(4, 3), layers.PReLU(name="slopes"), layers.Flatten(),
        layers.Dense(5, layers.PReLU(), name="inner"), layers.Dense(CLASSES),
    ])  # fmt: skip
    model(np.zeros((1, SIDE, SIDE, 3)))
    return model


NETWORKS = {
    "sequential": (sequential, 2),
    "functional": (functional, 2),
    "nested": (nested, 3),
    "standardized": (standardized, 2),
}


@pytest.fixture(autouse=True)
def files(own_folder):
    np.savez("images.npz", **bytes_images(120, SIDE, CLASSES, 3))
    Path("own.py").write_text(textwrap.dedent(OWN), encoding="utf-8")


def built(model, **fields):
    ((run, request),) = planned(**{"data": "images.npz", "model": model} | fields)
    return build(run, datasets.load(request))


def weights(model):
    return [np.asarray(weight) for weight in model.weights]


def check_trains_as_without(asked, untouched):
    """Two epochs of the model's own activations, against Keras's ``fit`` with the same weights and batches."""
    record = trained(**asked)
    ((run, request),) = planned(**asked)
    data = datasets.load(request)
    twin, stream = build(run, data)
    untouched.set_weights(twin.get_weights())
    ends = untouched.layers[-1]
    logits = getattr(ends, "activation", keras.activations.linear) is keras.activations.linear
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    untouched.compile(keras.optimizers.SGD(run.learning_rate), loss)
    rows, size = [], run.batch_size
    for _ in range(run.epochs):
        order, seen = stream.permutation(len(data.x_train)), 0.0
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            seen += len(chosen) * float(untouched.train_on_batch(data.x_train[chosen], data.y_train[chosen]))
            untouched.reset_metrics()
        rows.append((seen / len(order), float(untouched.evaluate(data.x_test, data.y_test, verbose=0))))
    ours = [(row.train_loss, row.test_loss) for row in record.epochs[1:]]
    np.testing.assert_allclose(ours, rows, rtol=2e-3)
    assert all(math.isfinite(value) for row in rows for value in row)
    assert record.parameters == untouched.count_params()


@pytest.mark.parametrize("ending", mostly_slow([".keras", ".h5"]))
@pytest.mark.parametrize("name", mostly_slow([*NETWORKS], quick=2))
def test_the_models_own_activations_train_as_without_actbench(name, ending):
    make, count = NETWORKS[name]
    model = make()
    model.save(name + ending)
    asked = {"data": "images.npz", "model": name + ending, "batch_size": 16, "epochs": 2, "optimizer": "sgd"}
    check_trains_as_without(asked | {"activation": "own", "learning_rate": 0.05}, model)
    other, _ = built(name + ending, activation="mish")
    assert len(sites(other)) == count
    assert other.count_params() == model.count_params() - sum(math.prod(weight.shape) for weight in learned(model))


APPLICATIONS = {
    "keras:MobileNetV2": 35,
    "keras:EfficientNetB0": 49,
    "keras:ResNet50V2": 49,
    "keras:DenseNet121": 121,
    "keras:MobileNetV3Small(dropout_rate=0)": 33,
    "keras:VGG16": 15,
}


@pytest.mark.slow
@pytest.mark.parametrize("spelling", APPLICATIONS)
def test_keras_own_networks_train_as_without_actbench(spelling):
    np.savez("images.npz", **bytes_images(16, 32, CLASSES, 3))
    name = parse(spelling)
    make = getattr(keras.applications, name.name)
    untouched = make(weights=None, input_shape=(32, 32, 3), classes=CLASSES, **name.named)
    other, _ = built(spelling, activation="mish", batch_size=8)
    assert len(sites(other)) == APPLICATIONS[spelling]
    assert other.count_params() == untouched.count_params()
    dropouts = [layer for layer in untouched.layers if isinstance(layer, layers.Dropout)]
    if dropouts:  # what two programs leave out differs
        for layer in dropouts:
            layer.rate = 0.0
        untouched.save(spelling := "still.keras")
    asked = {"data": "images.npz", "model": spelling, "batch_size": 8, "epochs": 1, "optimizer": "sgd"}
    check_trains_as_without(asked | {"activation": "own", "learning_rate": 0.001}, untouched)


def test_arms_of_a_seed_begin_with_the_same_weights():
    nested().save("net.keras")
    drawn = {act: weights(built("net.keras", activation=act)[0]) for act in ("own", "relu", "prelu")}
    assert len(drawn["prelu"]) == len(drawn["own"]) + 3
    for ours, theirs in zip(drawn["own"], drawn["relu"], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for kernel in drawn["own"]:
        assert any(kernel.shape == other.shape and np.array_equal(kernel, other) for other in drawn["prelu"])
    other = weights(built("net.keras", activation="relu", seed=1)[0])
    assert not np.allclose(drawn["relu"][0], other[0])


def test_weights_are_drawn_anew_or_kept():
    model = sequential()
    model.save("net.keras")
    kept = weights(built("net.keras", activation="relu", weights="keep")[0])
    for ours, theirs in zip(kept, weights(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.allclose(kept[0], weights(built("net.keras", activation="relu")[0])[0])


def test_an_initializer_that_is_asked_for_draws_in_place_of_the_layers_own():
    own = weights(built("own.py:dense(500)", activation="relu")[0])[0]
    given = weights(built("own.py:dense(500)", activation="relu", initializer="he_normal")[0])[0]
    assert np.abs(own).max() < math.sqrt(6 / (192 + 500)) + 1e-6
    assert given.std() == pytest.approx(math.sqrt(2 / 192), rel=0.05)


def test_the_run_computes_in_its_own_precision_whatever_the_file_was_saved_in():
    nested().save("net.keras")
    network, _ = built("net.keras", activation="mish", precision="float64")
    assert {weight.dtype for weight in network.weights} == {"float64"}
    assert str(network(np.ones((1, SIDE, SIDE, 3))).dtype).endswith("float64'>")
    keras.config.set_dtype_policy("mixed_float16")
    try:
        standardized().save("mixed.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    kept, _ = built("mixed.keras", activation="own", weights="keep")
    assert {layer.compute_dtype for layer in kept._flatten_layers()} == {"float32"}
    x = np.ones((2, SIDE, SIDE, 3))
    np.testing.assert_allclose(kept(x), keras.saving.load_model("mixed.keras")(x), rtol=0.05, atol=0.01)


@pytest.mark.parametrize(
    "model", mostly_slow(["own.py:of_precisions", "own.py:of_precisions(first='float64')", "saved.keras"])
)
def test_a_layer_keeps_no_precision_of_its_own(model):
    """Arms that compute the same differ in nothing, least of all in how exactly."""
    if model == "saved.keras":
        keras.Sequential([
            keras.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(6, "relu", dtype="mixed_bfloat16"),
            layers.Dense(CLASSES, dtype="float32"),
        ]).save(model)  # fmt: skip
    own, relu = (built(model, activation=name)[0] for name in ("own", "relu"))
    for network in (own, relu):
        assert {layer.compute_dtype for layer in network._flatten_layers(include_self=False)} == {"float32"}
    x = np.random.default_rng(0).normal(size=(9, SIDE, SIDE, 3))
    np.testing.assert_array_equal(own(x), relu(x))


def test_what_its_own_activations_learned_is_no_kernel():
    standardized().save("net.keras")
    drawn = {act: weights(built("net.keras", activation=act, initializer="he_normal")[0]) for act in ("own", "relu")}
    kernels = [[weight for weight in found if weight.ndim in {2, 4}] for found in drawn.values()]
    for ours, theirs in zip(*kernels, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    network, _ = built("net.keras", activation="own", initializer="he_normal")
    assert not np.any(network.get_layer("slopes").get_weights()[0])
    asked = {"data": "images.npz", "model": "net.keras", "optimizer": "adamw", "weight_decay": 0.5, "activation": "own"}
    ((run, _),) = planned(**asked)
    optimizer = build_optimizer(run, network, 1)
    optimizer.build(network.trainable_variables)
    decayed = [w.path for w in network.trainable_variables if optimizer._use_weight_decay(w)]
    assert len(decayed) == len(network.trainable_variables) - 2
    assert not [path for path in decayed if "slopes" in path or "p_re_lu" in path]


def test_a_network_that_was_saved_with_its_sites_is_taken_again():
    sequential().save("net.keras")
    model = keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(5, "tanh", name="site_0"), layers.Dense(CLASSES),
    ])  # fmt: skip
    model.save("again.keras")
    network, _ = built("again.keras", activation="relu")
    assert [site.name for site in sites(network)] == ["site_0_"]


def test_what_a_mask_hides_stays_hidden(recwarn):
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Dense(4, "relu", name="one")(layers.Embedding(9, 4, mask_zero=True)(inputs))
    model = keras.Model(inputs, layers.Dense(CLASSES)(layers.LSTM(3)(x)))
    changed = with_sites(model, lambda: Site(activations.resolve("relu"), 0), "relu")
    tokens = np.array([[3, 1, 4, 0, 0, 0], [1, 5, 0, 0, 0, 0]])
    np.testing.assert_allclose(model(tokens), changed(tokens), rtol=1e-5)
    assert not [each for each in recwarn if "mask" in str(each.message)]


@pytest.mark.parametrize("spelling", ["own.py:dense", "own.py:dense(width=9)", "own.py:fixed", "own.py:unbuilt"])
def test_a_function_may_return_a_network_without_sites(spelling):
    network, _ = built(spelling, activation="mish")
    assert len(sites(network)) == 1


@pytest.mark.parametrize("spelling", ["own.py:short", "mypkg:build", "mypkg:dense", "mypkg:sited"])
def test_a_function_may_be_a_lambda_or_imported_from_where_it_is_defined(spelling):
    package = Path("mypkg")
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import dense as build, dense, sited\n", encoding="utf-8")
    (package / "inner.py").write_text("from own import dense, with_sites as sited\n", encoding="utf-8")
    network, _ = built(spelling, activation="mish")
    assert len(sites(network)) == 1


@pytest.mark.parametrize("spelling", ["own.py:swapped_names", "own.py:one", "own.py:dense(depth=2)"])
def test_a_function_that_takes_something_else_is_told_what_it_is_given(spelling):
    with pytest.raises(UserError, match=r"made by a function of nothing, of \(input_shape, classes\), or of \(site, "):
        built(spelling, activation="mish")


def test_what_a_function_is_called_with_is_told_by_its_signature():
    assert len(sites(built("own.py:with_sites", activation="mish")[0])) == 1
    names = ("own.py:with_sites", "own.py:dense")
    drawn = {name: planned(data="images.npz", model=name)[0][0].initializer for name in names}
    assert drawn == {"own.py:with_sites": "glorot_uniform", "own.py:dense": "own"}


def test_the_files_content_is_in_the_key_and_its_path_is_not():
    sequential().save("one.keras")
    Path("two.keras").write_bytes(Path("one.keras").read_bytes())
    functional().save("other.keras")
    keys = [planned(data="images.npz", model=name)[0][0].key for name in ("one.keras", "two.keras", "other.keras")]
    assert keys[0] == keys[1] != keys[2]


def test_layers_of_ones_own_are_named():
    _save_scaled()
    with pytest.raises(UserError, match=r"has a class that Keras does not know, 'Scaled'. If it is your own, name"):
        built("scaled.keras", activation="relu")
    with pytest.raises(UserError, match=r"own.py:Scaled|FILE.py:Scaled\. Subclassed, which --custom-objects names, is"):
        built("scaled.keras", activation="relu", custom_objects="own.py:Subclassed")
    network, _ = built("scaled.keras", activation="relu", custom_objects="own.py:Scaled")
    assert len(sites(network)) == 1


def test_layers_of_ones_own_are_found_by_the_name_that_they_were_registered_under():
    @keras.saving.register_keras_serializable("mine")
    class Twice(layers.Layer):
        def call(self, x):
            return 2 * x

    keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), Twice(), layers.Flatten(), layers.Dense(4, "tanh"), layers.Dense(CLASSES),
    ]).save("twice.keras")  # fmt: skip
    del keras.saving.get_custom_objects()["mine>Twice"]
    code = "from keras import layers\n\nclass Twice(layers.Layer):\n    def call(self, x):\n        return 2 * x\n"
    Path("later.py").write_text(code, encoding="utf-8")
    network, _ = built("twice.keras", activation="relu", custom_objects="later.py:Twice")
    assert len(sites(network)) == 1


def _save_scaled():
    from actbench import custom

    scaled, _ = custom.load_attribute("layer", parse("own.py:Scaled"))
    keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(4, "tanh"), scaled(), layers.Dense(CLASSES),
    ]).save("scaled.keras")  # fmt: skip


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_saved_lambda_needs_trust(ending):
    keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), layers.Lambda(lambda x: 2 * x, output_shape=(SIDE, SIDE, 3)), layers.Flatten(),
        layers.Dense(4, "tanh"), layers.Dense(CLASSES),
    ]).save(f"net{ending}")  # fmt: skip
    with pytest.raises(UserError, match="holds a Lambda, which is code that runs when it is read. Give --allow-code"):
        built(f"net{ending}", activation="relu")
    study = Study(allow_code=True).override({"data": "images.npz", "model": f"net{ending}"})
    ((run, request),) = expand(study, datasets.info, lambda *_: "cpu")
    assert len(sites(build(run, datasets.load(request))[0])) == 1


def ended_by(activation, classes=CLASSES):
    return keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(4, "tanh", name="one"),
        layers.Dense(classes, activation),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": "no.keras"}, r"Cannot read the model 'no.keras': No such file"),
        ({"model": "text.keras"}, r"The model 'text.keras' is damaged, or no file as Keras writes them"),
        ({"model": "text.h5"}, r"The model 'text.h5' is damaged, or no file as Keras writes them"),
        ({"model": "no_network.keras"}, r"Keras cannot read the model 'no_network.keras'"),
        ({"model": "bomb.keras"}, r"would unpack to 73,400,322 bytes, which no network's file of [\d,]+ does"),
        ({"model": "good.keras", "custom_objects": ""}, r"--custom-objects names nothing"),
        (
            {"model": "good.keras", "swap": "hiden"},
            r"no layer with one has such a name. Did you mean 'hidden'\? It has",
        ),
        ({"model": "small.keras"}, r"takes inputs of shape \(None, 5\), but the data's are \(None, 8, 8, 3\)"),
        ({"model": "four.keras"}, r"ends in shape \(None, 4\), but it must end in \(None, 3\): the data has 3 classes"),
        ({"model": "sigmoid.keras"}, r"ends in sigmoid; it must end in logits, or in Keras's softmax over the classes"),
        ({"model": "one_sigmoid.keras"}, r"must end in \(None, 3\): the data has 3 classes\.$"),
        (
            {"model": "one_sigmoid.keras", "data": "two.npz"},
            r"2 classes\. Two classes have an output each here",
        ),
        ({"model": "named.keras"}, r"must have one output, a tensor, and it has these, by name: end\."),
        ({"model": "both.keras"}, r"must have one input, a tensor, and it has 2"),
        ({"model": "good.keras", "swap": "relu"}, r"--swap relu means no activation of the model. It has one \(tanh\)"),
        ({"model": "good.keras", "swap": "x_*"}, r"--swap x_\* means no activation of the model"),
        ({"model": "good.keras(3)"}, r"'good.keras' is a saved model, which takes no parameters"),
        ({"model": "good.keras", "weights": "keep", "initializer": "he_normal"}, r"Leave --initializer out"),
        ({"model": "own.py:dense", "custom_objects": "own.py:Scaled"}, r"--custom-objects names layers of a saved"),
        ({"model": "own.py:nothing"}, r"is to return a keras.Model, but it returned None"),
        ({"model": "own.py:subclassed"}, r"is a subclass of keras.Model, of which nobody knows the way"),
        ({"model": "own.py:with_sites", "activation": "own"}, r"--act own is for a model that came with activations"),
        ({"model": "keras:MobileNetV2"}, r"'keras:MobileNetV2' cannot be built for inputs of shape \(8, 8, 3\): Input"),
        ({"model": "keras:MobileNetV2", "weights": "keep"}, r"--weights keep is for a model that has some"),
        ({"model": "keras:MobileNetV2(weights=None)"}, r"is not given 'weights': that follows from the data"),
        ({"model": "keras:MobileNetV2(alpah=1)"}, r"'keras:MobileNetV2' cannot be called like that"),
        ({"model": "keras:MobilNetV2"}, r"There is no 'MobilNetV2' in keras.applications. Did you mean 'MobileNetV2'"),
        ({"model": "mlp(4)", "activation": "own"}, r"--act own is for a model that came with activations"),
        ({"model": "listed.keras"}, r"has its output in a list. Make it without: keras.Model\(input, output\)"),
        ({"model": "batches.keras"}, r"takes batches of 5 inputs and no others. Make it for any: keras.Input\(shape\)"),
        ({"model": "operations.h5"}, r"calls keras.ops \('Relu'\), which HDF5 files cannot hold.* Save it as .keras"),
        ({"model": "alone.weights.h5"}, r"holds weights alone. Save the model with them: model.save\('my.keras'\)"),
        ({"model": "exported"}, r"'exported' is there, but is no model that Keras saves in one file. Save it as such"),
        ({"model": "unnamed.keras"}, r"has a lambda for an activation, which Keras saves but cannot read"),
        ({"model": "good.keras", "swap": "dense*"}, r"means no activation of the model: .* cannot be swapped\."),
        ({"model": "mlp(4)", "swap": "relu"}, r"--swap is for a model that came with activations"),
        ({"model": "mlp(4)", "initializer": "own"}, r"--initializer own is for a model that came with activations"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(fields, message):
    name = fields["model"].partition("(")[0]
    Path("exported").mkdir(exist_ok=True)
    if name.startswith("text"):
        Path(name).write_text("no model", encoding="utf-8")
    with zipfile.ZipFile("no_network.keras", "w") as archive:
        archive.writestr("config.json", "[]")
    if name == "bomb.keras":
        with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("config.json", "{}" + " " * 70 * 1024**2)
    made = {
        "four": lambda: ended_by(None, 4),
        "sigmoid": lambda: ended_by("sigmoid"),
        "good": lambda: ended_by("softmax"),
        "one_sigmoid": lambda: ended_by("sigmoid", 1),
    }
    inputs = [keras.Input((SIDE, SIDE, 3)), keras.Input((SIDE, SIDE, 3))]
    made["named"] = lambda: keras.Model(inputs[0], {"end": ended_by(None)(inputs[0])})
    made["both"] = lambda: keras.Model(inputs, ended_by(None)(inputs[0] + inputs[1]))
    made["listed"] = lambda: keras.Model(inputs[0], [ended_by(None)(inputs[0])])
    fixed = keras.Input(batch_shape=(5, SIDE, SIDE, 3))
    made["batches"] = lambda: keras.Model(fixed, ended_by(None)(fixed))
    made["unnamed"] = lambda: keras.Sequential([inputs[0], layers.Flatten(), layers.Dense(3, lambda x: x * x)])
    if name == "operations.h5":
        keras.Model(inputs[0], ended_by(None)(keras.ops.relu(inputs[0]))).save(name)
    if name == "alone.weights.h5":
        ended_by(None).save_weights(name)
    np.savez("two.npz", **bytes_images(120, SIDE, 2, 3))
    made["small"] = lambda: keras.Sequential([keras.Input((5,)), layers.Dense(4, "relu"), layers.Dense(CLASSES)])
    if make := made.get(name.removesuffix(".keras")):
        make().save(name)
    with pytest.raises(UserError, match=message):
        built(**{"activation": "relu"} | fields)


def test_a_model_of_a_class_of_ones_own_is_refused_with_what_to_do():
    from actbench import custom

    subclassed, _ = custom.load_attribute("model", parse("own.py:Subclassed"))
    model = subclassed()
    model(np.zeros((1, SIDE, SIDE, 3), "float32"))
    model.save("net.keras")
    with pytest.raises(UserError, match=r"'net.keras' is a subclass of keras.Model"):
        built("net.keras", activation="relu")


def test_a_file_that_is_replaced_while_it_is_read_is_refused(monkeypatch):
    sequential().save("net.keras")

    def replaced(*given):
        network = load(*given)
        functional().save("net.keras")
        return network

    load = whole.load
    monkeypatch.setattr(whole, "load", replaced)
    with pytest.raises(UserError, match=r"'net.keras' was replaced while it was read"):
        built("net.keras", activation="relu")


def test_the_network_is_shown_with_what_becomes_of_each_activation(invoke):
    functional().save("net.keras")
    done = invoke("show", "--model", "net.keras", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    places = {place["path"]: place for row in told["layers"] for place in row["places"]}
    assert (told["parameters"], told["sites"]) == (functional().count_params(), 2)
    assert [(path, place["swapped"], place["reason"]) for path, place in places.items()] == [
        ("wide", True, None), ("squeeze", True, None), ("excite", False, "gate"), ("end", False, "loss"),
    ]  # fmt: skip
    table = invoke("show", "--model", "net.keras", "--swap", "exc*").stdout
    lines = {line.split()[0]: line for line in table.splitlines() if line.strip()}
    assert lines["wide"].endswith("left: not meant by --swap")
    assert lines["excite"].endswith("sigmoid      swapped")
    assert "1 site" in table
    # What `run` refuses is shown all the same, with what to do.
    nothing = invoke("show", "--model", "net.keras", "--swap", "exite")
    assert "--swap exite means no activation of the model: no layer with one has such a name." in nothing.stderr
    assert (nothing.returncode, "0 sites" in nothing.stdout) == (0, True)
    assert invoke("show", "--model", "mlp(5)").stderr == ""
    act, inputs = layers.ReLU(name="act"), keras.Input((4,))
    ends = [layers.Dense(3)(act(layers.Dense(4)(act(layers.Dense(4)(inputs))))) for _ in range(2)]
    keras.Model(inputs, ends).save("two.keras")
    twice = invoke("show", "--model", "two.keras")
    assert (twice.returncode, "4 sites" in twice.stdout, "swapped ×4" in twice.stdout) == (0, True, True)
    assert "warning: The model 'two.keras' must have one output, a tensor, and it has 2." in twice.stderr
    fixed = invoke("show", "--model", "net.keras", "--swap", "end").stderr
    assert "--swap end means no activation of the model: end (softmax) cannot be swapped." in fixed


def scaling(*front):
    return keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), *front, layers.Flatten(), layers.Dense(4, "tanh"), layers.Dense(CLASSES),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("front", "name"),
    [
        ([layers.Rescaling(1 / 255, name="bytes")], "bytes"),
        ([layers.Resizing(SIDE, SIDE), layers.Rescaling(1 / 127.5, offset=-1, name="around")], "around"),
        ([layers.Normalization(mean=[123.7, 116.3, 103.5], variance=[1, 1, 1], name="caffe")], "caffe"),
        ([layers.Normalization(mean=120.0, variance=3000.0, name="raw")], "raw"),
        ([layers.Rescaling(1 / 255, name="first"), layers.Normalization(mean=0.5, variance=0.06)], "first"),
        ([layers.Rescaling(255), layers.Rescaling(1 / 255)], ""),
        ([layers.Rescaling(2, offset=-1)], ""),
        ([layers.Normalization(mean=[0.5, 0.4, 0.4], variance=[0.06, 0.06, 0.07])], ""),
        ([layers.Conv2D(3, 1), layers.Rescaling(1 / 255)], ""),
        ([], ""),
    ],
)
def test_a_layer_that_scales_what_comes_scaled_is_named(front, name):
    assert scaled_twice_by(scaling(*front)) == name
    nested = keras.Sequential([keras.Input((SIDE, SIDE, 3)), scaling(*front), layers.Dense(CLASSES)])
    assert scaled_twice_by(nested) == name


def hardly_meant():
    """A network that scales what comes scaled, and never trains a layer whose weights are drawn."""
    model = scaling(layers.Rescaling(1 / 255, name="bytes"))
    model.layers[2].trainable = False
    model.save("net.keras")


def test_a_trial_tells_what_is_hardly_meant():
    hardly_meant()
    told = {}
    for weights in ("new", "keep"):
        ((run, request),) = planned(data="images.npz", model="net.keras", activation="relu", weights=weights)
        told[weights] = try_out(run, datasets.load(request))[:3]
    assert told == {"new": (True, "bytes", 1), "keep": (True, "bytes", 0)}


@pytest.mark.slow
def test_what_is_hardly_meant_is_said_once(invoke):
    hardly_meant()
    asked = ["run", "--model", "net.keras", "--data", "images.npz", "--act", "own", "--act", "relu", "--epochs", "1"]
    told = " ".join(invoke(*asked).stderr.split())
    assert (
        told.count("net.keras scales its inputs in the layer 'bytes', and they come scaled already: pixels from") == 1
    )
    assert told.count("net.keras: 1 layer with weights drawn anew that are never trained, as the network has") == 1
    kept = " ".join(invoke(*asked, "--weights", "keep").stderr.split())
    assert "scales its inputs" in kept
    assert "never trained" not in kept
    assert "warning: net.keras scales its inputs in the layer 'bytes'" in invoke("show", "--model", "net.keras").stderr


def test_an_embedding_must_know_all_tokens():
    rng = np.random.default_rng(0)
    tokens, targets = rng.integers(0, 50, (120, 6)), rng.integers(0, CLASSES, 120)
    tokens[0, 0] = 49
    arrays = {"x_train": tokens, "y_train": targets, "x_test": tokens[:30], "y_test": targets[:30]}
    np.savez("numbers.npz", **arrays)
    np.savez("tokens.npz", **arrays, tokens=np.array([f"t{number}" for number in range(50)]))
    for rows in (10, 50):
        keras.Sequential([
            keras.Input((6,), dtype="int32"), layers.Embedding(rows, 4, name="vectors"), layers.Flatten(),
            layers.Dense(5, "relu"), layers.Dense(CLASSES),
        ]).save(f"{rows}.keras")  # fmt: skip
    with pytest.raises(UserError, match=r"knows 10 tokens, those of its layer 'vectors', but the data has 50"):
        built("10.keras", data="tokens.npz", activation="relu")
    assert len(sites(built("50.keras", data="tokens.npz", activation="relu")[0])) == 1
    with pytest.raises(UserError, match=r"reads tokens, in its layer 'vectors', but the data has scaled numbers"):
        built("50.keras", data="numbers.npz", activation="relu")


def test_biases_of_whatever_shape_are_no_kernels():
    inputs = keras.Input((6, 4))
    x = layers.MultiHeadAttention(2, 3)(inputs, inputs)
    x = layers.LayerNormalization(axis=[1, 2])(layers.GRU(5, return_sequences=True)(x))
    model = keras.Model(inputs, layers.Dense(CLASSES)(layers.Flatten()(x)))
    names = sorted(weight.path.partition("/")[2] for weight in kernels(model))
    assert len(names) == 4 + 2 + 1
    assert all(name.endswith("kernel") for name in names)


def test_an_initializer_draws_the_biases_of_recurrent_layers_as_such():
    keras.Sequential([
        keras.Input((SIDE, SIDE, 3)), layers.Reshape((SIDE, SIDE * 3)), layers.GRU(5), layers.Dense(6, "relu"),
        layers.Dense(CLASSES),
    ]).save("gru.keras")  # fmt: skip
    biases = {}
    for name in ("he_normal", "fan_in_uniform"):
        model, _ = built("gru.keras", activation="own", initializer=name)
        (biases[name],) = (np.asarray(w) for w in model.weights if w.name == "bias" and w.shape == (2, 15))
    assert not biases["he_normal"].any()
    assert np.abs(biases["fan_in_uniform"]).max() <= 1 / math.sqrt(5)
    assert len(np.unique(biases["fan_in_uniform"])) == 30


def softmax_inside(ends):
    """A network whose last softmax is not its last layer."""
    inputs = keras.Input((SIDE, SIDE, 3))
    x = layers.Dense(4, "tanh")(layers.Flatten()(inputs))
    return keras.Model(inputs, ends(x))


@pytest.mark.parametrize(
    "ends",
    [
        lambda x: layers.Reshape((CLASSES,))(layers.Dense(CLASSES, "softmax")(x)),
        lambda x: layers.Average()([layers.Dense(CLASSES, "softmax")(x), layers.Dense(CLASSES, "softmax")(x)]),
        lambda x: keras.ops.exp(keras.ops.log_softmax(layers.Dense(CLASSES)(x))),
        lambda x: layers.Dropout(0.5)(layers.Dense(CLASSES, "softmax")(x)),
    ],
)
def test_probabilities_that_no_last_softmax_makes_are_refused(ends):
    softmax_inside(ends).save("net.keras")
    ((run, request),) = planned(data="images.npz", model="net.keras", activation="relu", batch_size=16)
    with pytest.raises(UserError, match=r"puts out probabilities, but no softmax is its last layer"):
        try_out(run, datasets.load(request))


def test_a_file_may_have_brackets_in_its_name():
    sequential().save("net (1).keras")
    assert len(sites(built("net (1).keras", activation="relu")[0])) == 2


def test_a_reference_network_is_shown_with_its_sites(invoke):
    told = json.loads(invoke("show", "--model", "mlp(100, 50)", "--json").stdout)
    assert (told["parameters"], told["sites"]) == (12_060, 2)
    assert [row["kind"] for row in told["layers"]] == ["Flatten", "Dense", "Site", "Dense", "Site", "Dense"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show"], "Name activations to show, or one network: --model my.keras."),
        (["show", "relu", "--model", "mlp(5)"], "Name activations to show, or one network"),
        (["show", "own"], "'own' stands for the activations that a network came with"),
        (["show", "--model", "no.keras"], "Cannot read the model 'no.keras': No such file or directory."),
        (["show", "--model", "mlp(5)", "--swap", "relu"], "--swap is for a model that came with activations"),
        (["show", "--model", "transformer"], "needs sequences of tokens, but the data has 8×8 images"),
        (["show", "--model", "3c3d"], "needs images of at least"),
        (["show", "--model", "own.py:raises"], "cannot be built: ZeroDivisionError: division by zero (own.py, line"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_a_sentence(invoke, words, message):
    done = invoke(*words)
    assert done.returncode == 2
    assert message in done.stderr
