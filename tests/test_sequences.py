"""Sequences of tokens: the data, losses and slopes against NumPy, and networks that read them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import mostly_slow, planned, program, trained

from actbench import custom, datasets
from actbench.activations import resolve as resolve_activation
from actbench.datasets import NO_TARGET, Request
from actbench.errors import UserError
from actbench.models import Shape, check, resolve
from actbench.studies.article import read_article, rival_of
from actbench.studies.expand import expand
from actbench.studies.file import read_study
from actbench.training.backends import Recipe, current
from actbench.training.backends.tensorflow import program as programs
from actbench.training.build import build, build_optimizer
from actbench.training.run import Trainer
from actbench.training.trial import try_out
from tools.corpus import MODULES, corpus

pytestmark = pytest.mark.usefixtures("plain_graph")

ROOT = Path(__file__).parent.parent
SMALL = {"model": "transformer(1, 8, 2)", "batch_size": 7, "epochs": 2, "optimizer": "sgd", "precision": "float64"}


def arrays(seed=0, n=30, length=5, tokens=6, masked=True):
    """Random sequences with a target for each token, some of which have none; of the last sequence all."""
    stream = np.random.RandomState(seed)
    found = {"tokens": np.array([*"abcdefghij"[:tokens]])}
    for part, count in (("train", n), ("test", n // 2)):
        x, y = (stream.randint(0, tokens, (count, length)) for _ in "xy")
        if masked:
            y[stream.uniform(size=y.shape) < 0.4] = NO_TARGET
            y[-1] = NO_TARGET
        found[f"x_{part}"], found[f"y_{part}"] = x, y
    return found


@pytest.fixture
def tokens(own_folder):
    """A file of such sequences, in the current folder."""
    np.savez(own_folder / "tokens.npz", **arrays())
    return "tokens.npz"


def network(**fields):
    ((run, request),) = planned(**SMALL | fields)
    data = datasets.load(request)
    model, stream = build(run, data)
    return run, data, model, stream


def mean_loss(logits, targets, smoothing=0.0):
    """Cross-entropy and accuracy over all targets, in NumPy's float64, one at a time."""
    losses, hits = [], []
    for row, target in zip(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), strict=True):
        if target == NO_TARGET:
            continue
        log_p = row - row.max() - np.log(np.exp(row - row.max()).sum())
        losses.append(-(1 - smoothing) * log_p[target] - smoothing * log_p.mean())
        hits.append(row.argmax() == target)
    return np.mean(losses), np.mean(hits)


# The data


def test_tokens_are_never_scaled_and_each_has_its_target(tokens):
    found, data = arrays(), datasets.load(Request(tokens, validation_split=0.2))
    assert data.x_train.dtype == data.y_train.dtype == np.int32
    np.testing.assert_array_equal(np.concatenate([data.x_train, data.x_val]), found["x_train"])
    np.testing.assert_array_equal(data.y_test, found["y_test"])
    assert (data.classes, data.vocabulary) == (6, 6)
    assert (data.input_shape, data.input_shape.vocabulary, data.input_shape.per_token) == ((5,), 6, True)
    told = datasets.info(Request(tokens))
    assert (told.vocabulary, told.per_token, told.classes, told.strata) == (6, True, 6, 1)
    targets = [target for row in data.y_train.tolist() for target in row if target >= 0]
    assert data.chance == max(map(targets.count, targets)) / len(targets)


def test_a_target_a_sequence_is_a_class(own_folder):
    stream = np.random.RandomState(0)
    x, y = stream.randint(0, 4, (40, 3)), np.arange(40) % 2
    np.savez(own_folder / "one.npz", x_train=x, y_train=y, tokens=np.arange(4))
    data = datasets.load(Request("one.npz"))
    assert (data.classes, data.vocabulary, data.input_shape.per_token) == (2, 4, False)
    assert len(data.x_test) == 8
    # A vector is learned for each token, whether or not it is there: more tokens are other data.
    np.savez(own_folder / "more.npz", x_train=x, y_train=y, tokens=np.arange(5))
    assert datasets.info(Request("more.npz")).sha256 != data.sha256
    np.savez(own_folder / "named.npz", x_train=x, y_train=y, tokens=np.array([*"abcd"]))
    assert datasets.info(Request("named.npz")).sha256 == data.sha256


