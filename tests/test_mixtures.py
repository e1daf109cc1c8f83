"""Laws of mixtures and clouds: density, score, draws, moments and diffusion, in every array library."""

import array_api_compat as compat
import numpy as np
import pytest
import torch
from hypothesis import given
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal

from controls import against
from echolimit import (
    GaussianMixture,
    OrnsteinUhlenbeck,
    PointCloud,
    VarianceExploding,
    limit_law,
    sample_limit,
    score_of,
    standard_gaussian,
)
from echolimit._arrays import to_numpy
from strategies import backends, generator, line_example, mixtures, plane_example, times

X = np.array([[0.0, 0.0], [1.0, -2.0], [-3.0, 0.5]])


def scipy_density(law: GaussianMixture, x: np.ndarray) -> np.ndarray:
    full = law.covariances if law.covariances.ndim == 3 else law.covariances[:, None, None] * np.eye(law.dimension)
    parts = [w * multivariate_normal(m, c).pdf(x) for w, m, c in zip(law.weights, law.means, full, strict=True)]
    return np.sum(parts, axis=0)


@given(law=mixtures(dimension=2))
def test_density_equals_scipys(law):
    assert_allclose(law.density(X), scipy_density(law, X), rtol=1e-9, atol=1e-300)


@given(law=mixtures(dimension=2))
def test_score_is_the_gradient_of_the_log_density(law):
    step = 1e-5
    for j in range(2):
        shift = step * np.eye(2)[j]
        slope = (law.log_density(X + shift) - law.log_density(X - shift)) / (2 * step)
        assert_allclose(law.score(X)[:, j], slope, rtol=1e-4, atol=1e-4)


def test_isotropic_and_full_covariances_agree():
    weights, means, variances = [0.2, 0.8], [[1.0, 0.0, 2.0], [0.0, -1.0, 0.5]], np.array([0.3, 1.7])
    short = GaussianMixture(weights, means, variances)
    full = GaussianMixture(weights, means, variances[:, None, None] * np.eye(3))
    x = np.random.default_rng(0).normal(size=(5, 3))
    for name in ("log_density", "score"):
        assert_allclose(getattr(short, name)(x), getattr(full, name)(x), rtol=1e-12)
    assert_allclose(short.covariance(), full.covariance(), rtol=1e-14)


