"""Schedules: shapes, what they leave, the optimal ones against a general optimiser, golden values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from controls import against
from echolimit import (
    age_law,
    best_constant,
    budget_schedule,
    constant_schedule,
    forgetting_weights,
    geometric_schedule,
    hermite_coefficients,
    mean_noising_times,
    mode_amplitudes,
    mode_rms_error,
    noise_objective,
    noise_schedule,
    polynomial_schedule,
    round_law,
    scale_to_budget,
    schedule_cost,
    total_variation,
)
from strategies import line_example

ALPHAS = np.array([0.3, 0.1, 0.0, 0.6, 0.25, 0.4])
DELTAS = np.array([0.2, 0.05, 0.4, 0.01, 0.1, 0.03])
CONSTANT = constant_schedule(30, 0.1)
SCHEDULES = {  # name: schedule, golden amplitudes of degrees 1, 3, 6 after 30 rounds with alpha = .2
    "constant": (CONSTANT, (0.6553916844, 0.3637298352, 0.1956719708)),
    "r=.95": (geometric_schedule(30, 0.1, 0.95), (0.8777675060, 0.7090987701, 0.5493549676)),
    "r=.8": (geometric_schedule(30, 0.1, 0.8), (0.9956635317, 0.9883067566, 0.9790968302)),
    "r=.5": (geometric_schedule(30, 0.1, 0.5), (0.9996190769, 0.9990157279, 0.9983864911)),
    "p=1": (polynomial_schedule(30, 0.1, 1), (0.9801715084, 0.9434068863, 0.8939978277)),
    "p=2": (polynomial_schedule(30, 0.1, 2), (0.9989007001, 0.9968137544, 0.9938947513)),
}


def test_shapes():
    assert_allclose(geometric_schedule(4, 0.8, 0.5), [0.8, 0.4, 0.2, 0.1], rtol=1e-14)
    assert_allclose(polynomial_schedule(4, 0.6, 1), [0.6, 0.3, 0.2, 0.15], rtol=1e-14)
    assert_allclose(polynomial_schedule(3, 0.5, 0), constant_schedule(3, 0.5), rtol=1e-14)


@pytest.mark.parametrize("name", SCHEDULES)
def test_golden_amplitudes(name):
    schedule, golden = SCHEDULES[name]
    assert_allclose(mode_amplitudes([1, 3, 6], 0.2, schedule)[-1], golden, rtol=0, atol=0.5e-10)


def test_golden_distances_to_the_data():
    data, cooled = line_example(), SCHEDULES["r=.8"][0]
    for law, golden in [
        (round_law(data, 30, 0.2, CONSTANT), 0.2696356827),
        (round_law(data, 30, 0.2, cooled), 0.0076362023),
        (data.diffuse(cooled[-1]), 0.0003648269),
    ]:
        assert_allclose(total_variation(law, data), golden, rtol=0, atol=0.5e-10)


def test_golden_optima():
    alpha, rounds = 0.2, 12
    for budget, power, level, golden in [
        (60, 0, np.exp(-5), (0.0229896660, 0.0019747973, 0.0236975673, 0.0313745940)),
        (400, 1, 12 / 400, (0.0596162448, 0.0174726809, 0.1221178307, 0.1396920785)),
    ]:
        best, constant = budget_schedule(rounds, alpha, budget, power), constant_schedule(rounds, level)
        times = [mean_noising_times(alpha, s)[-1] for s in (best, constant)]
        assert_allclose([best[0], best[-1], *times], golden, rtol=0, atol=0.5e-10)
    assert_allclose(0.0236975673 / 0.0313745940, 0.7553107223, rtol=2e-9)
    best = noise_schedule(rounds, alpha, 1e-6, 1)
    assert_allclose([best[0], best[-1]], [0.0015391800, 0.0052516342], rtol=0, atol=0.5e-10)
    assert_allclose(noise_objective(alpha, best, 1e-6, 1), 9.8601467e-4, rtol=0, atol=0.5e-11)
    constant = constant_schedule(rounds, best_constant(alpha, 1e-6, 1, rounds))
    assert_allclose(noise_objective(alpha, constant, 1e-6, 1), 1.03807668e-3, rtol=0, atol=0.5e-11)


def test_histories_are_those_of_the_exact_laws():
    data, start = line_example(), line_example().diffuse(0.3)
    times, amplitudes = mean_noising_times(ALPHAS, DELTAS), mode_amplitudes([[1, 2], [3, 5]], ALPHAS, DELTAS)
    ratio = np.exp(-0.3 * 5)
    older = mode_amplitudes(5, ALPHAS, DELTAS, start=ratio)
    c = hermite_coefficients(data, 5)
    assert amplitudes.shape == (7, 2, 2)
    assert older.shape == times.shape == (7,)
    for i in range(1, 7):
        law = round_law(data, i, ALPHAS[:i], DELTAS[:i])
        assert_allclose(law.weights @ law.times, times[i], rtol=1e-13)
        found = hermite_coefficients(law.as_mixture(), 5)
        assert_allclose(found[[1, 2, 3, 5]], (amplitudes[i] * c[[[1, 2], [3, 5]]]).ravel(), rtol=1e-10)
        found = hermite_coefficients(round_law(data, i, ALPHAS[:i], DELTAS[:i], start).as_mixture(), 5)
        assert_allclose(found[5], older[i] * c[5], rtol=1e-10)


def test_forgetting_weights_count_the_lines_without_a_later_fresh_ancestor():
    weights = forgetting_weights(6, ALPHAS)
    assert_allclose(weights, [age_law(6, ALPHAS)[5 - k :].sum() for k in range(6)], rtol=1e-13)
    assert_allclose(forgetting_weights(3, 1.0), [0, 0, 1])
    assert_allclose(mean_noising_times(ALPHAS, DELTAS)[-1], weights @ DELTAS, rtol=1e-14)


def test_rms_error_without_noise_is_the_lost_share():
    lost = 1 - mode_amplitudes([1, 4], ALPHAS, DELTAS)
    assert_allclose(mode_rms_error([1, 4], ALPHAS, DELTAS, 0.0, 1.0), lost, rtol=1e-14)


def by_optimiser(alpha, rounds, power, cap):
    """ln delta by scipy's constrained optimiser, from the constant schedule at cost `rounds * cost(.05)`."""
    weights = np.cumprod(np.append(1.0, np.full(rounds - 1, 1 - alpha)))[::-1]

    def cost(u):
        return -u.sum() if power == 0 else np.exp(-power * u).sum()

    start = np.full(rounds, np.log(0.05))
    found = minimize(
        lambda u: np.log(weights @ np.exp(u)), start, method="SLSQP", bounds=[(None, np.log(cap))] * rounds,
        constraints={"type": "ineq", "fun": lambda u: 1 - cost(u) / cost(start)}, options={"ftol": 1e-14},
    )  # fmt: skip
    assert found.success
    return np.exp(found.x), cost(start)