def test_parts_of_sequences_are_drawn_whatever_their_targets(tokens):
    limited = datasets.load(Request(tokens, limit=8))
    assert limited.x_train.shape == limited.y_train.shape == (8, 5)
    found = arrays()
    rows = [row.tolist() for row in np.concatenate([found["x_train"], found["y_train"]], axis=1)]
    kept = np.concatenate([limited.x_train, limited.y_train], axis=1).tolist()
    assert all(row in rows for row in kept)
    drawn = datasets.load(Request(tokens, validation_split=0.3, split="stratified"))
    assert len(drawn.x_val) == 9
    assert sorted(np.concatenate([drawn.x_train, drawn.x_val]).tolist()) == sorted(found["x_train"].tolist())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x_train": np.zeros((30, 5))}, "x_train of 'tokens.npz' holds float64, not whole numbers of tokens"),
        ({"x_train": np.full((30, 5), 6)}, "holds numbers from 6 to 6, but the 6 tokens count from 0"),
        ({"x_train": np.full((30, 5), -1)}, "holds numbers from -1 to -1, but the 6 tokens count from 0"),
        ({"y_train": np.full((30, 5), -2)}, "count from 0 (-1 where a token has no target)"),
        ({"y_test": np.full((15, 5), -1)}, "y_test of 'tokens.npz' has no target at all"),
        ({"x_train": np.zeros((30, 5, 1), int)}, "has shape (30, 5, 1); sequences of tokens are (n, length)"),
        ({"y_train": np.zeros((30, 4), int)}, "one for each input, (n,), or one for each token, (n, 5)"),
        ({"y_train": np.arange(30) % 3}, "have the shapes (30,) in y_train and (15, 5) in y_test"),
        ({"tokens": np.array("a")}, "must hold the names of all tokens"),
    ],
)
def test_sequences_that_cannot_be_used(own_folder, changed, message):
    np.savez(own_folder / "tokens.npz", **arrays() | changed)
    with pytest.raises(UserError) as refused:
        datasets.load(Request("tokens.npz"))
    assert message in str(refused.value)


# The tasks


def test_modular_addition_is_every_pair_once():
    found = datasets.prepare(Request("modular_addition(p=11, train=0.3)"))
    x = np.concatenate([found.arrays["x_train"], found.arrays["x_test"]])
    y = np.concatenate([found.arrays["y_train"], found.arrays["y_test"]])
    assert len(found.arrays["x_train"]) == round(0.3 * 121)
    assert sorted(map(tuple, x[:, :2].tolist())) == [(a, b) for a in range(11) for b in range(11)]
    assert set(x[:, 2]) == {11}
    for (a, b, _), c in zip(x.tolist(), y.tolist(), strict=True):
        assert (c - a - b) % 11 == 0
    assert found.arrays["tokens"].tolist() == [*map(str, range(11)), "="]
    assert found.seen_in_training == 0


@pytest.mark.parametrize(("task", "answer"), [("copy", list), ("sort", sorted)])
def test_after_what_was_given_comes_the_answer_token_by_token(task, answer):
    found = datasets.prepare(Request(f"{task}(length=4, symbols=5, n=50)")).arrays
    assert (len(found["x_train"]), len(found["x_test"])) == (50, 12)
    for x, y in zip(found["x_train"].tolist(), found["y_train"].tolist(), strict=True):
        given = x[:4]
        assert y == [-1, -1, -1, *answer(given)]
        assert x[4:] == answer(given)[:-1]


@pytest.mark.parametrize("task", ["modular_addition(p=11", "copy(n=50", "sort(n=50"])
def test_a_task_is_drawn_again_and_another_draw_is_another(task):
    spelled = (f"{task})", f"{task})", f"{task}, draw=1)")
    one, again, other = (datasets.info(Request(name)).sha256 for name in spelled)
    assert one == again != other


def test_pairs_that_are_all_trained_on_are_refused():
    with pytest.raises(UserError, match="leaves none to test on"):
        datasets.prepare(Request("modular_addition(p=3, train=0.999)"))


# The engine


