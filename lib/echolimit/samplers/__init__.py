"""Reverse-time samplers as plain functions: (score, x, times, rng, callback) -> x at times[-1]."""

from echolimit.samplers.adapters import score_from_diffusers, score_from_edm, score_from_epsilon, score_from_x0
from echolimit.samplers.deterministic import ddim, dpmpp_2m, heun
from echolimit.samplers.grids import time_grid
from echolimit.samplers.steps import StepCoefficients, step_coefficients
from echolimit.samplers.stochastic import ancestral, euler_maruyama, exponential_integrator

__all__ = [
    "StepCoefficients",
    "ancestral",
    "ddim",
    "dpmpp_2m",
    "euler_maruyama",
    "exponential_integrator",
    "heun",
    "score_from_diffusers",
    "score_from_edm",
    "score_from_epsilon",
    "score_from_x0",
    "step_coefficients",
    "time_grid",
]