@pytest.mark.parametrize(
    ("alpha", "rounds", "power", "cap"), [(0.3, 7, 0, 9.0), (0.3, 7, 0, 0.07), (0.5, 5, 1.5, 0.09)]
)
@against(
    budget_schedule,
    ratio_of_the_other_cost=lambda n, a, b, q, c: (
        scale_to_budget((1 - a) ** np.arange(n), b, q, c)
        if q
        else scale_to_budget((1 - a) ** (np.arange(n) / 2), b, q, c)
    ),
    cap_after_the_budget=lambda n, a, b, q, c: np.minimum(c, 0.9 * budget_schedule(n, a, b, q)),
)
def test_budget_schedule_against_an_optimiser(alpha, rounds, power, cap, schedule):
    best, budget = by_optimiser(alpha, rounds, power, cap)
    found = schedule(rounds, alpha, budget, power, cap)
    assert_allclose(schedule_cost(found, power), budget, rtol=1e-12)
    assert_allclose(found, best, rtol=2e-4)


@given(
    alpha=st.floats(0.02, 0.98),
    rounds=st.integers(1, 40),
    level=st.floats(1e-3, 0.3),
    power=st.just(0.0) | st.floats(0.05, 4),
    tilt=st.floats(-0.5, 0.5),
)
def test_any_shape_is_scaled_to_its_budget(alpha, rounds, level, power, tilt):
    budget = schedule_cost(constant_schedule(rounds, level), power)
    shape = np.exp(tilt * np.arange(rounds))
    for found in (scale_to_budget(shape, budget, power, 0.4), budget_schedule(rounds, alpha, budget, power, 0.4)):
        assert_allclose(schedule_cost(found, power), budget, rtol=1e-9)
        assert found.max() <= 0.4 * (1 + 1e-12)
    assert_allclose(scale_to_budget(constant_schedule(rounds, 1.0), budget, power), level, rtol=1e-9)


def test_a_long_loop_stays_at_its_cap_until_the_end():
    for power in (0.0, 1.0):
        budget = schedule_cost(constant_schedule(20_000, 0.05), power)
        found = budget_schedule(20_000, 0.2, budget, power, cap=0.06)
        below = found < 0.06 * (1 - 1e-12)
        assert_allclose(schedule_cost(found, power), budget, rtol=1e-9)
        assert 0 < below.sum() < 10_000
        assert np.all(np.diff(below.astype(int)) >= 0)
        assert_allclose(found[below][1:] / found[below][:-1], 0.8 ** (1 / (power + 1)), rtol=1e-9)


def test_a_round_of_fresh_data_only_forgets_what_came_before():
    found = budget_schedule(5, [0.2, 0.2, 1.0, 0.2, 0.2], 15.0, cap=0.5)
    assert_allclose(found[:2], 0.5)
    assert_allclose(found[2:] / found[2], [1, 0.8, 0.64], rtol=1e-12)
    assert_allclose(budget_schedule(3, 1.0, schedule_cost([0.2] * 3), cap=0.2), 0.2)
    assert_allclose(noise_schedule(1, 1.0, 1e-6, 1.0), best_constant(1.0, 1e-6, 1.0), rtol=1e-12)
