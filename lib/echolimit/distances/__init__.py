"""Distances between laws on the line, to about 1e-12; between samples sliced Wasserstein and kernel distances."""

from echolimit.distances.chi2 import chi2_divergence
from echolimit.distances.divergences import kl_divergence, total_variation
from echolimit.distances.mmd import maximum_mean_discrepancy
from echolimit.distances.transport import sliced_wasserstein, wasserstein

__all__ = [
    "chi2_divergence",
    "kl_divergence",
    "maximum_mean_discrepancy",
    "sliced_wasserstein",
    "total_variation",
    "wasserstein",
]
