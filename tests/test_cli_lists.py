"""``actbench list`` and ``actbench show`` of activations, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from actbench.activations import CATALOGUE
from actbench.cli import app
from actbench.errors import UserError

RUNNER = CliRunner()


def call(*words: str) -> str:
    done = RUNNER.invoke(app, list(words), catch_exceptions=False, env={"COLUMNS": "100"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_list_counts_them_all() -> None:
    assert len(call("list", "activations").splitlines()) == len(CATALOGUE) >= 55


def test_list_by_kind_and_search() -> None:
    assert [line.split()[0] for line in call("list", "activations", "--kind", "axis").splitlines()] == [
        "log_softmax",
        "softmax",
        "sparsemax",
    ]
    found = json.loads(call("list", "activations", "--search", "telu", "--json"))
    assert [entry["name"] for entry in found] == ["tanhexp"]
    assert [entry["name"] for entry in json.loads(call("list", "models", "--search", "mlp", "--json"))]


@pytest.mark.parametrize("words", [["activations", "--kind", "gated"], ["models", "--kind", "axis"]])
def test_list_of_no_such_kind(words) -> None:
    with pytest.raises(UserError):
        call("list", *words)


def test_show_several_and_draw_them(tmp_path) -> None:
    text = call("show", "mish", "swish(beta=2)", "--plot", str(tmp_path / "both.svg"))
    assert text.startswith("mish   (element-wise)\n")
    assert "\n\nswish(beta=2)   (element-wise)\n" in text
    assert "swish(beta=2)" in (tmp_path / "both.svg").read_text(encoding="utf-8")


def test_show_as_json() -> None:
    assert json.loads(call("show", "silu", "--json"))["name"] == "swish"
    assert [entry["name"] for entry in json.loads(call("show", "mish", "relu", "--json"))] == ["mish", "relu"]


def test_listing_imports_nothing_heavy() -> None:
    program = (
        "import sys; from typer.testing import CliRunner; from actbench.cli import app; "
        "assert CliRunner().invoke(app, ['list', 'activations', '--search', 'mish']).exit_code == 0; "
        "heavy = {'keras', 'tensorflow', 'matplotlib', 'scipy', 'pandas'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
