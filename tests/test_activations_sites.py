"""What a site owns: weights that are learned and not shared, random numbers that are seeded, whole axes, neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import mostly_slow
from scipy import optimize, signal, special

from actbench import custom
from actbench.activations import CATALOGUE, resolve
from actbench.errors import UserError

keras = pytest.importorskip("keras")
tf = pytest.importorskip("tensorflow")

from actbench.training.site import Site  # noqa: E402 - imports Keras

CHANNELS = 5
# Weights per site on an image of five channels, and where each starts, one row a weight.
LEARNED = {
    "prelu": (CHANNELS, {"alpha": [0.25] * CHANNELS}),
    "pdelu": (CHANNELS, {"alpha": [1.0] * CHANNELS}),
    "arelu": (2, {"alpha": 0.9, "beta": 2.0}),
    "swish_trainable": (1, {"beta": 1.0}),
    "snake_trainable": (CHANNELS, {"frequency": [1.0] * CHANNELS}),
    "snake_beta": (2 * CHANNELS, {"alpha": [0.0] * CHANNELS, "beta": [0.0] * CHANNELS}),
    "srelu": (
        4 * CHANNELS,
        {
            "t_left": [0.0] * CHANNELS,
            "a_left": [0.2] * CHANNELS,
            "t_right": [1.0] * CHANNELS,
            "a_right": [1.0] * CHANNELS,
        },
    ),
    # Softplus of these is 0.8, and 0.8 − β with β = 0.5.
    "xielu": (2, {"a": np.log(np.exp(0.8) - 1), "b": np.log(np.exp(0.3) - 1)}),
    "star_relu_trainable": (2, {"scale": 0.8944, "bias": -0.4472}),
    "erfact": (2, {"alpha": 0.75, "beta": 0.75}),
    "pserf": (2, {"gamma": 1.25, "delta": 0.85}),
    "pau": (
        10,
        {
            "numerator": [3.35583603e-02, 5.05000375e-01, 1.65343934, 2.01001052, 9.31901999e-01, 1.52424124e-01],
            "denominator": [3.30847488e-06, 3.98021568, 5.12471206e-07, 3.01830109e-01],
        },
    ),
}
IMAGES = np.random.default_rng(1).normal(0, 2, (4, 6, 6, CHANNELS))


def built(text: str, shape=(None, 6, 6, CHANNELS), seed=0, dtype="float64") -> Site:
    site = Site(resolve(text), seed, dtype=dtype)
    site.build(shape)
    return site


def test_the_list_of_learned_entries_is_complete() -> None:
    assert set(LEARNED) == {entry.name for entry in CATALOGUE if entry.kind == "trainable"}


@pytest.mark.parametrize("name", LEARNED)
def test_number_and_start_values_of_what_is_learned(name) -> None:
    count, starts = LEARNED[name]
    weights = {weight.name: weight.numpy() for weight in built(name).trainable_weights}
    assert sum(weight.size for weight in weights.values()) == count
    assert weights.keys() == starts.keys()
    for key, start in starts.items():
        assert weights[key] == pytest.approx(np.array(start), abs=1e-6)


@pytest.mark.parametrize(
    "text", ["prelu(init=0.1)", "pdelu(init=0.1)", "swish_trainable(beta=0.1)", "erfact(beta=0.1)"]
)
def test_start_values_can_be_chosen(text) -> None:
    assert np.allclose(built(text).trainable_weights[-1].numpy(), 0.1)


def test_one_slope_for_all_channels_can_be_asked_for() -> None:
    (alpha,) = built("prelu(init=0, per_channel=False)").trainable_weights
    alpha.assign(0.5)
    assert alpha.shape == ()
    assert np.allclose(built("prelu(init=0.5)")(IMAGES), np.where(IMAGES > 0, IMAGES, 0.5 * IMAGES))
    assert resolve("prelu").choice.definition == "prelu(init=0.25)"  # as runs were stored before it could be asked for


@pytest.mark.parametrize("name", LEARNED)
def test_gradients_of_what_is_learned(name) -> None:
    site = built(name)
    factors = np.random.default_rng(2).normal(size=IMAGES.shape)

    def loss():
        return tf.reduce_sum(site(IMAGES) * factors)

    with tf.GradientTape() as tape:
        value = loss()
    for weight, gradient in zip(site.trainable_weights, tape.gradient(value, site.trainable_weights), strict=True):
        start, step = weight.numpy(), 1e-6
        numeric = np.zeros(start.size)
        for i in range(start.size):
            change = step * np.eye(start.size)[i].reshape(start.shape)
            weight.assign(start + change)
            above = loss()
            weight.assign(start - change)
            numeric[i] = (above - loss()) / (2 * step)
            weight.assign(start)
        assert np.allclose(numeric, gradient.numpy().ravel(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", mostly_slow(["frelu", "acon_c", "apl", *LEARNED], quick=2))
def test_two_sites_learn_and_share_nothing(name) -> None:
    activation = resolve(name)
    inputs = keras.Input((6, 6, CHANNELS))
    first, second = Site(activation, 0), Site(activation, 1)
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(second(first(inputs))))
    model = keras.Model(inputs, outputs)
    mine = [id(weight) for site in (first, second) for weight in site.trainable_weights]
    assert len(mine) == len(set(mine)) > 0
    assert len(first.trainable_weights) == len(second.trainable_weights)
    before = [[weight.numpy() for weight in site.trainable_weights] for site in (first, second)]
    model.compile("adam", "mse")
    for _ in range(2):  # srelu's right threshold has no effect until its slope is another than 1
        model.train_on_batch(IMAGES, np.ones((4, 1)))
    for site, old in zip((first, second), before, strict=True):
        for weight, start in zip(site.trainable_weights, old, strict=True):
            assert not np.array_equal(weight.numpy(), start), weight.path


@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE if entry.kind not in ("trainable", "layer")])
def test_the_others_have_nothing_to_learn(name) -> None:
    assert built(name).trainable_weights == []


@pytest.mark.parametrize("precision", ["float64", "float32", "bfloat16"])
def test_rrelu_draws_in_training_only(precision) -> None:
    x = np.full((50, 40), -1.0)
    site = built("rrelu", (None, 40), dtype=precision)
    still = tf.cast(site(x, training=False), "float64").numpy()
    assert np.allclose(still, -11 / 48, rtol=0.01)
    assert np.ptp(still) == 0
    drawn = tf.cast(site(x, training=True), "float64").numpy()
    again = tf.cast(site(x, training=True), "float64").numpy()
    assert not np.array_equal(drawn, again)
    assert -1 / 3 - 0.002 <= drawn.min() < -0.32
    assert -0.14 < drawn.max() <= -1 / 8 + 0.002
    # 2000 draws from a uniform distribution 5/24 wide: the mean is within four standard errors.
    assert abs(drawn.mean() + 11 / 48) < 4 * 5 / 24 / np.sqrt(12 * drawn.size)
    positive = tf.cast(site(-x, training=True), "float64").numpy()
    assert np.array_equal(positive, -x)


def test_rrelu_divides_by_what_it_draws_where_the_paper_is_asked_for() -> None:
    x = np.full((50, 40), -1.0)
    site = built("rrelu(divisor=True)", (None, 40))
    assert np.allclose(site(x, training=False), -1 / 5.5)
    divisors = -1 / site(x, training=True).numpy()
    assert 3 <= divisors.min() < 3.02
    assert 7.98 < divisors.max() <= 8
    assert abs(divisors.mean() - 5.5) < 4 * 5 / np.sqrt(12 * divisors.size)
    assert np.array_equal(site(-x, training=True), -x)


def test_rrelu_draws_by_its_seed() -> None:
    x = np.full((5, 4), -1.0)
    one, same, other = (built("rrelu", (None, 4), seed)(x, training=True).numpy() for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_rrelu_draws_anew_in_every_step_of_a_compiled_loop() -> None:
    site = built("rrelu", (None, 4))

    @tf.function
    def steps():
        return tf.stack([site(-tf.ones((1, 4), tf.float64), training=True) for _ in range(3)])

    drawn = np.concatenate([steps().numpy(), steps().numpy()])
    assert len(np.unique(drawn)) == drawn.size


def simplex_projection(row: np.ndarray) -> np.ndarray:
    """The definition of sparsemax, solved for the threshold by bisection."""
    threshold = optimize.brentq(lambda t: np.maximum(row - t, 0).sum() - 1, row.min() - 1, row.max(), xtol=1e-14)
    return np.maximum(row - threshold, 0)


AXIS = {
    "softmax": lambda x: special.softmax(x, axis=-1),
    "log_softmax": lambda x: special.log_softmax(x, axis=-1),
    "sparsemax": lambda x: np.apply_along_axis(simplex_projection, -1, x),
}


@pytest.mark.parametrize("precision", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("name", AXIS)
def test_axis(name, precision) -> None:
    random = np.random.default_rng(3)
    rows = np.concatenate([random.normal(0, 1, (20, 7)), random.normal(0, 20, (20, 7)), np.zeros((1, 7))])
    x = tf.cast(rows, precision)
    exact = AXIS[name](tf.cast(x, "float64").numpy())
    y = tf.cast(built(name, (None, 7), dtype=precision)(x), "float64").numpy()
    epsilon = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7}[precision]
    assert np.abs(y - exact).max() < 4 * epsilon * max(
        1, np.abs(exact).max(), np.abs(rows).max() * (name == "sparsemax")
    )


@pytest.mark.parametrize("name", AXIS)
def test_axis_gradients(name) -> None:
    site, step = built(name, (None, 6)), 1e-6
    x = np.random.default_rng(4).normal(0, 1, (1, 6))
    factors = np.random.default_rng(5).normal(size=6)
    inputs = tf.Variable(x)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(site(inputs) * factors)
    shifted = np.concatenate([x + step * np.eye(6), x - step * np.eye(6)])
    values = site(shifted).numpy() @ factors
    assert np.allclose((values[:6] - values[6:]) / (2 * step), tape.gradient(value, inputs)[0], atol=1e-8)


@pytest.mark.parametrize("name", AXIS)
def test_axis_is_the_channels_of_an_image(name) -> None:
    y = built(name)(IMAGES).numpy()
    assert np.allclose(y, AXIS[name](IMAGES), atol=1e-12)


@pytest.mark.parametrize(
    ("given", "size", "epsilon"),
    [("", 3, 1e-5), ("kernel_size=1", 1, 1e-5), ("kernel_size=5, epsilon=0.001", 5, 1e-3)],
)
def test_frelu_against_scipy(given, size, epsilon) -> None:
    site = built(f"frelu({given})")
    # Everything away from its start, so that no factor of 1 and no offset of 0 hides a mistake.
    random = np.random.default_rng(6)
    by_name = {}
    for weight in site.weights:
        weight.assign(np.abs(random.normal(1, 0.3, weight.shape)))
        by_name[weight.path.split("/")[-1]] = weight.numpy()
    assert by_name["kernel"].shape == (size, size, CHANNELS, 1)
    expected = np.zeros_like(IMAGES)
    for n, image in enumerate(IMAGES):
        for c in range(CHANNELS):
            # Networks call the correlation a convolution.
            window = signal.correlate2d(image[:, :, c], by_name["kernel"][:, :, c, 0], mode="same") + by_name["bias"][c]
            normal = (window - by_name["moving_mean"][c]) / np.sqrt(by_name["moving_variance"][c] + epsilon)
            expected[n, :, :, c] = np.maximum(image[:, :, c], by_name["gamma"][c] * normal + by_name["beta"][c])
    assert np.allclose(site(IMAGES, training=False), expected, atol=1e-12)


@pytest.mark.parametrize(("text", "kept"), [("frelu", 0.9), ("frelu(momentum=0.99)", 0.99)])
def test_frelu_keeps_a_share_of_its_averages_in_each_step(text, kept) -> None:
    site = built(text)
    (before,) = (weight for weight in site.weights if weight.path.endswith("moving_variance"))
    assert np.array_equal(before, np.ones(CHANNELS))
    site(np.zeros_like(IMAGES), training=True)  # whose windows have the variance 0
    assert np.allclose(before, kept)


def test_frelu_counts_its_weights() -> None:
    # A 3×3 window and a bias, and the scale and shift of the normalisation, for every channel.
    assert sum(weight.numpy().size for weight in built("frelu").trainable_weights) == CHANNELS * (9 + 1 + 2)


def test_frelu_needs_images() -> None:
    with pytest.raises(UserError, match="neighbouring pixels"):
        built("frelu", (None, 10))


def logistic(x):
    return 1 / (1 + np.exp(-x))


def test_acon_c_against_numpy() -> None:
    site = built("acon_c")
    p1, p2, beta = (weight.numpy() for weight in site.trainable_weights)
    assert np.array_equal(beta, np.ones(CHANNELS))
    site.trainable_weights[2].assign([0.5, 1.0, 2.0, 0.0, -1.0])
    apart = (p1 - p2) * IMAGES
    expected = apart * logistic(np.array([0.5, 1.0, 2.0, 0.0, -1.0]) * apart) + p2 * IMAGES
    assert np.allclose(site(IMAGES), expected, atol=1e-12)
    assert np.allclose(site(IMAGES)[..., 3], (p1 + p2)[3] / 2 * IMAGES[..., 3])  # a sharpness of 0 takes the mean


@pytest.mark.parametrize(("text", "hidden"), [("meta_acon", 16), ("meta_acon(r=2)", 2)])
def test_meta_acon_against_numpy(text, hidden) -> None:
    site = built(text)
    random = np.random.default_rng(11)
    for weight in site.weights:
        weight.assign(np.abs(random.normal(0.7, 0.3, weight.shape)))
    value = {"/".join(weight.path.split("/")[-2:]): weight.numpy() for weight in site.weights}
    assert value["fc1/kernel"].shape == (CHANNELS, hidden)
    at = IMAGES.mean(axis=(1, 2))
    for n in (1, 2):
        at = at @ value[f"fc{n}/kernel"] + value[f"fc{n}/bias"]
        normal = (at - value[f"bn{n}/moving_mean"]) / np.sqrt(value[f"bn{n}/moving_variance"] + 1e-5)
        at = value[f"bn{n}/gamma"] * normal + value[f"bn{n}/beta"]
    beta = logistic(at)[:, None, None, :]
    apart = (value["p1/p"] - value["p2/p"]) * IMAGES
    expected = apart * logistic(beta * apart) + value["p2/p"] * IMAGES
    assert np.allclose(site(IMAGES, training=False), expected, atol=1e-12)


def test_meta_acon_needs_images() -> None:
    with pytest.raises(UserError, match="looks at whole images"):
        built("meta_acon", (None, 10))


@pytest.mark.parametrize("hinges", [1, 3, 5])
def test_apl_against_numpy(hinges) -> None:
    site = built(f"apl(sums={hinges})")
    value = {weight.name: weight.numpy() for weight in site.trainable_weights}
    assert len(value) == 2 * hinges
    expected = np.maximum(IMAGES, 0)
    for s in range(1, hinges + 1):
        expected = expected + value[f"a{s}"] * np.maximum(value[f"b{s}"] - IMAGES, 0)
    assert np.allclose(site(IMAGES), expected, atol=1e-12)


def test_drawn_start_values_are_those_of_the_authors_and_of_the_seed() -> None:
    """Means, and standard deviations, of a thousand draws within four standard errors."""
    wide = {weight.name: weight.numpy() for weight in built("apl(sums=1)", (None, 1000)).trainable_weights}
    wide |= {weight.name: weight.numpy() for weight in built("acon_c", (None, 1000)).trainable_weights}
    assert np.abs(wide["a1"]).max() <= 0.2
    for name, deviation in (("a1", 0.2 / np.sqrt(3)), ("b1", 0.5), ("p1", 1.0), ("p2", 1.0)):
        assert abs(wide[name].mean()) < 4 * deviation / np.sqrt(1000)
        assert abs(wide[name].std() / deviation - 1) < 4 / np.sqrt(2000)
    assert abs(np.corrcoef(wide["p1"], wide["p2"])[0, 1]) < 4 / np.sqrt(1000)
    one, same, other = (built("acon_c", seed=seed).trainable_weights[0].numpy() for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_site_of_any_precision_computes_in_it() -> None:
    for name in ("relu", "prelu", "rrelu", "softmax", "frelu", "acon_c", "meta_acon", "apl"):
        for precision in ("float64", "float32", "bfloat16"):
            assert built(name, dtype=precision)(IMAGES).dtype == precision
    mixed = built("prelu", dtype="mixed_bfloat16")
    assert mixed(IMAGES).dtype == "bfloat16"
    assert mixed.trainable_weights[0].dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


# What a study of an article brings along, at its start and elsewhere: weights of its own, one set for all channels.
UNITS = {
    "APL": ([0.2, 0.5], lambda x, a, b: np.maximum(x, 0) + a * np.maximum(b - x, 0)),
    "SLAF": ([1.0, 1.0], lambda x, c, d: c + d * x),
    "PAU": (
        [*LEARNED["pau"][1]["numerator"], *LEARNED["pau"][1]["denominator"]],
        lambda x, *w: np.polyval(w[5::-1], x) / (1 + sum(np.abs(b * x**k) for k, b in enumerate(w[6:], start=1))),
    ),
}


@pytest.mark.parametrize("name", UNITS)
def test_the_units_of_arelus_authors_against_numpy(name) -> None:
    starts, formula = UNITS[name]
    with custom.names_from(Path(__file__).parent.parent / "configs"):
        site = built(f"arelu_units.py:{name}")
    weights = site.trainable_weights
    assert [float(weight) for weight in weights] == pytest.approx(starts, abs=1e-6)
    assert np.allclose(site(IMAGES), formula(IMAGES, *map(float, weights)), rtol=1e-6)
    for number, weight in enumerate(weights):
        weight.assign((-1) ** number * (0.3 + number))
    assert np.allclose(site(IMAGES), formula(IMAGES, *map(float, weights)), rtol=1e-9)
