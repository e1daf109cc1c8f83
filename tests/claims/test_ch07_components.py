"""Chapter 7: the loop with a kernel, labelled component by component."""

from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from controls import against
from echolimit import (
    GaussianMixture,
    VarianceExploding,
    age_law,
    component_moments,
    kernel_loop_law,
    round_law,
    sample_kernel_loop,
)

ALPHA, DELTA, WIDTH, ROUNDS = 0.3, 0.1, 0.5, 6
TARGET = GaussianMixture([0.3, 0.7], [[2.0, -1.0], [-1.0, 0.5]], [[[0.3, 0.1], [0.1, 0.2]], [[0.2, 0.0], [0.0, 0.5]]])


def draw(n, rng):
    """Points of the target with their labels, by numpy."""
    labels = (rng.random(n) < 0.7).astype(int)
    roots = np.linalg.cholesky(np.asarray(TARGET.covariances))
    return TARGET.means[labels] + np.einsum("nij,nj->ni", roots[labels], rng.standard_normal((n, 2))), labels


@cache
def forward_genealogy(n=300_000):
    """The loop as it runs, with independent lines: a coin, a kernel, a truncation in each round; labels are copied."""
    rng = np.random.default_rng(8)
    x, labels = draw(n, rng)
    for _ in range(ROUNDS):
        fresh, names = draw(n, rng)
        is_fresh = rng.random(n) < ALPHA
        x, labels = np.where(is_fresh[:, None], fresh, x), np.where(is_fresh, names, labels)
        x = x + WIDTH * rng.standard_normal(x.shape)
        x = np.exp(-DELTA) * x + np.sqrt(-np.expm1(-2 * DELTA)) * rng.standard_normal(x.shape)
    return x, labels


def recursion(between=lambda a: a * (1 - a), kernel=1.0, order=1):
    """Means and covariances after ROUNDS rounds, with one of the constants of the recursion open."""
    a2, s2 = np.exp(-2 * DELTA), -np.expm1(-2 * DELTA)
    mu, C = TARGET.means.copy(), TARGET.covariances.copy()
    for _ in range(ROUNDS):
        gap = TARGET.means - mu
        C = ALPHA * TARGET.covariances + (1 - ALPHA) * C + between(ALPHA) * gap[:, :, None] * gap[:, None, :]
        C = a2 * (C + kernel * WIDTH**2 * np.eye(2)) + s2 * np.eye(2)
        mu = np.sqrt(a2) ** order * (ALPHA * TARGET.means + (1 - ALPHA) * mu)
    return mu, C


@pytest.mark.claim("prop-component-recursion")
@against(
    recursion,
    gap_of_the_means_forgotten=lambda: recursion(between=lambda a: 0.0),
    coin_variance_without_the_rest=lambda: recursion(between=lambda a: a),
    kernel_after_the_shrink=lambda: recursion(kernel=np.exp(2 * DELTA) * 1.1),
    means_shrunk_twice=lambda: recursion(order=2),
)
def test_labelled_moments_of_the_loop_as_it_runs(moments):
    x, labels = forward_genealogy()
    n, (means, covariances) = len(x), moments()
    assert abs(np.mean(labels == 1) - 0.7) < 5 * np.sqrt(0.21 / n)
    for k in range(2):
        off = x[labels == k] - means[k]
        error = off.std(axis=0) / np.sqrt(len(off))
        assert np.all(np.abs(off.mean(axis=0)) < 5 * error)
        squares = off[:, :, None] * off[:, None, :]
        error = squares.std(axis=0) / np.sqrt(len(off))
        assert np.all(np.abs(squares.mean(axis=0) - covariances[k]) < 5 * error)


@pytest.mark.claim("prop-component-recursion")
@against(
    component_moments,
    one_round_less=lambda t, n, a, d, h: component_moments(t, n - 1, a, d, h),
    share_exchanged=lambda t, n, a, d, h: component_moments(t, n, 1 - a, d, h),
    kernel_forgotten=lambda t, n, a, d, h: component_moments(t, n, a, d, 0.0),
)
def test_the_library_follows_the_recursion(law):
    means, covariances = law(TARGET, ROUNDS, ALPHA, DELTA, WIDTH)
    expected = recursion()
    assert_allclose(means[-1], expected[0], rtol=1e-12)
    assert_allclose(covariances[-1], expected[1], rtol=1e-12)
    mixture = GaussianMixture(TARGET.weights, means[-1], covariances[-1])
    exact = kernel_loop_law(TARGET, ROUNDS, ALPHA, DELTA, WIDTH)
    assert_allclose(mixture.mean(), exact.mean(), rtol=1e-11)
    assert_allclose(mixture.covariance(), exact.covariance(), rtol=1e-11)


