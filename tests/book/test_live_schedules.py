"""The schedule designer in a browser: its numbers equal the library's, and its words are true."""

from __future__ import annotations

import itertools
import re
from typing import Any

import numpy as np
import pytest

from book import figure_pages
from book.figure_pages import computed
from echolimit.figures import schedule_designer
from echolimit.schedules import (
    budget_schedule,
    constant_schedule,
    forgetting_weights,
    geometric_schedule,
    mean_noising_times,
    mode_amplitudes,
    mode_rms_error,
    noise_objective,
    noise_schedule,
    polynomial_schedule,
    scale_to_budget,
    schedule_cost,
)

pages, show_page, page = figure_pages.pages, figure_pages.show_page, figure_pages.page  # fixtures
pytestmark = pytest.mark.browser

FIGURE = schedule_designer
POWERS = (0, 1, 2, 1, 2)
BUDGETS = 3  # the first settings; the others have noise
CAP = 0.5
NAMES = ("optimal", "constant", "geometric", "polynomial")
DEGREES = np.arange(1, 21)


def shapes(rounds: int, ratio: float) -> dict[str, np.ndarray]:
    return {
        "constant": constant_schedule(rounds, 1.0),
        "geometric": geometric_schedule(rounds, 1.0, ratio),
        "polynomial": polynomial_schedule(rounds, 1.0, 1.0),
    }


def expected(
    setting: int, alpha: float, rounds: int, delta: float, ratio: float
) -> tuple[dict[str, np.ndarray], float]:
    """The schedules, and the noise eta^2 of the price."""
    power = POWERS[setting]
    if setting < BUDGETS:
        budget = schedule_cost(constant_schedule(rounds, delta), power)
        scaled = {name: scale_to_budget(s, budget, power, CAP) for name, s in shapes(rounds, ratio).items()}
        return scaled | {"optimal": budget_schedule(rounds, alpha, budget, power, CAP)}, 0.0
    theta = forgetting_weights(rounds, alpha)
    noise = 2 * theta.sum() ** 2 * delta ** (power + 2) / (power * (theta**2).sum())
    scaled = {}
    for name, s in shapes(rounds, ratio).items():
        first, second = theta @ s, theta**2 @ s ** (-1.0 * power)
        scaled[name] = (power * noise * second / (2 * first**2)) ** (1 / (power + 2)) * s
    return scaled | {"optimal": noise_schedule(rounds, alpha, noise, power)}, noise


def readings(status: str) -> list[float]:
    """The four numbers and the ratio that the status line says."""
    words = re.findall(r"(?:optimal|constant|geometric|polynomial) (?:= )?(\d[\d.]*(?:e−\d+)?)", status)
    return [float(word.replace("−", "-")) for word in words]


def check(page: Any, setting: int, alpha: float, rounds: int, delta: float, ratio: float) -> None:
    result = computed(page, setting=str(setting), alpha=alpha, rounds=rounds, delta=delta, ratio=ratio)
    schedules, noise = expected(setting, alpha, rounds, delta, ratio)
    power = max(POWERS[setting], 1)
    scores = []
    for name in NAMES:
        schedule = schedules[name]
        shown = np.array(result[f"schedule_{name}"])
        np.testing.assert_allclose(shown[:rounds], schedule, rtol=1e-9)
        assert np.isnan(shown[rounds:]).all()
        assert len(shown) == 30
        np.testing.assert_allclose(result[f"modes_{name}"], mode_amplitudes(DEGREES, alpha, schedule)[-1], atol=1e-9)
        error = np.array(result[f"error_{name}"])
        np.testing.assert_allclose(error[:rounds], mode_rms_error(1, alpha, schedule, noise, power)[1:], rtol=1e-7)
        assert np.isnan(error[rounds:]).all()
        mean = mean_noising_times(alpha, schedule)[-1]
        scores.append(np.sqrt(noise_objective(alpha, schedule, noise, power)) if noise else mean)
    assert scores[0] <= min(scores) * (1 + 1e-12)
    said = readings(result["status"])
    assert len(said) == 5
    for number, truth in zip(said, [*scores, scores[0] / scores[1]], strict=True):
        assert number == pytest.approx(truth, rel=0.0051 if truth >= 1e-4 else 0.051)  # three digits, or two


@pytest.mark.parametrize("setting", range(5))
def test_the_designer_equals_the_library_on_the_whole_range(page, setting):
    grid = itertools.product((0.1, 0.23, 0.5), (2, 12, 30), (0.005, 0.007, 0.05), (0.7, 0.9, 1.0))
    for alpha, rounds, delta, ratio in grid:
        check(page, setting, alpha, rounds, delta, ratio)


def test_levels_under_noise_are_the_best_of_their_shape(page):
    for setting, alpha, ratio in itertools.product((3, 4), (0.1, 0.5), (0.7, 1.0)):
        result = computed(page, setting=str(setting), alpha=alpha, rounds=12, delta=0.01, ratio=ratio)
        noise = expected(setting, alpha, 12, 0.01, ratio)[1]
        for name in NAMES:
            schedule = np.array(result[f"schedule_{name}"])[:12]
            here, *others = (
                noise_objective(alpha, factor * schedule, noise, POWERS[setting]) for factor in (1, 0.99, 1.01)
            )
            assert here < min(others)
        np.testing.assert_allclose(result["schedule_constant"][:12], 0.01, rtol=1e-12)


def test_the_golden_optimum(page):
    result = computed(page, setting="0", alpha=0.2, rounds=12, delta=float(np.exp(-5)), ratio=0.9)
    assert result["schedule_optimal"][0] == pytest.approx(0.0229896660, abs=5e-11)
    assert result["schedule_optimal"][11] == pytest.approx(0.0019747973, abs=5e-11)
    assert "optimal 0.0237, constant 0.0314" in result["status"]
    assert result["status"].endswith("optimal / constant = 0.755")
