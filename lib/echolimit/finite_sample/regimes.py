"""Five ways to feed a loop, and the exact variance of a refitted mean under each."""

from __future__ import annotations

import numpy as np

from echolimit._checks import check_choice, check_count
from echolimit.finite_sample.refit import refit_variance

REGIMES = ("replace", "reused", "fresh", "accumulate", "subsample")


def location_variance(regime: str, rounds: int, real: int, synthetic: int, subsample: int | None = None) -> np.ndarray:
    """Variance of the fitted mean in rounds 0 .. `rounds` of the normal location loop, in units of v; (rounds + 1,).

    Each model is N(mu_i, v), mu_i the mean of its training set; mu_0 that of n = `real` points with variance v.  Each
    round the model gives m = `synthetic` points.  The training set of the next model:

        "replace"     the m new points alone:                  1/n + i/m
        "reused"      them and the n real points:              (1 + S_i) / n, see refit_variance
        "fresh"       them and n new real points:              (1 - S_i) / n
        "accumulate"  all points ever seen:                    1/n + m sum_{k=1}^i 1/(n + k m)^2
        "subsample"   `subsample` <= n of these, drawn without replacement: P_i + D_i of the recursion eq-pool.

    Bounded as rounds grow, except "replace" and "subsample" of a single point, which grows like ln i.
    real, synthetic, subsample: integers >= 1.
    Raises ValueError for another regime, counts below one, or a subsample larger than `real` or missing.
    Derived in chapter 8, prop-refit and prop-regimes; Kazdan et al. (2024) for replace, accumulate and subsample.
    """
    check_regime(regime)
    rounds, n = check_count(rounds, "rounds"), check_count(real, "real", least=1)
    m = check_count(synthetic, "synthetic", least=1)
    size = check_subsample(regime, subsample, n)
    i = np.arange(rounds + 1)
    if regime == "replace":
        return 1 / n + i / m
    if regime == "accumulate":
        return 1 / n + m * np.cumsum(np.where(i > 0, 1.0 / (n + i * m) ** 2, 0.0))
    if regime == "subsample":
        return _subsampled(rounds, n, m, size)
    return np.array([float(refit_variance(m / n, k, regime)) for k in range(rounds + 1)]) / n


def check_regime(regime: str) -> str:
    """One of REGIMES."""
    return check_choice(regime, "regime", REGIMES)


def check_subsample(regime: str, subsample: int | None, real: int) -> int:
    """The size of a training set under "subsample": at most the real points, so that round 0 can be trained."""
    if regime != "subsample":
        if subsample is not None:
            raise ValueError(f"subsample must be None for regime {regime!r}, got {subsample}: use regime='subsample'")
        return 0
    if subsample is None:
        raise ValueError("subsample must be a number of points for regime 'subsample', got None: pass subsample=real")
    return check_count(subsample, "subsample", least=1, most=real)


def _subsampled(rounds: int, n: int, m: int, s: int) -> np.ndarray:
    """P_i + D_i: variance of the pool's mean, and the mean square of the subsample's mean around it (eq-pool)."""
    out = np.empty(rounds + 1)
    size, mean_variance, square = n, 1 / n, 1.0  # N_i, P_i, Q_i
    for i in range(rounds + 1):
        spread = size / (size - 1) * (square - mean_variance) if size > 1 else 0.0  # E S_i^2
        gap = spread * (1 / s - 1 / size)  # D_i
        out[i] = mean_variance + gap
        grown = size + m
        square = (size * square + m * (1 + out[i])) / grown
        mean_variance += (m / grown) ** 2 * (gap + 1 / m)
        size = grown
    return out
