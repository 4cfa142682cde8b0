"""The pages of faults quote the program's own sentences, and name tests that are there."""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("docs/faults.md", "docs/data.md")
TABLES = [
    table
    for page in PAGES
    for table in re.findall(r"(?:^\|.*\n)+", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    if table.startswith("| what happens")
]
ROWS = [re.split(r"(?<!\\)\|", line)[1:-1] for table in TABLES for line in table.splitlines()[2:]]


@functools.cache
def templates():
    """Every text of the program, ``…`` for what is filled in."""
    texts = []
    for path in sorted((ROOT / "actbench").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(re.sub("%[rsd]", "…", node.value))
    return [squeezed(text) for text in texts]


def squeezed(text):
    """One ``…`` for several in a row: how many things are filled in there is nobody's business."""
    return re.sub("…[ …]*", "…", text)


def bare(sentence):
    """Without what is filled in at its ends, where a text of the program may begin or go on differently."""
    return squeezed(sentence).strip("… .:,")


SENTENCES = sorted(
    {quoted for row in ROWS for quoted in re.findall("`([^`]+)`", row[1]) if " " in quoted and "--" not in quoted[:2]}
)


def test_the_pages_have_rows_with_sentences_and_tests():
    assert len(TABLES) >= len(PAGES)
    assert len(ROWS) > 60
    assert len(SENTENCES) > 40
    for what, *_, test in ROWS:
        assert re.search(r"`tests/[\w/]+\.py", test), f"the row {what.strip()!r} names no test"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_sentence_is_the_programs_own(sentence):
    said = [template for template in templates() if bare(sentence) in template]
    assert said, f"nothing in the program says {bare(sentence)!r}"


@pytest.mark.parametrize("name", sorted({name for row in ROWS for name in re.findall("`(tests/[^`]+)`", row[-1])}))
def test_the_test_is_there(name):
    path, _, function = name.partition("::")
    text = (ROOT / path).read_text(encoding="utf-8")
    assert not function or f"def {function}(" in text, f"{path} has no {function}"
