"""Chapter 1, prop-score-energy and prop-truncation-bias: identities by quadrature, bounds where they are attained."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtr, ndtri

from controls import against
from echolimit import GaussianMixture, PointCloud
from strategies import line_example, mixtures, seeds

times = st.floats(0.005, 2.0)


def cloud_by_hand(seed, t):
    """A random data set on the line: points, weights, and on a grid the density, score and posterior variance."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    x, w = rng.normal(size=n) * rng.uniform(0.3, 2.0), rng.dirichlet(np.ones(n))
    a, s2 = np.exp(-t), -np.expm1(-2 * t)
    y = np.unique(np.concatenate([a * p + np.sqrt(s2) * np.linspace(-9, 9, 2001) for p in x]))
    parts = w[:, None] * np.exp(-((y - a * x[:, None]) ** 2) / (2 * s2)) / np.sqrt(2 * np.pi * s2)
    density = parts.sum(axis=0)
    share = parts / np.maximum(density, 1e-300)
    mean = (share * x[:, None]).sum(axis=0)
    variance = (share * (x[:, None] - mean) ** 2).sum(axis=0)
    return x, w, y, density, (a * mean - y) / s2, variance


@pytest.mark.claim("prop-score-energy")
@against(
    lambda t, v: (1 + np.exp(-2 * t) / np.expm1(-2 * t) * v) / -np.expm1(-2 * t),
    noise_variance_without_the_two=lambda t, v: (1 - np.exp(-2 * t) / -np.expm1(-t) * v) / -np.expm1(-t),
    signal_not_squared=lambda t, v: (1 + np.exp(-t) / np.expm1(-2 * t) * v) / -np.expm1(-2 * t),
    uncertainty_forgotten=lambda t, v: 1 / -np.expm1(-2 * t),
)
@given(seed=seeds, t=times)
def test_energy_is_what_uncertainty_leaves(seed, t, formula):
    _, _, y, density, _, variance = cloud_by_hand(seed, t)
    slope = np.gradient(density, y, edge_order=2)
    energy = np.trapezoid(slope**2 / np.maximum(density, 1e-280), y)
    assert_allclose(energy, formula(t, np.trapezoid(density * variance, y)), rtol=2e-3)


@pytest.mark.claim("prop-score-energy")
@against(
    dimension_forgotten=lambda d, t: 1 / -np.expm1(-2 * t),
    noise_variance_without_the_two=lambda d, t: d / -np.expm1(-t),
    variance_of_brownian_motion=lambda d, t: d / (2 * t),
)
@pytest.mark.parametrize("t", [0.02, 0.5, 1.5])
def test_a_point_mass_attains_the_bound(t, bound=lambda d, t: d / -np.expm1(-2 * t)):
    """By a Gauss-Hermite rule in three dimensions around a point."""
    point, nodes = np.array([0.4, -1.0, 2.0]), np.polynomial.hermite_e.hermegauss(6)
    z = np.stack(np.meshgrid(nodes[0], nodes[0], nodes[0]), axis=-1).reshape(-1, 3)
    w = np.prod(np.stack(np.meshgrid(nodes[1], nodes[1], nodes[1]), axis=-1).reshape(-1, 3), axis=1)
    law = PointCloud(point[None, :]).diffuse(t)
    x = np.exp(-t) * point + np.sqrt(-np.expm1(-2 * t)) * z
    assert_allclose(np.sum(w * np.sum(law.score(x) ** 2, axis=1)) / w.sum(), bound(3, t), rtol=1e-10)


@pytest.mark.claim("prop-score-energy")
@against(
    lambda t: 1 / -np.expm1(-2 * t),
    variance_of_brownian_motion=lambda t: 1 / (2 * t),
    signal_to_noise=lambda t: 1 / np.expm1(2 * t),
)
@given(law=mixtures(), t=times)
def test_no_law_exceeds_the_bound(law, t, bound):
    y = np.linspace(-14, 14, 40_001)
    q = law.diffuse(t)
    energy = np.trapezoid(q.density(y[:, None]) * q.score(y[:, None])[:, 0] ** 2, y)
    assert 0 < energy <= bound(t) * (1 + 1e-9)


def pair_bound(u, weights):
    pairs = np.triu(np.sqrt(np.outer(weights, weights)) * u * np.exp(-u / 8), 1)
    return pairs.sum() / 2


@pytest.mark.claim("prop-score-energy")
@against(
    pair_bound,
    faster_exponent=lambda u, w: np.triu(np.sqrt(np.outer(w, w)) * u * np.exp(-u / 4), 1).sum() / 2,
    weights_for_their_roots=lambda u, w: np.triu(np.outer(w, w) * u * np.exp(-u / 8), 1).sum() / 2,
)
@given(seed=seeds, t=st.floats(0.005, 0.5))
def test_data_sets_reach_the_bound_exponentially_fast(seed, t, bound):
    x, w, y, density, score, _ = cloud_by_hand(seed, t)
    s2 = -np.expm1(-2 * t)
    gap = 1 - s2 * np.trapezoid(density * score**2, y)
    u = np.exp(-2 * t) * (x[:, None] - x) ** 2 / s2
    assert -1e-6 <= gap <= bound(u, w) + 1e-6


