"""The loop in which each round is replaced by the normal law of its mean and variance, and where that loop ends."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq

from echolimit._checks import check_alpha, check_count, check_not_negative, check_number
from echolimit.robustness.gaussian import check_pass, run_pass

_STEP = 1e-30  # imaginary step of a derivative: no cancellation, so it may be tiny
_LEAST = 1e-9  # smallest variance that is looked at


class FixedPoint(NamedTuple):
    """A law N(mean, variance) that the closed loop returns to itself, and how it treats small deviations.

    multiplier: of the two-by-two Jacobian matrix of a round the eigenvalue of largest modulus (its sign is kept where
    it is real); for centred data and a centred law, whose mean stays zero, the derivative of the variance map.
    """

    mean: float
    variance: float
    multiplier: float

    @property
    def stable(self) -> bool:
        """Whether small deviations die out: |multiplier| < 1."""
        return abs(self.multiplier) < 1


def gaussian_loop(
    sampler: str,
    mean: float,
    variance: float,
    alpha: float,
    times: Any,
    rounds: int,
    start: tuple[float, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances of rounds 0, ..., rounds of the loop with a Gaussian refit in every round.

    The target of round i + 1 is N(m_q, V_q), m_q = alpha m + (1 - alpha) mu_i and
    V_q = alpha v + (1 - alpha) V_i + alpha (1 - alpha)(m - mu_i)^2, the moments of alpha p* + (1 - alpha) p_i; the
    sampler starts at N(0, 1).  For sampler = "ideal" the values are the exact mean and variance of p_i for every p*.

    sampler, times: as in `gaussian_pass`; delta is times[-1].  mean, variance: of the data.  alpha: fresh share in
    [0, 1].  rounds: >= 0.  start: (mean, variance) of p_0, the data's if None.  Returns two arrays (rounds + 1,).
    Raises ValueError outside these ranges.  Derived in chapter 6, prop-closure.
    """
    grid, (m, v), alpha = check_pass(sampler, times), _check_moments(mean, variance, "data"), check_alpha(alpha)
    rounds = check_count(rounds, "rounds")
    path = [(m, v) if start is None else _check_start(start)]
    for _ in range(rounds):
        path.append(_round(sampler, m, v, alpha, grid, *path[-1]))
    means, variances = np.array(path).T
    return means, variances


def gaussian_limit(
    sampler: str,
    mean: float,
    variance: float,
    alpha: float,
    times: Any,
    start: tuple[float, float] | None = None,
    most: int = 20_000,
) -> FixedPoint:
    """The fixed point to which the closed loop runs from `start`, with the multiplier of its Jacobian.

    Arguments as in `gaussian_loop`, alpha in (0, 1].  The loop is iterated until mean and variance move by less than
    1e-14 of the scale.  Raises RuntimeError if it still moves after `most` rounds.  Chapter 6, prop-closure.
    """
    grid, (m, v) = check_pass(sampler, times), _check_moments(mean, variance, "data")
    alpha, most = check_alpha(alpha, zero=False), check_count(most, "most", least=1)
    mu, current = (m, v) if start is None else _check_start(start)
    for _ in range(most):
        before = mu, current
        mu, current = _round(sampler, m, v, alpha, grid, mu, current)
        moved = abs(current - before[1]) / max(current, _LEAST) + abs(mu - before[0]) / max(current, _LEAST) ** 0.5
        if moved < 1e-14:
            return FixedPoint(float(mu), float(current), _multiplier(sampler, m, v, alpha, grid, mu, current))
    raise RuntimeError(
        f"the closed loop of {sampler} still moves after {most} rounds, now at mean {mu:g}, variance {current:g}: "
        "raise most, or look at gaussian_loop; it need not converge"
    )


def gaussian_fixed_points(
    sampler: str, variance: float, alpha: float, times: Any, largest: float = 1e9, points: int = 4000
) -> list[FixedPoint]:
    """All fixed points of the closed loop for centred data N(0, variance), from the smallest up.

    Roots V of Phi(alpha v + (1 - alpha) V) = V, Phi the variance of `gaussian_pass`: sign changes on a grid of
    `points` values, evenly spaced in ln V between 1e-9 and `largest`, then Brent's method to full precision.  Two
    roots within one cell of the grid, closer than a factor of about 1 + 41 / points, escape.

    sampler, times: as in `gaussian_pass`.  variance: of the data, >= 0.  alpha: fresh share in (0, 1].
    Raises ValueError outside these ranges.  Derived in chapter 6, prop-closure.
    """
    grid, (_, v) = check_pass(sampler, times), _check_moments(0.0, variance, "data")
    alpha, points = check_alpha(alpha, zero=False), check_count(points, "points", least=2)
    if check_number(largest, "largest") <= _LEAST:
        raise ValueError(f"largest must be greater than {_LEAST:g}, got {largest}: the end of the search")

    def moved(log_variance: Any) -> Any:
        value = np.exp(log_variance)
        return run_pass(sampler, 0.0, alpha * v + (1 - alpha) * value, grid)[1] / value - 1

    places = np.linspace(np.log(_LEAST), np.log(float(largest)), points)
    values = moved(places)
    roots = [float(places[i]) for i in np.flatnonzero(values == 0)]
    crossings = np.flatnonzero(values[:-1] * values[1:] < 0)
    roots += [float(brentq(moved, places[i], places[i + 1], xtol=1e-15, rtol=1e-15)) for i in crossings]
    found = []
    for root in sorted(roots):
        value = float(np.exp(root))
        tilted = run_pass(sampler, 0.0, alpha * v + (1 - alpha) * (value + 1j * _STEP), grid)[1]
        found.append(FixedPoint(0.0, value, float(tilted.imag / _STEP)))
    return found


def _round(sampler: str, m: float, v: float, alpha: float, grid: np.ndarray, mu: Any, current: Any) -> tuple[Any, Any]:
    mixed_mean = alpha * m + (1 - alpha) * mu
    mixed = alpha * v + (1 - alpha) * current + alpha * (1 - alpha) * (m - mu) ** 2
    return run_pass(sampler, mixed_mean, mixed, grid)


def _multiplier(sampler: str, m: float, v: float, alpha: float, grid: np.ndarray, mu: float, current: float) -> float:
    """The eigenvalue of largest modulus of the Jacobian of a round, by complex steps; centred loops stay centred."""
    columns = [
        _round(sampler, m, v, alpha, grid, mu + 1j * _STEP, current + 0j),
        _round(sampler, m, v, alpha, grid, mu + 0j, current + 1j * _STEP),
    ]
    jacobian = np.imag(np.array(columns).T) / _STEP
    if m == 0 and mu == 0:
        return float(jacobian[1, 1])
    values = np.linalg.eigvals(jacobian)
    largest = values[np.argmax(np.abs(values))]
    return float(largest.real if largest.imag == 0 else abs(largest))


def _check_start(start: Any) -> tuple[float, float]:
    if not isinstance(start, tuple | list | np.ndarray) or len(start) != 2:
        raise ValueError(f"start must be (mean, variance) or None, got {start!r}: for example (0.0, 1.0)")
    return _check_moments(start[0], start[1], "start")


def _check_moments(mean: Any, variance: Any, name: str) -> tuple[float, float]:
    variance = check_not_negative(variance, f"variance of the {name}", "square a standard deviation")
    return check_number(mean, f"mean of the {name}"), variance
