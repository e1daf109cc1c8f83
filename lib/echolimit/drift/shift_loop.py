"""A loop that errs by the same small shift each round: everything stays small except chi2, which explodes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import logsumexp

from echolimit._checks import check_alpha, check_count, check_number, check_time
from echolimit.mixtures import GaussianMixture

MAX_LISTED = 4000  # pairs of ages are listed: 16 million at most


def shift_loop_law(rounds: int, alpha: float, shift: float, delta: float = 0.0) -> GaussianMixture:
    """p_N of the loop on p* = N(0, 1) whose rounds noise the mix for time delta and then shift it by r.

    sum_j w_j N(S_j, 1), S_j = r (1 + exp(-delta) + ... + exp(-(j - 1) delta)), w the law of min(G, N), p_0 = p*.

    rounds: integer in 0..4000.  alpha: fresh share in [0, 1].  shift: r, a number.  delta: time >= 0, 0 for none.
    Raises ValueError outside these ranges.  Derived in chapter 7, thm-chi2-explosion.
    """
    log_weights, shifts = _ages(rounds, alpha, shift, delta)
    weights = np.exp(log_weights)
    return GaussianMixture(weights / weights.sum(), shifts[:, None], np.ones_like(shifts))


def shift_loop_chi2(rounds: int, alpha: float, shift: float, delta: float = 0.0) -> float:
    """D_N = chi2(p_N || p*) of `shift_loop_law`: sum_jk w_j w_k exp(S_j S_k) - 1, summed in logarithms.

    Finite for every N; inf only above 1e308.  Arguments as in `shift_loop_law`.
    Derived in chapter 7, thm-chi2-explosion.
    """
    log_weights, shifts = _ages(rounds, alpha, shift, delta)
    exponents = np.outer(shifts, shifts)
    if float(np.max(exponents)) < 30:
        weights = np.exp(log_weights)
        return float(weights @ np.expm1(exponents) @ weights)
    top = float(logsumexp(log_weights[:, None] + log_weights[None, :] + exponents))
    return math.expm1(top) if top < 709 else math.inf


def chi2_onset(alpha: float, shift: float) -> float:
    """The round N* = 2 ln(1 / (1 - alpha)) / r^2 near which chi2 of the shift loop without truncation explodes.

    For N < N* it is at most (alpha z / (1 - (1 - alpha) z))^2 - 1 with z = (1 - alpha)^(-N / N*); for N >= N* it is at
    least exp(r^2 N (N - N*)) / (1 - alpha)^2 - 1.

    alpha: fresh share in (0, 1).  shift: r, not zero.  Raises ValueError outside these ranges.
    Derived in chapter 7, thm-chi2-explosion.
    """
    share, e = check_alpha(alpha, zero=False), check_number(shift, "shift")
    if share == 1:
        raise ValueError("alpha must be in (0, 1), got 1: with fresh data only, errors never add up and chi2 stays put")
    if e == 0:
        raise ValueError("shift must not be 0: without an error there is no onset")
    return -2 * math.log1p(-share) / e**2


def _ages(rounds: Any, alpha: Any, shift: Any, delta: Any) -> tuple[np.ndarray, np.ndarray]:
    """ln w_j and S_j of the ages with positive weight."""
    count, share = check_count(rounds, "rounds", most=MAX_LISTED), check_alpha(alpha)
    e, time = check_number(shift, "shift"), check_time(delta, "delta")
    if count == 0:
        return np.zeros(1), np.zeros(1)
    age = np.arange(1, count + 1)
    shifts = e * np.cumsum(np.exp(-time * (age - 1)))
    if share == 1:
        return np.zeros(1), shifts[:1]
    if share == 0:
        return np.zeros(1), shifts[-1:]
    log_weights = math.log(share) + math.log1p(-share) * (age - 1)
    log_weights[-1] = math.log1p(-share) * (count - 1)
    return log_weights, shifts
