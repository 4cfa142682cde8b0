"""A person's own code by name: ``module.path:attribute`` and ``file.py:attribute``.

What a name means (`named`) and whether a study may use it (`check_defined_below`) is told from names and bytes alone;
only `load_attribute` runs anything.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import importlib.machinery
import inspect
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from actbench.errors import UserError, did_you_mean
from actbench.lazy import load
from actbench.registry import Choice, Spelling, literal


def named(kind: str, spelling: Spelling) -> Choice:
    """What a person's own code is called, with the digest of its source as it lies there; nothing is run.

    Args:
        kind: the noun for messages, e.g. ``"activation"``.
        spelling: ``provider`` is a dotted module or the path of a Python file, ``name`` the attribute in it.

    Raises:
        UserError: no such file or module.
    """
    provider = spelling.provider
    digest = _digest(_content(kind, provider)) if provider.endswith(".py") else _module_digest(kind, provider)
    return _choice(spelling, digest)


def _choice(spelling: Spelling, digest: str) -> Choice:
    words = [literal(value) for value in spelling.positional]
    words += [f"{name}={literal(value)}" for name, value in sorted(spelling.named.items())]
    canonical = spelling.path + (f"({', '.join(words)})" if words else "")
    return Choice(canonical, f"{canonical}#{digest}", provider=spelling.provider, version=digest)


def load_attribute(kind: str, spelling: Spelling) -> tuple[Any, Choice]:
    """Import a person's own attribute. Returns it, and the choice whose definition carries the digest of its source.

    Takes what `named` takes.

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
    return target, _choice(spelling, digest)


def check_defined_below(kind: str, spelling: Spelling, folder: Path) -> None:
    """Refuse code that is not a person's own beside a study; nothing is run.

    Whoever runs a stranger's study must not run any function of this machine with any parameters.

    Args:
        kind: as in `named`.
        spelling: as in `named`.
        folder: the study's; the file with the code, and the packages around it, must lie in it or below.

    Raises:
        UserError: it lies elsewhere, belongs to an installed package, or does not define the name itself.
    """
    provider = spelling.provider
    folder = folder.resolve()
    for file in [Path(provider)] if provider.endswith(".py") else _module_files(kind, provider):
        if file is None or not _is_own(file.resolve(), folder):
            raise UserError(f"{spelling.path!r} is code that does not lie beside or below the study.")
    try:
        body = ast.parse(_content(kind, str(file))).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{provider!r} is no Python that can be read ({error}).") from None
    for part in spelling.name.split("."):
        found = [node for node in _statements(body) if part in _bound(node)]
        if not found or not all(map(_is_definition, found)):
            raise UserError(f"{provider!r} does not define {spelling.name!r} itself.")
        body = found[-1].body if isinstance(found[-1], ast.ClassDef) else []


_INSTALLED = {"site-packages", "dist-packages"}


def _is_own(place: Path, folder: Path) -> bool:
    """Whether a file lies in the folder or below, and is no part of an installed package, of Python or of actbench."""
    roots = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")] + [Path(__file__).parent]
    if not place.is_relative_to(folder) or _INSTALLED & set(place.relative_to(folder).parts):
        return False
    return not any(place.is_relative_to(root) and not folder.is_relative_to(root) for root in roots)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body, and those under an ``if``, ``try`` or ``with`` in it."""
    for node in body:
        yield node
        for name in () if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else _BLOCKS:
            for inner in getattr(node, name, ()):
                yield from _statements(inner.body if isinstance(inner, ast.ExceptHandler) else [inner])


_BLOCKS = ("body", "orelse", "finalbody", "handlers")


def _bound(node: ast.stmt) -> set[str]:
    """The names that a statement binds."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return {name}
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return {(alias.asname or alias.name).partition(".")[0] for alias in names}
        case ast.Assign(targets=targets):
            return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        case ast.AnnAssign(target=ast.Name(id=name)):
            return {name}
    return set()


def _is_definition(node: ast.stmt) -> bool:
    """Whether it makes something new: a function, a class, or what a call or a lambda returns."""
    if isinstance(node, (ast.Assign, ast.AnnAssign)):
        return isinstance(node.value, (ast.Call, ast.Lambda))
    return isinstance(node, (ast.FunctionDef, ast.ClassDef))


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


