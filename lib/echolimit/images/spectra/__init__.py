"""Metrics of images with their exact laws in every round of the loop, their floors and their errors.

`compare_images` makes the table; the metrics stand alone too.  Second-order metrics and Hermite ratios have closed
forms: an image of the round is exp(-T) X + sqrt(1 - exp(-2 T)) Z with the law of T known (`loop_ages`).
"""

from echolimit.images.spectra.ages import Ages, loop_ages
from echolimit.images.spectra.compare import METRICS, MetricRow, compare_images, metric_table
from echolimit.images.spectra.draws import draw_images, draw_normal, draw_resampled
from echolimit.images.spectra.estimates import Estimate
from echolimit.images.spectra.features import conv_features, frechet_distance
from echolimit.images.spectra.inception import InceptionFID, inception_fid
from echolimit.images.spectra.modes import hermite_ratios, shape_ratios, shape_ratios_law
from echolimit.images.spectra.power import radial_power
from echolimit.images.spectra.reference import ImageReference
from echolimit.images.spectra.second_order import (
    radial_log_spectrum,
    radial_power_law,
    spectral_contraction,
    spectral_slope,
    tail_powers,
    tail_variance,
    tail_variance_law,
)
from echolimit.images.spectra.sensitivity import noise_sensitivity

__all__ = [
    "METRICS", "Ages", "Estimate", "ImageReference", "InceptionFID", "MetricRow", "compare_images", "conv_features",
    "draw_images", "draw_normal", "draw_resampled", "frechet_distance", "hermite_ratios", "inception_fid", "loop_ages",
    "metric_table", "noise_sensitivity", "radial_log_spectrum", "radial_power", "radial_power_law", "shape_ratios",
    "shape_ratios_law", "spectral_contraction", "spectral_slope", "tail_powers", "tail_variance", "tail_variance_law",
]  # fmt: skip