def diffused_by_quadrature(law: GaussianMixture, t: float, x: np.ndarray, process) -> np.ndarray:
    """The noising kernel integrated against the density: no closed form of diffusion in it."""
    y = np.linspace(-14, 14, 6001)
    spread = np.sqrt(process.noise_variance(t))
    kernel = np.exp(-(((x[:, None] - process.signal(t) * y) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))
    return kernel @ law.density(y[:, None]) * (y[1] - y[0])


@pytest.mark.parametrize("process", [OrnsteinUhlenbeck(), VarianceExploding()])
def test_diffusion_is_the_noising_kernel(process):
    x = np.linspace(-3, 3, 7)
    for t in (0.02, 0.4, 2.0):
        expected = diffused_by_quadrature(line_example(), t, x, process)
        assert_allclose(line_example().diffuse(t, process).density(x[:, None]), expected, rtol=1e-9)


@against(
    GaussianMixture.diffuse,
    half_rate=lambda law, t: law.diffuse(t / 2),
    no_noise=lambda law, t: law.diffuse(0.0),
)
@given(s=times, t=times)
def test_diffusion_is_a_semigroup(s, t, diffuse):
    once, twice = line_example().diffuse(s + t + 0.1), diffuse(line_example().diffuse(s), t + 0.1)
    assert_allclose(once.means, twice.means, rtol=1e-12, atol=1e-15)
    assert_allclose(once.covariances, twice.covariances, rtol=1e-12)


def test_the_standard_gaussian_is_invariant_and_every_law_tends_to_it():
    gamma = standard_gaussian(2)
    assert_allclose(gamma.diffuse(0.7).covariances, gamma.covariances, rtol=1e-15)
    assert_allclose(plane_example().diffuse(30.0).density(X), gamma.density(X), rtol=1e-10)


@pytest.mark.parametrize("isotropic", [True, False])
def test_draws_have_the_moments_of_the_law(isotropic):
    law = plane_example()
    if isotropic:
        law = GaussianMixture(law.weights, law.means, [0.3, 0.9])
    n = 200_000
    x = law.sample(n, np.random.default_rng(5))
    error = np.sqrt(np.diag(law.covariance()) / n)
    assert np.all(np.abs(x.mean(axis=0) - law.mean()) < 5 * error)
    products = (x - law.mean())[:, :, None] * (x - law.mean())[:, None, :]
    assert np.all(np.abs(products.mean(axis=0) - law.covariance()) < 5 * products.std(axis=0) / np.sqrt(n))


@pytest.mark.parametrize("array", backends())
@pytest.mark.parametrize("cloud", [False, True], ids=["mixture", "cloud"])
def test_every_array_library_gives_numpys_numbers(array, cloud):
    oracle = PointCloud(X).diffuse(0.3) if cloud else plane_example()
    law = (
        PointCloud(array(X)).diffuse(0.3)
        if cloud
        else GaussianMixture(array(oracle.weights), array(oracle.means), array(oracle.covariances))
    )
    x = array(X)
    tolerance = {"rtol": 1e-12} if "64" in str(x.dtype) else {"rtol": 2e-5, "atol": 1e-6}
    for found, expected in (
        (law.log_density(x), oracle.log_density(X)),
        (law.score(x), oracle.score(X)),
        (limit_law(law, 0.3, 0.1).score(x), limit_law(oracle, 0.3, 0.1).score(X)),
        (law.mean(), oracle.mean()),
        (law.covariance(), oracle.covariance()),
        (limit_law(law, 0.3, 0.1).covariance(), limit_law(oracle, 0.3, 0.1).covariance()),
    ):
        assert found.dtype == x.dtype
        assert compat.device(found) == compat.device(x)
        assert_allclose(to_numpy(found), expected, **tolerance)
    for draws in (law.sample(7, generator(x, 1)), sample_limit(law, 7, 0.3, 0.1, generator(x, 1))):
        assert draws.dtype == x.dtype
        assert compat.array_namespace(draws) is compat.array_namespace(x)


def test_nothing_is_pinned_to_a_device():
    """On the meta device an operation with a tensor of any other device raises."""
    options = {"dtype": torch.float32, "device": "meta"}
    x, rng = torch.zeros(4, 3, **options), torch.Generator()
    full = GaussianMixture(torch.ones(2, **options), torch.zeros(2, 3, **options), torch.ones(2, 3, 3, **options))
    round_ = GaussianMixture(torch.ones(2, **options), torch.zeros(2, 3, **options), torch.ones(2, **options))
    for law in (full, round_, PointCloud(torch.zeros(5, 3, **options))):
        limit = limit_law(law, 0.9, 0.1)
        arrays = [
            score_of(law)(x, 0.2),
            score_of(limit)(x, 0.2),
            limit.log_density(x),
            limit.mean(),
            limit.covariance(),
            limit_law(law, 0.01, 0.1).mean(),  # more ages than are listed
        ]
        arrays += [law.sample(4, rng), limit.sample(4, rng), sample_limit(law, 4, 0.9, 0.1, rng)]
        for array in arrays:
            assert array.device.type == "meta"
            assert array.dtype == torch.float32


def test_large_distances_and_small_variances_stay_finite():
    law = PointCloud([[0.0], [1.0]]).diffuse(1e-6)
    x = np.array([[-40.0], [0.5], [40.0]])
    assert np.all(np.isfinite(law.log_density(x)))
    assert_allclose(law.score(x)[[0, 2], 0], [40.0 / law.variance, -(40 - law.signal) / law.variance], rtol=1e-9)
    wide = GaussianMixture([1.0], np.zeros((1, 64)), [4.0])
    assert_allclose(wide.log_density(np.full((1, 64), 40.0)), -64 * (np.log(8 * np.pi) / 2 + 200), rtol=1e-12)


def test_cdf_and_survival_integrate_the_density():
    law = line_example()
    x = np.linspace(-9, 9, 20001)
    running = np.concatenate([[0], np.cumsum((law.density(x[1:, None]) + law.density(x[:-1, None])) / 2)]) * (
        x[1] - x[0]
    )
    assert_allclose(law.cdf(x), running, atol=1e-7)
    assert_allclose(law.cdf(x) + law.survival(x), 1, rtol=1e-14)
    assert law.survival(12.0) > 0


def test_a_component_of_weight_zero_changes_nothing():
    law = GaussianMixture([1.0, 0.0], [[0.0], [5.0]], [1.0, 1.0])
    x = np.array([[0.3], [5.0]])
    assert_allclose(law.score(x), -x, rtol=1e-14)


def test_a_fitted_sklearn_mixture_becomes_the_same_law():
    from sklearn.mixture import GaussianMixture as Fitted

    samples = plane_example().sample(400, np.random.default_rng(0))
    for kind in ("full", "tied", "diag", "spherical"):
        fitted = Fitted(2, covariance_type=kind, random_state=0).fit(samples)
        assert_allclose(GaussianMixture.from_sklearn(fitted).log_density(X), fitted.score_samples(X), rtol=1e-10)
