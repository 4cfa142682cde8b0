"""The pictures and texts of the catalogue: right in themselves, and the committed ones up to date."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from actbench.activations import CATALOGUE, resolve
from actbench.errors import UserError
from actbench.reports.activations import card, description, properties, save_curves, search_catalogue, window_of
from actbench.reports.sketch import panel
from tools import gallery

ROOT = Path(__file__).parents[1]
HOW = "run 'python -m tools.gallery'"


def test_the_readme_lists_the_catalogue_as_it_is() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert gallery.with_names(readme) == readme, HOW
    assert gallery.table().count("\n") == len(CATALOGUE) + 1


def test_a_readme_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks the lines"):
        gallery.with_names("# actbench\n")


@pytest.mark.slow
def test_the_gallery_shows_the_catalogue_as_it_is() -> None:
    assert gallery.page() == (ROOT / gallery.PAGE).read_text(encoding="utf-8"), HOW
    drawn = {file.stem for file in (ROOT / gallery.PICTURES).glob("*.svg")}
    assert drawn == {entry.name for entry in CATALOGUE}, HOW
    size = sum(file.stat().st_size for file in (ROOT / gallery.PICTURES).iterdir())
    assert size < 1_500_000


def test_pictures_are_the_same_every_time(tmp_path) -> None:
    save_curves(["mish"], tmp_path / "one.svg")
    save_curves(["mish"], tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_several_activations_in_one_picture(tmp_path) -> None:
    save_curves(["mish", "swish(beta=2)", "keras:gelu"], tmp_path / "three.svg")
    drawn = (tmp_path / "three.svg").read_text(encoding="utf-8")
    assert all(name in drawn for name in ("mish", "swish(beta=2)", "keras:gelu"))
    save_curves(["relu"], tmp_path / "one.png")
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("names", "file", "message"),
    [
        (["mish"], "mish.bmp", "a picture's name ends in .png, .svg or .pdf"),
        (["mish"], "nowhere/mish.png", "there is no folder"),
        (["mihs"], "mish.png", "Did you mean 'mish'"),
    ],
)
def test_pictures_that_cannot_be_written(tmp_path, names, file, message) -> None:
    with pytest.raises(UserError) as raised:
        save_curves(names, tmp_path / file)
    assert message in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_jump_is_drawn_as_a_gap(tmp_path) -> None:
    """Two gaps in the curve and two in its slope, so five pieces more than one move each."""
    from matplotlib.figure import Figure

    lines = []
    original = Figure.savefig

    def keep(figure, *arguments, **options):
        lines.extend(axes.lines[0].get_ydata() for axes in figure.axes)
        return original(figure, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", keep)
        save_curves(["hardshrink"], tmp_path / "a.svg")
        save_curves(["swish"], tmp_path / "b.svg")
    assert [int(np.isnan(line).sum()) for line in lines] == [2, 2, 0, 0]


def axes_of(texts, tmp_path, **how):
    from matplotlib.figure import Figure

    figures = []
    original = Figure.savefig
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", lambda figure, *a, **o: figures.append(figure) or original(figure, *a, **o))
        save_curves(texts, tmp_path / "drawn.svg", **how)
    return figures[0].axes


def test_every_turning_point_is_in_the_picture(tmp_path) -> None:
    """spocu's minimum lies far below where other curves are cut off."""
    (line,) = axes_of(["spocu"], tmp_path)[0].lines[:1]
    assert np.nanmin(line.get_ydata()) == pytest.approx(-9.842, abs=0.01)
    assert line.get_xdata()[np.nanargmin(line.get_ydata())] == pytest.approx(4.36, abs=0.03)
    assert np.nanmax(axes_of(["exponential"], tmp_path)[0].lines[0].get_ydata()) <= 6
    assert "-9.84" in card("spocu")


