"""Chapter 9: how the local errors of a chain travel to its end."""

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from controls import against
from echolimit import flow_map, reverse_kernel, sampler_kernel
from line_laws import DATA, noised
from strategies import line_example

LAW, X, GRID = line_example(), np.linspace(-6, 6, 321), np.geomspace(2.0, 0.05, 13)
W = X[1] - X[0]


def exact(t):
    """The exact kernel from time t to the end, as a matrix."""
    return np.eye(len(X)) if t <= GRID[-1] else W * reverse_kernel(LAW, t, GRID[-1], X)


@pytest.mark.claim("prop-telescope")
@against(from_before_the_step=lambda t, u: exact(t), not_carried=lambda t, u: np.eye(len(X)))
@pytest.mark.parametrize("method", ["exponential_integrator", "euler_maruyama", "ancestral"])
def test_local_errors_travel_with_the_exact_kernel(method, carrier=lambda t, u: exact(u)):
    p = noised(DATA, GRID[0]).pdf(X)
    total, sizes, left = np.zeros_like(X), 0.0, 0.0
    for t, u in itertools.pairwise(GRID):
        step = p @ (W * sampler_kernel(LAW, t, u, X, sampler=method))
        error = step - p @ (W * reverse_kernel(LAW, t, u, X))
        rest = error @ carrier(t, u)
        total, p = total + rest, step
        sizes, left = sizes + W * np.abs(error).sum() / 2, left + W * np.abs(rest).sum() / 2
    gap = p - noised(DATA, GRID[-1]).pdf(X)
    assert_allclose(total, gap, atol=1e-6)
    assert W * np.abs(gap).sum() / 2 <= left <= sizes


@pytest.mark.claim("prop-telescope")
@against(forgotten=lambda size, t: size * math.exp(-t), a_little=lambda size, t: size * (1 - 1e-3))
@pytest.mark.parametrize("t", [2.0, 0.5, 0.1])
def test_the_flow_carries_a_local_error_whole(t, left=lambda size, t: size):
    y = np.linspace(-7, 7, 6001)
    before = noised(DATA, t)
    error = before.pdf(y - 0.1) - before.pdf(y)
    end = flow_map(LAW, t, 0.02, y)
    slope = before.pdf(y) / noised(DATA, 0.02).pdf(end)
    size = np.trapezoid(np.abs(error), y) / 2
    assert_allclose(np.trapezoid(np.abs(error) / slope, end) / 2, left(size, t), rtol=1e-4)
