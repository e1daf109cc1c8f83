"""The image grid of chapter 11 in a browser: its pixels and its spectrum are those of the library's exact law."""

from __future__ import annotations

import base64
import functools
import io
import itertools
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from book import figure_pages
from book.figure_pages import computed, settled, wait_for
from echolimit import OrnsteinUhlenbeck, age_law
from echolimit.figures import LiveFigure, assets, image_grid_explorer
from echolimit.figures.draws import normal, uniform
from echolimit.images.spectra import ImageReference, loop_ages, radial_power, radial_power_law

pages, show_page = figure_pages.pages, figure_pages.show_page  # fixtures
pytestmark = pytest.mark.browser

ALPHAS, DELTAS, ROUNDS = (0.02, 0.1, 1.0), (0.001, 0.02, 1.0), (0, 1, 7, 40)
SHOWN, ACROSS = 36, 6
CANVAS = """() => {
  const { width, height } = document.querySelector("live-fig canvas");
  const context = document.querySelector("live-fig canvas").getContext("2d");
  return [width, height, [...context.getImageData(0, 0, width, height).data]];
}"""
BOX = "(one) => { const { x, y, width, height } = one.getBoundingClientRect(); return [x, y, width, height]; }"


@functools.cache
def figure() -> LiveFigure:
    return image_grid_explorer()


def pool_in(spec: dict[str, Any]) -> np.ndarray:
    """The images that the page holds."""
    constants = spec["constants"]
    pixels = np.frombuffer(base64.b64decode(constants["pixels"]), dtype=np.uint8)
    return pixels.reshape(constants["count"], 3, constants["side"], constants["side"]) / 127.5 - 1


def drawn_by_the_law(pool: np.ndarray, alpha: float, delta: float, rounds: int, draw: int) -> tuple[np.ndarray, Any]:
    """Images of the round from the same random numbers: ages by inverting the distribution function of `age_law`."""
    ranks = np.sort(uniform(2 * draw, np.arange(SHOWN)))
    ages = np.zeros(SHOWN, dtype=int)
    if rounds:
        ages = 1 + np.searchsorted(np.cumsum(age_law(rounds, alpha)[:-1]), ranks)
    chosen = pool[(len(pool) * uniform(2 * draw, SHOWN + np.arange(SHOWN))).astype(int)]
    noise = normal(2 * draw + 1, np.arange(chosen.size)).reshape(chosen.shape)
    signal, variance = OrnsteinUhlenbeck().signal(delta * ages), OrnsteinUhlenbeck().noise_variance(delta * ages)
    return signal[:, None, None, None] * chosen + np.sqrt(variance)[:, None, None, None] * noise, ages


def untiled(wall: Any, side: int) -> np.ndarray:
    """The images (36, 3, s, s) of a wall as bytes; between them nothing is drawn."""
    size = ACROSS * (side + 1) - 1
    pixels = np.reshape(wall, (size, size, 4))
    corners = [(side + 1) * k for k in range(ACROSS)]
    images = np.stack([pixels[top : top + side, left : left + side] for top in corners for left in corners])
    assert np.all(images[..., 3] == 255)
    assert np.sum(pixels[..., 3]) == 255 * SHOWN * side * side
    return images[..., :3].transpose(0, 3, 1, 2)


def powers(page: Any, **values: float) -> dict[str, Any]:
    """What the script computes, without the pixels."""
    return page.evaluate(
        """(values) => {
          const { data, round, limit, noise, status } = document.querySelector("live-fig").compute(values);
          return { data: [...data], round: [...round], limit: [...limit], noise, status };
        }""",
        values,
    )


def test_powers_equal_the_library_on_the_whole_range(show_page):
    page = show_page(assets.page(figure().html))
    settled(page)
    reference = ImageReference(pool_in(figure().spec))
    for alpha, delta in itertools.product(ALPHAS, DELTAS):
        limit = loop_ages(None, alpha, delta)
        for rounds in ROUNDS:
            ages = loop_ages(rounds, alpha, delta)
            result = powers(page, alpha=alpha, delta=delta, round=rounds, draw=1)
            np.testing.assert_allclose(result["data"], reference.power, rtol=1e-6)
            np.testing.assert_allclose(result["round"], radial_power_law(reference, ages), rtol=1e-6)
            np.testing.assert_allclose(result["limit"], radial_power_law(reference, limit), rtol=1e-6)
            np.testing.assert_allclose(result["noise"], np.full(2, ages.added()), rtol=1e-9, atol=1e-12)
            said = re.search(
                r"and (\S+) in the law; share kept g₂ = (\S+), noise (\S+); more", result["status"]
            ).groups()
            exact = (ages.weights @ ages.times / delta, ages.kept(2), ages.added())
            np.testing.assert_allclose([float(word.replace("−", "-")) for word in said], exact, rtol=0.0051)


