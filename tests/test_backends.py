"""Backends are found by name, known nowhere else, and settled once a process."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import actbench
from actbench.errors import UserError
from actbench.training import backends

ROOT = Path(actbench.__file__).parent
WORDS = {"training/backends/tensorflow": r"tensorflow|^tf(_|$)"}
"""A line for each library: the module or package that is its home, where it may be named in any way, and its words."""
WRAPPED = {
    # Providers name the packages that they wrap.
    "providers.py": {"tensorflow_addons", "tensorflow_addons.activations", "spocu.spocu_tensorflow"},
    "datasets/own/elsewhere.py": {"tensorflow_datasets"},  # a collection of data, as others are
}
DECLARED = {
    "results/": {"tensorflow", "tensorflow_version"},  # the neutral value, and a column of stored tables
}


def namings(tree, pattern):
    """Every place of the code where a library is named: imports, names, and texts other than prose about the code.

    To bind the library to another name takes an import, or its own name in a text (``lazy("tensorflow")``).
    """
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        words = []
        match node:
            case ast.Import(names=names):
                words = [part for alias in names for part in (alias.name, alias.asname or "")]
            case ast.ImportFrom(module=module, names=names):
                words = [module or "", *(part for alias in names for part in (alias.name, alias.asname or ""))]
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                words = [name]
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                words = [name]
            case ast.Constant(value=str(text)) if id(node) not in prose:
                words = [text]
        # Where files are fetched from says nothing of what computes.
        yield from (word for word in words if re.search(pattern, word, re.IGNORECASE) and "://" not in word)


def allowed(path):
    exact = [words for place, words in (WRAPPED | DECLARED).items() if path.startswith(place)]
    return set().union(*exact)


def found(home):
    """The words for a library in every module outside its home."""
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if not place.startswith((f"{home}/", f"{home}.py")):
            yield place, set(namings(ast.parse(path.read_text(encoding="utf-8")), WORDS[home]))


def test_every_backend_has_its_words():
    homes = {f"training/backends/{name}" for name in backends.names()}
    assert homes == WORDS.keys(), "a new backend has a line in WORDS"


@pytest.mark.parametrize("home", WORDS)
def test_a_library_is_named_nowhere_but_in_its_own_home(home):
    # A sentence for people may speak of TensorFlow Addons; one that computes is no sentence.
    strays = {place: {w for w in words - allowed(place) if " " not in w} for place, words in found(home)}
    assert {place: words for place, words in strays.items() if words} == {}
    sentences = {place for place, words in found(home) if any(" " in word for word in words)}
    assert sentences <= {"providers.py"}


@pytest.mark.slow
def test_every_exception_to_that_is_needed():
    seen = [(place, words) for home in WORDS for place, words in found(home)]
    for place, words in (WRAPPED | DECLARED).items():
        assert words <= set().union(*(w for p, w in seen if p.startswith(place))), place


@pytest.mark.parametrize(
    "code",
    [
        "import tensorflow",
        "import tensorflow.keras as k",
        "from tensorflow import cast as c",
        "from actbench.training.backends.tensorflow import BACKEND",
        "from actbench.training.backends import tensorflow as t",
        "x = lazy('tensorflow')",
        "x = load('tensorflow.nn').relu",
        "importlib.import_module('tensorflow')",
        "os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'",
        "f(tf=1)",
        "def f(tf): ...",
        "backends.tensorflow.BACKEND",
        "tf.constant(0)",
    ],
)
def test_the_check_sees_it_under_every_alias(code):
    assert list(namings(ast.parse(code), WORDS["training/backends/tensorflow"]))


def test_the_check_reads_no_prose():
    code = '"""TensorFlow does it."""\nx = 1\n"""As tensorflow does."""\n'
    assert list(namings(ast.parse(code), WORDS["training/backends/tensorflow"])) == []


# Looking backends up


@pytest.mark.parametrize("name", backends.names())
def test_a_backend_is_found_by_its_name_and_keeps_the_protocol(name):
    backend = backends.get(name)
    wanted = {member for member in vars(backends.Backend) if not member.startswith("_")} | {"name"}
    assert {member for member in wanted if not hasattr(type(backend), member)} == set()
    assert backend.name == name


def test_an_unknown_backend_is_refused_with_a_suggestion():
    with pytest.raises(UserError, match=r"no backend 'tensorflo'\. Did you mean 'tensorflow'\? Known: .*tensorflow"):
        backends.get("tensorflo")


def in_a_process(code, **variables):
    """What code in a process of its own prints as JSON on its last line, and the process."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith(("TF_", "KERAS_B"))} | variables,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done


LOADED = "json.dumps(sorted({name.split('.')[0] for name in sys.modules} & {'keras', 'tensorflow'}))"


def test_name_version_and_variables_of_a_backend_import_no_library():
    code = f"""
import json, sys
from actbench.training import backends
backend = backends.get("tensorflow")
assert backend.version
assert backend.environment(2)["TF_NUM_INTRAOP_THREADS"] == "2"
assert backend.environment()["KERAS_BACKEND"] == "tensorflow"
assert backend.device_kind("cpu") == "cpu"
print({LOADED})
"""
    assert in_a_process(code)[0] == []


@pytest.mark.parametrize(
    "first",
    [
        "from actbench.activations import resolve; resolve('own.py:act')",
        pytest.param("import actbench.training.site", marks=pytest.mark.slow),
        pytest.param("from actbench.activations import resolve; resolve('spocu:SPOCU')", marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_whoever_imports_keras_first_gets_the_right_backend_and_no_noise(own_folder, first):
    (own_folder / "own.py").write_text("import keras\n\ndef act(x):\n    return keras.ops.tanh(x)\n", encoding="utf-8")
    code = f"{first}\nimport json, keras\nprint(json.dumps(keras.backend.backend()))"
    backend, done = in_a_process(code, KERAS_BACKEND="jax")
    assert backend == "tensorflow"
    assert done.stderr == ""


def test_a_process_settles_for_one_backend(monkeypatch):
    monkeypatch.setattr(backends, "get", lambda name: name)
    assert backends.settle("tensorflow") == "tensorflow"
    with pytest.raises(RuntimeError, match="This process computes with tensorflow; abacus needs one of its own"):
        backends.settle("abacus")
    assert backends.settle("tensorflow") == "tensorflow"


# What the protocol promises


def test_values_and_slopes_are_those_of_the_function():
    x = np.linspace(-2, 2, 9)
    values, slopes = backends.current().values_and_slopes(lambda t: t**3, x, "float64")
    np.testing.assert_allclose(values, x**3, rtol=1e-14)
    np.testing.assert_allclose(slopes, 3 * x**2, rtol=1e-14)


def test_the_slope_of_what_does_not_depend_on_its_input_is_0():
    from keras import ops

    x = np.ones((2, 3))
    values, slopes = backends.current().values_and_slopes(lambda t: ops.stop_gradient(t)[:, 0], x, "float32")
    assert values.tolist() == [1, 1]
    assert slopes.tolist() == np.zeros((2, 3)).tolist()
    assert (values.dtype, slopes.dtype) == ("float64", "float64")
