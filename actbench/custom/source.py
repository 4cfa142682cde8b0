"""A person's own code as it lies in its files: what it is made of, and what it defines. Nothing here is ever run."""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from actbench.custom.meaning import UNREADABLE, meaning
from actbench.custom.places import home, place_of, was_added
from actbench.errors import UserError
from actbench.registry import Spelling


def content_of(kind: str, provider: str) -> bytes:
    """The bytes of a file of code. Raises UserError where there is none that can be read."""
    path = place_of(provider)
    try:
        if path.is_file():
            return path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"Cannot read {provider!r} to take the {kind} from it: {error}.") from None
    raise UserError(f"There is no file {provider!r} to take the {kind} from.")


class Source(NamedTuple):
    """What a module is made of.

    Attributes:
        content: of its own file; its name, where it has none.
        path: its own file, or None.
        imported: by file, the name (relative to the folder in which it was found) and the content of what it imports of
            the person's own code.
    """

    content: bytes
    path: Path | None
    imported: Mapping[Path, tuple[str, bytes]]

    @property
    def digest(self) -> str:
        """The first 12 hex digits of the SHA-256 of the module, and of what it imports of the person's own code.

        An edited comment does not change it: see `meaning`.
        """
        digest = hashlib.sha256(meaning(self.content))
        for name, content in sorted(self.imported.values()):
            said = meaning(content)
            digest.update(f"\0{name}\0{len(said)}\0".encode() + said)
        return digest.hexdigest()[:12]

    @property
    def files(self) -> dict[Path, bytes]:
        """All files with what is in them."""
        own = {self.path: self.content} if self.path else {}
        return own | {file: content for file, (_, content) in self.imported.items()}


def source_of_file(kind: str, provider: str) -> Source:
    """Of a file of code as it lies there. Raises UserError where there is none."""
    content, path = content_of(kind, provider), place_of(provider).resolve()
    return Source(content, path, _imported_files(content, path, _package_home(path)))


def source_of_module(kind: str, name: str) -> Source:
    """Of a module that Python finds by name, with the packages around it. Raises UserError where there is none."""
    *packages, file = _module_files(kind, name)
    if file is None:
        return Source(name.encode(), None, {})
    content, path = content_of(kind, str(file)), file.resolve()
    above = file.absolute().parents
    root = above[min(name.count(".") + (file.name == "__init__.py"), len(above) - 1)]
    return Source(content, path, _imported_files(content, path, root, [each.absolute() for each in packages if each]))


def lies_here(name: str) -> bool:
    """Whether a module that Python finds by name is a file that lies right where own files are looked for."""
    spec = _spec(name, None) if "." not in name else None
    return spec is not None and spec.has_location and Path(spec.origin).resolve() == home() / f"{name}.py"


def _package_home(path: Path) -> Path:
    """The folder from which Python would import a file: above the packages that it lies in."""
    return next(folder for folder in path.parents if not (folder / "__init__.py").is_file() or folder == folder.parent)


