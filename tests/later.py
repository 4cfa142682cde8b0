"""A later actbench: a copy of this one with a few lines or files more, as a maintainer would add them."""

import shutil
import sys
from pathlib import Path

from conftest import program

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

    def add_file(self, module, text):
        """Put a new module into a package."""
        path = self.folder / "actbench" / module
        assert not path.exists()
        path.write_text(text, encoding="utf-8")

    def program(self, *arguments, **how):
        """Call the later version's command line: see ``program``."""
        # The folder that Python is started in must not win over the copy: it may be the checkout.
        return program(*arguments, env={"PYTHONPATH": str(self.folder), "PYTHONSAFEPATH": "1"}, **how)

    def python(self, code, *arguments, **how):
        """Run code in the later version."""
        return self.program(*arguments, command=[sys.executable, "-c", code], **how)
