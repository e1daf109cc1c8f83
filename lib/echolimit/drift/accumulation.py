"""From the errors of single rounds to the drift D_i = chi2(p_i || p*): a floor, a ceiling, and discounted sums.

With nu_i = p_{i+1} - q_i the loop is p_{i+1} - p* = (1 - alpha) (p_i - p*) + nu_i, and D_i is the squared norm of
p_i - p* in L^2(1 / p*).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_alpha, check_finite, check_not_negative, check_number

SQUARED = "it is a squared distance"


def drift_floor(alpha: float, round_error: float, density_floor: float | None = None, young: bool = False) -> float:
    """What limsup D_i is at least, when every late round has I_i = chi2(p_{i+1} || q_i) >= round_error.

    c I / (2 - alpha)^2 where q_i >= c p*; with young=True the weaker c I / (2 (1 + (1 - alpha)^2)) of the inequality
    (a + b)^2 <= 2 a^2 + 2 b^2.  With c = alpha and I = eta eps^2 / 8 it is alpha eta eps^2 / (16 (1 + (1 - alpha)^2)).

    alpha: fresh share in (0, 1].  round_error: I >= 0.  density_floor: c in [alpha, 1]; None for alpha, which always
    holds.  Raises ValueError outside these ranges.
    Derived in chapter 7, thm-drift-floor; the last constant is that of Khelifa, Turner and Venkataramanan (2026).
    """
    share, error = check_alpha(alpha, zero=False), check_not_negative(round_error, "round_error", SQUARED)
    least = share if density_floor is None else check_number(density_floor, "density_floor")
    if not share <= least <= 1:
        raise ValueError(f"density_floor must be in [alpha, 1] = [{share}, 1], got {least}: q >= alpha p* always holds")
    if young:
        return least * error / (2 * (1 + (1 - share) ** 2))
    return least * error / (2 - share) ** 2


def drift_ceiling(
    alpha: float, round_errors: Any, start: float = 0.0, density_ratio: float = 1.0, tail: float = 0.0
) -> np.ndarray:
    """Upper bounds of D_0, ..., D_N from the errors I_k = chi2(p_{k+1} || q_k) of N rounds.

    sqrt(D_{k+1}) <= (1 - alpha) sqrt(D_k) + sqrt(R I_k + tail).

    alpha: fresh share in [0, 1].  round_errors: (N,), I_k >= 0, first round first.  start: D_0 >= 0.
    density_ratio: R >= 1.  tail: a bound >= 0 of int (p_{k+1} - q_k)^2 / p* over the points where q_k > R p*; it is 0
    if q_k <= R p* everywhere.  Returns (N + 1,).  Raises ValueError outside these ranges.
    Derived in chapter 7, prop-drift-ceiling.
    """
    share, errors = check_alpha(alpha), _numbers(round_errors, "round_errors")
    if np.any(errors < 0):
        raise ValueError(f"round_errors must be at least 0, got {errors.min()}: a chi-square divergence is")
    start, tail = check_not_negative(start, "start", SQUARED), check_not_negative(tail, "tail", SQUARED)
    ratio = check_number(density_ratio, "density_ratio")
    if ratio < 1:
        raise ValueError(f"density_ratio must be at least 1, got {ratio}: q_k <= R p* integrates to 1 <= R")
    root, bounds = np.sqrt(start), [start]
    for step in np.sqrt(ratio * errors + tail):
        root = (1 - share) * root + step
        bounds.append(root**2)
    return np.array(bounds)


def accumulated_drift(alpha: float, sizes: Any, correlation: float = 0.0) -> np.ndarray:
    """Mean drift E D_0, ..., E D_N from p_0 = p*, for random round errors nu_k of given sizes and correlation.

    rho (sum_k b^(N-1-k) x_k)^2 + (1 - rho) sum_k b^(2 (N-1-k)) x_k^2 with b = 1 - alpha, where x_k^2 = E ||nu_k||^2 and
    E <nu_j, nu_k> = rho x_j x_k for j != k, norms in L^2(1 / p*).

    alpha: fresh share in [0, 1].  sizes: (N,), first round first; numbers x_k, |x_k| <= 1e150, negative for an
    error that points the other way.  correlation: rho in [0, 1]; 0 for errors that are independent with mean zero, 1
    for errors along one direction.  Returns (N + 1,).  For a constant size x and alpha > 0 the limits are
    x^2 / (alpha (2 - alpha)) at rho = 0, x^2 / alpha^2 at rho = 1, and x^2 / (2 - alpha)^2 at rho = 1 with alternating
    signs.
    Raises ValueError outside these ranges.  Derived in chapter 7, prop-discounted-sums.
    """
    share, sizes = check_alpha(alpha), _numbers(sizes, "sizes")
    rho = check_number(correlation, "correlation")
    if not 0 <= rho <= 1:
        raise ValueError(f"correlation must be in [0, 1], got {rho}: more rounds than two cannot all oppose each other")
    if np.any(np.abs(sizes) > 1e150):
        raise ValueError(f"sizes must be at most 1e150, got {np.abs(sizes).max()}: their squares would overflow")
    kept, linear, square, drift = 1 - share, 0.0, 0.0, [0.0]
    for size in sizes:
        linear, square = kept * linear + size, kept**2 * square + size**2
        drift.append(rho * linear**2 + (1 - rho) * square)
    return np.array(drift)


def _numbers(values: Any, name: str) -> np.ndarray:
    numbers = to_numpy(as_float_array(values, name))
    if numbers.ndim != 1:
        raise ValueError(f"{name} must have shape (rounds,), got {numbers.shape}: pass one number a round")
    check_finite(numbers, name)
    return numbers
