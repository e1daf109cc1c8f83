"""Chapter 6: errors of single modes, and the price of starting a sampler at the normal law."""

import itertools
import math

import numpy as np
import pytest
from numpy.polynomial.hermite_e import HermiteE

from controls import against
from line_laws import DATA, limit_of, line, noised, step, tv, w1


@pytest.mark.claim("prop-mode-errors")
@against(
    lambda n, a, d: 1 / (1 - (1 - a) * math.exp(-n * d)),
    degree_forgotten=lambda n, a, d: 1 / (1 - (1 - a) * math.exp(-d)),
    share_forgotten=lambda n, a, d: 1 / (1 - math.exp(-n * d)),
    of_random_errors=lambda n, a, d: (1 - ((1 - a) * math.exp(-n * d)) ** 2) ** -0.5,
)
def test_the_gain_of_errors_of_one_sign(gain):
    """The shifted loop, rounds done one by one, modes from moments."""

    def mode(p, n):
        powers = HermiteE([0] * n + [1]).convert(kind=np.polynomial.Polynomial).coef
        return sum(c * p.moment(k) for k, c in enumerate(powers))

    for alpha, delta in ((0.5, 0.1), (0.3, 0.4)):
        p = DATA
        for _ in range(90):  # mix, noise, shift all samples
            p = step(DATA, p, alpha, delta)
            p = p._replace(m=p.m + 0.1)
        limit = limit_of(alpha, delta, tol=1e-14)
        for n in range(1, 6):
            error = mode(p, n) - mode(step(DATA, p, alpha, delta), n)
            np.testing.assert_allclose(mode(p, n) - mode(limit, n), gain(n, alpha, delta) * error, rtol=1e-6)


@pytest.mark.claim("prop-mode-errors")
@against(
    lambda lam: (1 - lam**2) ** -0.5,
    of_one_sign=lambda lam: 1 / (1 - lam),
    square_forgotten=lambda lam: (1 - lam) ** -0.5,
)
def test_the_gain_of_random_errors(gain):
    """All sign patterns of shifts in eleven rounds, each with its own loop of means."""
    alpha, delta, rounds = 0.6, 0.2, 11
    total = 0.0
    for signs in itertools.product((-1, 1), repeat=rounds):
        mean = 0.0
        for sign in signs:
            mean = math.exp(-delta) * (1 - alpha) * mean + sign
        total += mean**2
    np.testing.assert_allclose(math.sqrt(total / 2**rounds), gain((1 - alpha) * math.exp(-delta)), rtol=1e-5)


@pytest.mark.claim("prop-mode-errors")
@against(
    lambda n, lam, var: var / (n * (1 - lam**2) + lam**2),
    errors_of_one_sign=lambda n, lam, var: var / (n * (1 - lam) ** 2),
    no_memory=lambda n, lam, var: var / n,
)
def test_pools_of_samples_make_random_errors(square):
    """Pools of ten, mode one: E D^2 = lam^2 E D^2 + E Var_F / n, E Var_F = var - lam^2 E D^2; five standard errors."""
    rng, pools, n, alpha, delta = np.random.default_rng(3), 20_000, 10, 0.3, 0.1
    x = rng.normal(size=(pools, n))
    for _ in range(25):
        x = np.take_along_axis(x, rng.integers(n, size=x.shape), axis=1)
        x = np.where(rng.random(x.shape) < alpha, 0.5 * rng.normal(size=x.shape), x)
        x = math.exp(-delta) * x + math.sqrt(-math.expm1(-2 * delta)) * rng.normal(size=x.shape)
    squares = x.mean(axis=1) ** 2
    survives = alpha / (math.expm1(2 * delta) + alpha)
    expected = square(n, (1 - alpha) * math.exp(-delta), survives * 0.25 + 1 - survives)
    assert abs(squares.mean() - expected) < 5 * squares.std() / math.sqrt(pools)


@pytest.mark.claim("prop-initialisation")
@against(
    lambda T, w: math.exp(-T) * w / math.sqrt(2 * math.pi * -math.expm1(-2 * T)),
    e_to_minus_two_T=lambda T, w: math.exp(-2 * T) * w / math.sqrt(2 * math.pi * -math.expm1(-2 * T)),
    half_the_constant=lambda T, w: math.exp(-T) * w / math.sqrt(8 * math.pi * -math.expm1(-2 * T)),
    not_halved=lambda T, w: math.exp(-T) * w * math.sqrt(2 / (math.pi * -math.expm1(-2 * T))),
)
def test_a_first_moment_bounds_the_price_of_the_start(bound):
    """Also for a point and for a wide law, where chi-square is infinite; nearly attained by a small shift."""
    normal = line((1.0, 0.0, 1.0))
    for q in (DATA, line((1.0, 1.0, 1e-8)), line((1.0, 0.0, 4.0)), line((1.0, 0.05, 1.0))):
        for T in (0.3, 1.0, 3.0):
            assert tv(noised(q, T), normal) <= bound(T, w1(q, normal)) * (1 + 1e-3)
    near = line((1.0, 0.05, 1.0))  # a translate: the constant is the best
    assert tv(noised(near, 3.0), normal) >= 0.99 * bound(3.0, w1(near, normal))


