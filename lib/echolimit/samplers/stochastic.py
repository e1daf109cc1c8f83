"""Samplers that add noise: three discretisations of the reverse SDE dY = (Y + 2 grad ln p_t(Y)) ds + sqrt(2) dW.

A step from t to t - h is x <- scale x + weight score(x, t) + sqrt(noise) z with z of independent N(0, 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from echolimit._arrays import Array
from echolimit.samplers._inplace import add_noise, add_scaled, scratch
from echolimit.samplers._run import Callback, Run, Score, check_source, no_gradients
from echolimit.samplers.steps import STEPS, StepCoefficients


def euler_maruyama(score: Score, x: Array, times: Any, rng: Any = None, callback: Callback | None = None) -> Array:
    """Draws by Euler's method for the reverse SDE dY = (Y + 2 score(Y, t)) ds + sqrt(2) dW, s = T - t.

    A step from t to t - h:  x <- x + h (x + 2 score(x, t)) + sqrt(2 h) z,  z of independent N(0, 1).

    Weak order 1: for x drawn from P_T q, T = times[0], the law of the result tends to P_delta q, delta = times[-1],
    and misses it by O(h) when all steps are of size h.  Draws of N(0, I) instead of P_T q add at most
    TV(P_T q, N(0, I)).  There is no denoising at the end and no rescaling: the time of the result is delta exactly.

    score: function score(x, t), the gradient of ln P_t q at x, for t a Python float; it must leave x as it is and
      return an array of its shape, dtype and device.  score_of(law) makes one, score_from_epsilon and its kin others.
    x: the start, an array (n, ...) of real floating point, never changed.  Arrays of any library that follows the
      array API standard, on any device.
    times: T = t_0 > t_1 > ... > t_K = delta > 0, at most 354; time_grid(T, delta, steps) makes them.  Where the score
      is about -x, at large t, a step multiplies x by 1 - h: keep h below 2.
    rng: numpy Generator, or for tensors torch.Generator on x's device.  Needed here.
    callback: called as callback(step, t, x) after each step, step = 1, ..., K, with t = t_step and a copy of the state.
    Returns an array of x's shape, dtype and device.  Besides x and the score's output at most three arrays of that size
    are alive at once; torch records no gradients.

    Raises TypeError for an argument or a score's output of the wrong kind, ValueError for wrong values or shapes,
    before the first step where it can.  NaN and infinity in a score are told with step and time: at once, but on an
    accelerator, where looking waits for the device, only every 32 evaluations and after the last step.
    Chapter 1, thm-reverse-time; Anderson (1982) for the reverse SDE, Song, Sohl-Dickstein et al. (2021) for sampling.
    """
    return _sample("euler_maruyama", STEPS["euler_maruyama"], score, x, times, rng, callback)


def exponential_integrator(
    score: Score, x: Array, times: Any, rng: Any = None, callback: Callback | None = None
) -> Array:
    """Draws by the exponential integrator: the reverse SDE with the score frozen in each step, solved exactly.

    A step from t to t - h:  x <- e^h x + 2 (e^h - 1) score(x, t) + sqrt(e^{2h} - 1) z,  z of independent N(0, 1).

    Weak order 1 towards P_delta q, delta = times[-1], if x is drawn from P_T q, T = times[0].  Where the score is about
    -x, at large t, a step multiplies x by 2 - e^h: keep h below ln 3 = 1.0986.
    Arguments, result and errors as in `euler_maruyama`; rng is needed.
    Chapter 1, thm-reverse-time; Chen et al. (2023) study this scheme.
    """
    return _sample("exponential_integrator", STEPS["exponential_integrator"], score, x, times, rng, callback)


def ancestral(
    score: Score, x: Array, times: Any, rng: Any = None, callback: Callback | None = None, *, variance: str = "small"
) -> Array:
    """Draws by ancestral sampling (DDPM): each step draws from a Gaussian with the mean of X_{t-h} given X_t = x.

    A step from t to u = t - h:  x <- e^h x + 2 sinh(h) score(x, t) + sqrt(w) z,  z of independent N(0, 1).
    With D = (x + s_t^2 score) / a_t, the denoised x, and a_h = e^{-h} this is equation (7) of the source,
    (a_h s_u^2 / s_t^2) x + (a_u (1 - a_h^2) / s_t^2) D.

    variance: "small" for w = (s_u^2 / s_t^2) (1 - e^{-2h}), the variance of X_u given X_t and X_0 (beta-tilde, right
      for data at one point); "large" for w = 1 - e^{-2h}, that of X_t given X_u (beta, right for data of law N(0, I)).
    Weak order 1 towards P_delta q, delta = times[-1], if x is drawn from P_T q, T = times[0].  For Gaussian q the mean
    is that of the reverse SDE, exactly.  Other arguments, result and errors as in `euler_maruyama`; rng is needed.
    Ho, Jain and Abbeel (2020), in Ornstein-Uhlenbeck time: their alpha_t is e^{-2h}, their alpha_bar_t is e^{-2t}.
    """
    if not isinstance(variance, str) or variance not in ("small", "large"):
        raise ValueError(f'variance must be "small" or "large", got {variance!r}')
    step = STEPS["ancestral" if variance == "small" else "ancestral_large"]
    return _sample("ancestral", step, score, x, times, rng, callback)


def _sample(
    name: str,
    coefficients: Callable[[float, float], StepCoefficients],
    score: Score,
    x: Array,
    times: Any,
    rng: Any,
    callback: Callback | None,
) -> Array:
    """x <- scale x + weight score(x, t) + sqrt(noise) z in each step, z of independent N(0, 1)."""
    run = Run(name, score, x, times, callback)
    check_source(rng, x, name)
    with no_gradients(x):
        y, g = run.start()
        work = scratch(y)
        for step, t, u in run.steps():
            if step > 1:
                g = run.score(y, step, t)
            scale, weight, noise = coefficients(t, u)
            y *= scale
            y = add_scaled(y, g, weight, work)
            del g  # before the next score is made
            y = add_noise(y, rng, math.sqrt(noise), work)
            run.report(step, u, y)
        return run.result(y)
