"""Chapter 5: the best schedules for a budget and against score noise, and the floor."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import brentq, minimize, minimize_scalar

from controls import against
from echolimit import best_constant, budget_schedule, mode_rms_error, noise_objective, noise_schedule

few = settings(max_examples=20, report_multiple_bugs=False, deadline=None)
seeds = st.integers(0, 10_000)


def weights(alphas):
    """The products of theta_k, written out."""
    return np.array([math.prod(1 - a for a in alphas[k + 1 :]) for k in range(len(alphas))])


def cost(delta, q):
    return float(-np.log(delta).sum() if q == 0 else (delta**-q).sum())


def at_cost(shape, budget, q, cap):
    """min(cap, C shape) with C found by a root finder."""
    excess = lambda u: cost(np.minimum(cap, math.exp(u) * shape), q) - budget  # noqa: E731
    return np.minimum(cap, math.exp(brentq(excess, -40, 60, xtol=1e-13)) * shape)


@pytest.mark.claim("thm-budget-schedule")
@against(
    budget_schedule,
    constant=lambda n, a, b, q, cap: at_cost(np.ones(n), b, q, cap),
    rising=lambda n, a, b, q, cap: at_cost(weights(a) ** (1 / (q + 1)), b, q, cap),
    power_of_the_cost_forgotten=lambda n, a, b, q, cap: at_cost(1 / weights(a) if q else weights(a) ** -0.5, b, q, cap),
    half_the_cost_power=lambda n, a, b, q, cap: at_cost(weights(a) ** (-1 / (q / 2 + 1.3)), b, q, cap),
)
@few
@given(seed=seeds, q=st.sampled_from([0, 0.5, 1, 2]), cap=st.sampled_from([0.1, 1e6]))
def test_no_schedule_of_the_same_cost_is_better(seed, q, cap, best):
    rng = np.random.default_rng(seed)
    alphas = rng.uniform(0.1, 0.6, 6)
    theta, budget = weights(alphas), cost(np.full(6, 0.05), q)
    found = best(6, alphas, budget, q, cap)
    assert_allclose(cost(found, q), budget, rtol=1e-9)
    for size in (0.02, 0.1, 0.5):
        for _ in range(25):
            rival = at_cost(found * np.exp(rng.normal(0, size, 6)), budget, q, cap)
            assert theta @ found <= (theta @ rival) * (1 + 1e-12)


def least_time(theta, q, level):
    """The least mean noising time at the cost of the constant `level`, without a cap."""
    n = len(theta)
    if q == 0:
        return n * level * np.prod(theta) ** (1 / n)
    return level * n ** (-1 / q) * np.sum(theta ** (q / (q + 1))) ** ((q + 1) / q)


@pytest.mark.claim("thm-budget-schedule")
@against(
    least_time,
    mean_of_the_weights=lambda theta, q, level: level * theta.sum(),
    one_round_only=lambda theta, q, level: least_time(theta, q, level) / len(theta),
    exponents_exchanged=lambda theta, q, level: (
        len(theta) * level * np.prod(theta) ** (1 / len(theta))
        if q == 0
        else level * len(theta) ** (-1 / q) * np.sum(theta ** (1 / (q + 1))) ** ((q + 1) / q)
    ),
)
@few
@given(seed=seeds, q=st.sampled_from([0, 0.5, 2]))
def test_the_least_mean_noising_time(seed, q, value):
    """scipy's optimiser over ln delta; the last entry follows from the budget."""
    rng = np.random.default_rng(seed)
    theta, level = weights(rng.uniform(0.2, 0.6, 4)), 0.03

    def full(u):
        if q == 0:
            return np.exp(np.append(u, 4 * math.log(level) - u.sum()))
        left = 4 * level**-q - np.exp(-q * u).sum()
        return np.append(np.exp(u), left ** (-1 / q) if left > 0 else 1e9)

    found = minimize(lambda u: math.log(theta @ full(u)), np.full(3, math.log(level)), method="Nelder-Mead",
                     options={"xatol": 1e-7, "fatol": 1e-13, "maxiter": 4000})  # fmt: skip
    assert_allclose(math.exp(found.fun), value(theta, q, level), rtol=1e-6)


