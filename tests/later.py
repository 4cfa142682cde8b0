"""A later actbench: a copy of this one with a few lines more, as a maintainer would add them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import actbench

PACKAGE = Path(actbench.__file__).parent


class Later:
    """A copy of the program in a folder of its own, to be edited and run as other processes."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree(PACKAGE, folder / "actbench", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(PACKAGE.parent / "configs", folder / "configs")

    def add(self, module, before, lines):
        """Put lines into a module, before the one place that reads like ``before``."""
        path = self.folder / "actbench" / module
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in {module}"
        path.write_text(text.replace(before, lines + before), encoding="utf-8")

    def python(self, code, *arguments, cwd):
        """Run code in the later version; returns the finished process."""
        return self._call(["-c", code, *arguments], cwd)

    def program(self, *arguments, cwd):
        """Run the later version's command line."""
        return self._call(["-m", "actbench", *arguments], cwd)

    def _call(self, arguments, cwd):
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
