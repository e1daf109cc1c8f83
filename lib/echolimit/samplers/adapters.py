"""Scores from networks of other conventions, in Ornstein-Uhlenbeck time.

The noised point at time t is X_t = a X_0 + s Z with a = e^{-t}, s^2 = 1 - e^{-2t}.  A network may predict Z, X_0 or
v = a Z - s X_0 from it; by Tweedie's formula (chapter 1, prop-tweedie) each is the score in another form.  The
functions here take such a network and return score(x, t), what the samplers take, for x of any shape (n, ...).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, as_float_array, to_numpy
from echolimit._checks import check_number
from echolimit.process import delta_to_sigma

Score = Callable[[Array, float], Array]
ROUND_OFF = 1e-6  # a scheduler keeps its alphas_cumprod in single precision
NO_SIGNAL = 2.0**-24  # what some schedulers write for a last alpha_bar of 0, though the one before may be smaller


def score_from_epsilon(epsilon: Callable[[Array, float], Array]) -> Score:
    """The score of a network that predicts the noise: score(x, t) = -epsilon(x, t) / s_t.

    epsilon: function of x (n, ...) and of the time t > 0, the best guess of Z given a_t X_0 + s_t Z = x; x's shape.
    Raises TypeError for something that cannot be called; the score raises ValueError for t <= 0 or when the prediction
    has not the shape of x.  Chapter 1, prop-tweedie; Ho, Jain and Abbeel (2020) for the convention.
    """
    _check_callable(epsilon, "epsilon")

    def score(x: Array, t: float) -> Array:
        _, noise = _scales(t)
        return _same_shape(epsilon(x, t), x, "epsilon") / -noise

    return score


def score_from_x0(denoiser: Callable[[Array, float], Array]) -> Score:
    """The score of a network that predicts the clean point: score(x, t) = (a_t denoiser(x, t) - x) / s_t^2.

    denoiser: function of x (n, ...) and of the time t > 0, the mean of X_0 given a_t X_0 + s_t Z = x; x's shape.
    Errors as in `score_from_epsilon`.  For small t the difference cancels: about -log10(s_t^2) digits are lost.
    Chapter 1, prop-tweedie.
    """
    _check_callable(denoiser, "denoiser")

    def score(x: Array, t: float) -> Array:
        signal, noise = _scales(t)
        return (_same_shape(denoiser(x, t), x, "denoiser") * signal - x) / noise**2

    return score


def score_from_edm(denoiser: Callable[[Array, Array], Array]) -> Score:
    """The score of a denoiser in variance-exploding coordinates: score(x, t) = (a_t D(e^t x, sigma) - x) / s_t^2.

    denoiser: D(y, sigma), the mean of X_0 given X_0 + sigma Z = y; y has the shape of x, and sigma, with
    sigma^2 = e^{2t} - 1, is a 0-dimensional array of x's namespace, dtype and device.
    Errors and lost digits as in `score_from_x0`.  Dictionary of chapter 1; Karras et al. (2022) for the convention.
    """
    _check_callable(denoiser, "denoiser")

    def score(x: Array, t: float) -> Array:
        signal, noise = _scales(t)
        sigma = _scalar(delta_to_sigma(t), x)
        return (_same_shape(denoiser(x / signal, sigma), x, "denoiser") * signal - x) / noise**2

    return score


def score_from_diffusers(unet: Callable[..., Any], scheduler: Any) -> Score:
    """The score of a `diffusers` network that was trained with the noise levels of `scheduler`.

    unet: unet(x, step).sample (or the array itself) predicts the noise, the clean point or v = a Z - s X_0, as
    scheduler.config.prediction_type says ("epsilon", "sample", "v_prediction").
    scheduler: a DDPM-like scheduler, with alphas_cumprod.  Its step k has the time t_k = -ln(alphas_cumprod[k]) / 2;
    a time between two steps goes to the fractional step that is linear in t, that is in ln alpha_bar, in between.
    Steps reach the network as 0-dimensional arrays of x's dtype, at least float32: a sinusoidal or Fourier embedding
    takes them; round them in a wrapper around a network whose embedding is a table.  A last step without signal
    (alpha_bar = 0, or the 2^-24 that some schedulers write for it) is left out.

    Raises TypeError for a scheduler without alphas_cumprod, ValueError for one whose values do not fall within (0, 1]
    or whose prediction type is another.  The score raises ValueError for t outside [t_0, t_last]: the network has not
    seen such noise.  Gradients are not recorded by the samplers; a call of the score alone records them as torch does.
    """
    _check_callable(unet, "unet")
    times, steps = _times_of(scheduler)
    to_score = _conversion(scheduler)

    def score(x: Array, t: float) -> Array:
        signal, noise = _scales(t)
        step = _scalar(_step_at(float(t), times, steps), x, wide=True)  # bfloat16 has no 999
        answer = unet(x, step)
        prediction = _same_shape(getattr(answer, "sample", answer), x, "unet")
        return to_score(prediction, x, signal, noise)

    return score


def _conversion(scheduler: Any) -> Callable[[Array, Array, float, float], Array]:
    """The function of (prediction, x, a, s) that gives the score for the scheduler's prediction type."""
    kind = getattr(getattr(scheduler, "config", None), "prediction_type", "epsilon")
    conversions: dict[str, Callable[[Array, Array, float, float], Array]] = {
        "epsilon": lambda noise, x, a, s: noise / -s,
        "sample": lambda clean, x, a, s: (clean * a - x) / s**2,
        "v_prediction": lambda v, x, a, s: v * (-a / s) - x,
    }
    if kind not in conversions:
        raise ValueError(
            f"scheduler.config.prediction_type must be one of {', '.join(conversions)}, got {kind!r}: "
            "wrap the network and use score_from_epsilon or score_from_x0"
        )
    return conversions[kind]


