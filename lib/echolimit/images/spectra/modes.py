"""Hermite ratios: what is left of the modes of degree n of an image's principal coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._checks import check_count
from echolimit.hermite.estimation import hermite_ladder
from echolimit.images.spectra.estimates import Estimate, mean_estimate
from echolimit.images.spectra.reference import ImageReference

HIGHEST_DEGREE = 8  # beyond, the tails of a few images decide everything


def hermite_ratios(samples: Any, reference: ImageReference, degree: int = 4) -> Estimate:
    """Ratios of degree 1 to `degree`, (degree,), with standard errors: the share left of the data's modes.

    u_k = e_k . x along the leading principal axes e_k (unit vectors, k <= reference.axes), c_nk = E h_n(u_k) in the
    samples and c*_nk over the data set; ratio_n = sum_k w_nk c_nk c*_nk / sum_k w_nk c*_nk^2, with w_nk one over the
    data's variance of h_n(u_k).  Noising for time t multiplies each c_nk by exp(-n t) (chapter 4, thm-mehler): the exact
    law is E[exp(-n T)] = ages.kept(n) for each direction, and for the ratio, which is linear in c_nk: no bias.

    samples: (n, c, h, w) or (n, d).  degree: 1 to 8; the error grows fast with it.
    """
    degree = check_count(degree, "degree", least=1, most=HIGHEST_DEGREE)
    weights = reference.remember(("modes", degree), lambda: _fit_weights(reference, degree))
    rows = reference.rows_of(samples)
    values = _ladder(rows, reference, degree)
    return mean_estimate(np.einsum("nik,nk->in", values, weights))


def _ladder(rows: np.ndarray, reference: ImageReference, degree: int) -> np.ndarray:
    """h_1 .. h_degree of the leading principal coordinates, (degree, n, axes)."""
    axes = reference.principal_axes[:, : reference.axes].astype(np.float32)
    return hermite_ladder((rows @ axes).astype(np.float64), degree)[1:]


def _fit_weights(reference: ImageReference, degree: int) -> np.ndarray:
    """w_nk c*_nk / sum_k w_nk c*_nk^2, (degree, axes): the ratio is the samples' coefficients times these, summed."""
    values = _ladder(reference.rows, reference, degree)
    mean, variance = values.mean(axis=1), values.var(axis=1)
    share = np.divide(mean, variance, out=np.zeros_like(mean), where=variance > 0)
    total = np.sum(share * mean, axis=1, keepdims=True)
    if not np.all(total > 0):
        raise ValueError("reference has no Hermite mode of some degree along its leading axes: a ratio needs one")
    return share / total