def _content(kind: str, provider: str) -> bytes:
    try:
        if Path(provider).is_file():
            return Path(provider).read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read {provider!r} to take the {kind} from it: {error}.") from None
    raise UserError(f"There is no file {provider!r} to take the {kind} from.")


def prints_to_stderr() -> contextlib.AbstractContextManager[Any]:
    """What a person's code prints is no result of a command: stdout may be read by a program."""
    return contextlib.redirect_stdout(sys.stderr)


@contextlib.contextmanager
def _importing(what: str) -> Iterator[None]:
    """Import a person's code: what it prints is no result, and what fails in it is told in a sentence."""
    try:
        with prints_to_stderr():
            yield
    except ModuleNotFoundError as error:
        raise UserError(f"{what} needs {error.name!r}, which is not installed.") from error
    except (Exception, SystemExit) as error:  # a script may end in sys.exit()
        raise UserError(f"{what} fails when it is imported: {type(error).__name__}: {error}") from error


def _from_file(kind: str, provider: str) -> tuple[ModuleType, str]:
    """The module in a file, and the digest of the very bytes that it was made from."""
    content = _content(kind, provider)
    load("keras")  # before the person's own code does: its import is quiet only from here
    place = Path(provider).resolve()
    # Named by place and content: an edited file is another module, so that what is called is what the digest says.
    name = f"actbench_custom_{hashlib.sha256(str(place).encode() + NUL + content).hexdigest()[:12]}"
    if name not in sys.modules:
        module = ModuleType(name)
        module.__file__ = str(place)
        sys.modules[name] = module
        try:
            with _importing(repr(provider)):
                exec(compile(content, module.__file__, "exec"), vars(module))  # noqa: S102 - what an import does, with these bytes
        except UserError:
            del sys.modules[name]
            raise
    return sys.modules[name], _digest(content)


NUL = b"\0"
_IMPORTED: dict[str, str] = {}
"""The digests of imported modules, as they were when they were imported."""


def _from_module(kind: str, name: str) -> tuple[ModuleType, str]:
    """An importable module and its digest. Raises UserError for one that was edited after its import."""
    before = _module_digest(kind, name)
    # The installed command does not look into the current folder, where people's own modules lie. It goes last: what
    # lies there must not take the place of a library that is imported later.
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    load("keras")  # first, as above
    with _importing(f"The module {name!r}"):
        module = importlib.import_module(name)
    # An import is done once a process: what is called stays what it was, whatever becomes of the file.
    imported = _IMPORTED.setdefault(name, before)
    if imported != _module_digest(kind, name):
        raise UserError(f"The module {name!r} was edited after it was imported. Give the same command again.")
    return module, imported


def _module_digest(kind: str, name: str) -> str:
    """The digest of a module's file; of its name, where it has none."""
    files = list(_module_files(kind, name))
    return _digest(name.encode() if files[-1] is None else _content(kind, str(files[-1])))


def _module_files(kind: str, name: str) -> Iterator[Path | None]:
    """The files of the packages around a module, and its own; None for what has none, such as ``sys``.

    Parents are found, not imported as ``importlib.util.find_spec`` would do.
    """
    places: Any = None
    parts = name.split(".")
    for number in range(1, len(parts) + 1):
        spec = _spec(".".join(parts[:number]), places) if all(parts) else None
        if spec is None:
            raise UserError(
                f"There is no module {name!r} to take the {kind} from. Write 'file.py:attribute' for a file of your "
                "own, or 'module.path:attribute' for an installed module."
            )
        places = spec.submodule_search_locations or ()
        if spec.has_location or number == len(parts):
            yield Path(spec.origin) if spec.has_location else None


def _spec(name: str, places: Any) -> Any:
    here = [str(Path.cwd())] if places is None else []
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    try:
        found = (finder.find_spec(name, places) for finder in finders)
        return next(filter(None, found), None) or importlib.machinery.PathFinder.find_spec(name, here)
    except (ImportError, ValueError, OSError):
        return None


def _digest(content: bytes) -> str:
    """The first 12 hex digits of the SHA-256."""
    return hashlib.sha256(content).hexdigest()[:12]
