"""Chapter 3: the resetting limit, and the variance-exploding contrast."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.laguerre import laggauss

from controls import against
from echolimit import GaussianMixture, VarianceExploding, limit_law, transfer
from line_laws import DATA, ages, limit_of, line, loop, noised, tv, w1, w2

few = settings(max_examples=25, report_multiple_bugs=False)


@pytest.mark.claim("thm-resetting")
@against(
    lambda n, tau: 1 / (1 + n * tau),
    exponential=lambda n, tau: np.exp(-n * tau),
    mean_time_halved=lambda n, tau: 1 / (1 + n * tau / 2),
    squared=lambda n, tau: 1 / (1 + n * tau) ** 2,
)
@few
@given(alpha=st.floats(0.001, 0.2), tau=st.floats(0.01, 3.0))
def test_the_surviving_share_is_within_half_alpha_of_the_limit(alpha, tau, limit):
    n = np.arange(60)
    gap = limit(n, tau) - transfer(n, alpha, alpha * tau)
    assert np.all(gap >= -1e-12)
    assert np.all(gap <= alpha / 2 + 1e-12)


def exponential_times(tau, count=60):
    """E P_{tau E} p* by Gauss-Laguerre quadrature, E exponential with mean one."""
    u, w = laggauss(count)
    parts = [noised(DATA, tau * t) for t in u]
    return line(*(
        (wk * w0, m, v) for wk, p in zip(w, parts, strict=True) for w0, m, v in zip(p.w, p.m, p.v, strict=True)
    ))  # fmt: skip


@pytest.mark.claim("thm-resetting")
@against(
    exponential_times,
    one_fixed_time=lambda tau: noised(DATA, tau),
    rate_in_place_of_mean=lambda tau: exponential_times(1 / tau),
)
@settings(max_examples=2, report_multiple_bugs=False)
@given(tau=st.sampled_from([0.25, 0.6]))
def test_the_limit_tends_to_the_exponential_time(tau, limit):
    """TV falls in proportion to alpha, and W_2 stays below the bound of the theorem."""
    goal = limit(tau)
    second = DATA.moment(2)
    gaps = []
    for alpha in (0.2, 0.05):
        p = limit_of(alpha, alpha * tau, tol=1e-9)
        gaps.append(tv(p, goal))
        bound = math.sqrt(3 * (alpha * tau) ** 2 * second + 3 * alpha * tau)
        assert w2(p, goal, points=4001) <= bound
    assert gaps[1] < 0.35 * gaps[0]


@pytest.mark.claim("thm-resetting")
@against(rate_tau=lambda tau: 1 / tau, twice_the_mean=lambda tau: 2 * tau, half_the_mean=lambda tau: tau / 2)
def test_a_process_with_resets_has_this_stationary_law(mean_time=lambda tau: tau):
    """Simulated resets at rate 1 / tau against the moments M_n / (1 + n t): first and second Hermite modes."""
    tau, rng, n = 0.4, np.random.default_rng(8), 40_000
    comp = rng.random(n) < DATA.w[1]
    fresh = lambda: np.where(comp, 0.9, -1.2) + np.where(comp, 0.4, 0.5) * rng.standard_normal(n)  # noqa: E731
    x, clock, step = np.full(n, 5.0), rng.exponential(tau, n), 0.25
    for _ in range(24):  # exact jumps of the process over a step, and exact restarts inside it
        x = math.exp(-step) * x + math.sqrt(-math.expm1(-2 * step)) * rng.standard_normal(n)
        clock -= step
        while np.any(clock < 0):
            hit = clock < 0
            comp = rng.random(n) < DATA.w[1]
            elapsed = np.where(hit, -clock, 0.0)
            y = np.exp(-elapsed) * fresh() + np.sqrt(-np.expm1(-2 * elapsed)) * rng.standard_normal(n)
            x, clock = np.where(hit, y, x), np.where(hit, clock + rng.exponential(tau, n), clock)
    for values, degree in ((x, 1), (x**2 - 1, 2)):
        data = DATA.mean() if degree == 1 else DATA.moment(2) - 1
        expected = data / (1 + degree * mean_time(tau))
        assert abs(values.mean() - expected) < 5 * values.std() / math.sqrt(n)


def ve_limit(alpha, delta, count=400):
    return ages(DATA, alpha * (1 - alpha) ** np.arange(count), delta, exploding=True)


@pytest.mark.claim("prop-ve-limit")
@against(
    lambda w, a, d: a / (np.expm1(d * w * w / 2) + a),
    degree_in_place_of_frequency=lambda w, a, d: a / (np.expm1(d * np.abs(w)) + a),
    without_the_half=lambda w, a, d: a / (np.expm1(d * w * w) + a),
    sum_started_at_age_zero=lambda w, a, d: a * np.exp(d * w * w / 2) / (np.expm1(d * w * w / 2) + a),
)
@few
@given(alpha=st.floats(0.1, 1.0), delta=st.floats(0.02, 0.5))
def test_the_transfer_function_in_frequency(alpha, delta, H):
    """The characteristic function of the sum over ages, component by component, over that of the data."""

    def characteristic(p, w):
        return np.exp(1j * w[:, None] * p.m - w[:, None] ** 2 * p.v / 2) @ p.w

    w = np.linspace(-3, 3, 25)
    ratio = characteristic(ve_limit(alpha, delta), w) / characteristic(DATA, w)
    np.testing.assert_allclose(ratio, H(w, alpha, delta), atol=1e-9)


@pytest.mark.claim("prop-ve-limit")
@against(
    bounded=lambda alpha, delta: delta,
    both_times=lambda alpha, delta: 2 * delta / alpha,
    mean_age_less_one=lambda alpha, delta: delta / alpha - delta,
)
def test_the_variance_grows_by_delta_over_alpha(added=lambda alpha, delta: delta / alpha):
    data = DATA.moment(2) - DATA.mean() ** 2
    for alpha, delta in ((0.2, 0.05), (0.5, 0.3)):
        mine = ve_limit(alpha, delta)
        law = limit_law(GaussianMixture(DATA.w, DATA.m[:, None], DATA.v), alpha, delta, process=VarianceExploding())
        np.testing.assert_allclose(mine.mean(), DATA.mean(), rtol=1e-9)
        for variance in (mine.moment(2) - mine.mean() ** 2, law.covariance()[0, 0]):
            np.testing.assert_allclose(variance, data + added(alpha, delta), rtol=1e-8)


@pytest.mark.claim("prop-ve-limit")
@against(
    lambda a: (1 - a, math.sqrt(1 - a)),
    helped_by_the_force=lambda a: ((1 - a) * math.exp(-0.1), math.sqrt(1 - a)),
    w2_without_the_root=lambda a: (1 - a, 1 - a),
)
@settings(max_examples=3, report_multiple_bugs=False)
@given(alpha=st.sampled_from([0.3, 0.4, 0.6]))
def test_the_rates_lose_the_exponential(alpha, factors):
    """W_1 of a translate falls by the first factor exactly; W_2 of a far start by nearly the second."""
    delta = 0.1
    limit = ve_limit(alpha, delta, count=60)
    shifted = limit._replace(m=limit.m + 1.0)
    np.testing.assert_allclose(w1(loop(DATA, shifted, 2, alpha, delta, True), limit), factors(alpha)[0] ** 2, rtol=1e-4)
    far = line((1.0, 1000.0, 0.01))
    ratio = w2(loop(DATA, far, 1, alpha, delta, True), limit) / w2(far, limit)
    np.testing.assert_allclose(ratio, factors(alpha)[1], rtol=5e-3)


@pytest.mark.claim("prop-ve-limit")
@against(
    scale_sqrt_tau=lambda tau: math.sqrt(tau),
    scale_tau=lambda tau: tau,
    scale_sqrt_two_tau=lambda tau: math.sqrt(2 * tau),
)
def test_the_noise_of_the_limit_becomes_laplace(scale=lambda tau: math.sqrt(tau / 2)):
    """Kolmogorov distance of sqrt(delta G) Z to the Laplace law: below alpha / 4, so it tends to zero."""
    tau, x = 0.25, np.linspace(-4, 4, 2001)
    laplace = np.where(x < 0, np.exp(-np.abs(x) / scale(tau)) / 2, 1 - np.exp(-np.abs(x) / scale(tau)) / 2)
    for alpha in (0.2, 0.05, 0.0125):
        count = math.ceil(math.log(1e-9) / math.log1p(-alpha))
        j = np.arange(1, count + 1)
        noise = line(*((alpha * (1 - alpha) ** (k - 1), 0.0, alpha * tau * k) for k in j))
        assert np.max(np.abs(noise.cdf(x) - laplace)) < alpha / 4


@pytest.mark.claim("prop-ve-limit")
@against(saturates=lambda i, delta: 1 - math.exp(-2 * i * delta), geometric=lambda i, delta: delta / (1 - math.exp(-i)))
def test_without_fresh_data_it_spreads_for_ever(added=lambda i, delta: i * delta):
    for rounds in (1, 10, 100):
        p = loop(DATA, DATA, rounds, 0.0, 0.1, exploding=True)
        grown = p.moment(2) - DATA.moment(2)
        np.testing.assert_allclose(grown, added(rounds, 0.1), rtol=1e-9)
