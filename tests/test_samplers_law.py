"""Draws at delta against P_delta, with error bars: five standard errors, and the known bias of the steps."""

import functools
import math

import numpy as np
import pytest

from controls import against
from echolimit import GaussianMixture, score_of, time_grid
from sampler_oracles import DETERMINISTIC, SAMPLERS, STOCHASTIC, density_after, gaussian_after, mean_map
from strategies import line_example

T, DELTA, STEPS, N = 2.0, 0.1, 60, 20_000
X = np.linspace(-7, 7, 281)
FUNCTIONS = (lambda x: x, lambda x: x**2, lambda x: np.cos(2 * x), lambda x: np.sin(3 * x), lambda x: np.exp(-x * x))


@functools.cache
def expected(name):
    """E f at delta for each f: the law the steps lead to from P_T, by quadrature, without a draw."""
    law, times, width = line_example(), time_grid(T, DELTA, STEPS, "geometric"), X[1] - X[0]
    if name in STOCHASTIC:
        density, ends = density_after(STOCHASTIC[name], law, times, X), X
    else:
        density, ends = law.diffuse(T).density(X[:, None]), mean_map(DETERMINISTIC[name], law, times, X)
    return np.array([density @ f(ends) * width for f in FUNCTIONS])


def as_they_are(x):
    return x


def denoised(x):
    """The last step that many samplers add: the mean of X_0 given X_delta = x."""
    return (x + (1 - math.exp(-2 * DELTA)) * line_example().diffuse(DELTA).score(x)) * math.exp(DELTA)


@pytest.mark.parametrize("name", SAMPLERS)
@against(
    as_they_are,
    denoised_at_the_end=denoised,
    rescaled=lambda x: x * math.exp(DELTA),
    stopped_at_half_delta=lambda x: x + (x + line_example().diffuse(DELTA).score(x)) * DELTA / 2,
)
def test_draws_follow_the_law_at_delta(name, finish):
    law, rng = line_example(), np.random.default_rng(7)
    times = time_grid(T, DELTA, STEPS, "geometric")
    x = finish(SAMPLERS[name](score_of(law), law.diffuse(T).sample(N, rng), times, rng))[:, 0]
    end = law.diffuse(DELTA).density(X[:, None]) * (X[1] - X[0])
    for f, predicted in zip(FUNCTIONS, expected(name), strict=True):
        found, error, exact = f(x).mean(), f(x).std() / math.sqrt(N), end @ f(X)
        assert abs(found - predicted) < 5 * error
        assert abs(found - exact) < 5 * error + abs(predicted - exact)
        assert abs(predicted - exact) < 0.03


@pytest.mark.parametrize("name", SAMPLERS)
@against(as_they_are, coordinates_exchanged=lambda x: x[:, ::-1], rescaled=lambda x: x * math.exp(DELTA))
def test_a_correlated_gaussian_in_the_plane(name, finish):
    """Along each eigenvector the steps are those of the line, so that mean and covariance are known exactly."""
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    variances, mean = np.array([0.1, 2.0]), np.array([1.0, -0.5])
    law = GaussianMixture([1.0], [mean], [turn * variances @ turn.T])
    times, rng = time_grid(T, DELTA, 25), np.random.default_rng(3)
    x = finish(SAMPLERS[name](score_of(law), rng.standard_normal((N, 2)), times, rng))
    axes = [
        gaussian_after(SAMPLERS[name], GaussianMixture([1.0], [[m]], [v]), times, 0.0, 1.0)
        for m, v in zip(mean @ turn, variances, strict=True)
    ]
    centre = np.array([m for m, _ in axes])
    covariance = turn @ np.diag([v for _, v in axes]) @ turn.T
    offset = x - turn @ centre
    products = (offset[:, :, None] * offset[:, None, :]).reshape(N, 4)
    assert np.all(np.abs(offset.mean(axis=0)) < 5 * offset.std(axis=0) / math.sqrt(N))
    assert np.all(np.abs(products.mean(axis=0) - covariance.ravel()) < 5 * products.std(axis=0) / math.sqrt(N))
