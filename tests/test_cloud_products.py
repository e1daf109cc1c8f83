"""Clouds of image size: scores by matrix products, in 64, 32 and 16 bits, and draws that copy nothing twice."""

import array_api_strict
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from echolimit import GaussianMixture, OrnsteinUhlenbeck, PointCloud, _posterior, limit_law, sample_limit
from echolimit._arrays import exponentiate, geometric_ages
from echolimit.cloud import BY_PRODUCTS

COUNT, DIMENSION = 150, BY_PRODUCTS + 6


def points_and_queries(t, queries=40):
    rng = np.random.default_rng(3)
    points = np.round(rng.uniform(-1, 1, (COUNT, DIMENSION)) * 128) / 128  # numbers that 16 bits hold exactly
    noise = np.sqrt(-np.expm1(-2 * t)) * rng.standard_normal((queries, DIMENSION))
    return points, np.exp(-t) * points[:queries] + noise


@pytest.mark.parametrize("t", [0.01, 0.4, 1.0, 4.0])  # few points matter at the first, all at the last
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("at_once", [1, _posterior.AT_ONCE])
def test_products_give_the_density_and_score_of_the_mixture(t, weighted, at_once, monkeypatch):
    monkeypatch.setattr(_posterior, "AT_ONCE", at_once)  # one: blocks of 64 queries, of which there are two
    points, x = points_and_queries(t, queries=100)
    weights = np.random.default_rng(1).dirichlet(np.ones(COUNT)) if weighted else None
    law = PointCloud(points, weights).diffuse(t)
    mixture = GaussianMixture(law.weights, points, np.zeros(COUNT)).diffuse(t)
    assert_allclose(law.log_density(x), mixture.log_density(x), rtol=1e-10)
    assert_allclose(law.score(x), mixture.score(x), rtol=1e-8, atol=1e-10)


def test_a_point_of_no_weight_counts_for_nothing():
    points, x = points_and_queries(0.5)
    weights = np.full(COUNT, 1 / (COUNT - 1))
    weights[7] = 0
    law, without = PointCloud(points, weights).diffuse(0.5), PointCloud(np.delete(points, 7, axis=0)).diffuse(0.5)
    assert_allclose(law.score(x), without.score(x), rtol=1e-8, atol=1e-10)
    assert_allclose(law.log_density(x), without.log_density(x), rtol=1e-10)


def test_products_follow_the_array_api_standard():
    points, x = points_and_queries(0.4)
    strict = PointCloud(array_api_strict.asarray(points)).diffuse(0.4)
    oracle = PointCloud(points).diffuse(0.4)
    assert_allclose(np.asarray(strict.score(array_api_strict.asarray(x))), oracle.score(x), rtol=1e-12, atol=1e-12)
    empty = oracle.score(x[:0])
    assert empty.shape == (0, DIMENSION)


@pytest.mark.parametrize("t", [0.003, 0.05, 0.5, 1.0, 3.0])
def test_16_bit_points_give_the_score_of_these_points(t):
    torch = pytest.importorskip("torch")
    points, x = points_and_queries(t)
    queries = torch.from_numpy(x).to(torch.bfloat16)
    exact = PointCloud(points).diffuse(t).score(queries.double().numpy())
    law = PointCloud(torch.from_numpy(points).to(torch.bfloat16)).diffuse(t)
    for score in (law.score(queries), law.score(queries.float())):
        # the shares and the posterior mean keep 8 bits each
        allowed = 2**-7 * np.sqrt(DIMENSION) / law.variance + 2**-7 * np.linalg.norm(exact, axis=1)
        assert np.all(np.linalg.norm(score.double().numpy() - exact, axis=1) < allowed)
    assert law.score(queries).dtype == torch.bfloat16
    assert law.score(queries.float()).dtype == torch.float32


def test_float16_points_do_not_overflow():
    torch = pytest.importorskip("torch")
    points = 100 * points_and_queries(1.0)[0]  # products up to 7e5, above what 16 bits hold
    x = np.exp(-1.0) * points[:20] + 0.1
    exact = PointCloud(points.astype(np.float16).astype(float)).diffuse(1.0).score(x)
    for stored in (points.astype(np.float16), torch.from_numpy(points.astype(np.float16))):
        queries = x.astype(np.float32) if isinstance(stored, np.ndarray) else torch.from_numpy(x).float()
        assert_allclose(np.asarray(PointCloud(stored).diffuse(1.0).score(queries)), exact, rtol=1e-3, atol=1e-3)


