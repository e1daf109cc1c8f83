"""How far errors move the loop: error balls, error gains of modes, and samplers that are exact on Gaussians."""

from echolimit.robustness.balls import (
    ball_radius,
    contraction_factor,
    displacement_radius,
    error_bound,
    initialisation_bound,
    noise_gain,
)
from echolimit.robustness.closure import FixedPoint, gaussian_fixed_points, gaussian_limit, gaussian_loop
from echolimit.robustness.gaussian import GAUSSIAN_SAMPLERS, gaussian_pass
from echolimit.robustness.singular import ring_distance, slope_floor
from echolimit.robustness.steps import covariance_defect

__all__ = [
    "GAUSSIAN_SAMPLERS",
    "FixedPoint",
    "ball_radius",
    "contraction_factor",
    "covariance_defect",
    "displacement_radius",
    "error_bound",
    "gaussian_fixed_points",
    "gaussian_limit",
    "gaussian_loop",
    "gaussian_pass",
    "initialisation_bound",
    "noise_gain",
    "ring_distance",
    "slope_floor",
]