@pytest.mark.parametrize(("smoothing", "compiler"), [(0.2, "graph"), pytest.param(0.2, "xla", marks=pytest.mark.slow)])
def test_losses_and_accuracies_are_means_over_targets(tokens, smoothing, compiler, monkeypatch):
    monkeypatch.setattr(programs, "choose_compiler", lambda *_, **__: compiler)
    run, data, model, stream = network(data=tokens, label_smoothing=smoothing, learning_rate=1e-9, batch_size=30)
    taken, _ = Trainer().programs.take(run, data, model)
    np.testing.assert_allclose(
        taken.evaluate("test"), mean_loss(model.predict(data.x_test, verbose=0), data.y_test), rtol=1e-12
    )
    # One step of all inputs, from the first weights.
    told = mean_loss(model.predict(data.x_train, verbose=0), data.y_train, smoothing)
    np.testing.assert_allclose(taken.train_epoch(stream.permutation(30)), told, rtol=1e-12)


@pytest.mark.slow
def test_an_epoch_is_the_mean_over_all_its_targets_whatever_the_batches(tokens):
    run, data, model, stream = network(data=tokens, learning_rate=1e-12)
    assert data.train_targets == (data.y_train != NO_TARGET).sum() < data.y_train.size
    assert data.test_targets == (data.y_test != NO_TARGET).sum()
    taken, _ = Trainer().programs.take(run, data, model)
    found = taken.train_epoch(stream.permutation(30))  # batches of 7, and one of 2
    told = mean_loss(model.predict(data.x_train, verbose=0), data.y_train)
    np.testing.assert_allclose(found, told, rtol=1e-9)


@pytest.mark.parametrize("parts_of_three", [True, False])
def test_evaluation_in_parts_counts_no_target_twice(tokens, monkeypatch, parts_of_three):
    if parts_of_three:
        monkeypatch.setattr(programs, "EVALUATION_TOKENS", 3 * 5 + 1)
    run, data, model, _ = network(data=tokens)
    placed = current().place(data, "cpu")
    assert placed.evaluation_batch == (3 if parts_of_three else 45)
    taken = current().program(model, build_optimizer(run, model, 5), placed, Recipe.of(run))
    for part in ("train", "test"):
        x, y = (getattr(data, f"{name}_{part}") for name in "xy")
        np.testing.assert_allclose(taken.evaluate(part), mean_loss(model.predict(x, verbose=0), y), rtol=1e-12)


@pytest.mark.slow
def test_gradients_against_finite_differences(tokens):
    """One step of gradient descent moves each weight by its slope, as differences of the loss tell it."""
    run, data, model, stream = network(data=tokens, activation="tanh", batch_size=30, learning_rate=1.0)
    before = [weight.numpy() for weight in model.trainable_variables]

    def loss():
        return mean_loss(model.predict(data.x_train, verbose=0, batch_size=30), data.y_train)[0]

    draw, differences = np.random.RandomState(1), []
    for number, weight in enumerate(model.trainable_variables):
        place = tuple(draw.randint(side) for side in weight.shape)
        ends = []
        for step in (1e-5, -1e-5):
            moved = before[number].copy()
            moved[place] += step
            weight.assign(moved)
            ends.append(loss())
        weight.assign(before[number])
        differences.append((place, (ends[0] - ends[1]) / 2e-5))
    taken, _ = Trainer().programs.take(run, data, model)
    taken.train_epoch(stream.permutation(30))
    for weight, old, (place, slope) in zip(model.trainable_variables, before, differences, strict=True):
        np.testing.assert_allclose((old - weight.numpy())[place], slope, rtol=1e-6, atol=1e-9)


@pytest.mark.slow
def one_of_many(name, slopes, state, step, rate=0.01):
    """What one step adds to the weights: Kingma & Ba 2015 (ε as at the end of section 2), Tieleman & Hinton 2012."""
    if name == "sgd":
        norm = np.sqrt(sum((slope**2).sum() for slope in slopes))
        return [-rate * slope * min(1.0, 0.05 / norm) for slope in slopes]
    changes = []
    kept = 0.9 if name == "rmsprop" else 0.999
    for slope, moments in zip(slopes, state, strict=True):
        m, v = moments[:] = moments[0] + 0.1 * (slope - moments[0]), moments[1] + (1 - kept) * (slope**2 - moments[1])
        if name == "rmsprop":
            changes.append(-rate * slope / np.sqrt(v + 1e-7))
        else:
            changes.append(-rate * np.sqrt(1 - kept**step) / (1 - 0.9**step) * m / (np.sqrt(v) + 1e-7))
    return changes


