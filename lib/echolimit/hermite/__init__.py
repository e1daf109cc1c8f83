"""Hermite modes: coefficients of laws and of samples, what the loop leaves of each mode, densities from modes."""

from echolimit.hermite.coefficients import HermiteTable, hermite_coefficients
from echolimit.hermite.energies import degree_energies
from echolimit.hermite.estimation import HermiteEstimate, HermiteTableEstimate, estimate_hermite_coefficients
from echolimit.hermite.modes import (
    compounding_factor,
    cutoff_degree,
    density_from_hermite,
    transfer,
)
from echolimit.hermite.ratios import ModeRatios, mode_ratios, resampled_mode_variances

__all__ = [
    "HermiteEstimate",
    "HermiteTable",
    "HermiteTableEstimate",
    "ModeRatios",
    "compounding_factor",
    "cutoff_degree",
    "degree_energies",
    "density_from_hermite",
    "estimate_hermite_coefficients",
    "hermite_coefficients",
    "mode_ratios",
    "resampled_mode_variances",
    "transfer",
]
