"""``actbench compare`` and ``actbench plot`` as people call them, each format against a golden file."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from synthetic import Arm, Task, write

from actbench import cli

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden" / "compare"
ARMS = [Arm("relu"), Arm("swish(beta=0.5)", 0.972, 1.8, seconds=0.3), Arm("mish", 0.9745, 1.6, seconds=0.35, jobs=2),
        Arm("tanh", 0.96, 3.0), Arm("selu", statuses={2: "diverged"}), Arm("elu", statuses={4: "failed"})]  # fmt: skip
SLOWER = [
    replace(arm, accuracy=arm.accuracy - 0.2, speed=arm.speed * 2, spread=0.01, jobs=1, statuses={}) for arm in ARMS[:4]
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write(Path("two"), [(Task(), ARMS), (Task("cifar10", "cnn", study="other"), SLOWER)], thresholds=(0.7, 0.9, 0.96))
    write(Path("one"), [(Task(), ARMS[:3])])
    return tmp_path


@pytest.fixture
def run(here, monkeypatch, capsys):
    """Call the program in this process: exit code, stdout, stderr."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["actbench", *map(str, words)])
        try:
            cli.main()
        except SystemExit as leaving:
            code = leaving.code or 0
        else:
            code = 0
        out, err = capsys.readouterr()
        return code, out, err

    return call


