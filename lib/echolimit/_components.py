"""Laws as plain lists of Gaussian components: numpy float64 views for coefficients and distances."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from echolimit._arrays import to_numpy
from echolimit.cloud import PointCloud
from echolimit.echo_law import EchoLaw
from echolimit.process import OrnsteinUhlenbeck


class Components(NamedTuple):
    """sum_k weights_k N(means_k, covariances_k).

    weights (k,), means (k, d), covariances (k, d, d), or (k,) for isotropic components.
    """

    weights: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    @property
    def isotropic(self) -> bool:
        return self.covariances.ndim == 1

    def spectrum(self) -> np.ndarray:
        """Eigenvalues (k, d), or (k, 1) for isotropic components."""
        return self.covariances[:, None] if self.isotropic else np.linalg.eigvalsh(self.covariances)

    def excess(self) -> np.ndarray:
        """The matrices C_k - I, or the numbers c_k - 1."""
        return self.covariances - (1.0 if self.isotropic else np.eye(self.means.shape[1]))


def has_damped_modes(law: Any) -> bool:
    """True for an EchoLaw of Ornstein-Uhlenbeck times: an age t multiplies Hermite modes of degree n by exp(-n t)."""
    return isinstance(law, EchoLaw) and isinstance(law.process, OrnsteinUhlenbeck)


def parts_of(law: EchoLaw) -> list[tuple[np.ndarray, np.ndarray, Any]]:
    """[(times, weights, undiffused law)]: the fresh part and, if it has weight, the start."""
    parts = [(law.times, law.weights, law.target)] if len(law.times) else []
    if law.start is not None:
        parts.append((np.array([law.start_time]), np.array([law.start_weight]), law.start))
    return parts


def count_components(law: Any) -> int:
    """How many components `components` would list."""
    if isinstance(law, EchoLaw):
        return sum(len(times) * count_components(base) for times, _, base in parts_of(law))
    return int(np.sum(to_numpy(law.weights) > 0))


def components(law: Any) -> Components:
    """Every component of positive weight; ages of an EchoLaw are written out one by one.

    In float64 from the undiffused law on: `as_mixture` keeps the law's dtype, in which young ages lose digits.
    """
    if isinstance(law, EchoLaw):
        lists = []
        for times, weights, base in parts_of(law):
            flat = components(base)
            for t, w in zip(times, weights, strict=True):
                lists.append(_diffused(flat, float(t), law.process)._replace(weights=w * flat.weights))
        if len({part.isotropic for part in lists}) > 1:
            lists = [_full(part) for part in lists]
        return Components(*(np.concatenate(column) for column in zip(*lists, strict=True)))
    weights = to_numpy(law.weights)
    live = weights > 0
    if isinstance(law, PointCloud):
        means = law.signal * to_numpy(law.points)[live]
        return Components(weights[live], means, np.full(live.sum(), float(law.variance)))
    flat = Components(weights[live], to_numpy(law.means)[live], to_numpy(law.covariances)[live])
    if flat.means.shape[1] == 1:
        return flat._replace(covariances=flat.covariances.reshape(-1))
    return flat


def _diffused(flat: Components, t: float, process: Any) -> Components:
    signal, noise = float(process.signal(t)), float(process.noise_variance(t))
    added = noise if flat.isotropic else noise * np.eye(flat.means.shape[1])
    return flat._replace(means=signal * flat.means, covariances=signal**2 * flat.covariances + added)


def _full(flat: Components) -> Components:
    if not flat.isotropic:
        return flat
    return flat._replace(covariances=flat.covariances[:, None, None] * np.eye(flat.means.shape[1]))
