"""Chapter 3: the Gaussian floor of the limit, and the slope that W_2 shows in the long run."""

import math

import numpy as np
import pytest

from controls import against
from line_laws import DATA, grid, limit_of, line, loop, w2

POINT = line((1.0, 0.0, 1e-12))


def floor(x, alpha, delta, radius, kappa, c=1.0):
    constant = c * alpha / 2 * math.exp(-((1 + radius) ** 2) / (2 * -math.expm1(-2 * delta)))
    return constant * np.maximum(1, np.abs(x)) ** -kappa * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)


@pytest.mark.claim("lem-gaussian-floor")
@against(
    no_power=lambda alpha, delta: 0.0,
    half_the_power=lambda alpha, delta: -math.log1p(-alpha) / (2 * delta),
)
def test_the_limit_lies_above_a_gaussian_over_a_power(kappa=lambda alpha, delta: -math.log1p(-alpha) / delta):
    """For a point mass, out to x = 500, where only logarithms of the density can be compared."""
    for alpha, delta in ((0.5, 0.2), (0.2, 0.05), (0.7, 1.0)):
        x = np.concatenate([np.linspace(0, 5, 51), np.geomspace(5, 500, 40)])
        j = np.arange(1, 2 + math.ceil(math.log(1e4) / delta))
        a, v = np.exp(-j * delta), -np.expm1(-2 * j * delta)
        # ln of the sum over ages, minus ln gamma: x^2 (1 - 1 / v) / 2 stays moderate where exp(-x^2 / 2) underflows
        terms = np.log(alpha) + (j - 1) * math.log1p(-alpha) - np.log(v) / 2 - (x[:, None] * a) ** 2 / (2 * v)
        log_ratio = np.log(np.sum(np.exp(terms - terms.max(1, keepdims=True)), axis=1)) + terms.max(1)
        power = kappa(alpha, delta)
        log_floor = math.log(alpha / 2) - 1 / (2 * -math.expm1(-2 * delta)) - power * np.log(np.maximum(1, x))
        assert np.all(log_ratio >= log_floor)
        # and the power is the right one: beyond, the density falls by just that power of x
        fall = (log_ratio[-1] - log_ratio[-21]) / math.log(x[-1] / x[-21])
        np.testing.assert_allclose(-fall, power, rtol=0.15)


@pytest.mark.claim("lem-gaussian-floor")
@against(
    constant_without_exponential=lambda a, d, r: math.exp((1 + r) ** 2 / (2 * -math.expm1(-2 * d))),
    constant_of_wrong_sign=lambda a, d, r: math.exp(2 * (1 + r) ** 2 / (2 * -math.expm1(-2 * d))),
)
def test_the_constant_holds_for_data_away_from_the_centre(c=lambda a, d, r: 1.0):
    for place in (0.0, 1.0, 3.0):
        for alpha, delta in ((0.5, 0.2), (0.3, 0.5)):
            limit = limit_of(alpha, delta, POINT._replace(m=np.array([place])), tol=1e-30)
            x = np.linspace(-12, 12, 481)
            bound = floor(x, alpha, delta, abs(place), -math.log1p(-alpha) / delta, c(alpha, delta, abs(place)))
            assert np.all(limit.pdf(x) >= bound)


def slope_constant(start, limit, v):
    """C of prop-w2-slope; K and the integral on a grid."""
    x = np.linspace(-9, 9, 3001)
    g = np.exp(-x * x / (2 * v)) / math.sqrt(2 * math.pi * v)
    trusted = np.abs(x) < 7.5  # further out the difference of the distribution functions is rounding
    k = np.max(np.abs(start.cdf(x) - limit.cdf(x))[trusted] / g[trusted])
    return 2 * k * math.sqrt(v) * math.sqrt(np.trapezoid(g * g / limit.pdf(x), x))


@pytest.mark.claim("prop-w2-slope")
@against(
    rho=lambda a, d: math.sqrt(1 - a) * math.exp(-d),
    e_to_minus_two_delta=lambda a, d: (1 - a) * math.exp(-2 * d),
    no_blur=lambda a, d: 1 - a,
)
def test_w2_lies_between_two_multiples_of_the_slope(slope=lambda a, d: (1 - a) * math.exp(-d)):
    for alpha, delta, start in (
        (0.3, 0.05, line((1.0, 2.0, 0.5))),
        (0.4, 0.2, line((0.5, -1.0, 0.1), (0.5, 0.5, 1.2))),
    ):
        limit = limit_of(alpha, delta, tol=1e-14)
        upper = min(slope_constant(start, limit, v) for v in (1.3, 1.5, 1.7))
        lower = abs(start.mean() - limit.mean())
        values = {i: w2(loop(DATA, start, i, alpha, delta), limit) for i in (0, 2, 14, 20)}
        for i, value in values.items():
            assert lower * slope(alpha, delta) ** i * 0.999 <= value <= upper * slope(alpha, delta) ** i
        seen = (values[20] / values[14]) ** (1 / 6)
        np.testing.assert_allclose(seen, slope(alpha, delta), rtol=0.01)


@pytest.mark.claim("prop-w2-slope")
@against(factor_one_half=0.5, factor_one=1.0)
def test_w2_is_at_most_twice_the_weighted_difference(factor=2.0):
    """W_2(p, q) <= 2 (int (F_p - F_q)^2 / q)^(1/2), with factors above 1 for laws that are far apart."""
    worst = 0.0
    q = line((1.0, 0.0, 1.0))
    for p in (line((1.0, 2.0, 1.0)), line((1.0, 0.0, 0.05)), line((0.5, 0.0, 1.0), (0.5, 1e-3, 1.0)), DATA, POINT):
        x = grid(p, q, points=40001)
        if np.ptp(x) / 40000 > math.sqrt(np.min(p.v)):
            x = np.unique(np.concatenate([x, np.linspace(-1e-5, 1e-5, 2001)]))
        d, f = p.cdf(x) - q.cdf(x), q.pdf(x)
        weighted = math.sqrt(np.trapezoid(np.where(f > 1e-14, d * d / np.maximum(f, 1e-14), 0), x))
        exact = 1.0 if p is POINT else w2(p, q)
        worst = max(worst, exact / weighted)
        assert exact <= factor * weighted
    assert worst > 0.95
