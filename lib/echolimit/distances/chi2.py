"""chi2(p || q) = int (p - q)^2 / q: closed form against one Gaussian, quadrature on the line, inf where it diverges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from echolimit._components import Components, components, count_components, has_damped_modes
from echolimit._law import check_law
from echolimit.distances.line import Line, common_masses, panels
from echolimit.distances.quadrature import integrate_square

MAX_WORK = 400_000_000  # pairs of components times d^3
BLOCK = 2_000_000
CLOSE = 1e-12  # relative distance of two variances that count as equal


def chi2_divergence(p: Any, q: Any) -> float:
    """chi2(p || q) = int p^2 / q - 1, in [0, inf].

    q one Gaussian, any dimension: whitened by q, sum_ab w_a w_b I_ab - 1 with
    I_ab = (2 pi)^(d/2) N(m_a - m_b; 0, C_a + C_b) det(I - S)^(-1/2) exp(mu^T (I - S)^(-1) mu / 2),
    S = C_a (C_a + C_b)^(-1) C_b, mu = C_b (C_a + C_b)^(-1) m_a + C_a (C_a + C_b)^(-1) m_b;
    inf if a variance is 2 or more.
    q a mixture on the line: quadrature of q (p / q - 1)^2.

    inf where the integral diverges: in a tail where p's largest variance exceeds twice q's, or equals it and p's
    means do not lie inside q's; and where p is not absolutely continuous.  So chi2 of the limit law against narrow
    data (largest variance below 1/2) is inf.  Also inf for a finite value above 1e308.

    p, q: GaussianMixture, PointCloud or EchoLaw.  Absolute error about 1e-14 in closed form, relative error about
    1e-11 by quadrature.  Raises ValueError for d > 1 unless q is one Gaussian, for too many pairs of components, and
    where p or q is truncated and the ages left out would decide whether the value is finite.
    Derived in chapter 4, prop-chi2-gamma and prop-chi2-infinite; Hermite form in chapter 4, prop-degree-energies.
    """
    check_law(p, "p")
    check_law(q, "q")
    if p.dimension != q.dimension:
        raise ValueError(f"p and q must have one dimension, got {p.dimension} and {q.dimension}: laws on one space")
    reference = _single_gaussian(q)
    if p.dimension > 1 and reference is None:
        raise ValueError(
            f"q must be one Gaussian in dimension {p.dimension}, got a mixture: "
            "mixtures are fine on the line; here pass q = standard_gaussian(d)"
        )
    if p.dimension == 1 or reference is None:  # a mixture q is on the line, by the check above
        first, second = Line(p, "p"), Line(q, "q")
        if first.atoms or second.atoms:
            return _between_atoms(first, second) if first.atoms and second.atoms else math.inf
        if not _finite(first, second, _unlisted(p, first), _unlisted(q, second)):
            return math.inf
        if reference is None:
            return _by_quadrature(first, second)
    return _against_gaussian(p, *reference)


def _single_gaussian(q: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Mean (d,) and covariance (d, d) of a law that is one nondegenerate Gaussian, else None."""
    if count_components(q) > 1000:
        return None
    flat = components(q)
    if np.any(flat.means != flat.means[0]) or np.any(flat.covariances != flat.covariances[0]):
        return None
    if flat.spectrum()[0].min() <= 0:
        return None
    covariance = flat.covariances[0] * np.eye(q.dimension) if flat.isotropic else flat.covariances[0]
    return flat.means[0], covariance


