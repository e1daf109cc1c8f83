"""One step of each sampler that calls the score once a step: x' = scale x + score_weight score(x, t) + sqrt(noise) xi.

The samplers, their exact passes on Gaussians and their transition densities all take their numbers from here.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from echolimit._checks import check_choice, check_step
from echolimit.samplers.grids import LATEST


class StepCoefficients(NamedTuple):
    """A step x' = scale x + score_weight score(x, t) + sqrt(noise) xi, with xi standard normal."""

    scale: float
    score_weight: float
    noise: float


def step_coefficients(sampler: str, t: float, later: float) -> StepCoefficients:
    """The step of a sampler from time t down to `later`, for samplers that call the score once a step.

    With h = t - later, s^2 = 1 - exp(-2 t) and s'^2 = 1 - exp(-2 later), (scale, score weight, noise) are
    euler_maruyama (1 + h, 2 h, 2 h); exponential_integrator (e^h, 2 (e^h - 1), e^{2h} - 1);
    ancestral (e^h, 2 sinh h, (1 - e^{-2h}) s'^2 / s^2), the posterior variance of DDPM;
    ancestral_large (e^h, 2 sinh h, 1 - e^{-2h}), the larger variance; ddim (e^h, s (e^h s - s'), 0);
    euler_flow (1 + h, h, 0), Euler's method for the probability flow.

    354 >= t > later > 0.  Raises ValueError outside this range or for another sampler.
    Derived in chapter 6, prop-gaussian-steps; Ho et al. (2020) and Song et al. (2021) for the samplers.
    """
    check_choice(sampler, "sampler", STEPS)
    t, later = check_step(t, later)
    if t > LATEST:
        raise ValueError(f"t must be at most {LATEST:g}, got {t}: at T = 4 data of unit scale is almost N(0, I)")
    return STEPS[sampler](t, later)


def noise_level(t: float) -> float:
    """s_t."""
    return math.sqrt(-math.expm1(-2 * t))


def excess(t: float, u: float) -> float:
    """e^h s_t - s_u with h = t - u, without cancellation: (e^{2h} - 1) / (e^h s_t + s_u)."""
    h = t - u
    return math.expm1(2 * h) / (math.exp(h) * noise_level(t) + noise_level(u))


def _euler_maruyama(t: float, u: float) -> StepCoefficients:
    h = t - u
    return StepCoefficients(1 + h, 2 * h, 2 * h)


def _exponential_integrator(t: float, u: float) -> StepCoefficients:
    h = t - u
    return StepCoefficients(math.exp(h), 2 * math.expm1(h), math.expm1(2 * h))


def _ancestral_large(t: float, u: float) -> StepCoefficients:
    h = t - u
    return StepCoefficients(math.exp(h), 2 * math.sinh(h), -math.expm1(-2 * h))


def _ancestral(t: float, u: float) -> StepCoefficients:
    share = math.expm1(-2 * u) / math.expm1(-2 * t)  # s_u^2 / s_t^2
    scale, weight, noise = _ancestral_large(t, u)
    return StepCoefficients(scale, weight, share * noise)


def _ddim(t: float, u: float) -> StepCoefficients:
    return StepCoefficients(math.exp(t - u), noise_level(t) * excess(t, u), 0.0)


def _euler_flow(t: float, u: float) -> StepCoefficients:
    h = t - u
    return StepCoefficients(1 + h, h, 0.0)


STEPS = {
    "euler_maruyama": _euler_maruyama,
    "exponential_integrator": _exponential_integrator,
    "ancestral": _ancestral,
    "ancestral_large": _ancestral_large,
    "ddim": _ddim,
    "euler_flow": _euler_flow,
}
