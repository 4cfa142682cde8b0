"""What every entry must say of itself, and that what it says is true. A new entry passes these or is not finished."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import mathtext

import actbench
from actbench.activations import CATALOGUE, named, resolve
from actbench.activations._instead import INSTEAD
from actbench.errors import UserError
from actbench.registry import signature
from actbench.training.curves import curve

ENTRIES = [entry.name for entry in CATALOGUE]
PACKAGE = Path(actbench.__file__).parent
# Dense near the origin, where all the bends are, and far enough out to see where a function ends.
LINE = np.unique(np.concatenate([np.linspace(-12, 12, 24_001), np.linspace(-1000, 1000, 2001), [-1e4, 1e4]]))


def parse_range(text: str) -> list[tuple[float, float, bool, bool]]:
    """Parts of ``(-∞, -0.5) ∪ {0}`` as (low, high, whether low belongs to it, whether high does)."""
    parts = []
    for part in text.split(" ∪ "):
        if point := re.fullmatch(r"\{(-?[\d.]+)\}", part):
            parts.append((float(point[1]), float(point[1]), True, True))
            continue
        interval = re.fullmatch(r"([(\[])(-∞|-?[\d.]+), (∞|-?[\d.]+)([)\]])", part)
        assert interval, f"{part!r} is neither an interval nor a point"
        low, high = (float(bound.replace("∞", "inf")) for bound in interval.group(2, 3))
        parts.append((low, high, interval[1] == "[", interval[4] == "]"))
    return parts


def test_the_catalogue_is_broad() -> None:
    assert len(CATALOGUE) >= 55


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_explains_itself(name) -> None:
    entry = CATALOGUE[name]
    assert entry.summary.endswith(".")
    assert entry.summary[0].isupper()
    assert entry.formula
    assert re.search(r"\b(18|19|20)\d\d\b", entry.source), "the source names no year"
    assert re.fullmatch(r"https://\S+", entry.link)
    for parameter in entry.parameters:
        assert parameter.meaning, parameter.name
        assert not parameter.required, "every parameter has a default"
    assert not entry.overflow or "float32" in entry.overflow
    for alias in entry.aliases:
        assert CATALOGUE[alias] is entry
        assert resolve(alias).choice == resolve(name).choice


@pytest.mark.parametrize("name", ENTRIES)
def test_latex_can_be_drawn(name) -> None:
    latex = CATALOGUE[name].latex
    assert "$" not in latex
    parsed = mathtext.MathTextParser("path").parse(f"${latex}$", dpi=72)
    assert parsed.width > 0


@pytest.mark.parametrize("name", ENTRIES)
def test_formula_gives_the_defaults(name) -> None:
    """Whoever reads the formula must be able to compute it: every number of the defaults stands in it."""
    entry = CATALOGUE[name]
    if entry.kind in ("trainable", "layer", "stochastic"):
        pytest.skip("its numbers are start values or bounds, told in words")
    plain = entry.formula.replace("−", "-")
    fractions = {1 / 6: "1/6"}
    for parameter in entry.parameters:
        if isinstance(parameter.default, float):
            assert fractions.get(parameter.default, f"{parameter.default:g}") in plain, parameter.name


@pytest.mark.parametrize("name", ENTRIES)
def test_range(name) -> None:
    entry = CATALOGUE[name]
    parts = parse_range(entry.range)
    with np.errstate(over="ignore"):
        y = curve(resolve(name), LINE)[0]
    room = 1e-9 * np.maximum(1, np.abs(y))
    inside = np.any([(y >= low - room) & (y <= high + room) for low, high, *_ in parts], axis=0)
    assert inside.all(), f"{y[~inside][:3]} at {LINE[~inside][:3]} lies outside {entry.range}"
    if entry.kind == "layer":
        return
    for low, high, *_ in parts:
        part = y[(y >= low - 1e-9) & (y <= high + 1e-9)]
        # No range is claimed wider than it is: the values come near both its ends, and go far where there is none.
        assert part.min() <= (low + 2e-3 * max(1, abs(low)) if np.isfinite(low) else -50)
        assert part.max() >= (high - 2e-3 * max(1, abs(high)) if np.isfinite(high) else 50)


@pytest.mark.parametrize("name", ENTRIES)
def test_monotonic_and_smooth(name) -> None:
    entry = CATALOGUE[name]
    if entry.kind == "layer":
        pytest.skip("it depends on more than one number, and on what is learned")
    x = np.linspace(-12, 12, 240_001)
    y, slope = curve(resolve(name), x)
    assert bool(np.all(np.diff(y) >= -1e-12)) == entry.monotonic
    # A jump of the slope does not shrink with the step; a bend, however sharp, does.
    jumps = np.abs(np.diff(slope)) / np.maximum(1, np.abs(slope[1:]))
    assert bool(jumps.max() < 0.01) == (entry.smooth or name == "pau")


def test_the_kink_of_pau() -> None:
    """Too small to be seen above: at 0 the absolute value in the denominator turns with a slope of 3e-6."""
    assert CATALOGUE["pau"].smooth is False
    _, slope = curve(resolve("pau"), np.array([-1e-9, 1e-9]))
    assert abs(slope[1] - slope[0]) == pytest.approx(2 * 3.3e-6 * 0.0336, rel=0.05)


EXAMPLE = '''
"""An example of a new family."""

from typing import Annotated

from msgspec import Meta

from actbench.activations import Tensor, activation
from actbench.lazy import lazy

ops = lazy("keras.ops")


@activation(
    formula="x · σ(x) · steepness; steepness = 3",
    latex=r"s x \\, \\sigma(x), \\quad s = 3",
    source="Nobody 2030, An Example",
    link="https://example.org/paper",
    range="[-0.8354, ∞)",
    smooth=True,
    monotonic=False,
    aliases=("other_example",),
)
def example(x: Tensor, steepness: Annotated[float, Meta(gt=0, description="scale of the whole")] = 3.0) -> Tensor:
    """An example that is in no paper."""
    return steepness * x * ops.sigmoid(x)
'''


@pytest.mark.slow
def test_one_new_file_adds_an_activation(tmp_path) -> None:
    """The file is laid into a copy of the package; nothing else changes, and every test above holds for it."""
    copy = tmp_path / "actbench"
    for file in PACKAGE.rglob("*.py"):
        target = copy / file.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (copy / "activations" / "example.py").write_text(EXAMPLE, encoding="utf-8")
    program = (
        "import pytest, sys, actbench; from actbench.activations import CATALOGUE, resolve; "
        f"assert actbench.__file__.startswith({str(tmp_path)!r}), actbench.__file__; "
        "assert resolve('other_example(2)').choice.spelling == 'example(steepness=2)'; "
        f"sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '--rootdir', {str(tmp_path)!r}, "
        f"'-k', 'example and not one_new_file', {__file__!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b6 passed", done.stdout), done.stdout


def _environment(path: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(path)}


def test_listing_needs_no_keras() -> None:
    program = (
        "import sys; from actbench.activations import CATALOGUE, resolve; "
        "[(e.summary, e.parameters) for e in CATALOGUE]; resolve('mish'); "
        "heavy = {'keras', 'tensorflow', 'matplotlib', 'scipy', 'plotext'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=_environment(PACKAGE.parent))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swish(gamma=1)", "The activation 'swish' has no parameter 'gamma'. It takes beta."),
        ("swish(betta=1)", "Did you mean 'beta'?"),
        ("swish(beta='a')", "The activation 'swish' got beta='a'; allowed is a number."),
        ("swish(1, 2)", "The activation 'swish' takes at most 1 parameter (beta), but 2 were given."),
        ("swish(1, beta=1)", "was given 'beta' twice"),
        ("mish(1)", "The activation 'mish' takes no parameters, but 1 were given."),
        ("hardshrink(1, 2)", "The activation 'hardshrink' got lower=1; allowed is a number <= 0."),
        ("prelu(init=11)", "allowed is a number >= -10 and <= 10"),
        ("prelu(init=True)", "allowed is a number"),
        ("frelu(kernel_size=2.5)", "allowed is a whole number >= 1 and <= 15"),
        ("gelu(approximate=1)", "allowed is True or False"),
        ("mihs", "Unknown activation 'mihs'. Did you mean 'mish'?"),
        ("Swish", "Unknown activation 'Swish'. Did you mean 'swish'?"),
    ],
)
def test_wrong_parameters_are_named(text, message) -> None:
    with pytest.raises(UserError) as raised:
        resolve(text)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gelu_tanh", "Take 'gelu(approximate=True)'."),
        ("fast_gelu", "Some libraries mean 'gelu(approximate=True)' by it, others 'quick_gelu'."),
        ("softmin", "take 'softmax'"),
        ("softclip", "'FILE.py:softclip'"),
        ("glu", "multiplies one half of the channels by a gate made of the other"),
        ("swiglu", 'At equal parameters it is --model "transformer(gated=True)" --act swish'),
        ("crelu", "so that the next layer gets twice the channels"),
        ("maxout(2)", "It takes the largest of k channels"),
        ("torch:relu", "works on PyTorch's tensors, and the networks here are Keras's"),
        ("torch.nn.functional:gelu", "'keras:gelu' would be Keras's own"),
    ],
)
def test_names_known_from_elsewhere_are_answered(text, message) -> None:
    """Not by the entry whose name happens to look most alike, and not by a run that fails."""
    for read in (resolve, named):
        with pytest.raises(UserError) as raised:
            read(text)
        assert message in str(raised.value)
        assert "Did you mean" not in str(raised.value)


def test_what_is_recommended_instead_exists() -> None:
    for name, sentence in INSTEAD.items():
        assert name not in CATALOGUE
        for quoted in re.findall(r"'([a-z0-9_]+(?:\(.*?\))?)'", sentence):
            assert resolve(quoted).entry


def test_bounds_that_cross_are_refused() -> None:
    """When the spelling is read: not by a run that fails, after others have been trained."""
    with pytest.raises(UserError, match=r"needs lower <= upper, but got lower=0\.3, upper=0\.2"):
        resolve("rrelu(0.3, 0.2)")
    assert resolve("rrelu(0.2, 0.2)").choice.spelling == "rrelu(lower=0.2, upper=0.2)"
    with pytest.raises(UserError, match=r"needs lower < upper, but got lower=2\.0, upper=2\.0"):
        resolve("hard_tanh(2, 2)")
    with pytest.raises(UserError, match=r"needs t_left < t_right"):
        resolve("srelu(t_right=0)")
    with pytest.raises(UserError, match=r"needs alpha_n > beta"):
        resolve("xielu(alpha_n=0.5)")
    with pytest.raises(UserError, match=r"divisor=True needs lower > 0"):
        resolve("rrelu(lower=0, divisor=True)")


@pytest.mark.parametrize(
    ("text", "definition"),
    [
        ("rrelu", "rrelu(lower=0.125, upper=0.3333333333333333)"),
        ("rrelu(divisor=True)", "rrelu(lower=0.125, upper=0.3333333333333333, divisor=True)"),
        ("softplus", "softplus"),
        ("softplus(beta=2)", "softplus(beta=2)"),
        ("hard_tanh", "hard_tanh"),
        ("hard_tanh(lower=-2)", "hard_tanh(lower=-2)"),
        ("frelu", "frelu(kernel_size=3, epsilon=1e-05, momentum=0.9)"),
        ("frelu(epsilon=0.001, momentum=0.99)", "frelu(kernel_size=3)"),
    ],
)
def test_a_parameter_that_came_later_changes_no_key_of_what_was_stored(text, definition) -> None:
    """What a run did before there was the parameter is its neutral value, whatever the default is today."""
    choice = resolve(text).choice
    assert (choice.spelling, choice.definition) == (text, definition)


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("silu", "swish"),
        ("telu", "tanhexp"),
        ("swish(beta=1.0)", "swish"),
        ("swish(0.5)", "swish(beta=0.5)"),
        ("hardshrink(-1, 1)", "hardshrink(lower=-1, upper=1)"),
        ("hard_shrink", "hardshrink"),
        ("prelu(init=0.1)", "prelu(init=0.1)"),
    ],
)
def test_equal_things_share_one_spelling(text, spelling) -> None:
    assert resolve(text).choice.spelling == spelling


@pytest.mark.parametrize("name", ENTRIES)
def test_signatures_can_be_read_back(name) -> None:
    entry = CATALOGUE[name]
    assert resolve(signature(entry)).choice == resolve(name).choice
