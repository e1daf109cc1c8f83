"""How much of each degree is left in a sample: one number a degree, in any dimension, with its standard error."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from echolimit._arrays import as_float_array, row_blocks, to_numpy
from echolimit._checks import check_count, check_finite, check_schedule
from echolimit.hermite.coefficients import HermiteTable, hermite_coefficients
from echolimit.hermite.estimation import hermite_ladder
from echolimit.hermite.table import multi_indices

BLOCK = 4_000_000
EMPTY = 1e-12  # a degree whose energy is below this share of the whole is taken to be zero


class ModeRatios(NamedTuple):
    """Ratios of degree 1 .. degree (NaN where the target has no energy), their standard errors, and the spread.

    spread: standard deviation of one draw's contribution, so that standard_errors = spread / sqrt(n).
    """

    ratios: np.ndarray
    standard_errors: np.ndarray
    spread: np.ndarray


def mode_ratios(samples: Any, target: Any, degree: int) -> ModeRatios:
    """R_n = sum_{|k|=n} c_k c*_k / sum_{|k|=n} c*_k^2: the share of the target's modes of degree n left in a sample.

    c_k are the modes of the sample's law, c*_k those of the target, so R_n is the mean of one function of a point, of
    pure degree n: unbiased, with an exact standard error.  For round i of the loop it is `mode_amplitudes`, for its
    limit `transfer`, whatever the target.

    samples: (N, d), N >= 2, numpy or torch.  target: GaussianMixture, PointCloud or EchoLaw of dimension d.
    degree: integer >= 1.  Returns ModeRatios, three arrays (degree,).
    Raises ValueError for a wrong shape, NaN or too large a table, TypeError for anything but a law.
    Derived in chapter 10, prop-resampled-modes.
    """
    x = as_float_array(samples, "samples")
    degree = check_count(degree, "degree", least=1)
    if x.ndim != 2 or x.shape[0] < 2:
        raise ValueError(f"samples must have shape (N, d) with N >= 2, got {tuple(x.shape)}")
    check_finite(x, "samples")
    points, d = to_numpy(x), int(x.shape[1])
    found = hermite_coefficients(target, degree)
    if target.dimension != d:
        raise ValueError(f"samples must have the target's dimension {target.dimension}, got {d}")
    if isinstance(found, HermiteTable):
        modes, indices = found.coefficients, multi_indices(d, degree)
    else:
        modes, indices = found, np.arange(degree + 1)[:, None]
    degrees = indices.sum(axis=1)
    energy = np.bincount(degrees, weights=modes**2, minlength=degree + 1)[1:]
    live = np.flatnonzero((degrees > 0) & (np.abs(modes) > EMPTY))
    values = np.zeros((degree, len(points)))
    for rows in row_blocks(len(points), max(1, BLOCK // (len(live) + d * (degree + 1) + 1))):
        ladder = hermite_ladder(points[rows], degree)
        for k in live:
            term = np.full(ladder.shape[1], modes[k])
            for j in np.flatnonzero(indices[k]):
                term *= ladder[indices[k, j], :, j]
            values[degrees[k] - 1, rows] += term
    size = np.where(energy > EMPTY * max(1.0, float(energy.max(initial=0.0))), energy, np.nan)
    spread = values.std(axis=1, ddof=1) / size
    return ModeRatios(values.mean(axis=1) / size, spread / np.sqrt(len(points)), spread)


def resampled_mode_variances(spread: Any, size: int, degree: int, alpha: Any, delta: Any) -> np.ndarray:
    """Variance of a mode in rounds 1, 2, ... of the loop on `size` points without any network.

    Each round draws `size` points from P_delta(alpha p* + (1 - alpha) p^_i), p^_i the empirical law of the round
    before, p^_0 = p*.  The mode's mean is that of the ideal loop; its variance x obeys x_0 = 0,

        x_{i+1} = l_i^2 (1 - 1 / size) x_i + spread_{i+1}^2 / size,     l_i = (1 - alpha_i) exp(-degree delta_i).

    spread: (rounds,), standard deviation of the mode's function h(X), X ~ p_i, in rounds 1, 2, ...  size: points >= 1.
    degree: integer >= 0.  alpha: fresh share in [0, 1], delta: truncation time > 0, or one a round.
    Returns (rounds,).  Raises ValueError outside these ranges.  Derived in chapter 10, prop-resampled-modes.
    """
    deviations = to_numpy(as_float_array(spread, "spread"))
    if deviations.ndim != 1 or not np.all(np.isfinite(deviations)) or np.any(deviations < 0):
        raise ValueError(f"spread must be one row of finite numbers >= 0, one a round, got {spread!r}")
    size, degree = check_count(size, "size", least=1), check_count(degree, "degree")
    rounds = len(deviations)
    alphas, deltas = check_schedule(alpha, "alpha", rounds), check_schedule(delta, "delta", rounds)
    variances, now = np.empty(rounds), 0.0
    for i in range(rounds):
        kept = (1 - alphas[i]) * np.exp(-degree * deltas[i])
        now = kept**2 * (1 - 1 / size) * now + deviations[i] ** 2 / size
        variances[i] = now
    return variances
