"""Chapter 7: the shift loop, whose chi-square explodes while nothing else moves."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from controls import against
from echolimit import (
    GaussianMixture,
    chi2_onset,
    hermite_coefficients,
    kl_divergence,
    shift_loop_chi2,
    shift_loop_law,
    total_variation,
    wasserstein,
)

GAMMA = GaussianMixture([1.0], [[0.0]], [1.0])


def loop_by_steps(rounds, alpha, shift, delta=0.0):
    """Weights and means, round by round: mix, noise, shift."""
    weights, means = np.array([1.0]), np.array([0.0])
    for _ in range(rounds):
        weights, means = np.append(alpha, (1 - alpha) * weights), np.append(0.0, means)
        means = np.exp(-delta) * means + shift
    return weights, means


def chi2_by_quadrature(weights, means):
    def integrand(x):
        density = weights @ norm.pdf(x - means)
        return density**2 / norm.pdf(x)

    edge = 2 * abs(means).max() + 9
    return quad(integrand, -edge, edge, limit=400, epsabs=1e-12, epsrel=1e-11)[0] - 1


def ages_as_in_the_limit(rounds, alpha, shift, delta=0.0):
    """Wrong: the oldest age forgotten."""
    j = np.arange(1, rounds + 1)
    w, s = alpha * (1 - alpha) ** (j - 1), shift * np.cumsum(np.exp(-delta * (j - 1)))
    return w @ np.exp(np.outer(s, s)) @ w - 1


def ages_from_zero(rounds, alpha, shift, delta=0.0):
    """Wrong: fresh data enter after the error."""
    j = np.arange(0, rounds + 1)
    w = np.append(alpha * (1 - alpha) ** j[:-1], (1 - alpha) ** rounds)
    s = shift * np.append(0, np.cumsum(np.exp(-delta * j[:-1])))
    return w @ np.exp(np.outer(s, s)) @ w - 1


@pytest.mark.claim("thm-chi2-explosion")
@against(oldest_forgotten=ages_as_in_the_limit, ages_from_zero=ages_from_zero)
def test_chi2_is_the_double_sum_over_ages(chi2=shift_loop_chi2):
    for rounds, alpha, shift, delta in [
        (1, 0.3, 0.2, 0.0),
        (6, 0.3, 0.2, 0.0),
        (9, 0.5, -0.3, 0.0),
        (8, 0.2, 0.4, 0.1),
    ]:
        weights, means = loop_by_steps(rounds, alpha, shift, delta)
        assert_allclose(chi2(rounds, alpha, shift, delta), chi2_by_quadrature(weights, means), rtol=1e-8)
        x = np.linspace(-3, 4, 9)
        own = shift_loop_law(rounds, alpha, shift, delta).density(x[:, None])
        assert_allclose(own, norm.pdf(x[:, None] - means) @ weights, rtol=1e-11)


def log_drift(rounds, alpha, shift):
    """ln(D_N + 1) with 60 digits."""
    with mpmath.workdps(60):
        a, e2 = mpmath.mpf(alpha), mpmath.mpf(shift) ** 2
        w = [a * (1 - a) ** (j - 1) for j in range(1, rounds)] + [(1 - a) ** (rounds - 1)]
        grown = [mpmath.exp(e2 * j) for j in range(1, rounds + 1)]
        total = mpmath.mpf(0)
        for j, g in enumerate(grown):
            power, inner = mpmath.mpf(1), mpmath.mpf(0)
            for weight in w:
                power *= g
                inner += weight * power
            total += w[j] * inner
        return float(mpmath.log(total))


@pytest.mark.claim("thm-chi2-explosion")
@against(
    half_of_it=lambda a, e: -math.log(1 - a) / e**2,
    twice=lambda a, e: -4 * math.log(1 - a) / e**2,
    small_alpha_and_no_square=lambda a, e: 2 * a / e,
    fresh_share_for_the_rest=lambda a, e: -2 * math.log(a) / e**2,
)
def test_plateau_before_and_explosion_after_the_onset(onset=chi2_onset):
    quiet = [shift_loop_chi2(min(int(0.8 * onset(0.3, r)), 4000), 0.3, r) for r in (0.08, 0.04, 0.02)]
    assert quiet[0] > 3 * quiet[1] > 9 * quiet[2]  # nothing is seen of it, the smaller the shift
    for alpha, shift in [(0.2, 0.1), (0.5, 0.15), (0.1, 0.07)]:
        start = onset(alpha, shift)
        for rounds in sorted({int(c * start) for c in (0.2, 0.5, 0.9, 1.0, 1.1, 1.5)} - {0}):
            grown = log_drift(rounds, alpha, shift)
            if rounds < start:
                z = (1 - alpha) ** (-rounds / start)
                assert grown <= 2 * math.log(alpha * z / (1 - (1 - alpha) * z)) + 1e-12
            assert grown >= -2 * math.log(1 - alpha) + shift**2 * rounds * (rounds - start) - 1e-12
        # on its plateau chi-square is what one more round leaves it; at the onset it is on its way
        half, late = (log_drift(int(c * start), alpha, shift) for c in (0.5, 1.2))
        assert half < 2 * shift**2 / alpha**2
        assert late > 1


@pytest.mark.claim("thm-chi2-explosion")
@against(
    means_only=lambda a, e: (e / np.sqrt(2 * np.pi), e, e**2 / 2),
    noise_like=lambda a, e: (e / np.sqrt(2 * np.pi * a), e / np.sqrt(a), e**2 / (2 * a)),
    tv_without_pi=lambda a, e: (e / a / 4, e / a, e**2 / (2 * a**2)),
)
def test_nothing_else_explodes(
    bounds=lambda a, e: (e / a / np.sqrt(2 * np.pi), e * np.sqrt(2 - a) / a, e**2 * (2 - a) / (2 * a**2)),
):
    for alpha, shift in [(0.2, 0.1), (0.4, 0.3)]:
        rounds = int(1.5 * chi2_onset(alpha, shift))
        law = shift_loop_law(rounds, alpha, shift)
        assert shift_loop_chi2(rounds, alpha, shift) > 10
        measured = total_variation(law, GAMMA), wasserstein(law, GAMMA, 2), kl_divergence(law, GAMMA)
        assert np.all(np.array(measured) <= np.array(bounds(alpha, shift)) + 1e-12)


@pytest.mark.claim("thm-chi2-explosion")
@against(
    no_factorial=lambda n, alpha, shift, moments: shift**n * moments[n] / math.factorial(n),
    mean_age=lambda n, alpha, shift, moments: (shift / alpha) ** n / math.sqrt(math.factorial(n)),
    one_round=lambda n, alpha, shift, moments: shift**n / math.sqrt(math.factorial(n)),
)
def test_modes_stay_bounded_and_reach_their_bounds(
    bound=lambda n, alpha, shift, moments: shift**n * moments[n] / math.sqrt(math.factorial(n)),
):
    alpha, shift, j = 0.3, 0.2, np.arange(1, 400)
    moments = [float(np.sum(alpha * (1 - alpha) ** (j - 1) * j**n)) for n in range(6)]
    late = np.asarray(hermite_coefficients(shift_loop_law(120, alpha, shift), 5))
    for n in range(1, 6):
        assert abs(late[n]) <= bound(n, alpha, shift, moments) * (1 + 1e-9)
        assert_allclose(late[n], bound(n, alpha, shift, moments), rtol=1e-6)


@pytest.mark.claim("thm-chi2-explosion")
@against(
    shifts_not_added=lambda e, delta: e,
    continuous_time=lambda e, delta: e / (2 * delta + delta**2),
    squared_factor=lambda e, delta: e / (1 - np.exp(-2 * delta)),
)
def test_truncation_ends_it(largest=lambda e, delta: e / (1 - np.exp(-delta))):
    for alpha, shift, delta in [(0.02, 0.1, 0.2), (0.005, 0.4, 0.5)]:
        top = largest(shift, delta)
        values = [shift_loop_chi2(n, alpha, shift, delta) for n in (5, 50, 500, 3000)]
        assert np.all(np.array(values) <= np.expm1(top**2) * (1 + 1e-9))
        assert_allclose(values[-1], values[-2], rtol=1e-2)
        means = loop_by_steps(200, alpha, shift, delta)[1]
        assert_allclose(means.max(), top, rtol=1e-9)
