"""Whole passes of the samplers on a Gaussian target, exactly: every law on the way is Gaussian."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from echolimit._checks import check_choice, check_numbers
from echolimit._noised import kept_displacement, noised_variance
from echolimit.samplers.grids import check_times
from echolimit.samplers.steps import STEPS

Moments = tuple[Any, Any]


def gaussian_pass(
    sampler: str, mean: Any, variance: Any, times: Any, start_mean: Any = 0.0, start_variance: Any = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance that a sampler hands out at times[-1] for the target N(mean, variance), with its exact score.

    The score is -(x - a_t m) / v_t, v_t = a_t^2 v + 1 - a_t^2, so that each step is affine and each law is Gaussian.
    A step x' = A x + B score + sqrt(n) xi has g = A - B / v_t and gives mu' = g mu + B a_t m / v_t, V' = g^2 V + n.

    sampler: one of `GAUSSIAN_SAMPLERS`: euler_maruyama, exponential_integrator, ancestral (DDPM, posterior variance),
    ancestral_large (its larger variance), ddim, euler_flow, heun, dpmpp_2m; and without discretisation (only the ends
    of `times` matter) reverse_sde, probability_flow, and ideal, which returns P_delta N(mean, variance).
    mean, variance, start_mean, start_variance: numbers or arrays that broadcast, variances >= 0.
    times: (K + 1,) strictly decreasing, positive, as made by `time_grid`.
    Returns two float64 arrays of the common shape.
    Raises ValueError for another sampler, bad times or a negative variance.
    Derived in chapter 6, prop-gaussian-steps and prop-two-step.
    """
    grid = check_pass(sampler, times)
    m, mu = (check_numbers(x, name) for x, name in ((mean, "mean"), (start_mean, "start_mean")))
    v, start = (
        check_numbers(x, name, 0.0, "square a standard deviation")
        for x, name in ((variance, "variance"), (start_variance, "start_variance"))
    )
    shapes = m.shape, v.shape, mu.shape, start.shape
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        names = "mean, variance, start_mean and start_variance"
        raise ValueError(f"{names} must broadcast, got shapes {shapes}: add axes with [:, None]") from None
    out_mean, out_variance = run_pass(sampler, m, v, grid, mu, start)
    return np.broadcast_to(out_mean, shape).copy(), np.broadcast_to(out_variance, shape).copy()


def run_pass(sampler: str, m: Any, v: Any, times: np.ndarray, mu: Any = 0.0, start: Any = 1.0) -> Moments:
    """`gaussian_pass` without checks; complex arguments give derivatives by a complex step."""
    return _PASSES[sampler](m, v, times, mu, start)


def _one_call(sampler: str) -> Callable[..., Moments]:
    def run(m: Any, v: Any, times: np.ndarray, mu: Any, variance: Any) -> Moments:
        for t, later in _steps(times):
            scale, weight, noise = STEPS[sampler](t, later)
            a, total = _noised(t, v)
            gain = scale - weight / total
            mu, variance = gain * mu + weight * a * m / total, gain**2 * variance + noise
        return mu, variance

    return run


def _heun(m: Any, v: Any, times: np.ndarray, mu: Any, variance: Any) -> Moments:
    """x' = x + (h / 2)(k_1 + k_2), k_1 = f(x, t), k_2 = f(x + h k_1, t'), f(x, t) = x + score(x, t)."""
    for t, later in _steps(times):
        h, (a, total), (a_next, total_next) = t - later, _noised(t, v), _noised(later, v)
        slope, slope_next = 1 - 1 / total, 1 - 1 / total_next
        shift, shift_next = a * m / total, a_next * m / total_next
        gain = 1 + (h / 2) * (slope + slope_next * (1 + h * slope))
        mu = gain * mu + (h / 2) * (shift + slope_next * h * shift + shift_next)
        variance = gain**2 * variance
    return mu, variance


def _dpmpp_2m(m: Any, v: Any, times: np.ndarray, mu: Any, variance: Any) -> Moments:
    """x_k - a_k m = G_k (x_0 - a_0 m), with a second-order recurrence for G_k; see chapter 6, prop-two-step."""
    gain: Any = 1.0
    before, length_before = None, 0.0
    for t, later in _steps(times):
        s, s_next, a_next = math.sqrt(-math.expm1(-2 * t)), math.sqrt(-math.expm1(-2 * later)), math.exp(-later)
        a, total = _noised(t, v)
        length = math.log(a_next * s / (a * s_next))
        clean = a * v / total * gain  # of E[X_0 | X_t] - m, per unit of the start
        guess = clean
        if before is not None:
            guess = clean + (clean - before) * length / (2 * length_before)
        gain = s_next / s * gain - a_next * math.expm1(-length) * guess
        before, length_before = clean, length
    a_start, a_end = math.exp(-times[0]), math.exp(-times[-1])
    return a_end * m + gain * (mu - a_start * m), gain**2 * variance


def _reverse_sde(m: Any, v: Any, times: np.ndarray, mu: Any, variance: Any) -> Moments:
    (a, total), (a_end, total_end) = _noised(times[0], v), _noised(times[-1], v)
    kept = kept_displacement(v, times[0], times[-1])
    return a_end * m + kept * (mu - a * m), total_end + kept**2 * (variance - total)


def _probability_flow(m: Any, v: Any, times: np.ndarray, mu: Any, variance: Any) -> Moments:
    (a, total), (a_end, total_end) = _noised(times[0], v), _noised(times[-1], v)
    ratio = total_end / total
    return a_end * m + ratio**0.5 * (mu - a * m), ratio * variance


def _ideal(m: Any, v: Any, times: np.ndarray, mu: Any, variance: Any) -> Moments:
    a_end, total_end = _noised(times[-1], v)
    return a_end * m, total_end


_PASSES: dict[str, Callable[..., Moments]] = {
    **{name: _one_call(name) for name in STEPS},
    "heun": _heun,
    "dpmpp_2m": _dpmpp_2m,
    "reverse_sde": _reverse_sde,
    "probability_flow": _probability_flow,
    "ideal": _ideal,
}
GAUSSIAN_SAMPLERS = tuple(_PASSES)


def check_pass(sampler: Any, times: Any) -> np.ndarray:
    """A known sampler, and its time grid as float64."""
    check_choice(sampler, "sampler", _PASSES)
    return np.array(check_times(times))


def _steps(times: np.ndarray) -> list[tuple[float, float]]:
    return list(itertools.pairwise(times.tolist()))


def _noised(t: float, v: Any) -> tuple[float, Any]:
    """a_t, and the variance v_t of P_t N(m, v)."""
    a = math.exp(-t)
    return a, noised_variance(v, t)
