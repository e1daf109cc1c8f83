"""Chapter 9: forgetting factors of a Gaussian, and the error of the start."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.stats import norm

from controls import against
from echolimit import gaussian_forgetting
from line_laws import DATA, line, noised

VARIANCES = st.floats(0.05, 20.0)


def v_at(v, t):
    return math.exp(-2 * t) * v + 1 - math.exp(-2 * t)


def factors(v, t, u):
    """f and g of eq-forgetting-factor."""
    return gaussian_forgetting(v, t, u), gaussian_forgetting(v, t, u, flow=True)


@pytest.mark.claim("thm-gaussian-forgetting")
@against(
    factors,
    exchanged=lambda v, t, u: factors(v, t, u)[::-1],
    upside_down=lambda v, t, u: (math.exp(u - t) * v_at(v, t) / v_at(v, u), math.sqrt(v_at(v, t) / v_at(v, u))),
    without_noise=lambda v, t, u: (v_at(v, u) / v_at(v, t), math.sqrt(v_at(v, u) / v_at(v, t))),
)
@settings(max_examples=20)
@given(v=VARIANCES, t=st.floats(0.5, 3.0), share=st.floats(0.1, 0.8))
def test_the_gap_of_two_paths(v, t, share, factor):
    u, found = share * t, []
    for drift in (2.0, 1.0):  # the weight of the score: SDE with common noise, flow

        def gap(s, d, drift=drift):
            return (1 - drift / v_at(v, t - s)) * d

        found.append(solve_ivp(gap, (0, t - u), [1.0], rtol=1e-10, atol=1e-13).y[0, -1])
    if abs(found[0] - found[1]) < 1e-4 or abs(v - 1) < 1e-2:
        return  # nothing to tell apart
    assert_allclose(found, factor(v, t, u), rtol=1e-6)


def output(m, v, T, delta, flow):
    """Errors of mean and variance from the start N(0, 1) (part 3)."""
    f = gaussian_forgetting(v, T, delta, flow=flow)
    return -f * math.exp(-T) * m, f**2 * math.exp(-2 * T) * (1 - v)


@pytest.mark.claim("thm-gaussian-forgetting")
@against(
    sign=lambda *a: tuple(-e for e in output(*a)),
    factor_forgotten=lambda m, v, T, delta, flow: (-math.exp(-T) * m, math.exp(-2 * T) * (1 - v)),
    factor_not_squared=lambda m, v, T, delta, flow: (
        output(m, v, T, delta, flow)[0],
        gaussian_forgetting(v, T, delta, flow=flow) * math.exp(-2 * T) * (1 - v),
    ),
)
def test_moments_from_the_standard_start(error=output):
    m, delta = 0.5, 0.02
    for v, T in ((0.3, 2.0), (2.5, 1.5)):
        for flow in (False, True):
            weight, noise = (1.0, 0.0) if flow else (2.0, 2.0)

            def moments(s, y, v=v, T=T, weight=weight, noise=noise):
                t = T - s
                return [
                    y[0] - weight * (y[0] - math.exp(-t) * m) / v_at(v, t),
                    2 * (1 - weight / v_at(v, t)) * y[1] + noise,
                ]

            mean, variance = solve_ivp(moments, (0, T - delta), [0.0, 1.0], rtol=1e-11, atol=1e-14).y[:, -1]
            expected = error(m, v, T, delta, flow)
            assert_allclose(mean - math.exp(-delta) * m, expected[0], rtol=1e-5)
            assert_allclose(variance - v_at(v, delta), expected[1], rtol=1e-4, atol=1e-11)


@pytest.mark.claim("thm-gaussian-forgetting")
@against(
    lambda v, t, u: math.exp(t + u) > v - 1,
    minus_two=lambda v, t, u: math.exp(t + u) > v - 2,
    squared=lambda v, t, u: math.exp(2 * (t + u)) > v - 1,
)
@given(threshold=st.floats(1.5, 50.0), nudge=st.sampled_from([-1e-6, 1e-6]))
def test_when_the_sde_contracts(threshold, nudge, contracts):
    v = 1 + threshold
    total = math.log(threshold) + nudge
    t, u = 0.75 * total, 0.25 * total
    path = solve_ivp(lambda s, y: [1 - 2 / v_at(v, t - s)], (0, t - u), [0.0], rtol=1e-12, atol=1e-14)
    assert (path.y[0, -1] < 0) == contracts(v, t, u)


def limits(data, delta):
    """The two constants of eq-start and that of the mean error, by quadrature."""
    later, mean = noised(data, delta), data.mean()
    x = np.linspace(-9, 9, 9001)
    spread = np.trapezoid(later.pdf(x) * np.abs(mean * (x - later.mean())), x)
    variance = np.trapezoid(later.pdf(x) * (x - later.mean()) ** 2, x)
    return math.exp(delta) / 2 * spread, abs(mean) / math.sqrt(2 * math.pi), -math.exp(delta) * variance * mean


def wrong(change):
    return lambda data, delta: change(*limits(data, delta), delta)


@pytest.mark.claim("thm-start")
@against(
    without_half=wrong(lambda a, b, c, d: (2 * a, b, c)),
    without_delta=wrong(lambda a, b, c, d: (a * math.exp(-d), b, c)),
    delta_twice=wrong(lambda a, b, c, d: (a, b, c * math.exp(d))),
    another_constant=wrong(lambda a, b, c, d: (a, b * 2, c)),
    sign=wrong(lambda a, b, c, d: (a, b, -c)),
)
@pytest.mark.parametrize(
    "data",
    [DATA, line((0.2, -2.0, 0.1), (0.5, 0.0, 0.6), (0.3, 2.5, 1.5)), line((1.0, 0.5, 0.3))],
    ids=["book", "three", "one"],
)
def test_the_error_of_the_start(data, limit=limits):
    delta, T = 0.3, 6.0
    x, y = np.linspace(-8, 8, 401), np.linspace(-9, 9, 3001)
    before, after, h = noised(data, T), noised(data, delta), T - delta
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    points = math.exp(-h) * y[:, None] + math.sqrt(1 - math.exp(-2 * h)) * nodes
    ratio = norm.pdf(points) / before.pdf(points.ravel()).reshape(points.shape)
    g = ratio @ weights / math.sqrt(2 * math.pi)  # eq-ratio
    sde = math.exp(2 * T) * np.trapezoid(after.pdf(y) * np.abs(g - 1), y) / 2
    mean = math.exp(2 * T) * np.trapezoid(after.pdf(y) * y * (g - 1), y)
    flow = math.exp(T) * np.trapezoid(np.abs(norm.pdf(x) - before.pdf(x)), x) / 2
    assert_allclose([sde, flow, mean], limit(data, delta), rtol=5e-3)


def moments_of_the_row(m, v, t, u, y):
    f = gaussian_forgetting(v, t, u)
    return math.exp(-u) * m + f * (y - math.exp(-t) * m), v_at(v, u) - f**2 * v_at(v, t)


@pytest.mark.claim("thm-gaussian-forgetting")
@against(
    mean_not_noised=lambda m, v, t, u, y: (
        m + gaussian_forgetting(v, t, u) * (y - m),
        moments_of_the_row(m, v, t, u, y)[1],
    ),
    factor_of_the_flow=lambda m, v, t, u, y: (
        math.exp(-u) * m + gaussian_forgetting(v, t, u, flow=True) * (y - math.exp(-t) * m),
        moments_of_the_row(m, v, t, u, y)[1],
    ),
    factor_not_squared=lambda m, v, t, u, y: (
        moments_of_the_row(m, v, t, u, y)[0],
        v_at(v, u) - gaussian_forgetting(v, t, u) * v_at(v, t),
    ),
)
@pytest.mark.parametrize(("m", "v", "t", "u"), [(0.5, 0.3, 1.0, 0.5), (-2.0, 4.0, 0.7, 0.1), (1.0, 1.0, 2.0, 0.3)])
def test_the_row_of_the_kernel(m, v, t, u, moments=moments_of_the_row):
    x = np.linspace(-30, 30, 20_001)
    for y in (-1.5, 0.0, 3.0):
        row = norm.pdf(x, math.exp(-u) * m, math.sqrt(v_at(v, u)))  # Bayes' formula
        row = row * norm.pdf(y, math.exp(u - t) * x, math.sqrt(-math.expm1(2 * (u - t))))
        row /= norm.pdf(y, math.exp(-t) * m, math.sqrt(v_at(v, t)))
        mean = np.trapezoid(x * row, x)
        assert_allclose((mean, np.trapezoid((x - mean) ** 2 * row, x)), moments(m, v, t, u, y), rtol=1e-7)
        carried = norm.ppf(
            norm.cdf(y, math.exp(-t) * m, math.sqrt(v_at(v, t))), math.exp(-u) * m, math.sqrt(v_at(v, u))
        )
        g = gaussian_forgetting(v, t, u, flow=True)
        assert_allclose(carried, math.exp(-u) * m + g * (y - math.exp(-t) * m), rtol=1e-9)
