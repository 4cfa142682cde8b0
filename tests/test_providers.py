"""Activations from elsewhere: found, checked, versioned, and the same functions as ours where they should be."""

from __future__ import annotations

import builtins
import importlib.metadata
import sys

import numpy as np
import pytest
from conftest import program

from actbench.activations import CATALOGUE, resolve
from actbench.errors import UserError
from actbench.training.curves import curve

keras = pytest.importorskip("keras")

from actbench.training.site import Site  # noqa: E402 - imports Keras

# Away from every kink, where libraries may choose either side's slope.
X = np.concatenate([np.linspace(-9, 9, 91) + 0.013, [0.05, -0.05]])

# Ours against theirs. Keras has no defaults for threshold's parameters, and other ones for leaky_relu and prelu.
NAMES = (
    *("relu", "relu6", "elu", "selu", "celu", "silu", "hard_silu", "gelu", "mish", "sigmoid", "hard_sigmoid"),
    *("log_sigmoid", "sparse_sigmoid", "tanh", "hard_tanh", "tanh_shrink", "soft_shrink", "hard_shrink", "softplus"),
    *("softsign", "squareplus", "sparse_plus", "exponential", "linear", "softmax", "log_softmax"),
)
KERAS = {name: name for name in NAMES} | {
    "leaky_relu(0.2)": "leaky_relu",
    "leaky_relu(slope=0.3)": "LeakyReLU",
    "gelu(approximate=True)": "gelu(approximate=True)",
    "hardshrink(-1, 1)": "hard_shrink(threshold=1)",
    "softshrink(-0.2, 0.2)": "soft_shrink(threshold=0.2)",
    "squareplus(b=1)": "squareplus(b=1)",
    "celu(0.5)": "celu(alpha=0.5)",
    "elu(0.5)": "elu(alpha=0.5)",
    "threshold": "threshold(threshold=1, default_value=0)",
    "threshold(0.5, -2)": "threshold(0.5, -2)",
    "prelu(init=0)": "PReLU",
    "softmax": "Softmax",
}


@pytest.mark.parametrize(("ours", "theirs"), KERAS.items())
def test_parity_with_keras(ours, theirs) -> None:
    if ours in ("softmax", "log_softmax"):
        mine, other = (Site(resolve(text), 0, dtype="float64")(X.reshape(31, 3)) for text in (ours, f"keras:{theirs}"))
        assert np.allclose(mine, other, rtol=1e-12, atol=1e-14)
        return
    y, slope = curve(resolve(ours), X)
    expected, their_slope = curve(resolve(f"keras:{theirs}"), X)
    # TensorFlow keeps the constants of these two in float32, whatever it computes in.
    room = 1e-7 if "leaky" in ours or "gelu" in ours else 1e-14
    assert np.allclose(y, expected, rtol=max(room, 1e-12), atol=room)
    assert np.allclose(slope, their_slope, rtol=max(room, 1e-12), atol=max(room, 1e-13))


def test_where_ours_differs_from_keras_on_purpose() -> None:
    """CELU's slope at 0 is 1, where Keras 3.15 adds up those of two clips. PReLU starts at 0.25, as in the paper."""
    assert curve(resolve("celu"), np.zeros(1))[1] == 1
    assert curve(resolve("leaky_relu"), -np.ones(1))[0] == -0.01
    assert np.allclose(curve(resolve("keras:leaky_relu"), -np.ones(1))[0], -0.2)
    assert curve(resolve("prelu"), -np.ones(1))[0] == -0.25
    assert curve(resolve("keras:PReLU"), -np.ones(1))[0] == 0


def test_parity_with_keras_where_keras_is_right() -> None:
    """Up to 3.15, Keras's sparsemax is right only where one input wins (keras-team/keras pull request 23469)."""
    rows = np.array([[5.0, 1.0, 0.0], [-3.0, -9.0, 4.0]])
    ours, theirs = (Site(resolve(text), 0, dtype="float64")(rows).numpy() for text in ("sparsemax", "keras:sparsemax"))
    assert np.array_equal(ours, theirs)


def test_every_function_of_keras_is_in_the_catalogue_or_left_out_for_a_reason() -> None:
    functions = {name for name in vars(keras.activations) if not name.startswith("_")}
    # glu halves its axis, so it cannot stand where another activation stood; the rest are no activations.
    assert {name for name in functions if name not in CATALOGUE} == {"glu", "serialize", "deserialize", "get"}


