"""Samplers beside exact laws: their steps read off with the noise held fixed, and what the steps do to a law."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np

from echolimit import (
    ancestral,
    ddim,
    dpmpp_2m,
    euler_maruyama,
    exponential_integrator,
    heun,
    score_of,
)

STOCHASTIC = {
    "euler_maruyama": euler_maruyama,
    "exponential_integrator": exponential_integrator,
    "ancestral": ancestral,
}
DETERMINISTIC = {"ddim": ddim, "heun": heun, "dpmpp_2m": dpmpp_2m}
SAMPLERS = STOCHASTIC | DETERMINISTIC
GOLDEN_PASSES = {  # mean and variance for the target N(.5, .3), T = 4, delta = .02, geometric grid, from N(0, 1)
    ("euler_maruyama", 10): ("0.4753502894", "0.4190457298"),
    ("exponential_integrator", 10): ("0.4897384139", "0.4563739016"),
    ("ancestral", 10): ("0.4900432908", "0.2529291303"),
    ("ancestral_large", 10): ("0.4900432908", "0.3777607088"),
    ("ddim", 10): ("0.4852564123", "0.2796605543"),
    ("heun", 10): ("0.4976004518", "0.3085223210"),
    ("euler_maruyama", 50): ("0.4872339316", "0.3436205100"),
    ("exponential_integrator", 50): ("0.4900833496", "0.3477749428"),
    ("ancestral", 50): ("0.4900432908", "0.3105464067"),
    ("ancestral_large", 50): ("0.4900432908", "0.3369395926"),
    ("ddim", 50): ("0.4849404910", "0.3173371483"),
    ("heun", 50): ("0.4853426049", "0.3267972657"),
    ("dpmpp_2m", 10): ("0.4849155463", "0.3204134235"),
    ("dpmpp_2m", 50): ("0.4848604888", "0.3272558523"),
}


def one_step_method(coefficients):
    """A sampler that shares no code with the library: x <- keep x + drift score(x, t) + noise z."""

    def sampler(score, x, times, rng=None, callback=None):
        for t, u in itertools.pairwise(times):
            keep, drift, noise = coefficients(t, u, t - u)
            x = keep * x + drift * score(x, t) + (noise * rng.standard_normal(x.shape) if noise else 0)
        return x

    return sampler


class FixedNoise(np.random.Generator):
    """A generator whose normal draws are the numbers or arrays given, one a call, over and over."""

    def __new__(cls, *draws):
        return super().__new__(cls, np.random.PCG64(0))

    def __init__(self, *draws):
        super().__init__(np.random.PCG64(0))
        self.draws = itertools.cycle(draws)

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        out = np.empty(size, dtype) if out is None else out
        out[...] = next(self.draws)
        return out


def mean_map(sampler, law, times, x):
    """Where the run takes the points x (n,) when all noise is zero."""
    return sampler(score_of(law), x[:, None], times, FixedNoise(0.0))[:, 0]


def noise_scale(sampler, law, times):
    """The standard deviation that one step adds to a point."""
    zero = np.zeros((1, 1))
    moved, still = (sampler(score_of(law), zero, times, FixedNoise(z))[0, 0] for z in (1.0, 0.0))
    return moved - still


def affine_map(sampler, law, times):
    """(slope, shift) of a run on a Gaussian law, with all noise zero."""
    low, high = mean_map(sampler, law, times, np.array([-1.0, 1.0]))
    return (high - low) / 2, (high + low) / 2


def gaussian_after(sampler, law, times, mean, variance):
    """Mean and variance after the run from N(mean, variance), for a Gaussian law: exact, step by step."""
    if sampler in DETERMINISTIC.values():
        slope, shift = affine_map(sampler, law, times)
        return slope * mean + shift, slope**2 * variance
    for t, u in itertools.pairwise(times):
        slope, shift = affine_map(sampler, law, [t, u])
        mean, variance = slope * mean + shift, slope**2 * variance + noise_scale(sampler, law, [t, u]) ** 2
    return mean, variance


def density_after(sampler, law, times, x):
    """The density on the even grid x after a stochastic run from P_T law: each step is a Gaussian kernel."""
    density, width = law.diffuse(times[0]).density(x[:, None]), x[1] - x[0]
    for t, u in itertools.pairwise(times):
        spread = noise_scale(sampler, law, [t, u])
        offset = (x[:, None] - mean_map(sampler, law, [t, u], x)) / spread
        density = np.exp(-(offset**2) / 2) @ density * (width / (spread * math.sqrt(2 * math.pi)))
    return density


def theory_step(name, m, v, t, u):
    """(slope, shift, added variance) of one step on N(m, v), from the textbook forms of the steps, in 40 digits."""
    with mpmath.workdps(40):
        m, v, t, u = (mpmath.mpf(number) for number in (m, v, t, u))
        h, a, b = t - u, mpmath.exp(-t), mpmath.exp(-u)
        s, r = mpmath.sqrt(1 - a**2), mpmath.sqrt(1 - b**2)
        v_t, v_u = a**2 * v + s**2, b**2 * v + r**2
        a_h, grown = a / b, mpmath.exp(h)
        if name == "euler_maruyama":
            slope, shift, added = 1 + h - 2 * h / v_t, 2 * h * a * m / v_t, 2 * h
        elif name == "exponential_integrator":
            slope = grown - 2 * (grown - 1) / v_t
            shift, added = 2 * (grown - 1) * a * m / v_t, grown**2 - 1
        elif name.startswith("ancestral"):
            slope = a_h * r**2 / s**2 + (b * (1 - a_h**2) / s**2) * (1 - s**2 / v_t) / a
            shift, added = b * m - slope * a * m, 1 - a_h**2
            if name == "ancestral":
                added = r**2 * (1 - a_h**2) / s**2
        elif name in ("ddim", "dpmpp_2m"):
            slope = (b / a) * (1 - s**2 / v_t) + s * r / v_t
            shift, added = b * m - slope * a * m, mpmath.mpf(0)
        else:
            k, k_u, f, f_u = 1 - 1 / v_t, 1 - 1 / v_u, a * m / v_t, b * m / v_u
            slope = 1 + (h / 2) * (k + k_u * (1 + h * k))
            shift, added = (h / 2) * (f + k_u * h * f + f_u), mpmath.mpf(0)
        return float(slope), float(shift), float(added)


def dpmpp_by_hand(m, v, times, x):
    """DPM-Solver++(2M) as its source states it, on one point and N(m, v), in 40 digits."""
    with mpmath.workdps(40):
        m, v, x = mpmath.mpf(m), mpmath.mpf(v), mpmath.mpf(x)
        t = [mpmath.mpf(float(time)) for time in times]
        a = [mpmath.exp(-time) for time in t]
        s = [mpmath.sqrt(1 - signal**2) for signal in a]
        lam = [mpmath.log(a_k / s_k) for a_k, s_k in zip(a, s, strict=True)]
        older = None
        for k in range(len(t) - 1):
            score = -(x - a[k] * m) / (a[k] ** 2 * v + s[k] ** 2)
            clean = (x + s[k] ** 2 * score) / a[k]
            step = lam[k + 1] - lam[k]
            guess = clean
            if older is not None:
                ratio = (lam[k] - lam[k - 1]) / step
                guess = (1 + 1 / (2 * ratio)) * clean - older / (2 * ratio)
            x = s[k + 1] / s[k] * x - a[k + 1] * (mpmath.exp(-step) - 1) * guess
            older = clean
        return float(x)
