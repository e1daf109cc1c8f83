"""Second-order metrics: variance in the principal tail, radial power spectrum; their exact laws in every round."""

from __future__ import annotations

import numpy as np
from scipy import fft

from echolimit._arrays import row_blocks
from echolimit.images.spectra.ages import Ages
from echolimit.images.spectra.estimates import Estimate, mean_estimate
from echolimit.images.spectra.reference import ImageReference

BLOCK = 2048


def tail_variance(samples: np.ndarray, reference: ImageReference) -> Estimate:
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


def tail_variance_law(reference: ImageReference, ages: Ages) -> float:
    """E[a^2] (l + m^2) + E[1 - a^2] - E[a]^2 m^2, averaged over the tail axes; a = exp(-T).

    l: variance of the data along an axis, m: its mean along it.
    """
    size = reference.tail_size
    variance = float(reference.variances[-size:].mean())
    mean_square = float(np.mean((reference.mean @ reference.principal_axes[:, -size:]) ** 2))
    return ages.kept(2) * (variance + mean_square) + ages.added() - ages.kept(1) ** 2 * mean_square


def radial_power(images: np.ndarray) -> np.ndarray:
    """Power |F(k)|^2 / (h w) of each image, averaged over channels and over the rings |k| = 0, 1, ..., min(h, w) // 2.

    images: (n, c, h, w).  Returns (n, rings), float64.  F is the plain Fourier sum, so that noise of variance v has
    the power v at every k.  Frequencies count periods over the shorter side; those in the corners are left out.
    """
    n, _, h, w = images.shape
    member = _rings(h, w)
    out = np.empty((n, member.shape[1]))
    for rows in row_blocks(n, BLOCK):
        power = np.abs(fft.rfft2(images[rows])) ** 2
        out[rows] = power.mean(axis=1, dtype=np.float64).reshape(len(power), -1) @ member
    return out / (h * w)


def _rings(h: int, w: int) -> np.ndarray:
    """Averaging weights (h * (w // 2 + 1), rings) of the half plane's frequencies; each has its mirror image."""
    short = min(h, w)
    down, right = np.fft.fftfreq(h) * short, np.fft.rfftfreq(w) * short
    radius = np.rint(np.hypot(down[:, None], right[None, :]))
    copies = np.full(radius.shape, 2.0)
    copies[:, 0] = 1.0
    if w % 2 == 0:
        copies[:, -1] = 1.0
    member = (radius.reshape(-1, 1) == np.arange(short // 2 + 1)) * copies.reshape(-1, 1)
    return member / member.sum(axis=0)


def radial_power_law(reference: ImageReference, ages: Ages) -> np.ndarray:
    """The mean power of each ring in the law of the round, (rings,): E[a^2] P* + E[1 - a^2].

    White noise of variance 1 has the power 1, so what is left of P* - 1 is E[exp(-2 T)], as of all degree-2 modes.
    """
    return ages.kept(2) * reference_power(reference) + ages.added()


def reference_power(reference: ImageReference) -> np.ndarray:
    """P*, the mean power of each ring over the data set, (rings,)."""
    return radial_power(reference.pixels_of(reference.rows)).mean(axis=0)


def radial_log_spectrum(images: np.ndarray) -> Estimate:
    """ln of the mean power in each ring, (rings,), and its standard error (that of the mean, divided by the mean)."""
    power = mean_estimate(radial_power(images))
    return Estimate(np.log(power.value), power.error / power.value)


def spectral_slope(images: np.ndarray) -> Estimate:
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


def spectral_contraction(images: np.ndarray, power: np.ndarray) -> Estimate:
    """The factor by which P - 1 has shrunk: the slope, through the origin, of P - 1 against P* - 1 over rings >= 1.

    power: P* of the reference, (rings,).  Rings weigh by 1 / P*^2, about their inverse variance.  The exact law is
    E[exp(-2 T)] in every ring, hence also for the slope, which is linear in P: no bias at any n.
    """
    excess = power[1:] - 1
    weights = excess / power[1:] ** 2
    value, error = mean_estimate((radial_power(images)[:, 1:] - 1) @ (weights / (weights @ excess)))
    return Estimate(float(value), float(error))
