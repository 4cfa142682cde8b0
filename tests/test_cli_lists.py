"""``actbench list`` and ``actbench show`` of activations, as a person calls them."""

import json

import pytest

from actbench.activations import CATALOGUE


@pytest.fixture
def call(invoke):
    """What a command that ends well says."""

    def call(*words):
        done = invoke(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return call


def test_list_counts_them_all(call):
    assert len(call("list", "activations").splitlines()) == len(CATALOGUE) >= 55


def test_list_by_kind_and_search(call):
    assert [line.split()[0] for line in call("list", "activations", "--kind", "axis").splitlines()] == [
        "log_softmax",
        "softmax",
        "sparsemax",
    ]
    found = json.loads(call("list", "activations", "--search", "telu", "--json"))
    assert [entry["name"] for entry in found] == ["tanhexp"]
    assert [entry["name"] for entry in json.loads(call("list", "models", "--search", "mlp", "--json"))]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["activations", "--kind", "gated"], "gated"),
        (["models", "--kind", "axis"], "--kind sorts activations, not models."),
    ],
)
def test_list_of_no_such_kind(invoke, words, says):
    done = invoke("list", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr


def test_show_several_and_draw_them(call, tmp_path):
    text = call("show", "mish", "swish(beta=2)", "--plot", tmp_path / "both.svg")
    assert text.startswith("mish   (element-wise)\n")
    assert "\n\nswish(beta=2)   (element-wise)\n" in text
    assert "swish(beta=2)" in (tmp_path / "both.svg").read_text(encoding="utf-8")


def test_show_as_json(call):
    assert json.loads(call("show", "silu", "--json"))["name"] == "swish"
    assert [entry["name"] for entry in json.loads(call("show", "mish", "relu", "--json"))] == ["mish", "relu"]


@pytest.mark.parametrize(
    ("spelling", "formula"),
    [
        ("hard_sigmoid(slope=0.2)", "min(max(slope·x + 1/2, 0), 1); slope = 0.2"),
        ("hard_sigmoid", "min(max(slope·x + 1/2, 0), 1); slope = 1/6"),
        ("aria2(alpha=1.7)", "x · (1 + exp(−βx))^(−α); α = 1.7, β = 2"),
        ("hard_tanh(lower=-2)", "min(max(x, lower), upper); lower = −2, upper = 1"),
    ],
)
def test_show_prints_the_formula_with_what_was_given(call, spelling, formula):
    assert f"  f(x) = {formula}\n" in call("show", spelling)


def test_pictures_of_functions_have_themes_and_mark_where_a_curve_goes_on(call, tmp_path):
    for theme, paper in (("light", "#ffffff"), ("dark", "#14181d")):
        call("show", "mish", "hard_shrink(upper=1)", "spocu", "--plot", tmp_path / "a.svg", "--theme", theme)
        drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
        assert paper in drawn
        assert "goes on beyond" in drawn
