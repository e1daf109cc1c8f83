"""Chapter 2: two last lines of a sampler that make another loop."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm

from controls import against
from echolimit import VarianceExploding, round_law
from strategies import line_example

DATA = line_example()
GRID = np.linspace(-10, 10, 1001)
STEP = GRID[1] - GRID[0]


def mixture_density(law, x):
    parts = zip(law.weights, law.means[:, 0], law.covariances, strict=True)
    return sum(w * norm.pdf(x, m, np.sqrt(v)) for w, m, v in parts)


@pytest.mark.claim("prop-variants")
@against(
    twice_delta=lambda d: 2 * d, noise_of_the_process=lambda d: -np.expm1(-2 * d), one_signal=lambda d: np.expm1(d)
)
def test_rescaled_rounds_are_variance_exploding(step=lambda d: np.expm1(2 * d)):
    """The rescaled loop on a grid (noise for delta, then stretch by exp(delta)) against the VE recursion."""
    alpha, delta, rounds = 0.2, 0.15, 4
    a, spread = np.exp(-delta), np.sqrt(-np.expm1(-2 * delta))
    fresh = p = mixture_density(DATA, GRID)
    kernel = norm.pdf(a * GRID[:, None], a * GRID, spread) * a  # density of X_delta at a y, stretched
    for _ in range(rounds):
        p = STEP * kernel @ (alpha * fresh + (1 - alpha) * p)
    law = round_law(DATA, rounds, alpha, step(delta), process=VarianceExploding())
    assert_allclose(law.density(GRID[:, None]), p, atol=1e-10)


def mean_age(rounds, alpha):
    return (1 - (1 - alpha) ** rounds) / alpha if alpha else rounds


@pytest.mark.claim("prop-variants")
@against(limit_at_once=lambda i, a: 1 / a if a else i, one_late=lambda i, a: mean_age(i - 1, a), linear=lambda i, a: i)
@pytest.mark.parametrize("alpha", [0.2, 0.5])
def test_variance_of_the_rescaled_loop(alpha, growth=mean_age):
    eta, data = np.expm1(2 * 0.1), DATA.covariance()[0, 0]
    variance, mean = data, DATA.mean()[0]
    for i in range(1, 15):  # moments of the mix, then noise: no law of the library
        new_mean = alpha * DATA.mean()[0] + (1 - alpha) * mean
        second = alpha * (data + DATA.mean()[0] ** 2) + (1 - alpha) * (variance + mean**2)
        variance, mean = second - new_mean**2 + eta, new_mean
        assert_allclose(mean, DATA.mean()[0], rtol=1e-12)
        assert_allclose(variance, data + eta * growth(i, alpha), rtol=1e-12)
    synthetic = round_law(DATA, 7, 0.0, eta, process=VarianceExploding())
    assert_allclose(synthetic.covariance()[0, 0], data + eta * mean_age(7, 0.0), rtol=1e-12)


def denoised(v, delta):
    """eq-denoised."""
    a2, s2 = np.exp(-2 * delta), -np.expm1(-2 * delta)
    return v * a2 * v / (a2 * v + s2)


@pytest.mark.claim("prop-variants")
@against(
    denoised,
    posterior_variance=lambda v, d: v - denoised(v, d),
    unscaled=lambda v, d: v * np.exp(-2 * d) + -np.expm1(-2 * d),
    rescaled=lambda v, d: v + np.expm1(2 * d),
)
@given(v=st.floats(0.3, 3), delta=st.floats(0.02, 0.8))
def test_a_gaussian_shrinks_when_denoised(v, delta, law):
    """The posterior mean by quadrature over the clean point, its variance by quadrature over the noisy one."""
    a, s = np.exp(-delta), np.sqrt(-np.expm1(-2 * delta))
    x0 = np.linspace(-9, 9, 721) * np.sqrt(v)
    x = np.linspace(-9, 9, 241) * np.sqrt(a * a * v + s * s)
    joint = norm.pdf(x[:, None], a * x0, s) * norm.pdf(x0, 0, np.sqrt(v))
    cleaned = (joint @ x0) / joint.sum(axis=1)
    weight = joint.sum(axis=1) / joint.sum()
    assert_allclose(weight @ cleaned**2, law(v, delta), rtol=1e-8)
    assert law(v, delta) < v


@pytest.mark.claim("prop-variants")
@against(noised_score=lambda x, score, a, s2: (x + s2 * score) * a, no_score=lambda x, score, a, s2: x / a)
def test_denoising_keeps_the_mean_and_loses_the_posterior_variance(
    tweedie=lambda x, score, a, s2: (x + s2 * score) / a,
):
    """Law of total covariance for a mixture that is not Gaussian: D from the score, the posterior from Bayes' rule."""
    delta = 0.2
    a, s2 = np.exp(-delta), -np.expm1(-2 * delta)
    x0 = np.linspace(-6, 6, 1201)
    noisy = DATA.diffuse(delta)
    x, prior = np.linspace(-6, 6, 601), mixture_density(DATA, x0)
    joint = norm.pdf(x[:, None], a * x0, np.sqrt(s2)) * prior
    weight = joint.sum(axis=1) / joint.sum()
    mean = (joint @ x0) / joint.sum(axis=1)
    spread = (joint @ x0**2) / joint.sum(axis=1) - mean**2
    cleaned = tweedie(x, noisy.score(x[:, None])[:, 0], a, s2)
    assert_allclose(weight @ cleaned, DATA.mean()[0], rtol=1e-7)
    left = weight @ cleaned**2 - (weight @ cleaned) ** 2
    assert_allclose(left, DATA.covariance()[0, 0] - weight @ spread, rtol=1e-7)
    assert left < DATA.covariance()[0, 0]


@pytest.mark.claim("prop-variants")
@against(
    as_defined=lambda v, k: (v + k) / (1 + k),
    rescaled=lambda v, k: v + k,
    posterior_variance=lambda v, k: v * k / (v + k),
)
def test_the_denoised_gaussian_loop_ends_in_a_point(step=lambda v, k: v * v / (v + k)):
    """V -> V^2 / (V + kappa) with kappa = e^{2 delta} - 1; by mpmath, since the end comes doubly fast."""
    kappa = mpmath.expm1(mpmath.mpf("0.1"))
    v = mpmath.mpf("0.5")
    for _ in range(14):
        new = step(v, kappa)
        assert new < v
        assert_allclose(float(denoised(float(v), 0.05)), float(new), rtol=1e-9)
        v = new
    assert v < mpmath.mpf(10) ** -20
