"""Point clouds: equal to isotropic mixtures, without covariance matrices, at the size of an image data set."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose

from echolimit import GaussianMixture, PointCloud, limit_law, sample_limit
from echolimit.cloud import DIRECT_DIMENSIONS


@pytest.mark.parametrize("dimension", [1, DIRECT_DIMENSIONS, DIRECT_DIMENSIONS + 1, 64])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_diffused_cloud_is_an_isotropic_mixture(dimension, weighted):
    rng = np.random.default_rng(dimension)
    points, x = rng.normal(size=(30, dimension)), rng.normal(size=(7, dimension))
    weights = rng.dirichlet(np.ones(30)) if weighted else None
    cloud = PointCloud(points, weights)
    mixture = GaussianMixture(cloud.weights, points, np.zeros(30))
    for t in (0.05, 0.8):
        a, b = cloud.diffuse(t), mixture.diffuse(t)
        assert_allclose(a.log_density(x), b.log_density(x), rtol=1e-10)
        assert_allclose(a.score(x), b.score(x), rtol=1e-8, atol=1e-10)
        assert_allclose(a.mean(), b.mean(), rtol=1e-12, atol=1e-15)
        assert_allclose(a.covariance(), b.covariance(), rtol=1e-10, atol=1e-12)


def test_diffusing_a_data_set_costs_no_memory():
    cloud = PointCloud(np.zeros((2000, 3072), dtype=np.float32))
    tracemalloc.start()
    limit = limit_law(cloud, 0.1, 0.05)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert limit.diffuse(0.1).times.size == limit.times.size
    assert peak < cloud.points.nbytes / 10


def test_the_score_of_many_images_forms_no_square_matrix():
    rng = np.random.default_rng(0)
    cloud = PointCloud(rng.uniform(-1, 1, (500, 3072)).astype(np.float32))
    x = cloud.points[:3] + 0.1 * rng.standard_normal((3, 3072), dtype=np.float32)
    law = cloud.diffuse(0.005)
    tracemalloc.start()
    score = law.score(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    nearest = (law.signal * cloud.points[:3] - x) / law.variance
    assert_allclose(score, nearest, rtol=1e-3, atol=1e-3)  # far apart: the posterior is the own image
    assert peak < cloud.points.nbytes / 2  # no copy of the data, no matrix of pixels


def test_draws_of_an_undiffused_cloud_are_its_points():
    cloud = PointCloud([[0.0, 1.0], [2.0, 3.0]], [0.25, 0.75])
    x = cloud.sample(4000, np.random.default_rng(0))
    share = np.mean(x[:, 0] == 2.0)
    assert set(map(tuple, x)) == {(0.0, 1.0), (2.0, 3.0)}
    assert abs(share - 0.75) < 5 * np.sqrt(0.75 * 0.25 / 4000)


def test_cdf_of_a_cloud_steps_at_its_points():
    cloud = PointCloud([[2.0], [0.0]], [0.25, 0.75])
    assert_allclose(cloud.cdf(np.array([-0.1, 0.0, 1.9, 2.0])), [0, 0.75, 0.75, 1])
    assert_allclose(cloud.survival(np.array([-0.1, 0.0, 1.9, 2.0])), [1, 0.25, 0.25, 0])


def test_single_precision_draws_of_the_limit_keep_dtype_and_variance():
    points = np.random.default_rng(1).uniform(-1, 1, (400, 50)).astype(np.float32)
    x = sample_limit(PointCloud(points), 20_000, 0.4, 0.1, np.random.default_rng(2))
    exact = np.diag(limit_law(PointCloud(points.astype(float)), 0.4, 0.1).covariance())
    spread = (x.astype(float) - x.mean(axis=0)) ** 2
    assert x.dtype == np.float32
    assert np.all(np.abs(spread.mean(axis=0) - exact) < 5 * spread.std(axis=0) / np.sqrt(20_000))