@pytest.mark.claim("prop-initialisation")
@against(
    lambda alpha, one: one / alpha,
    one_round=lambda alpha, one: one,
    random_errors=lambda alpha, one: one / math.sqrt(alpha * (2 - alpha)),
)
def test_the_price_of_the_start_in_a_loop(price):
    """Rounds by the flow, which on the line is the monotone map, from N(0, 1); densities on a grid."""
    T, delta, alpha, x = 2.0, 0.02, 0.1, np.linspace(-7, 7, 701)
    gap, normal = x[1] - x[0], np.exp(-x * x / 2) / math.sqrt(2 * math.pi)

    def kernel(t):
        spread = -math.expm1(-2 * t)
        return np.exp(-((x[:, None] - math.exp(-t) * x) ** 2) / (2 * spread)) * gap / math.sqrt(2 * math.pi * spread)

    def heights(density):
        return np.cumsum(density) * gap - density * gap / 2

    data = line((1.0, 1.5, 0.3)).pdf(x)
    late, early = kernel(delta), kernel(T)
    p = ideal = data
    widest = 0.0
    for _ in range(80):
        q = alpha * data + (1 - alpha) * p
        widest = max(widest, float(np.abs(heights(q) - heights(normal)).sum()) * gap)
        end, begin = late @ q, early @ q
        place = np.interp(heights(end), heights(begin), x)
        p = end * np.interp(place, x, normal) / np.interp(place, x, begin)
        p /= p.sum() * gap
        ideal = late @ (alpha * data + (1 - alpha) * ideal)
    apart = np.abs(p - ideal).sum() * gap / 2
    assert apart <= price(alpha, math.exp(-T) * widest / math.sqrt(2 * math.pi * -math.expm1(-2 * T)))


@pytest.mark.claim("prop-initialisation")
@against(
    lambda T, chi: math.exp(-T) * math.sqrt(chi) / 2,
    e_to_minus_two_T=lambda T, chi: math.exp(-2 * T) * math.sqrt(chi) / 2,
    a_quarter=lambda T, chi: math.exp(-T) * math.sqrt(chi) / 4,
)
def test_chi_square_bounds_it_too(bound):
    normal, x = line((1.0, 0.0, 1.0)), np.linspace(-12, 12, 8001)
    for q in (DATA, line((1.0, 0.1, 1.0)), line((1.0, 0.0, 1.5))):
        chi = float(np.trapezoid((q.pdf(x) - normal.pdf(x)) ** 2 / normal.pdf(x), x))
        for T in (0.3, 1.0, 3.0):
            assert tv(noised(q, T), normal) <= bound(T, chi) * (1 + 1e-6)


@pytest.mark.claim("prop-initialisation")
@against(
    lambda T, d, w, w_end: math.exp(-(T - d)) * w_end / w,
    of_the_flow=lambda T, d, w, w_end: math.sqrt(w_end / w),
    variances_exchanged=lambda T, d, w, w_end: math.exp(-(T - d)) * w / w_end,
    no_decay=lambda T, d, w, w_end: w_end / w,
)
def test_the_exact_reverse_step_of_a_gaussian(factor):
    """The law at delta given the point at T, by Bayes' rule on a grid; then the mean and variance from N(mu, V)."""
    for m, v, T, d in ((0.5, 0.3, 1.5, 0.2), (-1.0, 2.0, 0.8, 0.1)):
        end, begin = noised(line((1.0, m, v)), d), noised(line((1.0, m, v)), T)
        f = factor(T, d, float(begin.v[0]), float(end.v[0]))
        x, a = np.linspace(-12, 12, 6001), math.exp(-(T - d))
        means, variances = [], []
        for y in (-1.0, 0.0, 2.0):
            posterior = end.pdf(x) * np.exp(-((y - a * x) ** 2) / (2 * (1 - a * a)))
            posterior /= np.trapezoid(posterior, x)
            means.append(np.trapezoid(x * posterior, x))
            variances.append(np.trapezoid(x**2 * posterior, x) - means[-1] ** 2)
        expected = [float(end.m[0]) + f * (y - float(begin.m[0])) for y in (-1.0, 0.0, 2.0)]
        np.testing.assert_allclose(means, expected, rtol=1e-9)
        np.testing.assert_allclose(variances, float(end.v[0]) - f**2 * float(begin.v[0]), rtol=1e-8)


@pytest.mark.claim("prop-initialisation")
@against(
    lambda T, d, w, w_end: math.sqrt(w_end / w),
    of_the_sde=lambda T, d, w, w_end: math.exp(-(T - d)) * w_end / w,
    without_the_root=lambda T, d, w, w_end: w_end / w,
)
def test_the_flow_of_a_gaussian(factor):
    """Euler's method with many small steps."""
    for m, v, T, d in ((0.5, 0.3, 1.5, 0.2), (-1.0, 2.0, 0.8, 0.1)):
        end, begin = noised(line((1.0, m, v)), d), noised(line((1.0, m, v)), T)
        y, times = np.array([-1.0, 0.0, 2.0]), np.linspace(T, d, 8_001)
        for t in times[:-1]:
            a = math.exp(-t)
            y = y + (T - d) / 8_000 * (y - (y - a * m) / (a * a * v + 1 - a * a))
        f = factor(T, d, float(begin.v[0]), float(end.v[0]))
        np.testing.assert_allclose(y, end.m + f * (np.array([-1.0, 0.0, 2.0]) - begin.m), rtol=2e-3, atol=5e-4)
