"""Chapter 11: what second moments cannot see, the linear score; and whitened images, where they see nothing at all."""

import functools
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import echolimit as el
from controls import against


def skewed_cloud(seed=5, n=15, d=3):
    """Points with a mean, correlations, skewness and kurtosis."""
    rng = np.random.default_rng(seed)
    return rng.exponential(size=(n, d)) @ np.array([[1.0, 0.4, 0.0], [0.0, 0.5, -0.6], [0.0, 0.0, 0.3]]) + [
        0.5,
        -1.0,
        0.2,
    ]


def noised(t):
    return math.exp(-t), -math.expm1(-2 * t)


@pytest.mark.claim("prop-linear-score")
@against(
    lambda a, s2, c: -np.linalg.inv(a**2 * c + s2 * np.eye(len(c))),
    clean_covariance=lambda a, s2, c: -np.linalg.inv(c),
    signal_not_squared=lambda a, s2, c: -np.linalg.inv(a * c + s2 * np.eye(len(c))),
    isotropic=lambda a, s2, c: -np.eye(len(c)) / (a**2 * np.trace(c) / len(c) + s2),
)
def test_least_squares_finds_the_score_of_the_normal_law(matrix):
    """The affine map that predicts -Z / s_t best from noised points: coefficients within five standard errors."""
    x, rng, n = skewed_cloud(), np.random.default_rng(0), 200_000
    for t in (0.1, 0.7):
        a, s2 = noised(t)
        z = rng.standard_normal((n, 3))
        y = a * x[rng.integers(len(x), size=n)] + math.sqrt(s2) * z
        inputs = np.column_stack([np.ones(n), y])
        fit = np.linalg.lstsq(inputs, -z / math.sqrt(s2), rcond=None)[0]
        left = -z / math.sqrt(s2) - inputs @ fit
        meat = np.linalg.inv(inputs.T @ inputs)
        expected = matrix(a, s2, np.cov(x.T, bias=True))
        for j in range(3):
            cover = meat @ (inputs.T * left[:, j] ** 2) @ inputs @ meat  # robust: the residuals are no normal noise
            assert np.all(np.abs(fit[1:, j] - expected[:, j]) < 5 * np.sqrt(np.diag(cover))[1:])
            constant = -expected[j] @ (a * x.mean(0))
            assert (
                abs(fit[0, j] - constant)
                < 5 * math.sqrt(cover[0, 0]) + 5 * np.abs(x.mean(0)) @ np.sqrt(np.diag(cover))[1:]
            )


@functools.cache
def linear_loop(alpha, delta, rounds, T=6.0):
    """Mean and covariance of a loop whose score is affine: the flow of moments, integrated from T down to delta."""
    x = skewed_cloud()
    mean, covariance = data = x.mean(0), np.cov(x.T, bias=True)
    for _ in range(rounds):
        m = alpha * data[0] + (1 - alpha) * mean
        gaps = [(alpha, data[0] - m, data[1]), (1 - alpha, mean - m, covariance)]
        c = sum(w * (own + np.outer(gap, gap)) for w, gap, own in gaps)
        mean, covariance = flow_of_moments(m, c, T, delta)
    return mean, covariance


def flow_of_moments(m, c, T, delta):
    """Reverse diffusion dY = (Y + 2 s(Y)) ds + sqrt(2) dW with s(y) = -C_t^-1 (y - m_t): mean and covariance."""
    d = len(m)

    def speed(time, state):
        t, mean, sigma = T - time, state[:d], state[d:].reshape(d, d)
        a, s2 = noised(t)
        inverse = np.linalg.inv(a**2 * c + s2 * np.eye(d))
        drift = np.eye(d) - 2 * inverse
        return np.concatenate(
            [mean - 2 * inverse @ (mean - a * m), (drift @ sigma + sigma @ drift.T + 2 * np.eye(d)).ravel()]
        )

    a, s2 = noised(T)
    start = np.concatenate([a * m, (a**2 * c + s2 * np.eye(d)).ravel()])
    end = solve_ivp(speed, (0, T - delta), start, rtol=1e-9, atol=1e-11).y[:, -1]
    return end[:d], end[d:].reshape(d, d)


