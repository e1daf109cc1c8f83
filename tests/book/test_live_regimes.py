"""The map of chapter 7 in a browser: its numbers equal the library's, and its verdicts are those of the theorems."""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import computed
from echolimit import accumulated_drift, chi2_onset, shift_loop_chi2
from echolimit.figures import regime_explorer

pages, show_page, page = figure_pages.pages, figure_pages.show_page, figure_pages.page  # fixtures
pytestmark = pytest.mark.browser

FIGURE = regime_explorer
ROUNDS = 120
SPAN = math.log10(1e3 / 1e-4)  # of the axis of drifts
ALPHAS = (0.02, 0.1, 0.37, 0.99, 1.0)
ERRORS = (0.01, 0.05, 0.3, 2.0)
TOLERANCES = (0.03, 0.1, 0.3)


def test_curves_equal_the_library_on_the_whole_range(page):
    for alpha, error in itertools.product(ALPHAS, ERRORS):
        result = computed(page, alpha=alpha, error=error, tolerance=0.1)
        shift = math.sqrt(math.log1p(error**2))
        alternating = accumulated_drift(alpha, error * np.resize([1.0, -1.0], ROUNDS), 1.0)[1:]
        random = accumulated_drift(alpha, np.full(ROUNDS, error))[1:]
        same = np.array([shift_loop_chi2(k, alpha, shift) for k in range(1, ROUNDS + 1)])
        for name, law in (("alternating", alternating), ("random", random)):
            np.testing.assert_allclose(np.log10(result[name]), np.log10(law), atol=1e-6 * SPAN, err_msg=name)
        shown = np.cumsum(same > 1e3) <= 1  # up to the first point above the panel
        drawn = np.array(result["same"], dtype=float)
        assert (np.isfinite(drawn) == shown).all()
        np.testing.assert_allclose(np.log10(drawn[shown]), np.log10(same[shown]), atol=1e-6 * SPAN)
        assert same[0] == pytest.approx(error**2, rel=1e-12)  # the first error has the size that the map shows
        assert result["here"] == [[alpha, error]]
        onset = chi2_onset(alpha, shift) if alpha < 1 else math.inf
        if onset <= ROUNDS:
            assert result["onset"] == pytest.approx(onset, rel=1e-12)
            assert result["beyond"] == ""
        else:
            assert result["onset"] is None
            assert result["beyond"].startswith("N* = " if alpha < 1 else "")
            assert (result["beyond"] == "") == (alpha == 1)


def test_the_lines_of_the_map_are_where_the_long_run_drift_is_the_tolerance(page):
    shares = np.array(page.evaluate("() => document.querySelector('live-fig').spec.constants.shares"))
    assert (shares[0], shares[-1]) == (0.02, 1.0)
    signs = {"line_same": (np.ones(4000), 1.0), "line_random": (np.ones(4000), 0.0)}
    signs["line_alternating"] = (np.resize([1.0, -1.0], 4000), 1.0)
    for tolerance, (name, (sign, correlation)) in itertools.product(TOLERANCES, signs.items()):
        line = np.array(computed(page, alpha=0.1, error=0.05, tolerance=tolerance)[name])
        for k in (0, 13, 40, 60):
            limit = accumulated_drift(shares[k], line[k] * sign, correlation)[-1]
            assert limit == pytest.approx(tolerance, rel=1e-9)


def test_verdicts_and_words_are_true(page):
    seen = set()
    for alpha, error, tolerance in itertools.product((0.02, 0.1, 0.5, 1.0), ERRORS, TOLERANCES):
        result = computed(page, alpha=alpha, error=error, tolerance=tolerance)
        flips = np.resize([1.0, -1.0], 4000)
        laws = [
            accumulated_drift(alpha, error * flips, 1.0)[-1],
            accumulated_drift(alpha, np.full(4000, error))[-1],
            accumulated_drift(alpha, np.full(4000, error), 1.0)[-1],
        ]
        below = [law <= tolerance * (1 + 1e-9) for law in laws]
        words = "held whatever the signs" if below[2] else "lost whatever the signs" if not below[0] else ""
        words = words or f"the signs decide, random ones {'hold' if below[1] else 'exceed it'}"
        seen.add(words)
        assert f"size: {words}, long-run drift " in result["status"], (alpha, error, tolerance)
        said = re.search(r"drift (\S+) alternating, (\S+) random, (\S+) same sign", result["status"]).groups()
        np.testing.assert_allclose([float(one.replace("−", "-")) for one in said], laws, rtol=0.06)
        shift = math.sqrt(math.log1p(error**2))
        same = [shift_loop_chi2(k, alpha, shift) for k in range(1, ROUNDS + 1)]
        past = next((k for k, drift in enumerate(same, 1) if drift > tolerance), None)
        expected = f"passes D in round {past}" if past else f"keeps below D for {ROUNDS} rounds"
        assert f"the shift loop, whose errors grow, {expected}" in result["status"]
        assert ("onset N* = " in result["status"]) == (alpha < 1)
    assert len(seen) == 4
