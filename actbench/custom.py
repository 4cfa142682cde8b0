"""A person's own code by name: ``module.path:attribute`` and ``file.py:attribute``."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import inspect
import sys
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
    return sys.modules[name], _digest(content)


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
    return _digest(path.read_bytes() if path and path.is_file() else name.encode())


def _digest(content: bytes) -> str:
    """The first 12 hex digits of the SHA-256."""
    return hashlib.sha256(content).hexdigest()[:12]
