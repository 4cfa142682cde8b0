"""What comes from names, errors and files is shown and never obeyed: by terminals, spreadsheets and browsers."""

import csv
import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pandas as pd
import pytest
from conftest import mostly_slow
from rich.progress import Progress
from synthetic import Arm, Task, write

from actbench.cli.terminal import Screen, printable_streams
from actbench.printable import printable
from actbench.tables.arms import to_csv

CLIPBOARD = "\x1b]52;c;ZWNobyBoaQ==\x07"
NAME = f"swish{CLIPBOARD}\x9b2J\u202e[/red]"
EVIL = f"{NAME}\r"
SHOWN = r"swish\x1b]52;c;ZWNobyBoaQ==\x07\x9b2J\u202e[/red]\r"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COLOURS = re.compile(r"\x1b\[[\d;]*m")


def test_what_cannot_be_printed_is_written_out():
    assert printable(EVIL) == SHOWN
    assert printable("swish(beta=½)\tμ…\n") == "swish(beta=½)\tμ…\n"
    assert printable("\udcff").encode() == rb"\udcff"


def test_a_console_obeys_nothing_but_itself():
    text = io.StringIO()
    console = Screen(file=text, force_terminal=True, color_system="truecolor", width=200)
    console.print(f"{NAME} [bold]x[/bold] :smile:", style="red", soft_wrap=True)
    assert not OBEYED.search(COLOURS.sub("", text.getvalue()))
    assert r"swish\x1b]52;c;ZWNobyBoaQ==\x07\x9b2J\u202e[/red] [bold]x[/bold] :smile:" in text.getvalue()
    assert "\x1b[31m" in text.getvalue()


def test_streams_write_what_is_printable_in_the_letters_that_they_have(monkeypatch):
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2)]
    monkeypatch.setattr(sys, "stdout", streams[0])
    monkeypatch.setattr(sys, "stderr", streams[1])
    with printable_streams():
        for stream in (sys.stdout, sys.stderr):
            stream.write(f"{EVIL} ±\n")
    assert [sys.stdout, sys.stderr] == streams
    for stream in streams:
        stream.flush()
        assert stream.buffer.getvalue().decode() == f"{SHOWN} ?\n"


def test_a_bar_moves_and_what_is_written_meanwhile_stays_printable(monkeypatch):
    """Rich, too, puts a stream round that of the program while it shows a bar."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with printable_streams():
        console = Screen(stderr=True, force_terminal=True, width=100)
        with Progress(console=console) as progress:
            progress.advance(progress.add_task("epochs", total=1))
            sys.stderr.write(f"meanwhile {CLIPBOARD}\n")
            console.print(EVIL)
    text = stream.getvalue()
    assert "\x1b[2K" in text
    assert "meanwhile" in text
    assert "swish" in text
    assert not OBEYED.search(re.sub(r"\x1b\[[\d;?]*[a-zA-Z]|\r", "", text))
    assert r"\x1b[2K" not in text


@pytest.fixture
def evil_store(tmp_path):
    """A store whose activation, study and error hold control sequences."""
    return write(tmp_path / "evil", [(Task(study=NAME, epochs=3), [Arm("relu"), Arm(NAME, accuracy=0.99)])])


@pytest.mark.parametrize("form", ["table", "csv", "md", "latex", "html", "junit", "json"])
@pytest.mark.parametrize("to_file", mostly_slow([True, False]))
def test_every_format_shows_names_and_obeys_none(evil_store, tmp_path, invoke, form, to_file):
    where = ["--output", str(tmp_path / "out")] if to_file else []
    done = invoke("compare", evil_store, "--format", form, *where)
    assert done.returncode == 0
    text = (tmp_path / "out").read_text() if to_file else done.stdout
    assert not OBEYED.search(text)
    assert "]52;c;" in text
    if form == "json":
        assert json.dumps(NAME)[1:-1] in json.dumps(json.loads(text))
    if form == "junit":
        ET.fromstring(text)


@pytest.mark.parametrize(("form", "backslash"), [("latex", r"\textbackslash{}"), ("md", r"\\")])
def test_what_is_written_out_is_escaped_like_any_other_text(evil_store, invoke, form, backslash):
    r"""LaTeX knows no command ``\x``."""
    lines = invoke("compare", evil_store, "--format", form).stdout.splitlines()
    shown = [line for line in lines if "]52;c;" in line.replace("\\", "") and not line.startswith("%")]
    assert shown
    for line in shown:
        assert f"{backslash}x1b" in line
        assert not re.search(r"(?<!\\)\\x", line)


def test_pictures_hold_no_control_characters(evil_store, tmp_path, invoke):
    for kind in ("strip", "curves"):
        path = tmp_path / f"{kind}.svg"
        assert invoke("plot", evil_store, kind, "--output", path).returncode == 0
        ET.fromstring(path.read_text())
        assert not OBEYED.search(path.read_text())


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(1)", "\t=1"])
def test_a_spreadsheet_calculates_no_name(name):
    rows = list(
        csv.reader(io.StringIO(to_csv(pd.DataFrame({"activation": [name, "relu"], "gain": [-0.5, 1.0]})), newline=""))
    )
    assert rows[1:] == [[f"'{name}", "-0.5"], ["relu", "1.0"]]


def actbench(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "actbench", *words], check=False, capture_output=True,
        env=os.environ | {"COLUMNS": "200"} | environment,
    )  # fmt: skip


@pytest.mark.parametrize(
    "words",
    mostly_slow([
        ["run", "--act", EVIL], ["run", "\udcff.toml"], ["run", EVIL], ["compare", EVIL], ["list", EVIL],
        ["run", "--data", "\udcff.npz"],
    ], quick=2),
)  # fmt: skip
def test_messages_obey_nothing_and_need_no_letters(words):
    done = actbench(*words, PYTHONIOENCODING="ascii")
    assert done.returncode == 2, done.stderr
    assert done.stderr.isascii()
    assert not OBEYED.search(done.stderr.decode())
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_results_need_no_letters_either(evil_store):
    for form in ("table", "json", "html"):
        done = actbench("compare", str(evil_store), "--format", form, PYTHONIOENCODING="ascii", LC_ALL="C")
        assert done.returncode == 0, done.stderr
        assert done.stdout.isascii()
        assert not OBEYED.search(done.stdout.decode())
    assert json.loads(actbench("list", "activations", "--json", PYTHONIOENCODING="ascii").stdout)[0]["formula"]