@pytest.mark.slow
def test_pictures_of_a_family_have_the_same_axes(tmp_path) -> None:
    for _, family in gallery._families():
        if len(family) > 1 and len(family) < 5:
            names = [entry.name for entry in family]
            window = window_of(names)
            limits = {
                tuple(axes.get_xlim() + axes.get_ylim() for axes in axes_of([name], tmp_path, window=window))
                for name in names
            }
            assert len(limits) == 1
            together = axes_of(names, tmp_path)
            for axes, (low, high) in zip(together, window, strict=True):
                for line in axes.lines[: len(names)]:
                    assert low < np.nanmin(line.get_ydata()) <= np.nanmax(line.get_ydata()) < high


@pytest.mark.slow
def test_what_is_drawn_at_random_is_drawn_as_a_band(tmp_path) -> None:
    """And what a curve stands for is said beside its name."""
    left, right = axes_of(["frelu", "rrelu", "prelu", "softmax", "relu"], tmp_path)
    labels = [text.get_text() for text in left.figure.legends[0].get_texts()]
    assert labels == [
        "frelu, 20 draws of its weights", "rrelu, in inference", "prelu, at its start values",
        "softmax, first output for (x, 0)", "relu",
    ]  # fmt: skip
    for axes in (left, right):
        (band,) = axes.collections
        assert len(axes.lines) == 4 + 2  # and the two lines through 0
        colours = [tuple(band.get_facecolor()[0][:3])] + [to_rgb(line.get_color()) for line in axes.lines[:4]]
        assert len(set(colours)) == 5
    corners = left.collections[0].get_paths()[0].vertices
    assert (corners[:, 0].min(), corners[:, 0].max()) == (-5, 5)
    # The larger of x and what its window makes of it: x itself where that is less, and more or less steep elsewhere.
    assert (corners[:, 1].min(), corners[:, 1].max()) == (-5, 6)


def test_whose_a_package_is() -> None:
    assert "a non-official implementation by F. Carrillo Pérez and A. Özgür" in " ".join(card("spocu:SPOCU").split())
    assert "official" not in card("keras:relu")


MISH = """\
mish   (element-wise)
  Mish: x gated by the tanh of its softplus.
  f(x) = x · tanh(ln(1 + exp(x)))
  range [-0.3089, ∞); smooth, not monotonic
  f(0) = 0, f′(0) = 0.6
  Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function
  https://arxiv.org/abs/1908.08681

"""


def test_card() -> None:
    text = card("mish")
    assert text.startswith(MISH)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


def test_card_of_given_parameters() -> None:
    text = card("hardshrink(-1, 1)")
    assert "at the defaults: range (-∞, -0.5) ∪ {0} ∪ (0.5, ∞)" in text
    assert "lower = -1 (default -0.5): lower end of the dead zone" in text


@pytest.mark.parametrize("name", [entry.name for entry in CATALOGUE])
def test_every_entry_has_a_card(name) -> None:
    text = card(name, width=60)
    assert name in text.splitlines()[0]
    assert CATALOGUE[name].source in " ".join(text.split())
    assert CATALOGUE[name].link in text
    assert max(map(len, text.split("\n\n")[0].splitlines())) <= max(60, len(CATALOGUE[name].link) + 2)
    plots = text.split("\n\n")[-1].splitlines()
    assert len(plots) == 13
    assert any("\u2800" < letter <= "\u28ff" for letter in "".join(plots))


def test_card_of_a_providers_function() -> None:
    text = card("keras:gelu(approximate=True)")
    assert text.startswith("keras:gelu(approximate=True)\n  from keras 3.")
    assert "f(0) = 0, f′(0) = 0.5" in text


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["keras:softmax", "keras:Softmax"])
def test_card_of_what_a_library_does_along_an_axis(text) -> None:
    """On one input alone a softmax is 1, and Keras warns of it."""
    shown = card(text)
    assert properties(resolve(text)) == properties(resolve("softmax"))
    assert shown.split("\n\n")[-1] == card("softmax").split("\n\n")[-1]
    assert "first output for (x, 0)" in shown