def _against_gaussian(p: Any, mean: np.ndarray, covariance: np.ndarray) -> float:
    count, d = count_components(p), p.dimension
    if count**2 * (d**3 if d > 1 else 1) > MAX_WORK:
        raise ValueError(
            f"p has {count} components in dimension {d}, too many pairs for the closed form: "
            "sum degree_energies(p, degree)[1:] instead, or raise tol"
        )
    flat = components(p)
    offset = flat.means - mean
    if flat.isotropic and np.all(covariance == covariance[0, 0] * np.eye(d)):
        scale = covariance[0, 0]
        flat = Components(flat.weights, offset / math.sqrt(scale), flat.covariances / scale)
    else:
        root = np.linalg.inv(np.linalg.cholesky(covariance))
        full = flat.covariances[:, None, None] * np.eye(d) if flat.isotropic else flat.covariances
        flat = Components(flat.weights, offset @ root.T, root @ full @ root.T)
    spectrum = flat.spectrum()
    if spectrum.max() >= 2 * (1 - CLOSE) or spectrum.min() <= 0:
        return math.inf
    pairs = _isotropic_pairs if flat.isotropic else _full_pairs
    total, width = 0.0, max(1, BLOCK // (count * (1 if flat.isotropic else d * d)))
    with np.errstate(over="ignore"):
        for i in range(0, count, width):
            rows = slice(i, i + width)
            part = Components(flat.weights[rows], flat.means[rows], flat.covariances[rows])
            total += float(part.weights @ np.expm1(pairs(part, flat)) @ flat.weights)
    return max(0.0, total)


def _isotropic_pairs(p: Components, q: Components) -> np.ndarray:
    """ln I_ab for isotropic components, shape (k_p, k_q)."""
    d = p.means.shape[1]
    v, u = p.covariances[:, None], q.covariances[None, :]
    both = v + u
    apart = ((p.means[:, None, :] - q.means[None, :, :]) ** 2).sum(axis=2)
    centre = (u[:, :, None] * p.means[:, None, :] + v[:, :, None] * q.means[None, :, :]) / both[:, :, None]
    left = both - v * u  # (v + u) (1 - S)
    return -(d / 2) * np.log(left) - apart / (2 * both) + (centre**2).sum(axis=2) * both / (2 * left)


def _full_pairs(p: Components, q: Components) -> np.ndarray:
    """ln I_ab for full covariances, shape (k_p, k_q)."""
    eye = np.eye(p.means.shape[1])
    v, u = p.covariances[:, None], q.covariances[None, :]
    x, y = p.means[:, None, :, None], q.means[None, :, :, None]
    both = v + u
    apart = x - y
    middle = v @ np.linalg.solve(both, u + 0 * v)
    rest = eye - (middle + np.swapaxes(middle, -1, -2)) / 2
    centre = u @ np.linalg.solve(both, x + 0 * y) + v @ np.linalg.solve(both, y + 0 * x)
    form = -_form(both, apart) + _form(rest, centre)
    return (form - np.linalg.slogdet(both)[1] - np.linalg.slogdet(rest)[1]) / 2


def _form(matrix: np.ndarray, x: np.ndarray) -> np.ndarray:
    return (x * np.linalg.solve(matrix, x))[..., 0].sum(axis=-1)


def _unlisted(law: Any, line: Line) -> float:
    """Supremum of the component variances that a truncated law leaves out; 0 if it is exact."""
    if line.tv_error == 0:
        return 0.0
    return 1.0 if has_damped_modes(law) else math.inf


def _finite(p: Line, q: Line, p_unlisted: float, q_unlisted: float) -> bool:
    """Whether int p^2 / q is finite, from the widest components of both."""
    widest_p, widest_q = float(p.spreads.max()) ** 2, float(q.spreads.max()) ** 2
    most_p, most_q = max(widest_p, p_unlisted), max(widest_q, q_unlisted)
    if widest_p > 2 * most_q * (1 + CLOSE):
        return False
    if most_p < 2 * widest_q * (1 - CLOSE):
        return True
    if most_p > widest_p or most_q > widest_q:
        raise ValueError(
            f"chi2 is not decided: p has a largest variance of {widest_p} to {most_p}, q of {widest_q} to {most_q}, "
            "as a truncated law leaves ages out, and int p^2 / q is finite only below a ratio of 2; "
            "use total_variation, wasserstein or chi2 against standard_gaussian(1)"
        )
    wide_p = p.means[p.spreads**2 > widest_p * (1 - CLOSE)]
    wide_q = q.means[q.spreads**2 > widest_q * (1 - CLOSE)]
    return bool(wide_p.max() < wide_q.max() and wide_p.min() > wide_q.min())


def _by_quadrature(p: Line, q: Line) -> float:
    def integrand(x: np.ndarray) -> np.ndarray:
        log_p, log_q = p.log_density(x), q.log_density(x)
        ratio = log_p - log_q
        near = ratio < 30
        density = np.exp(log_q)
        with np.errstate(over="ignore"):
            far = np.exp(2 * log_p - log_q) - 2 * np.exp(log_p) + density
        return np.where(near, density * np.expm1(np.minimum(ratio, 30)) ** 2, far)

    edges = panels([p, q])
    edges = np.concatenate([_outward(p, q, edges, -1)[::-1], edges, _outward(p, q, edges, 1)])
    if float(np.max(2 * p.log_density(edges) - q.log_density(edges))) > 690:
        return math.inf  # above the range of float64
    return integrate_square(integrand, edges, 1e-14)


def _outward(p: Line, q: Line, edges: np.ndarray, side: int) -> np.ndarray:
    """Further edges on one side, until p^2 / q, whose tail may be far wider than p's, has fallen by exp(-80)."""
    width = float(p.spreads.max())
    x, out = float(edges[-1] if side > 0 else edges[0]), []
    inner = edges[:: max(1, len(edges) // 500)]
    top = float(np.max(2 * p.log_density(inner) - q.log_density(inner)))
    before = math.inf
    for _ in range(400):
        height = float((2 * p.log_density(np.array([x])) - q.log_density(np.array([x])))[0])
        if height < top - 80 and height < before:
            break
        top, before = max(top, height), height
        x += side * width
        width *= 1.2
        out.append(x)
    return np.array(out)


def _between_atoms(p: Line, q: Line) -> float:
    a, b = common_masses(p, q)
    if np.any((a > 0) & (b == 0)):
        return math.inf
    live = b > 0
    return float(np.sum((a[live] - b[live]) ** 2 / b[live]))