def check_imported(provider: str, source: Source) -> None:
    """Raise UserError where what a module has imported does not lie beside it, though a file of that name does.

    Python knows one module of a name, and two files may each have a helper of that name beside them.
    """
    beside: dict[str, Path] = {}
    for file, (name, _) in source.imported.items():  # those beside it come first
        beside.setdefault(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."), file)
    for dotted, file in beside.items():
        place = getattr(sys.modules.get(dotted), "__file__", None)
        if place and Path(place).resolve() != file and not is_installed(Path(place).resolve()):
            raise UserError(
                f"{provider!r} imports {dotted!r}, and finds {place!r}, not what lies beside it. Give one of them "
                "another name."
            )


def is_installed(file: Path) -> bool:
    """Whether it is part of Python, of actbench or of an installed package, whose version says what it is."""
    return bool(_INSTALLED & set(file.parts)) or any(file.is_relative_to(folder) for folder in _installed_folders())


_INSTALLED = {"site-packages", "dist-packages"}


@functools.cache
def _installed_folders() -> frozenset[Path]:
    return frozenset(map(Path, sysconfig.get_paths().values())) | {Path(__file__).parents[1]}


def _imported_files(
    content: bytes, path: Path, root: Path, packages: Sequence[Path] = ()
) -> dict[Path, tuple[str, bytes]]:
    """The files of the person's own code that a module imports, and that these import in turn.

    They lie beside or below the module, the study, or the folder ``root`` from which the module's own package is
    imported, or wherever else Python finds them, but for installed packages. Found by reading, nothing is run: imports
    by a name that is only made up at run time are not seen. Returns by the file its name, relative to the folder in
    which it was found, and its content.
    """
    if is_installed(path):
        return {}
    found: dict[Path, tuple[str, bytes]] = {}
    waiting = [(path, content)]
    folders = list(dict.fromkeys((path.parent, root, home())))

    def take(file: Path, folder: Path) -> None:
        place = file.resolve()  # it may be a link
        if place not in found and place != path:
            found[place] = (file.relative_to(folder).as_posix(), file.read_bytes())
            waiting.append((file, found[place][1]))

    for package in packages:
        take(package, _package_home(package))
    while waiting:
        file, code = waiting.pop()
        folders += _folders_elsewhere(code, file, folders)
        for folder in folders:
            for name in _imported_names(code, file, folder):
                for imported in _files_of(folder, name):
                    take(imported, folder)
    return found


def _folders_elsewhere(code: bytes, file: Path, known: Sequence[Path]) -> list[Path]:
    """The folders, beside those known, from which Python imports what a file names: those of PYTHONPATH, say."""
    names = {name.partition(".")[0] for name in _imported_names(code, file, file)}  # nothing is relative to a file
    missing = sorted(name for name in names if not any(_files_of(folder, name) for folder in known))
    specs = [spec for spec in (_spec(name, None) for name in missing) if spec is not None]
    places = [
        Path(place).absolute()
        for spec in specs
        for place in spec.submodule_search_locations or [spec.origin] * spec.has_location
    ]
    # A folder that was only added for the sake of another file may be there today, and not tomorrow.
    return [place.parent for place in places if not (is_installed(place) or was_added(place.parent))]


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
    here = [str(home())] if places is None else []
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_spec")]
    try:
        found = (finder.find_spec(name, places) for finder in finders)
        return next(filter(None, found), None) or importlib.machinery.PathFinder.find_spec(name, here)
    except (ImportError, ValueError, OSError):
        return None


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
    is_file = provider.endswith(".py")
    for file in [place_of(provider)] if is_file else _module_files(kind, provider):
        if file is None or not _is_own(file.resolve(), folder):
            raise UserError(f"{spelling.path!r} is code that does not lie beside or below the study.")
    try:
        body = ast.parse(content_of(kind, provider if is_file else str(file))).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UserError(f"{provider!r} is no Python that can be read ({error}).") from None
    for part in spelling.name.split("."):
        found = [node for node in _statements(body) if part in _bound(node)]
        if not found or not all(map(_is_definition, found)):
            raise UserError(f"{provider!r} does not define {spelling.name!r} itself.")
        body = found[-1].body if isinstance(found[-1], ast.ClassDef) else []


def arguments_of(kind: str, spelling: Spelling) -> ast.arguments | None:
    """The signature of a function as its module's text has it; None where it does not define it as one itself.

    Takes what `named` takes; nothing is run. Raises UserError where there is no such file or module.
    """
    provider = spelling.provider
    file = place_of(provider) if provider.endswith(".py") else [*_module_files(kind, provider)][-1]
    return _arguments_in(kind, file, spelling.name, MOST_IMPORTS) if file else None


MOST_IMPORTS = 8
"""Modules through which a name is followed to where it is defined; they may go round in a circle."""


def _arguments_in(kind: str, file: Path, name: str, more: int) -> ast.arguments | None:
    """The same in one file, and through those from which it imports the name."""
    try:
        body = ast.parse(content_of(kind, str(file))).body
    except UNREADABLE:
        return None
    match [node for node in _statements(body) if name in _bound(node)][-1:]:
        case [ast.FunctionDef(args=arguments)] | [ast.Assign(value=ast.Lambda(args=arguments))]:
            return arguments
        case [ast.ImportFrom(names=names) as node] if more:
            there = next(alias.name for alias in names if (alias.asname or alias.name) == name)
            places = [each for each in _imported_from(node, file) if each.is_file()]
            return _arguments_in(kind, places[0], there, more - 1) if places else None
    return None


def _imported_from(node: ast.ImportFrom, file: Path) -> Iterator[Path]:
    """Where the module of a ``from … import`` in a file may lie."""
    roots = (
        [file.parents[min(node.level, len(file.parents)) - 1]]
        if node.level
        else [file.parent, _package_home(file), home()]
    )
    for root in roots:
        place = root.joinpath(*(node.module or "").split("."))
        yield from (place.with_suffix(".py"), place / "__init__.py") if node.module else (place / "__init__.py",)


def _is_own(place: Path, folder: Path) -> bool:
    """Whether a file lies in the folder or below, and is no part of an installed package, of Python or of actbench."""
    roots = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")] + [
        Path(__file__).parents[1]
    ]
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