def test_choice_of_a_keras_function() -> None:
    choice = resolve("keras:leaky_relu(negative_slope=0.1)").choice
    assert (choice.provider, choice.version) == ("keras", keras.__version__)
    assert choice.spelling == "keras:leaky_relu(negative_slope=0.1)"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("keras:silu", "keras:swish"),
        ("keras:hard_silu", "keras:hard_swish"),
        ("keras:AveragePooling2D(3)", "keras:AvgPool2D(pool_size=3)"),
        ("keras:leaky_relu", "keras:leaky_relu(0.2)"),
        ("keras:leaky_relu(0.1)", "keras:leaky_relu(negative_slope=0.1)"),
        ("keras:threshold(1, 0)", "keras:threshold(default_value=0.0, threshold=1.0)"),
        ("spocu:SPOCU", "spocu:SPOCU(3.0937, gamma=4.437)"),
    ],
)
def test_spellings_that_mean_the_same_are_the_same(one, other) -> None:
    first, second = resolve(one).choice, resolve(other).choice
    assert (first.spelling, first.definition) == (second.spelling, second.definition)
    assert resolve(first.spelling).choice == first


def test_a_changed_default_of_the_library_would_be_a_new_experiment() -> None:
    assert resolve("keras:leaky_relu").choice.definition == "keras:leaky_relu(negative_slope=0.2)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("keras:gellu", "There is no 'gellu' in keras.activations and keras.layers. Did you mean 'gelu'?"),
        ("keras:get", "There is no 'get'"),
        ("keras:leaky_relu(alpha=1)", "alpha"),
        ("keras:threshold", "threshold"),
        ("keras:LeakyReLU(negative_slope=-1)", "cannot be made"),
        ("keras:LeakyReLU(slope=1)", "cannot be made"),
        ("spocu:SPOKU", "Did you mean 'SPOCU'"),
        ("spocu:SPOCU(1, 2, 3, 4)", "cannot be called like that"),
        ("spocu:SPOCU(delta=3)", "delta"),
        ("tfa:rrelu", "Take actbench's own: 'rrelu'"),
    ],
)
def test_what_does_not_exist_is_said_at_once(text, message) -> None:
    with pytest.raises(UserError) as raised:
        resolve(text)
    assert message in str(raised.value)


@pytest.mark.parametrize("text", ["keras:glu", "keras:Dense(units=3)", "keras:Flatten", "keras:leaky_relu('steep')"])
def test_what_cannot_stand_at_a_site_is_said_when_it_is_built(text) -> None:
    with pytest.raises(UserError, match=r"must keep the shape|does not work on inputs of shape"):
        Site(resolve(text), 0).build((None, 4, 4, 2))


@pytest.mark.parametrize("text", ["numpy:tanh", "scipy.special:erf"])
def test_numpy_is_refused_when_a_site_is_built(text) -> None:
    """It works on the eager zeros of the check: without this it fails later, inside a compiled program."""
    with pytest.raises(UserError, match=r"returns a NumPy array.* Write it with keras\.ops"):
        Site(resolve(text), 0).build((None, 4))


@pytest.mark.slow
def test_a_library_that_brings_tensorflow_along_stays_quiet(tmp_path) -> None:
    done = program("show", "spocu:SPOCU", cwd=tmp_path, check=0)
    assert done.stderr == ""


def test_keras_layers_are_made_anew_for_every_site() -> None:
    prelu = resolve("keras:PReLU")
    sites = [Site(prelu, 0), Site(prelu, 0)]
    for site in sites:
        site.build((None, 4))
    assert sites[0].trainable_weights[0] is not sites[1].trainable_weights[0]


def test_the_package_spocu_and_ours() -> None:
    theirs = resolve("spocu:SPOCU")
    assert theirs.choice.version == importlib.metadata.version("spocu")
    assert theirs.choice.spelling == "spocu:SPOCU(alpha=3.0937, beta=0.6653, gamma=4.437)"
    for ours, text in [("spocu", "spocu:SPOCU"), ("spocu(2, 0.5, 3)", "spocu:SPOCU(2, 0.5, 3)")]:
        # Theirs clips at its own largest input, whose gradient it then halves: one point more, beyond the others.
        x = np.append(X, 20.0)
        y, slope = curve(resolve(ours), x, precision="float32")
        expected, their_slope = curve(resolve(text), x, precision="float32")
        assert np.allclose(y, expected, rtol=2e-5, atol=2e-5)
        assert np.allclose(slope[:-1], their_slope[:-1], rtol=5e-5, atol=5e-5)


