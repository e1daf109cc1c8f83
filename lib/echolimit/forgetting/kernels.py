"""Transition densities of the reverse chain on the line: the exact ones, and those of one step of a sampler."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_points, check_step
from echolimit._law import Law, check_law
from echolimit.samplers.steps import step_coefficients


def reverse_kernel(law: Law, t: float, later: float, x: Any, y: Any = None) -> np.ndarray:
    """Transition densities of the reverse SDE of `law` from time t to time `later`, exact for any distance of the two.

    K(x, y) = p_later(y) phi(x | y) / p_t(x), with phi(. | y) the density of N(a y, 1 - a^2), a = exp(-(t - later)).

    law: a law on the line with a density at time `later`.  t > later > 0: Ornstein-Uhlenbeck times.
    x: (n,) starts.  y: (m,) ends, None for x.  Returns (n, m), row i the density at y of X_later given X_t = x[i].
    Raises ValueError outside these ranges or for a law in more dimensions.  Derived in chapter 9, prop-reverse-kernel.
    """
    law, t, later, x, y = _checked(law, t, later, x, y)
    signal, noise = math.exp(later - t), -math.expm1(2 * (later - t))
    ends = np.asarray(law.diffuse(later).log_density(y[:, None])) - math.log(2 * math.pi * noise) / 2
    starts = np.asarray(law.diffuse(t).log_density(x[:, None]))
    return np.exp(ends[None, :] - starts[:, None] - (x[:, None] - signal * y[None, :]) ** 2 / (2 * noise))


def sampler_kernel(
    law: Law, t: float, later: float, x: Any, y: Any = None, sampler: str = "exponential_integrator"
) -> np.ndarray:
    """Transition densities of one step of a stochastic sampler with the exact score of `law`: Gaussian rows.

    From x the sampler goes to N(scale x + weight grad ln p_t(x), noise), with the three numbers of `step_coefficients`.
    sampler: "euler_maruyama", "exponential_integrator", "ancestral" or "ancestral_large", its larger variance.
    Arguments, result and errors as in `reverse_kernel`; ValueError for another sampler.  Chapter 9, prop-telescope.
    """
    law, t, later, x, y = _checked(law, t, later, x, y)
    scale, weight, noise = step_coefficients(sampler, t, later)
    if noise == 0:
        raise ValueError(f"sampler must add noise, got {sampler!r}: a deterministic step has no density, see flow_map")
    gap = y[None, :] - (scale * x + weight * np.asarray(law.diffuse(t).score(x[:, None]))[:, 0])[:, None]
    return np.exp(-(gap**2) / (2 * noise)) / math.sqrt(2 * math.pi * noise)


def check_line(law: Any, name: str = "law") -> Law:
    """A law on the line."""
    check_law(law, name)
    if law.dimension != 1:
        raise ValueError(f"{name} must be a law on the line, got dimension {law.dimension}: kernels need a grid")
    return law


def _checked(law: Any, t: Any, later: Any, x: Any, y: Any) -> tuple[Law, float, float, np.ndarray, np.ndarray]:
    law, (t, later) = check_line(law), check_step(t, later)
    x = check_line_points(x, "x")
    return law, t, later, x, x if y is None else check_line_points(y, "y")


def check_line_points(x: Any, name: str) -> np.ndarray:
    """Finite points of the line, (n,)."""
    points = to_numpy(as_float_array(x, name))
    if points.ndim != 1:
        raise ValueError(f"{name} must have shape (n,), got {points.shape}: use {name}.ravel()")
    return check_points(points[:, None], 1, points, name)[:, 0]
