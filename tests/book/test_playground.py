"""The playground in a browser: drawing by mouse, finger and keys, typed laws and times, links, and the Python code."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import html_of, settled, wait_for
from echolimit.figures import playground_explorer
from echolimit.figures.explorers.playground import PLACES

pages, show_page, page = figure_pages.pages, figure_pages.show_page, figure_pages.page  # fixtures
pytestmark = pytest.mark.browser

FIGURE = playground_explorer
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
WHERE = """([x, y]) => {
  const figure = document.querySelector("live-fig");
  const artist = figure.artists.find((one) => one.name === "data");
  const point = new DOMPoint(artist.sx(x), artist.sy(y)).matrixTransform(artist.node.getScreenCTM());
  return [point.x, point.y];
}"""
DRAWN = """(data) => {
  const { drawn } = document.querySelector("live-fig");
  return drawn.data === data && !drawn.frame;
}"""
TOUCH = """([kind, x, y]) => {
  const panel = document.querySelector("live-fig svg");
  panel.setPointerCapture = () => {};  // no true finger, so no pointer to capture
  panel.dispatchEvent(new PointerEvent(kind, {
    pointerId: 7, pointerType: "touch", isPrimary: true, button: kind === "pointermove" ? -1 : 0,
    clientX: x, clientY: y, bubbles: true,
  }));
}"""


def value(page: Any, name: str) -> Any:
    return page.evaluate("(name) => document.querySelector('live-fig').drawn[name]", name)


def heights(page: Any) -> np.ndarray:
    digits = [DIGITS.index(digit) for digit in value(page, "heights")]
    return np.array(digits[::2]) * 64 + np.array(digits[1::2])


def choose(page: Any, name: str, option: str) -> None:
    page.locator(f"[data-name='{name}'] select").select_option(option)
    wait_for(page, name, option)


def typed(page: Any, name: str, text: str) -> None:
    field = page.locator(f"[data-name='{name}'] input[type=text]")
    field.fill(text)
    field.press("Enter")


def address_holds(page: Any, text: str) -> None:
    page.wait_for_function("(text) => location.hash.includes(text)", arg=text)


def test_a_curve_is_drawn_with_the_mouse(page):
    before = value(page, "round")
    corners = [page.evaluate(WHERE, place) for place in ([-2.4, 0.25], [-1.2, 0.75], [0.6, 0.75], [3.6, 0.001])]
    page.mouse.move(*corners[0])
    page.mouse.down()
    page.wait_for_function("() => document.querySelector('live-fig').drawn.frame")
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=3)
    page.mouse.up()
    page.wait_for_function(DRAWN, arg="drawn")
    found = heights(page)
    expected = 1000 * np.interp(PLACES, [-2.4, -1.2, 0.6, 3.6], [0.25, 0.75, 0.75, 0.001])
    inside = PLACES >= -2.4
    np.testing.assert_allclose(found[inside], expected[inside], atol=60)  # a pixel of the panel is six
    assert value(page, "round") == before
    assert page.locator("[data-name='data'] select").input_value() == "drawn"
    assert all(page.locator(f"[data-name='{name}']").is_visible() for name in ("place", "height"))


def test_a_finger_draws_and_a_scroll_leaves_all_as_it_was(page):
    svg = page.locator("live-fig svg").first
    assert svg.evaluate("(one) => getComputedStyle(one).touchAction") == "pan-y"
    places = [page.evaluate(WHERE, place) for place in ([-1.2, 0.2], [0.0, 0.5], [1.2, 0.8])]
    page.evaluate(TOUCH, ["pointerdown", *places[0]])
    page.evaluate(TOUCH, ["pointermove", *places[1]])
    page.wait_for_function("() => document.querySelector('live-fig').drawn.data === 'drawn'")
    page.evaluate(TOUCH, ["pointercancel", *places[1]])
    page.wait_for_function(DRAWN, arg="example")
    page.evaluate(TOUCH, ["pointerdown", *places[0]])
    for place in places:
        page.evaluate(TOUCH, ["pointermove", *place])
    page.evaluate(TOUCH, ["pointerup", *places[2]])
    page.wait_for_function(DRAWN, arg="drawn")
    found = heights(page)
    assert found[[20, 30, 40]] == pytest.approx([200, 500, 800], abs=15)


def test_the_keyboard_draws_as_well(page):
    assert page.locator("[data-name='mixture']").is_hidden()
    choose(page, "data", "drawn")
    first = heights(page)
    pen = page.get_by_role("slider", name="pen at x", exact=True)
    pen.focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "place", 0.12)
    height = page.get_by_role("slider", name="height there, per cent", exact=True)
    assert float(height.input_value()) == pytest.approx(first[31] / 10, abs=0.51)
    typed_height = page.get_by_role("spinbutton", name="height there, per cent, typed")
    typed_height.fill("90")
    typed_height.press("Enter")
    wait_for(page, "height", 90)
    height.focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "height", 91)
    found = heights(page)
    assert found[31] == 910
    np.testing.assert_array_equal(np.delete(found, 31), np.delete(first, 31))
    page.get_by_role("button", name="reset").click()
    wait_for(page, "data", "example")
    assert value(page, "heights") == ""


def test_typed_laws_are_taken_or_refused_with_words(page):
    choose(page, "data", "typed")
    field = page.get_by_role("textbox", name="mixture", exact=True)
    for text, words in (
        ("1 2", "each bell needs three numbers"), ("1 0 x", "“x” is not a number"), ("", "between 1 and 8 bells"),
        ("1 9 0.5", "a mean must lie between −3.5 and 3.5, not 9"), ("1 0 0.01", "a width must lie between 0.1 and 1"),
    ):  # fmt: skip
        typed(page, "mixture", text)
        page.locator("[data-name='mixture'] .echo-wrong", has_text=words).wait_for()
        assert field.get_attribute("aria-invalid") == "true"
    typed(page, "mixture", "1 -2 0.3; 3 1.5 0.5")
    wait_for(page, "mixture", "1 -2 0.3; 3 1.5 0.5")
    assert field.get_attribute("aria-invalid") == "false"
    assert page.locator("[data-name='mixture'] .echo-wrong").inner_text() == ""
    choose(page, "schedule", "listed")
    assert page.locator("[data-name='delta']").is_hidden()
    typed(page, "times", "0.2 0")
    page.locator("[data-name='times'] .echo-wrong", has_text="a truncation time must lie between").wait_for()
    typed(page, "times", "0.2, 0.1")
    wait_for(page, "times", "0.2, 0.1")


def test_the_state_goes_into_the_address_and_comes_back(page, show_page):
    assert page.evaluate("() => location.hash") == ""
    choose(page, "data", "typed")
    typed(page, "mixture", "1 -2 0.3; 3 1.5 0.5")
    choose(page, "schedule", "listed")
    typed(page, "times", "0.2 0.1")
    choose(page, "sampler", "heun")
    page.get_by_role("slider", name="round i", exact=True).focus()
    page.keyboard.press("ArrowRight")
    address_holds(page, "round=6")
    hash_ = page.evaluate("() => location.hash")
    state = {name: values[0] for name, values in parse_qs(hash_[1:]).items()}
    assert state == {
        "play": "1", "data": "typed", "mixture": "1 -2 0.3; 3 1.5 0.5", "alpha": "0.2", "schedule": "listed",
        "times": "0.2 0.1", "round": "6", "sampler": "heun", "steps": "20",
    }  # fmt: skip
    again, drawn = opened_at(show_page, hash_), "() => document.querySelector('live-fig').drawn"
    assert again.evaluate(drawn) == page.evaluate(drawn)
    assert again.locator(".echo-said").inner_text() == "Restored from the link."
    again.get_by_role("button", name="reset").click()
    again.wait_for_function("() => location.hash === ''")
    assert value(again, "data") == "example"


def opened_at(show_page: Any, hash_: str) -> Any:
    page = show_page(html_of(FIGURE))
    settled(page)
    page.evaluate("(hash) => { location.hash = hash; }", hash_)
    page.wait_for_function("() => document.querySelector('.echo-said').textContent")
    page.wait_for_function("() => !document.querySelector('live-fig').controls.waiting")
    return page


def test_a_drawing_survives_the_link(show_page):
    drawing = np.round(900 * np.exp(-(PLACES**2))).astype(int)
    text = "".join(DIGITS[height >> 6] + DIGITS[height & 63] for height in drawing)
    page = opened_at(show_page, f"#play=1&data=drawn&heights={text}&round=2")
    np.testing.assert_array_equal(heights(page), drawing)
    assert (value(page, "data"), value(page, "round")) == ("drawn", 2)


def test_what_a_link_cannot_mean_is_left_out_and_said(show_page):
    page = opened_at(show_page, "#play=1&data=nothing&alpha=7&round=x&sampler=<b>&times=0&heights=AA&delta=0.1")
    assert value(page, "alpha") == 1
    assert value(page, "delta") == 0.1
    for name, start in (("data", "example"), ("round", 5), ("sampler", "exact"), ("heights", "")):
        assert value(page, name) == start
    said = page.locator(".echo-said").inner_text()
    assert re.findall(r"start: ([^.]*)\.", said) == ["data, heights, times, round, sampler"]
    assert said.endswith("Changed to the nearest value allowed: alpha from 7 to 1.")


def test_a_link_with_values_out_of_range_says_what_was_changed(show_page):
    page = opened_at(show_page, "#play=1&alpha=0.001&round=4.6&delta=1e9&steps=20")
    assert (value(page, "alpha"), value(page, "round"), value(page, "delta")) == (0.02, 5, 1)
    moved = "alpha from 0.001 to 0.02, delta from 1e9 to 1, round from 4.6 to 5."
    assert page.locator(".echo-said").inner_text().endswith(f" Changed to the nearest value allowed: {moved}")


def test_another_address_is_left_alone(page):
    page.evaluate("() => { location.hash = '#somewhere'; }")
    page.get_by_role("slider", name="round i", exact=True).focus()
    page.keyboard.press("ArrowRight")
    address_holds(page, "play=1")
    page.get_by_role("button", name="reset").click()
    page.wait_for_function("() => !location.hash")


def test_a_phone_shows_all_of_it(show_page):
    page = show_page(html_of(FIGURE), width=360)
    settled(page)
    choose(page, "data", "drawn")
    choose(page, "schedule", "listed")
    choose(page, "sampler", "ddim")
    page.locator("summary", has_text="Python code").click()
    page.locator(".echo-code code", has_text="time_grid").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_the_link_and_the_code_are_copied(page):
    page.evaluate(
        "() => { navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }; }"
    )
    choose(page, "data", "comb")
    page.get_by_role("button", name="copy link").click()
    page.locator(".echo-said", has_text="The link is copied.").wait_for()
    assert "data=comb" in page.evaluate("() => window.copied")
    page.locator("summary", has_text="Python code").click()
    page.get_by_role("button", name="copy code").click()
    page.locator(".echo-said", has_text="The code is copied.").wait_for()
    assert "import numpy as np" in page.evaluate("() => window.copied")


def test_open_code_follows_the_controls_and_stands_at_the_left(page):
    page.locator("summary", has_text="Python code").click()
    page.locator(".echo-code code", has_text="rounds = 0.2, 5").wait_for()
    slider = page.get_by_role("slider", name="round i", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.locator(".echo-code code", has_text="rounds = 0.2, 6").wait_for()
    assert page.locator(".echo-code pre").evaluate("(pre) => getComputedStyle(pre).textAlign") == "left"