@pytest.fixture
def python_3_11(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 11, 9, "final", 0))


@pytest.mark.usefixtures("python_3_11")
def test_addons_missing(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_addons", None)
    with pytest.raises(UserError, match="install actbench with the extra 'addons', or take actbench's own 'mish'"):
        resolve("tfa:mish")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import keras.src.engine", "No module named 'keras.src.engine'"),
        ("import keras\nkeras.utils.no_longer_there", "has no attribute 'no_longer_there'"),
    ],
)
@pytest.mark.usefixtures("python_3_11")
def test_addons_installed_but_broken(tmp_path, monkeypatch, code, reason) -> None:
    (tmp_path / "tensorflow_addons.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tensorflow_addons", raising=False)
    with pytest.raises(UserError, match=f"cannot be imported beside Keras 3 .*{reason}"):
        resolve("tfa:mish")


def test_addons_on_a_python_they_never_saw(monkeypatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 0, "final", 0))
    with pytest.raises(UserError, match=r"ended with Python 3\.11; this is Python 3\.12"):
        resolve("tfa:mish")


ADDONS = {
    "gelu(approximate=True)": "gelu(approximate=True)",
    "gelu": "gelu(approximate=False)",
    "hardshrink": "hardshrink",
    "hardshrink(-1, 2)": "hardshrink(-1, 2)",
    "lisht": "lisht",
    "mish": "mish",
    "snake": "snake",
    "snake(2)": "snake(2)",
    "softshrink": "softshrink",
    "softshrink(-1, 2)": "softshrink(-1, 2)",
    "sparsemax": "sparsemax",
    "tanhshrink": "tanhshrink",
}


@pytest.mark.parametrize(("ours", "theirs"), ADDONS.items())
def test_parity_with_addons(ours, theirs) -> None:
    if sys.version_info >= (3, 12):
        pytest.skip("TensorFlow Addons ended with Python 3.11")
    pytest.importorskip("tensorflow_addons", reason="the extra 'addons' is not installed")
    resolved = resolve(f"tfa:{theirs}")
    assert resolved.choice.provider == "tfa"
    assert resolved.choice.version
    if ours == "sparsemax":
        mine, other = (Site(activation, 0)(X.reshape(31, 3)) for activation in (resolve(ours), resolved))
        assert np.allclose(mine, other, atol=1e-6)
        return
    (y, slope), (expected, their_slope) = (curve(a, X, precision="float32") for a in (resolve(ours), resolved))
    assert np.allclose(y, expected, rtol=1e-5, atol=2e-6)
    assert np.allclose(slope, their_slope, rtol=1e-5, atol=2e-6)


def test_own_code_of_every_form(tmp_path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import keras\n"
        "def twice(x, factor=2.0):\n    return factor * x\n"
        "class Scaled(keras.layers.Layer):\n"
        "    def __init__(self, start=3.0):\n        super().__init__()\n        self.start = start\n"
        "    def build(self, shape):\n"
        "        self.scale = self.add_weight(initializer=keras.initializers.Constant(self.start), shape=())\n"
        "    def call(self, x):\n        return self.scale * x\n"
        "def factory(start=4.0):\n    return Scaled(start)\n"
        "one_object = Scaled()\n"
    )
    for name, factor in [("twice", 2), ("twice(5)", 5), ("Scaled", 3), ("Scaled(start=6)", 6), ("factory", 4)]:
        resolved = resolve(f"{file}:{name}")
        y, slope = curve(resolved, X)
        assert np.allclose(y, factor * X)
        assert np.allclose(slope, factor)
        assert resolved.choice.provider == "mine.py"  # as it is spelled in its own folder, however it was found
        assert len(resolved.choice.version) == 12
    with pytest.raises(UserError, match="shared between the sites"):
        resolve(f"{file}:one_object")


def test_catalogue_spellings_import_no_keras(monkeypatch) -> None:
    real = builtins.__import__

    def no_keras(name, *arguments, **options):
        assert name.split(".")[0] not in ("keras", "tensorflow"), name
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", no_keras)
    assert resolve("swish(beta=0.5)").choice.provider == "actbench"
