"""The playground's numbers equal the library's, and so do those of the Python code that it shows."""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from typing import Any

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import computed
from echolimit import (
    GaussianMixture,
    gaussian_loop,
    hermite_coefficients,
    limit_law,
    mode_amplitudes,
    round_law,
    time_grid,
    total_variation,
    transfer,
    wasserstein,
)
from echolimit.figures import playground_explorer
from echolimit.figures.explorers.playground import BELLS, LOW, PLACES, SAMPLERS, mixture_of

pages, show_page, page = figure_pages.pages, figure_pages.show_page, figure_pages.page  # fixtures
pytestmark = pytest.mark.browser

FIGURE = playground_explorer
X = np.linspace(-5, 5, 321)[:, None]
DEGREES = np.arange(1, 17)
DECADES = 3.0  # of the axis of distances
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
DRAWING = np.round(1000 * np.sin(2.0 * PLACES) ** 2 * np.exp(-(PLACES**2) / 4)).astype(int)
START = {
    "data": "example", "mixture": "1 -3.5 1; 3 3.5 0.1", "place": 0, "height": 0, "alpha": 0.2, "schedule": "constant",
    "heights": "".join(DIGITS[height >> 6] + DIGITS[height & 63] for height in DRAWING), "delta": 0.05,
    "times": "0.3 0.001", "round": 5, "sampler": "exact", "steps": 20,
}  # fmt: skip
LAWS = {name: mixture_of(bells) for name, bells in BELLS.items()} | {
    "typed": GaussianMixture([0.25, 0.75], [[-3.5], [3.5]], [1.0, 0.01]),
    "drawn": GaussianMixture(DRAWING / DRAWING.sum(), PLACES[:, None], np.full(61, 0.01)),
}
LISTED = [0.3] + [0.001] * 199
SCHEDULES = {
    "constant": lambda delta: [delta] * 200,
    "annealed": lambda delta: [delta / (i + 1) for i in range(200)],
    "listed": lambda delta: LISTED,
}


def laws_of(values: dict[str, Any]) -> tuple[Any, Any, np.ndarray]:
    """The law of the round, that of the end, and the schedule."""
    target, rounds, alpha = LAWS[values["data"]], values["round"], values["alpha"]
    times = SCHEDULES[values["schedule"]](values["delta"])
    end = target if values["schedule"] == "annealed" else limit_law(target, alpha, times[-1])
    return round_law(target, rounds, alpha, times[:rounds]), end, np.array(times)


def agree(found: float | None, truth: float) -> None:
    """To a millionth of the log axis of the distances, for those that it shows."""
    if truth >= LOW:
        assert abs(np.log10(found) - np.log10(truth)) <= 1e-6 * DECADES, (found, truth)


@pytest.mark.parametrize("data", LAWS)
def test_densities_and_modes_equal_the_library_on_the_whole_range(page, data):
    corners = itertools.product((0.02, 0.3, 1.0), (0.001, 0.07, 1.0), SCHEDULES, (0, 1, 7, 40))
    for k, (alpha, delta, schedule, rounds) in enumerate(corners):
        if k % 5 != list(LAWS).index(data) % 5:  # each corner comes with one law or two
            continue
        values = START | {"data": data, "alpha": alpha, "delta": delta, "schedule": schedule, "round": rounds}
        result = computed(page, **values)
        law, end, times = laws_of(values)
        for name, one in (("data", LAWS[data]), ("round", law), ("end", end)):
            expected = np.asarray(one.density(X)) / float(result["top"])
            np.testing.assert_allclose(result[name], expected, atol=1e-8, err_msg=f"{name} of {values}")
        kept = mode_amplitudes(DEGREES, alpha, times[:rounds])[-1] if rounds else np.ones(16)
        left = np.ones(16) if schedule == "annealed" else transfer(DEGREES, alpha, times[-1])
        np.testing.assert_allclose(result["kept_round"], kept, rtol=1e-12)
        np.testing.assert_allclose(result["kept_end"], left, rtol=1e-9)
        assert max(*result["data"], *result["round"]) <= 1


def test_total_variation_equals_the_library(page):
    for data, (alpha, delta), schedule in itertools.product(
        ("example", "comb", "typed", "drawn"), ((0.02, 0.001), (0.3, 0.07), (1.0, 1.0)), ("constant", "annealed")
    ):
        values = START | {"data": data, "alpha": alpha, "delta": delta, "schedule": schedule, "round": 3}
        result = computed(page, **values)
        law, end, _ = laws_of(values)
        agree(result["tv"][2], total_variation(law, LAWS[data]))
        if schedule == "constant" and alpha > 0.02:
            agree(result["tv_end"][0], total_variation(end, LAWS[data]))


