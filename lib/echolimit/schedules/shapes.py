"""Schedules of a simple shape: constant, geometric, polynomial."""

from __future__ import annotations

import math

import numpy as np

from echolimit._checks import check_count, check_delta, check_number, check_positive
from echolimit.schedules._checks import MAX_ROUNDS, from_logs


def constant_schedule(rounds: int, delta: float) -> np.ndarray:
    """The same truncation time delta > 0 in each of `rounds` >= 1 rounds, shape (rounds,)."""
    rounds, delta = check_count(rounds, "rounds", least=1, most=MAX_ROUNDS), check_delta(delta)
    return np.full(rounds, delta)


def geometric_schedule(rounds: int, first: float, ratio: float) -> np.ndarray:
    """delta_k = first * ratio^k, shape (rounds,).

    first: delta_0 > 0.  ratio: > 0; below one the schedule anneals.  Raises ValueError outside these ranges, and where
    a truncation time leaves the range of floats.  Chapter 5, prop-schedule-rates.
    """
    rounds = check_count(rounds, "rounds", least=1, most=MAX_ROUNDS)
    first, ratio = check_positive(first, "first"), check_positive(ratio, "ratio")
    return from_logs(math.log(first) + np.arange(rounds) * math.log(ratio), "ratio", ratio)


def polynomial_schedule(rounds: int, first: float, power: float) -> np.ndarray:
    """delta_k = first / (k + 1)^power, shape (rounds,).

    first: delta_0 > 0.  power: any finite number; above zero the schedule anneals.  Raises ValueError outside these
    ranges, and where a truncation time leaves the range of floats.  Chapter 5, prop-schedule-rates.
    """
    rounds = check_count(rounds, "rounds", least=1, most=MAX_ROUNDS)
    first, power = check_positive(first, "first"), check_number(power, "power")
    return from_logs(math.log(first) - power * np.log1p(np.arange(rounds)), "power", power)
