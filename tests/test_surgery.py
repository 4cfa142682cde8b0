"""Sites in networks that were written without them: which places are found, and what is left alone, and why."""

import keras
import numpy as np
import pytest
from keras import layers

from actbench.errors import UserError
from actbench.models.copying import fresh
from actbench.models.surgery import Reason, ends_in, outline, places, with_sites


class Doubling(layers.Layer):
    """Stands for a site, and is easily told from any activation."""

    def call(self, x):
        return 2 * x


def told(model):
    return {place.path: (place.was, place.reason and place.reason.value) for place in places(model)}


def swapped(model, swap="hidden"):
    made = []

    def site():
        made.append(Doubling(name=f"site_{len(made)}"))
        return made[-1]

    return with_sites(model, site, swap), made


def weights(model):
    return [np.asarray(weight) for weight in model.weights]


def squeezing(inputs):
    """A convolution, and a squeeze-and-excite block as it is usually written."""
    x = layers.Conv2D(4, 3, activation="swish", name="stem")(inputs)
    s = layers.GlobalAveragePooling2D()(x)
    s = layers.Dense(2, activation="relu", name="squeeze")(s)
    s = layers.Dense(4, activation="sigmoid", name="excite")(s)
    return layers.Multiply()([x, layers.Reshape((1, 1, 4))(s)])


def test_a_sequential_model_has_its_hidden_activations_swapped():
    model = keras.Sequential([
        keras.Input((6,)),
        layers.Dense(5, activation="tanh", name="one"),
        layers.Dense(4, name="two"),
        layers.LeakyReLU(name="leak"),
        layers.PReLU(name="learned"),
        layers.Dense(3, activation="softmax", name="end"),
    ])  # fmt: skip
    assert told(model) == {
        "one": ("tanh", None), "leak": ("leaky_relu", None), "learned": ("prelu", None), "end": ("softmax", "loss"),
    }  # fmt: skip
    changed, made = swapped(model)
    assert len(made) == 3
    assert ends_in(model) == "softmax"
    assert ends_in(changed) == ""
    x = np.random.default_rng(0).normal(size=(7, 6)).astype("float32")
    kernels = {layer.name: layer.get_weights() for layer in model.layers}
    by_hand = 2 * (x @ kernels["one"][0] + kernels["one"][1])
    by_hand = 4 * (by_hand @ kernels["two"][0] + kernels["two"][1])
    np.testing.assert_allclose(changed(x), by_hand @ kernels["end"][0] + kernels["end"][1], rtol=1e-5, atol=1e-5)


def test_the_network_itself_is_left_as_it_was():
    inputs = keras.Input((8, 8, 3))
    x = layers.Activation("relu", name="act")(squeezing(inputs))
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))
    x = np.ones((2, 8, 8, 3), "float32")
    before = np.asarray(model(x))
    swapped(model, "all")
    np.testing.assert_array_equal(before, model(x))


def test_what_multiplies_others_is_a_gate():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(squeezing(inputs))))
    assert told(model) == {"stem": ("silu", None), "squeeze": ("relu", None), "excite": ("sigmoid", "gate")}


def test_a_gate_is_told_through_numbers_that_it_is_scaled_by():
    inputs = keras.Input((8,))
    x = layers.Dense(4, name="values")(inputs)
    gate = layers.ReLU(6.0, name="gate")(layers.Dense(4)(inputs) + 3.0) * (1 / 6)
    model = keras.Model(inputs, layers.Dense(3)(x * gate))
    assert told(model) == {"gate": ("relu6", "gate")}


@pytest.mark.parametrize(("function", "reason"), [("silu", None), ("gelu", None), ("relu", None), ("sigmoid", "gate")])
def test_the_activation_of_a_gated_linear_unit_is_swapped_where_it_has_no_bound(function, reason):
    inputs = keras.Input((8,))
    gated = layers.Dense(4, activation=function, name="gate")(inputs) * layers.Dense(4, name="values")(inputs)
    assert told(keras.Model(inputs, layers.Dense(3)(gated))) == {"gate": (function, reason)}


def test_the_parts_of_an_activation_that_is_written_out_are_left_alone():
    inputs = keras.Input((8,))
    x = layers.Dense(4)(inputs)
    mish = x * keras.ops.tanh(keras.ops.softplus(x))
    model = keras.Model(inputs, layers.Dense(3)(mish))
    assert [(place.was, place.reason) for place in places(model)] == [
        ("softplus", Reason.GATE), ("tanh", Reason.GATE),
    ]  # fmt: skip


