"""Where in a person's own code an error arose."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

from actbench.custom.places import home
from actbench.custom.source import is_installed

QUOTED = re.compile(r'File "([^"\n]+)", line (\d+), in (\w+)')
"""How libraries that trace code tell, in the message, which of its lines they were at."""
MADE_UP = "__autograph_generated_file"
"""In the names of files that TensorFlow makes of a person's."""

WRAPPED = re.compile(r"Exception encountered when calling |Could not automatically infer the output shape")
"""How Keras begins its own words around an error, which it tells of in full, with all arguments."""
NODE = re.compile(r" for '\{\{node [^']*'")
"""How TensorFlow names an operation."""


def unwrapped(problem: BaseException) -> BaseException:
    """The error that Keras wrapped into one of its own, or the error itself."""
    for link in _links(problem):
        if not WRAPPED.search(_message(link)):
            return link
    return problem


def named_error(problem: BaseException) -> str:
    """An error's class and message."""
    return f"{type(problem).__name__}: {NODE.sub('', _message(problem))}"


def place_in(problem: BaseException) -> str:
    """The innermost line of a person's own code: ``mine.py, line 4, in act``; empty where none took part."""
    for cause in reversed(_links(problem)):
        own = [frame for frame in [*_frames(cause), *_quoted(cause)] if _is_own(frame[0])]
        if own:
            file, line, function = own[-1]
            return f"{_short(file)}, line {line}, in {function}"
    return ""


def whole_trace(problem: BaseException) -> str:
    """The traceback of an error and of all that led to it, also what a library holds back."""
    for link in _links(problem):
        link.__suppress_context__ = False
    return "".join(traceback.format_exception(problem))


def _links(problem: BaseException) -> list[BaseException]:
    """An error, what led to it, and so on."""
    links = [problem]
    while (link := links[-1].__cause__ or links[-1].__context__) is not None and link not in links:
        links.append(link)
    return links


def _frames(problem: BaseException) -> Iterator[tuple[str, int, str]]:
    for frame in traceback.extract_tb(problem.__traceback__):
        yield frame.filename, frame.lineno or 0, frame.name


def _quoted(problem: BaseException) -> Iterator[tuple[str, int, str]]:
    for file, line, function in QUOTED.findall(_message(problem)):
        yield file, int(line), function


def _message(problem: BaseException) -> str:
    try:
        return str(problem)
    except Exception:  # noqa: BLE001 - a person's own class of errors may fail at this, too
        return "it cannot even say what"


def _is_own(name: str) -> bool:
    if MADE_UP in name or name.startswith("<"):
        return False
    path = Path(name)
    return os.path.isfile(path) and not is_installed(path.resolve())  # noqa: PTH113 - Path's own raises for odd names


def _short(name: str) -> str:
    """As the person would name it: from where names lead on, if it lies there."""
    path = Path(name).resolve()
    return str(path.relative_to(home())) if path.is_relative_to(home()) else str(path)
