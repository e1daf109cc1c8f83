"""Balls around the limit law in which a loop with an error in every round stays, and the error gains of single modes.

The loop with errors: p_{i+1} is within eps_i of F(p_i) = P_delta(alpha p* + (1 - alpha) p_i), F the ideal round.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_alpha, check_choice, check_count, check_delta, check_not_negative, check_positive
from echolimit.hermite.modes import compounding_factor
from echolimit.recursion import age_law

METRICS = ("w2", "w1", "tv")
IT_IS = "it is a distance"


def contraction_factor(alpha: float, delta: float, metric: str = "w2") -> float:
    """The factor by which one ideal round contracts the distance of any two laws, the best that holds for all.

    sqrt(1 - alpha) exp(-delta) in W_2, (1 - alpha) exp(-delta) in W_1, 1 - alpha in total variation.

    alpha: fresh share in (0, 1].  delta: truncation time > 0.  metric: "w2", "w1" or "tv".
    Raises ValueError outside these ranges.  Derived in chapter 3, thm-rate-w2, prop-rate-w1 and prop-rate-tv.
    """
    alpha, delta = check_alpha(alpha, zero=False), check_delta(delta)
    if check_choice(metric, "metric", METRICS) == "tv":
        return 1 - alpha
    return (1 - alpha if metric == "w1" else math.sqrt(1 - alpha)) * math.exp(-delta)


def error_bound(alpha: float, delta: float, errors: Any, start: float = 0.0, metric: str = "w2") -> np.ndarray:
    """Bounds of the distance to the limit law after 0, 1, ..., n rounds, round k with an error of at most errors[k].

    b_0 = start, b_{k+1} = r b_k + errors[k], that is b_i = r^i start + sum_k r^(i-1-k) errors[k], with the
    contraction factor r of the metric.  In W_2 and W_1, with start = 0, no smaller bound holds for all such errors.

    errors: (n,) numbers >= 0.  start: distance of p_0 to the limit, >= 0.  Returns (n + 1,).
    Raises ValueError for a negative or infinite entry and for alpha, delta, metric outside their ranges.
    Derived in chapter 6, thm-error-ball (W_2) and prop-w1-ball (W_1, total variation).
    """
    factor = contraction_factor(alpha, delta, metric)
    steps = to_numpy(as_float_array(errors, "errors"))
    if steps.ndim != 1:
        raise ValueError(f"errors must have shape (n,), one a round, got {steps.shape}: for one number use ball_radius")
    if not np.all(np.isfinite(steps)) or np.any(steps < 0):
        raise ValueError(f"errors must be finite and nonnegative, got {errors!r}: they are distances")
    bounds = [check_not_negative(start, "start", IT_IS)]
    for step in steps:
        bounds.append(factor * bounds[-1] + float(step))
    return np.array(bounds)


def ball_radius(alpha: float, delta: float, error: float, metric: str = "w2") -> float:
    """Radius of the ball around the limit law in which the loop ends if every round has an error of at most `error`.

    error / (1 - r), with the contraction factor r of the metric: the limit of `error_bound`.

    error: >= 0, in the metric's unit.  metric: "w2", "w1" or "tv".  Raises ValueError outside these ranges.
    Derived in chapter 6, thm-error-ball (W_2) and prop-w1-ball (W_1, total variation).
    """
    alpha, delta = check_alpha(alpha, zero=False), check_delta(delta)
    return check_not_negative(error, "error", IT_IS) / _gap(alpha, delta, check_choice(metric, "metric", METRICS))


def displacement_radius(alpha: float, delta: float, error: float, order: int = 2, rounds: int | None = None) -> float:
    """Radius in W_1 or W_2 if every round moves every point by at most `error` (an error in W_infinity).

    A point of age a has been displaced by at most error (1 - exp(-a delta)) / (1 - exp(-delta)).  Averaged over the
    ages of the limit, with s = (1 - alpha) exp(-delta) and r^2 = (1 - alpha) exp(-2 delta): error / (1 - s) in W_1,
    and error sqrt(1 - 2 H_1 + H_2) / (1 - exp(-delta)) = error sqrt((1 - s^2) / (1 - r^2)) / (1 - s) in W_2.

    error: >= 0, a length.  order: 1 or 2.  rounds: None for the limit; a number >= 0 of rounds for the distance of
    round `rounds` from the ideal round with the same start.  Raises ValueError outside these ranges.
    Derived in chapter 6, thm-displacement-ball.
    """
    alpha, delta, error = check_alpha(alpha, zero=False), check_delta(delta), check_not_negative(error, "error", IT_IS)
    if isinstance(order, bool) or np.ndim(order) or order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, got {order!r}: other orders are not computed here")
    if rounds is None:
        first, second = _gap(alpha, delta, "w1"), _gap(alpha, delta, "w2")
        spread = 1.0 if order == 1 else math.sqrt(first * (2 - first) / (second * (2 - second)))
        return error * spread / first
    if check_count(rounds, "rounds") == 0:
        return 0.0
    moved = np.expm1(-delta * np.arange(1, rounds + 1)) / math.expm1(-delta)
    return error * float(age_law(rounds, alpha) @ moved**order) ** (1 / order)


def noise_gain(degree: Any, alpha: float, delta: float) -> np.ndarray:
    """Long-run standard deviation of a Hermite mode per unit of random error a round.

    (1 - g^2)^(-1/2) with g = (1 - alpha) exp(-n delta), for errors of mean zero given the past, of variance one.
    Errors of one sign gain 1 / (1 - g) instead: `compounding_factor`.

    degree: integer or array of integers >= 0.  alpha: fresh share in (0, 1].  delta: truncation time > 0.
    Returns an array of degree's shape, values >= 1.  Raises ValueError outside these ranges.
    Derived in chapter 6, prop-mode-errors.
    """
    gap = 1 / compounding_factor(degree, alpha, delta)  # 1 - g
    return 1 / np.sqrt(gap * (2 - gap))


def initialisation_bound(T: float, w1: float | None = None, chi2: float | None = None) -> float:
    """Bound of TV(P_T q, N(0, I)): what a sampler adds that starts at the normal law instead of at P_T q.

    The smaller of exp(-T) w1 / sqrt(2 pi (1 - exp(-2 T))), w1 >= W_1(q, N(0, I)), for every q with a mean, and
    exp(-T) sqrt(chi2) / 2, chi2 >= chi2(q || N(0, I)), where that is finite; and 1.

    T: start time > 0.  w1, chi2: numbers >= 0, one of them or both.  Raises ValueError outside these ranges.
    Derived in chapter 6, prop-initialisation.
    """
    time = check_positive(T, "T", "it is the time at which the sampler starts")
    if w1 is None and chi2 is None:
        raise ValueError("w1 or chi2 must be given, got neither: see wasserstein and chi2_divergence")
    bounds = [1.0]
    if w1 is not None:
        reach = check_not_negative(w1, "w1", IT_IS)
        bounds.append(math.exp(-time) * reach / math.sqrt(2 * math.pi * -math.expm1(-2 * time)))
    if chi2 is not None:
        bounds.append(math.exp(-time) * math.sqrt(check_not_negative(chi2, "chi2", IT_IS)) / 2)
    return min(bounds)


def _gap(alpha: float, delta: float, metric: str) -> float:
    """1 - `contraction_factor`, without cancellation for small alpha and delta."""
    noised = 0.0 if metric == "tv" else -math.expm1(-delta)
    stale = math.sqrt(1 - alpha) if metric == "w2" else 1 - alpha
    return alpha / (1 + stale if metric == "w2" else 1) + stale * noised
