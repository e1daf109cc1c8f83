"""What leads a reader to a place: the search by a theorem's name, links between code and the library, the sitemap."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
import yaml

from book.miniature import ROOT
from booktools.claim_marks import read_claim_marks
from booktools.repository import read_repository

CODE_LINK = re.compile(r'<a class="code-link" href="([^"#]+)#(api-[^"]+)">')


def chapters(site: Path) -> list[Path]:
    return sorted((site / "chapters").glob("*.html"))


def searched_names(site: Path) -> dict[str, str]:
    """Name shown -> anchor of every object that the search knows."""
    text = (site / "searchindex.js").read_text(encoding="utf-8")
    objects = json.loads(text[text.index("(") + 1 : text.rindex(")")])["objects"]
    return {f"{prefix}.{one[4]}" if prefix else one[4]: one[3] for prefix, group in objects.items() for one in group}


def test_the_search_knows_every_claim_and_every_public_name(site: Path) -> None:
    names = searched_names(site)
    tests, _ = read_claim_marks(ROOT)
    assert {test.label for test in tests} <= set(names.values())
    assert names["limit_law"] == "api-limit_law"
    claims = [name for name, anchor in names.items() if anchor.startswith(("thm-", "prop-", "cor-", "lem-"))]
    assert all(re.match(r"(Theorem|Proposition|Corollary|Lemma) \d+\.\d+(: [^$\\]+)?$", name) for name in claims)


@pytest.mark.browser
def test_what_bears_the_name_or_number_asked_for_stands_first(site: Path, visit) -> None:
    full = next(name for name, anchor in searched_names(site).items() if anchor == "thm-limit-law")
    number, title = full.split(": ")
    opened = visit("search.html")
    for asked, place in (
        (full, "chapters/03-limit.html#thm-limit-law"),
        (number, "chapters/03-limit.html#thm-limit-law"),
        (number.split()[1], "chapters/03-limit.html#thm-limit-law"),
        (title, "chapters/03-limit.html#thm-limit-law"),
        ("limit_law", "appendices/api.html#api-limit_law"),
        ("low-pass", "chapters/04-low-pass.html"),
        ("the limit", "chapters/03-limit.html"),
        ("phase transition", "chapters/08-finite-samples.html"),
        ("Playground", "appendices/playground.html"),
    ):
        page = opened.open(f"search.html?{urlencode({'q': asked})}").page
        first = page.locator("#search-results li a").first
        first.wait_for()
        assert first.get_attribute("href") == place, asked


def test_code_leads_to_the_reference_and_the_reference_to_the_chapters(site: Path) -> None:
    reference = (site / "appendices" / "api.html").read_text(encoding="utf-8")
    anchors = set(re.findall(r'id="(api-[^"]+)"', reference))
    for path in chapters(site):
        links = CODE_LINK.findall(path.read_text(encoding="utf-8"))
        assert len(links) >= 5, path.name
        assert {page for page, _ in links} == {"../appendices/api.html"}, path.name
        assert {anchor for _, anchor in links} <= anchors, path.name
        assert f'href="../chapters/{path.name}"' in reference, path.name


def test_each_page_has_one_address_a_card_and_a_citation(site: Path) -> None:
    address = read_repository(ROOT).pages_url
    version = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"]
    for path in [site / "intro.html", *chapters(site)]:
        name, html = path.relative_to(site).as_posix(), path.read_text(encoding="utf-8")
        assert re.findall(r'<link rel="canonical" href="([^"]+)"', html) == [address + name]
        assert f'<meta property="og:url" content="{address}{name}" />' in html
        card = re.search(r'<meta property="og:image" content="([^"]+)"', html)[1]
        assert (site / card.removeprefix(address)).is_file()
        description = re.search(r'<meta name="description" content="([^"]+)"', html)[1]
        assert not re.search(r"[\\$]", description), name
        box = html[html.index('<details class="cite-page">') :]
        assert f"version {version}".lower() in box.lower(), name
        assert f"{address}{name}" in box, name


def test_the_sitemap_lists_every_page_once(site: Path) -> None:
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    listed = [node.text for node in ElementTree.parse(site / "sitemap.xml").findall("s:url/s:loc", space)]
    paths = [path for folder in ("chapters", "appendices") for path in (site / folder).glob("*.html")]
    pages = [path.relative_to(site).as_posix() for path in paths]
    assert sorted(listed) == sorted(read_repository(ROOT).pages_url + name for name in [*pages, "intro.html"])


def test_the_times_of_all_chapters_are_listed(site: Path) -> None:
    html = (site / "appendices" / "execution-times.html").read_text(encoding="utf-8")
    for path in chapters(site):
        assert re.search(rf"chapters/{path.stem}</span>.*?<td><p>[\d.]+</p></td>", html, re.DOTALL), path.stem


def test_each_notebook_says_how_long_it_runs(site: Path) -> None:
    for path in sorted((site / "_notebooks").rglob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first = "".join(next(cell for cell in cells if cell["cell_type"] == "markdown")["source"])
        assert re.search(r"Run time: (under|about) \d+ (seconds|minutes), measured .* fixed seeds\.", first), path.stem
