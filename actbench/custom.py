"""A person's own code by name: ``module.path:attribute`` and ``file.py:attribute``."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

from actbench.errors import UserError, did_you_mean
from actbench.lazy import load
from actbench.registry import Choice, Spelling, literal


def load_attribute(kind: str, spelling: Spelling) -> tuple[Any, Choice]:
    """Import a person's own attribute. Returns it, and the choice whose definition carries the digest of its source.

    Args:
        kind: the noun for messages, e.g. ``"activation"``.
        spelling: ``provider`` is a dotted module or the path of a Python file, ``name`` the attribute in it.

    Raises:
        UserError: no such file, module or attribute, or the code fails while it is imported.
    """
    provider = spelling.provider
    find = _from_file if provider.endswith(".py") else _from_module
    module, digest = find(kind, provider)
    target: Any = module
    for part in spelling.name.split("."):
        if not hasattr(target, part):
            names = [name for name in vars(module) if not name.startswith("_")]
            raise UserError(f"There is no {part!r} in {provider!r}.{did_you_mean(part, names)}")
        target = getattr(target, part)
    if not callable(target):
        article = "an" if kind[0] in "aeiou" else "a"
        raise UserError(f"{spelling.path!r} is {target!r}, but {article} {kind} must be a function or a class.")
    words = [literal(value) for value in spelling.positional]
    words += [f"{name}={literal(value)}" for name, value in sorted(spelling.named.items())]
    canonical = spelling.path + (f"({', '.join(words)})" if words else "")
    return target, Choice(canonical, f"{canonical}#{digest}", provider=provider, version=digest)


def check_arguments(kind: str, path: str, target: Any, given: int, spelling: Spelling) -> None:
    """Refuse parameters that the signature of ``target`` cannot take, before anything is trained."""
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):  # some builtins have none; the call itself will tell
        return
    try:
        signature.bind(*[None] * given, *spelling.positional, **spelling.named)
    except TypeError as error:
        raise UserError(
            f"The {kind} {path!r} cannot be called like that: {error}. Its signature is {signature}."
        ) from None


def _from_file(kind: str, provider: str) -> tuple[ModuleType, str]:
    """The module in a file, and the digest of the very bytes that it was made from."""
    path = Path(provider)
    if not path.is_file():
        raise UserError(f"There is no file {provider!r} to take the {kind} from.")
    load("keras")  # before the person's own code does: its import is quiet only from here
    content = path.read_bytes()
    # Named by place and content: an edited file is another module, so that what is called is what the digest says.
    identity = str(path.resolve()).encode() + b"\0" + content
    name = f"actbench_custom_{hashlib.sha256(identity).hexdigest()[:12]}"
    if name not in sys.modules:
        module = ModuleType(name)
        module.__file__ = str(path.resolve())
        sys.modules[name] = module
        try:
            with prints_to_stderr():
                exec(compile(content, module.__file__, "exec"), vars(module))  # noqa: S102 - an import, with these bytes
        except (Exception, SystemExit) as error:  # a script may end in sys.exit()
            del sys.modules[name]
            raise UserError(f"{provider!r} fails when it is imported: {type(error).__name__}: {error}") from error
    return sys.modules[name], _digest(content, path)


_IMPORTED: dict[str, str] = {}
"""The digests of imported modules, as they were when they were imported."""


def _from_module(kind: str, name: str) -> tuple[ModuleType, str]:
    """An importable module and its digest. Raises UserError for one that was edited after its import."""
    # The installed command does not look into the current folder, where people's own modules lie.
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            load("keras")  # first, as above
        spec = importlib.util.find_spec(name)
        before = _file_digest(name, spec.origin if spec else None)
        with prints_to_stderr():
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise UserError(f"The module {name!r} needs {error.name!r}, which is not installed.") from error
        raise UserError(
            f"There is no module {name!r} to take the {kind} from. Write 'file.py:attribute' for a file of your own, "
            "or 'module.path:attribute' for an installed module."
        ) from None
    except (Exception, SystemExit) as error:
        raise UserError(f"The module {name!r} fails when it is imported: {type(error).__name__}: {error}") from error
    # An import is done once a process: what is called stays what it was, whatever becomes of the file.
    imported = _IMPORTED.setdefault(name, before)
    if imported != _file_digest(name, getattr(module, "__file__", None)):
        raise UserError(f"The module {name!r} was edited after it was imported. Give the same command again.")
    return module, imported


def prints_to_stderr() -> contextlib.AbstractContextManager[Any]:
    """What a person's code prints is no result of a command: stdout may be read by a program."""
    return contextlib.redirect_stdout(sys.stderr)


def _file_digest(name: str, file: str | None) -> str:
    """The digest of a module's file; of its name, where it has none."""
    path = Path(file) if file else None
    return _digest(path.read_bytes(), path) if path and path.is_file() else _digest(name.encode())


def _digest(content: bytes, path: Path | None = None) -> str:
    """The first 12 hex digits of the SHA-256 of a module, and of what it imports of the person's own code."""
    digest = hashlib.sha256(content)
    for name, imported in _imported_files(content, path) if path else ():
        digest.update(f"\0{name}\0{len(imported)}\0".encode() + imported)
    return digest.hexdigest()[:12]


def _imported_files(content: bytes, path: Path) -> list[tuple[str, bytes]]:
    """The files beside or below a module, or the current folder, that it imports, and that these import in turn.

    Found by reading, nothing is run: imports by a name that is only made up at run time are not seen. Returns names
    relative to their folder, in order, each with its content.
    """
    here = path.resolve()
    if any(here.is_relative_to(installed) for installed in map(Path, set(sysconfig.get_paths().values()))):
        return []  # a package of somebody else's: its version says what it is
    found: dict[Path, tuple[str, bytes]] = {}
    waiting = [(here, content)]
    while waiting:
        file, code = waiting.pop()
        for root in dict.fromkeys((here.parent, Path.cwd().resolve())):
            for name in _imported_names(code, file, root):
                for imported in _files_of(root, name):
                    if imported not in found and imported != here:
                        found[imported] = (imported.relative_to(root).as_posix(), imported.read_bytes())
                        waiting.append((imported, found[imported][1]))
    return sorted(found.values())


def _imported_names(code: bytes, file: Path, root: Path) -> set[str]:
    """Dotted names, seen from a folder, that a file imports anywhere: modules, or what may be one inside a module."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # importing it will say what is wrong
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = ""
            if node.level:
                base = file.parents[min(node.level, len(file.parents)) - 1]
                if not base.is_relative_to(root):
                    continue
                package = ".".join(base.relative_to(root).parts)
            start = ".".join(filter(None, (package, node.module)))
            names |= {start} | {f"{start}.{alias.name}".lstrip(".") for alias in node.names}
    return names


def _files_of(root: Path, name: str) -> list[Path]:
    """The files below a folder that importing a dotted name runs: of the packages on the way, and of the module."""
    files = []
    place = root
    for part in filter(None, name.split(".")):
        place = place / part
        files += [place / "__init__.py", place.with_name(f"{part}.py")]
    return [file for file in files if os.path.isfile(file)]  # noqa: PTH113 - Path's own raises for a name that is too long
