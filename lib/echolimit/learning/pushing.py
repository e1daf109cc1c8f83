"""From a score error to a distance of samples: what one round does, measured, and what its path energy bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, same_home, uniform
from echolimit._checks import check_count, check_delta, check_number
from echolimit.distances import sliced_wasserstein
from echolimit.learning._paths import check_rows, mean_and_error
from echolimit.learning.energy import PathEnergy
from echolimit.process import OrnsteinUhlenbeck

LARGEST = 700.0  # exp of more leaves float64


@dataclass(frozen=True)
class RoundError:
    """Sliced W2 of one round against the exact one, and of exact draws against exact draws of the same number.

    distance, floor: root mean squares over repeats.  excess: sqrt(distance^2 - floor^2), 0 if negative: the error of
    the round with that of sampling taken out.  distance_error, floor_error, excess_error: standard errors, of the
    draws that are repeated, so without those of the round's own samples.
    """

    distance: float
    distance_error: float
    floor: float
    floor_error: float
    excess: float
    excess_error: float


def round_error(
    samples: Any, mix: Any, delta: float, rng: Any, *, projections: int = 64, repeats: int = 8
) -> RoundError:
    """How far the samples of round i + 1 are from P_delta q_i, in sliced W2: the error that chapter 6's balls take.

    Exact draws are a_delta X + s_delta Z for rows X of `mix`, drawn with replacement, as many as there are samples.
    The floor is the same distance between two sets of exact draws.

    samples: draws (n, d) of p_{i+1}.  mix: draws (m, d) of q_i, the law that the round was trained on: fresh data with
    probability alpha, else samples of p_i.  delta > 0.  rng: numpy Generator, or torch.Generator on the device.
    projections, repeats: directions and new exact draws, repeats >= 2.
    Returns a RoundError.  Raises ValueError for wrong shapes or values, TypeError for mixed kinds of array.
    Chapter 6, thm-error-ball.
    """
    x, pool = check_rows(samples, "samples"), check_rows(mix, "mix")
    same_home(mix=pool, samples=x)
    if x.shape[1] != pool.shape[1]:
        raise ValueError(f"samples and mix must have one dimension, got {x.shape[1]} and {pool.shape[1]}")
    delta, count = check_delta(delta), check_count(repeats, "repeats", least=2)
    squares = np.empty((2, count))
    for k in range(count):
        one, two = (_exact(pool, x.shape[0], delta, rng) for _ in range(2))
        squares[0, k] = sliced_wasserstein(x, one, projections, rng) ** 2
        squares[1, k] = sliced_wasserstein(two, one, projections, rng) ** 2
    return RoundError(*_root(squares[0]), *_root(squares[1]), *_root(squares[0] - squares[1]))


def gronwall_bound(energy: PathEnergy, slope: Callable[[float], float]) -> float:
    """A bound of W2(p_{i+1}, P_delta q_i) by the score error b of the round, through the steepest learned score.

    Drive the learned and the perfect sampler by one Brownian motion, from one start.  If the learned score grows with
    <x - y, s(x, t) - s(y, t)> <= L_t |x - y|^2, their distance grows with rate 1 + 2 L_t and by 2 |b|, so

        W2 <= 2 int_delta^T sqrt(E|b(X_t, t)|^2) exp(int_delta^t (1 + 2 L_u) du) dt,

    with equality for an error that depends on time alone and a normal law of one variance (L_t = -1 / v_t).  A sampler
    that starts from another law than P_T q adds W2 of the starts times the exponential over all of [delta, T].

    energy: from `path_energy`.  slope: L_t, a function of a number t, for example the largest eigenvalue of the
    score's derivative anywhere.  Returns the bound by the midpoint rule over energy's cells, inf where it overflows:
    between separated modes L_t is large, and the bound is then true and useless.
    Raises TypeError for a slope that is no function, ValueError for one that is not finite.  Chapter 6, thm-error-ball,
    takes it as the error of one round.
    """
    if not callable(slope):
        raise TypeError(f"slope must be a function of t, got {type(slope).__name__}: pass lambda t: {slope!r}")
    total, growth = 0.0, 0.0
    cells = zip(energy.edges[:-1], energy.edges[1:], energy.times, energy.rate, strict=True)
    for lower, upper, t, rate in cells:
        speed = 1 + 2 * check_number(float(slope(float(t))), "slope(t)")
        exponent = growth + speed * (t - lower)
        if exponent > LARGEST and rate > 0:
            return math.inf
        total += math.sqrt(2 * max(rate, 0.0)) * math.exp(min(exponent, LARGEST)) * (upper - lower)
        growth += speed * (upper - lower)
    return total


def _exact(pool: Array, n: int, delta: float, rng: Any) -> Array:
    xp = compat.array_namespace(pool)
    chosen = xp.astype(xp.floor(uniform(rng, n, pool) * pool.shape[0]), xp.int64)
    return OrnsteinUhlenbeck().perturb(xp.take(pool, chosen, axis=0), delta, rng)


def _root(squares: np.ndarray) -> tuple[float, float]:
    """sqrt of the mean and its standard error, 0 and the error's own root where the mean is not positive."""
    mean, error = mean_and_error(squares)
    if mean <= 0:
        return 0.0, math.sqrt(error)
    return math.sqrt(mean), error / (2 * math.sqrt(mean))
