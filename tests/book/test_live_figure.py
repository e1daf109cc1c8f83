"""Live figures in a browser: moved by hand, by arrow keys and by typing, in light and dark, on a phone."""

from __future__ import annotations

import shutil
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import TARGET, TYPE_SIZES, grid, round_density, settled, wait_for
from echolimit import cutoff_degree, limit_law
from echolimit.figures import assets, explore, limit_explorer, show, use_style
from echolimit.figures.exploring import frames

pages, show_page = figure_pages.pages, figure_pages.show_page  # fixtures
pytestmark = pytest.mark.browser


def drawn(page: Any, name: str) -> np.ndarray:
    """A live curve in data units, read back from the path on the page."""
    numbers, x, y = page.evaluate(
        """(name) => {
          const figure = document.querySelector("live-fig");
          const artist = figure.artists.find((one) => one.name === name);
          const axes = figure.spec.axes[artist.axes];
          return [artist.node.getAttribute("d").match(/-?[0-9.]+/g).map(Number), axes.x, axes.y];
        }""",
        name,
    )
    points = np.reshape(numbers, (-1, 2))
    return np.column_stack([(points[:, 0] - x["offset"]) / x["slope"], (points[:, 1] - y["offset"]) / y["slope"]])


def test_sliders_move_the_curves_by_mouse_and_by_arrow_keys(show_page):
    page = show_page(assets.page(limit_explorer().html))
    settled(page)
    x = grid(page)
    page.get_by_role("slider", name="round i", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    wait_for(page, "round", 5)
    np.testing.assert_allclose(drawn(page, "round")[:, 1], round_density(5, 0.2, 0.05, x), atol=1e-3)

    slider = page.get_by_role("slider", name="fresh share α", exact=True)
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    alpha = float(slider.input_value())
    assert 0.5 < alpha < 0.7
    wait_for(page, "alpha", alpha)
    limit = limit_law(TARGET, alpha, 0.05).density(x)
    np.testing.assert_allclose(drawn(page, "limit")[:, 1], limit, atol=1e-3)  # a hundredth of a pixel and more
    assert f"α = {alpha:g}" in page.get_by_role("status").inner_text()


def test_typed_values_are_exact_kept_inside_and_reset(show_page):
    page = show_page(assets.page(limit_explorer().html))
    figure = settled(page)
    field = page.get_by_role("spinbutton", name="truncation time δ, typed")
    for typed, value in (("0.0123", 0.0123), ("7", 1), ("-3", 0.001), ("", 0.001)):
        field.fill(typed)
        field.press("Enter")
        wait_for(page, "delta", value)
        assert float(field.input_value()) == value
    assert field.get_attribute("title") == "from 0.001 to 1; a value outside becomes the nearest end"
    page.locator("label", has_text="fresh share α").click()
    assert page.evaluate("() => document.activeElement.closest('[data-name]').dataset.name") == "alpha"
    rounds = page.get_by_role("spinbutton", name="round i, typed")
    rounds.fill("7.4")
    rounds.press("Enter")
    wait_for(page, "round", 7)
    page.get_by_role("button", name="reset").click()
    wait_for(page, "round", 3)
    assert figure.evaluate("(figure) => figure.drawn") == {"alpha": 0.2, "delta": 0.05, "round": 3}


def test_a_cut_off_beyond_the_axis_is_said_in_words(show_page):
    page = show_page(assets.page(limit_explorer().html))
    settled(page)
    assert page.locator("svg text", has_text="cut-off =").count() == 0
    field = page.get_by_role("spinbutton", name="truncation time δ, typed")
    field.fill("0.001")
    field.press("Enter")
    wait_for(page, "delta", 0.001)
    words = page.locator("svg text", has_text="cut-off = 182 →")
    assert words.count() == 1
    bars = page.locator("live-fig [id$='live-transfer']").bounding_box()
    assert words.bounding_box()["y"] + words.bounding_box()["height"] <= bars["y"] + 1  # above them, not on them
    assert float(cutoff_degree(0.2, 0.001)) == pytest.approx(182.3, abs=0.1)
    assert "τ = δ/α = 0.005" in page.get_by_role("status").inner_text()


def test_keys_do_not_leave_the_figure(show_page):
    page = show_page(assets.page(limit_explorer().html))
    settled(page)
    page.evaluate("() => { window.seen = 0; document.addEventListener('keydown', () => { window.seen += 1; }); }")
    page.get_by_role("slider", name="round i", exact=True).focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "round", 4)
    assert page.evaluate("() => window.seen") == 0


