"""A symbol's meaning where it is used: by mouse, keyboard, finger and without scripts; and the page on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHAPTER = "chapters/03-limit.html"
BOX = "#symbol-meaning"


def test_symbols_lead_to_rows_that_are_there(site: Path) -> None:
    rows = set(re.findall(r'<tr[^>]* id="(symbol-\d+)"', (site / "appendices" / "notation.html").read_text("utf-8")))
    assert len(rows) > 50
    for path in sorted((site / "chapters").glob("*.html")):
        html = path.read_text(encoding="utf-8")
        used = [one for many in re.findall(r'data-rows="([^"]+)"', html) for one in many.split()]
        assert len(used) > 20, path.name
        assert {one.split("#")[1] for one in used} <= rows, path.name
        links = re.findall(r'<a class="symbol" href="[^"]+" aria-label="[^"]+" data-rows="([^"]+)"', html)
        assert links, path.name
        assert len(links) <= len({*re.findall(r'data-rows="([^"]+)"', html)}) * 8, path.name


@pytest.mark.browser
def test_the_mouse_sees_the_meaning_and_escape_puts_it_away(visit) -> None:
    page = visit(CHAPTER).page
    symbol = page.locator(".symbol:visible").nth(3)
    symbol.scroll_into_view_if_needed()
    symbol.hover()
    page.locator(BOX).wait_for(state="visible")
    assert symbol.get_attribute("aria-describedby") == BOX.removeprefix("#")
    assert ": " in page.locator(BOX).inner_text()
    assert page.locator(f"{BOX} mjx-container").count() > 0  # formulas in it are set as on the appendix
    assert "\\(" not in page.locator(BOX).inner_text()
    page.keyboard.press("Escape")
    page.locator(BOX).wait_for(state="hidden")


@pytest.mark.browser
def test_the_keyboard_gets_there_and_the_box_stays_on_the_screen(visit) -> None:
    opened = visit(CHAPTER, width=360)
    page = opened.page
    page.keyboard.press("Tab")  # a key was used: what gets the focus now shows it
    page.locator("a.symbol:visible").first.focus()
    page.locator(BOX).wait_for(state="visible")
    box = page.locator(BOX).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    for link in page.locator(f"{BOX} a").all():
        assert "/appendices/" in link.get_attribute("href") or "/chapters/" in link.get_attribute("href")
    assert opened.foreign == []


@pytest.mark.browser
def test_the_first_touch_explains_and_the_second_follows(visit) -> None:
    page = visit(CHAPTER, width=360, has_touch=True).page
    symbol = page.locator("a.symbol:visible").first
    symbol.scroll_into_view_if_needed()
    symbol.tap()
    page.locator(BOX).wait_for(state="visible")
    symbol.tap()
    page.wait_for_url("**/appendices/notation.html#symbol-*")


@pytest.mark.browser
def test_without_scripts_a_symbol_is_a_link(visit) -> None:
    page = visit(CHAPTER, java_script_enabled=False).page
    assert "notation.html#symbol-" in page.locator("a.symbol").first.get_attribute("href")


@pytest.mark.browser
def test_on_paper_everything_folded_is_open_and_the_page_is_light(visit) -> None:
    page = visit(CHAPTER, color_scheme="dark").page
    folded = page.locator("details.folded-proof:not([open])").count()
    assert folded > 0
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details.folded-proof:not([open])").count() == 0
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.locator("details.solution p").first.is_visible()
    assert not page.locator("details.cite-page").is_visible()
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.folded-proof:not([open])").count() == folded
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
