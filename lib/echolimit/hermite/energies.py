"""Degree energies E_n = sum over multi-indices of degree n of c^2, without multi-indices: any dimension."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._checks import check_count
from echolimit._components import Components, components, count_components, has_damped_modes, parts_of
from echolimit._law import check_law

MAX_PAIRS = 8_000_000  # isotropic components, one short recurrence a pair
MAX_MATRIX_WORK = 20_000_000_000  # multiplications, full covariances
BLOCK = 500_000


def degree_energies(law: Any, degree: int) -> np.ndarray:
    """E_0 .. E_degree of a law on R^d, E_n = sum_{|k| = n} c_k^2, for d where no table of multi-indices fits.

    sum_n rho^n E_n = sum_ab w_a w_b G_ab(rho) over pairs of components, with A = C_a - I, B = C_b - I and
    ln G_ab = -(1/2) sum_i ln(1 - rho^2 lambda_i) + rho m_a^T K m_b + (rho^2 / 2) (m_a^T K B m_a + m_b^T A K m_b),
    K = (I - rho^2 B A)^{-1}, lambda_i the eigenvalues of AB.  The logarithm of each factor is expanded by itself,
    which is its principal branch (the root of the whole determinant has others), and the series is exponentiated
    by n g_n = sum_k k f_k g_{n-k}; isotropic pairs need
    four terms only.  Then chi2(p || gamma) = sum_{n >= 1} E_n, and E_n(P_t p) = exp(-2 n t) E_n(p).

    law: GaussianMixture, PointCloud or EchoLaw (Ornstein-Uhlenbeck ages: the target's energies times squared shares).
    degree: integer >= 0.  Returns (degree + 1,), E_0 = 1.  Raises ValueError for more pairs than can be summed and
    where an energy leaves the range of float64, TypeError for anything but a law.
    Derived in chapter 4, prop-degree-energies.
    """
    check_law(law, "law")
    degree = check_count(degree, "degree")
    pieces = _pieces(law, degree)
    total = np.zeros(degree + 1)
    for i, (left, p) in enumerate(pieces):
        for right, q in pieces[i:]:
            twice = 1.0 if p is q else 2.0
            total += twice * left * right * _cross_energies(p, q, degree)
    if not np.all(np.isfinite(total)):
        raise ValueError(
            f"degree {degree} is too high for this law: an energy leaves the range of float64; lower the degree or "
            "move the law nearer to N(0, I), for example law.diffuse(t)"
        )
    return np.maximum(total, 0.0)


def _pieces(law: Any, degree: int) -> list[tuple[np.ndarray, Components]]:
    """The law's coefficients as sums of shares (degree + 1,) times coefficients of plain mixtures."""
    _check_pairs(law, degree)
    if not has_damped_modes(law):
        return [(np.ones(degree + 1), components(law))]
    out = []
    for times, weights, base in parts_of(law):
        shares = np.exp(-np.arange(degree + 1)[:, None] * times) @ weights
        out += [(shares * inner, flat) for inner, flat in _pieces(base, degree)]
    return out


def _check_pairs(law: Any, degree: int) -> None:
    if has_damped_modes(law):
        return
    count = count_components(law)
    if count**2 > 2 * MAX_PAIRS:
        raise ValueError(
            f"law has {count} components, which makes {count * (count + 1) // 2} pairs, more than "
            f"{MAX_PAIRS}: take a random subset of the points, or estimate the coefficients from samples"
        )


def _cross_energies(p: Components, q: Components, degree: int) -> np.ndarray:
    """sum_{|k| = n} c_k(p) c_k(q) for n = 0 .. degree."""
    if p.isotropic and q.isotropic:
        pair_series, width = _isotropic_series, max(1, BLOCK // (5 * len(q.weights)))
    else:
        work = len(p.weights) * len(q.weights) * p.means.shape[1] ** 3 * (degree / 2 + 10)
        if work > MAX_MATRIX_WORK:
            raise ValueError(
                f"law has {len(p.weights)} x {len(q.weights)} pairs of full covariances in dimension "
                f"{p.means.shape[1]}, too many to sum: lower the degree, use fewer components or isotropic ones"
            )
        pair_series, width = _matrix_series, 1
    total = np.zeros(degree + 1)
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(p.weights), width):
            rows = slice(first, first + width)
            a = Components(p.weights[rows], p.means[rows], p.covariances[rows])
            total += pair_series(a, q, degree)
    return total


def _isotropic_series(p: Components, q: Components, degree: int) -> np.ndarray:
    """All pairs of N(x, (1 + a) I) and N(y, (1 + b) I).

    (1 - l rho^2)^2 G' = (s + (u + d l) rho + l s rho^2 - d l^2 rho^3) G with l = a b,
    s = x.y, u = b |x|^2 + a |y|^2; the coefficients of G follow by a recurrence over four terms.
    """
    d = p.means.shape[1]
    a, b = p.excess()[:, None], q.excess()[None, :]
    s = p.means @ q.means.T
    u = b * (p.means**2).sum(axis=1)[:, None] + a * (q.means**2).sum(axis=1)[None, :]
    lam = a * b
    zero = np.zeros_like(s)
    series = [np.ones_like(s), zero, zero, zero]  # g_n, g_{n-1}, g_{n-2}, g_{n-3}
    out = np.empty(degree + 1)
    for n in range(degree + 1):
        g0, g1, g2, g3 = series
        out[n] = p.weights @ g0 @ q.weights
        following = s * g0 + (u + lam * (d + 2 * (n - 1))) * g1 + lam * s * g2 - lam**2 * (d + n - 3) * g3
        series = [following / (n + 1), g0, g1, g2]
    return out


def _matrix_series(p: Components, q: Components, degree: int) -> np.ndarray:
    """One component of p against all of q with full matrices: series of ln G, then its exponential."""
    d = p.means.shape[1]
    a = _matrices(p, d)[0]
    b = _matrices(q, d)
    x, y = p.means[0], q.means
    lam = np.linalg.eigvals(a @ b)
    log = np.zeros((degree + 1, len(b)))
    ay = y @ a  # m_b^T A, since A is symmetric
    right, left = y.copy(), b @ x  # (BA)^k m_b and (BA)^k B m_a
    power = np.ones_like(lam)
    for k in range(degree // 2 + 1):
        if 2 * k + 1 <= degree:
            log[2 * k + 1] = right @ x
        if 2 * k + 2 <= degree:
            power = power * lam
            log[2 * k + 2] = (left @ x + np.einsum("kd,kd->k", ay, right)) / 2 + power.sum(axis=1).real / (2 * k + 2)
            right = np.einsum("kij,kj->ki", b, right @ a)
            left = np.einsum("kij,kj->ki", b, left @ a)
    slope = np.arange(degree + 1)[:, None] * log
    g = np.zeros((degree + 1, len(b)))
    g[0] = 1.0
    for n in range(1, degree + 1):
        g[n] = np.einsum("kp,kp->p", slope[1 : n + 1], g[n - 1 :: -1][:n]) / n
    return p.weights[0] * (g @ q.weights)


def _matrices(flat: Components, d: int) -> np.ndarray:
    excess = flat.excess()
    return excess[:, None, None] * np.eye(d) if flat.isotropic else excess