def test_what_is_multiplied_and_also_added_is_no_gate():
    inputs = keras.Input((8,))
    x = layers.Dense(4, activation="relu", name="one")(inputs)
    model = keras.Model(inputs, layers.Dense(3)(layers.Dense(4)(inputs) * x + x))
    assert told(model) == {"one": ("relu", None)}


def test_what_reaches_the_output_without_weights_is_left_alone():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(3, 3, activation="relu", name="last")(layers.Conv2D(4, 3, activation="elu", name="one")(inputs))
    model = keras.Model(inputs, layers.Softmax(name="shares")(layers.GlobalAveragePooling2D()(x)))
    assert told(model) == {"one": ("elu", None), "last": ("relu", "output"), "shares": ("softmax", "loss")}
    assert len(swapped(model, "all")[1]) == 2
    changed, made = swapped(model, "las*")
    assert len(made) == 1
    assert ends_in(changed) == ""


def test_recurrent_layers_and_attention_are_left_alone():
    inputs = keras.Input((5, 4))
    x = layers.LSTM(4, return_sequences=True, name="lstm")(inputs)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True), name="both")(x)
    x = layers.MultiHeadAttention(2, 2, name="attention")(x, x)
    x = layers.TimeDistributed(layers.Dense(4, activation="gelu", name="inner"), name="each")(x)
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))
    reasons = {path: reason for path, (_, reason) in told(model).items() if reason}
    assert {path.partition("/")[0]: reason for path, reason in reasons.items()} == {
        "lstm": "recurrent", "both": "recurrent", "attention": "inside",
    }  # fmt: skip
    changed, made = swapped(model, "all")
    assert [place.path for place in places(model) if place.reason is None] == ["each/inner"]
    assert len(made) == 1
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
    assert not np.allclose(model(x), changed(x))


def test_nested_networks_are_taken_apart():
    inputs = keras.Input((8, 8, 3))
    inner = keras.Model(inputs, squeezing(inputs), name="block")
    head = keras.Sequential([layers.Flatten(), layers.Dense(5, activation="relu", name="wide")], name="head")
    outer = keras.Input((8, 8, 3))
    model = keras.Model(outer, layers.Dense(3, activation="softmax", name="end")(head(inner(outer))))
    assert told(model) == {
        "block/stem": ("silu", None), "block/squeeze": ("relu", None), "block/excite": ("sigmoid", "gate"),
        "head/wide": ("relu", None), "end": ("softmax", "loss"),
    }  # fmt: skip
    changed, made = swapped(model)
    assert len(made) == 3
    assert changed.count_params() == model.count_params()
    assert {place.path for place in places(changed)} == {"block/excite"}


def test_the_softmax_at_the_end_of_a_nested_network_is_the_losses_too():
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Activation("softmax", name="end")], name="in")
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="relu", name="one"), inner])
    assert told(model) == {"one": ("relu", None), "in/end": ("softmax", "loss")}
    changed, _ = swapped(model)
    assert ends_in(changed) == ""


def test_a_layer_that_is_called_twice_has_one_site():
    inputs = keras.Input((4,))
    shared = layers.Dense(4, activation="relu", name="shared")
    learned = layers.PReLU(name="learned")
    x = learned(layers.Dense(4)(learned(layers.Dense(4)(shared(shared(inputs))))))
    changed, made = swapped(keras.Model(inputs, layers.Dense(3)(x)))
    assert len(made) == 2
    assert sum(isinstance(layer, Doubling) for layer in changed._flatten_layers()) == 2


def test_an_activation_that_learns_nothing_is_a_place_each_time_that_it_is_called():
    inputs = keras.Input((8, 8, 3))
    relu, shares = layers.ReLU(name="relu"), layers.Softmax(name="shares")
    x = relu(layers.Conv2D(4, 3, name="a")(inputs))
    x = relu(layers.Conv2D(6, 3, name="b")(x))
    x = layers.Dense(5, name="c")(shares(layers.Dense(3, name="d")(layers.Flatten()(x))))
    x = layers.Dense(3, name="e")(relu(x))
    model = keras.Model(inputs, shares(x))
    reasons = [(place.path, place.reason) for place in places(model)]
    assert sorted(reasons, key=str) == sorted(
        [("relu", None)] * 3 + [("shares", Reason.SOFTMAX), ("shares", Reason.LOSS)], key=str
    )
    changed, made = swapped(model)
    assert len(made) == 3
    assert [layer.output.shape[1:] for layer in made] == [(6, 6, 4), (4, 4, 6), (5,)]
    assert ends_in(changed) == ""
    assert [place.reason for place in places(changed)] == [Reason.SOFTMAX]
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 3)).astype("float32")
    same, _ = swapped(model, None)
    np.testing.assert_allclose(keras.ops.softmax(same(x)), model(x), rtol=1e-5)


