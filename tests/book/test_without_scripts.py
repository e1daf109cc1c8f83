"""The pages with JavaScript turned off: every formula, figure, proof and solution is there to be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from book.test_pages import chapters, pages

FORMULA = re.compile(r'<(?:span|div) [^>]*class="math notranslate nohighlight"[^>]*>')
SET = re.compile(r'\s*(?:<span class="eqno">.*?</span>)?\s*<mjx-container', re.DOTALL)
# Formulas without a size. Those in a folded box have none until it opens.
UNSEEN_FORMULAS = """() => [...document.querySelectorAll('.math mjx-container')].filter(node => {
    const box = node.getBoundingClientRect();
    return node.checkVisibility() && !(box.width > 0 && box.height > 0);
}).length"""
# Figures that no one sees: neither a drawing nor an image with a size among their outputs.
UNSEEN_FIGURES = """() => [...document.querySelectorAll('article figure, live-fig, explore-fig')].filter(node => {
    const drawn = [...node.querySelectorAll('svg, img, canvas, table')];
    return node.checkVisibility() && !drawn.some(one => one.getBoundingClientRect().width > 40);
}).map(node => node.id || node.tagName)"""


def formulas(html: str) -> tuple[int, int]:
    """(formulas, those that are set) in the text of a page, as it is served."""
    opened = [match.end() for match in FORMULA.finditer(html)]
    return len(opened), sum(SET.match(html, at) is not None for at in opened)


def test_every_formula_is_set_in_the_served_page(site: Path) -> None:
    there = 0
    for name in pages(site):
        count, are_set = formulas((site / name).read_text(encoding="utf-8"))
        assert are_set == count, name
        there += count
    assert there > 0


def test_no_page_loads_what_it_does_not_use(site: Path) -> None:
    for name in pages(site):
        html = (site / name).read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', html)
        for word in ("mathjax/", "thebe", "require", "togglebutton", "fontawesome/6.5.2/js"):
            assert not [one for one in loaded if word in one], (name, word)
        uses_design = 'class="sd-' in html
        assert any("sphinx-design" in one for one in loaded) == uses_design, name


def test_scripts_wait_for_the_text(site: Path) -> None:
    """Only the tiny file that the page's own lines need is read before the text; the rest is deferred or at the end."""
    for name in set(pages(site)) - {"search.html"}:  # whose own lines use its scripts
        head = (site / name).read_text(encoding="utf-8").split("</head>")[0]
        for tag in re.findall(r"<script[^>]+src=[^>]+>", head):
            assert "defer" in tag or "async" in tag or "documentation_options.js" in tag, (name, tag)


@pytest.fixture
def plain(browser: Any, address: str) -> Any:
    """A page of a browser that runs no script."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{address}intro.html")  # the first page itself: index.html only forwards to it
    yield page
    context.close()


@pytest.mark.browser
@pytest.mark.slow
def test_formulas_and_figures_are_seen(site: Path, plain: Any, address: str) -> None:
    for name in chapters(site):
        plain.goto(f"{address}{name}.html", wait_until="load")
        assert plain.evaluate(UNSEEN_FORMULAS) == 0, name
        assert plain.evaluate(UNSEEN_FIGURES) == [], name


@pytest.mark.browser
@pytest.mark.parametrize("kind", ["details.folded-proof", "details.solution"])
def test_a_folded_box_opens(site: Path, plain: Any, address: str, kind: str) -> None:
    word = f'class="{kind.removeprefix("details.")}'
    name = next(name for name in chapters(site) if word in (site / f"{name}.html").read_text(encoding="utf-8"))
    plain.goto(f"{address}{name}.html", wait_until="load")
    box = plain.locator(kind).first
    inside = box.locator("p").first
    assert not inside.is_visible()
    box.locator("summary").click()
    inside.wait_for(state="visible")
