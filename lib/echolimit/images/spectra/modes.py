"""Hermite ratios: what is left of the modes of degree n of an image's leading principal coordinates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._checks import check_count
from echolimit.hermite.estimation import hermite_ladder
from echolimit.images.spectra.ages import DATA_ITSELF, Ages
from echolimit.images.spectra.estimates import Estimate, mean_estimate
from echolimit.images.spectra.reference import ImageReference

HIGHEST_DEGREE = 8  # beyond, the tails of a few images decide everything
SHAPES = (3, 4)


def hermite_ratios(samples: Any, reference: ImageReference, degree: int = 4) -> Estimate:
    """Ratios of degree 1 to `degree`, (degree,), with standard errors: the share left of the data's modes.

    u_k = e_k . x along the leading principal axes e_k (unit vectors, k <= reference.axes), c_nk = E h_n(u_k) in the
    samples and c*_nk over the data set; ratio_n = sum_k w_nk c_nk c*_nk / sum_k w_nk c*_nk^2, with w_nk one over the
    data's variance of h_n(u_k).  Noising for time t multiplies each c_nk by exp(-n t) (chapter 4, thm-mehler): the
    exact law is E[exp(-n T)] = ages.kept(n) for each direction, and for the ratio, which is linear in c_nk: no bias.

    samples: (n, c, h, w) or (n, d).  degree: 1 to 8; the error grows fast with it.
    """
    degree = check_count(degree, "degree", least=1, most=HIGHEST_DEGREE)

    def fit() -> np.ndarray:
        values = hermite_ladder(_leading(reference.rows, reference), degree)[1:]
        return _fit_weights(values.mean(axis=1), values.var(axis=1))

    weights = reference.remember(("modes", degree), fit)
    values = hermite_ladder(_leading(reference.rows_of(samples), reference), degree)[1:]
    return mean_estimate(np.einsum("nik,nk->in", values, weights))


def shape_ratios(samples: Any, reference: ImageReference, ages: Ages | None = None) -> Estimate:
    """The same for the degrees 3 and 4 of *standardised* coordinates, (2,): 0 for every normal law with two moments.

    (u_k - mu_k) / sd_k with mean and deviation of the *exact law* with these ages (None: of the data), so that mean,
    variance and spectrum of the images do not enter: what is left is skewness and tails.  1 for the data itself.
    Exact law: `shape_ratios_law`; linear in the samples' modes, hence without bias.
    """
    ages = DATA_ITSELF if ages is None else ages
    weights = _shape_weights(reference)
    mean = ages.kept(1) * (reference.mean @ reference.principal_axes[:, : reference.axes])
    standard = (_leading(reference.rows_of(samples), reference) - mean) / np.sqrt(_central_moments(reference, ages)[0])
    values = hermite_ladder(standard, SHAPES[-1])[SHAPES[0] :]
    return mean_estimate(np.einsum("nik,nk->in", values, weights))


def shape_ratios_law(reference: ImageReference, ages: Ages) -> np.ndarray:
    """Exact values of `shape_ratios`, (2,), from the first four moments of the data along the leading axes.

    E h_3 = E D^3 / v^(3/2) / sqrt(6) and E h_4 = (E D^4 / v^2 - 3) / sqrt(24), D = U - E U, v = E D^2.
    """
    return np.sum(_shape_weights(reference) * _shapes(*_central_moments(reference, ages)), axis=1)


def _shape_weights(reference: ImageReference) -> np.ndarray:
    def fit() -> np.ndarray:
        moments = _central_moments(reference, DATA_ITSELF)
        mean = reference.mean @ reference.principal_axes[:, : reference.axes]
        standard = (_leading(reference.rows, reference) - mean) / np.sqrt(moments[0])
        return _fit_weights(_shapes(*moments), hermite_ladder(standard, SHAPES[-1])[SHAPES[0] :].var(axis=1))

    return reference.remember("shape weights", fit)


def _shapes(second: np.ndarray, third: np.ndarray, fourth: np.ndarray) -> np.ndarray:
    return np.stack([third / second**1.5 / math.sqrt(6), (fourth / second**2 - 3) / math.sqrt(24)])


def _central_moments(reference: ImageReference, ages: Ages) -> np.ndarray:
    """E D^2, E D^3, E D^4 of D = U - E U, (3, axes): U = a (m + c) + s z, with c, of mean 0, from the data."""

    def powers() -> tuple[np.ndarray, np.ndarray]:
        mean = reference.mean @ reference.principal_axes[:, : reference.axes]
        centred = _leading(reference.rows, reference) - mean
        centred -= centred.mean(axis=0)
        return mean, np.stack([np.mean(centred**n, axis=0) for n in (2, 3, 4)])

    mean, (second, third, fourth) = reference.remember("moments", powers)
    a = np.exp(-ages.times)[:, None]
    s2 = -np.expm1(-2 * ages.times)[:, None]
    b = (a - ages.kept(1)) * mean  # D = a c + b + s z
    two = a**2 * second + b**2
    three = a**3 * third + 3 * a**2 * second * b + b**3
    four = a**4 * fourth + 4 * a**3 * third * b + 6 * a**2 * second * b**2 + b**4
    return np.stack([ages.weights @ x for x in (two + s2, three + 3 * s2 * b, four + 6 * s2 * two + 3 * s2**2)])


def _leading(rows: np.ndarray, reference: ImageReference) -> np.ndarray:
    """Leading principal coordinates (n, axes), float64."""
    return (rows @ reference.principal_axes[:, : reference.axes].astype(np.float32)).astype(np.float64)


def _fit_weights(modes: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """w c* / sum_k w c*^2, (degrees, axes): a ratio is the samples' modes times these, summed."""
    share = np.divide(modes, variance, out=np.zeros_like(modes), where=variance > 0)
    total = np.sum(share * modes, axis=1, keepdims=True)
    if not np.all(total > 0):
        raise ValueError("reference has no Hermite mode of some degree along its leading axes: a ratio needs one")
    return share / total