@pytest.mark.claim("prop-score-energy")
@against(
    steepest_between_points=lambda R, a2, s2: (-1 / s2, -1 / s2 + a2 * R**2 / s2),
    half_the_variance=lambda R, a2, s2: (-1 / s2, -1 / s2 + a2 * R**2 / (2 * s2**2)),
    half_the_fall=lambda R, a2, s2: (-0.5 / s2, -1 / s2 + a2 * R**2 / s2**2),
)
@pytest.mark.parametrize("R", [0.5, 1.5])
def test_two_points_attain_the_steepest_slope_and_far_out_the_fall(
    R, bounds=lambda R, a2, s2: (-1 / s2, -1 / s2 + a2 * R**2 / s2**2)
):
    for t in (0.01, 0.1):
        a2, s2, h = np.exp(-2 * t), -np.expm1(-2 * t), 1e-5
        law = PointCloud([[-R], [R]]).diffuse(t)
        middle = np.linspace(-6, 6, 1201)
        slope = (law.score(middle[:, None] + h) - law.score(middle[:, None] - h))[:, 0] / (2 * h)
        low, high = bounds(R, a2, s2)
        assert_allclose(slope.max(), high, rtol=1e-5)
        assert_allclose(slope.min(), low, rtol=1e-5)
        y = np.linspace(-9, 9, 40_001)
        energy = np.trapezoid(law.density(y[:, None]) * law.score(y[:, None])[:, 0] ** 2, y)
        assert np.abs(slope).max() >= energy


