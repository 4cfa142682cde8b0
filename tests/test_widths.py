"""Tables on screens of every width: no word is broken and no figure cut, and what there is no room for is named."""

import re
from pathlib import Path

import pytest
from conftest import mostly_slow
from rich.cells import cell_len
from synthetic import Arm, Task, write

from actbench.printable import fitted
from actbench.reports.layout import lay_out, pairs_grid
from actbench.reports.sheet.parts import Cell, Content, Grid, Head

WIDTHS = [140, 80, 60, 40]
RESULTS = Path(__file__).parent.parent / "results"
COMMANDS = [
    ["compare", "store"],
    ["compare", "store", "--metric", "seconds_per_epoch", "--metric", "epochs-to:0.9"],
    ["compare", "store", "--columns", "all"],
    ["run", "--act", "mish", "--act", "swish(beta=0.5)", "--dry-run"],
    ["list", "activations"],
    ["list", "studies"],
    ["show", "mish", "prelu"],
    ["data", "list"],
    ["data", "show", "digits"],
    ["info"],
    ["init"],
    ["reproduce", "swish-mish-mnist", "--stored", "--results", RESULTS],
]


@pytest.fixture
def store(tmp_path):
    """Arms of which some differ, one learned not always, and one has a long name."""
    arms = [
        Arm("relu"),
        Arm("swish(beta=0.5)", 0.972, 1.8),
        Arm("aria2(alpha=1.75, beta=2.5)", 0.96, statuses={2: "diverged"}),
    ]
    return write(tmp_path / "store", [(Task(), arms)], thresholds=(0.7, 0.9, 0.96))


def written(invoke, monkeypatch, width, words):
    """What a command prints on a screen of that width; without one, where nobody watches."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if width:
        monkeypatch.setenv("COLUMNS", str(width))
    done = invoke(*words)
    assert done.returncode == 0, done.stderr
    for made in Path().glob("*.toml"):
        made.unlink()
    return done.stdout + "".join(line for line in done.stderr.splitlines(keepends=True) if "WARNING" not in line)


@pytest.mark.parametrize("words", mostly_slow(COMMANDS, 4), ids=lambda words: " ".join(map(str, words[:3])))
def test_nothing_is_wider_than_the_screen_and_no_word_is_broken(store, invoke, monkeypatch, words):
    whole = set(written(invoke, monkeypatch, None, words).split())
    for width in WIDTHS:
        text = written(invoke, monkeypatch, width, words)
        for line in text.splitlines():
            assert cell_len(line) <= width or len(line.split()) == 1, line
        if words[0] != "show":  # its plots are drawn to the width
            broken = {word for word in set(text.split()) - whole if not re.fullmatch("─+", word)}
            said = re.findall(r"No room for: .*?(?=\n\n)", text + "\n", re.DOTALL)
            assert broken <= {word for note in said for word in note.split()}, width


@pytest.mark.parametrize("width", WIDTHS)
def test_a_comparison_keeps_what_matters_and_names_what_it_leaves_out(store, invoke, monkeypatch, width):
    text = " ".join(written(invoke, monkeypatch, width, ["compare", "store"]).split())
    for kept in ("aria2(alpha=1.75, beta=2.5)", "test %", "difference", "verdict", "96.87 ± 0.17", "+0.25"):
        assert kept in text
    left = [part.partition(". A wider terminal")[0].split(", ") for part in text.split("No room for: ")[1:]]
    assert left or width == WIDTHS[-1]
    wide = " ".join(written(invoke, monkeypatch, None, ["compare", "store"]).split())
    for name in {name for names in left for name in names}:
        assert name in wide
    assert "No room" not in wide


def test_a_column_that_there_is_no_room_for_is_not_explained(store, invoke, monkeypatch):
    explained = {}
    for width in (*WIDTHS, None):
        text = written(invoke, monkeypatch, width, ["compare", "store"])
        left = " ".join(re.findall(r"No room for: .*?\. A wider", text, re.DOTALL)).split()
        explained[width] = "Could show:" in text
        assert explained[width] != ("could show" in " ".join(left)), width
    assert set(explained.values()) == {True, False}


def test_columns_that_are_asked_for_give_way_to_nothing(store, invoke, monkeypatch):
    text = written(invoke, monkeypatch, 40, ["compare", "store", "--columns", "all"])
    arms = text.partition("against relu")[0]
    assert "No room" not in arms
    assert re.search(r"^   wall seconds sd +\d", arms, re.MULTILINE) or re.search(r"^   wall s +\d", arms, re.MULTILINE)


WIDE = Grid(
    "",
    (Head("arm", Content.NAME), Head("first", rank=2), Head("second", rank=1), Head("third", rank=2)),
    ((Cell("relu"), Cell("11111111"), Cell("22222222"), Cell("33333333")),),
    elsewhere="--json",
)


def test_the_least_important_column_goes_first_and_of_equals_the_last():
    shown = {width: "".join(line for line, _ in lay_out(WIDE, width)) for width in (45, 37, 26, 16, 11)}
    kept = {width: re.findall(r"(\d)\1{7}", text) for width, text in shown.items()}
    assert kept == {45: ["1", "2", "3"], 37: ["1", "2"], 26: ["2"], 16: ["2"], 11: []}
    assert "No room for: first, third." in "".join(line for line, _ in lay_out(WIDE, 26)[3:])


def test_where_not_even_the_important_columns_fit_a_row_is_a_block():
    columns = (Head("arm", Content.NAME), Head("accuracy", unit="%"), Head("verdict", Content.WORDS))
    rows = ((Cell("swish(beta=0.5)"), Cell("96.87 ± 0.17"), Cell("no better than that")),)
    lines = [line for line, _ in lay_out(Grid("", columns, rows), 32)]
    assert lines == [
        " swish(beta=0.5)\n",
        "   accuracy (%)  96.87 ± 0.17\n",
        "   verdict\n",
        "     no better than that\n",
    ]


def test_letters_that_are_two_columns_wide_count_as_two():
    assert fitted("実装 から 学ぶ", 10) == "実装 から\n学ぶ"
    ((line, _),) = lay_out(pairs_grid([("実装", "x")]), 40)
    assert line == " 実装   x\n"


def test_a_figure_is_no_two_words():
    assert fitted("accuracy of 97.81 ± 0.14 %", 20) == "accuracy of\n97.81 ± 0.14 %"