@pytest.mark.parametrize("name", mostly_slow(["adam", "rmsprop", "sgd"]))
def test_equal_tokens_of_a_batch_are_one_gradient_to_the_optimizer(tokens, name):
    import tensorflow as tf

    fields = {"data": tokens, "model": "char_lm(1, 8, 2)", "limit": 14, "optimizer": name, "learning_rate": 0.01}
    fields |= {"clip_norm": 0.05} if name == "sgd" else {}
    run, data, model, stream = network(**fields)
    _, _, twin, _ = network(**fields)
    order = stream.permutation(len(data.x_train))
    taken, _ = Trainer().programs.take(run, data, model)
    taken.train_epoch(order)
    weights = twin.trainable_variables
    state = [[np.zeros(weight.shape), np.zeros(weight.shape)] for weight in weights]
    for step in (1, 2):
        batch = order[7 * step - 7 : 7 * step]
        y = data.y_train[batch]
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(np.maximum(y, 0), twin(data.x_train[batch]))
            loss = tf.reduce_sum(tf.where(y == NO_TARGET, 0.0, losses)) / (y != NO_TARGET).sum()
        slopes = [tf.convert_to_tensor(slope).numpy() for slope in tape.gradient(loss, weights)]
        for weight, change in zip(weights, one_of_many(name, slopes, state, step), strict=True):
            weight.assign_add(change)
    for weight, found in zip(weights, model.trainable_variables, strict=True):
        np.testing.assert_allclose(found.numpy(), weight.numpy(), rtol=0, atol=5e-7, err_msg=weight.path)


def test_a_step_without_any_target_changes_nothing(own_folder):
    found = arrays()
    found["y_train"][1:] = NO_TARGET
    np.savez(own_folder / "few.npz", **found)
    run, data, model, _ = network(data="few.npz", batch_size=5, learning_rate=1.0)
    taken, _ = Trainer().programs.take(run, data, model)
    before = taken.state()
    order = np.arange(1, 30)
    taken._train_size = 5  # one step, of those that have none
    x, y = (getattr(taken._data, name) for name in "xy")
    loss, *_ = taken._epoch_program(x, y, order[:5].astype(np.int32), 1, 0, taken._draws())
    assert float(loss) == 0.0
    for old, new in zip(before[: len(model.variables)], taken.state(), strict=False):
        np.testing.assert_array_equal(old, new)


def test_networks_of_ones_own_that_end_in_a_softmax_for_each_token(tokens, own_folder):
    (own_folder / "own.py").write_text(
        "import keras\n"
        "def build(site, input_shape, classes):\n"
        "    x = inputs = keras.Input(input_shape, dtype='int32')\n"
        "    x = site()(keras.layers.Embedding(input_shape.vocabulary, 8)(x))\n"
        "    return keras.Model(inputs, keras.layers.Dense(classes, activation='softmax')(x))\n"
        "def one(site, input_shape, classes):\n"
        "    x = inputs = keras.Input(input_shape, dtype='int32')\n"
        "    x = site()(keras.layers.Embedding(input_shape.vocabulary, 8)(x))\n"
        "    return keras.Model(inputs, keras.layers.Dense(classes)(x[:, 0]))\n"
    )
    run, data, model, _ = network(data=tokens, model="own.py:build")
    taken, _ = Trainer().programs.take(run, data, model)
    logits = np.log(model.predict(data.x_test, verbose=0))
    np.testing.assert_allclose(taken.evaluate("test"), mean_loss(logits, data.y_test), rtol=1e-9)
    with pytest.raises(UserError, match=r"must end in \(None, 5, 6\): the data has 6 classes for each of 5 tokens"):
        network(data=tokens, model="own.py:one")


# The networks


def built(spelling, shape, classes, activation="relu"):
    from actbench.training.site import Site

    made = []

    def site():
        made.append(Site(resolve_activation(activation), len(made)))
        return made[-1]

    return resolve(spelling).build(site, shape, classes), made


def parameters(depth, width, length, vocabulary, classes, hidden):
    """As the description says: vectors of tokens and places, attention, the two or three matrices, the end."""
    attention = 4 * width * width
    feed_forward = sum(rows * columns for rows, columns in hidden)
    normalizations = 2 * 2 * width
    begin, end = (vocabulary + length) * width, 2 * width + (width + 1) * classes
    return begin + depth * (attention + feed_forward + normalizations) + end


