"""Gaussian mixtures as laws: density, score, draws, moments, and their exact diffusion."""

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
    has_values,
    log_sum_exp,
    log_weights,
    row_blocks,
    same_home,
    standard_normal,
    to_numpy,
)
from echolimit._checks import check_count, check_finite, check_points, check_time, check_weights
from echolimit._eigen import eigen_covariances
from echolimit._law import Law, eigenvalues_converge, expected_exponential
from echolimit.process import check_process


class GaussianMixture(Law):
    """The law sum_k w_k N(m_k, C_k) on R^d.

    weights: (k,), nonnegative, sum one.  means: (k, d).  covariances: (k, d, d), symmetric and positive semi-definite,
    or (k,) for isotropic components C_k = c_k I.  Lists become numpy float64; arrays keep namespace, device and dtype.
    A component may be degenerate; then density and score exist only after `diffuse(t)` with t > 0.

    Raises ValueError for wrong shapes, NaN, bad weights or a covariance that is not one; TypeError for mixed numpy
    and torch.  Diffusion in closed form: chapter 1, prop-mixture-diffused.
    """

    def __init__(self, weights: Any, means: Any, covariances: Any):
        means = as_float_array(means, "means")
        if means.ndim != 2 or 0 in means.shape:
            raise ValueError(
                f"means must have shape (k, d), got {tuple(means.shape)}: in one dimension use means[:, None]"
            )
        check_finite(means, "means")
        k, d = means.shape
        weights = check_weights(weights, k, means)
        covariances = as_float_array(covariances, "covariances", means)
        if tuple(covariances.shape) not in ((k,), (k, d, d)):
            raise ValueError(
                f"covariances must have shape ({k}, {d}, {d}), or ({k},) for isotropic components, "
                f"got {tuple(covariances.shape)}"
            )
        check_finite(covariances, "covariances")
        same_home(means=means, covariances=covariances, weights=weights)
        xp = compat.array_namespace(means)
        dtype = xp.result_type(means, covariances, weights)
        weights, means, covariances = (xp.astype(a, dtype) for a in (weights, means, covariances))
        spectrum, axes = eigen_covariances(covariances)
        self._set(weights, means, covariances, spectrum, axes)

    def _set(self, weights: Array, means: Array, covariances: Array, spectrum: Array, axes: Array | None) -> None:
        self.weights, self.means, self.covariances = weights, means, covariances
        # Eigenvalues (k, d) or (k, 1), eigenvectors (k, d, d) or None: diffusion moves the eigenvalues alone.
        self._spectrum, self._axes = spectrum, axes

    @classmethod
    def from_sklearn(cls, fitted: Any) -> GaussianMixture:
        """The law of a fitted `sklearn.mixture.GaussianMixture` (full, tied, diagonal or spherical covariances).

        Raises ValueError when the estimator has not been fitted, TypeError when it is something else.
        """
        kind = getattr(fitted, "covariance_type", None)
        if kind not in ("full", "tied", "diag", "spherical"):
            raise TypeError(f"fitted must be a sklearn.mixture.GaussianMixture, got {type(fitted).__name__}")
        if not hasattr(fitted, "means_"):
            raise ValueError("fitted has no means_: call fitted.fit(samples) first")
        means, covariances = np.asarray(fitted.means_), np.asarray(fitted.covariances_)
        k, d = means.shape
        if kind == "tied":
            covariances = np.broadcast_to(covariances, (k, d, d))
        elif kind == "diag":
            covariances = covariances[:, :, None] * np.eye(d)
        return cls(np.asarray(fitted.weights_), means, covariances)

    def __repr__(self) -> str:
        return f"GaussianMixture(components={self.means.shape[0]}, dimension={self.dimension})"

    @property
    def dimension(self) -> int:
        return int(self.means.shape[1])

    @property
    def _like(self) -> Array:
        return self.means

    def variances(self) -> Array:
        """Eigenvalues of the component covariances, shape (k, d)."""
        xp = compat.array_namespace(self.means)
        return xp.broadcast_to(self._spectrum, self.means.shape)

    def diffuse(self, t: float, process: Any = None) -> GaussianMixture:
        """The law at time t: sum_k w_k N(a_t m_k, a_t^2 C_k + s_t^2 I), exactly (prop-mixture-diffused).

        t: time >= 0 of `process` (default OrnsteinUhlenbeck()).  Raises ValueError for a negative or infinite t.
        """
        t, process = check_time(t), check_process(process)
        signal, noise = float(process.signal(t)), float(process.noise_variance(t))
        covariances = signal**2 * self.covariances
        if covariances.ndim == 1:
            covariances = covariances + noise
        else:
            xp = compat.array_namespace(covariances)
            eye = xp.eye(self.dimension, dtype=covariances.dtype, device=compat.device(covariances))
            covariances = covariances + noise * eye[None, :, :]
        law = object.__new__(GaussianMixture)
        law._set(self.weights, signal * self.means, covariances, signal**2 * self._spectrum + noise, self._axes)
        return law

    def _evaluate(self, x: Array, with_score: bool) -> tuple[Array, Array | None]:
        x = check_points(x, self.dimension, self.means)
        if has_values(self._spectrum) and float(compat.array_namespace(x).min(self._spectrum)) <= 0:
            raise ValueError(
                "density and score need nonsingular covariances, but one component is degenerate: "
                "take law.diffuse(t) with t > 0"
            )
        xp = compat.array_namespace(x)
        size = block_size(x, self.means.shape[0] * self.dimension)
        parts = [self._evaluate_block(x[rows, :], with_score) for rows in row_blocks(x.shape[0], size)]
        if not parts:
            return xp.zeros_like(x[:, 0]), x if with_score else None
        density = xp.concat([p[0] for p in parts]) if len(parts) > 1 else parts[0][0]
        if not with_score:
            return density, None
        return density, xp.concat([p[1] for p in parts]) if len(parts) > 1 else parts[0][1]

    def _evaluate_block(self, x: Array, with_score: bool) -> tuple[Array, Array | None]:
        """Components first: every array below is (k, d, n) or (k, n)."""
        xp = compat.array_namespace(x)
        spectrum = self._spectrum[:, :, None]
        offset = x.T[None, :, :] - self.means[:, :, None]
        if self._axes is not None:
            offset = xp.matmul(xp.matrix_transpose(self._axes), offset)
        scaled = offset / spectrum
        log_norm = xp.sum(xp.log(2 * math.pi * self.variances()), axis=1)
        log_p = log_weights(self.weights)[:, None] - (xp.sum(offset * scaled, axis=1) + log_norm[:, None]) / 2
        log_density = log_sum_exp(log_p)
        if not with_score:
            return log_density, None
        if self._axes is not None:
            scaled = xp.matmul(self._axes, scaled)
        share = xp.exp(log_p - log_density[None, :])
        return log_density, -xp.sum(share[:, None, :] * scaled, axis=0).T

    def _draw(self, n: int, rng: Any) -> Array:
        xp = compat.array_namespace(self.means)
        labels = draw_labels(rng, n, self.weights, self.means)
        noise = standard_normal(rng, (n, self.dimension), self.means)
        spread = xp.sqrt(self._spectrum)
        if self._axes is None:
            noise = noise * xp.take(spread, labels, axis=0)
        else:
            source, noise = noise, xp.zeros_like(noise)
            for k in range(self.means.shape[0]):
                factor = xp.matrix_transpose(self._axes[k, :, :] * spread[k, :][None, :])
                noise = xp.where((labels == k)[:, None], xp.matmul(source, factor), noise)
        return xp.take(self.means, labels, axis=0) + noise

    def mean(self) -> Array:
        """sum_k w_k m_k, shape (d,)."""
        xp = compat.array_namespace(self.means)
        return xp.matmul(self.weights, self.means)

    def covariance(self) -> Array:
        """sum_k w_k (C_k + m_k m_k^T) minus the outer product of the mean, shape (d, d)."""
        xp = compat.array_namespace(self.means)
        centred = self.means - self.mean()[None, :]
        between = xp.matmul(centred.T * self.weights[None, :], centred)
        if self.covariances.ndim == 1:
            eye = xp.eye(self.dimension, dtype=self.means.dtype, device=compat.device(self.means))
            return between + xp.sum(self.weights * self.covariances) * eye
        return between + xp.sum(self.weights[:, None, None] * self.covariances, axis=0)

    def _tails(self, x: np.ndarray, upper: bool) -> np.ndarray:
        mean, spread = to_numpy(self.means)[:, 0], np.sqrt(to_numpy(self._spectrum)[:, 0])
        offset = x[None, :] - mean[:, None]
        flat = np.where(offset < 0, -np.inf, np.inf)  # an atom counts to the left of itself
        z = np.where(spread[:, None] > 0, offset / np.where(spread > 0, spread, 1)[:, None], flat)
        return to_numpy(self.weights) @ ndtr(-z if upper else z)

    def _series_converges_after(self, t: float) -> bool:
        return eigenvalues_converge(to_numpy(self._spectrum)[to_numpy(self.weights) > 0], t)

    def _complex_mass(self, process: Any, lower: float, upper: float, height: float) -> float:
        """Bound of the L1 norm of the density at complex times in a box (see age_groups)."""
        if not has_values(self.means):
            return math.inf
        means, axes = to_numpy(self.means), self._axes
        if axes is not None:
            means = np.einsum("kij,ki->kj", to_numpy(axes), means)
        spectrum = np.broadcast_to(to_numpy(self._spectrum), means.shape)
        real, imaginary, tilt = process._complex_box(spectrum, lower, upper, height)
        if real.min() <= 0:
            return math.inf
        stretch = np.log1p((imaginary / real) ** 2) / 4 + (means * tilt) ** 2 / (2 * real)
        return expected_exponential(to_numpy(self.weights), stretch.sum(axis=1))


def standard_gaussian(dimension: int, like: Array | None = None) -> GaussianMixture:
    """N(0, I) in `dimension` dimensions, the invariant law of the Ornstein-Uhlenbeck process (prop-ou-semigroup).

    dimension: integer >= 1.  like: an array whose namespace, device and dtype the law takes; None for numpy float64.
    """
    d = check_count(dimension, "dimension", least=1)
    if like is None:
        like = np.zeros(0)
    elif not compat.is_array_api_obj(like):
        raise TypeError(f"like must be an array or None, got {type(like).__name__}: pass np.asarray(like)")
    like = as_float_array(like, "like")
    xp = compat.array_namespace(like)
    home = {"dtype": like.dtype, "device": compat.device(like)}
    return GaussianMixture(xp.ones((1,), **home), xp.zeros((1, d), **home), xp.ones((1,), **home))
