"""The two starts of chapter 9 in a browser: laws, distances and floor equal the library's."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from scipy.stats import norm

from book import figure_pages
from book.figure_pages import computed, grid
from echolimit import (
    GaussianMixture,
    flow_map,
    forgetting_curves,
    frozen_weights,
    reverse_kernel,
    total_variation,
)
from echolimit.figures import assets, forgetting_explorer
from strategies import line_example

pages, show_page, page = figure_pages.pages, figure_pages.show_page, figure_pages.page  # fixtures
pytestmark = pytest.mark.browser

STARTS = [GaussianMixture([1.0], [[0.0]], [1.0]), GaussianMixture([1.0], [[1.5]], [0.25])]
END = 0.02
FIGURE = forgetting_explorer
CORNERS = list(itertools.product((0.5, 1.0, 3.0), (0.5, 1.7, 3.0)))


def apart(separation: float) -> GaussianMixture:
    example = line_example()
    return GaussianMixture(example.weights, separation * np.asarray(example.means), example.covariances)


def test_laws_equal_the_library_on_the_whole_range(page):
    y = grid(page)[:, 0]
    fine = np.arange(-700, 701) / 100
    tops = {"sde": 0.0, "flow": 0.0}
    for (separation, begin), share in itertools.product(CORNERS, (0.0, 0.013, 0.05, 0.3, 0.8, 1.0)):
        law, t = apart(separation), (END / begin) ** share * begin
        result = computed(page, separation=separation, start=begin, time=t)
        noised, before = law.diffuse(t), law.diffuse(begin)
        for name in ("sde_exact", "flow_exact"):
            np.testing.assert_allclose(result[name], noised.density(y[:, None]), atol=1e-9)
        kernel = reverse_kernel(law, begin, t, fine, y) if t < begin else None
        back = flow_map(law, t, begin, y) if t < begin else y
        for which, start in zip(("first", "second"), STARTS, strict=True):
            flow = start.density(back[:, None]) * noised.density(y[:, None]) / before.density(back[:, None])
            np.testing.assert_allclose(result[f"flow_{which}"], flow, atol=1e-6)
            sde = start.density(fine[:, None]) / 100 @ kernel if t < begin else start.density(y[:, None])
            np.testing.assert_allclose(result[f"sde_{which}"], sde, atol=1e-6)
            for name in tops:
                tops[name] = max(tops[name], *result[f"{name}_{which}"])
    assert max(tops.values()) < 1.8, tops  # inside the panel


def test_a_moment_after_the_start_the_laws_are_still_the_starts(page):
    y = grid(page)
    for name in ("sde", "flow"):
        result = computed(page, separation=1.0, start=3.0, time=2.9999999)
        for which, start in zip(("first", "second"), STARTS, strict=True):
            np.testing.assert_allclose(result[f"{name}_{which}"], start.density(y), atol=1e-6)
    later = computed(page, separation=1.0, start=1.0, time=2.0)
    assert later["now"] == 1.0
    np.testing.assert_allclose(later["sde_second"], STARTS[1].density(y), atol=1e-12)


def test_distances_and_floor_equal_the_library_s(page):
    begin_distance = total_variation(*STARTS)
    for separation, begin in ((0.5, 0.5), (0.5, 3.0), (1.0, 1.7), (3.0, 0.5), (3.0, 3.0)):
        law = apart(separation)
        result = computed(page, separation=separation, start=begin, time=0.3)
        times, sde = np.array(result["sde"]).T
        assert times[0] == begin
        assert times[-1] == END
        assert (np.diff(times) < 0).all()
        exact, flow = forgetting_curves(law, *STARTS, times)
        np.testing.assert_allclose(sde, exact, atol=6e-7)
        np.testing.assert_allclose(result["flow"], [[begin, begin_distance], [END, begin_distance]], atol=1e-7)
        np.testing.assert_allclose(flow, begin_distance, atol=1e-7)
        gap = frozen_weights(law, STARTS[0], begin) - frozen_weights(law, STARTS[1], begin)
        floor = np.abs(gap).sum() / 2
        np.testing.assert_allclose(result["floor"], [[begin, floor], [END, floor]], atol=1e-7)
        assert (sde > floor - 1e-7).all()
        here = forgetting_curves(law, *STARTS, [begin, 0.3])[0][-1]
        assert result["here"] == [[0.3, pytest.approx(here, abs=6e-7)]]
        said = re.search(
            r"total variation of the two laws (\S+) with the SDE, (\S+) with the flow; floor (\S+),", result["status"]
        )
        np.testing.assert_allclose([float(one) for one in said.groups()], [here, begin_distance, floor], rtol=6e-3)


def test_distances_at_any_time_typed(page):
    law = apart(1.0)
    for t in (2.0, 2.9, 0.02, 0.777):
        here = computed(page, separation=1.0, start=3.0, time=t)["here"]
        assert here[0][1] == pytest.approx(forgetting_curves(law, *STARTS, [3.0, t])[0][-1], abs=6e-7)


def test_the_normal_distribution_function(page):
    script = re.sub(r"^export ", "", (assets.STATIC / "normal.js").read_text(encoding="utf-8"), flags=re.M)
    x = np.concatenate([np.linspace(-37, 37, 1481), [-3.0000001, 3.0000001, 0.0]])
    values = page.evaluate(
        f"(x) => {{ {script} return x.map((one) => [normalCdf(one), normalDensity(one)]); }}", x.tolist()
    )
    cdf, density = np.array(values).T
    np.testing.assert_allclose(cdf, norm.cdf(x), rtol=1e-12)
    np.testing.assert_allclose(density, norm.pdf(x), rtol=1e-13)
