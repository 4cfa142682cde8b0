"""What a person's own code says to Python: the same for two files that differ only in what people read."""

from __future__ import annotations

import ast
import functools

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What Python raises for text that is no code, or too deep to be taken apart."""
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@functools.lru_cache(maxsize=256)
def meaning(code: bytes) -> bytes:
    """The code without comments, docstrings and layout; as it is where Python cannot read it.

    It is written out again rather than dumped: how a tree is dumped changes from one Python to the next.
    """
    try:
        tree = ast.parse(code)
        for node in ast.walk(tree):
            if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
        return ast.unparse(tree).encode(errors="backslashreplace")
    except UNREADABLE:
        return code
