"""The Echo Limit: recursively trained diffusion models in closed form.

The recursion p_{i+1} = P_delta(alpha p* + (1 - alpha) p_i), its limit law, and what both do to Hermite modes.
Figures live in `echolimit.figures`, which alone imports matplotlib and ipywidgets; torch is never imported here.
"""

from echolimit.cloud import PointCloud
from echolimit.echo_law import EchoLaw
from echolimit.mixtures import GaussianMixture, standard_gaussian
from echolimit.process import (
    OrnsteinUhlenbeck,
    VarianceExploding,
    alpha_bar_to_delta,
    delta_to_alpha_bar,
    delta_to_sigma,
    sigma_to_delta,
)
from echolimit.recursion import (
    age_law,
    limit_law,
    one_round,
    round_law,
    sample_limit,
    sample_round,
    score_of,
)

__all__ = [
    "EchoLaw",
    "GaussianMixture",
    "OrnsteinUhlenbeck",
    "PointCloud",
    "VarianceExploding",
    "age_law",
    "alpha_bar_to_delta",
    "delta_to_alpha_bar",
    "delta_to_sigma",
    "limit_law",
    "one_round",
    "round_law",
    "sample_limit",
    "sample_round",
    "score_of",
    "sigma_to_delta",
    "standard_gaussian",
]