@pytest.mark.parametrize("per_token", [True, False])
@pytest.mark.parametrize(("depth", "width", "heads"), mostly_slow([(2, 32, 4), (1, 12, 3), (3, 128, 8)]))
def test_parameters_are_those_of_the_formula(depth, width, heads, per_token):
    shape, third = Shape((9,), vocabulary=11, per_token=per_token), round(width * 4 * 2 / 3)
    for gated, hidden in (
        (False, [(width, 4 * width), (4 * width, width)]),
        (True, [(width, third), (width, third), (third, width)]),
    ):
        model, made = built(f"transformer({depth}, {width}, {heads}, gated={gated})", shape, 7)
        assert model.count_params() == parameters(depth, width, 9, 11, 7, hidden)
        assert len(made) == depth
        assert tuple(model.output_shape) == ((None, 9, 7) if per_token else (None, 7))


def test_language_models_have_as_many_parameters_gated_or_not():
    shape = Shape((64,), vocabulary=96, per_token=True)
    plain, gated = (built(f"char_lm(gated={gated})", shape, 96)[0].count_params() for gated in (False, True))
    assert plain == parameters(4, 128, 64, 96, 96, [(128, 512), (512, 128)])
    assert abs(gated - plain) < 0.001 * plain


def normalized(x, weights):
    gamma, beta = weights
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) * gamma + beta