@pytest.mark.claim("prop-score-energy")
@against(dimension_forgotten=lambda energy, d: energy, dimension_not_to_the_first_power=lambda energy, d: energy / d**2)
def test_a_round_gaussian_attains_the_lipschitz_bound(least=lambda energy, d: energy / d):
    """Part 3 in the plane: the score of N(m, v I) noised is linear, and its slope is all that there is."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(8)
    z = np.stack(np.meshgrid(nodes, nodes), axis=-1).reshape(-1, 2)
    w = np.outer(weights, weights).ravel() / weights.sum() ** 2
    for t in (0.05, 0.8):
        v = 0.4 * np.exp(-2 * t) - np.expm1(-2 * t)
        law = GaussianMixture([1.0], [[0.3, -1.0]], [0.4]).diffuse(t)
        score = law.score(np.exp(-t) * np.array([0.3, -1.0]) + np.sqrt(v) * z)
        apart = np.linalg.norm(z[:1] - z[1:], axis=1) * np.sqrt(v)
        lipschitz = np.max(np.linalg.norm(score[:1] - score[1:], axis=1) / apart)
        assert_allclose(lipschitz, least(np.sum(w * np.sum(score**2, axis=1)), 2), rtol=1e-9)


def quantiles(law, n=20_000):
    """The law at the midpoints of n equal shares, by bisection of its distribution function."""
    u = (np.arange(n) + 0.5) / n
    low, high = np.full(n, -25.0), np.full(n, 25.0)
    for _ in range(45):
        middle = (low + high) / 2
        below = law.cdf(middle) < u
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2


def w2(p, q):
    return np.sqrt(np.mean((quantiles(p) - quantiles(q)) ** 2))


def moments(m, c, delta):
    return np.exp(-delta) * m, np.exp(-2 * delta) * c - np.expm1(-2 * delta) * np.eye(2)


@pytest.mark.claim("prop-truncation-bias")
@against(
    moments,
    mean_kept=lambda m, c, d: (m, moments(m, c, d)[1]),
    mean_decays_twice=lambda m, c, d: (np.exp(-2 * d) * m, moments(m, c, d)[1]),
    noise_of_half_the_time=lambda m, c, d: (np.exp(-d) * m, np.exp(-2 * d) * c - np.expm1(-d) * np.eye(2)),
    covariance_only_widened=lambda m, c, d: (np.exp(-d) * m, c - np.expm1(-2 * d) * np.eye(2)),
)
@given(law=mixtures(dimension=2), delta=times)
def test_moments_after_one_truncation(law, delta, formula):
    """Each component by hand; the total covariance is that within plus that between the components."""
    a2 = np.exp(-2 * delta)
    means, inside = np.exp(-delta) * law.means, a2 * law.covariances + (1 - a2) * np.eye(2)
    mean = law.weights @ means
    total = np.einsum("k,kij->ij", law.weights, inside + means[:, :, None] * means[:, None, :]) - np.outer(mean, mean)
    expected_mean, expected = formula(law.mean(), law.covariance(), delta)
    assert_allclose(mean, expected_mean, rtol=1e-9, atol=1e-9)
    assert_allclose(total, expected, rtol=1e-9, atol=1e-9)


def bound_for_any_law(second, d, delta):
    return np.sqrt(np.expm1(-delta) ** 2 * second - np.expm1(-2 * delta) * d)


@pytest.mark.claim("prop-truncation-bias")
@against(
    noise_of_half_the_time=lambda second, d, delta: np.sqrt(np.expm1(-delta) ** 2 * second - np.expm1(-delta) * d),
    noise_forgotten=lambda second, d, delta: -np.expm1(-delta) * np.sqrt(second),
    signal_not_squared=lambda second, d, delta: np.sqrt(-np.expm1(-delta) * second - np.expm1(-2 * delta) * d),
)
@pytest.mark.parametrize("delta", [0.01, 0.3, 1.0])
def test_bound_for_any_law_and_the_point_mass_that_attains_it(delta, bound=bound_for_any_law):
    a, s2, x = np.exp(-delta), -np.expm1(-2 * delta), 1.7
    u = (np.arange(200_000) + 0.5) / 200_000
    assert_allclose(np.sqrt(np.mean((a * x + np.sqrt(s2) * ndtri(u) - x) ** 2)), bound(x**2, 1, delta), rtol=1e-4)
    law = line_example()
    assert w2(law, law.diffuse(delta)) <= bound(1.186, 1, delta)  # E X^2 = .3 (1.44 + .25) + .7 (.81 + .16) = 1.186


@pytest.mark.claim("prop-truncation-bias")
@against(
    first_order=lambda information, delta: 0.9 * delta * np.sqrt(information),
    half_speed=lambda information, delta: -np.expm1(-delta / 2) * np.sqrt(information),
    information_not_rooted=lambda information, delta: -np.expm1(-delta) * information,
)
@pytest.mark.parametrize("delta", [0.01, 0.1, 0.7])
def test_bound_for_smooth_laws_and_the_shift_that_attains_it(
    delta, bound=lambda information, delta: -np.expm1(-delta) * np.sqrt(information)
):
    y = np.linspace(-10, 10, 40_001)
    for law, attained in ((line_example(), False), (GaussianMixture([1.0], [[1.4]], [1.0]), True)):
        density = law.density(y[:, None])
        slope = np.gradient(np.log(density), y, edge_order=2) + y
        information = np.trapezoid(density * slope**2, y)
        cost = w2(law, law.diffuse(delta))
        assert cost <= bound(information, delta) * (1 + 1e-6)
        if attained:
            assert_allclose(cost, bound(information, delta), rtol=1e-5)


def share_never_recovered(atoms):
    """Mass of the singular part."""
    return atoms


@pytest.mark.claim("prop-truncation-bias")
@against(half_of_it=lambda atoms: atoms / 2, all_of_the_mass=lambda atoms: 1.0, nothing=lambda atoms: 0.0)
@pytest.mark.parametrize("atoms", [0.25, 0.6])
def test_total_variation_falls_to_the_singular_mass(atoms, limit=share_never_recovered):
    """An atom at -1 beside N(1, 0.3), cell by cell: the atom is lost at once, the change of the Gaussian dies out."""
    gaps = []
    for delta in (0.3, 0.03, 1e-3, 1e-4):
        a, s = np.exp(-delta), np.sqrt(-np.expm1(-2 * delta))
        cells = np.unique(np.concatenate([s * np.linspace(-9, 9, 4001) - a, np.linspace(-6, 8, 4001)]))
        before = (1 - atoms) * np.diff(ndtr((cells - 1) / np.sqrt(0.3)))
        after = (1 - atoms) * np.diff(ndtr((cells - a) / np.sqrt(0.3 * a * a + s * s)))
        after = after + atoms * np.diff(ndtr((cells + a) / s))
        gaps.append((atoms + np.abs(before - after).sum()) / 2)
    assert np.all(np.array(gaps) >= limit(atoms) - 1e-12)
    assert gaps[0] > limit(atoms) + 0.02
    assert np.all(np.diff(gaps) < 0)
    assert_allclose(gaps[-1], limit(atoms), atol=2e-3)


@pytest.mark.claim("prop-truncation-bias")
@against(no_dimension=lambda d: 1.0, root_of_the_dimension=lambda d: np.sqrt(d), twice=lambda d: 2.0 * d)
def test_data_sets_pay_the_square_root(limit=lambda d: 1.0 * d):
    """W_2^2 / (2 delta) tends to d.  In the plane: bounded below by the nearest point, above by the coupling."""
    rng, delta, n = np.random.default_rng(4), 1e-4, 40_000
    points = np.array([[-1.0, 0.4], [0.5, 1.0], [2.0, -0.7]])
    x = np.exp(-delta) * points[rng.integers(0, 3, n)] + np.sqrt(-np.expm1(-2 * delta)) * rng.standard_normal((n, 2))
    nearest = np.min(np.sum((x[:, None, :] - points) ** 2, axis=2), axis=1) / (2 * delta)
    above = bound_for_any_law(np.mean(np.sum(points**2, axis=1)), 2, delta) ** 2 / (2 * delta)
    assert nearest.mean() - 5 * nearest.std() / np.sqrt(n) <= limit(2) <= above + 1e-3
