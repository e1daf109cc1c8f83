"""Laws on the line as plain arrays, and distances by brute force: the second method of the tests of chapter 3."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr


class Line(NamedTuple):
    """sum_k w_k N(m_k, v_k) on the line."""

    w: np.ndarray
    m: np.ndarray
    v: np.ndarray

    def pdf(self, x):
        z = (x[:, None] - self.m) / np.sqrt(self.v)
        return np.exp(-z * z / 2) @ (self.w / np.sqrt(2 * np.pi * self.v))

    def cdf(self, x):
        return ndtr((x[:, None] - self.m) / np.sqrt(self.v)) @ self.w

    def mean(self):
        return float(self.w @ self.m)

    def moment(self, n):
        """E X^n by the recurrence E X^n = m E X^(n-1) + (n - 1) v E X^(n-2) of a normal law."""
        lower, here = np.zeros_like(self.m), np.ones_like(self.m)
        for k in range(n):
            lower, here = here, self.m * here + k * self.v * lower
        return float(self.w @ here)


def line(*parts):
    """line((weight, mean, variance), ...)."""
    return Line(*(np.array(column, dtype=float) for column in zip(*parts, strict=True)))


DATA = line((0.3, -1.2, 0.25), (0.7, 0.9, 0.16))  # the example of the book


def noised(p, t, exploding=False):
    """P_t p, written out once more."""
    if exploding:
        return Line(p.w, p.m, p.v + t)
    return Line(p.w, math.exp(-t) * p.m, math.exp(-2 * t) * p.v + 1 - math.exp(-2 * t))


def mix(share, p, q):
    """share p + (1 - share) q."""
    return Line(
        np.concatenate([share * p.w, (1 - share) * q.w]), np.concatenate([p.m, q.m]), np.concatenate([p.v, q.v])
    )


def step(data, p, alpha, delta, exploding=False):
    """One round, straight from its definition: mix, then noise."""
    return noised(mix(alpha, data, p), delta, exploding)


def loop(data, start, rounds, alpha, delta, exploding=False):
    """p_rounds by doing the rounds."""
    p = start
    for _ in range(rounds):
        p = step(data, p, alpha, delta, exploding)
    return p


def ages(data, weights, delta, first=1, exploding=False):
    """sum_j weights_j P_{(first + j) delta} data."""
    parts = [noised(data, (first + j) * delta, exploding) for j in range(len(weights))]
    w = np.concatenate([weight * p.w for weight, p in zip(weights, parts, strict=True)])
    return Line(w, np.concatenate([p.m for p in parts]), np.concatenate([p.v for p in parts]))


def grid(*laws, points=4001):
    """Points that hold all but 1e-12 of each law."""
    low = min(float(np.min(p.m - 8 * np.sqrt(p.v))) for p in laws)
    high = max(float(np.max(p.m + 8 * np.sqrt(p.v))) for p in laws)
    return np.linspace(low, high, points)


def tv(p, q):
    x = grid(p, q)
    return float(np.trapezoid(np.abs(p.pdf(x) - q.pdf(x)), x)) / 2


def kl(p, q):
    x = grid(p, q)
    f, g = np.maximum(p.pdf(x), 1e-300), np.maximum(q.pdf(x), 1e-300)
    return float(np.trapezoid(f * np.log(f / g), x))


def chi2(p, q):
    x = grid(p, q)
    g = np.maximum(q.pdf(x), 1e-300)
    return float(np.trapezoid((p.pdf(x) - q.pdf(x)) ** 2 / g, x))


def w1(p, q):
    x = grid(p, q)
    return float(np.trapezoid(np.abs(p.cdf(x) - q.cdf(x)), x))


def w2(p, q, points=12001):
    """The monotone map by interpolation of distribution functions, cell by cell; relative error about 1e-4."""
    x = grid(p, q, points=points)
    f, g = (np.clip(np.maximum.accumulate(law.cdf(x)), 0, 1) for law in (p, q))
    levels = np.unique(np.concatenate([f, g]))
    u, width = (levels[1:] + levels[:-1]) / 2, np.diff(levels)
    rising_f, rising_g = (np.concatenate([[True], np.diff(h) > 1e-15]) for h in (f, g))
    way = np.interp(u, f[rising_f], x[rising_f]) - np.interp(u, g[rising_g], x[rising_g])
    return math.sqrt(float(np.sum(way**2 * width)))


def limit_of(alpha, delta, data=DATA, tol=1e-12):
    """The limit by its sum over ages, the oldest left out."""
    count = math.ceil(math.log(tol) / math.log1p(-alpha))
    return ages(data, alpha * (1 - alpha) ** np.arange(count), delta)
