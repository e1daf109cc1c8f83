"""Checks of schedules, and schedules from logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_not_negative, check_schedule

MAX_ROUNDS = 10_000_000
_LARGEST_LOG = math.log(np.finfo(float).max)


def from_logs(logs: np.ndarray, name: str, value: Any) -> np.ndarray:
    """exp(logs), if all of it are positive floats."""
    if np.abs(logs).max() > _LARGEST_LOG - 1:
        raise ValueError(f"{name} = {value} gives truncation times outside the range of floats: choose a milder one")
    return np.exp(logs)


def log_weights(alphas: np.ndarray) -> np.ndarray:
    """ln theta_k, minus infinity where a later alpha is 1."""
    with np.errstate(divide="ignore"):
        later = np.log1p(-alphas[1:])
    return np.append(np.cumsum(later[::-1])[::-1], 0.0)


def schedule_of(delta: Any) -> np.ndarray:
    """A schedule: (N,), N >= 1, every entry > 0."""
    deltas = to_numpy(as_float_array(delta, "delta"))
    if deltas.ndim != 1 or len(deltas) == 0:
        raise ValueError(
            f"delta must be a schedule of shape (rounds,), got shape {deltas.shape}: see constant_schedule"
        )
    return check_schedule(deltas, "delta", len(deltas))


def rounds_of(alpha: Any, delta: Any) -> tuple[np.ndarray, np.ndarray]:
    """alpha and delta of each round."""
    deltas = schedule_of(delta)
    return check_schedule(alpha, "alpha", len(deltas)), deltas


def cost_power(power: Any) -> float:
    """The power of a cost: a finite number >= 0."""
    return check_not_negative(power, "power", "smaller truncation times cost more, not less")


def negative_powers(deltas: np.ndarray, power: float) -> np.ndarray:
    """delta_k^(-power), if all of it are floats."""
    with np.errstate(over="ignore"):
        values = deltas**-power
    if np.isinf(values).any():
        raise ValueError(
            f"delta must not be too small for power = {power}, got {deltas.min()}: 1 / delta^power is outside the "
            "range of floats"
        )
    return values