def golden(name, text):
    """Compare with a golden file; ACTBENCH_UPDATE_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    if os.environ.get("ACTBENCH_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path.read_text()


def tidy(text):
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


FORMATS = {
    "table.txt": ["two", "--metric", "accuracy", "--metric", "epochs-to:0.9"],
    "narrow.txt": ["one", "--metric", "loss", "--metric", "seconds_per_epoch"],
    "article.txt": ["one", "--style", "article", "--sort", "-test_accuracy"],
    "summary.md": ["two", "--format", "md", "--fail-if", "test_accuracy(mish) < 0.5"],
    "paper.tex": ["two", "--format", "latex"],
    "junit.xml": ["two", "--format", "junit", "--where", "seed<3", "--fail-if", "test_accuracy(mish) < 0.5"],
    "chosen.txt": ["one", "--columns", "runs,*_accuracy,seconds_to_*,reached_*", "--threshold", "0.9"],
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_for_people(run, name):
    code, out, err = run("compare", *FORMATS[name])
    assert (code, err) == (0, "")
    assert tidy(out) == tidy(golden(name, out))


def same(found, expected, path=""):
    """Equal, numbers to ten digits: the last ones differ between processors."""
    if isinstance(expected, float) or isinstance(found, float):
        assert found == pytest.approx(expected, rel=1e-10, abs=1e-12), path
    elif isinstance(expected, dict):
        assert found.keys() == expected.keys(), path
        for key, value in expected.items():
            same(found[key], value, f"{path}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), path
        for place, value in enumerate(expected):
            same(found[place], value, f"{path}[{place}]")
    else:
        assert found == expected, path


def test_json(run):
    code, out, err = run(
        "compare", "two", "--json", "--metric", "accuracy", "--metric", "loss", "--metric", "epochs-to:0.96"
    )
    assert (code, err) == (0, "")
    assert not re.search(r"NaN|Infinity", out)
    same(json.loads(out), json.loads(golden("findings.json", out)))


def test_csv(run):
    code, out, err = run("compare", "two", "--format", "csv", "--metric", "accuracy", "--metric", "loss")
    assert code == 0
    assert "warning: seconds are not comparable" in err

    def cells(text):
        return [
            [float(c) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", c) else c for c in row]
            for row in csv.reader(text.splitlines())
        ]

    same(cells(out), cells(golden("arms.csv", out)))


def test_html_words(run):
    code, out, _ = run("compare", "two", "--format", "html", "--fail-if", "test_accuracy(mish) < 0.5")
    assert code == 0
    # The pictures, styles and scripts are looked at in a browser; here are the words around them.
    for tag in ("figure", "style", "script", "svg"):
        out = re.sub(rf"<{tag}\b.*?</{tag}>", f"<{tag}/>", out, flags=re.DOTALL)
    assert tidy(out) == tidy(golden("report.html", out))


def test_csv_of_a_store_begins_with_its_table(run):
    from actbench.results.frames import read_frames
    from actbench.tables import arm_table, to_csv

    _, out, _ = run("compare", "one", "--format", "csv")
    table = to_csv(arm_table(*read_frames(Path("one")), (0.9, 0.95, 0.96)))
    assert [line.split(",")[:12] for line in out.splitlines()] == [line.split(",")[:12] for line in table.splitlines()]


def test_junit_counts_what_it_holds(run):
    _, out, _ = run("compare", "two", "--format", "junit", "--fail-if", "test_accuracy(mish) > 0.5")
    suites = ET.fromstring(out)
    assert [suite.get("errors") for suite in suites] == ["1", "0", "0"]
    assert [suite.get("failures") for suite in suites] == ["0", "0", "2"]
    assert [len(suite.findall("testcase")) for suite in suites] == [60, 40, 2]


def test_a_check_that_fails_exits_with_1_and_the_reason(run):
    code, out, err = run("compare", "one", "--fail-if", "test_accuracy(mish) > test_accuracy(relu) + 0.001")
    assert code == 1
    assert "mish" in out
    assert re.search(
        r"check failed on mnist · mlp\(100, 50\): test_accuracy\(mish\) > test_accuracy\(relu\) \+ 0.001 "
        r"\(test_accuracy\(mish\) = 0.97\d+, test_accuracy\(relu\) = 0.96\d+\)",
        err,
    )


def test_the_program_itself(here):
    """The real entry point, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "actbench", "compare", "one", "--fail-if", "runs(relu) > 3", "--output", "out.txt"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "runs(relu) = 10" in done.stderr
    assert "verdict" in Path("out.txt").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["compare", "nowhere"], "There are no results in 'nowhere'"),
        (
            ["compare", "one", "--columns", "tset_accuracy"],
            "--columns knows no 'tset_accuracy'. Did you mean 'test_accuracy'?",
        ),
        (["compare", "one", "--sort", "mihs"], "--sort knows no column 'mihs'."),
        (["compare", "one", "--metric", "speed"], "There is no metric 'speed'."),
        (["compare", "one", "--threshold", "95"], "Did you mean 0.95?"),
        (["compare", "one", "--fail-if", "1 +"], "cannot be read"),
        (["compare", "one", "--output", "no/such/folder"], "Cannot write 'no/such/folder'"),
        (["plot", "one", "curve"], "There is no picture 'curve'. Did you mean 'curves'?"),
        (["plot", "one", "curves", "--output", "a.gif"], "must end in .png, .svg or .pdf"),
        (["plot", "one", "curves", "--metric", "best"], "Curves can show test_accuracy"),
        (["plot", "one", "strip", "--metric", "epochs-to"], "say which threshold, like epochs-to:0.95"),
    ],
)
def test_mistakes_are_told_in_one_line(run, words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("actbench: ")
    assert err.count("\n") == 1


def test_names_and_errors_are_escaped_everywhere(run):
    evil = '<b>|*_`$~&%#"\\'
    write(
        Path("evil"),
        [(Task(), [Arm("relu"), Arm(f"mine.py:f('{evil}')", statuses={1: "failed"}, error=f"{evil}\x07")])],
    )
    _, html, _ = run("compare", "evil", "--format", "html")
    assert "<b>|" not in html
    _, markdown, _ = run("compare", "evil", "--format", "md")
    rows = [line for line in markdown.splitlines() if line.startswith("| mine")]
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) in (8, 12, 13) for row in rows)
    # GitHub sets formulas between dollars and strikes out between tildes.
    assert not any(re.search(r"(?<!\\)[$~]", row) for row in rows)
    _, latex, _ = run("compare", "evil", "--format", "latex")
    assert r"\textless{}b\textgreater{}|*\_`\$\textasciitilde{}\&\%\#" in latex
    _, junit, _ = run("compare", "evil", "--format", "junit")
    ET.fromstring(junit)
    _, table, _ = run("compare", "evil")
    assert evil in table


