"""The published data sets on paper: the table and the lists of files in ``docs/data.md``.

Run ``python -m tools.data`` in the repository after a declaration was changed; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from actbench.datasets.published.files import PUBLISHED, Container, Published, PublishedFile
from tools import renewed

PAGE = Path("docs/data.md")


def table() -> str:
    """Every published data set with what it is, where it comes from, its terms and its size."""
    rows = [
        f"| [`{entry.name}`](#{entry.name}) | {entry.summary} | [{entry.source}]({entry.home}) | {entry.licence} "
        f"| {_megabytes(entry.containers[0])} |"
        for entry in PUBLISHED
    ]
    head = ["| data set | what it is | source | licence | to be fetched |", "| --- | --- | --- | --- | --: |"]
    return "\n".join([*head, *rows])


def files() -> str:
    """The files of every data set, with all that is known of them."""
    return "\n\n".join(_section(entry) for entry in PUBLISHED)


def with_lists(page: str) -> str:
    """The page with its table and lists renewed. Raises ValueError where it has no place for them."""
    return renewed(renewed(page, "data sets", table()), "files", files())


def _section(entry: Published) -> str:
    parts = [f"### {entry.name}"]
    for number, container in enumerate(entry.containers):
        parts += ["or else:"] * bool(number) + ["\n".join(_file(file) for file in container.files)]
    return "\n\n".join(parts)


def _file(file: PublishedFile) -> str:
    hashes = [f"{kind} `{digits}`" for kind, digits in (("SHA-256", file.sha256), ("MD5", file.md5)) if digits]
    size = f"{file.size:,} bytes" if file.size else "of a size that nobody states"
    lines = [f"- **{file.name}**, {size}, {', '.join(hashes)}", *(f"    - <{mirror}>" for mirror in file.mirrors)]
    return "\n".join([*lines, *(f"    - `{place}`" for place in file.kept_as)])


def _megabytes(container: Container) -> str:
    sizes = [file.size for file in container.files]
    return f"{sum(sizes) / 1e6:.1f} MB" if all(sizes) else "not stated"


if __name__ == "__main__":
    PAGE.write_text(with_lists(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
