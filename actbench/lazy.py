"""Heavy libraries behind light names: nothing is imported before something of it is really used.

``keras = lazy("keras")`` costs nothing; ``keras.ops.tanh`` imports Keras (2–4 s with TensorFlow) on first use. That is
why ``actbench --help``, the lists and every usage error answer at once.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

BRING_TENSORFLOW = ("keras", "tensorflow", "spocu", "tensorflow_addons")


class LazyModule:
    """Stands in for a module until one of its attributes is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(load(self._name), attribute)

    def __repr__(self) -> str:
        return f"<lazy {self._name}>"


def lazy(name: str) -> Any:
    """Return a stand-in for the module ``name`` (typed ``Any``, as the module itself would be for mypy)."""
    return LazyModule(name)


def load(name: str) -> Any:
    """Import ``name`` now; the first import of TensorFlow, or of what brings it along, is kept quiet."""
    package = name.split(".", maxsplit=1)[0]
    brings_it = package in BRING_TENSORFLOW and importlib.util.find_spec(package) is not None
    if brings_it and "tensorflow" not in sys.modules:
        # Keras fixes its backend when it is imported; actbench's engine is written for this one.
        os.environ["KERAS_BACKEND"] = "tensorflow"
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
        with _quiet_stderr():
            tensorflow = importlib.import_module("tensorflow")
            tensorflow.constant(0)  # the search for devices logs too
            tensorflow.get_logger().setLevel("ERROR")  # it warns of many compiled programs, which is what a sweep is
    return importlib.import_module(name)


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Hold back what native code writes to file descriptor 2; give it back if the block fails.

    TensorFlow's C++ logs its start-up lines before any log level applies, so no environment variable silences them.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held, contextlib.ExitStack() as restore:
        terminal = os.dup(2)
        restore.callback(os.close, terminal)
        restore.callback(os.dup2, terminal, 2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(terminal, 2)
            held.seek(0)
            os.write(2, held.read())
            raise
