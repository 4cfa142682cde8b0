"""A person's own code by name: ``module.path:attribute`` and ``file.py:attribute``.

Only `load_attribute` runs anything of it; `named` and what is in ``source`` read its files.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from actbench.custom.importing import OF_FILES, expect
from actbench.custom.places import home, is_there, names_from, place_of, search
from actbench.custom.source import (
    arguments_of,
    check_defined_below,
    check_imported,
    lies_here,
    source_of_file,
    source_of_module,
)
from actbench.custom.traces import named_error, place_in, unwrapped, whole_trace
from actbench.errors import UserError, did_you_mean
from actbench.lazy import load
from actbench.registry import Choice, Spelling, literal

__all__ = [
    "arguments_of", "check_arguments", "check_defined_below", "is_there", "load_attribute", "named", "named_error",
    "names_from", "place_in", "place_of", "prints_to_stderr", "unwrapped", "whole_trace",
]  # fmt: skip


def named(kind: str, spelling: Spelling) -> Choice:
    """What a person's own code is called, with the digest of its source as it lies there; nothing is run.

    Args:
        kind: the noun for messages, e.g. ``"activation"``.
        spelling: ``provider`` is a dotted module or the path of a Python file, ``name`` the attribute in it.

    Raises:
        UserError: no such file or module.
    """
    spelling = _canonical(spelling)
    provider = spelling.provider
    find = source_of_file if provider.endswith(".py") else source_of_module
    return _choice(spelling, find(kind, provider).digest)


def _canonical(spelling: Spelling) -> Spelling:
    """The same code by one name, however it was spelled: ``mine.py:act`` for ``./mine.py:act`` and ``mine:act``."""
    provider = spelling.provider
    if not provider.endswith(".py"):
        return replace(spelling, provider=f"{provider}.py") if lies_here(provider) else spelling
    place, here = (Path(os.path.abspath(place_of(name))) for name in (provider, "."))  # noqa: PTH100 - links stay
    name = place.relative_to(here).as_posix() if place.is_relative_to(here) else os.path.normpath(provider)
    return replace(spelling, provider=name)


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
    spelling = _canonical(spelling)
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


def prints_to_stderr() -> contextlib.AbstractContextManager[Any]:
    """What a person's code prints is no result of a command: stdout may be read by a program."""
    return contextlib.redirect_stdout(sys.stderr)


@contextlib.contextmanager
def _importing(what: str) -> Iterator[None]:
    """Import a person's code: what it prints is no result, what fails in it is told in a sentence.

    If it changes the current folder, that lasts as long as the import.
    """
    try:
        with prints_to_stderr(), contextlib.chdir("."):
            yield
    except UserError:  # of what it imports
        raise
    except ModuleNotFoundError as error:
        raise UserError(f"{what} needs {error.name!r}, which is not installed.") from error
    except (Exception, SystemExit) as error:  # a script may end in sys.exit()
        raise UserError(f"{what} fails when it is imported: {type(error).__name__}: {error}") from error


def _from_file(kind: str, provider: str) -> tuple[ModuleType, str]:
    """The module in a file, and the digest of the very bytes that it was made from."""
    source = source_of_file(kind, provider)
    load("keras")  # before the person's own code does: its import is quiet only from here
    place = source.path or place_of(provider)
    search((place.parent, home()))
    expect(source.files)
    # Named by place and content: an edited file is another module, so that what is called is what the digest says.
    name = OF_FILES + hashlib.sha256(str(place).encode() + NUL + source.content).hexdigest()[:12]
    if name not in sys.modules:
        module = ModuleType(name)
        module.__file__ = str(place)
        sys.modules[name] = module
        try:
            with _importing(repr(provider)):
                exec(compile(source.content, module.__file__, "exec"), vars(module))  # noqa: S102 - an import, with these bytes
            check_imported(provider, source)
        except UserError:
            del sys.modules[name]
            raise
    return sys.modules[name], source.digest


NUL = b"\0"


def _from_module(kind: str, name: str) -> tuple[ModuleType, str]:
    """An importable module and its digest. Raises UserError for one that was edited after its import."""
    source = source_of_module(kind, name)
    search((home(),))  # the installed command does not
    load("keras")  # first, as above
    expect(source.files)
    with _importing(f"The module {name!r}"):
        module = importlib.import_module(name)
    return module, source.digest