def test_without_a_script_the_picture_stands_and_the_sliders_are_off(show_page):
    page = show_page(assets.page(limit_explorer().html), java_script_enabled=False)
    assert page.locator("live-fig svg").count() == 2
    assert page.get_by_role("slider", name="round i", exact=True).is_disabled()
    assert "The sliders move once" in page.get_by_role("status").inner_text()


def test_a_description_of_another_version_is_not_drawn(show_page):
    html = limit_explorer().html.replace('"version":1', '"version":99')
    page = show_page(assets.page(html))
    page.get_by_role("status").filter(has_text="different versions of echolimit").wait_for()
    assert page.get_by_role("slider", name="round i", exact=True).is_disabled()


def test_a_page_may_link_the_modules_instead(show_page, pages):
    for name in assets.MODULES:
        shutil.copy(assets.STATIC / name, pages[0] / name)
    body = limit_explorer().html + '<script type="module" src="live.js"></script>'
    settled(show_page(f'<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><body>{body}</body></html>'))


def test_a_single_panel_stays_readable_on_a_phone(show_page):
    use_style()
    _, axes = plt.subplots()
    axes.plot([0, 1], [0, 1], label="line")
    axes.set(xlabel="x", ylabel="density")
    axes.legend()
    page = show_page(assets.page(show(axes.figure, alt="A line.").html), width=360)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    sizes = page.locator("svg text").evaluate_all(TYPE_SIZES)
    assert min(sizes) >= 10


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_follow_the_theme(show_page, theme):
    page = show_page(
        assets.page(limit_explorer().html, theme=theme), color_scheme="light" if theme == "dark" else "dark"
    )
    settled(page)
    colour = page.evaluate("() => getComputedStyle(document.querySelector('live-fig').artists[0].node).stroke")
    assert colour == {"light": "rgb(0, 114, 178)", "dark": "rgb(86, 180, 233)"}[theme]


def test_frames_turn_with_their_slider(show_page, monkeypatch):
    def line(alpha, delta):
        fig, axes = plt.subplots()
        axes.plot([0, 1], [alpha, delta])
        axes.set(ylim=(0, 1))
        return fig

    use_style()
    monkeypatch.setenv("ECHOLIMIT_BUILDING_BOOK", "1")
    shown = explore(line, alt="A line.", alpha=[0.1, 0.5, 0.9], delta=[0.2, 0.8])
    page = show_page(assets.page(shown.html))
    settled(page)
    assert page.get_by_role("img", name="Here fresh share α = 0.1, truncation time δ = 0.2.").count() == 1
    page.get_by_role("slider", name="fresh share α").focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "alpha", 1)
    page.get_by_role("slider", name="truncation time δ").focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "delta", 1)
    expected = frames(line, {"alpha": [0.5], "delta": [0.8]}, {"alpha": 0.5, "delta": 0.8}, "A line.")
    there = page.locator(".echo-frame svg path").evaluate_all("(all) => all.map((one) => one.getAttribute('d'))")
    again = show_page(assets.page(expected.html))
    assert there == again.locator(".echo-frame svg path").evaluate_all(
        "(all) => all.map((one) => one.getAttribute('d'))"
    )
    assert page.get_by_role("img", name="Here fresh share α = 0.5, truncation time δ = 0.8.").count() == 1
    assert page.get_by_role("status").inner_text() == "fresh share α = 0.5, truncation time δ = 0.8"
