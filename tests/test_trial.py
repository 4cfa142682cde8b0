"""A person's own code is tried before a sweep: what does not work is told with its line, and nothing is trained."""

import textwrap

import pytest
from conftest import planned, program

from actbench import datasets
from actbench.errors import UserError
from actbench.training.run import LONGEST, one_line
from actbench.training.trial import try_out

OWN = """
import keras
import helper
from keras import ops

def good(x):
    return ops.tanh(x)

def bad(x):
    return 2 * helper.called(x)

def narrow(x):
    return x[..., :1]

def steps(x):
    return ops.cast(x > 0, "int32")

def cut_off(x):
    return ops.stop_gradient(2 * x)

def hungry(x):
    raise MemoryError("no room")

class InLayer(keras.layers.Layer):
    def call(self, x):
        return x.nothing

def build(site, input_shape, classes):
    inputs = keras.Input(input_shape)
    x = keras.layers.Dense(4)(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(classes)(x))

def broken(site, input_shape, classes):
    return keras.Sequential([site(), keras.layers.Dense(classes, kernel_regularizer=penalty)])

def penalty(weights):
    return 1 / 0
"""
HELPER = """
def called(x):
    raise ValueError("a bug of my own")
"""


@pytest.fixture(autouse=True)
def own(own_folder):
    (own_folder / "own.py").write_text(textwrap.dedent(OWN), encoding="utf-8")
    (own_folder / "helper.py").write_text(textwrap.dedent(HELPER), encoding="utf-8")
    return own_folder


def tried(**asked):
    ((run, request),) = planned(**{"model": "mlp(4)", "limit": 50, "batch_size": 50} | asked)
    try_out(run, datasets.load(request))


@pytest.mark.parametrize("activation", ["own.py:good", "prelu"])
@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
def test_what_works_passes(activation, precision):
    tried(activation=activation, precision=precision)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"activation": "own.py:bad"}, "of shape (4): ValueError: a bug of my own (helper.py, line 3, in called)."),
        ({"activation": "own.py:narrow"}, "turns shape (4) into (1); an activation must keep the shape"),
        ({"activation": "own.py:steps"}, "'own.py:steps' lets no gradient through"),
        ({"activation": "own.py:cut_off"}, "'own.py:cut_off' lets no gradient through"),
        ({"activation": "own.py:InLayer"}, "has no attribute 'nothing'"),
        ({"activation": "own.py:InLayer"}, "(own.py, line 26, in call)."),
        ({"model": "own.py:build"}, "The model 'own.py:build' has no place for an activation"),
        ({"activation": "own.py:hungry"}, "MemoryError: no room (own.py, line 22, in hungry)."),
    ],
)
def test_what_does_not_work_is_told_with_its_line(asked, said):
    with pytest.raises((UserError, MemoryError)) as refused:
        tried(**asked)
    assert said in one_line(refused.value)


def test_a_long_message_is_cut_between_words():
    words = [f"word{number}" for number in range(200)]
    told = one_line(ValueError(" ".join(words)))
    assert len(told) <= LONGEST
    assert set(told.split()) <= {*words, "ValueError:", "…"}
    assert told.endswith("word199")
    assert len(one_line(ValueError("x" * 2000))) <= LONGEST


SMALL = ["--model", "mlp(4)", "--limit", 50, "--batch-size", 50, "--epochs", 1, "--device", "cpu", "--seeds", 2]


def test_nothing_is_trained_where_something_does_not_work(own):
    acts = ["--act", "relu", "--act", "own.py:good", "--act", "own.py:bad"]
    done = program("run", *acts, *SMALL, "--jobs", 2, "--debug", cwd=own, check=2)
    assert "'own.py:bad' was tried with a few inputs, and does not work, so that nothing is trained:" in done.stderr
    assert "a bug of my own (helper.py, line 3, in called)." in done.stderr
    # The traceback of the process that tried it.
    assert 'helper.py", line 3, in called' in done.stderr
    assert 'raise ValueError("a bug of my own")' in done.stderr
    assert (done.stdout, (own / "results/adhoc/runs.csv").exists()) == ("", False)
    # Without what does not work, all is trained; the message was one line.
    short = program("run", "--act", "relu", "--model", "own.py:build", *SMALL[2:], "--quiet", cwd=own, check=2)
    assert short.stderr.count("\n") == 1
    program("run", *acts[:4], *SMALL, "--quiet", cwd=own, check=0)


def test_code_that_ends_its_process_is_told_too(own):
    (own / "end.py").write_text("import os\n\ndef act(x):\n    os._exit(7)\n", encoding="utf-8")
    done = program("run", "--act", "end.py:act", *SMALL, cwd=own, check=2)
    assert "nothing is trained: the worker process died of exit code 7." in done.stderr
