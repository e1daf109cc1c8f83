"""The explorer of chapter 10 in a browser: theory and control equal the library's, the networks are the records'."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import computed
from echolimit import mode_amplitudes, mode_ratios, resampled_mode_variances, round_law, transfer
from echolimit.example_laws import named_law
from echolimit.figures import learned_explorer
from echolimit.figures.explorers.learned import RUNS, recorded
from echolimit.results import load_record

pages, show_page, page = figure_pages.pages, figure_pages.show_page, figure_pages.page  # fixtures
pytestmark = pytest.mark.browser

FIGURE = learned_explorer
RECORDED = [name for name in RUNS if load_record(name)]


def column(rows: list, key: str, degree: int) -> np.ndarray:
    return np.array([row[key][degree - 1] for row in rows], dtype=float)


def test_the_three_curves_equal_library_and_record(page):
    for name, rounds in itertools.product(RECORDED, (1, 5, 8)):
        check_run(page, name, rounds)


def check_run(page, name, rounds):
    record = load_record(name)
    rows, alpha, delta = record["vectors"]["rounds"], record["alpha"], record["delta"]
    for degree in range(1, 5):
        drawn = computed(page, run=name, degree=degree, round=rounds)
        result = {key: np.array(value, dtype=float) for key, value in drawn.items() if key not in ("status", "none")}
        network = column(rows, "modes", degree)
        if not np.isfinite(network).all():
            assert all(np.isnan(value).all() for key, value in result.items() if not key.endswith("_bars"))
            continue
        theory = mode_amplitudes(degree, alpha, delta)
        spread = np.array(recorded(name)["spread"][degree - 1])
        deviation = np.sqrt(resampled_mode_variances(spread, 20_000, degree, alpha, delta))
        np.testing.assert_allclose(result["theory"], theory, rtol=1e-12)
        for key, sign in (("upper", 2), ("lower", -2)):
            np.testing.assert_allclose(result[key], theory[1:] + sign * deviation, rtol=0, atol=1e-9)
        gap = (network - theory[1:]) / deviation
        reach = 2 * column(rows, "modes_error", degree)
        np.testing.assert_allclose(result["network"][:rounds], network[:rounds], rtol=0, atol=1e-6)
        np.testing.assert_allclose(result["gap"][:rounds], gap[:rounds], rtol=0, atol=1e-4)
        control = (column(rows, "control_modes", degree) - theory[1:]) / deviation
        np.testing.assert_allclose(result["control"][:rounds], control[:rounds], rtol=0, atol=1e-4)
        for key in ("network", "gap", "control"):
            assert np.isnan(result[key][rounds:]).all()
        bars = result["network_bars"].reshape(-1, 3, 2)[:rounds, :2, 1]
        np.testing.assert_allclose(bars, np.column_stack([network - reach, network + reach])[:rounds], atol=1e-6)
        bars = result["gap_bars"].reshape(-1, 3, 2)[:rounds, :2, 1]
        half = reach / deviation
        np.testing.assert_allclose(bars, np.column_stack([gap - half, gap + half])[:rounds], atol=1e-3)
        if len(set(delta)) == 1:
            np.testing.assert_allclose(result["limit"], float(transfer(degree, alpha[0], delta[0])), rtol=1e-12)
        else:
            assert np.isnan(result["limit"]).all()


def test_the_spread_of_a_draw_is_that_of_more_draws():
    """10,000 draws in the figure, 60,000 here with another seed, as the caption says: up to a few per cent."""
    record = load_record("plane-a01")
    target = named_law("plane")
    seen = np.array(recorded("plane-a01")["spread"])
    for i in (1, 8):
        law = round_law(target, i, record["alpha"][:i], record["delta"][:i])
        again = mode_ratios(law.sample(60_000, np.random.default_rng(5)), target, 4).spread
        np.testing.assert_allclose(seen[:, i - 1], again, rtol=0.06)


def test_the_words_say_the_numbers_of_the_round(page):
    for name in RECORDED:
        row = load_record(name)["vectors"]["rounds"][4]
        result = computed(page, run=name, degree=4, round=5)
        said = re.search(
            r"^round 5: the network lies (\S+) standard deviations of the control (\w+) theory", result["status"]
        )
        gap = result["gap"][4]
        assert float(said[1]) == pytest.approx(abs(gap), abs=0.051)
        assert said[2] == ("below" if gap < 0 else "above")
        distances = re.search(
            r"sliced W₂ to theory: network (\S+), control (\S+), exact draws (\S+); network to the data (\S+)$",
            result["status"],
        )
        truth = [row["sliced"][key] for key in ("theory", "control", "floor", "data")]
        np.testing.assert_allclose([float(word) for word in distances.groups()], truth, rtol=0.0051)


def test_degrees_without_modes_are_said_to_be_so(page):
    result = computed(page, run="ten-a01", degree=3, round=8)
    assert result["none"] == "no modes of degree 3 in these data"
    assert "the data have no modes of this degree" in result["status"]
    assert computed(page, run="ten-a01", degree=4, round=8)["none"] == ""


def test_no_dot_leaves_its_panel(page):
    scale = learned_explorer().spec["axes"][1]["y"]
    top = (0.3 * 72 - scale["offset"]) / scale["slope"]  # the axes begin 0.3 inches below the upper edge
    assert top == pytest.approx(round(top), abs=1e-3)
    for name in RECORDED:
        for degree in range(1, 5):
            bars = np.array(computed(page, run=name, degree=degree, round=8)["gap_bars"], dtype=float)
            assert np.nanmax(np.abs(bars[:, 1]), initial=0.0) <= top


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"run": "plane"}, "run must be one of plane-a01, .*, got 'plane'"),
        ({"degree": 5}, r"degree must lie in \[1, 4\]"),
        ({"rounds": 9}, r"round must lie in \[1, 8\]"),
    ],
)
def test_what_is_not_recorded_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        learned_explorer(**arguments)
