"""One step of a sampler as x' = A x + B score(x, t) + sqrt(n) xi, and what it does to the covariance of any law."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from echolimit._checks import check_number


class StepCoefficients(NamedTuple):
    """A step x' = scale x + score_weight score(x, t) + sqrt(noise) xi, with xi standard normal."""

    scale: float
    score_weight: float
    noise: float


def _euler_maruyama(h: float, s: float, later: float) -> StepCoefficients:
    return StepCoefficients(1 + h, 2 * h, 2 * h)


def _exponential_integrator(h: float, s: float, later: float) -> StepCoefficients:
    return StepCoefficients(math.exp(h), 2 * math.expm1(h), math.expm1(2 * h))


def _ancestral(h: float, s: float, later: float) -> StepCoefficients:
    return StepCoefficients(math.exp(h), 2 * math.sinh(h), -math.expm1(-2 * h) * (later / s) ** 2)


def _ancestral_large(h: float, s: float, later: float) -> StepCoefficients:
    return StepCoefficients(math.exp(h), 2 * math.sinh(h), -math.expm1(-2 * h))


def _ddim(h: float, s: float, later: float) -> StepCoefficients:
    return StepCoefficients(math.exp(h), s * (math.exp(h) * s - later), 0.0)


def _euler_flow(h: float, s: float, later: float) -> StepCoefficients:
    return StepCoefficients(1 + h, h, 0.0)


ONE_CALL = {
    "euler_maruyama": _euler_maruyama,
    "exponential_integrator": _exponential_integrator,
    "ancestral": _ancestral,
    "ancestral_large": _ancestral_large,
    "ddim": _ddim,
    "euler_flow": _euler_flow,
}


def step_coefficients(sampler: str, t: float, later: float) -> StepCoefficients:
    """The step of a sampler from time t down to `later`, for samplers that call the score once a step.

    With h = t - later, s^2 = 1 - exp(-2 t) and s'^2 = 1 - exp(-2 later), (scale, score weight, noise) are
    euler_maruyama (1 + h, 2 h, 2 h); exponential_integrator (e^h, 2 (e^h - 1), e^{2h} - 1);
    ancestral (e^h, 2 sinh h, (1 - e^{-2h}) s'^2 / s^2), the posterior variance of DDPM;
    ancestral_large (e^h, 2 sinh h, 1 - e^{-2h}), the larger variance; ddim (e^h, s (e^h s - s'), 0);
    euler_flow (1 + h, h, 0), Euler's method for the probability flow.

    t > later > 0.  Raises ValueError outside this range or for another sampler.
    Derived in chapter 6, prop-gaussian-steps; Ho et al. (2020) and Song et al. (2021) for the samplers.
    """
    if sampler not in ONE_CALL:
        raise ValueError(f"sampler must be one of {', '.join(ONE_CALL)}, got {sampler!r}")
    t, later = check_number(t, "t"), check_number(later, "later")
    if not t > later > 0:
        raise ValueError(f"t and later must satisfy t > later > 0, got {t} and {later}: samplers run down in time")
    return coefficients(sampler, t, later)


def coefficients(sampler: str, t: float, later: float) -> StepCoefficients:
    """`step_coefficients` without its checks."""
    return ONE_CALL[sampler](t - later, math.sqrt(-math.expm1(-2 * t)), math.sqrt(-math.expm1(-2 * later)))


def covariance_defect(sampler: str, t: float, later: float, covariance: Any, fisher: Any) -> np.ndarray:
    """Covariance after one step from the exact law P_t q, minus the covariance of P_later q, for any law q.

    (A^2 - e^{2h}) C + (e^{2h} - 1 + n - 2 A B) I + B^2 J, with C the covariance of P_t q and J = E[score score^T] its
    Fisher information matrix.  Here on the line, or for one common eigenvector: pass C and J as numbers or arrays.
    Positive where the step leaves too much variance.  J lies between 1 / C and 1 / (1 - exp(-2 t)).

    Returns an array.  Raises ValueError for a bad sampler, bad times, or J below 1 / C (Cramer and Rao forbid it).
    Derived in chapter 6, prop-step-defect.
    """
    scale, weight, noise = step_coefficients(sampler, t, later)
    c, j = np.asarray(covariance, dtype=np.float64), np.asarray(fisher, dtype=np.float64)
    if not np.all(np.isfinite(c)) or np.any(c <= 0):
        raise ValueError(f"covariance must be finite and positive, got {covariance!r}: it is the variance of P_t q")
    if not np.all(np.isfinite(j)) or np.any(c * j < 1 - 1e-9):
        raise ValueError(f"fisher must be finite and at least 1 / covariance, got {fisher!r} with {covariance!r}")
    grown = math.expm1(2 * (t - later))
    return (scale**2 - 1 - grown) * c + (grown + noise - 2 * scale * weight) + weight**2 * j