def test_card_of_layers_from_elsewhere() -> None:
    assert "first output" not in card("keras:LeakyReLU")
    # Half of the axis is gone: said of the axis, not as a puzzle about its length.
    with pytest.raises(UserError, match=r"turns shape .* into .*; an activation must keep the shape"):
        card("keras:glu")
    # Each channel by its own window: a constant image, of which the middle pixel is seen.
    assert "f(0) = 0" in card("keras:DepthwiseConv2D(3, padding='same')")


def test_card_of_what_lets_no_gradient_through(tmp_path) -> None:
    (tmp_path / "own.py").write_text("from keras import ops\ndef cut(x):\n    return ops.stop_gradient(2 * x)\n")
    assert "f(0) = 0, f′(0) = 0, odd" in card(f"{tmp_path / 'own.py'}:cut")


@pytest.mark.parametrize(
    ("text", "value", "slope", "symmetry"),
    [
        ("mish", 0, 0.6, ""),
        ("sigmoid", 0.5, 0.25, ""),
        ("tanh", 0, 1, "odd"),
        ("lisht", 0, 0, "even"),
        ("star_relu", -0.4472, 0, ""),
        ("softplus", np.log(2), 0.5, ""),
        ("swish(beta=3)", 0, 0.5, ""),
        ("gcu", 0, 1, "odd"),
    ],
)
def test_properties(text, value, slope, symmetry) -> None:
    found = properties(resolve(text))
    assert found.value_at_0 == pytest.approx(value, abs=1e-12)
    assert found.slope_at_0 == pytest.approx(slope, abs=1e-12)
    assert found.symmetry == symmetry


def test_description_is_json() -> None:
    read = json.loads(json.dumps(description("silu")))
    assert read["name"] == "swish"
    assert read["aliases"] == ["silu"]
    assert read["slope_at_0"] == 0.5
    assert read["parameters"][0]["name"] == "beta"
    assert json.loads(json.dumps(description("keras:relu6")))["provider"] == "keras"


def test_the_catalogue_is_searched() -> None:
    assert {entry.name for entry in search_catalogue("axis")} == {"softmax", "log_softmax", "sparsemax"}
    assert [entry.name for entry in search_catalogue(search="MISRA")] == ["hard_mish", "mish"]
    assert [entry.name for entry in search_catalogue(search="telu")] == ["tanhexp"]
    assert len(search_catalogue()) == len(CATALOGUE)
    with pytest.raises(UserError, match="The kinds are elementwise, stochastic, trainable, layer, axis"):
        search_catalogue("gated")
    with pytest.raises(UserError, match="No activation of the kind 'axis' has 'mish'"):
        search_catalogue("axis", "mish")


def test_panel() -> None:
    drawn = panel("line", lambda x: x, reach=2, width=10, height=5)
    assert drawn == [
        "        line      ",
        "      2      │  ⣠⠞",
        "             │⣠⠞⠁ ",
        "      0 ───⢀⡤⠚⠁───",
        "         ⢀⡴⠋ │    ",
        "     -2 ⡴⠋   │    ",
        "        -2       2",
    ]


def test_panel_draws_a_steep_line_without_gaps() -> None:
    """In a narrow terminal a slope of 10 rises by twenty dots in each column of them."""
    for line in panel("", lambda x: 10 * np.abs(x), width=16)[1:-1]:
        cells = [ord(letter) - 0x2800 for letter in line if "\u2800" < letter <= "\u28ff"]
        # All four rows of dots are touched, on either side.
        assert all(any(cell & row for cell in cells) for row in (0x09, 0x12, 0x24, 0xC0))


def test_panel_leaves_out_what_is_not_finite_or_far() -> None:
    def wild(x):
        with np.errstate(divide="ignore"):
            return np.where(x > 1, np.nan, np.where(x < 0, 1 / np.zeros_like(x), 100 * (x > 0.5)))

    drawn = panel("", wild, reach=2, ceiling=6, width=8, height=4)
    # What is left is 0 between 0 and a half.
    assert drawn == [
        "                ",
        "  1e-09     │   ",
        "            │   ",
        "            │   ",
        "      0 ────⣀───",
        "        -2     2",
    ]
