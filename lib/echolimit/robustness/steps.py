"""What one step of a sampler does to the covariance of any law."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._checks import check_numbers
from echolimit.samplers.steps import step_coefficients


def covariance_defect(sampler: str, t: float, later: float, covariance: Any, fisher: Any) -> np.ndarray:
    """Covariance after one step from the exact law P_t q, minus the covariance of P_later q, for any law q.

    (A^2 - e^{2h}) C + (e^{2h} - 1 + n - 2 A B) I + B^2 J, with C the covariance of P_t q and J = E[score score^T] its
    Fisher information matrix.  Here on the line, or for one common eigenvector: pass C and J as numbers or arrays.
    Positive where the step leaves too much variance.  J lies between 1 / C and 1 / (1 - exp(-2 t)).

    Returns an array.  Raises ValueError for a bad sampler, bad times, or J below 1 / C (Cramer and Rao forbid it).
    Derived in chapter 6, prop-step-defect.
    """
    scale, weight, noise = step_coefficients(sampler, t, later)
    c, j = check_numbers(covariance, "covariance"), check_numbers(fisher, "fisher")
    if np.any(c <= 0):
        raise ValueError(f"covariance must be finite and positive, got {covariance!r}: it is the variance of P_t q")
    if np.any(c * j < 1 - 1e-9):
        raise ValueError(f"fisher must be finite and at least 1 / covariance, got {fisher!r} with {covariance!r}")
    grown = math.expm1(2 * (t - later))
    return (scale**2 - 1 - grown) * c + (grown + noise - 2 * scale * weight) + weight**2 * j
