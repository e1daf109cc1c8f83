"""A dot that the reader drags: by mouse, by finger, by arrow keys and by a click into the panel."""

from __future__ import annotations

import math
from typing import Any

import pytest

from book import figure_pages
from book.figure_pages import html_of, settled, wait_for
from echolimit.figures import forgetting_explorer, regime_explorer

pages, show_page = figure_pages.pages, figure_pages.show_page  # fixtures
pytestmark = pytest.mark.browser

PLACE = """([name, x, y]) => {
  const figure = document.querySelector("live-fig");
  const artist = figure.artists.find((one) => one.name === name);
  const { x: e, y: f } = new DOMPoint(artist.sx(x), artist.sy(y)).matrixTransform(artist.node.getScreenCTM());
  return [e, f];
}"""


def handle(page: Any) -> Any:
    return page.locator(".echo-handle")


def centre(page: Any) -> tuple[float, float]:
    box = handle(page).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drawn(page: Any, *names: str) -> list[float]:
    return page.evaluate("(names) => names.map((name) => document.querySelector('live-fig').drawn[name])", names)


def lies_over_its_dot(page: Any, x: float, y: float) -> None:
    assert centre(page) == pytest.approx(page.evaluate(PLACE, ["here", x, y]), abs=0.75)


def test_the_mouse_drags_the_dot_over_the_map(show_page):
    page = show_page(html_of(regime_explorer))
    settled(page)
    lies_over_its_dot(page, 0.1, 0.05)
    x, y = page.evaluate(PLACE, ["here", 0.4, 0.5])
    start = centre(page)
    page.mouse.move(start[0] + 6, start[1] - 4)  # beside the dot: it must not jump
    page.mouse.down()
    page.mouse.move(x + 6, y - 4, steps=6)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('live-fig').drawn.alpha > 0.3")
    alpha, error = drawn(page, "alpha", "error")
    assert (alpha, error) == (pytest.approx(0.4, rel=0.01), pytest.approx(0.5, rel=0.02))
    assert alpha == float(f"{alpha:.3g}")
    lies_over_its_dot(page, alpha, error)
    assert float(page.get_by_role("spinbutton", name="fresh share α, typed").input_value()) == alpha
    page.mouse.move(*centre(page))
    page.mouse.down()
    page.mouse.move(start[0] + 2000, start[1] - 2000)
    wait_for(page, "error", 2)
    assert drawn(page, "alpha") == [1]
    page.mouse.up()
    page.mouse.move(*start)
    assert drawn(page, "alpha", "error") == [1, 2]  # let go
    page.get_by_role("button", name="reset").click()
    wait_for(page, "alpha", 0.1)
    lies_over_its_dot(page, 0.1, 0.05)


def test_a_click_into_the_panel_brings_the_dot_there_and_one_beside_it_does_not(show_page):
    page = show_page(html_of(regime_explorer))
    settled(page)
    page.mouse.click(*page.evaluate(PLACE, ["here", 0.5, 0.03]))
    page.wait_for_function("() => document.querySelector('live-fig').drawn.alpha > 0.4")
    alpha, error = drawn(page, "alpha", "error")
    assert (alpha, error) == (pytest.approx(0.5, rel=0.02), pytest.approx(0.03, rel=0.03))  # a click has whole pixels
    left, bottom = page.evaluate(PLACE, ["here", 0.02, 0.01])
    page.mouse.click(left + 40, bottom + 25)  # on the axis labels
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert drawn(page, "alpha", "error") == [alpha, error]


def test_arrow_keys_move_the_dot_and_stay_in_the_figure(show_page):
    page = show_page(html_of(regime_explorer))
    settled(page)
    page.evaluate("() => { window.seen = 0; document.addEventListener('keydown', () => { window.seen += 1; }); }")
    page.get_by_role("button", name="the loop on the map").focus()
    for key, name, value in (
        ("ArrowRight", "alpha", 0.11), ("ArrowLeft", "alpha", 0.1), ("ArrowUp", "error", 0.055),
        ("ArrowDown", "error", 0.05), ("ArrowDown", "error", 0.045),
    ):  # fmt: skip
        page.keyboard.press(key)
        wait_for(page, name, value)
    assert page.evaluate("() => window.seen") == 0
    lies_over_its_dot(page, 0.1, 0.045)
    for name, value in (("fresh share α", 1), ("size x of a round's error", 2)):
        field = page.get_by_role("spinbutton", name=f"{name}, typed")
        field.fill(str(value))
        field.press("Enter")
    wait_for(page, "error", 2)
    handle(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    wait_for(page, "alpha", 0.9)
    assert drawn(page, "error") == [2]


def test_a_finger_drags_the_dot_and_the_page_does_not_scroll(show_page):
    page = show_page(html_of(regime_explorer, "<p style='height:2000px'></p>"), width=360, has_touch=True)
    settled(page)
    lies_over_its_dot(page, 0.1, 0.05)
    size = handle(page).bounding_box()
    assert min(size["width"], size["height"]) >= 44
    (x0, y0), (x1, y1) = centre(page), page.evaluate(PLACE, ["here", 0.2, 0.3])
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    touch("touchStart", (x0, y0))
    for share in (0.25, 0.5, 0.75, 1.0):
        touch("touchMove", (x0 + share * (x1 - x0), y0 + share * (y1 - y0)))
    touch("touchEnd")
    page.wait_for_function("() => document.querySelector('live-fig').drawn.error > 0.25")
    alpha, error = drawn(page, "alpha", "error")
    assert (alpha, error) == (pytest.approx(0.2, rel=0.03), pytest.approx(0.3, rel=0.04))
    assert page.evaluate("() => scrollY") == 0


def test_a_dot_with_one_parameter_follows_its_curve_on_a_reversed_axis(show_page):
    page = show_page(html_of(forgetting_explorer))
    figure = settled(page)
    (place,) = figure.evaluate("(figure) => figure.compute(figure.drawn).here")
    lies_over_its_dot(page, *place)
    handle(page).focus()
    page.keyboard.press("ArrowRight")  # to the right: towards the data, a smaller t
    wait_for(page, "time", 0.28)
    page.keyboard.press("ArrowUp")  # the height is the model's
    page.mouse.move(*centre(page))
    page.mouse.down()
    x, _ = page.evaluate(PLACE, ["here", 1.0, 0.5])
    page.mouse.move(x, centre(page)[1], steps=4)
    page.mouse.up()
    page.wait_for_function("() => document.querySelector('live-fig').drawn.time > 0.9")
    (time,) = drawn(page, "time")
    assert time == pytest.approx(1.0, rel=0.02)
    ((t, height),) = figure.evaluate("(figure) => figure.compute(figure.drawn).here")
    assert t == time
    assert math.isclose(height, 0.0847, abs_tol=0.02)
    lies_over_its_dot(page, t, height)


def test_without_a_script_there_is_no_button_and_the_dot_stands(show_page):
    page = show_page(html_of(regime_explorer), java_script_enabled=False)
    assert handle(page).is_hidden()
    assert page.locator("[id$='live-here'] path").first.is_visible()


def test_the_button_follows_its_dot_when_the_page_is_resized(show_page):
    page = show_page(html_of(regime_explorer))
    settled(page)
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_function(
        """(place) => {
          const [x, y] = (PLACE)(place);
          const box = document.querySelector(".echo-handle").getBoundingClientRect();
          return Math.abs(box.x + box.width / 2 - x) < 1 && Math.abs(box.y + box.height / 2 - y) < 1;
        }""".replace("PLACE", PLACE),
        arg=["here", 0.1, 0.05],
    )