@pytest.mark.claim("thm-budget-schedule")
@against(
    lambda a, q: (1 - a) ** (1 / (q + 1)),
    ratio_without_the_cost=lambda a, q: (1 - a) ** (2 / (q + 2)),
    fresh_share=lambda a, q: a ** (1 / (q + 1)),
    inverse=lambda a, q: (1 - a) ** (-1 / (q + 1)),
)
@few
@given(a=st.floats(0.05, 0.4), q=st.sampled_from([0, 1, 3]))
def test_constant_shares_give_a_geometric_schedule(a, q, ratio):
    """Moving a little cost from one round to the next gains nothing to first order."""
    delta = ratio(a, q) ** np.arange(5)
    theta = (1 - a) ** np.arange(4, -1, -1.0)
    price = theta / (1 / delta if q == 0 else q * delta ** (-q - 1))  # noising time saved per unit of cost
    assert_allclose(price, price[0], rtol=1e-9)


def exact_error(n, alphas, delta, noise, q):
    """E e_N^2 for c* = 1, with bias and each round's noise followed by themselves."""
    bias, reach = 0.0, np.zeros(0)
    for a, d in zip(alphas, delta, strict=True):
        keep = (1 - a) * math.exp(-n * d)
        bias = keep * bias - (1 - math.exp(-n * d))
        reach = np.append(keep * reach, 1.0)
    return bias**2 + noise * float(reach**2 @ delta**-q)


def noise_bounds(n, theta, delta, noise, q):
    return noise * delta[-1] ** -q, (n * theta @ delta) ** 2 + noise * theta**2 @ delta**-q


@pytest.mark.claim("prop-noise-bound")
@against(
    noise_bounds,
    degree_forgotten=lambda n, t, d, s, q: (s * d[-1] ** -q, (t @ d) ** 2 + s * t**2 @ d**-q),
    noise_of_the_last_round_only=lambda n, t, d, s, q: (s * d[-1] ** -q, (n * t @ d) ** 2 + s * d[-1] ** -q),
    weights_cubed=lambda n, t, d, s, q: (s * d[-1] ** -q, (n * t @ d) ** 2 + s * t**3 @ d**-q),
    bias_added_below=lambda n, t, d, s, q: (s * d[-1] ** -q + (n * t @ d) ** 2, math.inf),
)
@few
@given(seed=seeds)
def test_the_error_lies_between_noise_and_its_bound(seed, bounds):
    rng = np.random.default_rng(seed)
    for n, scale, noise, q in ((3, 1e-3, 1e-14, 1), (1, 1e-3, 1e-3, 1), (2, 0.3, 1e-4, 2)):
        alphas, delta = rng.uniform(0, 0.5, 7), scale * rng.uniform(0.5, 1, 7)
        low, high = bounds(n, weights(alphas), delta, noise, q)
        exact = exact_error(n, alphas, delta, noise, q)
        assert low * (1 - 1e-12) <= exact <= high * (1 + 1e-12)
        assert_allclose(mode_rms_error(n, alphas, delta, noise, q)[-1], math.sqrt(exact), rtol=1e-10)


@pytest.mark.claim("prop-noise-bound")
@against(noise_not_scaled_by_the_power=lambda *a: mode_rms_error(*a[:-1], 0.5), bias_only=lambda *a: mode_rms_error(
    *a[:-2], 1e-9, a[-1]))  # fmt: skip
def test_simulated_loops_have_the_exact_error(error=mode_rms_error):
    rng, alphas = np.random.default_rng(11), [0.2, 0.4, 0.1, 0.3, 0.2]
    delta, noise, n, q = np.array([0.05, 0.02, 0.06, 0.01, 0.03]), 3e-4, 2, 1.5
    e, count = np.zeros(40_000), 40_000
    for a, d in zip(alphas, delta, strict=True):
        e = math.exp(-n * d) * (1 - a) * e - (1 - math.exp(-n * d)) + rng.normal(0, math.sqrt(noise * d**-q), count)
    five = 5 * np.std(e**2) / math.sqrt(count)
    assert abs(np.mean(e**2) - error(n, alphas, delta, noise, q)[-1] ** 2) < five


