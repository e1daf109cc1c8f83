"""Hermite coefficients estimated from samples, with standard errors."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from echolimit._arrays import as_float_array, row_blocks, to_numpy
from echolimit._checks import check_count, check_finite
from echolimit.hermite.table import check_table, multi_indices

BLOCK = 4_000_000


class HermiteEstimate(NamedTuple):
    """Estimated c_0 .. c_degree and their standard errors, both (degree + 1,)."""

    coefficients: np.ndarray
    standard_errors: np.ndarray


class HermiteTableEstimate(NamedTuple):
    """Estimated multi-index coefficients: indices (m, d), coefficients (m,), standard_errors (m,)."""

    indices: np.ndarray
    coefficients: np.ndarray
    standard_errors: np.ndarray


def estimate_hermite_coefficients(samples: Any, degree: int) -> HermiteEstimate | HermiteTableEstimate:
    """c^_n = (1/N) sum_i h_n(x_i), unbiased, with the standard error s_n / sqrt(N), s_n^2 the sample variance of h_n.

    h_n by its three-term recurrence, which is stable (the sum over powers cancels beyond degree 25).  Where a component
    has variance v > 1, E h_n^2 grows like (2 v - 1)^n: then high degrees need many samples and the reported error
    is itself unreliable.

    samples: (N, d), N >= 2, numpy or torch (copied to numpy float64).  degree: integer >= 0.
    Returns a HermiteEstimate for d = 1, a HermiteTableEstimate over the multi-indices up to `degree` for d > 1.
    Raises ValueError for a wrong shape, NaN, too large a table, or h_n outside the range of float64.
    Derived in chapter 4, prop-estimation.
    """
    samples = as_float_array(samples, "samples")
    if samples.ndim != 2 or samples.shape[0] < 2 or samples.shape[1] < 1:
        hint = ": use samples[:, None]" if samples.ndim == 1 else ""
        raise ValueError(f"samples must have shape (N, d) with N >= 2, got {tuple(samples.shape)}{hint}")
    check_finite(samples, "samples")
    x, degree = to_numpy(samples), check_count(degree, "degree")
    n, d = x.shape
    check_table(d, degree)
    indices = multi_indices(d, degree)
    columns = [np.flatnonzero(indices[:, j]) for j in range(d)]  # the coordinates each mode really has
    total, square = np.zeros(len(indices)), np.zeros(len(indices))
    shift = None
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in row_blocks(n, max(1, BLOCK // (len(indices) + d * (degree + 1)))):
            ladder = hermite_ladder(x[rows], degree)
            values = np.ones((len(indices), ladder.shape[1]))
            for j in range(d):
                values[columns[j]] *= ladder[indices[columns[j], j], :, j]
            if shift is None:
                shift = values.mean(axis=1)  # variances around the first block's mean do not cancel
            values -= shift[:, None]
            total += values.sum(axis=1)
            square += np.einsum("mn,mn->m", values, values)
        mean = total / n
        variance = np.maximum(square / n - mean**2, 0) * n / (n - 1)
        coefficients, errors = shift + mean, np.sqrt(variance / n)
    if not (np.all(np.isfinite(coefficients)) and np.all(np.isfinite(errors))):
        raise ValueError(f"degree {degree} is too high for samples as large as {np.abs(x).max():.3g}: h_n^2 overflows")
    if d == 1:
        return HermiteEstimate(coefficients, errors)
    return HermiteTableEstimate(indices, coefficients, errors)


def hermite_ladder(x: np.ndarray, degree: int) -> np.ndarray:
    """h_0 .. h_degree at every entry of x, shape (degree + 1,) + x.shape."""
    out = np.empty((degree + 1, *x.shape))
    out[0] = 1.0
    if degree:
        out[1] = x
    for n in range(1, degree):
        out[n + 1] = (x * out[n] - math.sqrt(n) * out[n - 1]) / math.sqrt(n + 1)
    return out
