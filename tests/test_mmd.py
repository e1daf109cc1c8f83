"""Maximum mean discrepancy: brute force over pairs, closed forms, bias and errors, bad input."""

import itertools
import math

import numpy as np
import pytest
import torch

from controls import against
from echolimit.distances.mmd import maximum_mean_discrepancy, median_distance


@against(
    with_the_diagonal=lambda x, y, h: maximum_mean_discrepancy(x, y, h).squared + (1 / len(x) + 1 / len(y)),
    bandwidth_not_squared=lambda x, y, h: maximum_mean_discrepancy(x, y, math.sqrt(h)).squared,
)
def test_it_is_the_mean_over_distinct_pairs(mmd=lambda x, y, h: maximum_mean_discrepancy(x, y, h).squared):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((7, 3)), rng.standard_normal((5, 3)) + 1

    def kernel(p, q):
        return math.exp(-((p - q) @ (p - q)) / (2 * 1.7**2))

    within = [np.mean([kernel(p, q) for p, q in itertools.permutations(z, 2)]) for z in (x, y)]
    cross = np.mean([kernel(p, q) for p, q in itertools.product(x, y)])
    assert mmd(x, y, 1.7) == pytest.approx(sum(within) - 2 * cross, rel=1e-12)


@pytest.mark.parametrize("shift", [0.0, 0.8])
def test_mean_and_error_over_many_samples_of_normal_laws(shift):
    """E k(X, X') = (1 + 2 / h^2)^(-1/2) on the line and E k(X, Y) the same times exp(-shift^2 / (2 (h^2 + 2)))."""
    h, rng = 1.3, np.random.default_rng(1)
    alike = (1 + 2 / h**2) ** -0.5
    exact = 2 * alike * (1 - math.exp(-(shift**2) / (2 * (h**2 + 2))))
    draws = [(rng.standard_normal((60, 1)), rng.standard_normal((80, 1)) + shift) for _ in range(300)]
    found = [maximum_mean_discrepancy(x, y, h) for x, y in draws]
    values = np.array([f.squared for f in found])
    assert abs(values.mean() - exact) < 5 * values.std() / 300**0.5
    ratio = np.mean([f.standard_error for f in found]) / values.std()
    assert 0.85 < ratio < (1.2 if shift else 1.7)


def test_tensors_and_the_default_bandwidth():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((20, 2)), rng.standard_normal((30, 2))
    gaps = [np.linalg.norm(p - q) for p, q in itertools.combinations(y, 2)]
    assert median_distance(y) == pytest.approx(np.median(gaps))
    by_default = maximum_mean_discrepancy(torch.tensor(x), torch.tensor(y))
    assert by_default.squared == pytest.approx(maximum_mean_discrepancy(x, y, np.median(gaps)).squared)


@pytest.mark.parametrize(
    ("x", "y", "bandwidth", "message"),
    [
        (np.zeros(3), np.zeros((3, 1)), 1.0, r"use x\[:, None\]"),
        (np.zeros((1, 1)), np.zeros((3, 1)), 1.0, "n >= 2"),
        (np.zeros((3, 2)), np.zeros((3, 1)), 1.0, "one dimension"),
        (np.zeros((3, 1)), np.full((3, 1), np.nan), 1.0, "y must be finite"),
        (np.zeros((3, 1)), np.zeros((3, 1)), -1.0, "bandwidth must be greater than 0"),
        (np.zeros((3, 1)), np.zeros((3, 1)), None, "pass a bandwidth"),
        (np.zeros((20_000, 1)), np.zeros((3, 1)), 1.0, "pass fewer rows"),
    ],
)
def test_bad_input(x, y, bandwidth, message):
    with pytest.raises(ValueError, match=message):
        maximum_mean_discrepancy(x, y, bandwidth)
