"""The interface that all laws share."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, as_float_array, check_rng, to_numpy
from echolimit._checks import check_count


class Law(ABC):
    """A probability law on R^d: density, score, draws, moments, diffusion.  Laws are values: nothing changes them."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """d, the dimension of the space."""

    @property
    @abstractmethod
    def _like(self) -> Array:
        """An array with the namespace, device and dtype of the law."""

    @abstractmethod
    def _evaluate(self, x: Array, with_score: bool) -> tuple[Array, Array | None]: ...

    @abstractmethod
    def _draw(self, n: int, rng: Any) -> Array: ...

    def _draw_noised(self, n: int, t: Any, rng: Any, process: Any) -> Array:
        """n draws of the law, noised for the times t (n,)."""
        return process.perturb(self._draw(n, rng), t, rng)

    @abstractmethod
    def _tails(self, x: np.ndarray, upper: bool) -> np.ndarray: ...

    @abstractmethod
    def mean(self) -> Array:
        """The mean, shape (d,)."""

    @abstractmethod
    def covariance(self) -> Array:
        """The covariance, shape (d, d)."""

    @abstractmethod
    def diffuse(self, t: float, process: Any = None) -> Law:
        """The law P_t p after diffusion for time t."""

    @abstractmethod
    def _complex_mass(self, process: Any, lower: float, upper: float, height: float) -> float: ...

    def density(self, x: Any) -> Array:
        """p(x) at points x of shape (n, d); returns (n,).  Raises ValueError for a law without a density."""
        log_density, _ = self._evaluate(x, with_score=False)
        return compat.array_namespace(log_density).exp(log_density)

    def log_density(self, x: Any) -> Array:
        """ln p(x) at points x of shape (n, d); returns (n,), finite far into the tails."""
        return self._evaluate(x, with_score=False)[0]

    def score(self, x: Any) -> Array:
        """The gradient of ln p at points x of shape (n, d); returns (n, d)."""
        return self._evaluate(x, with_score=True)[1]

    def sample(self, n: int, rng: Any) -> Array:
        """n independent draws, shape (n, d).

        rng: numpy.random.Generator for numpy laws, torch.Generator on the law's device for tensors.
        The same seed gives the same draws.
        """
        n = check_count(n, "n", least=1)
        check_rng(rng, self._like)
        return self._draw(n, rng)

    def hermite_series_converges(self) -> bool:
        """Whether the law's Hermite series converges in L2(1 / gamma), that is whether int p^2 / gamma is finite.

        True iff every covariance eigenvalue v of every component with positive weight satisfies 0 < v < 2.  After
        Ornstein-Uhlenbeck time t this reads (v - 1) exp(-2 t) < 1, so for a limit law delta > ln(v - 1) / 2 with the
        largest v.  Atoms (v = 0) never converge before diffusion and always after.  A variance-exploding limit law has
        components of every variance: False.  Derived in chapter 4, thm-series-convergence.
        """
        return self._series_converges_after(0.0)

    @abstractmethod
    def _series_converges_after(self, t: float) -> bool:
        """The same for the law diffused for Ornstein-Uhlenbeck time t."""

    def cdf(self, x: Any) -> np.ndarray:
        """P(X <= x) for a law on the line; x: any shape; numpy float64 of x's shape."""
        return self._distribution(x, upper=False)

    def survival(self, x: Any) -> np.ndarray:
        """P(X > x) for a law on the line, exact far into the upper tail; x: any shape; numpy float64."""
        return self._distribution(x, upper=True)

    def _distribution(self, x: Any, upper: bool) -> np.ndarray:
        if self.dimension != 1:
            raise ValueError(f"cdf and survival are for laws on the line, got dimension {self.dimension}")
        points = to_numpy(as_float_array(x, "x"))
        return self._tails(points.reshape(-1), upper).reshape(points.shape)


def check_law(law: Any, name: str) -> Law:
    """A law; anything else is a TypeError."""
    if not isinstance(law, Law):
        raise TypeError(
            f"{name} must be a GaussianMixture, PointCloud or EchoLaw, got {type(law).__name__}: "
            "an array x of shape (n, d) becomes a law by PointCloud(x)"
        )
    return law


def eigenvalues_converge(spectrum: np.ndarray, t: float) -> bool:
    """Whether Gaussian components with these covariance eigenvalues have convergent Hermite series after time t."""
    return bool(np.all((spectrum - 1) * math.exp(-2 * t) < 1) and (t > 0 or np.all(spectrum > 0)))


def expected_exponential(weights: np.ndarray, exponents: np.ndarray) -> float:
    """sum_k w_k exp(e_k), an upper bound also where it overflows (inf); weights of zero do not count."""
    live = weights > 0
    with np.errstate(over="ignore"):
        return float(weights[live] @ np.exp(exponents[live]))
