"""The report in a real browser: nothing complains, nothing is loaded, tables sort, and it fits laptop and phone."""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from chromium import Browser, find_browser
from conftest import mostly_slow
from rich.console import Console
from synthetic import Arm, Task, write

from actbench.reports.formats.html import html
from actbench.reports.sheet import View
from actbench.reports.sheet.comparison import ComparisonSheet
from actbench.tables.findings import Question, analyse

EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
ARMS = [Arm("relu"), Arm("swish", 0.972, 1.8, seconds=0.3), Arm("mish", 0.9745, 1.6, seconds=0.35),
        Arm("tanh", 0.9601, 3.0), Arm(f"mine.py:f('{EVIL}')", statuses={1: "failed"}, error=EVIL)]  # fmt: skip
SCREENS = [(1440, 900, False), (1440, 900, True), (390, 844, False), (390, 844, True)]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    store = write(folder / "store", [(Task(), ARMS), (Task("cifar10", "cnn"), ARMS[:3])])
    question = Question(metrics=("accuracy", "epochs-to:0.96"), fail_if=("test_accuracy(mish) < 0.5",))
    path = folder / "report.html"
    path.write_text(html(ComparisonSheet(analyse([store], question), View()), Console()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = find_browser()
    if program is None:
        if os.environ.get("ACTBENCH_REQUIRE_CHROMIUM"):
            pytest.fail("there should be a Chromium: install it, or set ACTBENCH_CHROMIUM")
        pytest.skip("needs Chromium on the path or in ACTBENCH_CHROMIUM")
    with Browser(program, tmp_path_factory.mktemp("profile")) as started:
        yield started


class Tags(HTMLParser):
    """Every tag of a page, and every address in an attribute."""

    def __init__(self):
        super().__init__()
        self.tags, self.addresses, self.handlers = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href", "action", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_the_file_stands_alone_and_escapes(report):
    page = Tags()
    page.feed(report.read_text(encoding="utf-8"))
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert page.handlers == []
    assert [address for address in page.addresses if not address.startswith("#")] == ["data:,"]
    assert not re.search(r"@import|url\((?!#)", report.read_text(encoding="utf-8"))


def test_identifiers_are_unique(report):
    identifiers = re.findall(r'\bid="([^"]+)"', report.read_text(encoding="utf-8"))
    assert len(identifiers) == len(set(identifiers))


@pytest.mark.parametrize(("width", "height", "dark"), SCREENS)
def test_on_a_screen(report, browser, tmp_path, width, height, dark):
    browser.problems.clear()
    browser.requests.clear()
    browser.open(report.as_uri(), width=width, height=height, dark=dark)
    assert browser.problems == []
    assert {address for address in browser.requests if not address.startswith("data:")} == {report.as_uri()}
    # The page itself never scrolls sideways; wide tables do, in their frames.
    assert browser.run("document.documentElement.scrollWidth") == width
    inside = (
        "[...document.querySelectorAll('h1, h2, p, figure')].every(e => e.getBoundingClientRect().right <= innerWidth)"
    )
    assert browser.run(inside)
    assert browser.run("[...document.querySelectorAll('figure svg')].every(e => e.getBoundingClientRect().height > 60)")
    assert browser.run("document.querySelectorAll('figure svg').length") == 9
    sizes = "[...document.querySelectorAll('p, td, th button, li')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    assert min(browser.run(sizes)) >= 12
    path = tmp_path / "screen.png"
    browser.screenshot(path)
    look(path, width, height, dark=dark)


def look(path, width, height, *, dark):
    """What a glance tells: the right size, the right paper, something written on it, no empty screen."""
    import matplotlib.image

    picture = matplotlib.image.imread(path)[:, :, :3]
    assert picture.shape[:2] == (height, width)
    corner = picture[height - 3, 2].mean()
    assert corner < 0.15 if dark else corner > 0.95
    written = np.abs(picture - picture[height - 3, 2]).max(axis=2) > 0.3
    assert 0.01 < written.mean() < 0.4
    assert written[: height // 3].any()
    assert written[2 * height // 3 :].any()


def column(browser, number, place):
    rows = f"[...document.querySelectorAll('table')[{number}].tBodies[0].rows]"
    return browser.run(f"{rows}.map(row => row.cells[{place}].textContent)")


def click(browser, number, heading):
    headings = f"[...document.querySelectorAll('table')[{number}].tHead.rows[0].cells]"
    place = browser.run(f"{headings}.findIndex(cell => cell.textContent.replace(/\\s/g, ' ') === '{heading}')")
    assert place >= 0, heading
    browser.run(f"{headings}[{place}].querySelector('button').click()")
    return place


def test_tables_sort(report, browser):
    browser.open(report.as_uri(), width=1440, height=900)
    place = click(browser, 0, "test %")
    rising = [float(text.split()[0]) for text in column(browser, 0, place)]
    assert rising == sorted(rising)
    assert len(set(rising)) > 3
    click(browser, 0, "test %")
    assert [float(text.split()[0]) for text in column(browser, 0, place)] == rising[::-1]
    place = click(browser, 0, "activation")
    names = column(browser, 0, place)
    assert names == sorted(names)
    # A miss stays below, whichever way the column is sorted.
    for _ in range(2):
        place = click(browser, 0, "epochs to 96 %")
        assert column(browser, 0, place)[-1].startswith("-")
    assert browser.problems == []


def test_every_table_sorts_by_every_column(report, browser):
    browser.open(report.as_uri(), width=1440, height=900)
    tables = browser.run("document.querySelectorAll('table').length")
    assert tables == 8
    browser.run("document.querySelectorAll('th button').forEach(button => { button.click(); button.click(); })")
    sorted_once = (
        "[...document.querySelectorAll('table')].every(t => t.querySelectorAll('[aria-sort=descending]').length === 1)"
    )
    assert browser.run(sorted_once)
    assert browser.problems == []


def test_names_are_shown_as_they_are(report, browser):
    browser.open(report.as_uri(), width=1440, height=900)
    assert f"mine.py:f('{EVIL}')" in column(browser, 0, 0)
    assert browser.run("document.body.textContent").count(EVIL) >= 2
    assert Path(report).stat().st_size < 1_000_000


@pytest.mark.parametrize("width", [1440, 390])
def test_verdicts_are_in_sight_without_scrolling_sideways(report, browser, width):
    browser.open(report.as_uri(), width=width, height=844)
    headings = "[...document.querySelectorAll('th')].filter(th => th.textContent.trim() === 'verdict')"
    assert browser.run(f"{headings}.length") == 4
    assert browser.run(f"{headings}.every(th => th.getBoundingClientRect().right <= innerWidth)")
    assert browser.run(
        "[...document.querySelectorAll('td.good, td.bad, td.neutral')]"
        ".every(td => td.getBoundingClientRect().right <= innerWidth)"
    )


@pytest.mark.parametrize("width", mostly_slow([320, 390, 1440]))
def test_long_names_lie_over_nothing_and_are_broken_at_their_bracket(browser, tmp_path, width):
    names = ["hard_sigmoid(slope=0.2)", "frelu(epsilon=0.001, momentum=0.99)", "mine.py:quite_a_long_function_of_mine"]
    store = write(tmp_path / "store", [(Task(), [Arm("relu"), *(Arm(name, 0.95) for name in names)])])
    path = tmp_path / "report.html"
    path.write_text(html(ComparisonSheet(analyse([store], Question()), View()), Console()), encoding="utf-8")
    browser.open(path.as_uri(), width=width, height=844)
    excess = """
    [...document.querySelectorAll("td:first-child")].map(cell => {
      const range = document.createRange();
      range.selectNodeContents(cell);
      return Math.max(...[...range.getClientRects()].map(box => box.right)) - cell.getBoundingClientRect().right;
    })
    """
    distances = browser.run(excess)
    assert len(distances) > len(names)
    assert max(distances) <= 0
    assert set(names) <= set(column(browser, 0, 0))
    if width < 600:
        lines = """
        (() => {
          const cell = [...document.querySelectorAll("td:first-child")].find(e => e.textContent.startsWith("hard"));
          const tops = [...cell.childNodes].filter(node => node.nodeType === Node.TEXT_NODE).map(node => {
            const range = document.createRange();
            range.selectNodeContents(node);
            return [...range.getClientRects()].map(box => box.top);
          });
          return tops.every(some => some.length === 1) && tops[0][0] < tops[1][0];
        })()
        """
        assert browser.run(lines)


def test_a_heading_ends_where_its_numbers_do_and_shows_that_it_sorts(report, browser):
    browser.open(report.as_uri(), width=1440, height=900)
    ends = """
    (() => {
      const end = (node) => {
        const range = document.createRange();
        range.selectNodeContents(node);
        return Math.max(...[...range.getClientRects()].map(box => box.right));
      };
      return [...document.querySelectorAll("table")].flatMap(table => [...table.tHead.rows[0].cells].flatMap(
        (cell, place) => cell.classList.contains("number")
          ? [Math.abs(end(cell.querySelector("button")) - end(table.tBodies[0].rows[0].cells[place]))] : []));
    })()
    """
    distances = browser.run(ends)
    assert len(distances) > 20
    assert max(distances) < 2
    mark = "getComputedStyle(document.querySelector('th{} button'), '::{}').content"
    assert browser.run(mark.format(".number", "before")) == browser.run(mark.format("", "after")) == '"↕"'
    click(browser, 0, "test %")
    assert browser.run(mark.format("[aria-sort]", "before")) == '"▲"'


def test_commands_are_copied_and_no_option_is_parted_from_its_value(report, browser):
    browser.open(report.as_uri(), width=390, height=844)
    commands = browser.run("[...document.querySelectorAll('.command pre')].map(pre => pre.textContent)")
    assert commands[0].startswith("actbench run --act relu --act swish")
    assert commands[-1].endswith("--format html --output report.html")
    assert browser.run("document.querySelectorAll('.command button').length") == len(commands)
    assert browser.run("[...document.querySelectorAll('.command span')].every(s => s.getClientRects().length === 1)")
    assert browser.run("[...document.querySelectorAll('.command span')].some(s => s.textContent === '--epochs 20')")
    # Where a page may not copy, the click selects.
    browser.run(
        "navigator.clipboard.writeText = () => Promise.reject(); document.querySelector('.command button').click()"
    )
    assert browser.run("new Promise(r => setTimeout(r, 50)), getSelection().toString().slice(0, 12)") == "actbench run"
    assert browser.problems == []


def test_the_summary_says_what_it_costs(report):
    text = report.read_text(encoding="utf-8")
    assert re.search(r"of those of relu: swish 1\.2\d?×, mish 1\.\d+×; as long as relu within 5 %: tanh, mine", text)
