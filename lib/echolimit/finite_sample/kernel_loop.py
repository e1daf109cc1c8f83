"""A loop of kernel density estimates on the line: exact mean integrated squared error, and its infinite twin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._arrays import to_numpy
from echolimit._checks import check_alpha, check_choice, check_count, check_number, check_numbers, check_positive
from echolimit.finite_sample.refit import MIXED, check_ratios
from echolimit.mixtures import GaussianMixture

STARTS = ("matched", "narrow", "exact")
MAX_NODES = 10_000_000


def kernel_loop_mise(
    law: GaussianMixture,
    samples: int,
    ratio: float,
    rounds: int,
    constant: float = 1.06,
    regime: str = "fresh",
    start: str = "matched",
) -> np.ndarray:
    """E int (p^_i - p*)^2 in rounds 0 .. `rounds` of a loop of Gaussian kernel density estimates; (rounds + 1,).

    Each round pools n real points and lambda n points of the present estimate, N = n (1 + lambda), and estimates anew
    with h = constant N^(-1/5).  Mean phi and variance V of the characteristic function, and its covariance C with that
    of the reused points, obey a closed recursion (eq-kernel-loop); MISE = (1 / 2 pi) int |phi - phi*|^2 + V, by
    quadrature.

    law: p*, a GaussianMixture on the line with positive variances.  samples: n >= 1.  ratio: lambda >= 0 (lambda n need
    not be whole).  regime: "fresh" real points each round, or the same n "reused".  start, the estimate of round 0:
    "matched", from n real points with h_0 = constant n^(-1/5); "narrow", the same with h_0 = h; "exact", p* itself.
    Accurate to about 1e-12.  Raises ValueError outside these ranges.
    Derived in chapter 8, thm-kernel-loop; Fu et al. (2024) treat kernel density estimation too.
    """
    n, rounds = check_count(samples, "samples", least=1), check_count(rounds, "rounds")
    lam = float(check_ratios(check_number(ratio, "ratio")))
    c = check_positive(constant, "constant", "it sets the bandwidth")
    check_choice(regime, "regime", MIXED)
    check_choice(start, "start", STARTS)
    weights, means, variances = check_line_mixture(law)
    total, share = n * (1 + lam), 1 / (1 + lam)
    h = c * total**-0.2
    first = {"matched": c * n**-0.2, "narrow": h, "exact": 0.0}[start]
    omega, step = _frequencies(means, variances, min(h, first or h), first, h, rounds)
    target = np.exp(1j * omega[:, None] * means - omega[:, None] ** 2 * variances / 2) @ weights
    kernel, kernel0 = np.exp(-((h * omega) ** 2) / 2), np.exp(-((first * omega) ** 2) / 2)
    noise = 0.0 if start == "exact" else 1.0
    single = (1 - np.abs(target) ** 2) / n  # variance of the empirical characteristic function of n real points
    phi, var, cov = kernel0 * target, noise * kernel0**2 * single, noise * kernel0 * single
    out = np.empty(rounds + 1)
    for i in range(rounds + 1):
        integrand = np.abs(phi - target) ** 2 + var
        out[i] = step * (integrand[0] / 2 + integrand[1:].sum()) / math.pi  # even: half the line, twice
        drawn = lam * n / total**2 * (1 - np.abs(phi) ** 2 - var)
        shared = 2 * share * (1 - share) * cov if regime == "reused" else 0.0
        var = kernel**2 * (share**2 * single + shared + (1 - share) ** 2 * var + drawn)
        cov = kernel * (share * single + (1 - share) * cov)
        phi = kernel * (share * target + (1 - share) * phi)
    return out


def fourier_transfer(frequency: Any, alpha: float, bandwidth: float) -> np.ndarray:
    """Share of the characteristic function of p* that survives in the limit of the kernel loop with unlimited data.

    H(w) = alpha / (exp(h^2 w^2 / 2) - 1 + alpha), the Fourier twin of `transfer`: the fixed point of
    phi <- k (alpha phi* + (1 - alpha) phi) with k(w) = exp(-h^2 w^2 / 2).
    It falls to one half at |w| = sqrt(2 ln(1 + alpha)) / h.

    frequency: any shape, |w| in d dimensions.  alpha: fresh share in (0, 1].  bandwidth: h > 0.
    Returns an array of frequency's shape.  Raises ValueError outside these ranges.
    Derived in chapter 8, prop-kernel-is-ve.
    """
    alpha, h = check_alpha(alpha, zero=False), check_positive(bandwidth, "bandwidth", "without it nothing is lost")
    omega = check_numbers(frequency, "frequency")
    loss = (h * omega) ** 2 / 2
    return alpha * np.exp(-loss) / (-np.expm1(-loss) + alpha * np.exp(-loss))


def check_line_mixture(law: GaussianMixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means and variances of a mixture on the line."""
    if not isinstance(law, GaussianMixture):
        raise TypeError(f"law must be a GaussianMixture, got {type(law).__name__}: its integrals are in closed form")
    if law.dimension != 1:
        raise ValueError(f"law must be on the line, got dimension {law.dimension}: take one coordinate")
    variances = to_numpy(law.variances())[:, 0]
    if np.any(variances <= 0):
        raise ValueError("law must have positive variances, got a point mass: its squared density has no integral")
    return to_numpy(law.weights), to_numpy(law.means)[:, 0], variances


def _frequencies(
    means: np.ndarray, variances: np.ndarray, narrowest: float, first: float, h: float, rounds: int
) -> tuple[np.ndarray, float]:
    """Nodes 0, dw, 2 dw, ... for the trapezoidal rule, which converges geometrically for these analytic integrands.

    The integrand is the transform of a function that lives on twice the reach of the densities, and has decayed to
    e^(-42) at the last node.
    """
    reach = np.ptp(means) + 17 * math.sqrt(variances.max() + first**2 + rounds * h**2)
    step = math.pi / reach
    last = 6.5 / min(narrowest, math.sqrt(variances.min()))
    if last / step > MAX_NODES:
        raise ValueError(
            f"law, samples, ratio, rounds and constant must give widths that one grid holds, got {6.5 / last:.3g} to "
            f"{reach:.3g}, more than {MAX_NODES} nodes: rescale the law, or take fewer rounds"
        )
    return step * np.arange(math.ceil(last / step) + 1), step