def test_wasserstein_distance_equals_the_library(page):
    for data, alpha, delta, rounds in (
        ("example", 0.02, 0.001, 1), ("example", 0.2, 0.05, 5), ("bell", 1.0, 1.0, 1), ("spike", 0.3, 0.07, 2),
        ("typed", 0.02, 0.001, 2), ("typed", 0.5, 1.0, 2), ("comb", 0.02, 0.001, 1), ("drawn", 0.5, 0.02, 1),
    ):  # fmt: skip
        values = START | {"data": data, "alpha": alpha, "delta": delta, "round": rounds}
        result = computed(page, **values)
        law, _, _ = laws_of(values)
        agree(result["w2"][rounds - 1], wasserstein(law, LAWS[data], 2))
        if alpha == 1:
            assert result["w2_end"][0] == pytest.approx(result["w2"][0], rel=1e-9)


def test_the_closed_loops_equal_the_library(page):
    for k, (sampler, steps, (alpha, delta), data) in enumerate(
        itertools.product(SAMPLERS, (4, 50), ((0.02, 0.001), (0.5, 0.3)), ("example", "typed"))
    ):
        schedule = ("constant", "annealed")[k % 2]
        rounds = (1, 6, 40)[k % 3]
        values = {"data": data, "alpha": alpha, "delta": delta, "schedule": schedule, "round": rounds}
        result = computed(page, **START | values | {"sampler": sampler, "steps": steps})
        target = LAWS[data]
        mean, variance = float(target.mean()[0]), float(target.covariance()[0, 0])
        path = [(mean, variance)]
        for time in SCHEDULES[schedule](delta):
            times = time_grid(4.0, time, steps, "geometric")
            columns = gaussian_loop(sampler, mean, variance, alpha, times, 1, start=path[-1])
            path.append(tuple(float(column[1]) for column in columns))
        modes = hermite_coefficients(target, 16)
        for name, (m, v) in (("round", path[rounds]), ("end", path[200])):
            law = GaussianMixture([1.0], [[m]], [v])
            shown = np.asarray(law.density(X)) / float(result["top"])
            np.testing.assert_allclose(result[name], shown, rtol=1e-6, atol=1e-8)
            kept = np.clip(hermite_coefficients(law, 16) / modes, -9, 9)[1:]
            np.testing.assert_allclose(result[f"kept_{name}"], kept, rtol=1e-6, atol=1e-6)
            ways, variations = ("w2", "tv") if name == "round" else ("w2_end", "tv_end")
            place = rounds - 1 if name == "round" else 0
            if v < 100:  # beyond the panel
                agree(result[variations][place], total_variation(law, target))
            if k % 4 == 0:
                agree(result[ways][place], wasserstein(law, target, 2))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data": "drawn", "round": 1, "alpha": 1.0},
        {"data": "typed", "schedule": "listed", "round": 2},
        {"data": "bell", "schedule": "annealed", "round": 0},
        {"data": "spike", "sampler": "ddim", "schedule": "annealed", "steps": 6},
    ],
)
def test_the_code_runs_and_gives_the_numbers_of_the_page(page, changes):
    values = START | changes
    page.evaluate(
        "(values) => { const { controls } = document.querySelector('live-fig');"
        "for (const [name, value] of Object.entries(values)) controls.put(name, value); controls.tell(); }",
        values,
    )
    page.wait_for_function(
        "(heights) => document.querySelector('live-fig').drawn.heights === heights", arg=values["heights"]
    )
    page.locator("summary", has_text="Python code").click()
    code = page.locator(".echo-code code", has_text="import numpy").inner_text()
    assert max(map(len, code.splitlines())) <= 88
    words, names = io.StringIO(), {}
    with contextlib.redirect_stdout(words):
        exec(code, names)
    result = computed(page, **values)
    said = [float(number) for number in re.findall(r"(?:W2|TV) ([\d.e+-]+)", words.getvalue())]
    place = values["round"] - 1
    here = [result["w2"][place], result["tv"][place]] if place >= 0 else [0.0, 0.0]
    np.testing.assert_allclose(said, [*here, result["w2_end"][0], result["tv_end"][0]], rtol=2e-5, atol=1e-9)
    shown = np.clip(names["kept"], -9, 9), np.clip(names["kept_at_the_end"], -9, 9)
    np.testing.assert_allclose(result["kept_round"], shown[0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(result["kept_end"], shown[1], rtol=1e-6, atol=1e-9)
    status = page.get_by_role("status").inner_text()
    assert status.startswith(f"round {values['round']}: W₂ to the data ")