def test_what_regularizes_an_activations_output_goes_with_the_activation():
    inputs = keras.Input((4,))
    x = layers.Dense(5, activation="tanh", activity_regularizer="l2", name="one")(inputs)
    x = layers.Activation("relu", activity_regularizer=keras.regularizers.L1(0.1), name="two")(layers.Dense(4)(x))
    model = keras.Model(inputs, layers.Dense(3)(x))
    changed, _ = swapped(model)
    x = np.random.default_rng(0).normal(size=(7, 4)).astype("float32")
    changed(x)
    one = 2 * (x @ model.get_layer("one").kernel.numpy())
    two = 2 * (one @ changed.layers[3].kernel.numpy())
    by_hand = [0.01 * np.square(one).sum() / len(x), 0.1 * np.abs(two).sum() / len(x)]
    np.testing.assert_allclose(sorted(map(float, changed.losses)), sorted(by_hand), rtol=1e-4)


def test_the_start_of_an_own_activation_moves_no_stream_behind_it():
    def streams(swap):
        keras.utils.set_random_seed(3)
        inputs = keras.Input((4,))
        x = layers.PReLU(alpha_initializer="uniform")(layers.Dense(4)(inputs))
        model = keras.Model(inputs, layers.Dense(3)(layers.Dropout(0.5)(x)))
        changed, _ = swapped(fresh(model), swap)
        (dropout,) = (layer for layer in changed.layers if isinstance(layer, layers.Dropout))
        return dropout.seed_generator.state.numpy().tolist()

    assert streams(None) == streams("hidden")


def test_functions_of_keras_are_places_too():
    inputs = keras.Input((4,))
    x = keras.activations.relu(layers.Dense(4)(inputs))
    x = keras.activations.relu(layers.Dense(4)(x), max_value=6)
    x = keras.ops.relu(layers.Dense(4)(x))
    x = keras.ops.leaky_relu(layers.Dense(4)(x))
    x = keras.ops.glu(layers.Dense(8)(x))
    x = keras.ops.tanh(layers.Dense(4)(x))
    model = keras.Model(inputs, keras.ops.softmax(layers.Dense(3)(x)))
    assert [(place.was, place.reason) for place in places(model)] == [
        ("relu", None), ("relu6", None), ("relu", None), ("leaky_relu", None), ("glu", Reason.SHAPE), ("tanh", None),
        ("softmax", Reason.LOSS),
    ]  # fmt: skip
    shown = [place.was for row in outline(model) for place in row.places]
    assert shown == ["relu", "relu6", "relu", "leaky_relu", "glu", "tanh", "softmax"]
    changed, made = swapped(model)
    assert len(made) == 5
    assert ends_in(changed) == ""


@pytest.mark.parametrize(
    ("swap", "paths"),
    [
        ("hidden", ["a_one", "a_two", "b_one"]),
        ("relu", ["a_one", "b_one"]),
        ("a_*", ["a_one", "a_two"]),
        ("all", ["a_one", "a_two", "b_one"]),
    ],
)
def test_what_is_swapped_can_be_chosen(swap, paths):
    model = keras.Sequential([
        keras.Input((4,)),
        layers.Dense(4, activation="relu", name="a_one"),
        layers.Dense(4, activation="tanh", name="a_two"),
        layers.Dense(4, activation="relu6", name="b_one"),
        layers.Dense(3, activation="softmax", name="end"),
    ])  # fmt: skip
    assert [place.path for place in places(model) if place.is_meant(swap)] == paths
    assert len(swapped(model, swap)[1]) == len(paths)


def test_what_means_nothing_is_refused_with_what_there_is():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, "tanh", name="one"), layers.Dense(3, "softmax")])
    with pytest.raises(UserError, match=r"--swap relu means no activation of the model. It has one \(tanh\)"):
        swapped(model, "relu")
    with pytest.raises(UserError, match="no activation that could be swapped"):
        swapped(keras.Sequential([keras.Input((4,)), layers.Dense(3)]))


