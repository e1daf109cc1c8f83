"""Second-order metrics: variance in the principal tail, radial power spectrum; their exact laws in every round."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit.images.spectra.ages import Ages
from echolimit.images.spectra.estimates import Estimate, mean_estimate
from echolimit.images.spectra.power import radial_power
from echolimit.images.spectra.reference import ImageReference


def tail_variance(samples: Any, reference: ImageReference) -> Estimate:
    """The variance of the samples (around their own mean), averaged over the reference's tail axes.

    samples: (n, c, h, w) or (n, d).  Exact law: `tail_variance_law`.
    """
    rows = reference.rows_of(samples)
    axes = reference.principal_axes[:, -reference.tail_size :].astype(np.float32)
    along = (rows - reference.mean.astype(np.float32)) @ axes
    along -= along.mean(axis=0, dtype=np.float64).astype(np.float32)
    value, error = mean_estimate(np.einsum("ij,ij->i", along, along, dtype=np.float64) / axes.shape[1])
    n = len(rows)
    return Estimate(float(value) * n / (n - 1), float(error) * n / (n - 1))


def tail_powers(samples: Any, reference: ImageReference) -> np.ndarray:
    """The mean power of each image along the reference's tail axes, around the reference's mean; (n,).

    It reads the age of a single image: where the data have next to no variance in the r tail axes, an image noised for
    the time t has there (1 - exp(-2 t)) chi-square(r) / r, whose standard deviation is sqrt(2 / r) of its mean.
    samples: (n, c, h, w) or (n, d).  Chapter 11, prop-ancestor.
    """
    axes = reference.principal_axes[:, -reference.tail_size :].astype(np.float32)
    along = (reference.rows_of(samples) - reference.mean.astype(np.float32)) @ axes
    return np.einsum("ij,ij->i", along, along, dtype=np.float64) / axes.shape[1]


def tail_variance_law(reference: ImageReference, ages: Ages) -> float:
    """E[a^2] (l + m^2) + E[1 - a^2] - E[a]^2 m^2, averaged over the tail axes; a = exp(-T).

    l: variance of the data along an axis, m: its mean along it.
    """
    size = reference.tail_size
    variance = float(reference.variances[-size:].mean())
    mean_square = float(np.mean((reference.mean @ reference.principal_axes[:, -size:]) ** 2))
    return ages.kept(2) * (variance + mean_square) + ages.added() - ages.kept(1) ** 2 * mean_square


def radial_power_law(reference: ImageReference, ages: Ages) -> np.ndarray:
    """The mean power of each ring in the law of the round, (rings,): E[a^2] P* + E[1 - a^2].

    White noise of variance 1 has the power 1, so what is left of P* - 1 is E[exp(-2 T)], as of all degree-2 modes.
    """
    return ages.kept(2) * reference.power + ages.added()


def radial_log_spectrum(images: Any) -> Estimate:
    """ln of the mean power in each ring, (rings,), and its standard error (that of the mean, divided by the mean)."""
    power = mean_estimate(radial_power(images))
    return Estimate(np.log(power.value), power.error / power.value)


def spectral_slope(images: Any) -> Estimate:
    """Least-squares slope of ln power against ln |k| over the rings |k| >= 1; about -2 for photographs, 0 for noise.

    The error is that of the linear part: the mean of sum_k w_k P_ik / P_k over images i, w the weights of the fit.
    """
    power = radial_power(images)[:, 1:]
    mean, weights = power.mean(axis=0), _slope_weights(power.shape[1])
    return Estimate(float(weights @ np.log(mean)), float(mean_estimate(power @ (weights / mean)).error))


def slope_of_power(power: np.ndarray) -> float:
    """The slope of `spectral_slope` for mean powers (rings,), ring 0 first."""
    return float(_slope_weights(len(power) - 1) @ np.log(power[1:]))


def _slope_weights(rings: int) -> np.ndarray:
    if rings < 2:
        raise ValueError(f"images must be at least 4 pixels high and wide for a spectral slope, got {rings} rings")
    log_radius = np.log(np.arange(1, rings + 1))
    centred = log_radius - log_radius.mean()
    return centred / (centred @ centred)


def spectral_contraction(images: Any, power: np.ndarray) -> Estimate:
    """The factor by which P - 1 has shrunk: the slope, through the origin, of P - 1 against P* - 1 over rings >= 1.

    power: P* of the reference, (rings,).  Rings weigh by 1 / P*^2, about their inverse variance.  The exact law is
    E[exp(-2 T)] in every ring, hence also for the slope, which is linear in P: no bias at any n.
    """
    excess = power[1:] - 1
    weights = excess / power[1:] ** 2
    value, error = mean_estimate((radial_power(images)[:, 1:] - 1) @ (weights / (weights @ excess)))
    return Estimate(float(value), float(error))
