"""The pages: links that lead somewhere, generated parts as the code is, and a site that fetches nothing."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import yaml
from matplotlib.image import imread

from tools import pictures, reference, site

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md")), ROOT / "results" / "README.md"]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!\\)\]\((?P<address>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)|(?:href|src)=\"(?P<html>[^\"]+)\"")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def prose(path):
    """A page without its code."""
    return re.sub(r"`[^`\n]+`", "", FENCE.sub("", path.read_text(encoding="utf-8")))


def links(path):
    """The relative links and pictures of a page."""
    found = [match["address"] or match["html"] for match in LINK.finditer(prose(path))]
    return [link for link in found if link and not urlsplit(link).scheme]


def anchors(path):
    """What headings are called in addresses, as GitHub and the site do it."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    bare = (re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading) for heading in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in bare}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    lost = []
    for link in links(page):
        parts = urlsplit(link)
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if not target.exists() or (parts.fragment and unquote(parts.fragment) not in anchors(target)):
            lost.append(link)
    assert lost == []


def test_links_are_found():
    assert "docs/getting-started.md" in links(ROOT / "README.md")
    assert "in-ci" in anchors(ROOT / "docs" / "compare.md")
    assert "actbenchrun" in anchors(ROOT / "docs" / "python.md")


@pytest.mark.parametrize("page", reference.GENERATED)
def test_what_is_generated_is_as_the_code_is(page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert reference.renewed_page(page) == text, "run 'python -m tools.reference'"


def test_a_page_without_markers_is_refused(monkeypatch, tmp_path):
    (tmp_path / "commands.md").write_text("# The commands\n", encoding="utf-8")
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    with pytest.raises(ValueError, match="lacks the lines"):
        reference.renewed_page("commands.md")


def entries(nav):
    """The pages that a navigation leads to."""
    for item in nav:
        for inside in item.values():
            yield from entries(inside) if isinstance(inside, list) else [inside]


def test_the_site_shows_every_page():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    assert set(entries(nav)) == {page.relative_to(ROOT).as_posix() for page in PAGES}


def test_the_sites_pages_lie_as_they_do_here(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "PAGES", tmp_path / "pages")
    site.lay_out()
    laid = {path.relative_to(tmp_path / "pages").as_posix() for path in (tmp_path / "pages").rglob("*.*")}
    assert {page.relative_to(ROOT).as_posix() for page in PAGES} <= laid
    assert {"docs/activations/mish.svg", "results/swish-mish-mnist/curves.png", "docs/examples/compare.yml"} <= laid
    assert not {name for name in laid if name.endswith(("runs.csv", ".1"))}


def test_what_is_wrong_with_a_site_is_found(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "index.html").write_text(
        '<h1 id="top">x</h1><a href="deep/">in</a><a href="deep/index.html#there">in</a><a href="#top">up</a>'
        '<a href="https://example.org">out</a><img src="data:image/png;base64,aa"><a href="gone.html">no</a>'
        '<a href="deep/#nowhere">no</a><script src="https://cdn.example/x.js"></script>',
        encoding="utf-8",
    )
    (tmp_path / "deep" / "index.html").write_text('<h2 id="there">y</h2><img src="../no.png">', encoding="utf-8")
    (tmp_path / "style.css").write_text(
        "@import '//fonts.example/a.css'; b { background: url(data:x) } c { background: url(own.png) }",
        encoding="utf-8",
    )
    assert sorted(site.mistakes(tmp_path)) == [
        "deep/index.html links to ../no.png, which is not there",
        "index.html fetches https://cdn.example/x.js",
        "index.html links to deep/#nowhere, which has no such heading",
        "index.html links to gone.html, which is not there",
        "style.css fetches @import '//fonts.example/a.css",
    ]


def test_the_readme_is_short_and_names_the_command_of_its_picture():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"`{pictures.PICTURE}`" in readme
    assert len(readme.splitlines()) <= 200


@pytest.mark.slow
def test_the_readmes_picture_is_what_its_command_draws(tmp_path):
    (tmp_path / "results").symlink_to(ROOT / "results")
    (tmp_path / pictures.FOLDER).mkdir(parents=True)
    pictures.call(pictures.PICTURE, tmp_path)
    drawn, kept = (imread(folder / pictures.FOLDER / "decided.png") for folder in (tmp_path, ROOT))
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 0.01


@pytest.mark.slow
def test_the_readmes_terminal_is_what_its_command_says():
    kept = (ROOT / pictures.FOLDER / "terminal.svg").read_text(encoding="utf-8")
    assert pictures.screen(pictures.TERMINAL, pictures.call(pictures.TERMINAL)) == kept, (
        "run 'python -m tools.pictures'"
    )
    assert "@font-face" not in kept


def test_a_command_that_fails_makes_no_picture():
    with pytest.raises(RuntimeError, match="There are no results in 'nowhere'"):
        pictures.call("actbench compare nowhere")
