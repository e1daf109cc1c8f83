"""Annealed schedules: truncation times that change from round to round, what they leave, and which are best.

The rounds are k = 0, ..., N - 1, the first one first.  A schedule is an array (N,) of truncation times delta_k > 0; the
fresh share alpha is a number or an array (N,).  `round_law` takes both and gives the exact law.  Chapter 5.
"""

from echolimit.schedules.histories import forgetting_weights, mean_noising_times, mode_amplitudes, mode_rms_error
from echolimit.schedules.optimal import (
    best_constant,
    budget_schedule,
    noise_objective,
    noise_schedule,
    scale_to_budget,
    schedule_cost,
)
from echolimit.schedules.shapes import constant_schedule, geometric_schedule, polynomial_schedule

__all__ = [
    "best_constant",
    "budget_schedule",
    "constant_schedule",
    "forgetting_weights",
    "geometric_schedule",
    "mean_noising_times",
    "mode_amplitudes",
    "mode_rms_error",
    "noise_objective",
    "noise_schedule",
    "polynomial_schedule",
    "scale_to_budget",
    "schedule_cost",
]
