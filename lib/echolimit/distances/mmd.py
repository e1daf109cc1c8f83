"""Maximum mean discrepancy with a Gaussian kernel, without bias, and its standard error."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_finite, check_positive

MAX_PAIRS = 100_000_000


class MMDEstimate(NamedTuple):
    """The squared discrepancy, unbiased and hence below zero at times where the laws agree, and its standard error."""

    squared: float
    standard_error: float


def maximum_mean_discrepancy(x: Any, y: Any, bandwidth: float | None = None) -> MMDEstimate:
    """MMD^2 = E k(X, X') + E k(Y, Y') - 2 E k(X, Y) with k(x, y) = exp(-|x - y|^2 / (2 bandwidth^2)), from samples.

    The means over distinct pairs: no bias at any n.  The standard error is that of the first-order part,
    2 (mean_j k(x_i, x_j) - mean_j k(x_i, y_j)) for each x_i and likewise for y_j; where the laws agree, and that part
    vanishes, it is too large by about sqrt(2).

    x: (n, d), y: (m, d), n, m >= 2, numpy or torch (copied to numpy float64).  bandwidth: > 0, or None for
    `median_distance(y)`.  Memory and time grow with (n + m)^2; at most 10^8 pairs.
    Raises ValueError for wrong shapes, NaN, too many pairs or a bandwidth that is not positive.
    Standard: Gretton et al. (2012).
    """
    x, y = _points(x, "x"), _points(y, "y")
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x and y must have one dimension, got {x.shape[1]} and {y.shape[1]}: samples of one space")
    for n, m in ((len(x), len(x)), (len(y), len(y)), (len(x), len(y))):
        if n * m > MAX_PAIRS:
            raise ValueError(f"x and y make {n * m} pairs, more than {MAX_PAIRS}: pass fewer rows")
    bandwidth = median_distance(y) if bandwidth is None else check_positive(bandwidth, "bandwidth")
    squared, part_x, part_y = mmd_parts(x, y, bandwidth)
    variance = part_x.var(ddof=1) / len(x) + part_y.var(ddof=1) / len(y)
    return MMDEstimate(squared, math.sqrt(float(variance)))


def mmd_parts(x: np.ndarray, y: np.ndarray, bandwidth: float) -> tuple[float, np.ndarray, np.ndarray]:
    """The unbiased squared discrepancy and its first-order parts for each x_i and y_j, up to constants."""
    within_x = _others(np.exp(squared_distances(x, x) / (-2 * bandwidth**2)))
    within_y = _others(np.exp(squared_distances(y, y) / (-2 * bandwidth**2)))
    cross = np.exp(squared_distances(x, y) / (-2 * bandwidth**2))
    squared = float(within_x.mean() + within_y.mean() - 2 * cross.mean())
    return squared, 2 * (within_x - cross.mean(axis=1)), 2 * (within_y - cross.mean(axis=0))


def median_distance(x: Any, rows: int = 2000) -> float:
    """The median distance between the first `rows` distinct points of x (n, d): the customary bandwidth.

    Raises ValueError where more than half of the pairs coincide.
    """
    x = _points(x, "x")[:rows]
    distances = squared_distances(x, x)[np.triu_indices(len(x), 1)]
    median = math.sqrt(float(np.median(distances)))
    if median == 0:
        raise ValueError("more than half of the pairs of x coincide, got a median distance of 0: pass a bandwidth")
    return median


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """|x_i - y_j|^2, (n, m)."""
    squares = np.einsum("ij,ij->i", x, x)[:, None] + np.einsum("ij,ij->i", y, y)[None, :]
    squares -= 2 * (x @ y.T)
    return np.maximum(squares, 0, out=squares)


def _others(kernel: np.ndarray) -> np.ndarray:
    """Mean of each row of a symmetric kernel matrix over the other points."""
    return (kernel.sum(axis=1) - np.diagonal(kernel)) / (len(kernel) - 1)


def _points(value: Any, name: str) -> np.ndarray:
    array = as_float_array(value, name)
    if array.ndim != 2 or array.shape[0] < 2 or array.shape[1] < 1:
        hint = f": use {name}[:, None]" if array.ndim == 1 else ""
        raise ValueError(f"{name} must have shape (n, d) with n >= 2, got {tuple(array.shape)}{hint}")
    check_finite(array, name)
    return to_numpy(array)
