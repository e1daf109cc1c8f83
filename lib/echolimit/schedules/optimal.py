"""The best schedule for a budget of sampler steps, and the best one against independent score errors."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

import numpy as np

from echolimit._checks import check_alpha, check_count, check_number, check_positive, check_schedule
from echolimit.schedules._checks import (
    MAX_ROUNDS,
    cost_power,
    from_logs,
    log_weights,
    negative_powers,
    rounds_of,
    schedule_of,
)
from echolimit.schedules.histories import forgetting_weights


def schedule_cost(delta: Any, power: float = 0.0) -> float:
    """What a schedule costs: sum_k ln(1 / delta_k) for power 0 (log-spaced sampler steps), sum_k delta_k^(-power) else.

    delta: schedule (N,), > 0.  power: q >= 0.  Raises ValueError outside these ranges.  Chapter 5, thm-budget-schedule.
    """
    deltas, power = schedule_of(delta), cost_power(power)
    return float(-np.log(deltas).sum() if power == 0 else negative_powers(deltas, power).sum())


def scale_to_budget(delta: Any, budget: float, power: float = 0.0, cap: float | None = None) -> np.ndarray:
    """min(cap, C delta), with C such that the cost is `budget`: schedules of different shapes at equal cost.

    delta: schedule (N,), > 0, of any level.  budget, power: as `schedule_cost` counts.  cap: the largest truncation
    time allowed, None for no cap.  Raises ValueError outside these ranges, if the budget does not pay for N rounds at
    the cap, and where a truncation time leaves the range of floats.  Chapter 5, thm-budget-schedule.
    """
    return _scaled(np.log(schedule_of(delta)), budget, power, cap)


def budget_schedule(rounds: int, alpha: Any, budget: float, power: float = 0.0, cap: float | None = None) -> np.ndarray:
    """The schedule with the least mean noising time b_N among all that cost at most `budget` and stay below `cap`.

    delta_k = min(cap, C theta_k^(-1 / (power + 1))), with `forgetting_weights` theta: for constant alpha geometric with
    ratio (1 - alpha)^(1 / (power + 1)), and 1 - alpha for log-spaced steps.

    rounds: N >= 1.  alpha: fresh share in [0, 1], or one a round.  budget, power, cap: as in `scale_to_budget`.
    Returns (N,).  Without a cap the first truncation times may be large: look at them.  Raises ValueError outside these
    ranges; a cap is needed where some alpha_k = 1 makes earlier rounds matter no more.
    Derived in chapter 5, thm-budget-schedule (ours).
    """
    rounds = check_count(rounds, "rounds", least=1, most=MAX_ROUNDS)
    logs = log_weights(check_schedule(alpha, "alpha", rounds))
    if cap is None and np.isneginf(logs).any():
        raise ValueError(
            f"cap must be given where alpha is 1 in a later round, got None with alpha = {alpha}: earlier rounds are "
            "forgotten, and their best truncation time is the largest one allowed"
        )
    return _scaled(-logs / (cost_power(power) + 1), budget, power, cap)


def noise_objective(alpha: Any, delta: Any, noise: float, power: float) -> float:
    """b_N^2 + sum_k theta_k^2 noise delta_k^(-power): a bound on the mean square error of a mode with |n c*_n| = 1.

    The error of round k has the variance noise * delta_k^(-power), independent between rounds.  alpha: fresh share in
    [0, 1], or one a round.  delta: schedule (N,).  noise: eta^2 > 0.  power: q > 0.  Raises ValueError outside these
    ranges.  Our model of score errors: chapter 5, prop-noise-bound.
    """
    alphas, deltas = rounds_of(alpha, delta)
    noise, power = check_positive(noise, "noise"), check_positive(power, "power")
    weights = forgetting_weights(len(deltas), alphas)
    return float((weights @ deltas) ** 2 + noise * (weights**2 @ negative_powers(deltas, power)))


def noise_schedule(rounds: int, alpha: Any, noise: float, power: float) -> np.ndarray:
    """The minimiser of `noise_objective`: delta_k = (q eta^2 theta_k / (2 b))^(1 / (q + 1)), smallest first.

    b = [(q eta^2 / 2)^(1/(q+1)) sum_k theta_k^((q+2)/(q+1))]^((q+1)/(q+2)) is its mean noising time; the least
    objective is b^2 (1 + 2 / q).  Raises ValueError outside the ranges of `noise_objective`, and for alpha_k = 1 in a
    later round, which forgets all earlier ones.  Derived in chapter 5, thm-noise-schedule (ours).
    """
    rounds = check_count(rounds, "rounds", least=1, most=MAX_ROUNDS)
    noise, q = check_positive(noise, "noise"), check_positive(power, "power")
    logs = log_weights(check_schedule(alpha, "alpha", rounds))
    if np.isneginf(logs).any():
        raise ValueError(f"alpha must be below 1 after the first round, got {alpha}: start the schedule at its last 1")
    level = math.log(q * noise / 2)
    log_sum = math.log(np.exp(logs * (q + 2) / (q + 1)).sum())
    log_mean = (level + (q + 1) * log_sum) / (q + 2)
    return from_logs((level + logs - log_mean) / (q + 1), "rounds", rounds)


def best_constant(alpha: Any, noise: float, power: float, rounds: int | None = None) -> float:
    """The constant delta with the least `noise_objective`: (q eta^2 B / (2 A^2))^(1 / (q + 2)), A and B as follows.

    A = sum_k theta_k and B = sum_k theta_k^2.  For rounds=None the steady state, A = 1 / alpha and
    B = 1 / (alpha (2 - alpha)), which needs one number alpha in (0, 1].  Raises ValueError outside these ranges.
    Derived in chapter 5, prop-constant-floor (ours).
    """
    noise, q = check_positive(noise, "noise"), check_positive(power, "power")
    if rounds is None:
        alpha = check_alpha(alpha, zero=False)
        ratio = alpha / (2 - alpha)  # B / A^2
    else:
        weights = forgetting_weights(rounds, alpha)
        ratio = float((weights**2).sum()) / float(weights.sum()) ** 2
    return float((q * noise * ratio / 2) ** (1 / (q + 2)))


def _scaled(log_shape: np.ndarray, budget: float, power: float, cap: float | None) -> np.ndarray:
    """min(cap, C exp(log_shape)) at the cost `budget`; entries of log_shape may be +inf, which the cap catches."""
    budget, power, rounds = check_number(budget, "budget"), cost_power(power), len(log_shape)
    if power > 0 and budget <= 0:
        raise ValueError(
            f"budget must be greater than 0 for power = {power}, got {budget}: every round costs something"
        )
    if cap is None:
        return from_logs(log_shape + _log_level(log_shape, budget, power), "budget", budget)
    cap = check_positive(cap, "cap")
    at_cap = schedule_cost([cap], power)
    if rounds * at_cap > budget + 1e-12 * abs(budget):
        raise ValueError(
            f"budget must be at least {rounds * at_cap:.6g}, the cost of {rounds} rounds at the cap {cap}, "
            f"got {budget}: raise the budget or the cap"
        )
    falling, ceiling = np.sort(log_shape)[::-1], math.log(cap)

    def level(capped: int) -> float:
        """ln C with the `capped` largest entries at the cap."""
        return _log_level(falling[capped:], budget - capped * at_cap, power)

    def fits(capped: int) -> bool:
        return bool(np.isfinite(falling[capped]) and falling[capped] + level(capped) <= ceiling)

    capped = bisect_left(range(rounds), True, key=fits)  # the more entries at the cap, the lower the level of the rest
    if capped == rounds:
        return np.full(rounds, cap)  # the budget is what the cap costs in every round
    return from_logs(np.minimum(ceiling, log_shape + level(capped)), "budget", budget)


def _log_level(log_shape: np.ndarray, budget: float, power: float) -> float:
    """ln C with C exp(log_shape) at the cost `budget`."""
    if power == 0:
        return -(budget + float(log_shape.sum())) / len(log_shape)
    top = float((-power * log_shape).max())
    return (top + math.log(np.exp(-power * log_shape - top).sum()) - math.log(budget)) / power
