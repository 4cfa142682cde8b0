"""Imports point one way, down this list. Imports inside functions and for type checking count too."""

import ast
from pathlib import Path

import actbench

ROOT = Path(actbench.__file__).parent
LAYERS = (
    {"__main__"},
    {"cli"},
    {"reports"},
    {"execution"},
    {"tables"},
    {"studies"},
    {"training"},
    {"activations", "datasets", "models"},
    {"providers"},
    {"results"},
    {"custom"},
    {"registry"},
    {"statistics", "environment"},
    {"errors", "lazy"},
)
DEPTH = {name: depth for depth, names in enumerate(LAYERS) for name in names}


def unit(module):
    """The part of the program that a module belongs to: ``actbench.cli.run`` to ``cli``."""
    parts = module.split(".")[1:]
    return next((name for size in (2, 1) if (name := ".".join(parts[:size])) in DEPTH), ".".join(parts[:1]))


def modules():
    """The dotted name and the path of every module."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path):
    """Every module of the program that a module names in an import."""
    names = {name for name, _ in modules()}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in names else node.module for name in whole if node.module in names)


def edges():
    """Which part uses which other part."""
    for module, path in modules():
        for used in imports(path):
            if used != "actbench" and module != "actbench" and unit(used) != unit(module):
                yield unit(module), unit(used)


def test_every_module_has_its_layer():
    found = {unit(name) for name, _ in modules()} - {""}
    assert found <= set(DEPTH), f"not in any layer: {sorted(found - set(DEPTH))}"


def test_imports_point_one_way():
    upwards = {f"{one} uses {other}" for one, other in edges() if DEPTH.get(one, 0) > DEPTH.get(other, 99)}
    assert upwards == set()


def test_parts_of_one_layer_do_not_use_each_other_in_a_circle():
    used = {}
    for one, other in edges():
        used.setdefault(one, set()).add(other)

    def reaches(start, goal, seen=frozenset()):
        return any(o == goal or (o not in seen and reaches(o, goal, seen | {o})) for o in used.get(start, ()))

    assert [name for name in used if reaches(name, name)] == []


def test_the_check_sees_what_it_is_to_see():
    assert ("cli", "tables") in set(edges())  # inside a function
    assert ("execution", "training") in set(edges())
