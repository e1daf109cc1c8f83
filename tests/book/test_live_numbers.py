"""The numbers behind the live figures, computed in a browser, equal the library's on the sliders' whole range."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import TARGET, computed, grid, html_of, round_density, settled
from echolimit import (
    GaussianMixture,
    age_law,
    density_from_hermite,
    hermite_coefficients,
    limit_law,
    round_law,
    total_variation,
    transfer,
)
from echolimit.figures import age_explorer, assets, limit_explorer, spectrum_explorer

pages, show_page = figure_pages.pages, figure_pages.show_page  # fixtures
pytestmark = pytest.mark.browser

ALPHAS = (0.02, 0.05, 0.2, 0.9, 1.0)
DELTAS = (0.001, 0.013, 0.05, 1.0)
ROUNDS = (0, 1, 3, 40)


@pytest.mark.parametrize(
    "target",
    [
        TARGET,
        GaussianMixture([1.0], [[2.5]], [0.0025]),
        GaussianMixture([0.2, 0.5, 0.3], [[-4.0], [0.0], [3.0]], [0.05, 2.4, 1.0]),
    ],
    ids=["the book's", "one narrow", "narrow, wide and unit"],
)
def test_curves_equal_the_library_on_the_whole_range(show_page, target):
    page = show_page(assets.page(limit_explorer(target).html))
    settled(page)
    x = grid(page)
    degrees = np.arange(21)
    for alpha, delta in itertools.product(ALPHAS, DELTAS):
        limit = limit_law(target, alpha, delta).density(x)
        for rounds in ROUNDS:
            result = computed(page, alpha=alpha, delta=delta, round=rounds)
            np.testing.assert_allclose(result["limit"], limit, rtol=0, atol=1e-6)
            np.testing.assert_allclose(
                result["round"], round_density(rounds, alpha, delta, x, target), rtol=0, atol=1e-6
            )
        np.testing.assert_allclose(result["transfer"], transfer(degrees, alpha, delta), rtol=1e-12)


@pytest.mark.parametrize(
    "target",
    [TARGET, GaussianMixture([0.2, 0.5, 0.3], [[-4.0], [0.0], [3.0]], [0.0025, 2.4, 1.0])],
    ids=["the book's", "narrow, wide and unit"],
)
def test_the_distance_in_words_equals_the_library_s(show_page, target):
    page = show_page(assets.page(limit_explorer(target).html))
    settled(page)
    for alpha, delta in itertools.product((0.02, 0.2, 1.0), (0.001, 0.05, 1.0)):
        limit = limit_law(target, alpha, delta)
        for rounds in (0, 3, 40):
            law = round_law(target, rounds, alpha, delta) if rounds else target
            status = computed(page, alpha=alpha, delta=delta, round=rounds)["status"]
            shown, bound = re.search(r"\(TV\) ([^,]*), bound \(1−α\)\^i ([^,]*)$", status).groups()
            assert float(shown.removeprefix("< ")) == pytest.approx(total_variation(law, limit), abs=1e-3)
            assert float(bound.removeprefix("< ")) == pytest.approx((1 - alpha) ** rounds, rel=0.006, abs=1e-6)


def test_ages_equal_the_library(show_page):
    page = show_page(html_of(age_explorer))
    settled(page)
    x = grid(page)
    for alpha, rounds in itertools.product(ALPHAS, ROUNDS):
        result = computed(page, alpha=alpha, delta=0.05, round=rounds)
        masses = np.concatenate([[0.0], age_law(rounds, alpha)]) if rounds else np.ones(1)
        np.testing.assert_allclose(result["ages"], np.pad(masses, (0, 26))[:26], atol=1e-12)
        np.testing.assert_allclose(result["round"], round_density(rounds, alpha, 0.05, x), rtol=0, atol=1e-6)
    status = computed(page, alpha=0.2, delta=0.05, round=5)["status"]
    assert status.endswith(f"share at age 5: {100 * age_law(5, 0.2)[-1]:.3g} %; never refreshed: 32.8 %")
    assert "mean age 1 truncation," in computed(page, alpha=1.0, delta=0.05, round=1)["status"]
    assert "never refreshed: < 0.001 %" in computed(page, alpha=0.9, delta=0.05, round=40)["status"]
    hidden = 100 * age_law(40, 0.02)[25:].sum()
    assert computed(page, alpha=0.02, delta=0.05, round=40)["beyond"] == f"{hidden:.3g} % older →"


def test_the_series_equals_the_library(show_page):
    page = show_page(html_of(spectrum_explorer))
    settled(page)
    x = grid(page)
    coefficients = np.asarray(hermite_coefficients(TARGET, 60))
    for alpha, delta, degree in itertools.product((0.02, 0.2, 1.0), DELTAS, (0, 12, 60)):
        result = computed(page, alpha=alpha, delta=delta, degree=degree)
        kept = coefficients * transfer(np.arange(61), alpha, delta)
        np.testing.assert_allclose(result["series"], density_from_hermite(kept[: degree + 1], x), atol=1e-9)
        np.testing.assert_allclose(result["kept"], kept[1:25], rtol=1e-12)


def test_a_cut_series_says_when_a_tail_is_negative(show_page):
    page = show_page(html_of(spectrum_explorer))
    settled(page)
    coefficients = np.asarray(hermite_coefficients(TARGET, 60))
    far = np.array([-1.0, 1.0]) * 30  # beyond all zeros of the series below
    for degree in (0, 1, 2, 3, 4, 5, 6, 9, 12):
        kept = coefficients[: degree + 1] * transfer(np.arange(degree + 1), 0.2, 0.05)
        negative = bool(np.min(density_from_hermite(kept, far)) < 0)
        status = computed(page, alpha=0.2, delta=0.05, degree=degree)["status"]
        assert "lowest value shown " in status
        assert status.endswith(", negative in a tail") == negative
    even = show_page(assets.page(spectrum_explorer(GaussianMixture([0.5, 0.5], [[-0.7], [0.7]], [0.3, 0.3])).html))
    settled(even)
    last = hermite_coefficients(GaussianMixture([0.5, 0.5], [[-0.7], [0.7]], [0.3, 0.3]), 13)[12]
    words = computed(even, alpha=0.2, delta=0.05, degree=13)["status"]  # c_13 = 0 but for rounding: c_12 decides
    assert words.endswith("negative in a tail") == bool(last < 0)
