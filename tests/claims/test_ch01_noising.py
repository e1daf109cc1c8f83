"""Chapter 1: the noising semigroup, noised mixtures, Tweedie's formula, against quadrature or simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from controls import against
from echolimit import GaussianMixture, OrnsteinUhlenbeck, PointCloud, score_of
from strategies import line_example, mixtures, seeds

moments = st.floats(0.05, 1.5)
later = st.floats(0.05, 2.0)


def kernel(x, t):
    """Mean and variance of X_t given X_0 = x, from the library's process."""
    process = OrnsteinUhlenbeck()
    return process.signal(t) * x, process.noise_variance(t)


@pytest.mark.claim("prop-ou-semigroup")
@against(
    variance_without_the_two=lambda x, t: (np.exp(-t) * x, -np.expm1(-t)),
    half_speed_signal=lambda x, t: (np.exp(-t / 2) * x, -np.expm1(-2 * t)),
    variance_of_brownian_motion=lambda x, t: (np.exp(-t) * x, 2 * t),
)
def test_short_steps_of_the_sde_add_up_to_the_kernel(law=kernel):
    """Euler-Maruyama for dX = -X dt + sqrt(2) dW; its first two moments obey recursions that need no samples."""
    t, steps, x = 0.7, 200_000, 1.8
    h = t / steps
    powers = (1 - h) ** np.arange(steps)
    mean, variance = x * (1 - h) ** steps, 2 * h * np.sum(powers**2)
    assert_allclose((mean, variance), law(x, t), rtol=1e-5)


@pytest.mark.claim("prop-ou-semigroup")
@against(
    kernel,
    variance_without_the_two=lambda x, t: (np.exp(-t) * x, -np.expm1(-t)),
    growing_variance=lambda x, t: (np.exp(-t) * x, np.expm1(2 * t)),
)
@given(s=moments, t=later)
def test_kernels_compose_and_keep_the_gaussian(s, t, law):
    signal_s, noise_s = law(1.0, s)
    signal_t, noise_t = law(1.0, t)
    signal, noise = law(1.0, s + t)
    assert_allclose(signal_t * signal_s, signal, rtol=1e-12)
    assert_allclose(signal_t**2 * noise_s + noise_t, noise, rtol=1e-12)
    assert_allclose(signal**2 + noise, 1.0, rtol=1e-12)


@pytest.mark.claim("prop-ou-semigroup")
@against(
    lambda t: np.exp(-t), half_speed=lambda t: np.exp(-t / 2), double_speed=lambda t: np.exp(-2 * t), none=lambda t: 1.0
)
@given(t=later)
def test_the_same_noise_contracts_distances_and_means_by_the_factor(t, factor):
    start = np.array([[-1.5, 0.2], [0.7, 3.0], [2.0, -1.0]])
    x, y = (OrnsteinUhlenbeck().perturb(a, t, np.random.default_rng(0)) for a in (start, start[::-1]))
    assert_allclose(x - y, factor(t) * (start - start[::-1]), atol=1e-12)
    assert_allclose(line_example().diffuse(t).mean(), factor(t) * np.array([0.27]), rtol=1e-12)


@pytest.mark.claim("prop-ou-semigroup")
@against(double_speed=lambda t: np.exp(-2 * t), the_variance_factor=lambda t: np.exp(-4 * t))
def test_translates_attain_the_contraction_and_no_pair_exceeds_it(factor=lambda t: np.exp(-t)):
    """W_1 on the line is the integral of |F - G|: here on a grid, for laws written out by hand."""
    from scipy.special import ndtr

    x = np.linspace(-14, 14, 56_001)

    def distance(p, q, t):
        a, s2 = np.exp(-t), -np.expm1(-2 * t)
        first, second = (sum(w * ndtr((x - a * m) / np.sqrt(a * a * v + s2)) for w, m, v in law) for law in (p, q))
        return np.trapezoid(np.abs(first - second), x)

    p, shifted = [(0.3, -1.2, 0.25), (0.7, 0.9, 0.16)], [(0.3, -0.2, 0.25), (0.7, 1.9, 0.16)]
    other = [(1.0, 0.3, 2.0)]
    for t in (0.1, 0.6, 1.5):
        assert_allclose(distance(p, shifted, t), factor(t) * distance(p, shifted, 0.0), rtol=1e-6)
        assert distance(p, other, t) <= factor(t) * distance(p, other, 0.0) + 1e-9


def parameters(mean, variance, t):
    """Mean and variance of a noised component, from the library."""
    law = GaussianMixture([1.0], [[mean]], [variance]).diffuse(t)
    return law.means[0, 0], law.covariances[0]


@pytest.mark.claim("prop-mixture-diffused")
@against(
    variance_without_the_two=lambda m, v, t: (np.exp(-t) * m, np.exp(-t) * v - np.expm1(-t)),
    mean_kept=lambda m, v, t: (m, np.exp(-2 * t) * v - np.expm1(-2 * t)),
    variance_scaled_once=lambda m, v, t: (np.exp(-t) * m, np.exp(-t) * v - np.expm1(-2 * t)),
    noise_only_added=lambda m, v, t: (np.exp(-t) * m, v - np.expm1(-2 * t)),
)
def test_a_noised_mixture_is_the_convolution_with_the_kernel(law=parameters):
    y = np.linspace(-8, 8, 8001)
    x = np.linspace(-3, 3, 25)
    parts = [(0.3, -1.2, 0.25), (0.7, 0.9, 0.16)]

    def normal(z, v):
        return np.exp(-(z**2) / (2 * v)) / np.sqrt(2 * np.pi * v)

    start = sum(w * normal(y - m, v) for w, m, v in parts)
    for t in (0.03, 0.4, 1.5):
        smeared = np.trapezoid(start * normal(x[:, None] - np.exp(-t) * y, -np.expm1(-2 * t)), y, axis=1)
        formula = 0.0
        for w, m, v in parts:
            mean, variance = law(m, v, t)
            formula = formula + w * normal(x - mean, variance)
        assert_allclose(formula, smeared, rtol=1e-8)
        if law is parameters:
            assert_allclose(line_example().diffuse(t).density(x[:, None]), smeared, rtol=1e-8)


