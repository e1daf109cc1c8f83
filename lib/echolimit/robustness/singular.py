"""Data on a curve: what the ideal loop does on a ring, and the thickness that a score of bounded slope leaves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import ive, lambertw

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_alpha, check_choice, check_positive, check_schedule
from echolimit.recursion import age_law

SLOPES = ("constant", "noise")


def ring_distance(radius: float, alpha: Any, delta: Any) -> np.ndarray:
    """W_2(p_i, p*) in rounds 0, 1, ..., N of the ideal loop from p_0 = p*, the uniform law on a circle in the plane.

    W_2^2 = E(|X| - R)^2 = E w(T_i) over the noising times T_i of a sample of round i, where

        w(t) = (1 + a^2) R^2 + 2 s^2 - 2 R s sqrt(pi / 2) L(a^2 R^2 / (2 s^2)),     a = exp(-t), s^2 = 1 - a^2,
        L(x) = exp(-x / 2) ((1 + x) I_0(x / 2) + x I_1(x / 2)),

    the mean of |X| being that of a Rice law.  As t falls to 0, w(t) / (2 t) tends to 1.

    radius: R > 0.  alpha: fresh share in [0, 1], or one a round.  delta: truncation times > 0, shape (N,), one a round.
    Returns (N + 1,).  Raises ValueError outside these ranges.  Derived in chapter 10, prop-ring.
    """
    size = check_positive(radius, "radius")
    deltas = to_numpy(as_float_array(delta, "delta"))
    if deltas.ndim != 1:
        raise ValueError(f"delta must be one row of truncation times, one a round, got shape {deltas.shape}")
    count = len(deltas)
    alphas, deltas = check_schedule(alpha, "alpha", count), check_schedule(deltas, "delta", count)
    squares = [0.0]
    for i in range(1, count + 1):
        times = np.cumsum(deltas[:i][::-1])
        squares.append(float(age_law(i, alphas[:i]) @ _ring_square(size, times)))
    return np.sqrt(np.maximum(squares, 0.0))


def slope_floor(alpha: float, limit: str = "constant") -> float:
    """What is left of the variance across singular data when every score in the loop has a bounded slope.

    The data are a point of the line (for a curve: the direction across it), truncation tends to zero, and each round
    learns the best linear score whose slope is at most L(sigma) at noise level sigma, and runs the probability flow:
      "constant"  L = K:           variance y / K with  y = exp((1 - alpha) y - 1), by the function W of Lambert;
      "noise"     L = K / sigma:   variance y / K^2 with  y = (1 - D^2) / (4 (1 - alpha)),
                                   (1 - alpha) (1 + D) = (1 - D) exp(2 D).
    Returns y: between exp(-1) (alpha = 1) and 1 for "constant", between exp(-2) and 1 / 4 for "noise".

    alpha: fresh share in (0, 1].  limit: "constant" or "noise".  Raises ValueError outside these ranges.
    Derived in chapter 10, prop-slope-floor.
    """
    alpha = check_alpha(alpha, zero=False)
    if check_choice(limit, "limit", SLOPES) == "constant":
        if alpha < 1e-12:  # beside the branch point -1 / e of W
            return 1 - math.sqrt(2 * alpha)
        return math.exp(-1) if alpha == 1 else float(-lambertw(-(1 - alpha) / math.e).real) / (1 - alpha)
    if alpha == 1:
        return math.exp(-2)
    loss = -math.log1p(-alpha)  # D = tanh h with 2 (h - tanh h) = loss: nothing cancels for alpha near 1
    root = brentq(lambda h: 2 * (h - math.tanh(h)) - loss, 0.0, 1 + loss / 2, xtol=1e-14)
    return 1 / (4 * (1 - alpha) * math.cosh(root) ** 2)


def _ring_square(radius: float, times: np.ndarray) -> np.ndarray:
    """w(t) of `ring_distance`; where the noise is small, by its expansion: the formula cancels there."""
    signal, noise = np.exp(-times) * radius, -np.expm1(-2 * times)
    x = signal**2 / (2 * noise)
    mean = np.sqrt(math.pi * noise / 2) * ((1 + x) * ive(0, x / 2) + x * ive(1, x / 2))
    shift = mean - signal
    large = x > 1e4  # E|X| = signal (1 + 1/(4 x) + 1/(32 x^2) + ...)
    shift[large] = signal[large] * (1 / (4 * x[large]) + 1 / (32 * x[large] ** 2))
    gap = -np.expm1(-times) * radius  # R - a R
    return gap**2 + 2 * noise - 2 * radius * shift