def by_hand(tokens, weights, heads, *, causal, gated):
    """A block of the network in NumPy, a sequence and a head at a time."""
    weights = iter(weights)
    embedding, places = next(weights), next(weights)
    first, matrices = [next(weights), next(weights)], [next(weights) for _ in range(4)]
    second, dense = [next(weights), next(weights)], [next(weights) for _ in range(3 if gated else 2)]
    last, (kernel, bias) = [next(weights), next(weights)], weights
    answers = []
    for sequence in tokens:
        x = embedding[sequence] + places
        y, attended = normalized(x, first), 0.0
        for head in range(heads):
            query, key, value = (y @ matrix[:, head] for matrix in matrices[:3])
            scores = query @ key.T / np.sqrt(query.shape[-1])
            for place in range(len(sequence)):
                shown = scores[place, : place + 1] if causal else scores[place]
                shares = np.exp(shown - shown.max())
                scores[place] = 0.0
                scores[place, : len(shares)] = shares / shares.sum()
            attended += scores @ value @ matrices[3][head]
        x = x + attended
        y = normalized(x, second)
        hidden = np.tanh(y @ dense[0]) * (y @ dense[1] if gated else 1.0)
        x = normalized(x + hidden @ dense[-1], last)
        answers.append((x if causal else x[-1]) @ kernel + bias)
    return np.array(answers)


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("per_token", [True, False])
def test_the_network_is_what_its_formulas_say(per_token, gated):
    import keras

    with current().precision("float64"):
        shape = Shape((6,), vocabulary=9, per_token=per_token)
        model, _ = built(f"transformer(1, 12, 3, gated={gated})", shape, 4, "tanh")
    stream = np.random.RandomState(0)
    for weight in model.weights:
        weight.assign(stream.normal(size=weight.shape))
    tokens = stream.randint(0, 9, (5, 6))
    told = by_hand(tokens, [keras.ops.convert_to_numpy(w) for w in model.weights], 3, causal=per_token, gated=gated)
    np.testing.assert_allclose(model.predict(tokens, verbose=0), told, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", mostly_slow(["char_lm(2, 16, 4, gated=True)", "transformer(2, 16, 2)"]))
def test_a_later_token_changes_no_earlier_answer(name):
    model, _ = built(name, Shape((7,), vocabulary=5, per_token=True), 5)
    stream = np.random.RandomState(2)
    tokens = stream.randint(0, 5, (4, 7))
    answers = model.predict(tokens, verbose=0)
    for place in range(7):
        changed = tokens.copy()
        changed[:, place] = (changed[:, place] + 1 + stream.randint(0, 4, 4)) % 5
        other = model.predict(changed, verbose=0)
        np.testing.assert_array_equal(other[:, :place], answers[:, :place])
        assert (np.abs(other[:, place] - answers[:, place]).max(axis=-1) > 0).all()


def test_a_sequence_is_answered_from_all_its_tokens():
    model, _ = built("transformer(1, 16, 2)", Shape((7,), vocabulary=5), 3)
    tokens = np.random.RandomState(2).randint(0, 5, (4, 7))
    answers = model.predict(tokens, verbose=0)
    for place in range(7):
        changed = tokens.copy()
        changed[:, place] = (changed[:, place] + 1) % 5
        assert (np.abs(model.predict(changed, verbose=0) - answers).max(axis=-1) > 0).all()


def test_kernels_of_attention_are_drawn_by_their_inputs():
    """As matrices of width inputs and width outputs: a window would have many times as many."""
    _, data, model, _ = network(data="modular_addition(p=31)", model="transformer(1, 64, 4)", initializer="he_normal")
    assert data.vocabulary == 32
    kernels = {weight.path.rpartition("multi_head_attention")[2]: weight.numpy() for weight in model.weights}
    attention = {path: kernel for path, kernel in kernels.items() if kernel.ndim == 3}
    assert len(attention) == 4
    for path, kernel in attention.items():
        assert np.isclose(kernel.std(), np.sqrt(2 / 64), rtol=0.05), path


def test_biases_of_attention_begin_at_zero(tokens, own_folder):
    (own_folder / "own.py").write_text(
        "import keras\n"
        "from keras import layers\n"
        "def build(site, input_shape, classes):\n"
        "    tokens = keras.Input(input_shape, dtype='int32')\n"
        "    x = site()(layers.Embedding(input_shape.vocabulary, 8)(tokens))\n"
        "    return keras.Model(tokens, layers.Dense(classes)(layers.MultiHeadAttention(2, 4)(x, x)))\n"
    )
    _, _, model, _ = network(data=tokens, model="own.py:build", initializer="he_normal")
    biases = [weight.numpy() for weight in model.weights if weight.name == "bias"]
    assert sorted(bias.ndim for bias in biases) == [1, 1, 2, 2, 2]
    assert not any(bias.any() for bias in biases)


def test_dense_networks_read_tokens_as_ones_and_zeros():
    model, _ = built("mlp(4)", Shape((3,), vocabulary=5), 2)
    assert model.count_params() == (3 * 5 + 1) * 4 + 5 * 2
    kernel, bias = (np.asarray(weight) for weight in model.layers[-3].weights)
    tokens = np.array([[0, 4, 2]])
    hidden = np.maximum(sum(kernel[5 * place + token] for place, token in enumerate(tokens[0])) + bias, 0)
    last, end = (np.asarray(weight) for weight in model.layers[-1].weights)
    np.testing.assert_allclose(model.predict(tokens, verbose=0)[0], hidden @ last + end, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("spelling", "shape", "message"),
    [
        ("transformer", Shape((4,)), "'transformer' needs sequences of tokens, but the data has flat features"),
        ("transformer", Shape((8, 8, 1)), "needs sequences of tokens, but the data has 8×8 images"),
        ("char_lm", Shape((4,), vocabulary=3), "'char_lm' needs a target for each token, but the data has sequences"),
        ("mlp(5)", Shape((4,), vocabulary=3, per_token=True), "needs one target for each input, but the data has a ta"),
        ("cnn", Shape((4,), vocabulary=3), "needs images of at least 10×10 pixels, but the data has sequences of to"),
    ],
)
def test_networks_and_data_that_do_not_fit(spelling, shape, message):
    with pytest.raises(UserError) as refused:
        check(spelling, shape)
    assert message in str(refused.value)


def test_heads_share_the_width(invoke):
    with pytest.raises(UserError, match="A width of 10 cannot be shared by 4 heads: take a multiple of 4"):
        built("transformer(1, 10, 4)", Shape((4,), vocabulary=3), 3)
    for words in (["run", "--dry-run"], ["show"]):
        asked = invoke(*words, "--data", "sort", "--model", "char_lm(1, 10, 4)")
        assert (asked.returncode, asked.stdout) == (2, "")
        assert "take a multiple of 4" in asked.stderr


# From end to end


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["gelu", "prelu", "softmax", "swish_trainable"])
def test_a_small_task_is_learned(activation):
    record = trained(
        data="sort(length=3, symbols=3, n=200)", model="transformer(1, 32, 2)", activation=activation,
        epochs=12, batch_size=20, learning_rate=0.01,
    )  # fmt: skip
    assert record.status == "ok"
    assert record.sites == 1
    assert record.test_accuracy > (0.8 if activation != "softmax" else 0.5)


@pytest.mark.slow
def test_addition_is_known_by_heart_and_then_understood():
    record = trained(
        data="modular_addition(p=59, train=0.6)", model="transformer(1, 64, 4)", activation="relu", epochs=150,
        optimizer="adamw", learning_rate=0.003, weight_decay=1.0, batch_size=512,
    )  # fmt: skip
    known = next(row.epoch for row in record.epochs if row.train_accuracy > 0.99)
    understood = next(row.epoch for row in record.epochs if row.test_accuracy > 0.95)
    assert known < understood
    assert max(row.train_accuracy for row in record.epochs) == 1.0


