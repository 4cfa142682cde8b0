"""A person's own code is tried before a sweep: what does not work is told with its line, and nothing is trained."""

import signal
import textwrap

import psutil
import pytest
from conftest import begin, planned, program, wait_for

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

def wide(x):
    return ops.cast(x, "float64")

def twice(x):
    return [x, x]

def ends(x):
    raise SystemExit(3)

def log(x):
    return ops.log(x)

def cut_off(x):
    return ops.stop_gradient(2 * x)

def hungry(x):
    raise MemoryError("no room")

class InLayer(keras.layers.Layer):
    def call(self, x):
        return x.nothing

class Misfit(keras.layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1] + 1,))

    def call(self, x):
        return x * self.w

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
    return try_out(run, datasets.load(request))


@pytest.mark.parametrize("activation", ["own.py:good", "prelu"])
@pytest.mark.parametrize("precision", ["float32", "float64", "bfloat16"])
def test_what_works_passes(activation, precision):
    tried(activation=activation, precision=precision)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"activation": "own.py:bad"}, "of shape (4): ValueError: a bug of my own (helper.py, line 3, in called)."),
        ({"activation": "own.py:narrow"}, "turns shape (4) into (1); an activation must keep the shape"),
        ({"activation": "own.py:steps"}, "turns float32 into int32; an activation must keep the type."),
        ({"activation": "own.py:wide"}, "turns float32 into float64; an activation must keep the type."),
        ({"activation": "own.py:wide", "precision": "bfloat16"}, "turns bfloat16 into float64"),
        ({"activation": "own.py:twice"}, "turns shape (4) into a list of 2 tensors; an activation must keep the shape"),
        ({"activation": "own.py:Misfit"}, "of shape (4): ValueError: Dimensions must be equal, but are 4 and 5 with"),
        ({"activation": "own.py:Misfit"}, "in call)."),
        ({"activation": "own.py:cut_off"}, "'own.py:cut_off' lets no gradient through"),
        ({"activation": "own.py:InLayer"}, "has no attribute 'nothing'"),
        ({"activation": "own.py:InLayer"}, "(own.py, line 38, in call)."),
        ({"model": "own.py:build"}, "The model 'own.py:build' has no place for an activation"),
        ({"activation": "own.py:hungry"}, "MemoryError: no room (own.py, line 34, in hungry)."),
    ],
)
def test_what_does_not_work_is_told_with_its_line(asked, said):
    with pytest.raises((UserError, MemoryError)) as refused:
        tried(**asked)
    assert said in one_line(refused.value)


def test_what_keras_wraps_around_an_error_is_left_out():
    with pytest.raises(UserError) as refused:
        tried(activation="own.py:Misfit")
    told = one_line(refused.value)
    assert [words for words in ("Exception encountered", "node", "kwargs", "`") if words in told] == []


def test_outputs_that_are_no_numbers_are_found():
    assert tried(activation="own.py:good").finite
    assert not tried(activation="own.py:log").finite


def test_a_long_message_is_cut_between_words():
    words = [f"word{number}" for number in range(200)]
    told = one_line(ValueError(" ".join(words)))
    assert len(told) <= LONGEST
    assert set(told.split()) <= {*words, "ValueError:", "…"}
    assert told.endswith("word199")
    assert len(one_line(ValueError("x" * 2000))) <= LONGEST


SMALL = ["--model", "mlp(4)", "--limit", 50, "--batch-size", 50, "--epochs", 1, "--device", "cpu", "--seeds", 2]


@pytest.mark.slow
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


@pytest.mark.slow
def test_code_that_ends_its_process_is_told_too(own):
    (own / "end.py").write_text("import os\n\ndef act(x):\n    os._exit(7)\n", encoding="utf-8")
    done = program("run", "--act", "end.py:act", *SMALL, cwd=own, check=2)
    assert "nothing is trained: the worker process died of exit code 7." in done.stderr
    done = program("run", "--act", "own.py:ends", *SMALL, cwd=own, check=2)
    place = next(at for at, line in enumerate(OWN.splitlines(), 1) if "SystemExit" in line)
    assert f"nothing is trained: SystemExit: 3 (own.py, line {place}, in ends)." in done.stderr


@pytest.mark.slow
def test_nan_before_any_training_is_told_in_a_line(own):
    done = program("run", "--act", "own.py:log", "--act", "own.py:good", *SMALL, cwd=own, check=0)
    (line,) = (line for line in done.stderr.splitlines() if "before any training" in line)
    assert line.startswith("own.py:log in mlp(4): the output is NaN or infinite for some of the few inputs")


@pytest.mark.slow
def test_a_signal_during_a_trial_blames_nobody(own):
    waits = "import time\n\ndef act(x):\n    open('begun', 'w').close()\n    time.sleep(3)\n    raise ValueError\n"
    (own / "waits.py").write_text(waits, encoding="utf-8")
    with begin("run", "--act", "waits.py:act", *SMALL, cwd=own) as process:
        wait_for((own / "begun").exists, process)
        for one in [process, *psutil.Process(process.pid).children(recursive=True)]:
            one.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert [line.partition(" ")[0] for line in err.splitlines()] == ["Stopping", "Interrupted."]