def age_sum(noise=lambda a2, s2: a2 * WIDTH**2 + s2, first=1):
    """Moments of label 0 as a mixture over ages."""
    a, s2 = np.exp(-DELTA), -np.expm1(-2 * DELTA)
    ages, weights = np.arange(first, ROUNDS + first), age_law(ROUNDS, ALPHA)
    m, C = TARGET.means[0], TARGET.covariances[0]
    added = [noise(a**2, s2) * sum(a ** (2 * i) for i in range(j)) for j in ages]
    mean = weights @ a**ages * m
    spread = sum(w * (a ** (2 * j) * C + v * np.eye(2)) for w, j, v in zip(weights, ages, added, strict=True))
    return mean, spread + (weights @ a ** (2 * ages) - (weights @ a**ages) ** 2) * np.outer(m, m)


@pytest.mark.claim("prop-kernel-loop")
@against(
    ages_from_zero=lambda: age_sum(first=0),
    kernel_not_shrunk=lambda: age_sum(noise=lambda a2, s2: WIDTH**2 + s2),
    kernel_twice=lambda: age_sum(noise=lambda a2, s2: 2 * a2 * WIDTH**2 + s2),
)
def test_a_component_is_a_mixture_over_ages(moments=age_sum):
    mean, covariance = moments()
    assert_allclose(mean, recursion()[0][0], rtol=1e-12)
    assert_allclose(covariance, recursion()[1][0], rtol=1e-12)


@pytest.mark.claim("prop-kernel-loop")
@against(
    kernel_loop_law,
    gaussian_with_the_right_moments=lambda t, n, a, d, h: GaussianMixture(
        t.weights, *(m[-1] for m in component_moments(t, n, a, d, h))
    ),
    one_round_more=lambda t, n, a, d, h: kernel_loop_law(t, n + 1, a, d, h),
)
def test_third_moments_of_the_loop_as_it_runs(law):
    far, rng, n = GaussianMixture([1.0], [[4.0]], [0.1]), np.random.default_rng(21), 100_000
    exact = law(far, ROUNDS, ALPHA, DELTA, 0.2)
    mean, spread = exact.mean()[0], np.asarray(exact.covariances).reshape(-1)
    off = exact.means[:, 0] - mean
    third = exact.weights @ (off**3 + 3 * off * spread)
    x = far.sample(n, rng)
    for _ in range(ROUNDS):
        x = np.where(rng.random((n, 1)) < ALPHA, far.sample(n, rng), x) + 0.2 * rng.standard_normal((n, 1))
        x = np.exp(-DELTA) * x + np.sqrt(-np.expm1(-2 * DELTA)) * rng.standard_normal((n, 1))
    draws, labels = sample_kernel_loop(far, n, ROUNDS, ALPHA, DELTA, rng, 0.2)
    assert np.all(labels == 0)
    for sample in (x, draws):
        own = (sample[:, 0] - mean) ** 3
        assert abs(own.mean() - third) < 5 * own.std() / np.sqrt(n)


@pytest.mark.claim("prop-kernel-loop")
@against(
    limit_of_no_noise=lambda h, d: h**2 / np.expm1(2 * d),
    half_the_time=lambda h, d: 1 + h**2 / np.expm1(d),
    kernel_not_shrunk=lambda h, d: 1 + h**2 / -np.expm1(-2 * d),
)
def test_it_is_the_standard_loop_in_other_units(kappa=lambda h, d: 1 + h**2 / np.expm1(2 * d)):
    scale = np.sqrt(kappa(WIDTH, DELTA))
    small = GaussianMixture(TARGET.weights, TARGET.means / scale, TARGET.covariances / scale**2)
    x = np.random.default_rng(0).normal(size=(15, 2))
    standard = round_law(small, ROUNDS, ALPHA, DELTA).density(x / scale) / scale**2
    assert_allclose(kernel_loop_law(TARGET, ROUNDS, ALPHA, DELTA, WIDTH).density(x), standard, rtol=1e-10)


@pytest.mark.claim("prop-kernel-loop")
@against(
    every_round_in_full=lambda a, n: n,
    first_round_missing=lambda a, n: (1 - (1 - a) ** (n - 1)) / a,
    noise_like=lambda a, n: (1 - (1 - a) ** (2 * n)) / (a * (2 - a)),
)
@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_the_twin_without_truncation(alpha, mean_age=lambda a, n: (1 - (1 - a) ** n) / a):
    for rounds in (2, 20):
        means, covariances = component_moments(TARGET, rounds, alpha, 0.36, process=VarianceExploding())
        assert_allclose(means[-1], TARGET.means)
        expected = TARGET.covariances + 0.36 * mean_age(alpha, rounds) * np.eye(2)
        assert_allclose(covariances[-1], expected, rtol=1e-12)
