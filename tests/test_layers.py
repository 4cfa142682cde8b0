"""The shape of the house: imports point one way, down the list of rooms, and nothing grows too large to be read."""

import ast
import functools
import re

import pytest

from tools.rooms import DEPTH, LAYERS, PACKAGE, PAGE, modules, room_of, with_table

MOST_LINES = 400
MOST_ENTRIES = 20


@functools.cache
def names():
    """Those of all modules."""
    return {name for name, _ in modules()}


def imports(path):
    """Every module of the program that a module names in an import; those inside functions and for types count too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names())
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in names() else node.module for name in whole if node.module in names())
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("lazy", "load") and node.args:
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and arg.value in names())


@functools.cache
def module_edges():
    """Which module uses which other one."""
    return [(module, used) for module, path in modules() for used in imports(path) if used != module]


def edges():
    """Which room uses which other room."""
    pairs = {(room_of(module), room_of(used)) for module, used in module_edges()}
    return {(one, other) for one, other in pairs if one and one != other}


def circles(pairs):
    """Those that reach themselves."""
    used = {}
    for one, other in pairs:
        used.setdefault(one, set()).add(other)

    def reached(start):
        found, queue = set(), [start]
        while queue:
            for other in used.get(queue.pop(), set()) - found:
                found.add(other)
                queue.append(other)
        return found

    return sorted(one for one in used if one in reached(one))


def test_every_room_has_its_layer():
    found = {room_of(name) for name, _ in modules()} - {""}
    assert found == set(DEPTH)
    assert sum(map(len, LAYERS)) == len(DEPTH)


def test_imports_point_one_way():
    # Nobody uses the package's face, which stands above everything.
    assert {module for module, used in module_edges() if used == "actbench"} == set()
    assert {f"{one} uses {other}" for one, other in edges() if DEPTH[one] > DEPTH[other]} == set()


def test_nothing_is_imported_in_a_circle():
    assert circles(edges()) == []
    assert circles(module_edges()) == []


def test_modules_and_the_top_level_stay_small_enough_to_be_read():
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in modules()}
    assert {name: count for name, count in lines.items() if count > MOST_LINES} == {}
    unread = ("__pycache__", ".", "py.typed")  # the last is an empty mark for type checkers
    entries = [path.name for path in PACKAGE.iterdir() if not path.name.startswith(unread)]
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


def test_contributing_shows_the_rooms():
    text = PAGE.read_text(encoding="utf-8")
    assert with_table(text) == text, "run 'python -m tools.rooms'"
    assert [room for room in DEPTH if not re.search(rf"^\| `{room}(/|\.py)` \| \S", text, re.MULTILINE)] == []


@pytest.mark.slow
def test_the_checks_see_what_they_are_to_see():
    assert ("cli", "tables") in edges()  # inside a function
    assert ("execution", "training") in edges()
    assert circles([("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]) == ["a", "b", "c"]
