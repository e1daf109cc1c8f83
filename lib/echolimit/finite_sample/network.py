"""A score network with one hidden layer on the line, trained to the minimum, sampled by its probability flow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtr

from echolimit._checks import check_count, check_delta, check_finite, check_points, check_positive
from echolimit.cloud import PointCloud
from echolimit.finite_sample.simulation import Fit
from echolimit.samplers import dpmpp_2m, time_grid
from echolimit.samplers.steps import noise_level

Truncation = float | Callable[[int], float]
CELLS = 320  # the training set is counted in so many cells
GOLDEN = 0.6180339887498949
NODES = np.linspace(-4.2, 4.2, 127)  # where the flow's map is computed, in units of its normal start


class ScoreNetwork:
    """score(x, t) = -(1 / s_t) sum_k a_k tanh(w_k x + u_k e_t + b_k) with e_t = ln(s_t / a_t) / 3, on the line.

    A model for loops: `sample` runs the probability flow from N(0, 1) at the first time of its grid to the truncation
    time.  On the line the flow is an increasing map of its start, computed once on a grid and interpolated, so that
    `cdf` is at hand too.  Made by `fit_score_network`.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, times: np.ndarray):
        self.first, self.second, self.times = first, second, times  # first: rows w, u, b, shape (3, hidden)
        ends = dpmpp_2m(self.score, NODES[:, None], times)[:, 0]
        self._ends = np.maximum.accumulate(ends)  # the exact flow is increasing; numerical dents are flattened

    def score(self, x: Any, t: float) -> np.ndarray:
        """The learned score at points x (n, 1) and a time t > 0; returns (n, 1).  What samplers take."""
        x = check_points(x, 1, self.second)
        return -(features(x[:, 0], t, self.first) @ self.second)[:, None] / noise_level(t)

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n independent draws of the model, shape (n, 1)."""
        return np.interp(rng.standard_normal(check_count(n, "n", least=1)), NODES, self._ends)[:, None]

    def cdf(self, x: Any) -> np.ndarray:
        """P(X <= x) for a draw X of the model; any shape.  The map's grid leaves out a mass of 3e-5."""
        return np.interp(np.asarray(x, dtype=np.float64), self._ends, ndtr(NODES), left=0.0, right=1.0)


def fit_score_network(
    truncation: Truncation,
    hidden: int = 300,
    levels: int = 16,
    T: float = 4.0,
    ridge: float = 1e-9,
    seed: int = 0,
) -> Fit:
    """A fit function for `simulate_regime` on the line: a one-hidden-layer score network.

    The first layer is random and fixed, the same for every fit (random features).  The second layer minimises the
    denoising loss  (1 / L) sum_l E (sum_k a_k f_k(X_l, t_l) - Z)^2 + ridge |a|^2,  X_l = a_l X + s_l Z, over L noise
    levels between T and the truncation time, X from the training set.  The expectation over the noise Z is
    done exactly (by quadrature), not by drawing it: training is a least-squares problem, solved at once.  What is left
    of learning is the class of functions and the finite training set.

    truncation: delta > 0, or a function of the size N of the training set that returns it.  hidden, levels: counts
    >= 1 (levels >= 2).  T: start time of sampling, above every truncation time.  ridge: > 0.  seed: of the first
    layer.  Returns fit(x, rng) -> ScoreNetwork for x (N, 1), finite and of about unit scale (ValueError beyond
    |x| = 50).  Raises ValueError outside these ranges.  Chapter 8; our own model, not that of Fu et al. (2024).
    """
    delta_of = check_truncation(truncation)
    hidden, levels = check_count(hidden, "hidden", least=1), check_count(levels, "levels", least=2)
    start = check_positive(T, "T", "sampling runs from it down to the truncation time")
    check_positive(ridge, "ridge", "it makes the least-squares problem regular")
    first = _first_layer(hidden, np.random.default_rng(check_count(seed, "seed")))
    cache: dict[tuple[float, int], _Problem] = {}

    def fit(x: np.ndarray, rng: np.random.Generator) -> ScoreNetwork:
        points = _line_points(x)
        delta, reach = delta_of(len(points)), math.ceil(np.abs(points).max() + 0.1)
        if (delta, reach) not in cache:
            cache[delta, reach] = _Problem(first, time_grid(start, delta, levels - 1, "log_snr"), reach)
        problem = cache[delta, reach]
        return ScoreNetwork(first, problem.solve(points, ridge), problem.times)

    return fit