def test_the_rounding_of_16_bit_products_is_made_good(monkeypatch):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    centre = np.round(rng.uniform(0, 1, DIMENSION) * 128) / 128
    points = centre + rng.integers(-1, 2, (COUNT, DIMENSION)) / 256  # near each other: distances far below the norms
    t = 1e-5
    x = torch.from_numpy(points[:40] + 2**-9 * rng.integers(-1, 2, (40, DIMENSION))).to(torch.bfloat16)
    stored = torch.from_numpy(points).to(torch.bfloat16)
    exact = PointCloud(stored.double()).diffuse(t).log_density(x.double())
    law = PointCloud(stored).diffuse(t)
    mended = (law.log_density(x).double() - exact).abs().max()
    monkeypatch.setattr(_posterior, "LOGIT_ERROR", np.inf)
    rounded = (law.log_density(x).double() - exact).abs().max()
    assert rounded > 1000  # the control: eight bits of a product of norm 25 over a variance of 2e-5
    assert mended < rounded / 100


def test_the_score_is_the_gradient_that_torch_finds():
    torch = pytest.importorskip("torch")
    points, x = points_and_queries(1.0)
    law = PointCloud(torch.from_numpy(points)).diffuse(1.0)
    queries = torch.from_numpy(x).requires_grad_()
    (gradient,) = torch.autograd.grad(law.log_density(queries).sum(), queries)
    assert_allclose(gradient.numpy(), law.score(queries).detach().numpy(), rtol=1e-9, atol=1e-9)


def test_products_need_no_numbers_on_a_device_without_any():
    torch = pytest.importorskip("torch")
    for dtype in (torch.float32, torch.bfloat16):
        law = PointCloud(torch.empty((COUNT, DIMENSION), dtype=dtype, device="meta")).diffuse(0.5)
        assert law.score(torch.empty((5, DIMENSION), dtype=dtype, device="meta")).shape == (5, DIMENSION)


@pytest.mark.parametrize("library", ["numpy", "torch", "array_api_strict"])
@pytest.mark.parametrize("shape", [(37, 3), (50, 1000)])
def test_draws_of_the_limit_are_picked_points_noised(library, shape):
    """The same numbers, in the same order, as a copy of the picked points with one large array of normals."""
    points = np.random.default_rng(4).uniform(-1, 1, shape)
    alpha, delta, n, seed = 0.3, 0.1, 450, 9
    if library == "torch":
        torch = pytest.importorskip("torch")
        rngs, points = [torch.Generator().manual_seed(seed) for _ in range(2)], torch.from_numpy(points)
        ages = geometric_ages(rngs[0], n, alpha, points)
        picked = PointCloud(points).sample(n, rngs[0])
        z = torch.randn(picked.shape, generator=rngs[0], dtype=points.dtype)
    else:
        rngs = [np.random.default_rng(seed) for _ in range(2)]
        ages = geometric_ages(rngs[0], n, alpha, points)
        picked = PointCloud(points).sample(n, rngs[0])
        z = rngs[0].standard_normal(picked.shape)
        points = points if library == "numpy" else array_api_strict.asarray(points)
    t = delta * np.asarray(ages)[:, None]
    expected = np.exp(-t) * np.asarray(picked) + np.sqrt(-np.expm1(-2 * t)) * np.asarray(z)
    x = sample_limit(PointCloud(points), n, alpha, delta, rngs[1])
    assert_allclose(np.asarray(x), expected, rtol=1e-13, atol=1e-13)


def test_an_echo_law_of_a_cloud_draws_its_picked_points_too():
    points = np.random.default_rng(4).uniform(-1, 1, (60, 200)).astype(np.float32)
    law = limit_law(PointCloud(points), 0.3, 0.1)
    x = law.sample(20_000, np.random.default_rng(5)).astype(float)
    spread = (x - np.asarray(law.mean(), dtype=float)) ** 2
    exact = np.diag(law.covariance())
    assert x.shape == (20_000, 200)
    assert np.all(np.abs(spread.mean(axis=0) - exact) < 5 * spread.std(axis=0) / np.sqrt(20_000))


def test_noise_of_half_precision_points():
    torch = pytest.importorskip("torch")
    x = torch.ones((300, 40), dtype=torch.bfloat16)
    noised = OrnsteinUhlenbeck().perturb(x, 0.2, torch.Generator().manual_seed(0))
    assert noised.dtype == torch.bfloat16
    error = np.sqrt(-np.expm1(-0.4) / noised.numel())
    assert abs(noised.double().mean() - np.exp(-0.2)) < 5 * error + 0.002


@pytest.mark.parametrize("library", ["numpy", "torch", "array_api_strict"])
def test_exponentials_in_place(library):
    start = np.array([[0.0, -1.0, -79.0, -1000.0, -np.inf]])
    modules = {"numpy": np, "array_api_strict": array_api_strict}
    x = pytest.importorskip("torch").from_numpy(start.copy()) if library == "torch" else None
    x = modules[library].asarray(start.copy()) if x is None else x
    exponentiate(x)
    assert_allclose(np.asarray(x)[0, :3], np.exp(start[0, :3]), rtol=1e-14)
    assert_array_equal(np.asarray(x)[0, 3:] < 1e-34, True)
