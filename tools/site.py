"""The pages of the site: what of the repository is looked at there, laid out as it lies here, so that links hold.

``python -m tools.site`` fills ``build/pages`` for the generator, ``python -m tools.site check`` reads what it built in
``build/site``: whether every link leads somewhere, and whether a page would fetch anything.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parent.parent
PAGES, SITE = ROOT / "build" / "pages", ROOT / "build" / "site"
SHOWN = (
    "*.md",
    "LICENSE",
    "action.yml",
    "docs/**/*",
    "configs/*.toml",
    "studies/*.toml",
    "results/**/*.md",
    "results/**/*.png",
)
LEFT_OUT = ("docs/man/",)
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements whose address a browser fetches by itself."""
URL = re.compile(r"url\(\s*['\"]?(?P<address>[^'\")\s]+)|@import\s+['\"](?P<imported>[^'\"]+)")


def lay_out() -> None:
    """Fill the folder of pages anew."""
    shutil.rmtree(PAGES, ignore_errors=True)
    for path in sorted({path for pattern in SHOWN for path in ROOT.glob(pattern) if path.is_file()}):
        place = path.relative_to(ROOT)
        if not place.as_posix().startswith(LEFT_OUT):
            (PAGES / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, PAGES / place)


def mistakes(site: Path) -> Iterator[str]:
    """Links of the built pages that lead nowhere, and what a browser would fetch from elsewhere."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        yield from (f"{name} fetches {address}" for address in page.fetched if urlsplit(address).netloc)
        for link in {*page.links, *page.fetched}:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or path.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                yield f"{name} links to {link}, which is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name} links to {link}, which has no such heading"
    for path in sorted(site.rglob("*.css")):
        for found in URL.finditer(path.read_text(encoding="utf-8")):
            if urlsplit(found["address"] or found["imported"]).netloc:
                yield f"{path.relative_to(site)} fetches {found[0]}"


class _Page(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.anchors: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element is called, and where it leads."""
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        address = given.get(FETCHED.get(tag, ""))
        if address and not address.startswith("data:") and given.get("rel") != "canonical":
            self.fetched.add(address)


if __name__ == "__main__":
    if sys.argv[1:] == ["check"]:
        found = list(mistakes(SITE))
        sys.stderr.write("".join(f"{line}\n" for line in found))
        sys.exit(bool(found) or not (SITE / "index.html").exists())
    lay_out()
