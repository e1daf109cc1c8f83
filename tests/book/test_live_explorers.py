"""What every live figure of the book does in a browser: its first drawing, on a phone, and lists to choose from."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from book import figure_pages
from book.figure_pages import TYPE_SIZES, html_of, settled, wait_for
from echolimit.figures import assets, sampler_side_explorer, schedule_designer
from echolimit.figures.explorers import EXPLORERS

pages, show_page = figure_pages.pages, figure_pages.show_page  # fixtures
pytestmark = pytest.mark.browser

EXTENT = """() => {
  const figure = document.querySelector("live-fig");
  const spec = JSON.parse(figure.querySelector("script").textContent);
  return Object.fromEntries(spec.artists.map(({ id, name, kind }) => {
    const group = figure.querySelector(`[id="${id}"]`);
    if (kind === "text") return [name, group.textContent.trim()];
    const path = group.matches("path") ? group : group.querySelector("path");
    if (!path || !path.getAttribute("d")) return [name, null];
    const box = path.getBBox();
    return [name, [path.getTotalLength(), box.x, box.y, box.width, box.height]];
  }));
}"""

OVER_THE_EDGE = """() => [...document.querySelectorAll("live-fig svg")].flatMap((svg) => {
  const edge = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].filter((one) => {
    const box = one.getBoundingClientRect();
    const out = Math.max(edge.left - box.left, box.right - edge.right, edge.top - box.top, box.bottom - edge.bottom);
    return one.textContent.trim() && out > 0.5;
  }).map((one) => one.textContent);
})"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def extents(page: Any) -> dict[str, Any]:
    return page.evaluate(EXTENT)


@pytest.mark.parametrize("make", EXPLORERS)
def test_the_first_drawing_is_what_the_script_draws(show_page, make):
    html = html_of(make)
    drawn = show_page(html, java_script_enabled=True)
    settled(drawn)
    after = extents(drawn)
    still = show_page(html.replace("customElements.define", "void ((name, kind) => kind) ||"))  # no element comes alive
    before = extents(still)
    assert drawn.get_by_role("status").inner_text() != still.get_by_role("status").inner_text()
    assert list(before) == list(after)
    for name, extent in before.items():
        if isinstance(extent, list):
            assert after[name][1:] == pytest.approx(extent[1:], abs=0.03), name
            assert after[name][0] == pytest.approx(extent[0], rel=5e-3), name  # rounded to hundredths of a point
        else:
            assert after[name] == extent, name


@pytest.mark.parametrize("make", EXPLORERS)
def test_a_narrow_page_stacks_the_panels_and_stays_readable(show_page, make):
    page = show_page(html_of(make), width=360)
    settled(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    tops = page.locator("live-fig svg").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().top)")
    assert all(later > before + 100 for before, later in itertools.pairwise(tops))
    boxes = page.locator("live-fig svg text").evaluate_all(
        "(all) => all.filter((one) => one.textContent).map((one) => one.getBoundingClientRect())"
        ".map((box) => [Math.min(box.width, box.height), box.left, box.right]).filter(([size]) => size > 0)"
    )
    assert min(size for size, _, _ in boxes) >= 4  # a lone digit is narrow; its height is checked next
    assert min(left for _, left, _ in boxes) >= 0
    assert max(right for _, _, right in boxes) <= 360
    sizes = page.locator("live-fig svg text").evaluate_all(TYPE_SIZES)
    assert min(size for size in sizes if size > 0) >= 10
    assert page.locator("fieldset").bounding_box()["y"] < min(tops)  # not a screen away from the first panel


@pytest.mark.parametrize("make", EXPLORERS)
def test_no_word_leaves_its_panel_at_the_ends_of_the_sliders(show_page, make):
    page = show_page(html_of(make))
    settled(page)
    sliders = [one for one in page.locator("live-fig input[type=range]").all() if one.is_visible()]
    assert page.locator("fieldset").bounding_box()["y"] > page.locator("live-fig svg").first.bounding_box()["y"]
    assert page.evaluate(OVER_THE_EDGE) == []
    for key in ("Home", "End"):
        for slider in sliders:
            slider.press(key)
            page.evaluate(PAINTED)
            assert page.evaluate(OVER_THE_EDGE) == []


@pytest.mark.parametrize("make", EXPLORERS)
def test_every_control_moves_the_figure_and_reset_brings_it_back(show_page, make):
    page = show_page(html_of(make))
    figure = settled(page)
    start = figure.evaluate("(figure) => figure.drawn")
    first = extents(page)
    for name, value in start.items():
        control = page.locator(f"[data-name='{name}'] :is(input[type=range], select)")
        if not control.is_visible():  # a row of the playground that does not matter now, or no row at all
            continue
        control.focus()
        control.press("ArrowDown" if control.evaluate("(one) => one.tagName") == "SELECT" else "ArrowLeft")
        page.wait_for_function(
            "([name, value]) => document.querySelector('live-fig').drawn[name] !== value", arg=[name, value]
        )
    assert extents(page) != first
    page.get_by_role("button", name="reset").click()
    page.wait_for_function(
        "(start) => JSON.stringify(document.querySelector('live-fig').drawn) === JSON.stringify(start)", arg=start
    )
    assert extents(page) == first


def test_a_list_is_labelled_and_keeps_what_was_typed(show_page):
    page = show_page(html_of(sampler_side_explorer), width=360)
    settled(page)
    steps = page.get_by_role("spinbutton", name="steps K, typed")
    steps.fill("17")
    steps.press("Enter")
    wait_for(page, "steps", 17)
    page.get_by_role("combobox", name="sampler", exact=True).select_option(label="DDIM")
    wait_for(page, "sampler", "ddim")
    assert page.get_by_role("status").inner_text().startswith("DDIM, 17 steps: ends at ")
    assert steps.input_value() == "17"
    page.get_by_role("slider", name="steps K", exact=True).focus()
    page.keyboard.press("ArrowRight")  # from the nearest place, 16 or 18, to the next
    page.wait_for_function("() => [18, 20].includes(document.querySelector('live-fig').drawn.steps)")
    page.get_by_role("button", name="reset").click()
    wait_for(page, "sampler", "exponential_integrator")
    assert page.get_by_role("combobox", name="sampler", exact=True).input_value() == "exponential_integrator"


def test_a_list_can_be_read_on_a_dark_page(show_page):
    page = show_page(assets.page(schedule_designer().html, theme="dark"), color_scheme="dark")
    settled(page)
    for where in ("select", "option"):
        ink, ground = page.locator(where).first.evaluate(
            "(one) => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor]"
        )
        assert ink == "rgb(255, 255, 255)"
        assert ground != ink
