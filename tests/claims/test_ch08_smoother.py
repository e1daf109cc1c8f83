"""Chapter 8: the loop on reused data as a smoother of Hermite modes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import eval_hermitenorm, factorial
from scipy.stats import norm

from controls import against
from echolimit import best_truncation, smoother_risk, wiener_gain
from strategies import line_example

DATA = line_example()
ALPHA, DELTA, DEGREE, SIZE = 0.3, 0.08, 6, 12


def h(n, x):
    return eval_hermitenorm(n, x) / np.sqrt(factorial(n))


def density(x):
    return 0.3 * norm.pdf(x, -1.2, 0.5) + 0.7 * norm.pdf(x, 0.9, 0.4)


def moments(n):
    """c_n and Var h_n by adaptive quadrature."""
    mean = quad(lambda x: h(n, x) * density(x), -6, 6, epsabs=1e-12, limit=200)[0]
    square = quad(lambda x: h(n, x) ** 2 * density(x), -6, 6, epsabs=1e-12, limit=200)[0]
    return mean, square - mean**2


MODES, NOISE = np.array([moments(n) for n in range(1, 41)]).T


def kept(delta, alpha=ALPHA, degree=DEGREE):
    """What the limit keeps of each mode: the mode map iterated, no formula for the transfer."""
    n = np.arange(1, degree + 1)
    c = np.zeros(degree)
    for _ in range(400):
        c = np.exp(-n * delta) * (alpha + (1 - alpha) * c)
    return c


@pytest.mark.claim("prop-smoother")
@against(
    lambda delta: smoother_risk(DATA, SIZE, ALPHA, delta, DEGREE),
    no_bias=lambda delta: np.sum(kept(delta) ** 2 * NOISE[:DEGREE]) / SIZE,
    gain_not_squared=lambda d: np.sum((1 - kept(d)) ** 2 * MODES[:DEGREE] ** 2 + kept(d) * NOISE[:DEGREE] / SIZE),
    second_moment_for_variance=lambda d: np.sum(
        (1 - kept(d)) ** 2 * MODES[:DEGREE] ** 2 + kept(d) ** 2 * (NOISE + MODES**2)[:DEGREE] / SIZE
    ),
)
def test_the_risk_of_the_limit_of_many_data_sets(risk):
    """40,000 data sets of 12 points; the limit of each by iterating its modes."""
    rng = np.random.default_rng(6)
    low = rng.random((40_000, SIZE)) < 0.3
    x = np.where(low, rng.normal(-1.2, 0.5, low.shape), rng.normal(0.9, 0.4, low.shape))
    limits = [k * h(n, x).mean(axis=1) for n, k in enumerate(kept(DELTA), 1)]
    errors = sum((limit - c) ** 2 for limit, c in zip(limits, MODES, strict=False))
    assert abs(errors.mean() - risk(DELTA)) < 5 * errors.std() / np.sqrt(len(errors))
    exact = np.sum((1 - kept(DELTA)) ** 2 * MODES[:DEGREE] ** 2 + kept(DELTA) ** 2 * NOISE[:DEGREE] / SIZE)
    assert_allclose(smoother_risk(DATA, SIZE, ALPHA, DELTA, DEGREE), exact, rtol=1e-9)


@pytest.mark.claim("prop-smoother")
@against(
    lambda n, alpha: n / alpha,
    one_round=lambda n, alpha: n,
    share_forgotten=lambda n, alpha: n * alpha,
    no_degree=lambda n, alpha: 1 / alpha,
)
@pytest.mark.parametrize("size", [5, 100, 10_000])
def test_some_truncation_is_better_than_none(size, loss):
    """The slope of the risk at delta = 0, by differences, is -2 sum (n / alpha) Var(h_n) / N < 0."""
    n = np.arange(1, DEGREE + 1)
    none, step = smoother_risk(DATA, size, ALPHA, 0.0, DEGREE), 1e-8
    slope = (smoother_risk(DATA, size, ALPHA, step, DEGREE) - none) / step
    assert_allclose(none, NOISE[:DEGREE].sum() / size, rtol=1e-9)
    assert_allclose(slope, -2 * np.sum(loss(n, ALPHA) * NOISE[:DEGREE]) / size, rtol=0.05)
    best = best_truncation(DATA, size, ALPHA, DEGREE)
    assert best.delta > 0
    assert best.risk < none
    around = smoother_risk(DATA, size, ALPHA, best.delta * np.geomspace(0.01, 100, 201), DEGREE)
    assert around.min() >= best.risk * (1 - 1e-9)


@pytest.mark.claim("prop-smoother")
@against(
    lambda size: wiener_gain(DATA, size, 40)[1:],
    root=lambda size: np.sqrt(wiener_gain(DATA, size, 40)[1:]),
    noise_share=lambda size: 1 - wiener_gain(DATA, size, 40)[1:],
    one_draw=lambda size: wiener_gain(DATA, 1, 40)[1:],
)
@pytest.mark.parametrize("size", [30, 1000])
def test_the_best_factor_of_each_mode(size, gains):
    """Each factor by numerical minimisation of its own term; no truncation does better than all of them."""
    g = gains(size)
    for n in (1, 2, 5, 12, 40):
        c, s = MODES[n - 1], NOISE[n - 1] / size
        found = minimize_scalar(lambda f: (1 - f) ** 2 * c * c + f * f * s, bounds=(0, 1), method="bounded")  # noqa: B023
        assert abs(found.x - g[n - 1]) < 1e-4
    risk = np.sum(g * NOISE) / size
    assert risk <= best_truncation(DATA, size, 0.2, 40).risk
