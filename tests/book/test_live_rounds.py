"""The explorers of chapters 1 and 2 in a browser: noised laws and the population of samples equal the library's."""

from __future__ import annotations

import itertools
import re
import shutil

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import TARGET, computed, grid, settled
from echolimit import GaussianMixture, PointCloud, age_law
from echolimit.figures import assets, genealogy_explorer, noising_explorer
from echolimit.figures.draws import normal, uniform
from echolimit.figures.explorers.genealogy import CLASSES, ROUNDS, SIZE, Population, alive, population

pages, show_page = figure_pages.pages, figure_pages.show_page  # fixtures
pytestmark = pytest.mark.browser

CLOUD = PointCloud([[-1.4], [-1.1], [-0.3], [0.6], [0.8], [1.3]])
WIDE = GaussianMixture([0.2, 0.5, 0.3], [[-4.0], [0.0], [3.0]], [0.0025, 2.4, 1.0])
NOISED = re.compile(
    r"^t = (\S+): signal (\S+), noise (\S+); (\d+) peaks?; mean square of the score (\S+); "
    r"its slope lies between (\S+) and (\S+)$"
)


def noised_words(page, t):
    return [float(word.replace("−", "-")) for word in NOISED.match(computed(page, t=t)["status"]).groups()]


@pytest.mark.parametrize(
    ("law", "shortest"), [(TARGET, 0.002), (CLOUD, 0.005), (WIDE, 0.002)], ids=["the book's", "points", "wide"]
)
def test_noised_laws_equal_the_library_on_the_whole_range(show_page, law, shortest):
    page = show_page(assets.page(noising_explorer(law, shortest=shortest).html))
    settled(page)
    x = grid(page)
    for t in (shortest, 0.0123, 0.1, 0.75, 3.0):
        noised = law.diffuse(t)
        result = computed(page, t=t)
        density = noised.density(x)
        np.testing.assert_allclose(result["density"], density, rtol=0, atol=1e-6 * density.max())
        np.testing.assert_allclose(result["score"], noised.score(x)[:, 0], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("law", [TARGET, CLOUD], ids=["the book's", "points"])
def test_the_words_on_a_noised_law_are_true(show_page, law):
    page = show_page(assets.page(noising_explorer(law, shortest=0.005).html))
    settled(page)
    x = grid(page)
    for t in (0.005, 0.02, 0.1, 0.2, 3.0):
        noised = law.diffuse(t)
        score = noised.score(x)[:, 0]
        slope = (noised.score(x + 1e-6) - noised.score(x - 1e-6))[:, 0] / 2e-6
        peaks = int(np.sum((score[:-1] > 0) & (score[1:] <= 0)))
        fine = np.linspace(-9, 9, 20_001)[:, None]
        energy = float(np.trapezoid(noised.density(fine) * noised.score(fine)[:, 0] ** 2, fine[:, 0]))
        said = noised_words(page, t)
        truth = [t, np.exp(-t), np.sqrt(-np.expm1(-2 * t)), peaks, energy, slope.min(), slope.max()]
        np.testing.assert_allclose(said, truth, rtol=0.0051)


def test_chapter_1_says_what_its_figures_show(show_page):
    page = show_page(assets.page(noising_explorer().html))
    settled(page)
    assert [noised_words(page, t)[3] for t in (0.002, 0.1, 0.2, 0.5, 2.0)] == [2, 2, 1, 1, 1]
    page = show_page(assets.page(noising_explorer(CLOUD, shortest=0.005).html))
    settled(page)
    before, after = noised_words(page, 0.01), noised_words(page, 0.005)
    assert 2 < after[4] / before[4] < 2.3
    assert after[5] / before[5] == pytest.approx(2, rel=0.01)
    assert 4 < after[6] / before[6] < 4.5


def test_draws_in_the_page_are_those_of_python(show_page, pages):
    shutil.copy(assets.STATIC / "draws.js", pages[0] / "draws.js")
    load = '<script type="module">import * as draws from "./draws.js"; window.draws = draws;</script>'
    page = show_page(f'<!DOCTYPE html><html lang="en"><link rel="icon" href="data:,"><body>{load}</body></html>')
    page.wait_for_function("() => window.draws")
    counters = [0, 1, 2, 3, 4, 39, 40, 99_999, 2**30 - 1]
    for seed in (0, 1, 5, 399, 2**31 - 1):
        drawn = page.evaluate(
            """([seed, counters]) => {
              const stream = draws.streamOf(seed);
              return [counters.map((c) => draws.uniformAt(stream, c)), [...draws.normalsOf(stream, 41)]];
            }""",
            [seed, counters],
        )
        assert drawn[0] == uniform(seed, counters).tolist()
        np.testing.assert_allclose(drawn[1], normal(seed, np.arange(41)), rtol=1e-12, atol=1e-14)


def rows_of(points) -> np.ndarray:
    """Pairs in a fixed order, lines of three with their gap taken out."""
    pairs = np.array(points, dtype=float).reshape(-1, 2)
    return pairs[np.lexsort(pairs.round(9).T)]


def lines_of(drawn: Population, wanted: np.ndarray) -> np.ndarray:
    ends = []
    for k, j in zip(*np.nonzero(wanted), strict=True):
        if k > 0:
            parent = drawn.parent[k, j]
            start = drawn.origin[k, j] if parent < 0 else drawn.x[k - 1, parent]
            ends.append([start, k - 1, drawn.x[k, j], k])
    return np.array(ends).reshape(-1, 4)


def check_population(page, target, alpha, delta, rounds, seed):
    drawn = population(target, alpha, delta, rounds, seed)
    living = alive(drawn)
    result = computed(page, alpha=alpha, delta=delta, round=rounds, seed=seed)
    for name, wanted in (("lines", living), ("extinct", ~living)):
        flat = np.array(result[name], dtype=float).reshape(-1, 3, 2)
        assert np.isnan(flat[:, 2]).all()
        np.testing.assert_allclose(flat[:, :2].reshape(-1, 4), lines_of(drawn, wanted), atol=6e-6)
    row = np.broadcast_to(np.arange(rounds + 1)[:, None], drawn.x.shape)
    fresh = np.isfinite(drawn.origin)
    for number, (low, high) in enumerate(CLASSES):
        here = (drawn.age >= low) & (drawn.age <= high)
        dots = np.column_stack([drawn.x[here], row[here]])
        if low == 0:
            dots = np.concatenate([dots, np.column_stack([drawn.origin[fresh], row[fresh] - 1])])
        np.testing.assert_allclose(rows_of(result[f"dots_{number}"]), rows_of(dots), atol=6e-6)
        shares = np.bincount(drawn.age[-1], minlength=ROUNDS + 1)[low : high + 1] / SIZE
        np.testing.assert_allclose(result[f"bars_{number}"], shares, atol=1e-12)
    exact = np.array(result["exact"], dtype=float)
    shown = slice(1, rounds + 1) if rounds else slice(0, 1)
    np.testing.assert_allclose(exact[shown], age_law(rounds, alpha) if rounds else [1.0], rtol=1e-12, atol=1e-15)
    assert np.isfinite(exact).sum() == max(rounds, 1)
    words = r"these 40 samples descend from (\d+) data points; mean age (\S+), by the exact law (\S+)$"
    said = re.search(words, result["status"])
    assert int(said[1]) == np.sum(living & (drawn.parent < 0))
    assert float(said[2]) == pytest.approx(drawn.age[-1].mean(), rel=0.0051)
    law = age_law(rounds, alpha) if rounds else np.zeros(1)
    assert float(said[3]) == pytest.approx(law @ np.arange(1, len(law) + 1), rel=0.0051)


@pytest.mark.parametrize(("target", "alphas"), [(TARGET, (0.02, 0.2, 1.0)), (WIDE, (0.3,))], ids=["the book's", "wide"])
def test_the_population_is_the_one_of_python_on_the_whole_range(show_page, target, alphas):
    page = show_page(assets.page(genealogy_explorer(target).html))
    settled(page)
    for alpha, delta in itertools.product(alphas, (0.001, 1.0)):
        for rounds, seed in ((0, 1), (1, 99), (8, 2), (12, 57)):
            check_population(page, target, alpha, delta, rounds, seed)
