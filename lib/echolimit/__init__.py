"""The Echo Limit: recursively trained diffusion models in closed form.

The recursion p_{i+1} = P_delta(alpha p* + (1 - alpha) p_i), its limit law, and what both do to Hermite modes.
Figures live in `echolimit.figures`, which alone imports matplotlib and ipywidgets; torch is never imported here.
"""

from echolimit._law import Law
from echolimit.cloud import PointCloud
from echolimit.distances import chi2_divergence, kl_divergence, sliced_wasserstein, total_variation, wasserstein
from echolimit.echo_law import EchoLaw
from echolimit.hermite import (
    HermiteEstimate,
    HermiteTable,
    HermiteTableEstimate,
    compounding_factor,
    cutoff_degree,
    degree_energies,
    density_from_hermite,
    estimate_hermite_coefficients,
    hermite_coefficients,
    transfer,
)
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
    "HermiteEstimate",
    "HermiteTable",
    "HermiteTableEstimate",
    "Law",
    "OrnsteinUhlenbeck",
    "PointCloud",
    "VarianceExploding",
    "age_law",
    "alpha_bar_to_delta",
    "chi2_divergence",
    "compounding_factor",
    "cutoff_degree",
    "degree_energies",
    "delta_to_alpha_bar",
    "delta_to_sigma",
    "density_from_hermite",
    "estimate_hermite_coefficients",
    "hermite_coefficients",
    "kl_divergence",
    "limit_law",
    "one_round",
    "round_law",
    "sample_limit",
    "sample_round",
    "score_of",
    "sigma_to_delta",
    "sliced_wasserstein",
    "standard_gaussian",
    "total_variation",
    "transfer",
    "wasserstein",
]
