"""Every page of the built book, in a browser that reaches no other host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from book.miniature import ROOT
from book.visits import Visit
from booktools.repository import read_repository
from booktools.site_checks import check_site

WIDEST_EXCESS = 1  # pixels: a page may be wider than the screen by rounding alone
DESK, PHONE = 1280, 360
FOLDS = ("details.folded-proof", "details.solution")
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
# What scrolls sideways and does not show it, once the page's script has had ten seconds for it.
WITHOUT_SIGN = """async () => {
  const unsigned = () => [...document.querySelectorAll('mjx-container[display="true"], div.math, div.cell pre')]
      .filter(box => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1)
      .filter(box => box.clientWidth && !box.classList.contains('sideways'));
  const end = performance.now() + 10000;
  while (unsigned().length && performance.now() < end) await new Promise(requestAnimationFrame);
  return unsigned().map(box => box.textContent.slice(0, 80));
}"""


def pages(site: Path) -> list[str]:
    """All pages, search included; without `index.html`, which only forwards to the first one."""
    found = (path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return sorted(name for name in found if not name.startswith("_static/") and name != "index.html")


def chapters(site: Path) -> list[str]:
    """Names of the pages with code: those that have a notebook."""
    return sorted(p.relative_to(site / "_notebooks").with_suffix("").as_posix() for p in notebooks(site))


def notebooks(site: Path) -> list[Path]:
    return list((site / "_notebooks").rglob("*.ipynb"))


@dataclass(frozen=True)
class Seen:
    """What one visit to a page finds."""

    foreign: list[str]  # requests to other hosts
    errors: list[str]
    unset: list[str]  # formulas left as text
    width: int
    too_wide: list[str]
    spoken: int  # formulas with MathML for a screen reader
    stops: int  # formulas that the tab key stops at
    unsigned: list[str]  # what scrolls sideways without a sign
    signs: int
    folds: dict[str, tuple[bool, bool]]  # kind of box: is its text seen before a click on its bar, and after


def look(opened: Visit, name: str) -> Seen:
    """Visit a page and note what the tests below ask for: one visit serves them all."""
    page = opened.open(name).page
    width = page.evaluate("document.scrollingElement.scrollWidth")
    return Seen(
        foreign=list(opened.foreign),
        errors=list(opened.errors),
        unset=page.evaluate(UNSET_FORMULAS),
        width=width,
        too_wide=page.evaluate(TOO_WIDE) if width > page.viewport_size["width"] + WIDEST_EXCESS else [],
        spoken=page.locator("mjx-container mjx-assistive-mml").count(),
        stops=page.evaluate(FOCUSABLE_FORMULAS),
        unsigned=page.evaluate(WITHOUT_SIGN),
        signs=page.locator("mjx-container.sideways").count(),
        folds={kind: unfold(page.locator(kind).first) for kind in FOLDS if page.locator(kind).count()},
    )


def unfold(box: Any) -> tuple[bool, bool]:
    """Click on the bar of a folded box; is its first paragraph seen before, and after?"""
    inside = box.locator("p").first
    before = inside.is_visible()
    box.locator("summary").first.click()
    return before, inside.is_visible()


def look_at_all(site: Path, browser: Any, address: str, width: int, color_scheme: str) -> dict[str, Seen]:
    """Every page of the book, on a screen of this width."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=color_scheme)
    opened = Visit(context.new_page(), address)
    seen = {name: look(opened, name) for name in pages(site)}
    context.close()
    return seen


@pytest.fixture(scope="module")
def desk(site: Path, browser: Any, address: str) -> dict[str, Seen]:
    return look_at_all(site, browser, address, DESK, "light")


@pytest.fixture(scope="module")
def phone(site: Path, browser: Any, address: str) -> dict[str, Seen]:
    return look_at_all(site, browser, address, PHONE, "dark")


def test_the_site_loads_nothing_from_elsewhere_and_every_figure_has_words(site: Path) -> None:
    assert check_site(site) == []


def test_no_source_with_solutions_is_served(site: Path) -> None:
    assert not (site / "_sources").exists()
    assert not list(site.rglob("*.md"))


@pytest.mark.browser
@pytest.mark.parametrize(("screen", "width"), [("desk", DESK), ("phone", PHONE)])
def test_pages_are_whole(request: pytest.FixtureRequest, screen: str, width: int) -> None:
    """No request to another host, no error, no formula left as text, no sideways scroll; on a desk and on a phone."""
    seen = request.getfixturevalue(screen)
    assert {name: one.foreign for name, one in seen.items() if one.foreign} == {}
    assert {name: one.errors for name, one in seen.items() if one.errors} == {}
    assert {name: one.unset for name, one in seen.items() if one.unset} == {}
    assert {name: one.too_wide for name, one in seen.items() if one.width > width + WIDEST_EXCESS} == {}


@pytest.mark.browser
def test_dark_and_light_follow_the_readers_system(site: Path, visit) -> None:
    def background(scheme: str) -> int:
        page = visit("intro.html", color_scheme=scheme).page
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert background("light") > 600 > 200 > background("dark")


@pytest.mark.browser
def test_a_folded_proof_and_a_folded_solution_open_on_a_click(site: Path, desk: dict[str, Seen]) -> None:
    folds = {(name, kind): seen for name in chapters(site) for kind, seen in desk[f"{name}.html"].folds.items()}
    assert {kind for _, kind in folds} == set(FOLDS)
    assert {place: seen for place, seen in folds.items() if seen != (False, True)} == {}


@pytest.mark.browser
def test_no_formula_is_a_stop_of_the_tab_key(site: Path, desk: dict[str, Seen]) -> None:
    for name in chapters(site):
        assert desk[f"{name}.html"].spoken > 0, name
        assert desk[f"{name}.html"].stops == 0, name


@pytest.mark.browser
def test_what_scrolls_sideways_on_a_phone_shows_it(site: Path, phone: dict[str, Seen]) -> None:
    assert {name: one.unsigned for name, one in phone.items() if one.unsigned} == {}
    assert sum(one.signs for one in phone.values()) > 0


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
