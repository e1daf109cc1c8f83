"""A data set as a law: weighted points, and what diffusion makes of them, without a covariance matrix."""

from __future__ import annotations

import math
from typing import Any

import array_api_compat as compat
import numpy as np
from scipy.special import ndtr

from echolimit._arrays import (
    Array,
    as_float_array,
    block_size,
    draw_labels,
    drawing_rows,
    has_values,
    log_sum_exp,
    log_weights,
    row_blocks,
    to_numpy,
    uniform,
)
from echolimit._checks import check_finite, check_points, check_time, check_weights
from echolimit._law import Law, eigenvalues_converge, expected_exponential
from echolimit._posterior import in_16_bits, posterior
from echolimit.process import _noised, check_process

BY_PRODUCTS = 64  # from so many points in so many dimensions on, the matrix products are what a score costs
DIRECT_DIMENSIONS = 8  # up to here squared distances are summed coordinate by coordinate: no cancellation


class PointCloud(Law):
    """The law sum_k w_k delta_{x_k} of a data set, and after diffusion sum_k w_k N(a x_k, v I).

    points: (n, d).  weights: (n,), nonnegative, sum one, or None for equal weights.  `diffuse(t)` shares the points and
    keeps two numbers, `signal` a and `variance` v, so that 50,000 images of 3,072 pixels cost no more memory than once.
    Density and score of many points cost little more than two matrix products; torch.bfloat16 points make these far
    faster on processors that have instructions for it, with scores good to three digits (means and covariances want
    float32 points).
    The density or score of an undiffused cloud does not exist: ValueError.
    """

    def __init__(self, points: Any, weights: Any = None):
        points = as_float_array(points, "points")
        if points.ndim != 2 or 0 in points.shape:
            remedy = "on the line use points[:, None]" if points.ndim == 1 else "flatten images with reshape(n, -1)"
            raise ValueError(f"points must have shape (n, d), got {tuple(points.shape)}: {remedy}")
        check_finite(points, "points")
        if weights is not None:
            weights = check_weights(weights, points.shape[0], points)
        self._set(points, weights, _squared_norms(points), 1.0, 0.0)

    def _set(self, points: Array, weights: Array | None, norms: Array, signal: float, variance: float) -> None:
        self.points, self._weights, self._norms = points, weights, norms
        self.signal, self.variance = signal, variance

    @property
    def weights(self) -> Array:
        """Weights (n,) of the points, sum one."""
        if self._weights is not None:
            return self._weights
        xp = compat.array_namespace(self.points)
        return xp.full_like(self.points[:, 0], 1 / self.points.shape[0])

    def __repr__(self) -> str:
        diffused = f", signal={self.signal:.6g}, variance={self.variance:.6g}" if self.variance else ""
        return f"PointCloud(points={self.points.shape[0]}, dimension={self.dimension}{diffused})"

    @property
    def dimension(self) -> int:
        return int(self.points.shape[1])

    @property
    def _like(self) -> Array:
        return self.points

    def diffuse(self, t: float, process: Any = None) -> PointCloud:
        """The law at time t: means a_t a x_k, common variance a_t^2 v + s_t^2 (prop-mixture-diffused)."""
        t, process = check_time(t), check_process(process)
        signal, noise = float(process.signal(t)), float(process.noise_variance(t))
        law = object.__new__(PointCloud)
        variance = signal**2 * self.variance + noise
        law._set(self.points, self._weights, self._norms, signal * self.signal, variance)
        return law

    def _evaluate(self, x: Array, with_score: bool) -> tuple[Array, Array | None]:
        x = check_points(x, self.dimension, self.points)
        if self.variance <= 0:
            raise ValueError(
                "an undiffused PointCloud has atoms and no density or score: take cloud.diffuse(t) with t > 0"
            )
        xp = compat.array_namespace(x)
        if min(self.points.shape) >= BY_PRODUCTS and x.shape[0] and not _wants_gradient(x, self.points):
            return self._evaluate_by_products(x, with_score)
        size = max(64, 16 * block_size(x, self.points.shape[0]))
        parts = [self._evaluate_block(x[rows, :], with_score) for rows in row_blocks(x.shape[0], size)]
        if not parts:
            return xp.zeros_like(x[:, 0]), x if with_score else None
        log_density = xp.concat([p[0] for p in parts])
        return log_density, xp.concat([p[1] for p in parts]) if with_score else None

    def _evaluate_by_products(self, x: Array, with_score: bool) -> tuple[Array, Array | None]:
        """Queries first, for many points in many dimensions, where the matrix products are all that costs."""
        log_share = None if self._weights is None else log_weights(self._weights)
        total, mean = posterior(x, self.points, self._norms, log_share, self.signal, self.variance, with_score)
        log_density = self._normalised(total)
        if mean is None:
            return log_density, None
        mean -= x
        mean *= 1 / self.variance
        xp = compat.array_namespace(x)
        return log_density, xp.astype(mean, xp.result_type(x, self.points), copy=False)

    def _normalised(self, total: Array) -> Array:
        """The log-density from the sum over the points of exp(-|x - a p_k|^2 / (2 v))."""
        log_density = total - self.dimension / 2 * math.log(2 * math.pi * self.variance)
        return log_density if self._weights is not None else log_density - math.log(self.points.shape[0])

    def _evaluate_block(self, x: Array, with_score: bool) -> tuple[Array, Array | None]:
        """Points first: logits (k, n) of the posterior over the data, then its mean a sum_k r_k x_k (Tweedie)."""
        xp = compat.array_namespace(x)
        logits = self._squared_distances(x) / (-2 * self.variance)
        if self._weights is not None:
            logits = logits + log_weights(self._weights)[:, None]
        total = log_sum_exp(logits)
        log_density = self._normalised(total)
        if not with_score:
            return log_density, None
        share = xp.exp(logits - total[None, :])
        posterior_mean = self.signal * xp.matmul(share.T, xp.astype(self.points, share.dtype, copy=False))
        return log_density, (posterior_mean - x) / self.variance

    def _squared_distances(self, x: Array) -> Array:
        """|x_i - a p_k|^2, shape (k, n)."""
        xp = compat.array_namespace(x)
        points = xp.astype(self.points, xp.result_type(x, self.points), copy=False)
        if self.dimension <= DIRECT_DIMENSIONS:
            gaps = [x[:, j][None, :] - self.signal * points[:, j][:, None] for j in range(self.dimension)]
            return sum(gap * gap for gap in gaps)
        cross = xp.matmul(points, xp.astype(x, points.dtype, copy=False).T)
        squares = xp.linalg.vecdot(x, x)[None, :] + self.signal**2 * self._norms[:, None]
        return xp.clip(squares - 2 * self.signal * cross, min=0.0)

    def _draw(self, n: int, rng: Any) -> Array:
        xp = compat.array_namespace(self.points)
        labels = self._draw_labels(n, rng)
        if self.variance == 0:
            return xp.take(self.points, labels, axis=0)
        return _noised(self.points, labels, n, self.signal, math.sqrt(self.variance), rng)

    def _draw_noised(self, n: int, t: Any, rng: Any, process: Any) -> Array:
        if self.variance == 0 and self.signal == 1:
            return process._perturb(self.points, self._draw_labels(n, rng), t, rng)
        return super()._draw_noised(n, t, rng, process)

    def _draw_labels(self, n: int, rng: Any) -> Array:
        """Which point each of n draws stands on, (n,)."""
        xp = compat.array_namespace(self.points)
        if self._weights is not None:
            return draw_labels(rng, n, self._weights, self.points)
        return xp.astype(xp.floor(uniform(rng, n, self.points) * self.points.shape[0]), xp.int64)

    def mean(self) -> Array:
        """a times the weighted mean of the points, shape (d,)."""
        return self.signal * compat.array_namespace(self.points).matmul(self.weights, self.points)

    def covariance(self) -> Array:
        """a^2 times the weighted covariance of the points plus v I, shape (d, d)."""
        xp = compat.array_namespace(self.points)
        centred = self.signal * self.points - self.mean()[None, :]
        eye = xp.eye(self.dimension, dtype=self.points.dtype, device=compat.device(self.points))
        return xp.matmul(centred.T * self.weights[None, :], centred) + self.variance * eye

    def _tails(self, x: np.ndarray, upper: bool) -> np.ndarray:
        points, weights = self.signal * to_numpy(self.points)[:, 0], to_numpy(self.weights)
        order = np.argsort(points)
        if self.variance == 0:
            cumulative = np.concatenate([[0.0], np.cumsum(weights[order])])
            below = cumulative[np.searchsorted(points[order], x, side="right")]
            return 1 - below if upper else below
        z = (x[None, :] - points[:, None]) / math.sqrt(self.variance)
        return weights @ ndtr(-z if upper else z)

    def _series_converges_after(self, t: float) -> bool:
        return eigenvalues_converge(np.asarray([self.variance]), t)

    def _complex_mass(self, process: Any, lower: float, upper: float, height: float) -> float:
        """Bound of the L1 norm of the density at complex times in a box (see age_groups)."""
        real, imaginary, tilt = process._complex_box(np.asarray([self.variance]), lower, upper, height)
        if not has_values(self.points) or real[0] <= 0:
            return math.inf
        widen = self.dimension * math.log1p((imaginary[0] / real[0]) ** 2) / 4
        lean = to_numpy(self._norms) * (self.signal * tilt) ** 2 / (2 * real[0])
        return expected_exponential(to_numpy(self.weights), widen + lean)


def _wants_gradient(*arrays: Array) -> bool:
    """Whether torch will differentiate through them: then nothing may be computed in place."""
    return any(getattr(array, "requires_grad", False) for array in arrays)


def _squared_norms(points: Array) -> Array:
    """|p_k|^2, (k,); in float32 for points in 16 bits, whose own rounding would be that of a whole logit."""
    xp = compat.array_namespace(points)
    if not in_16_bits(points):
        return xp.linalg.vecdot(points, points)
    wide = (xp.astype(points[rows, :], xp.float32) for rows in row_blocks(points.shape[0], drawing_rows(points)))
    return xp.concat([xp.linalg.vecdot(block, block) for block in wide])
