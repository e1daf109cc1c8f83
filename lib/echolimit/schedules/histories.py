"""What a schedule leaves after each round: mean noising time, amplitude and error of a mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._checks import check_count, check_not_negative, check_number, check_positive, check_schedule
from echolimit.hermite.modes import check_degrees
from echolimit.schedules._checks import MAX_ROUNDS, log_weights, negative_powers, rounds_of


def forgetting_weights(rounds: int, alpha: Any) -> np.ndarray:
    """theta_k = prod_{l > k} (1 - alpha_l): the share of the last samples that still carries the noise of round k.

    rounds: N >= 1.  alpha: fresh share in [0, 1], or one a round.  Returns (N,); constant alpha: (1 - alpha)^(N-1-k).
    Raises ValueError outside these ranges.  Chapter 5, thm-mean-noising-time.
    """
    rounds = check_count(rounds, "rounds", least=1, most=MAX_ROUNDS)
    return np.exp(log_weights(check_schedule(alpha, "alpha", rounds)))


def mean_noising_times(alpha: Any, delta: Any) -> np.ndarray:
    """b_i, the mean time for which a sample of round i has been noised since its last fresh ancestor (or since p_0).

    b_0 = 0, b_{i+1} = (1 - alpha_i) b_i + delta_i, so b_N = sum_k theta_k delta_k with `forgetting_weights` theta.
    From p_0 = p*, a mode of degree n keeps at least exp(-n b_N), and W_1(p_N, p*) <= b_N sqrt(I(p* | gamma)).

    alpha: fresh share in [0, 1], or one a round.  delta: schedule (N,), > 0.  Returns (N + 1,).
    Raises ValueError outside these ranges.  Derived in chapter 5, thm-mean-noising-time.
    """
    alphas, deltas = rounds_of(alpha, delta)
    times = np.zeros(len(deltas) + 1)
    for k, (a, d) in enumerate(zip(alphas, deltas, strict=True)):
        times[k + 1] = (1 - a) * times[k] + d
    return times


def mode_amplitudes(degree: Any, alpha: Any, delta: Any, start: float = 1.0) -> np.ndarray:
    """c_n(p_i) / c_n(p*) after each round: r_{i+1} = exp(-n delta_i) (alpha_i + (1 - alpha_i) r_i).

    degree: integer >= 0 or an array of them.  alpha: fresh share in [0, 1], or one a round.  delta: schedule (N,).
    start: r_0, 1 for p_0 = p* and 0 for p_0 = N(0, I) and n >= 1.  Returns (N + 1,) + the shape of degree.
    Exact for every law with moments of order n and c_n(p*) != 0.  Raises ValueError outside these ranges.
    Derived in chapter 4, prop-transfer; the loop is studied by Khelifa et al. (2026).
    """
    degrees, start = check_degrees(degree), check_number(start, "start")
    alphas, deltas = rounds_of(alpha, delta)
    amplitudes = np.full((len(deltas) + 1, *degrees.shape), start)
    for k, (a, d) in enumerate(zip(alphas, deltas, strict=True)):
        amplitudes[k + 1] = np.exp(-degrees * d) * (a + (1 - a) * amplitudes[k])
    return amplitudes


def mode_rms_error(degree: Any, alpha: Any, delta: Any, noise: float, power: float) -> np.ndarray:
    """Root mean square of c_n(p_i) - c*_n, in units of |c*_n|, if each round adds an independent error to the mode.

    e_{i+1} = exp(-n delta_i) (1 - alpha_i) e_i - (1 - exp(-n delta_i)) + xi_i with independent centred xi_i of variance
    noise * delta_i^(-power), from e_0 = 0.  Exact; `noise_objective` bounds the last square for n = 1.

    noise: eta^2 >= 0.  power: q > 0.  degree, alpha, delta as in `mode_amplitudes`.  Returns (N + 1,) + degree's shape.
    Raises ValueError outside these ranges.  Our model of score errors: chapter 5, prop-noise-bound.
    """
    degrees, power = check_degrees(degree), check_positive(power, "power")
    noise = check_not_negative(noise, "noise", "it scales a variance")
    alphas, deltas = rounds_of(alpha, delta)
    bias = 1 - mode_amplitudes(degrees, alphas, deltas)
    variance, fresh_noise = np.zeros_like(bias), noise * negative_powers(deltas, power)
    for k, (a, d) in enumerate(zip(alphas, deltas, strict=True)):
        variance[k + 1] = ((1 - a) * np.exp(-degrees * d)) ** 2 * variance[k] + fresh_noise[k]
    return np.sqrt(bias**2 + variance)