def test_ones_own_activation_is_tried_on_tokens_before_anything_is_trained(tokens, own_folder):
    (own_folder / "own.py").write_text(
        "from keras import ops\n"
        "def cut(x):\n    return ops.stop_gradient(x)\n"
        "def fine(x):\n    return x * ops.sigmoid(x)\n"
    )
    for activation in ("own.py:fine", "own.py:cut"):
        ((run, request),) = planned(**SMALL, data=tokens, activation=activation)
        if activation.endswith("fine"):
            assert try_out(run, datasets.load(request))
        else:
            with pytest.raises(UserError, match="lets no gradient through"):
                try_out(run, datasets.load(request))


def test_a_network_as_it_is_reads_tokens(tokens, own_folder):
    (own_folder / "whole.py").write_text(
        "import keras\n"
        "from keras import layers\n"
        "def build(input_shape, classes):\n"
        "    tokens = keras.Input(input_shape, dtype='int32')\n"
        "    x = layers.Embedding(input_shape.vocabulary, 8)(tokens)\n"
        "    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)])\n"
        "    return keras.Model(tokens, layers.Dense(classes)(layers.Dense(9, activation='relu')(x)))\n"
    )
    asked = SMALL | {"data": tokens, "model": "whole.py:build"}
    own, swapped = (trained(**asked, activation=name) for name in ("own", "relu"))
    assert (own.sites, swapped.sites) == (0, 1)
    assert [row.test_loss for row in own.epochs] == [row.test_loss for row in swapped.epochs]


@pytest.mark.slow
def test_shown_and_run_and_compared(own_folder):
    np.savez(own_folder / "tokens.npz", **arrays())
    shown = program("data", "show", "tokens.npz", cwd=own_folder, check=0).stdout
    assert "30 training, 15 test; each 5, tokens of 6" in shown
    found = arrays()
    first = "".join("abcdef"[number] for number in found["x_train"][0])
    targets = "".join("abcdef"[number] if number >= 0 else "-" for number in found["y_train"][0])
    assert f"{first}    {targets}" in shown
    ran = program(
        "run", "--data", "tokens.npz", "--model", "char_lm(1, 8, 2, gated=True)", "--act", "relu", "--act", "gelu",
        "--epochs", "2", "--batch-size", "10", "--results", "r", "-q", cwd=own_folder, check=0,
    )  # fmt: skip
    assert "gelu" in ran.stdout
    refused = program("run", "--data", "tokens.npz", "--model", "mlp(5)", cwd=own_folder, check=2)
    assert "needs one target for each input" in refused.stderr
    again = program("run", "--data", "tokens.npz", "--model", "char_lm(1, 8, 2, gated=True)", "--act", "relu",
                    "--epochs", "2", "--batch-size", "10", "--results", "r", cwd=own_folder, check=0)  # fmt: skip
    assert "stored" in again.stderr + again.stdout


# The studies


@pytest.mark.parametrize(("name", "arms"), [("modular-addition", 5), ("char-lm", 6)])
def test_the_studies_can_be_asked_for(name, arms, tmp_path):
    """Their text is read, their networks are of one size, and their claims are about arms that are there."""
    shutil.copy(ROOT / "studies" / f"{name}.toml", tmp_path)
    for number, module in enumerate(MODULES):
        (tmp_path / f"{module}.py").write_text(f"{module} = {number}\n" * 40, encoding="utf-8")
    (tmp_path / "python.txt").write_text(corpus(tmp_path), encoding="utf-8")
    study = read_study(tmp_path / f"{name}.toml")
    with custom.names_from(study.folder):
        runs = expand(study, datasets.info, lambda *_: "cpu")
        asked = {run.model.spelling: request for run, request in runs}
        known = {model: datasets.info(request) for model, request in asked.items()}
    there = {(run.variant, run.activation.spelling) for run, _ in runs}
    assert (len(there), len(runs)) == (arms, 6 * arms)
    assert len({built(model, data.shape, data.classes)[0].count_params() for model, data in known.items()}) == 1
    for claim in read_article(tmp_path / f"{name}.toml").claims:
        for variant in claim.variants:
            assert {rival_of(arm, variant) for arm in (claim.arm, *claim.than)} <= there
