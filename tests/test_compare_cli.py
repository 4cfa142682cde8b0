"""``actbench compare`` and ``actbench plot`` as people call them, each format against a golden file."""

from __future__ import annotations

import csv
import json
import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from conftest import program
from pretend import Pretend, sweep
from synthetic import Arm, Task, write

from actbench.reports.formats import FORMATS
from actbench.reports.layout import lay_out
from actbench.reports.sheet import Cell, Content, Grid, Head, Tone

GOLDEN = Path(__file__).parent / "golden" / "compare"
ARMS = [Arm("relu"), Arm("swish(beta=0.5)", 0.972, 1.8, seconds=0.3), Arm("mish", 0.9745, 1.6, seconds=0.35, jobs=2),
        Arm("tanh", 0.96, 3.0), Arm("selu", statuses={2: "diverged"}), Arm("elu", statuses={4: "failed"})]  # fmt: skip
SLOWER = [
    replace(arm, accuracy=arm.accuracy - 0.2, speed=arm.speed * 2, spread=0.01, jobs=1, statuses={}) for arm in ARMS[:4]
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("two"), [(Task(), ARMS), (Task("cifar10", "cnn", study="other"), SLOWER)], thresholds=(0.7, 0.9, 0.96))
    write(Path("one"), [(Task(), ARMS[:3])])
    return tmp_path


