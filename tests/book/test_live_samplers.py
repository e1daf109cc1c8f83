"""The explorers of chapters 6 and 8 in a browser: their numbers equal the library's, and their words are true."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import computed, html_of, settled
from echolimit import transfer
from echolimit.figures import reuse_explorer, sampler_side_explorer
from echolimit.finite_sample import expected_location_tv, refit_peak, refit_variance
from echolimit.robustness import gaussian_loop
from echolimit.samplers import time_grid

pages, show_page, page = figure_pages.pages, figure_pages.show_page, figure_pages.page  # fixtures
pytestmark = pytest.mark.browser

FIGURE = sampler_side_explorer
SAMPLERS = (
    "euler_maruyama", "exponential_integrator", "ancestral", "ancestral_large", "ddim", "heun", "dpmpp_2m",
)  # fmt: skip
LOW, HIGH = 0.03, 10.0  # of the axes
ALL = list(itertools.product((4, 10, 21), (0.05, 0.2, 0.95), (0.002, 0.02, 0.2), (0.05, 0.3, 3.0)))
SOME = [(50, 0.2, 0.02, 0.3), (50, 0.05, 0.002, 3.0), (200, 0.2, 0.02, 0.3)]


def test_sampler_sides_equal_the_library_on_the_whole_range(page):
    span = np.log10(HIGH / LOW)
    for steps, alpha, delta, v in ALL + SOME:
        grid = time_grid(4.0, delta, steps, "geometric")
        paths = {name: gaussian_loop(name, 0.0, v, alpha, grid, 200)[1] for name in SAMPLERS}
        limit = float(1 - transfer(2, alpha, delta) * (1 - v))
        chosen = SAMPLERS[(steps + round(100 * alpha)) % len(SAMPLERS)]
        result = computed(page, sampler=chosen, steps=steps, alpha=alpha, delta=delta, v=v)
        shown = np.clip([path[-1] for path in paths.values()], LOW, HIGH)
        np.testing.assert_allclose(np.log10(result["ends"]), np.log10(shown), atol=1e-6 * span)
        np.testing.assert_allclose(np.log10(result["path"]), np.log10(paths[chosen][:41]), atol=1e-6 * span)
        ideal = gaussian_loop("ideal", 0.0, v, alpha, grid, 40)[1]
        np.testing.assert_allclose(result["ideal"], ideal, rtol=1e-9)
        np.testing.assert_allclose(result["limit"], [limit, limit], rtol=1e-12)
        assert result["limit_line"] == result["limit"][0]
        assert result["data"] == [v, v]
        filled = np.flatnonzero(np.isfinite(result["chosen"]))
        assert [SAMPLERS[k] for k in filled] == [chosen]
        said = re.search(
            r"ends at (\S+) after 200 rounds, (\w+) the ideal limit (\S+) \(data (\S+)\)$", result["status"]
        )
        end = paths[chosen][-1]
        if end >= 1e-4:
            assert float(said[1]) == pytest.approx(end, rel=0.0051)
            assert result[f"value_{chosen}"] == said[1]
        assert said[2] == ("at" if said[1] == said[3] else "above" if end > limit else "below")
        assert float(said[3]) == pytest.approx(limit, rel=0.0051)


def test_sampler_sides_reach_the_golden_values(page):
    golden = {
        10: (1.1119159267, 2466.1761445442, 0.1924004433, 0.611844455, 0.2453260008, 0.33667103, 0.3793553745),
        50: (0.5084021980, 0.5535331354, 0.3376603171, 0.4598614272, 0.3660287147, 0.4158817291, 0.4172901079),
    }
    for steps, ends in golden.items():
        for name, end in zip(SAMPLERS, ends, strict=True):
            result = computed(page, sampler=name, steps=steps, alpha=0.2, delta=0.02, v=0.3)
            said = float(re.search(r"ends at (\S+) after", result["status"])[1])
            assert said == float(f"{end:.3g}")
            if end < HIGH:
                assert result["ends"][SAMPLERS.index(name)] == pytest.approx(end, abs=5e-10)


def test_refitted_means_equal_the_library_on_the_whole_range(show_page):
    page = show_page(html_of(reuse_explorer))
    settled(page)
    ratios = np.array(page.evaluate("() => document.querySelector('live-fig').spec.constants.ratios"))
    assert (ratios[0], ratios[-1], len(ratios)) == (0.01, 10_000, 241)
    for rounds, ratio, real in itertools.product(
        (1, 2, 5, 10, 20, 100), (0.01, 0.37, 4.0, 10_000.0), (10, 100, 10_000)
    ):
        result = computed(page, round=rounds, ratio=ratio, real=real)
        peak = refit_peak(rounds)
        both = [refit_variance(ratio, rounds, kind) for kind in ("reused", "fresh")]
        for kind in ("reused", "fresh"):
            np.testing.assert_allclose(result[kind], refit_variance(ratios, rounds, kind), rtol=1e-12)
        np.testing.assert_allclose(
            result["peaks"], [[peak.ratio, 1 + peak.excess], [peak.ratio, 1 - peak.excess]], rtol=1e-9
        )
        np.testing.assert_allclose(result["here"], [[ratio, both[0]], [ratio, both[1]]], rtol=1e-12)
        assert result["ratio"] == ratio
        numbers = [float(word) for word in re.findall(r"\d+(?:\.\d+)?", result["status"])]
        variation = [float(expected_location_tv(variance / real)) for variance in both]
        percent = 100 * peak.excess
        truth = [rounds, peak.ratio, percent, percent, ratio, *both, real, *variation]
        np.testing.assert_allclose(numbers, truth, rtol=0.0051)
    # Roots of the derivative of S_i, found with mpmath.
    for rounds, place, height in ((1, 1, 0.25), (2, 1.5369737681, 0.326446776524), (20, 8.7207276247, 0.466736600991)):
        top = computed(page, round=rounds, ratio=4.0, real=100)["peaks"][0]
        assert top == pytest.approx([place, 1 + height], abs=1e-9)