def fit_exact_score(truncation: Truncation) -> Fit:
    """A fit function for `simulate_regime`: the exact score of the training set, run back exactly to time delta.

    The control for every learned score: its model is P_delta of the empirical law, a PointCloud diffused for delta.
    truncation: as in `fit_score_network`.  Any dimension.
    Averaged over the data it is the ideal loop: chapter 8, prop-average.
    """
    delta_of = check_truncation(truncation)

    def fit(x: np.ndarray, rng: np.random.Generator) -> PointCloud:
        return PointCloud(x).diffuse(delta_of(len(x)))

    return fit


def check_truncation(truncation: Truncation) -> Callable[[int], float]:
    """The truncation time as a function of the size of the training set."""
    if callable(truncation):
        return lambda size: check_delta(truncation(size))
    delta = check_delta(truncation)
    return lambda size: delta


def features(x: np.ndarray, t: float, first: np.ndarray) -> np.ndarray:
    """tanh(w x + u e_t + b) at x (n,); returns (n, hidden)."""
    w, u, b = first
    level = math.log(noise_level(t)) + t  # ln(s_t / a_t)
    return np.tanh(x[:, None] * w + (u * level / 3 + b))


class _Problem:
    """The least-squares problem of one grid of times and one reach of the data: all but the data, computed once."""

    def __init__(self, first: np.ndarray, times: np.ndarray, reach: int):
        self.times = times
        self.sites = np.linspace(-reach, reach, CELLS + 1)
        rows, kernels, slopes = [], [], []
        for k, t in enumerate(times):
            a, s = math.exp(-t), noise_level(t)
            step = min(0.5 * s, 0.15)
            count = math.ceil((a * reach + 4.5 * s) / step)
            shift = (GOLDEN * k) % 1  # other nodes at each level: no unit can hide its step between them
            y = step * (np.arange(-count, count + 1) + shift)
            z = (y[:, None] - a * self.sites) / s
            kernel = step / s * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
            rows.append(features(y, t, first))
            kernels.append(kernel)
            slopes.append(kernel * z)
        self.features, self.kernel, self.slope = (np.concatenate(part) for part in (rows, kernels, slopes))

    def solve(self, x: np.ndarray, ridge: float) -> np.ndarray:
        """The second layer: least squares of E[Z | X_l = y] on the features, weighted by the density of X_l."""
        counts = self._counts(x)
        weight, target = self.kernel @ counts / len(self.times), self.slope @ counts / len(self.times)
        scaled = self.features * np.sqrt(weight)[:, None]
        gram = scaled.T @ scaled  # one array with itself: half the work
        gram[np.diag_indices_from(gram)] += ridge
        return np.linalg.solve(gram, self.features.T @ target)

    def _counts(self, x: np.ndarray) -> np.ndarray:
        """Shares of the points at the sites, each point split between its two neighbours: the mean is kept."""
        place = (x - self.sites[0]) / (self.sites[1] - self.sites[0])
        left = np.minimum(place.astype(int), CELLS - 1)
        part, size = place - left, CELLS + 1
        return (np.bincount(left, 1 - part, size) + np.bincount(left + 1, part, size)) / len(x)


def _first_layer(hidden: int, rng: np.random.Generator) -> np.ndarray:
    """Weights w, u and biases b, (3, hidden): each unit has its step at a random place and noise level."""
    w, u = 3 * rng.standard_normal(hidden), 2 * rng.standard_normal(hidden)
    return np.array([w, u, -w * rng.uniform(-3, 3, hidden) - u * rng.uniform(-1, 1, hidden)])


def _line_points(x: Any) -> np.ndarray:
    points = np.asarray(x, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 1 or len(points) == 0:
        raise ValueError(f"x must have shape (N, 1), got {points.shape}: this network lives on the line")
    check_finite(points, "x")
    if np.abs(points).max() > 50:
        raise ValueError(
            f"x must be of about unit scale, got |x| up to {np.abs(points).max():.3g}: standardise it first"
        )
    return points[:, 0]