def test_weights_are_drawn_anew_by_each_layers_own_initializer_even_where_it_has_a_seed():
    model = keras.Sequential([
        keras.Input((40,)),
        layers.Dense(50, activation="relu", kernel_initializer=keras.initializers.RandomNormal(5, 1e-3, seed=3)),
        layers.Dense(3),
    ])  # fmt: skip
    drawn = []
    for seed in (0, 0, 1):
        keras.utils.set_random_seed(seed)
        drawn.append(weights(fresh(model))[0])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2], atol=1e-6)
    np.testing.assert_allclose(drawn[2], 5, atol=0.01)


def normalized():
    """A network that begins with what it was told of its data, and learned a slope."""
    model = keras.Sequential([
        keras.Input((4,)), layers.Normalization(), layers.Dense(5, layers.PReLU(), name="one"), layers.Dense(3),
    ])  # fmt: skip
    model.layers[0].adapt(np.random.default_rng(0).normal(7, 3, (50, 4)))
    model(np.zeros((1, 4)))
    model.get_layer("one").activation.alpha.assign(np.arange(5) / 10)
    return model


def test_what_a_layer_computes_from_its_weights_is_kept_with_them():
    model, x = normalized(), np.random.default_rng(1).normal(7, 3, (6, 4)).astype("float32")
    np.testing.assert_allclose(model(x), with_sites(model, Doubling, None)(x), rtol=1e-6)
    changed, _ = swapped(model)
    first, last = (model.get_layer(name).get_weights() for name in ("one", model.layers[-1].name))
    scaled = (x - np.asarray(model.layers[0].mean)) / np.sqrt(np.asarray(model.layers[0].variance))
    by_hand = 2 * (scaled @ first[0] + first[1]) @ last[0] + last[1]
    np.testing.assert_allclose(changed(x), by_hand, rtol=1e-5, atol=1e-5)


def test_what_was_taken_from_data_is_not_drawn_anew():
    model = normalized()
    drawn = fresh(model)
    np.testing.assert_array_equal(drawn.layers[1].mean, model.layers[0].mean)
    assert not np.allclose(weights(drawn)[3], weights(model)[3])
    assert not np.any(drawn.get_layer("one").activation.alpha)


def test_activations_at_each_step_of_time():
    inputs = keras.Input((5, 4))
    inner = keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(4, name="after")])
    x = layers.TimeDistributed(layers.ReLU(), name="whole")(layers.Dense(4, name="first")(inputs))
    x = layers.TimeDistributed(layers.PReLU(), name="learned")(x)
    x = layers.TimeDistributed(inner, name="network")(x)
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))
    reasons = {path.partition("/")[0]: reason for path, (_, reason) in told(model).items()}
    assert reasons == {"whole": None, "learned": None, "network": "inside"}
    changed, made = swapped(model)
    assert len(made) == 2
    x = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")
    there = {layer.name: layer for layer in changed.layers}
    given = 4 * there["first"](x)
    np.testing.assert_allclose(keras.Model(changed.inputs, there["network"].input)(x), given, rtol=1e-5)
    np.testing.assert_allclose(there["network"](given), model.get_layer("network")(given), rtol=1e-5)


class Wide(layers.Layer):
    """Says nothing of how it was made."""

    def __init__(self, width):
        super().__init__()
        self.width = width

    def call(self, x):
        return self.width * x


@pytest.mark.parametrize("layer", [lambda: layers.Dense(4, activation=lambda x: x * x), lambda: Wide(2)])
def test_a_layer_that_cannot_be_made_again_is_named(layer):
    made = layer()
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, "tanh"), made, layers.Dense(3)])
    with pytest.raises(UserError, match=rf"The layer '{made.name}' .* get_config, and functions with a name"):
        fresh(model)


def test_weights_are_copied_layer_by_layer():
    inputs = keras.Input((8, 8, 3))
    x = layers.PReLU()(layers.BatchNormalization()(squeezing(inputs)))
    model = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(x)))
    for weight in model.weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    changed, _ = swapped(model)
    kept = [np.asarray(weight) for weight in model.weights if "p_re_lu" not in weight.path]
    for ours, theirs in zip(kept, weights(changed), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_outline_names_every_layer():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, layers.Dense(3, name="end")(layers.Flatten(name="flat")(squeezing(inputs))))
    rows = {row.path: row for row in outline(model)}
    assert rows["stem"].shape == (6, 6, 4)
    assert rows["stem"].parameters == 3 * 3 * 3 * 4 + 4
    assert [place.was for place in rows["excite"].places] == ["sigmoid"]
    assert rows["end"].places == ()
    assert sum(row.parameters for row in rows.values()) == model.count_params()
