"""Every page of the built book, in a browser that reaches no other host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from book.miniature import ROOT
from booktools.repository import read_repository
from booktools.site_checks import check_site

WIDEST_EXCESS = 1  # pixels: a page may be wider than the screen by rounding alone
# Formulas left as text, that could not be read, or with a character that the style sheet does not draw.
UNSET_FORMULAS = """() => [...document.querySelectorAll('.math')].filter(
    node => !node.querySelector('mjx-container') || node.querySelector('mjx-merror') ||
        [...node.querySelectorAll('mjx-c')].some(one => getComputedStyle(one, '::before').content === 'none')
).map(node => node.textContent.slice(0, 80))"""
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(node => node.getBoundingClientRect().right > innerWidth + 1 && node.offsetParent)
    .slice(0, 5).map(node => node.tagName + '.' + node.className)"""

FOCUSABLE_FORMULAS = """() => document.querySelectorAll(
    'mjx-container:is([tabindex], :has([tabindex])):not([tabindex="-1"])').length"""
WITHOUT_SIGN = """() => [...document.querySelectorAll('mjx-container[display="true"], div.math, div.cell pre')]
    .filter(box => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
    .filter(box => box.clientWidth && !box.classList.contains('sideways'))"""


def pages(site: Path) -> list[str]:
    """All pages, search included; without `index.html`, which only forwards to the first one."""
    found = (path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return sorted(name for name in found if not name.startswith("_static/") and name != "index.html")


def chapters(site: Path) -> list[str]:
    """Names of the pages with code: those that have a notebook."""
    return sorted(p.relative_to(site / "_notebooks").with_suffix("").as_posix() for p in notebooks(site))


def notebooks(site: Path) -> list[Path]:
    return list((site / "_notebooks").rglob("*.ipynb"))


def test_the_site_loads_nothing_from_elsewhere_and_every_figure_has_words(site: Path) -> None:
    assert check_site(site) == []


def test_no_source_with_solutions_is_served(site: Path) -> None:
    assert not (site / "_sources").exists()
    assert not list(site.rglob("*.md"))


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("width", "color_scheme"), [(1280, "light"), (360, "dark")])
def test_pages_are_whole(site: Path, visit, width: int, color_scheme: str) -> None:
    """No request to another host, no error, no formula left as text, no sideways scroll; on a desk and on a phone."""
    opened = visit("intro.html", width=width, color_scheme=color_scheme)
    for name in pages(site):
        opened.open(name)
        assert opened.foreign == [], name
        assert opened.errors == [], name
        assert opened.page.evaluate(UNSET_FORMULAS) == [], name
        found = opened.page.evaluate("document.scrollingElement.scrollWidth")
        assert found <= width + WIDEST_EXCESS, (name, opened.page.evaluate(TOO_WIDE))


@pytest.mark.browser
def test_dark_and_light_follow_the_readers_system(site: Path, visit) -> None:
    def background(scheme: str) -> int:
        page = visit("intro.html", color_scheme=scheme).page
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert background("light") > 600 > 200 > background("dark")


@pytest.mark.browser
def test_a_folded_proof_and_a_folded_solution_open_on_a_click(site: Path, visit) -> None:
    tried = 0
    opened = visit("intro.html")
    for name in chapters(site):
        page = opened.open(f"{name}.html").page
        for selector in ("details.folded-proof", "details.solution"):
            box = page.locator(selector).first
            if box.count() == 0:
                continue
            inside = box.locator("p").first
            assert not inside.is_visible(), (name, selector)
            box.locator("summary").first.click()
            inside.wait_for(state="visible")
            tried += 1
    assert tried > 0, "no page has a folded proof or solution"


@pytest.mark.browser
def test_no_formula_is_a_stop_of_the_tab_key(site: Path, visit) -> None:
    opened = visit("intro.html")
    for name in chapters(site):
        page = opened.open(f"{name}.html").page
        assert page.locator("mjx-container mjx-assistive-mml").count() > 0, name  # what a screen reader reads
        assert page.evaluate(FOCUSABLE_FORMULAS) == 0, name


@pytest.mark.browser
def test_what_scrolls_sideways_on_a_phone_shows_it(site: Path, visit) -> None:
    opened, signs = visit("intro.html", width=360), 0
    for name in chapters(site):
        page = opened.open(f"{name}.html").page
        page.wait_for_function(f"({WITHOUT_SIGN})().length === 0")
        signs += page.locator("mjx-container.sideways").count()
    assert signs > 0


@pytest.mark.browser
def test_the_words_of_a_folded_solutions_bar_open_it(site: Path, visit) -> None:
    page = visit(next(f"{name}.html" for name in chapters(site) if name.startswith("chapters/"))).page
    solution = page.locator("details.solution").first
    words = solution.locator("summary")
    words.click(position={"x": 60, "y": 12})
    solution.locator("p").first.wait_for(state="visible")
    assert words.inner_text().startswith("Solution to Exercise")


def test_the_buttons_of_a_chapter_lead_to_its_notebook(site: Path) -> None:
    repository = read_repository(ROOT)
    assert chapters(site)
    for name in chapters(site):
        html = (site / f"{name}.html").read_text(encoding="utf-8")
        links = re.findall(r'href="([^"]+)"', html)
        colab = [link for link in links if "colab.research.google.com" in link]
        assert colab == [repository.colab_url(name)], name
        depth = "../" * name.count("/")
        assert f"{depth}_notebooks/{name}.ipynb" in links, name
        assert not [link for link in links if "_sources/" in link], name
