"""What of a score error reaches the samples: a Gaussian target and an error b(t) that does not depend on x, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_delta, check_not_negative, check_number
from echolimit._noised import kept_displacement, noised_variance
from echolimit.distances.quadrature import integrate

Error = float | Callable[[np.ndarray], np.ndarray]
PANELS = 64


@dataclass(frozen=True)
class ScoreErrorEffect:
    """What a score error b(t) does on the way from time T to delta.

    shift: displacement of all samples, 2 int b g.  energy: eps^2 = 2 int b^2.  path_kl: eps^2 / 2, relative entropy of
    the two laws of paths.  endpoint_kl, chi2: of the two laws of samples.  observability: eta = shift^2 /
    (v_delta eps^2), in [0, 1], 0 for energy 0.  So endpoint_kl = eta eps^2 / 2 and chi2 = exp(eta eps^2) - 1.
    """

    shift: float
    energy: float
    path_kl: float
    endpoint_kl: float
    chi2: float
    observability: float


def error_gain(t: Any, delta: float, variance: float = 1.0) -> np.ndarray:
    """How much of a displacement at time t is left at time delta of the reverse SDE for N(m, v).

    g(t) = exp(-(t - delta)) v_delta / v_t with v_t = exp(-2 t) v + 1 - exp(-2 t).

    t: time or array of times >= delta.  delta: truncation time > 0.  variance: v >= 0.  Returns an array of t's shape.
    Raises ValueError outside these ranges.  Derived in chapter 7, thm-observability.
    """
    delta, v = check_delta(delta), _variance(variance)
    t = to_numpy(as_float_array(t, "t"))
    if not np.all(np.isfinite(t)) or np.any(t < delta):
        raise ValueError(f"t must be at least delta = {delta}, got {t.min(initial=math.inf)}: the sampler stops there")
    return np.asarray(kept_displacement(v, t, delta))


def observe_score_error(error: Error, T: float, delta: float, variance: float = 1.0) -> ScoreErrorEffect:
    """The exact effect of a score error b(t), constant in x, on sampling N(m, v) from time T down to delta.

    The reverse SDE dY = (Y + 2 (score + b)) ds + sqrt(2) dW, started in P_T N(m, v), ends in
    N(exp(-delta) m + shift, v_delta).

    error: b, a number or a function of an array of times that returns an array of its shape.  T: start time > delta.
    delta: truncation time > 0.  variance: v >= 0.  Returns a ScoreErrorEffect.
    Raises ValueError outside these ranges and for an error that is not finite or has another shape, TypeError for
    something that is neither number nor function.  Derived in chapter 7, thm-observability; energy and observability
    as in Khelifa, Turner and Venkataramanan (2026).
    """
    b, edges, delta, v = _prepared(error, T, delta, variance)
    shift = 2 * integrate(lambda t: b(t) * error_gain(t, delta, v), edges, floor=1e-15)
    energy = 2 * integrate(lambda t: b(t) ** 2, edges, floor=1e-15)
    seen = shift**2 / noised_variance(v, delta)
    share = min(1.0, seen / energy) if energy > 0 else 0.0
    with np.errstate(over="ignore"):
        chi2 = float(np.expm1(seen))
    return ScoreErrorEffect(float(shift), float(energy), float(energy) / 2, float(seen) / 2, chi2, float(share))


def invisible_error(error: Error, T: float, delta: float, variance: float = 1.0) -> Callable[[Any], np.ndarray]:
    """The part of a score error b(t) that no sample shows: b minus its projection on the gain g of `error_gain`.

    b - g int b g / int g^2 on [delta, T], whose shift is zero.  Arguments as in `observe_score_error`.  Returns a
    function of an array of times.  Derived in chapter 7, thm-observability.
    """
    b, edges, delta, v = _prepared(error, T, delta, variance)
    inner = integrate(lambda t: b(t) * error_gain(t, delta, v), edges, floor=1e-15)
    scale = inner / integrate(lambda t: error_gain(t, delta, v) ** 2, edges)

    def rest(t: Any) -> np.ndarray:
        times = to_numpy(as_float_array(t, "t"))
        return b(times) - scale * error_gain(times, delta, v)

    return rest


def _variance(value: Any) -> float:
    return check_not_negative(value, "variance", "square a standard deviation")


def _prepared(error: Any, T: Any, delta: Any, variance: Any) -> tuple[Any, np.ndarray, float, float]:
    """The error as a checked function of arrays, panel edges on [delta, T], delta, v."""
    delta, v, end = check_delta(delta), _variance(variance), check_number(T, "T")
    if end <= delta:
        raise ValueError(f"T must be greater than delta = {delta}, got {end}: the sampler runs from it to delta")
    # panels crowd towards delta, where narrow data make the gain steep
    edges = delta + (end - delta) * np.linspace(0, 1, PANELS + 1) ** 2
    edges[-1] = end
    if not callable(error):
        level = check_number(error, "error")
        return (lambda t: np.full(np.shape(t), level)), edges, delta, v

    def checked(t: np.ndarray) -> np.ndarray:
        values = to_numpy(as_float_array(error(t), "error(t)"))
        if values.shape != np.shape(t) or not np.all(np.isfinite(values)):
            raise ValueError(
                f"error must return finite values of the shape {np.shape(t)} of its argument, got {values.shape}: "
                "write it with numpy functions of the whole array"
            )
        return values

    return checked, edges, delta, v
