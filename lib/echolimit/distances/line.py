"""Laws on the line, prepared for distances: evaluation in blocks, quantiles, panels that see every component."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import ndtri

from echolimit._components import components, count_components
from echolimit._law import Law, check_law
from echolimit.cloud import PointCloud
from echolimit.mixtures import GaussianMixture

MAX_COMPONENTS = 200_000
BLOCK = 2_000_000
REACH = 12.0  # standard deviations: the mass beyond is below 4e-33
OFFSETS = np.array([-REACH, -8.0, -6.0, -4.5, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0, REACH])


class Line:
    """A law of dimension 1 with its component means and standard deviations.  atoms: True for an undiffused cloud."""

    def __init__(self, law: Any, name: str):
        check_law(law, name)
        if law.dimension != 1:
            raise ValueError(
                f"{name} must be a law on the line, got dimension {law.dimension}: "
                "draw samples and use sliced_wasserstein"
            )
        count = count_components(law)
        if count > MAX_COMPONENTS:
            raise ValueError(
                f"{name} has {count} components, more than {MAX_COMPONENTS}: use a random subset of the points"
            )
        flat = components(law)
        weights = flat.weights / flat.weights.sum()  # in single precision they sum to one less well
        self.weights, self.means, self.spreads = weights, flat.means[:, 0], np.sqrt(flat.covariances)
        self.tv_error = getattr(law, "tv_error", 0.0)
        degenerate = self.spreads == 0
        self.atoms = bool(degenerate.all())
        if degenerate.any() and not self.atoms:
            raise ValueError(f"{name} mixes atoms with a density: take {name}.diffuse(t) with a small t > 0")
        # numpy float64 whatever the law is made of, and no ages to visit at every call
        self.law: Law = PointCloud(flat.means, weights)
        if not self.atoms:
            self.law = GaussianMixture(weights, flat.means, flat.covariances)

    def _blocks(self, f: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
        size = max(1, BLOCK // len(self.weights))
        return np.concatenate([np.asarray(f(x[i : i + size])) for i in range(0, len(x), size)] or [np.zeros(0)])

    def log_density(self, x: np.ndarray) -> np.ndarray:
        return self._blocks(lambda part: self.law.log_density(part[:, None]), x)

    def density(self, x: np.ndarray) -> np.ndarray:
        return np.exp(self.log_density(x))

    def cdf(self, x: np.ndarray) -> np.ndarray:
        return self._blocks(self.law.cdf, x)

    def survival(self, x: np.ndarray) -> np.ndarray:
        return self._blocks(self.law.survival, x)

    def quantile(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """y with P(Y <= y) = lower where lower <= 1/2, else P(Y > y) = upper: no digit is lost in either tail.

        Newton's method on the logarithm of the tail, from an interpolated start, between the component quantiles.
        """
        left = lower <= 0.5
        mass = np.maximum(np.where(left, lower, upper), 1e-300)
        sign = np.where(left, 1.0, -1.0)
        z = sign * ndtri(mass)
        low, high = self._bracket(z)
        grid = panels([self])
        y = np.clip(np.interp(z, normal_scores(self, grid), grid), low, high)
        active = np.arange(len(y))
        for _ in range(200):
            at, side = y[active], sign[active]
            tail = np.maximum(np.where(side > 0, self.cdf(at), self.survival(at)), 1e-305)
            gap = side * (np.log(tail) - np.log(mass[active]))  # increasing in y
            low[active] = np.where(gap <= 0, at, low[active])
            high[active] = np.where(gap >= 0, at, high[active])
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                step = gap * tail / self.density(at)
            trial = at - step
            inside = (trial > low[active]) & (trial < high[active])  # False also for nan
            trial = np.where(inside, trial, (low[active] + high[active]) / 2)
            y[active] = trial
            scale = 4e-16 * np.maximum(np.abs(trial), self.spreads.min())
            done = (np.abs(trial - at) <= scale) | (gap == 0) | (high[active] - low[active] <= scale)
            y[active[gap == 0]] = at[gap == 0]
            active = active[~done]
            if not active.size:
                break
        return y

    def _bracket(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low, high = np.empty_like(z), np.empty_like(z)
        size = max(1, BLOCK // len(self.weights))
        for i in range(0, len(z), size):
            each = self.means[:, None] + self.spreads[:, None] * z[None, i : i + size]
            low[i : i + size], high[i : i + size] = each.min(axis=0), each.max(axis=0)
        return low, high


def normal_scores(line: Line, x: np.ndarray) -> np.ndarray:
    """The point of N(0, 1) that has the same distribution function as the law at x, from the nearer tail."""
    below, above = line.cdf(x), line.survival(x)
    score = np.where(below <= 0.5, ndtri(np.maximum(below, 1e-300)), -ndtri(np.maximum(above, 1e-300)))
    return np.maximum.accumulate(score)


def gap_of(p: Line, q: Line) -> Callable[[np.ndarray], np.ndarray]:
    """F_p - F_q, from the distribution functions on the left and the survival functions on the right."""
    middle = (p.weights @ p.means + q.weights @ q.means) / 2

    def gap(x: np.ndarray) -> np.ndarray:
        out, left = np.empty_like(x), x < middle
        out[left] = p.cdf(x[left]) - q.cdf(x[left])
        out[~left] = q.survival(x[~left]) - p.survival(x[~left])
        return out

    return gap


def common_masses(p: Line, q: Line) -> tuple[np.ndarray, np.ndarray]:
    """Masses of two undiffused clouds on the union of their points."""
    points, where = np.unique(np.concatenate([p.means, q.means]), return_inverse=True)
    split = len(p.means)
    masses_of_p = np.bincount(where[:split], weights=p.weights, minlength=len(points))
    return masses_of_p, np.bincount(where[split:], weights=q.weights, minlength=len(points))


def panels(lines: list[Line]) -> np.ndarray:
    """Sorted edges that cover all laws: around each component at its own scale, thinned where they crowd."""
    edges = np.concatenate([(line.means[:, None] + line.spreads[:, None] * OFFSETS).ravel() for line in lines])
    scales = np.concatenate([np.repeat(line.spreads, len(OFFSETS)) for line in lines])
    order = np.argsort(edges, kind="stable")
    edges, scales = edges[order], scales[order]
    kept, last = [], -np.inf
    for edge, scale in zip(edges.tolist(), scales.tolist(), strict=True):
        if edge - last > 0.4 * scale:
            kept.append(edge)
            last = edge
    if edges[-1] > last:
        kept.append(float(edges[-1]))
    return np.array(kept)
