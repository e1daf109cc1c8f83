"""Replace thousands of ages by a few, with a certified error in total variation.

A law of the recursion is an average of P_t p* over a discrete measure on times t.  In t the density is analytic, so a
Gauss quadrature for that very measure (nodes inside the interval, positive weights, the same total mass) converges
geometrically.  If the L1 norm of the density is at most M for all complex times in the Bernstein ellipse of parameter
rho around the interval, a rule with m nodes on a part of mass W errs by at most 2 W M rho^(1 - 2 m) / (rho - 1) in
total variation (chapter 3, prop-age-groups).  A Gaussian at a complex time, with mean m and variance v, has L1 norm
sqrt(|v| / Re v) exp((Im m)^2 / (2 Re v)) in each coordinate; that is what `_complex_mass` of the laws bounds.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.linalg import eigh_tridiagonal

LISTED_AGES = 512  # up to here every age is kept
NODES = 20
ELLIPSES = (1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0)


def group_ages(times: np.ndarray, weights: np.ndarray, tol: float, target: Any, process: Any):
    """Nodes, weights and a TV error bound <= tol for the measure sum_j weights_j delta_{times_j}, times increasing.

    Parts that no quadrature with NODES nodes certifies are halved, down to single ages, which are exact.
    """
    nodes, masses, error = [], [], 0.0
    stack = [(0, len(times))]
    while stack:
        first, stop = stack.pop()
        part, mass = times[first:stop], weights[first:stop]
        if stop - first <= NODES:
            nodes.append(part)
            masses.append(mass)
            continue
        bound = _certificate(float(part[0]), float(part[-1]), target, process)
        if bound > tol:
            middle = int(np.searchsorted(part, math.sqrt(part[0] * part[-1]))) + first
            middle = min(max(middle, first + 1), stop - 1)
            stack += [(middle, stop), (first, middle)]
            continue
        node, share = discrete_gauss(part, mass, NODES)
        nodes.append(node)
        masses.append(share)
        error += bound * float(mass.sum())
    return np.concatenate(nodes), np.concatenate(masses), error


def _certificate(lower: float, upper: float, target: Any, process: Any) -> float:
    """The best bound of the TV error a unit of mass on [lower, upper], over a few ellipses."""
    centre, half = (lower + upper) / 2, (upper - lower) / 2
    best = math.inf
    for rho in ELLIPSES:
        wide, height = half * (rho + 1 / rho) / 2, half * (rho - 1 / rho) / 2
        if centre - wide <= 0:
            continue
        mass = target._complex_mass(process, centre - wide, centre + wide, height)
        best = min(best, 2 * mass * rho ** (1 - 2 * NODES) / (rho - 1))
    return best


def discrete_gauss(points: np.ndarray, weights: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray]:
    """The m-point Gauss rule of a discrete measure: exact for polynomials of degree 2 m - 1, positive weights.

    Stieltjes' procedure for the recurrence, then the eigenvalues of the Jacobi matrix (Golub and Welsch).
    """
    total = weights.sum()
    centre, half = (points[0] + points[-1]) / 2, (points[-1] - points[0]) / 2
    x = (points - centre) / half
    root = np.sqrt(weights / total)  # orthonormal polynomials times the root of the measure: no overflow
    basis = [root]
    diagonal, off = np.empty(m), np.empty(m)
    for j in range(m):
        current = basis[-1]
        diagonal[j] = current @ (x * current)
        following = x * current - diagonal[j] * current - (off[j - 1] * basis[-2] if j else 0)
        for earlier in basis:  # once more against all: keeps orthogonality to rounding
            following = following - (earlier @ following) * earlier
        off[j] = math.sqrt(following @ following)
        if off[j] < 1e-13:  # the measure has, to rounding, no more than j + 1 points
            m = j + 1
            break
        basis.append(following / off[j])
    node, vectors = eigh_tridiagonal(diagonal[:m], off[: m - 1])
    return centre + half * node, total * vectors[0] ** 2