def _times_of(scheduler: Any) -> tuple[np.ndarray, np.ndarray]:
    """Ornstein-Uhlenbeck times of the scheduler's steps, rising, and the numbers of these steps."""
    alpha_bar = getattr(scheduler, "alphas_cumprod", None)
    if alpha_bar is None:
        raise TypeError(
            f"scheduler must have alphas_cumprod, as DDPMScheduler has, got {type(scheduler).__name__}: "
            "for other noise levels use score_from_epsilon, score_from_x0 or score_from_edm"
        )
    values = np.atleast_1d(to_numpy(as_float_array(alpha_bar, "scheduler.alphas_cumprod")))
    used = values[:-1] if np.any(np.isin(values[-1:], (0.0, NO_SIGNAL))) else values
    falls = used.ndim == 1 and len(used) > 1 and used[-1] > 0 and bool(np.all(np.diff(used) < 0))
    if not falls or used[0] > 1:
        raise ValueError(
            f"scheduler.alphas_cumprod must be a falling sequence of numbers in (0, 1], got shape {values.shape}, "
            f"values {values.min(initial=math.inf):.3g} to {values.max(initial=-math.inf):.3g}"
        )
    return -np.log(used) / 2, np.arange(len(used), dtype=np.float64)


def _step_at(t: float, times: np.ndarray, steps: np.ndarray) -> float:
    """The fractional step of time t; ValueError outside the scheduler's range, up to its round-off."""
    first, last = float(times[0]), float(times[-1])
    if not first - ROUND_OFF * min(1.0, first) <= t <= last * (1 + ROUND_OFF):
        raise ValueError(
            f"t must be in [{first:.3g}, {last:.3g}], the times of the scheduler's {len(steps)} steps, got {t}: "
            "choose T and delta of the time grid within it"
        )
    return float(np.interp(t, times, steps))


def _scales(t: float) -> tuple[float, float]:
    """(a_t, s_t) for a time t > 0."""
    time = check_number(t, "t")
    if time <= 0:
        raise ValueError(f"t must be greater than 0, got {time}: a prediction says nothing of the score there")
    return math.exp(-time), math.sqrt(-math.expm1(-2 * time))


def _scalar(value: float, like: Array, wide: bool = False) -> Array:
    """A number as a 0-dimensional array of like's namespace, device and dtype, at least float32 if `wide`."""
    xp = compat.array_namespace(like)
    dtype = xp.result_type(like.dtype, xp.float32) if wide else like.dtype
    return xp.asarray(value, dtype=dtype, device=compat.device(like))


def _check_callable(function: Any, name: str) -> None:
    if not callable(function):
        raise TypeError(f"{name} must be a function or a network, got {type(function).__name__}: pass {name}(x, ...)")


def _same_shape(prediction: Any, x: Array, name: str) -> Array:
    """The prediction, if it is an array of x's shape."""
    if not compat.is_array_api_obj(prediction):
        kind = type(prediction).__name__
        raise TypeError(f"{name} must return an array, got {kind}: wrap it to return the prediction alone")
    if tuple(prediction.shape) != tuple(x.shape):
        raise ValueError(
            f"{name} must return an array of x's shape, {tuple(x.shape)}, got {tuple(prediction.shape)}: "
            "wrap it to reshape, or to drop channels that predict a variance"
        )
    return prediction
