"""What the recursion does to each Hermite mode, and densities from Hermite coefficients.

h_n = He_n / sqrt(n!) are orthonormal under gamma = N(0, I); p = gamma sum_n c_n h_n with c_n = E_p[h_n(X)].
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_alpha, check_delta, check_number


def check_degrees(degree: Any) -> np.ndarray:
    """Degrees as float64: integers >= 0, one or an array of them."""
    values = np.asarray(degree)
    if values.dtype.kind not in "iuf" or (values.dtype.kind == "f" and not np.all(values == np.floor(values))):
        raise ValueError(f"degree must be an integer or an array of integers, got {degree!r}: round it first")
    values = values.astype(np.float64)
    if not np.all(np.isfinite(values)) or np.any(values < 0):
        raise ValueError(f"degree must be at least 0, got {degree!r}: Hermite modes are numbered from 0")
    return values


def transfer(degree: Any, alpha: float, delta: float) -> np.ndarray:
    """Share of a degree-n Hermite mode that survives in the limit law.

    H_n = alpha / (exp(n delta) - 1 + alpha), the fixed point of c <- exp(-n delta) (alpha c* + (1 - alpha) c).

    degree: integer or array of integers >= 0.  alpha: fresh share in (0, 1].  delta: truncation time > 0
    (Ornstein-Uhlenbeck time).  Returns an array of degree's shape, values in [0, 1], H_0 = 1, decreasing in degree.
    Raises ValueError for a degree that is no integer >= 0, and for alpha or delta outside its range.
    Derived in chapter 4, prop-transfer; the loop is studied by Khelifa et al. (2026).
    """
    n, alpha, delta = check_degrees(degree), check_alpha(alpha, zero=False), check_delta(delta)
    kept = np.exp(-n * delta)  # written with exp(-n delta): no overflow at any degree
    return alpha * kept / (-np.expm1(-n * delta) + alpha * kept)


def cutoff_degree(alpha: float, delta: float, level: float = 0.5) -> float:
    """The degree, as a real number, at which the transfer H_n falls to `level`.

    n = ln(1 + alpha (1 / level - 1)) / delta; for level = 1/2 this is ln(1 + alpha) / delta, about alpha / delta.

    alpha: fresh share in (0, 1].  delta: truncation time > 0.  level: in (0, 1].
    Raises ValueError outside these ranges.  Derived in chapter 4, prop-cutoff.
    """
    alpha, delta, level = check_alpha(alpha, zero=False), check_delta(delta), check_number(level, "level")
    if not 0 < level <= 1:
        raise ValueError(f"level must be in (0, 1], got {level}: it is a value of the transfer H_n")
    return math.log1p(alpha * (1 / level - 1)) / delta


def compounding_factor(degree: Any, alpha: float, delta: float) -> np.ndarray:
    """How many times the loss of one round the recursion makes of it, mode by mode.

    (1 - H_n) / (1 - exp(-n delta)) = 1 / (1 - (1 - alpha) exp(-n delta)), in [1, 1 / alpha]: largest for coarse modes.

    degree: integer or array of integers >= 0 (at 0, where nothing is lost, the limit 1 / alpha).  alpha: in (0, 1].
    delta: > 0.  Returns an array of degree's shape.  Raises ValueError outside these ranges.
    Derived in chapter 4, prop-compounding.
    """
    n, alpha, delta = check_degrees(degree), check_alpha(alpha, zero=False), check_delta(delta)
    return 1 / (-np.expm1(-n * delta) + alpha * np.exp(-n * delta))


def density_from_hermite(coefficients: Any, x: Any) -> np.ndarray:
    """The partial sum gamma(x) sum_n c_n h_n(x) of a density on the line.

    coefficients: (degree + 1,), c_0 first.  x: points (n,) or (n, 1).  Returns (n,).

    Sums sqrt(gamma) c_n psi_n with psi_n = h_n sqrt(gamma), psi_{n+1} = (x psi_n - sqrt(n) psi_{n-1}) / sqrt(n + 1),
    and carries the scale apart, so that nothing overflows at thousands of degrees or far into the tails.
    The function sees coefficients only and cannot know whether their series converges: ask the law
    (`law.hermite_series_converges()`) before trusting the values.  A partial sum may be negative; nothing is clipped.
    Raises ValueError for a wrong shape or NaN.  Derived in chapter 4, prop-reconstruction.
    """
    c, x = to_numpy(as_float_array(coefficients, "coefficients")), to_numpy(as_float_array(x, "x"))
    if c.ndim != 1 or c.size == 0 or not np.all(np.isfinite(c)):
        raise ValueError(f"coefficients must be finite with shape (degree + 1,), got shape {c.shape}: pass a 1-D array")
    if x.ndim == 2 and x.shape[1] == 1:
        x = x[:, 0]
    if x.ndim != 1 or not np.all(np.isfinite(x)):
        raise ValueError(f"x must be finite with shape (n,) or (n, 1), got shape {x.shape}")
    log_root = -(x**2) / 4 - math.log(2 * math.pi) / 4  # log of gamma(x)^(1/2)
    log_scale, scale = log_root.copy(), np.exp(log_root)
    before, now = np.zeros_like(x), np.ones_like(x)
    total = np.zeros_like(x)
    for n in range(c.size):
        total += c[n] * (now * scale)
        before, now = now, (x * now - math.sqrt(n) * before) / math.sqrt(n + 1)
        large = np.abs(now) > 1e150
        if large.any():
            before[large] *= 1e-150
            now[large] *= 1e-150
            log_scale[large] += 150 * math.log(10)
            scale = np.exp(log_scale)
    return np.exp(log_root) * total
