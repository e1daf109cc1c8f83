"""Samplers without noise: three discretisations of the probability flow dY = (Y + grad ln p_t(Y)) ds, s = T - t.

With D(x, t) = (x + s_t^2 score(x, t)) / a_t, the denoised x, a_t = e^{-t} and s_t^2 = 1 - e^{-2t}.
"""

from __future__ import annotations

import math
from typing import Any

from echolimit._arrays import Array
from echolimit.samplers._inplace import add_scaled, scaled, scratch
from echolimit.samplers._run import Callback, Run, Score, no_gradients
from echolimit.samplers.steps import STEPS, excess, noise_level


def ddim(score: Score, x: Array, times: Any, rng: Any = None, callback: Callback | None = None) -> Array:
    """The probability flow by DDIM: the predicted noise, or what is the same the denoised x, frozen in each step.

    A step from t to u = t - h:  x <- a_u D + s_u (x - a_t D) / s_t  =  e^h x + s_t (e^h s_t - s_u) score(x, t).
    It is Euler's method in sigma = s_t / a_t for x / a_t, and the first-order method of `dpmpp_2m`.

    Order 1: the result is off the flow's by O(h); in a step of length h round-off grows like e^h.  The flow carries
    P_T q, T = times[0], to P_delta q, delta = times[-1].  It is one-to-one and keeps total variation: what the start
    misses stays (chapter 9).
    Arguments, result and errors as in `euler_maruyama`; rng is ignored.
    Song, Meng and Ermon (2021), their sigma = 0; chapter 1, thm-reverse-time, for the flow.
    """
    run = Run("ddim", score, x, times, callback)
    with no_gradients(x):
        y, g = run.start()
        work = scratch(y)
        for step, t, u in run.steps():
            if step > 1:
                g = run.score(y, step, t)
            scale, weight, _ = STEPS["ddim"](t, u)
            y *= scale
            y = add_scaled(y, g, weight, work)
            del g  # before the next score is made
            run.report(step, u, y)
        return run.result(y)


def heun(score: Score, x: Array, times: Any, rng: Any = None, callback: Callback | None = None) -> Array:
    """The probability flow by Heun's method (the explicit trapezoidal rule) in Ornstein-Uhlenbeck time.

    With f(x, t) = x + score(x, t), a step from t to u = t - h, two evaluations of the score:
    y = x + h f(x, t),  x <- x + (h / 2) (f(x, t) + f(y, u)).

    Order 2: the result is off the flow's by O(h^2); the flow carries P_T q to P_delta q, delta = times[-1].
    Karras et al. (2022) take the same rule in sigma and end with a first-order step to sigma = 0; here none is
    needed.  Arguments, result and errors as in `euler_maruyama`; rng is ignored.
    Chapter 1, thm-reverse-time, for the flow.
    """
    run = Run("heun", score, x, times, callback)
    with no_gradients(x):
        y, g = run.start()
        ahead, work = None, scratch(y)
        for step, t, u in run.steps():
            if step > 1:
                g = run.score(y, step, t)
            h = t - u
            ahead = add_scaled(scaled(y, 1 + h, out=ahead), g, h, work)  # x + h f(x, t): Euler's step
            del g  # before the next score is made
            g = run.score(ahead, step, u)
            y *= 0.5  # x + (h/2) f(x, t) = (x + ahead) / 2, and (h/2) f(ahead, u) comes to it
            y = add_scaled(y, ahead, (1 + h) / 2, work)
            y = add_scaled(y, g, h / 2, work)
            del g
            run.report(step, u, y)
        return run.result(y)


def dpmpp_2m(score: Score, x: Array, times: Any, rng: Any = None, callback: Callback | None = None) -> Array:
    """The probability flow by DPM-Solver++(2M): second order in lambda = ln(a_t / s_t), one score a step.

    A step from t to u, l = lambda_u - lambda_t, l_ the l of the step before, D_ the denoised x there, r = l / (2 l_):
    x <- (s_u / s_t) x + a_u (1 - e^{-l}) ((1 + r) D - r D_).
    The first step has no D_ and takes r = 0, which is `ddim`; the last step is like the others.

    Order 2: the result is off the flow's by O(l^2); the flow carries P_T q to P_delta q, delta = times[-1].
    Arguments, result and errors as in `euler_maruyama`; rng is ignored.
    Lu et al. (2022), algorithm 2; chapter 1, thm-reverse-time, for the flow.

    On q = N(m, v) the step is affine.  With v_t = a_t^2 v + s_t^2 the score is -(x - a_t m) / v_t, so that
    D - m = c_t (x - a_t m), c_t = (1 - s_t^2 / v_t) / a_t = a_t v / v_t.  Write e_k = x_k - a_k m for t_k, and
    B = a_u (1 - e^{-l}) = a_u - a_t s_u / s_t.  The terms with m cancel, as (s_u / s_t) a_t + B = a_u, and
    e_{k+1} = (s_u / s_t + (1 + r) B c_k) e_k - r B c_{k-1} e_{k-1}.
    Two steps from t_0: with g = s_1 / s_0 + B_0 c_0 and the coefficients of the second step,
    e_2 = ((s_2 / s_1 + (1 + r) B_1 c_1) g - r B_1 c_0) e_0.
    So after K steps e_K = G e_0 with a number G, and N(mu, V) becomes N(a_K m + G (mu - a_0 m), G^2 V).
    """
    run = Run("dpmpp_2m", score, x, times, callback)
    with no_gradients(x):
        y, g = run.start()
        other: Any = None
        work, before = scratch(y), None
        for step, t, u in run.steps():
            if step > 1:
                g = run.score(y, step, t)
            ahead = _log_snr_step(t, u)
            keep, data = noise_level(u) / noise_level(t), excess(t, u) / noise_level(t)  # x <- keep x + (data a_t) D
            y = add_scaled(y, g, -math.expm1(-2 * t), work)  # x + s_t^2 score = a_t D, D the denoised x
            if before is None:
                other = scaled(y, keep + data, out=None)
            else:
                past, signal = before
                ratio = ahead / (2 * past)
                other *= -ratio * data * math.exp(signal - t)  # other holds a D of the step before
                other = add_scaled(other, y, keep + data * (1 + ratio), work)
            other = add_scaled(other, g, keep * math.expm1(-2 * t), work)
            del g  # before the next score is made
            y, other, before = other, y, (ahead, t)
            run.report(step, u, y)
        return run.result(y)


def _log_snr_step(t: float, u: float) -> float:
    """ln(a_u / s_u) - ln(a_t / s_t), without cancellation."""
    h = t - u
    return h + math.log1p(math.exp(-2 * u) * math.expm1(-2 * h) / math.expm1(-2 * u)) / 2
