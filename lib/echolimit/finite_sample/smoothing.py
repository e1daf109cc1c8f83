"""Finite data, reused in every round: the limit of the loop is a smoother, with an optimal truncation."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import roots_hermitenorm

from echolimit._checks import check_alpha, check_count, check_numbers
from echolimit.finite_sample.kernel_loop import check_line_mixture
from echolimit.hermite import hermite_coefficients, transfer
from echolimit.hermite.estimation import hermite_ladder
from echolimit.mixtures import GaussianMixture

MAX_DEGREE = 400


class BestTruncation(NamedTuple):
    """The truncation time with the smallest risk, and that risk."""

    delta: float
    risk: float


def hermite_variance(law: GaussianMixture, degree: int) -> np.ndarray:
    """Var h_n(X) for X ~ law and n = 0 .. degree, shape (degree + 1,): N times the variance of an estimated mode.

    By Gauss quadrature, exact for these polynomials; the known sum of modes of degree up to 2 n alternates and cancels.
    law: a GaussianMixture on the line.  degree: 0 .. 400.  Raises ValueError outside these ranges, or where h_n^2
    overflows.  Used in chapter 8, prop-smoother; see prop-estimation in chapter 4.
    """
    weights, means, variances = check_line_mixture(law)
    degree = check_count(degree, "degree", most=MAX_DEGREE)
    nodes, node_weights = roots_hermitenorm(degree + 1)
    x = means[:, None] + np.sqrt(variances)[:, None] * nodes
    with np.errstate(over="ignore", invalid="ignore"):
        ladder = hermite_ladder(x, degree)  # (degree + 1, k, nodes)
        share = weights[:, None] * node_weights / node_weights.sum()
        mean = np.sum(ladder * share, axis=(1, 2))
        variance = np.sum((ladder - mean[:, None, None]) ** 2 * share, axis=(1, 2))
    if not np.all(np.isfinite(variance)):
        raise ValueError(f"degree must be lower for variance {variances.max():.3g}, got {degree}: h_n^2 overflows")
    return variance


def smoother_risk(law: GaussianMixture, samples: int, alpha: float, delta: Any, degree: int) -> np.ndarray:
    """Risk of the limit law of a loop whose fresh data are, in every round, the same N points drawn from p*.

    sum_{n=1}^degree (1 - H_n)^2 c_n^2 + H_n^2 Var(h_n) / N: squared bias and variance of the modes 1 .. degree of the
    limit, that is the mean squared distance to p* in L2(1 / gamma) up to this degree.  Without truncation H_n = 1.

    law: p*, a GaussianMixture on the line.  samples: N >= 1.  alpha: in (0, 1].  delta: >= 0, a number or an array.
    degree: 1 .. 400; the risk without truncation grows with it.  Returns an array of delta's shape.
    Raises ValueError outside these ranges.
    Derived in chapter 8, prop-smoother.
    """
    size, alpha = check_count(samples, "samples", least=1), check_alpha(alpha, zero=False)
    times = check_numbers(delta, "delta", 0.0, "0 means no truncation")
    degree = check_count(degree, "degree", least=1, most=MAX_DEGREE)
    signal, noise = _signal_and_noise(law, size, degree)
    risks = [_risk(signal, noise, alpha, float(t)) for t in times.reshape(-1)]
    return np.array(risks).reshape(times.shape)


def best_truncation(law: GaussianMixture, samples: int, alpha: float, degree: int) -> BestTruncation:
    """The truncation time that minimises `smoother_risk` at this fresh share; always positive (prop-smoother).

    Arguments as in `smoother_risk`.  Searches tau = delta / alpha on a grid from 1e-8 to 100 and refines.
    """
    size, alpha = check_count(samples, "samples", least=1), check_alpha(alpha, zero=False)
    degree = check_count(degree, "degree", least=1, most=MAX_DEGREE)
    signal, noise = _signal_and_noise(law, size, degree)
    logs = np.linspace(math.log(1e-8), math.log(100.0), 400)
    risks = [_risk(signal, noise, alpha, alpha * math.exp(u)) for u in logs]
    k = int(np.argmin(risks))
    bounds = (logs[max(k - 1, 0)], logs[min(k + 1, len(logs) - 1)])
    found = minimize_scalar(
        lambda u: _risk(signal, noise, alpha, alpha * math.exp(u)),
        bounds=bounds,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return BestTruncation(alpha * math.exp(float(found.x)), float(found.fun))


def wiener_gain(law: GaussianMixture, samples: int, degree: int) -> np.ndarray:
    """The best factor for each estimated mode, c_n^2 / (c_n^2 + Var(h_n) / N), n = 0 .. degree, shape (degree + 1,).

    No truncation and no smoother that multiplies modes has a smaller risk.  Arguments as in `smoother_risk`;
    the gain of degree 0 is one.  Derived in chapter 8, prop-smoother.
    """
    size = check_count(samples, "samples", least=1)
    signal, noise = _signal_and_noise(law, size, check_count(degree, "degree", least=1, most=MAX_DEGREE))
    return np.concatenate([[1.0], signal / (signal + noise)])


def _signal_and_noise(law: GaussianMixture, size: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """c_n^2 and Var(h_n) / N for n = 1 .. degree."""
    variance = hermite_variance(law, degree)[1:]
    return np.asarray(hermite_coefficients(law, degree))[1:] ** 2, variance / size


def _risk(signal: np.ndarray, noise: np.ndarray, alpha: float, delta: float) -> float:
    kept = transfer(np.arange(1, len(signal) + 1), alpha, delta) if delta > 0 else np.ones(len(signal))
    return float(np.sum((1 - kept) ** 2 * signal + kept**2 * noise))