def golden(name, text):
    """Compare with a golden file; ACTBENCH_UPDATE_GOLDEN=1 writes it anew."""
    path = GOLDEN / name
    if os.environ.get("ACTBENCH_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path.read_text()


def tidy(text):
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


WRITTEN = {
    "table.txt": ["two", "--metric", "accuracy", "--metric", "epochs-to:0.9"],
    "narrow.txt": ["one", "--metric", "loss", "--metric", "seconds_per_epoch"],
    "article.txt": ["one", "--style", "article", "--sort", "-test_accuracy"],
    "summary.md": ["two", "--format", "md", "--fail-if", "test_accuracy(mish) < 0.5"],
    "paper.tex": ["two", "--format", "latex"],
    "junit.xml": ["two", "--format", "junit", "--where", "seed<3", "--fail-if", "test_accuracy(mish) < 0.5"],
    "chosen.txt": ["one", "--columns", "runs,*_accuracy,seconds_to_*,reached_*", "--threshold", "0.9"],
}


@pytest.mark.parametrize("name", WRITTEN)
def test_formats_for_people(here, invoke, name):
    done = invoke("compare", *WRITTEN[name])
    assert (done.returncode, done.stderr) == (0, "")
    assert tidy(done.stdout) == tidy(golden(name, done.stdout))


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


def test_json(here, invoke):
    done = invoke("compare", "two", "--json", "--metric", "accuracy", "--metric", "loss", "--metric", "epochs-to:0.96")
    assert (done.returncode, done.stderr) == (0, "")
    assert not re.search(r"NaN|Infinity", done.stdout)
    same(json.loads(done.stdout), json.loads(golden("findings.json", done.stdout)))


def test_csv(here, invoke):
    done = invoke("compare", "two", "--format", "csv", "--metric", "accuracy", "--metric", "loss")
    assert done.returncode == 0
    assert "warning: mean seconds are not comparable" in done.stderr

    def cells(text):
        return [
            [float(c) if re.fullmatch(r"-?[\d.]+(e-?\d+)?", c) else c for c in row]
            for row in csv.reader(text.splitlines())
        ]

    same(cells(done.stdout), cells(golden("arms.csv", done.stdout)))


def test_a_table_of_all_tasks_is_sorted_by_what_tells_them_apart(here, invoke):
    done = invoke("compare", "two", "--format", "csv", "--sort", "dataset", "--columns", "runs")
    assert done.returncode == 0
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert [row["dataset"] for row in rows] == ["cifar10"] * 4 + ["mnist"] * 6
    # What a table cannot hold is told beside it, once.
    assert done.stderr.count("warning: mean seconds are not comparable") == 1


def test_a_tuned_store(npz, monkeypatch, invoke):
    """Each arm at its own best, what was chosen, what is on the edge and what may be luck; then all at one rate."""
    monkeypatch.chdir(npz().parent)
    best = {"relu": 0.01, "tanh": 1e4, "mish": 0.02}
    sweep(Pretend(best), activation=list(best), seed=list(range(10)))
    done = invoke("compare", "r")
    assert done.returncode == 0
    assert tidy(done.stdout) == tidy(golden("tuned.txt", done.stdout))


@pytest.mark.slow
def test_html_words(here, invoke):
    done = invoke("compare", "two", "--format", "html", "--fail-if", "test_accuracy(mish) < 0.5")
    assert done.returncode == 0
    # The pictures, styles and scripts are looked at in a browser; here are the words around them.
    page = done.stdout
    for tag in ("figure", "style", "script", "svg"):
        page = re.sub(rf"<{tag}\b.*?</{tag}>", f"<{tag}/>", page, flags=re.DOTALL)
    assert tidy(page) == tidy(golden("report.html", page))


def test_csv_of_a_store_begins_with_its_table(here, invoke):
    from actbench.results.frames import read_frames, read_studies
    from actbench.tables import arm_table, to_csv

    (study,) = read_studies([Path("one")]).values()
    out = invoke("compare", "one", "--format", "csv").stdout
    table = to_csv(arm_table(*read_frames(Path("one")), study["thresholds"]))
    assert [line.split(",")[:12] for line in out.splitlines()] == [line.split(",")[:12] for line in table.splitlines()]


def test_junit_counts_what_it_holds(here, invoke):
    out = invoke("compare", "two", "--format", "junit", "--fail-if", "test_accuracy(mish) > 0.5").stdout
    suites = ET.fromstring(out)
    assert [suite.get("errors") for suite in suites] == ["1", "0", "0"]
    assert [suite.get("failures") for suite in suites] == ["0", "0", "2"]
    assert [len(suite.findall("testcase")) for suite in suites] == [60, 40, 2]


def test_a_check_that_fails_exits_with_1_and_the_reason(here, invoke):
    done = invoke("compare", "one", "--fail-if", "test_accuracy(mish) > test_accuracy(relu) + 0.001")
    assert done.returncode == 1
    assert "mish" in done.stdout
    assert re.search(
        r"check failed on mnist · mlp\(100, 50\): test_accuracy\(mish\) > test_accuracy\(relu\) \+ 0.001 "
        r"\(test_accuracy\(mish\) = 0.97\d+, test_accuracy\(relu\) = 0.96\d+\)",
        done.stderr,
    )


def test_the_program_itself(here):
    """The real entry point, in a process of its own."""
    done = program("compare", "one", "--fail-if", "runs(relu) > 3", "--output", "out.txt", cwd=here, check=1)
    assert done.stdout == ""
    assert "runs(relu) = 10" in done.stderr
    assert "verdict" in Path("out.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.html", "<!DOCTYPE html>"),
        ("a.JSON", "{"),
        ("a.csv", "activation,runs,"),
        ("a.txt", "mnist · mlp"),
        ("a", "mnist · mlp"),
    ],
)
def test_the_ending_of_the_file_chooses_the_format(here, invoke, name, begins):
    assert invoke("compare", "one", "--output", name).returncode == 0
    assert Path(name).read_text(encoding="utf-8").lstrip().startswith(begins)


