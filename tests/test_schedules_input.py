"""Schedules: every wrong argument is named with its value and a remedy."""

import re

import numpy as np
import pytest

from echolimit import (
    best_constant,
    budget_schedule,
    constant_schedule,
    forgetting_weights,
    geometric_schedule,
    mean_noising_times,
    mode_amplitudes,
    mode_rms_error,
    noise_objective,
    noise_schedule,
    polynomial_schedule,
    scale_to_budget,
    schedule_cost,
)

NAN, DELTAS = float("nan"), [0.1, 0.05]

VALUE_ERRORS = {
    "no rounds": (lambda: constant_schedule(0, 0.1), "rounds must be at least 1"),
    "no truncation": (lambda: constant_schedule(3, 0.0), "delta must be greater than 0, got 0.0: without truncation"),
    "negative first": (lambda: geometric_schedule(3, -0.1, 0.5), "first must be greater than 0, got -0.1: pass"),
    "zero ratio": (lambda: geometric_schedule(3, 0.1, 0.0), "ratio must be greater than 0, got 0.0: pass"),
    "underflow": (lambda: geometric_schedule(5000, 0.1, 0.5), "ratio = 0.5 gives truncation times outside the range"),
    "overflow": (lambda: polynomial_schedule(5000, 0.1, -200), "power = -200.0 gives truncation times outside"),
    "NaN power": (lambda: polynomial_schedule(3, 0.1, NAN), "power must be finite, got nan"),
    "one number": (lambda: mean_noising_times(0.2, 0.1), r"shape \(rounds,\), got shape \(\): see constant_schedule"),
    "empty": (lambda: mean_noising_times(0.2, []), r"got shape \(0,\)"),
    "negative round": (lambda: mode_amplitudes(1, 0.2, [0.1, -0.1]), r"delta\[1\]: delta must be greater than 0"),
    "NaN round": (lambda: schedule_cost([0.1, NAN]), r"delta\[1\]: delta must be finite"),
    "words": (lambda: schedule_cost(["a"]), "delta must be an array of numbers"),
    "share above one": (lambda: forgetting_weights(3, 1.5), r"alpha must be in \[0, 1\], got 1.5"),
    "shares too few": (lambda: mean_noising_times([0.2], DELTAS), r"length rounds = 2, got shape \(1,\)"),
    "half degree": (lambda: mode_amplitudes(0.5, 0.2, DELTAS), "degree must be an integer"),
    "NaN start": (lambda: mode_amplitudes(1, 0.2, DELTAS, start=NAN), "start must be finite"),
    "negative noise": (lambda: mode_rms_error(1, 0.2, DELTAS, -1.0, 1.0), "noise must be at least 0, got -1.0"),
    "no noise": (lambda: noise_objective(0.2, DELTAS, 0.0, 1.0), "noise must be greater than 0, got 0.0"),
    "flat noise": (lambda: noise_schedule(3, 0.2, 1e-6, 0.0), "power must be greater than 0, got 0.0"),
    "forgotten noise": (lambda: noise_schedule(3, [0.2, 1.0, 0.2], 1e-6, 1.0), "start the schedule at its last 1"),
    "negative power": (lambda: schedule_cost(DELTAS, -1.0), "power must be at least 0, got -1.0: smaller truncation"),
    "free rounds": (lambda: scale_to_budget(DELTAS, 0.0, 1.0), "budget must be greater than 0 for power = 1.0, got 0"),
    "cap too low": (
        lambda: scale_to_budget(DELTAS, 2.0, cap=0.2),
        r"at least 3.21888, the cost of 2 rounds at the cap",
    ),
    "cost too large": (
        lambda: schedule_cost([0.1, 1e-200], 2.0),
        "delta must not be too small for power = 2.0, got 1e-200",
    ),
    "noise too large": (
        lambda: noise_objective(0.2, [1e-200], 1e-6, 2.0),
        "delta must not be too small for power = 2.0",
    ),
    "noise a round": (
        lambda: mode_rms_error(1, 0.2, [1e-200], 1e-6, 2.0),
        "delta must not be too small for power = 2.0",
    ),
    "zero cap": (lambda: budget_schedule(3, 0.2, 9.0, cap=0.0), "cap must be greater than 0, got 0.0"),
    "no cap": (lambda: budget_schedule(3, 1.0, 9.0), "cap must be given where alpha is 1 in a later round, got None"),
    "huge budget": (lambda: budget_schedule(3, 0.2, 1e5), "budget = 100000.0 gives truncation times outside"),
    "no fresh data": (lambda: best_constant(0.0, 1e-6, 1.0), r"alpha must be in \(0, 1\], got 0"),
}
TYPE_ERRORS = {
    "rounds": (lambda: constant_schedule(3.5, 0.1), "rounds must be an integer, got 3.5: pass int"),
    "budget": (lambda: budget_schedule(3, 0.2, "much"), "budget must be a real number, got 'much'"),
    "cap": (lambda: scale_to_budget(DELTAS, 9.0, cap=[0.1]), "cap must be a real number"),
    "complex": (lambda: schedule_cost(np.array([0.1j])), "delta must be real"),
}


@pytest.mark.parametrize("name", VALUE_ERRORS)
def test_value_errors_name_argument_value_and_remedy(name):
    call, words = VALUE_ERRORS[name]
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("name", TYPE_ERRORS)
def test_type_errors(name):
    call, words = TYPE_ERRORS[name]
    with pytest.raises(TypeError, match=re.escape(words)):
        call()