def test_the_images_are_exact_draws_of_the_round(show_page):
    page = show_page(assets.page(figure().html))
    settled(page)
    pool = pool_in(figure().spec)
    side = pool.shape[-1]
    settings = [
        (0.02, 0.001, 40, 1), (0.02, 1.0, 40, 2), (1.0, 0.001, 0, 3), (1.0, 1.0, 1, 4), (1.0, 0.02, 40, 1000),
        (0.5, 0.02, 1, 5), (0.1, 0.02, 20, 7),
    ]  # fmt: skip
    for alpha, delta, rounds, draw in settings:
        result = computed(page, alpha=alpha, delta=delta, round=rounds, draw=draw)
        images, ages = drawn_by_the_law(pool, alpha, delta, rounds, draw)
        shown = untiled(result["wall"], side)
        expected = np.clip(np.rint(127.5 * (images + 1)), 0, 255)
        assert np.max(np.abs(shown - expected)) <= 1
        assert np.mean(shown != expected) < 1e-4  # rounding of what lies half-way between two levels
        power = radial_power(images)
        np.testing.assert_allclose(result["shown"], power.mean(0), rtol=1e-9)
        bars = np.reshape(np.array(result["bars"], dtype=float), (-1, 3))
        error = power.std(0, ddof=1) / np.sqrt(SHOWN)
        np.testing.assert_allclose(bars[:, 1], power.mean(0) + 2 * error, rtol=1e-6)
        least = figure().spec["constants"]["least"]
        np.testing.assert_allclose(bars[:, 0], np.maximum(power.mean(0) - 2 * error, least), rtol=1e-6)
        rows = ages.reshape(ACROSS, ACROSS)
        said = [result[f"row{row}"] for row in range(ACROSS)]
        assert said == [
            f"{a}" if a == b else f"{a}\N{EN DASH}{b}" for a, b in zip(rows[:, 0], rows[:, -1], strict=True)
        ]


@pytest.mark.parametrize("side", [8, 10, 32])
def test_images_of_one_s_own_have_their_power(show_page, side):
    images = np.random.default_rng(side).uniform(-1, 1, (5, 3, side, side)).cumsum(axis=3) / 4
    shown = image_grid_explorer(images=np.clip(images, -1, 1))
    page = show_page(assets.page(shown.html))
    settled(page)
    power = radial_power(pool_in(shown.spec)).mean(axis=0)
    np.testing.assert_allclose(powers(page, alpha=0.1, delta=0.02, round=3, draw=2)["data"], power, rtol=1e-9)


def test_the_canvas_takes_the_place_of_the_picture_and_starts_with_it(show_page):
    still = show_page(assets.page(figure().html), java_script_enabled=False)
    before = still.locator("live-fig svg image").evaluate(BOX)
    assert still.locator("live-fig canvas").count() == 0
    page = show_page(assets.page(figure().html))
    settled(page)
    assert page.locator("live-fig canvas").evaluate(BOX) == pytest.approx(before, abs=0.6)
    assert not page.locator("live-fig svg image").is_visible()
    assert page.get_by_role("img", name="six rows of six small photographs").count() == 1
    width, height, data = page.evaluate(CANVAS)
    png = re.search(r'<image [^>]*href="data:image/png;base64,\s*([^"]*)"', figure().html)[1]
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA"))
    seen = np.reshape(data, (height, width, 4))
    assert drawn.shape == seen.shape
    assert np.array_equal(drawn[..., 3], seen[..., 3])
    assert np.max(np.abs(np.where(seen[..., 3:] > 0, seen - drawn.astype(int), 0))) <= 1


def test_the_canvas_stays_in_its_place_on_a_phone_and_moves_with_the_sliders(show_page):
    page = show_page(assets.page(figure().html), width=360)
    settled(page)
    axes = figure().spec["axes"][0]
    wide = page.locator("live-fig svg").first.evaluate(
        "(svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"
    )
    box = page.locator("live-fig canvas").evaluate(BOX)
    size = figure().spec["artists"][0]["columns"]
    assert box[2] == pytest.approx(wide * axes["x"]["slope"] * size, abs=0.6)
    assert box[2] == pytest.approx(box[3], rel=0.01)
    first = page.evaluate(CANVAS)[2]
    page.get_by_role("slider", name="draw number", exact=True).focus()
    page.keyboard.press("ArrowRight")
    wait_for(page, "draw", 8)
    assert page.evaluate(CANVAS)[2] != first
    page.get_by_role("button", name="reset").click()
    wait_for(page, "draw", 7)
    assert page.evaluate(CANVAS)[2] == first
