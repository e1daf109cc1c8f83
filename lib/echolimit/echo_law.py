"""The laws that the recursion makes: mixtures over ages of a diffused target, evaluated lazily."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, draw_labels, same_home
from echolimit._checks import check_count, check_number, check_points, check_time
from echolimit._law import Law, check_law
from echolimit.cloud import PointCloud
from echolimit.mixtures import GaussianMixture
from echolimit.process import OrnsteinUhlenbeck, check_process


class EchoLaw(Law):
    """sum_j weights_j P_{times_j} p* + start_weight P_{start_time} p_0.

    target: the law p*.  times, weights: (J,) total diffusion times >= 0 of each age and their probabilities.
    start, start_time, start_weight: the part that still descends from another initial law p_0, or None.
    tv_error: certified bound of the total variation distance between this law and the one it stands for (0: exact).
    The functions of the recursion make these; derived in chapter 2, thm-finite-rounds, and chapter 3, thm-limit-law.
    """

    def __init__(
        self,
        target: Law,
        times: Any,
        weights: Any,
        start: Law | None = None,
        start_time: float = 0.0,
        start_weight: float = 0.0,
        tv_error: float = 0.0,
        process: Any = None,
    ):
        check_law(target, "target")
        times, weights = np.asarray(times, dtype=np.float64), np.asarray(weights, dtype=np.float64)
        if times.ndim != 1 or times.shape != weights.shape:
            raise ValueError(f"times and weights must both have shape (J,), got {times.shape} and {weights.shape}")
        if not (np.all(np.isfinite(times)) and np.all(times >= 0) and np.all(weights >= 0)):
            raise ValueError(f"times and weights must be finite and nonnegative, got times {times}, weights {weights}")
        start_weight, tv_error = check_number(start_weight, "start_weight"), check_number(tv_error, "tv_error")
        if start_weight < 0 or tv_error < 0:
            raise ValueError(f"start_weight and tv_error must be nonnegative, got {start_weight} and {tv_error}")
        total = float(weights.sum()) + start_weight
        if not abs(total - 1) < 1e-9:
            raise ValueError(f"weights and start_weight must sum to 1, got {total}: divide them by their sum")
        if start is not None:
            check_law(start, "start")
            if start.dimension != target.dimension:
                raise ValueError(f"start must have the target's dimension, {target.dimension}, got {start.dimension}")
            same_home(target=target._like, start=start._like)
        elif start_weight:
            raise ValueError(f"start_weight must be 0 without a start, got {start_weight}: pass start=law")
        keep = weights > 0
        self.target, self.process = target, check_process(process)
        self.times, self.weights = times[keep], weights[keep]
        self.start = start if start_weight > 0 else None
        self.start_time = check_time(start_time, "start_time") if start_weight > 0 else 0.0
        self.start_weight, self.tv_error = start_weight, tv_error

    def __repr__(self) -> str:
        start = "" if self.start is None else f", start={self.start!r} with weight {self.start_weight:.3g}"
        return f"EchoLaw({self.target!r}, ages={len(self.times)}{start}, tv_error={self.tv_error:.3g}, {self.process})"

    @property
    def dimension(self) -> int:
        return self.target.dimension

    @property
    def _like(self) -> Array:
        return self.target._like

    def _parts(self) -> Iterator[tuple[float, Law]]:
        for time, weight in zip(self.times, self.weights, strict=True):
            yield float(weight), self.target.diffuse(float(time), self.process)
        if self.start is not None:
            yield self.start_weight, self.start.diffuse(self.start_time, self.process)

    def diffuse(self, t: float, process: Any = None) -> EchoLaw:
        """The law at time t: every age grows by t, since P_t P_s = P_{t+s} (prop-ou-semigroup).

        t: time >= 0.  process: None, or the process of the recursion itself; another one raises ValueError.
        """
        t = check_time(t)
        if process is not None and process != self.process:
            raise ValueError(
                f"process must be that of the recursion, {self.process}, got {process}: times would not add"
            )
        return EchoLaw(
            self.target,
            self.times + t,
            self.weights,
            self.start,
            self.start_time + t if self.start is not None else 0.0,
            self.start_weight,
            self.tv_error,
            self.process,
        )

    def _evaluate(self, x: Array, with_score: bool) -> tuple[Array, Array | None]:
        x = check_points(x, self.dimension, self._like)
        xp = compat.array_namespace(x)
        total, score = None, None
        for weight, law in self._parts():
            log_p, part = law._evaluate(x, with_score)
            log_p = log_p + math.log(weight)
            if total is None:
                total, score = log_p, part
                continue
            merged = xp.logaddexp(total, log_p)
            if with_score:
                old, new = xp.exp(total - merged), xp.exp(log_p - merged)
                score = score * old[:, None] + part * new[:, None]
            total = merged
        return total, score

    def _draw(self, n: int, rng: Any) -> Array:
        xp = compat.array_namespace(self._like)
        device = compat.device(self._like)
        weights = xp.asarray(np.append(self.weights, self.start_weight), device=device)
        times = xp.asarray(np.append(self.times, self.start_time), device=device)
        labels = draw_labels(rng, n, weights, self._like)
        t = xp.take(times, labels, axis=0)
        if self.start is None:
            return self.target._draw_noised(n, t, rng, self.process)
        x = self.target.sample(n, rng)
        from_start = (labels == len(self.times))[:, None]
        x = xp.where(from_start, xp.astype(self.start.sample(n, rng), x.dtype), x)
        return self.process.perturb(x, t, rng)

    def _scales(self, power: int) -> float:
        """E[a_T^power] over the ages of the target, not normalised when a start is left."""
        return float(self.weights @ np.asarray([self.process.signal(float(t)) ** power for t in self.times]))

    def mean(self) -> Array:
        """E[a_T] m* (plus the start's part), shape (d,); for the limit H_1 m* (chapter 3, prop-moments)."""
        mean = self._scales(1) * self.target.mean()
        if self.start is not None:
            mean = mean + self.start_weight * self.start.diffuse(self.start_time, self.process).mean()
        return mean

    def covariance(self) -> Array:
        """E[a_T^2] E*[X X^T] + E[s_T^2] I (plus the start's part) minus the mean's square, shape (d, d)."""
        xp = compat.array_namespace(self._like)
        noise = float(self.weights @ np.asarray([self.process.noise_variance(float(t)) for t in self.times]))
        second = self._scales(2) * _second_moment(self.target)
        if self.start is not None:
            second = second + self.start_weight * _second_moment(self.start.diffuse(self.start_time, self.process))
        mean = self.mean()
        eye = xp.eye(self.dimension, dtype=second.dtype, device=compat.device(second))
        return second + noise * eye - mean[:, None] * mean[None, :]

    def _tails(self, x: np.ndarray, upper: bool) -> np.ndarray:
        return np.sum([weight * law._tails(x, upper) for weight, law in self._parts()], axis=0)

    def _series_converges_after(self, t: float) -> bool:
        if not isinstance(self.process, OrnsteinUhlenbeck):  # a truncated law stands for one with every variance
            return self.tv_error == 0 and all(law._series_converges_after(t) for _, law in self._parts())
        youngest = not len(self.times) or self.target._series_converges_after(t + float(self.times.min()))
        return youngest and (self.start is None or self.start._series_converges_after(t + self.start_time))

    def _complex_mass(self, process: Any, lower: float, upper: float, height: float) -> float:
        total = sum(
            w * self.target._complex_mass(process, lower + t, upper + t, height)
            for t, w in zip(self.times, self.weights, strict=True)
        )
        if self.start is not None:
            total += self.start_weight * self.start._complex_mass(
                process, lower + self.start_time, upper + self.start_time, height
            )
        return float(total)

    def as_mixture(self, max_components: int = 100_000) -> GaussianMixture:
        """The same law as one GaussianMixture with a component for each age and component of the target.

        Needs a GaussianMixture or a diffused PointCloud (isotropic components) as target and as start.
        Raises ValueError above `max_components`: evaluate the EchoLaw itself, or pass a larger bound knowingly.
        """
        limit = check_count(max_components, "max_components", least=1)
        pieces = list(self._flat_parts())
        count = sum(_components(law) for _, law in pieces)
        if count > limit:
            raise ValueError(
                f"max_components is {limit} and this law has {count} components: "
                "use the EchoLaw as it is (density, score and draws are lazy) or pass a larger max_components"
            )
        xp = compat.array_namespace(self._like)
        isotropic = all(isinstance(law, PointCloud) or law.covariances.ndim == 1 for _, law in pieces)
        weights, means, covariances = zip(*(_pieces(w, law, isotropic) for w, law in pieces), strict=True)
        stacked = xp.concat(list(weights))
        return GaussianMixture(stacked / xp.sum(stacked), xp.concat(list(means)), xp.concat(list(covariances)))

    def _flat_parts(self) -> Iterator[tuple[float, Any]]:
        for weight, law in self._parts():
            if isinstance(law, EchoLaw):
                yield from ((weight * inner, part) for inner, part in law._flat_parts())
            else:
                yield weight, law


def _components(law: Any) -> int:
    return int((law.points if isinstance(law, PointCloud) else law.means).shape[0])


def _pieces(weight: float, law: Any, isotropic: bool) -> tuple[Array, Array, Array]:
    """Weights, means and covariances of one part, isotropic or as full matrices."""
    if isinstance(law, PointCloud):
        xp = compat.array_namespace(law.points)
        law = GaussianMixture(law.weights, law.signal * law.points, xp.full_like(law.weights, law.variance))
    xp = compat.array_namespace(law.means)
    covariances = law.covariances
    if covariances.ndim == 1 and not isotropic:
        eye = xp.eye(law.dimension, dtype=law.means.dtype, device=compat.device(law.means))
        covariances = covariances[:, None, None] * eye[None, :, :]
    return weight * law.weights, law.means, covariances


def _second_moment(law: Law) -> Array:
    mean = law.mean()
    return law.covariance() + mean[:, None] * mean[None, :]
