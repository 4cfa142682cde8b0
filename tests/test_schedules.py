"""Learning-rate schedules and weight decay, against formulas written anew in float64; and programs that rates share."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from conftest import mostly_slow, planned, trained

from actbench.errors import UserError
from actbench.training import schedules
from actbench.training.run import Trainer

STEPS = 40


@pytest.fixture(autouse=True)
def in_that_folder(npz, monkeypatch):
    monkeypatch.chdir(npz().parent)


def cosine(t, warmup=0, floor=0.0):
    p = (t - warmup) / (STEPS - warmup)
    return (t + 1) / warmup if t < warmup else floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * p))


def linear(t, warmup=0, floor=0.0):
    p = (t - warmup) / (STEPS - warmup)
    return (t + 1) / warmup if t < warmup else 1 - (1 - floor) * p


ORACLES = {
    "constant": lambda _: 1.0,
    "cosine": cosine,
    "cosine(warmup=0.25)": lambda t: cosine(t, warmup=10),
    "cosine(warmup=0.1, floor=0.2)": lambda t: cosine(t, warmup=4, floor=0.2),
    "linear": linear,
    "linear(warmup=0.5, floor=0.1)": lambda t: linear(t, warmup=20, floor=0.1),
    "step(0.5, 0.75)": lambda t: 1.0 if t < 20 else 0.1 if t < 30 else 0.01,
    "step(0.5, factor=0.5)": lambda t: 1.0 if t < 20 else 0.5,
}


@pytest.mark.parametrize("name", ORACLES)
def test_every_step_has_the_rate_of_the_formula(name):
    rate = schedules.learning_rate(name, 0.3, STEPS)
    found = [float(rate if isinstance(rate, float) else rate(t)) for t in range(STEPS)]
    np.testing.assert_allclose(found, [0.3 * ORACLES[name](t) for t in range(STEPS)], rtol=1e-13, atol=1e-16)


def test_the_page_shows_the_rates_of_five_steps():
    page = (Path(__file__).parents[1] / "docs" / "training.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+(?:\([^`]*\))?)` \| .* \| ([\d., ]+) \|$", page, re.MULTILINE)
    assert len(rows) == 5
    for name, shown in rows:
        found = [schedules.rate_at(name, 1.0, 5, step) for step in range(5)]
        assert [float(f"{rate:.3g}") for rate in found] == [float(each) for each in shown.split(", ")], name


def test_all_schedules_have_an_oracle():
    assert set(schedules.SCHEDULES.names) == {name.partition("(")[0] for name in ORACLES}


@pytest.mark.parametrize("name", ["step(0.75, 0.5)", "step(0.5, 0.5)", "step", "cosine(warmup=1)", "cosin"])
def test_what_makes_no_schedule_is_refused(name):
    with pytest.raises(UserError):
        planned(schedule=name)


@pytest.mark.slow
def test_epochs_show_the_rate_of_their_last_step():
    fields = {"data": "data.npz", "model": "mlp(8)", "epochs": 4, "batch_size": 10, "learning_rate": 0.2}
    record = trained(**fields, schedule="linear")
    steps = -(-record.train_size // 10)
    found = [0.2, *(0.2 * (1 - (epoch * steps - 1) / (4 * steps)) for epoch in range(1, 5))]
    np.testing.assert_allclose([row.learning_rate for row in record.epochs], found, rtol=1e-14)


@pytest.mark.parametrize("jit", mostly_slow([True, False]))
def test_a_step_falls_where_it_is_said_to_whatever_is_rounded(jit):
    import tensorflow as tf

    for steps in range(10, 200, 10):
        rate = schedules.learning_rate("step(0.1, 0.3, 0.7, 0.9)", 1.0, steps)
        program = tf.function(rate, jit_compile=jit)
        for number, place in enumerate([1, 3, 7, 9]):
            at = place * steps // 10
            for step, power in ((at - 1, number), (at, number + 1)):
                assert math.isclose(program(tf.constant(step, tf.int64)), 0.1**power, rel_tol=1e-6), (steps, step)


def test_a_schedule_is_trained_by():
    """A rate that falls to nothing at once trains next to nothing after it."""
    fields = {"data": "data.npz", "model": "mlp(8)", "epochs": 3, "batch_size": 10, "learning_rate": 0.01}
    plain, falling = trained(**fields), trained(**fields, schedule="step(0.34, factor=0.000001)")
    assert plain.epochs[1].train_loss == falling.epochs[1].train_loss
    assert abs(falling.epochs[3].test_loss - falling.epochs[2].test_loss) < 1e-5
    assert abs(plain.epochs[3].test_loss - plain.epochs[2].test_loss) > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd(momentum=0.9)", "adam", "rmsprop"])
def test_rates_share_a_program_and_no_number_depends_on_it(optimizer):
    fields = {"data": "data.npz", "model": "mlp(8)", "optimizer": optimizer, "epochs": 2, "batch_size": 10}
    trainer = Trainer()
    runs = [{"learning_rate": 0.1}, {"learning_rate": 0.003}, {"learning_rate": 0.1, "initializer": "he_normal"}]
    shared = [trained(trainer, **fields, **run) for run in runs]
    assert len(trainer.programs.kept) == 1
    for run, record in zip(runs, shared, strict=True):
        alone = trained(**fields, **run)
        assert figures(alone) == figures(record)
        assert record.epochs[-1].learning_rate == run["learning_rate"]


def figures(record):
    return [(row.train_loss, row.train_accuracy, row.test_loss, row.test_accuracy) for row in record.epochs]


@pytest.mark.slow
def test_schedules_share_no_program_across_rates():
    trainer = Trainer()
    for rate in (0.1, 0.01):
        record = trained(trainer, data="data.npz", model="mlp(8)", epochs=1, learning_rate=rate, schedule="cosine",
                         batch_size=10)  # fmt: skip
        assert record.epochs[0].learning_rate == rate
    assert len(trainer.programs.kept) == 2


@pytest.mark.parametrize(
    ("optimizer", "given", "decay"),
    [("sgd", None, 0), ("sgd", 0.5, 0.5), ("adam", 0.5, 0.5), ("adamw", None, 0.004), ("adamw", 0.0, 0)],
)
def test_weights_decay_as_asked_for(optimizer, given, decay):
    """Nothing pulls at the weights here but the decay: all gradients are 0."""
    import keras

    from actbench import datasets
    from actbench.training.build import build, build_optimizer

    asked = {"data": "data.npz", "model": "mlp(8)", "batch_size": 10, "learning_rate": 0.1}
    ((run, request),) = planned(**asked, optimizer=optimizer, weight_decay=given)
    network, _ = build(run, datasets.load(request))
    before = [(weight, weight.numpy()) for weight in network.trainable_weights]
    zeros = [keras.ops.zeros_like(weight) for weight, _ in before]
    build_optimizer(run, network, 1).apply(zeros, [weight for weight, _ in before])
    for weight, value in before:
        np.testing.assert_allclose(weight, (1 - 0.1 * decay) * value, rtol=1e-6)


def test_a_decay_given_to_the_optimizer_is_a_setting_of_its_own():
    with pytest.raises(UserError, match="--weight-decay 0.1"):
        planned(optimizer="adamw(weight_decay=0.1)")
