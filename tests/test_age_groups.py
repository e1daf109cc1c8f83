"""Grouped ages: the certificate holds, and the rule has the moments of the measure that it replaces."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import trapezoid
from scipy.stats import norm

from controls import against
from echolimit import GaussianMixture, OrnsteinUhlenbeck, PointCloud, VarianceExploding, limit_law, round_law
from echolimit.age_groups import LISTED_AGES, _certificate, discrete_gauss, group_ages
from strategies import line_example, plane_example

X = np.linspace(-6, 6, 601)


def all_ages(law, alpha: float, delta: float, x: np.ndarray) -> np.ndarray:
    """The sum over every age, written with scipy's normal density."""
    ages = np.arange(1, math.ceil(math.log(1e-15) / math.log1p(-alpha)))
    weights, total = alpha * np.exp(np.log1p(-alpha) * (ages - 1)), np.zeros_like(x)
    for part in np.array_split(np.arange(ages.size), 1 + ages.size // 2000):
        a = np.exp(-ages[part] * delta)[:, None]
        for w, m, v in zip(law.weights, law.means[:, 0], law.covariances, strict=True):
            total += w * weights[part] @ norm.pdf(x, a * m, np.sqrt(a**2 * v + 1 - a**2))
    return total


@against(
    limit_law,
    coarse_rule=lambda law, a, d: limit_law(law, a, d, tol=1e-2),
    ages_shifted_by_one=lambda law, a, d: limit_law(law.diffuse(d), a, d),
)
@pytest.mark.parametrize(("alpha", "delta"), [(0.01, 1e-6), (0.01, 0.003), (0.004, 0.02), (0.002, 0.2)])
def test_a_grouped_limit_is_the_sum_over_all_ages(alpha, delta, law):
    for target in (line_example(), GaussianMixture([0.5, 0.5], [[0.0], [3.0]], [0.01, 4.0])):
        found = law(target, alpha, delta)
        assert found.tv_error <= 1e-12
        gap = trapezoid(np.abs(found.density(X[:, None]) - all_ages(target, alpha, delta, X)), X) / 2
        assert gap < 5e-12


def test_a_quarter_of_a_million_ages_become_a_few_hundred():
    limit = limit_law(line_example(), 1e-4, 0.05)
    assert limit.tv_error <= 1e-12
    assert limit.times.size < 400
    assert_allclose(limit.weights.sum(), 1, rtol=1e-14)
    survives = 1e-4 / (np.expm1(0.05) + 1e-4)
    assert_allclose(limit.mean(), survives * line_example().mean(), rtol=1e-10)


@pytest.mark.parametrize("process", [OrnsteinUhlenbeck(), VarianceExploding()])
@pytest.mark.parametrize("target", [plane_example(), PointCloud(np.eye(3) * 2), limit_law(plane_example(), 0.5, 0.1)])
def test_groups_keep_the_moments(process, target):
    limit = limit_law(target, 0.005, 0.01, process=process)
    assert limit.times.size < 1000
    ages = np.arange(1, 8001)
    weights = 0.005 * 0.995 ** (ages - 1)
    scale = sum(w * process.signal(float(t)) for w, t in zip(weights, 0.01 * ages, strict=True))
    noise = sum(w * process.noise_variance(float(t)) for w, t in zip(weights, 0.01 * ages, strict=True))
    assert_allclose(limit.mean(), scale * np.asarray(target.mean()), rtol=1e-9)
    second = sum(w * process.signal(float(t)) ** 2 for w, t in zip(weights, 0.01 * ages, strict=True))
    moment = target.covariance() + np.outer(target.mean(), target.mean())
    expected = second * moment + noise * np.eye(target.dimension) - np.outer(limit.mean(), limit.mean())
    assert_allclose(limit.covariance(), expected, rtol=1e-8, atol=1e-12)


def test_many_rounds_are_grouped_too():
    rounds = 2 * LISTED_AGES
    law = round_law(line_example(), rounds, 1e-3, 0.001)
    assert 0 < law.tv_error <= 1e-12
    a = np.exp(-0.001 * np.arange(1, rounds + 1))[:, None]
    weights = 1e-3 * (1 - 1e-3) ** np.arange(rounds)
    weights[-1] = (1 - 1e-3) ** (rounds - 1)
    expected = sum(
        w * weights @ norm.pdf(X, a * m, np.sqrt(a**2 * v + 1 - a**2))
        for w, m, v in [(0.3, -1.2, 0.25), (0.7, 0.9, 0.16)]
    )
    assert_allclose(law.density(X[:, None]), expected, atol=1e-11)


def test_a_discrete_gauss_rule_is_exact_to_twice_its_size():
    points = np.arange(3.0, 900.0)
    weights = 0.98**points
    node, share = discrete_gauss(points, weights, 6)
    assert np.all(share > 0)
    assert np.all((node > 3) & (node < 900))
    for degree in range(12):
        scaled = lambda x: (x / 100) ** degree  # noqa: B023, E731
        assert_allclose(share @ scaled(node), weights @ scaled(points), rtol=1e-9)
    assert abs(share @ (node / 100) ** 12 / (weights @ (points / 100) ** 12) - 1) > 1e-9


@pytest.mark.parametrize("process", [OrnsteinUhlenbeck(), VarianceExploding()])
def test_the_certificate_bounds_the_true_error(process, monkeypatch):
    """With few nodes the error is far above rounding, so the bound is put to the test."""
    monkeypatch.setattr("echolimit.age_groups.NODES", 3)
    target = GaussianMixture([0.5, 0.5], [[-1.0], [1.5]], [0.05, 0.1])
    times, weights = np.linspace(0.02, 0.5, 400), np.full(400, 1 / 400)
    exact = sum(w * target.diffuse(t, process).density(X[:, None]) for t, w in zip(times, weights, strict=True))
    bound = _certificate(times[0], times[-1], target, process)
    nodes, shares, error = group_ages(times, weights, 1e-4, target, process)
    node, share = discrete_gauss(times, weights, 3)
    for points, masses, certified in ((node, share, bound), (nodes, shares, error)):
        found = sum(w * target.diffuse(t, process).density(X[:, None]) for t, w in zip(points, masses, strict=True))
        true = trapezoid(np.abs(found - exact), X) / 2
        assert 1e-12 < true <= certified


@pytest.mark.parametrize("alpha", [1e-4, 0.05, 1.0])
@pytest.mark.parametrize("delta", [1e-6, 0.01, 10.0])
@pytest.mark.parametrize("dimension", [1, 64])
def test_the_corners_of_the_parameters_stay_exact(alpha, delta, dimension):
    """Components of variance 0 and 4, points 40 away from the origin in each coordinate."""
    means = np.stack([np.full(dimension, 1.0), np.full(dimension, -2.0)])
    law = limit_law(GaussianMixture([0.7, 0.3], means, [0.0, 4.0]), alpha, delta)
    survives = alpha / (math.expm1(delta) + alpha)
    assert law.tv_error <= 1e-12
    assert_allclose(law.mean(), np.full(dimension, 0.1 * survives), rtol=1e-9)
    x = np.stack([np.full(dimension, value) for value in (-40.0, 0.3, 40.0)])
    log_density, score = law.log_density(x), law.score(x)
    assert np.all(np.isfinite(log_density))
    assert np.all(score[0] > 0)
    assert np.all(score[2] < 0)
    assert_allclose(score, score[:, :1] * np.ones(dimension), rtol=1e-6)  # all coordinates are alike