def test_the_commands_that_repeat_it_hold_the_numbers_as_people_write_them(run):
    write(Path("sgd"), [(Task(settings={"learning_rate": 0.1, "limit": 500}), ARMS[:2])])
    _, html, _ = run("compare", "sgd", "--format", "html", "--margin", "0.0025000001", "--threshold", "0.95")
    assert "--limit 500 " in html
    assert "--lr 0.1 " in html
    assert "--margin 0.0025000001 --threshold 0.95 " in html


def test_a_task_whose_name_begins_with_a_number_is_no_number(run):
    write(Path("news"), [(Task("20newsgroups"), ARMS[:2])])
    _, out, _ = run("compare", "news", "--format", "md", "--fail-if", "runs(relu) < 1")
    assert "| result | fails if | task | figures |\n| --- | --- | --- | --- |" in out


def test_markup_in_a_name_is_shown_as_it_is_written(run):
    odd = "mine.py:act(label='[bold]a|b[/bold]')"
    write(Path("odd"), [(Task(), [Arm("relu"), Arm(odd)])])
    _, out, _ = run("compare", "odd")
    assert sum(odd in line for line in out.splitlines()) == 2  # among the arms, and beside the baseline


def test_a_miss_is_a_dash_on_paper_an_empty_cell_in_a_file_and_null_in_json(run):
    write(Path("never"), [(Task(), [Arm("relu")])], thresholds=(0.99,))
    _, out, _ = run("compare", "never")
    headings = next(line for line in out.splitlines() if "epochs to 99 %" in line)
    row = next(line for line in out.splitlines() if line.startswith(" relu "))
    assert re.split(r" {2,}", row.strip())[re.split(r" {2,}", headings.strip()).index("epochs to 99 %")] == "-"
    _, out, _ = run("compare", "never", "--format", "csv")
    (cells,) = csv.DictReader(out.splitlines())
    assert (cells["reached_99"], cells["epochs_to_99"], cells["seconds_to_99"]) == ("0", "", "")
    _, out, _ = run("compare", "never", "--json")
    arm = json.loads(out)["tasks"][0]["arms"][0]
    assert (arm["reached_99"], arm["epochs_to_99"], arm["seconds_to_99"]) == (0, None, None)


@pytest.mark.parametrize("form", ["table", "csv", "md", "latex", "json", "html", "junit"])
def test_a_store_of_failures_alone_can_be_written_in_every_format(run, form):
    broken = [Arm(name, statuses=dict.fromkeys(range(10), "failed")) for name in ("relu", "mish")]
    write(Path("broken"), [(Task(), broken)])
    code, out, err = run("compare", "broken", "--format", form)
    assert (code, "Traceback" in err) == (0, False)
    assert "mish" in out
    assert not re.search(r"\bnan\b", out, re.IGNORECASE)


def test_no_figure_is_cut_in_a_narrow_terminal(run, monkeypatch):
    """``15.…`` is no number: headings and words may break over lines, figures stay whole."""
    _, wide, _ = run("compare", "one")
    monkeypatch.setenv("COLUMNS", "80")
    _, narrow, _ = run("compare", "one")
    rows = [re.split(r" {3,}", line.strip()) for line in wide.splitlines()]
    figures = {
        cell
        for row in rows
        if row[0] in ("relu", "mish", "swish(beta=0.5)")
        for cell in row[1:]
        if cell[0] in "+-±0123456789"
    }
    assert {"10", "+0.64", "± 0.24"} <= figures
    assert any("± 0." in figure and figure[0].isdigit() for figure in figures)
    kept = {cell for line in narrow.splitlines() for cell in re.split(r" {3,}", line.strip())}
    assert figures <= kept


def test_a_wide_table_breaks_words_and_headings_but_no_figures():
    from actbench.reports.sheet import Grid
    from actbench.reports.table import lay_out

    verdict = " ".join(["one two three"] * 5)
    grid = Grid("", ("activation", "a long heading", "verdict"), (("relu", "96.87 ± 0.17", verdict),))
    lines = [text.rstrip("\n") for text, _ in lay_out(grid, 60)]
    assert max(map(len, lines)) <= 60
    assert lines == [
        "                    a long",
        " activation        heading   verdict",
        f" {'─' * 59}",
        " relu         96.87 ± 0.17   one two three one two three one",
        "                             two three one two three one two",
        "                             three",
    ]