def covariance(law, t):
    return law.diffuse(t).covariance()


@pytest.mark.claim("prop-mixture-diffused")
@against(
    noise_of_half_the_time=lambda law, t: np.exp(-2 * t) * law.covariance() - np.expm1(-t) * np.eye(2),
    no_noise=lambda law, t: np.exp(-2 * t) * law.covariance(),
    no_decay=lambda law, t: law.covariance() - np.expm1(-2 * t) * np.eye(2),
)
@pytest.mark.parametrize("kind", ["mixture", "cloud", "degenerate"])
def test_draws_of_noised_laws_in_the_plane_have_the_covariance(kind, law=covariance):
    rng = np.random.default_rng(8)
    points = np.array([[-1.0, 0.4], [0.5, 1.0], [2.0, -0.7]])
    line = np.array([[1.0, 1.0], [1.0, 1.0]])
    start = {
        "mixture": GaussianMixture([0.5, 0.2, 0.3], points, [[[0.5, 0.2], [0.2, 0.3]]] * 3),
        "cloud": PointCloud(points, [0.5, 0.2, 0.3]),
        "degenerate": GaussianMixture([0.5, 0.2, 0.3], points, [line, 0 * line, line]),
    }[kind]
    n, t = 40_000, 0.3
    x = np.exp(-t) * start.sample(n, rng) + np.sqrt(-np.expm1(-2 * t)) * rng.standard_normal((n, 2))
    centred = x - x.mean(axis=0)
    products = centred[:, :, None] * centred[:, None, :]
    error = products.std(axis=0) / np.sqrt(n)
    assert np.all(np.abs(products.mean(axis=0) - law(start, t)) < 5 * error)


def posterior_mean(score, x, t):
    """Tweedie's formula, with the exact score."""
    return (x - np.expm1(-2 * t) * score) / np.exp(-t)


@pytest.mark.claim("prop-tweedie")
@against(
    posterior_mean,
    variance_without_the_two=lambda score, x, t: (x - np.expm1(-t) * score) / np.exp(-t),
    no_rescaling=lambda score, x, t: x - np.expm1(-2 * t) * score,
    wrong_sign=lambda score, x, t: (x + np.expm1(-2 * t) * score) / np.exp(-t),
    deviation_for_variance=lambda score, x, t: (x + np.sqrt(-np.expm1(-2 * t)) * score) / np.exp(-t),
)
@given(law=mixtures(), t=st.floats(0.05, 2.0))
def test_the_score_is_the_posterior_mean(law, t, formula):
    """The posterior mean by quadrature over the clean point; the score by the library."""
    y = np.linspace(-14, 14, 20_001)
    prior = law.density(y[:, None])
    for x in (-1.7, 0.1, 2.2):
        weight = prior * np.exp(-((x - np.exp(-t) * y) ** 2) / (-2 * np.expm1(-2 * t)))
        mean = np.trapezoid(weight * y, y) / np.trapezoid(weight, y)
        score = score_of(law)(np.array([[x]]), t)[0, 0]
        assert_allclose(formula(score, x, t), mean, rtol=1e-6, atol=1e-6)


def slope(t, posterior_covariance):
    a2, s2 = np.exp(-2 * t), -np.expm1(-2 * t)
    return -np.eye(len(posterior_covariance)) / s2 + a2 / s2**2 * posterior_covariance


@pytest.mark.claim("prop-tweedie")
@against(
    slope,
    signal_not_squared=lambda t, c: -np.eye(2) / -np.expm1(-2 * t) + np.exp(-t) / np.expm1(-2 * t) ** 2 * c,
    noise_not_squared=lambda t, c: (-np.eye(2) + np.exp(-2 * t) * c) / -np.expm1(-2 * t),
    covariance_forgotten=lambda t, c: -np.eye(2) / -np.expm1(-2 * t),
)
@given(seed=seeds, t=st.floats(0.1, 1.5))
def test_the_slope_of_the_score_is_the_posterior_covariance(seed, t, formula):
    """A cloud in the plane: posterior by Bayes' rule, slope by central differences of the score."""
    rng = np.random.default_rng(seed)
    points, x, step = rng.uniform(-1.5, 1.5, (4, 2)), rng.uniform(-0.5, 0.5, 2), 1e-4
    log_weight = -np.sum((x - np.exp(-t) * points) ** 2, axis=1) / (-2 * np.expm1(-2 * t))
    weight = np.exp(log_weight - log_weight.max())
    covariance = np.cov(points.T, aweights=weight, ddof=0)
    law = PointCloud(points).diffuse(t)
    moved = x + step * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    scores = law.score(moved)
    measured = np.stack([scores[0] - scores[1], scores[2] - scores[3]]) / (2 * step)
    assert_allclose(measured, formula(t, covariance), rtol=1e-4, atol=1e-4)
