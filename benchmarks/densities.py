"""Density of the limit law: the library against the sum over ages and components that one would write with scipy."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from benchmarks.rows import Row, alternate
from echolimit import GaussianMixture, limit_law

ALPHA, DELTA = 0.2, 0.05


def naive(weights: np.ndarray, means: np.ndarray, covariances: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Log-density at x by one scipy call for each age and component."""
    terms = []
    oldest = int(np.ceil(np.log(1e-12) / np.log1p(-ALPHA)))
    dimension = x.shape[1]
    for age in range(1, oldest + 1):
        signal = np.exp(-age * DELTA)
        noise = -np.expm1(-2 * age * DELTA)
        share = np.log(ALPHA) + (age - 1) * np.log1p(-ALPHA)
        for weight, mean, covariance in zip(weights, means, covariances, strict=True):
            spread = signal**2 * covariance + noise * np.eye(dimension)
            if dimension == 1:
                log_density = norm.logpdf(x[:, 0], signal * mean[0], np.sqrt(spread[0, 0]))
            else:
                log_density = multivariate_normal.logpdf(x, signal * mean, spread)
            terms.append(share + np.log(weight) + log_density)
    return logsumexp(np.stack(terms), axis=0)


def measure() -> list[Row]:
    """Naive over ours in one and in eight dimensions, both checked to agree first."""
    rows = []
    rng = np.random.default_rng(1)
    for dimension, points in ((1, 20_000), (8, 5_000)):
        weights = np.array([0.2, 0.5, 0.3])
        means = rng.normal(size=(3, dimension))
        factors = rng.normal(size=(3, dimension, dimension)) / dimension
        covariances = factors @ factors.transpose(0, 2, 1) + 0.1 * np.eye(dimension)
        x = rng.normal(size=(points, dimension))
        law = limit_law(GaussianMixture(weights, means, covariances), ALPHA, DELTA)
        difference = np.abs(law.log_density(x) - naive(weights, means, covariances, x)).max()
        ours, theirs = alternate(
            partial(law.log_density, x),
            partial(naive, weights, means, covariances, x),
            repeats=3,
        )
        name = f"limit law, d = {dimension}, {points:,} points"
        rows.append(Row("density", f"{name}: ours", 1e3 * ours, "ms"))
        rows.append(Row("density", f"{name}: sum with scipy / ours", theirs / ours, "x"))
        rows.append(Row("density", f"{name}: largest difference of log-densities", float(difference), ""))
    return rows
