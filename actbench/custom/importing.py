"""A person's own code is imported as it was read for its digest, but for comments and layout, or not at all.

Python imports a module once a process, and files change meanwhile. What lies on the disk therefore says nothing of what
is called: what each own module was made of is noted when it is imported, and held against what a run needs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from actbench.custom.meaning import meaning
from actbench.custom.source import is_installed
from actbench.errors import UserError

OF_FILES = "actbench_custom_"
"""How the names of modules begin that were made of a file's content, which their names tell: these are never old."""
_expected: dict[Path, bytes] = {}
"""What files must hold when they are imported."""
_imported: dict[str, tuple[Path, bytes]] = {}
"""What modules were made of, by their names: one file can be imported under two."""


def expect(files: Mapping[Path, bytes]) -> None:
    """From now on these files are imported with this content, or importing them fails.

    Raises:
        UserError: one is imported already, with another content.
    """
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    _expected.update(files)
    by_name = {str(file): file for file in files}
    for name, module in list(sys.modules.items()):
        file = by_name.get(getattr(module, "__file__", None) or "")
        if file is not None and name not in _imported and not name.startswith(OF_FILES):  # before notes were taken
            _imported[name] = file, files[file]
    for name, (file, content) in _imported.items():
        if name in sys.modules and meaning(files.get(file, content)) != meaning(content):
            raise _edited(name)


def _edited(name: str) -> UserError:
    return UserError(f"The module {name!r} was edited after it was imported. Give the same command again.")


class _Loader(SourceFileLoader):
    """Makes a module of the bytes in its file; never of what Python compiled of it before."""

    def get_code(self, fullname: str) -> CodeType:
        file = Path(self.path).resolve()
        content = self.get_data(self.path)
        if meaning(_expected.get(file, content)) != meaning(content):
            raise UserError(
                f"The module {fullname!r} was edited before it was imported. Give the same command again: it plans "
                "anew, with what is there now."
            )
        _imported[fullname] = file, content
        code: CodeType = self.source_to_code(content, self.path)
        return code


class _Finder:
    """Finds what the other finders find, and has our loader load what is a person's own."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module, or None."""
        for finder in sys.meta_path:
            find: Any = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(name, path, target) if find else None
            if spec is not None:
                if type(spec.loader) is SourceFileLoader and not is_installed(Path(spec.loader.path).resolve()):
                    spec.loader = _Loader(spec.loader.name, spec.loader.path)
                return spec
        return None
