"""Metrics that are means, or smooth functions of means, by family: measured on images, and in the exact law."""

from __future__ import annotations

import numpy as np

from echolimit.images.spectra.ages import Ages
from echolimit.images.spectra.estimates import Estimate
from echolimit.images.spectra.modes import SHAPES, hermite_ratios, shape_ratios, shape_ratios_law
from echolimit.images.spectra.reference import ImageReference
from echolimit.images.spectra.second_order import (
    radial_power_law,
    slope_of_power,
    spectral_contraction,
    spectral_slope,
    tail_variance,
    tail_variance_law,
)

DEGREES = 4
FAMILIES = {
    "tail": ("tail_variance",),
    "spectrum": ("spectral_slope", "spectral_contraction"),
    "modes": tuple(f"hermite_{n}" for n in range(1, DEGREES + 1)),
    "shapes": tuple(f"shape_{n}" for n in SHAPES),
}


def measure_family(family: str, rows: np.ndarray, reference: ImageReference, ages: Ages) -> list[Estimate]:
    """The metrics of one family on rows (n, d), in the order of FAMILIES; shapes are standardised by the ages."""
    if family == "tail":
        return [tail_variance(rows, reference)]
    if family in ("modes", "shapes"):
        modes = hermite_ratios(rows, reference, DEGREES) if family == "modes" else shape_ratios(rows, reference, ages)
        values, errors = modes
        return [Estimate(float(value), float(error)) for value, error in zip(values, errors, strict=True)]
    images = reference.pixels_of(rows)
    return [spectral_slope(images), spectral_contraction(images, reference.power)]


def family_law(family: str, reference: ImageReference, ages: Ages) -> list[float]:
    """Their exact values in a round's law, in closed form."""
    if family == "tail":
        return [tail_variance_law(reference, ages)]
    if family == "modes":
        return [ages.kept(n) for n in range(1, DEGREES + 1)]
    if family == "shapes":
        return [float(value) for value in shape_ratios_law(reference, ages)]
    return [slope_of_power(radial_power_law(reference, ages)), ages.kept(2)]