@pytest.mark.parametrize("name", ["a", "a.md", "a.notes"])
def test_an_ending_of_no_other_format_takes_the_one_that_is_asked_for(here, invoke, name):
    assert invoke("compare", "one", "--format", "md", "--output", name).returncode == 0
    assert Path(name).read_text(encoding="utf-8").startswith("### mnist")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--output", "a.htlm"], "--output 'a.htlm' says no format by its ending. Known: .csv, .html, .htm, .json,"),
        (["--output", "a.html", "--format", "csv"], "a file of the format html, but csv was asked for. Give it the en"),
        (["--output", "a.csv", "--json"], "a file of the format csv, but json was asked for. Give it the ending .json"),
        (["--json", "--format", "csv"], "--json and --format csv are two formats. Give one of them."),
    ],
)
@pytest.mark.parametrize("command", ["compare", "reproduce"])
def test_options_that_contradict_each_other_are_refused(here, invoke, command, words, says):
    done = invoke(command, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert not list(here.glob("a*"))


def test_a_format_that_is_said_twice_alike_is_taken(here, invoke):
    assert invoke("compare", "one", "--json", "--format", "json", "-o", "a.json").returncode == 0


@pytest.mark.slow
def test_an_output_that_lacks_a_letter_shows_a_question_mark(here):
    done = program("compare", "one", cwd=here, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}, check=0)
    assert "Traceback" not in done.stderr
    assert "?????" in done.stdout  # the line below the headings


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
        (["compare", "one", "--metric", "epochs-to:97"], "like 0.95. Did you mean 'epochs-to:0.97'?"),
        (["compare", "one", "--metric", "seconds_to:97.5"], "like 0.95. Did you mean 'seconds-to:0.975'?"),
        (["compare", "one", "--metric", "epochs-to:970"], "between 0 and 1 after a colon, like 0.95."),
        (["compare", "."], "There are no results in '.' (no runs.csv). There are in one"),
        (
            ["plot", "one"],
            "Say which picture to draw: actbench plot one KIND, of budget, curves, pareto, ",
        ),
        (["compare", "one", "--threshold", "95"], "Did you mean 0.95?"),
        (["compare", "one", "--fail-if", "1 +"], "cannot be read"),
        (["compare", "one", "--output", "no/such/folder"], "Cannot write 'no/such/folder'"),
        (
            ["plot", "one", "curve"],
            "Unknown picture 'curve'. Did you mean 'curves'? Known: budget, curves, pareto, ",
        ),
        (["plot", "one", "pareto", "--x", "seconds"], "The picture 'pareto' takes no --x; curves, profile do."),
        (["plot", "one", "profile", "--metric", "loss"], "The picture 'profile' takes no --metric; curves, strip do."),
        (["compare", "one", "--format", "htlm"], "Unknown format 'htlm'. Did you mean 'html'? Known: csv, html, json,"),
        (["reproduce", "--format", "htlm"], "Unknown format 'htlm'. Did you mean 'html'? Known: csv, html, json,"),
        (["plot", "one", "curves", "--output", "a.gif"], "must end in .png, .svg or .pdf"),
        (["plot", "one", "curves", "--metric", "best"], "Curves can show test_accuracy"),
        (["plot", "one", "strip", "--metric", "epochs-to"], "say which threshold, like epochs-to:0.95"),
    ],
)
def test_mistakes_are_told_in_one_line(here, invoke, words, message):
    done = invoke(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.startswith("actbench: ")
    assert done.stderr.count("\n") == 1


def test_names_and_errors_are_escaped_everywhere(here, invoke):
    evil = '<b>|*_`$~&%#"\\'
    write(
        Path("evil"),
        [(Task(), [Arm("relu"), Arm(f"mine.py:f('{evil}')", statuses={1: "failed"}, error=f"{evil}\x07")])],
    )
    html = invoke("compare", "evil", "--format", "html").stdout
    assert "<b>|" not in html
    markdown = invoke("compare", "evil", "--format", "md").stdout
    rows = [line for line in markdown.splitlines() if line.startswith("| mine")]
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) in (10, 12, 13) for row in rows)
    # GitHub sets formulas between dollars and strikes out between tildes.
    assert not any(re.search(r"(?<!\\)[$~]", row) for row in rows)
    latex = invoke("compare", "evil", "--format", "latex").stdout
    assert r"\textless{}b\textgreater{}|*\_`\$\textasciitilde{}\&\%\#" in latex
    junit = invoke("compare", "evil", "--format", "junit").stdout
    ET.fromstring(junit)
    table = invoke("compare", "evil").stdout
    assert evil in table