@pytest.mark.claim("thm-noise-schedule")
@against(
    noise_schedule,
    noise_weighted_like_bias=lambda n, a, s, q: np.full(n, best_constant(a, s, q, n)),
    falling=lambda n, a, s, q: noise_schedule(n, a, s, q)[::-1],
    power_of_the_noise_forgotten=lambda n, a, s, q: noise_schedule(n, a, s / q**2, q),
    bias_not_squared=lambda n, a, s, q: (q * s * weights(a)) ** (1 / (q + 1)),
)
@few
@given(seed=seeds, q=st.sampled_from([0.5, 1.5, 3]))
def test_the_best_schedule_against_noise(seed, q, best):
    rng = np.random.default_rng(seed)
    alphas, noise = rng.uniform(0.2, 0.6, 5), 10 ** rng.uniform(-7, -3)
    theta, found = weights(alphas), best(5, alphas, noise, q)
    objective = lambda u: 2 * theta @ np.exp(u) * theta * np.exp(u) - q * noise * theta**2 * np.exp(-q * u)  # noqa: E731
    value = (theta @ found) ** 2 + noise * theta**2 @ found**-q
    assert_allclose(objective(np.log(found)), 0, atol=1e-9 * value)  # the gradient in ln delta
    for _ in range(20):
        rival = found * np.exp(rng.normal(0, 0.2, 5))
        assert value <= (theta @ rival) ** 2 + noise * theta**2 @ rival**-q
    assert_allclose(value, (1 + 2 / q) * (theta @ found) ** 2, rtol=1e-9)
    assert_allclose(found[1:] / found[:-1], (1 - alphas[1:]) ** (-1 / (q + 1)), rtol=1e-9)


@pytest.mark.claim("prop-constant-floor")
@against(
    best_constant,
    sums_exchanged=lambda a, s, q: (q * s * (2 - a) / (2 * a)) ** (1 / (q + 2)),
    one_round=lambda a, s, q: (q * s / 2) ** (1 / (q + 2)),
    two_forgotten=lambda a, s, q: (q * s * a / (2 - a)) ** (1 / (q + 2)),
)
@few
@given(alpha=st.floats(0.1, 0.9), q=st.sampled_from([0.5, 1, 3]))
def test_the_best_constant_in_the_long_run(alpha, q, level):
    theta, noise = (1 - alpha) ** np.arange(400.0), 1e-6
    objective = lambda u: math.log((theta.sum() * math.exp(u)) ** 2 + noise * (theta**2).sum() * math.exp(-q * u))  # noqa: E731
    found = minimize_scalar(objective, bracket=(-9, -3), tol=1e-12)
    assert_allclose(level(alpha, noise, q), math.exp(found.x), rtol=1e-5)


def gain(beta, q):
    """R: the best schedule over the best constant, in the long run."""
    s = (q + 2) / (q + 1)
    return ((1 - beta**2) * (1 - beta) ** q / (1 - beta**s) ** (q + 1)) ** (2 / (q + 2))


@pytest.mark.claim("prop-constant-floor")
@against(
    gain,
    root_forgotten=lambda b, q: gain(b, q) ** ((q + 2) / 2),
    root_of_the_objective=lambda b, q: math.sqrt(gain(b, q)),
    no_gain=lambda b, q: 1.0,
)
@settings(max_examples=1)
@given(cases=st.just([(0.2, 1), (0.5, 2), (0.1, 4)]))
def test_reverse_annealing_gains_little(cases, ratio):
    for alpha, q in cases:
        best = noise_objective(alpha, noise_schedule(300, alpha, 1e-6, q), 1e-6, q)
        flat = noise_objective(alpha, np.full(300, best_constant(alpha, 1e-6, q)), 1e-6, q)
        assert_allclose(best / flat, ratio(1 - alpha, q), rtol=1e-8)


@pytest.mark.claim("prop-constant-floor")
@against(
    lambda eta, q: (eta * q / 2) ** (2 / (q + 2)),
    power_of_the_variance=lambda eta, q: (eta * q) ** (1 / (q + 1)),
    root_forgotten=lambda eta, q: (eta * q / 2) ** (1 / (q + 2)),
    half_forgotten=lambda eta, q: (eta * q) ** (2 / (q + 2)),
)
@few
@given(eta=st.floats(1e-5, 1e-2), q=st.sampled_from([0.5, 1, 3]))
def test_systematic_errors_have_one_best_level(eta, q, level):
    theta, delta, errors = weights([0.2, 0.5, 0.1]), np.full(3, level(eta, q)), 0.0
    for a, d in zip([0.2, 0.5, 0.1], delta, strict=True):
        errors = math.exp(-d) * (1 - a) * errors + (1 - math.exp(-d)) + eta * d ** (-q / 2)
    assert errors <= theta @ (delta + eta * delta ** (-q / 2))
    found = minimize_scalar(lambda u: math.exp(u) + eta * math.exp(-q * u / 2), bracket=(-9, -1), tol=1e-12)
    assert_allclose(level(eta, q), math.exp(found.x), rtol=1e-5)