@pytest.mark.claim("prop-linear-score")
@against(
    lambda i, a, d: el.round_law(el.PointCloud(skewed_cloud()), i, a, d),
    a_round_less=lambda i, a, d: el.round_law(el.PointCloud(skewed_cloud()), i - 1, a, d),
    limit=lambda i, a, d: el.limit_law(el.PointCloud(skewed_cloud()), a, d),
    without_the_mean=lambda i, a, d: el.round_law(el.PointCloud(skewed_cloud() - skewed_cloud().mean(0)), i, a, d),
)
def test_a_linear_score_has_the_mean_and_covariance_of_theory(law):
    """The loop with affine scores against the exact loop over the points themselves."""
    for alpha, delta in ((0.3, 0.1), (0.6, 0.4)):
        mean, covariance = linear_loop(alpha, delta, 3)
        exact = law(3, alpha, delta)
        np.testing.assert_allclose(mean, exact.mean(), rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(covariance, exact.covariance(), rtol=1e-6, atol=1e-8)


@functools.cache
def drawn_with_a_linear_score(delta=0.1, n=20_000):
    """DPM++(2M) with many steps: standardised draws along the first axis, and the two cumulants of the exact round."""
    x, rng = skewed_cloud(d=3), np.random.default_rng(2)
    m, c = x.mean(0), np.cov(x.T, bias=True)

    def score(y, t):
        a, s2 = noised(t)
        return -(y - a * m) @ np.linalg.inv(a**2 * c + s2 * np.eye(3))

    a, s2 = noised(5.0)
    start = a * m + rng.standard_normal((n, 3)) @ np.linalg.cholesky(a**2 * c + s2 * np.eye(3)).T
    y = el.dpmpp_2m(score, start, el.time_grid(5.0, delta, 100, "log_snr"))[:, 0]
    a, s2 = noised(delta)
    before = x[:, 0] - m[0]
    spread = a**2 * before.var() + s2
    third, fourth = (before**3).mean(), (before**4).mean() - 3 * before.var() ** 2
    return (y - y.mean()) / y.std(), (a**3 * third / spread**1.5, a**4 * fourth / spread**2)


@pytest.mark.claim("prop-linear-score")
@against(
    lambda exact: (0.0, 0.0),
    as_in_the_exact_loop=lambda exact: exact,
    third_only=lambda exact: (0.0, exact[1]),
)
def test_a_linear_score_forgets_all_shape_in_one_round(shape):
    """No skewness and no excess kurtosis is left, within five standard errors."""
    z, exact = drawn_with_a_linear_score()
    third, fourth = shape(exact)
    assert abs((z**3).mean() - third) < 5 * math.sqrt(6 / len(z))
    assert abs((z**4).mean() - 3 - fourth) < 5 * math.sqrt(24 / len(z))


def whitened_loop_in_pixels(f, alpha, delta, rounds):
    """Third and fourth standardised cumulant and the variance of f . X after `rounds` whitened rounds, in pixels.

    Each age by itself: fading to the mean and noise of the data's own covariance, integrated by Gauss-Hermite nodes.
    """
    x = skewed_cloud()
    response = (x - x.mean(0)) @ f
    nodes, mass = np.polynomial.hermite_e.hermegauss(8)
    mass = mass / mass.sum()
    moments = np.zeros(5)
    for age, weight in zip(range(1, rounds + 1), el.age_law(rounds, alpha), strict=True):
        a, s2 = noised(age * delta)
        values = a * response[:, None] + math.sqrt(s2 * response.var()) * nodes
        moments += weight * np.array([(values**k).mean(0) @ mass for k in range(5)])
    return moments[3] / moments[2] ** 1.5, moments[4] / moments[2] ** 2 - 3, moments[2]


def shares(alpha, delta, rounds):
    return [float(el.age_law(rounds, alpha) @ np.exp(-k * delta * np.arange(1, rounds + 1))) for k in (3, 4)]


@pytest.mark.claim("prop-whitened-images")
@against(
    shares,
    degrees_two_and_three=lambda a, d, i: [s * math.exp(d) for s in shares(a, d, i)],
    of_the_limit=lambda a, d, i: [el.transfer(k, a, d) for k in (3, 4)],
    exchanged=lambda a, d, i: shares(a, d, i)[::-1],
)
def test_every_filter_loses_skewness_and_kurtosis_alike(share):
    x, rng = skewed_cloud(), np.random.default_rng(4)
    for alpha, delta, rounds in ((0.3, 0.1, 3), (0.5, 0.3, 2)):
        for f in rng.standard_normal((4, 3)):
            before = (x - x.mean(0)) @ f
            skewness = (before**3).mean() / before.var() ** 1.5
            kurtosis = (before**4).mean() / before.var() ** 2 - 3
            now = whitened_loop_in_pixels(f, alpha, delta, rounds)
            third, fourth = share(alpha, delta, rounds)
            np.testing.assert_allclose(now[0], third * skewness, rtol=1e-9)
            np.testing.assert_allclose(now[1], fourth * kurtosis, rtol=1e-9)
            np.testing.assert_allclose(now[2], before.var(), rtol=1e-12)


def colours(c):
    """Three roots L with L L^T = C: from principal directions, the symmetric one, and the triangular one."""
    values, vectors = np.linalg.eigh(c)
    return {
        "pca": vectors * np.sqrt(values),
        "zca": vectors * np.sqrt(values) @ vectors.T,
        "cholesky": np.linalg.cholesky(c),
    }


@pytest.mark.claim("prop-whitened-images")
@against(
    lambda x, z, a, s2, root: x.mean(0) + a * (x - x.mean(0)) + math.sqrt(s2) * z @ root.T,
    white_noise=lambda x, z, a, s2, root: x.mean(0) + a * (x - x.mean(0)) + math.sqrt(s2) * z,
    faded_to_zero=lambda x, z, a, s2, root: a * x + math.sqrt(s2) * z @ root.T,
    covariance_for_its_root=lambda x, z, a, s2, root: (
        x.mean(0) + a * (x - x.mean(0)) + math.sqrt(s2) * z @ (root @ root.T)
    ),
)
def test_whitening_noising_and_colouring_is_fading_to_the_mean_with_coloured_noise(step):
    """Path by path for each root; the mean and covariance stay those of the data, whichever root is used."""
    x, (a, s2) = skewed_cloud(), noised(0.4)
    c = np.cov(x.T, bias=True)
    z = np.random.default_rng(1).standard_normal(x.shape)
    for root in colours(c).values():
        white = (x - x.mean(0)) @ np.linalg.inv(root).T
        back = (a * white + math.sqrt(s2) * z) @ root.T + x.mean(0)
        np.testing.assert_allclose(step(x, z, a, s2, root), back, rtol=1e-9)
        law = el.PointCloud(white)
        limit = el.limit_law(law, 0.3, 0.4)
        np.testing.assert_allclose(root @ limit.covariance() @ root.T, c, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(limit.mean(), 0, atol=1e-12)