def test_the_commands_that_repeat_it_hold_the_numbers_as_people_write_them(here, invoke):
    write(Path("sgd"), [(Task(settings={"learning_rate": 0.1, "limit": 500}), ARMS[:2])])
    page = invoke("compare", "sgd", "--format", "html", "--margin", "0.0025000001", "--threshold", "0.95").stdout
    html = re.sub("<[^>]+>", "", page)  # words are kept together by elements of their own
    assert "--limit 500 " in html
    assert "--lr 0.1 " in html
    assert "--margin 0.0025000001 --threshold 0.95 " in html


def test_a_task_whose_name_begins_with_a_number_is_no_number(here, invoke):
    write(Path("news"), [(Task("20newsgroups"), ARMS[:2])])
    out = invoke("compare", "news", "--format", "md", "--fail-if", "runs(relu) < 1").stdout
    assert "| result | fails if | task | figures |\n| --- | --- | --- | --- |" in out


def test_markup_in_a_name_is_shown_as_it_is_written(here, invoke):
    odd = "mine.py:act(label='[bold]a|b[/bold]')"
    write(Path("odd"), [(Task(), [Arm("relu"), Arm(odd)])])
    out = invoke("compare", "odd").stdout
    assert sum(odd in line for line in out.splitlines()) == 2  # among the arms, and beside the baseline


def test_a_miss_is_a_dash_on_paper_an_empty_cell_in_a_file_and_null_in_json(here, invoke):
    write(Path("never"), [(Task(), [Arm("relu")])], thresholds=(0.99,))
    assert "No run reached 99 %." in invoke("compare", "never").stdout
    several = ["--threshold", "0.991", "--threshold", "0.992", "--threshold", "0.993"]
    assert "No run reached 99.1, 99.2 or 99.3 %." in invoke("compare", "never", *several).stdout
    out = invoke("compare", "never", "--columns", "default").stdout
    headings = next(line for line in out.splitlines() if "epochs to 99 %" in line)
    row = next(line for line in out.splitlines() if line.startswith(" relu "))
    assert re.split(r" {2,}", row.strip())[re.split(r" {2,}", headings.strip()).index("epochs to 99 %")] == "-"
    out = invoke("compare", "never", "--format", "csv").stdout
    (cells,) = csv.DictReader(out.splitlines())
    assert (cells["reached_99"], cells["epochs_to_99"], cells["seconds_to_99"]) == ("0", "", "")
    out = invoke("compare", "never", "--json").stdout
    arm = json.loads(out)["tasks"][0]["arms"][0]
    assert (arm["reached_99"], arm["epochs_to_99"], arm["seconds_to_99"]) == (0, None, None)


@pytest.mark.parametrize("form", FORMATS.names)
def test_a_store_of_failures_alone_can_be_written_in_every_format(here, invoke, form):
    broken = [Arm(name, statuses=dict.fromkeys(range(10), "failed")) for name in ("relu", "mish")]
    write(Path("broken"), [(Task(), broken)])
    done = invoke("compare", "broken", "--format", form)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "mish" in done.stdout
    assert not re.search(r"\bnan\b", done.stdout, re.IGNORECASE)


def test_no_figure_is_cut_in_a_narrow_terminal(here, invoke, monkeypatch):
    """``15.…`` is no number: headings and words may break over lines, figures stay whole."""
    wide = invoke("compare", "one").stdout
    monkeypatch.setenv("COLUMNS", "150")
    narrow = invoke("compare", "one").stdout
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
    columns = (Head("activation", Content.NAME), Head("a long heading"), Head("verdict", Content.WORDS))
    row = (Cell("relu"), Cell("96.87 ± 0.17", 0.9687), Cell("one two three " * 5, tone=Tone.GOOD))
    lines = [text.rstrip("\n") for text, _ in lay_out(Grid("", columns, (row,)), 60)]
    assert [line.strip(" ─") for line in lines] == [
        "a long",
        "activation        heading   verdict",
        "",
        "relu         96.87 ± 0.17   one two three one two three one",
        "two three one two three one two",
        "three",
    ]
    assert max(map(len, lines)) <= 60
