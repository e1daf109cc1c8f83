"""Wasserstein distances: exact maps on the line, and slices of samples in any dimension."""

from __future__ import annotations

import math
import numbers
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, as_float_array, check_rng, same_home, standard_normal
from echolimit._checks import check_count, check_finite
from echolimit.distances.line import Line, gap_of, panels
from echolimit.distances.quadrature import integrate, integrate_square, sign_changes


def check_order(order: Any) -> int:
    """The order of a Wasserstein distance: 1 or 2."""
    if isinstance(order, bool) or not isinstance(order, numbers.Real) or order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, got {order!r}: other orders are not computed here")
    return 1 if order == 1 else 2


def wasserstein(p: Any, q: Any, order: int) -> float:
    """W_1 or W_2 between laws on the line.

    W_1 = int |F_p - F_q|, split where the difference changes sign.  W_2^2 = int (x - T(x))^2 p(x) dx with the
    monotone map T = F_q^{-1} F_p, solved for from the lower tail on the left and from the upper tail on the right.

    p, q: GaussianMixture, PointCloud (also undiffused) or EchoLaw of dimension 1.  order: 1 or 2.  Relative error about
    1e-12 for laws that are not close, absolute error about 1e-13 of the larger standard deviation.
    Raises ValueError for another order or dimension, or for a law that mixes atoms with a density.
    Defined in chapter 3, eq-wasserstein.
    """
    order = check_order(order)
    first, second = Line(p, "p"), Line(q, "q")
    if first.atoms and second.atoms:
        return _between_atoms(first, second, order)
    if order == 1:
        edges = panels([first, second])
        gap = gap_of(first, second)
        cuts = np.unique(np.concatenate([edges, sign_changes(gap, edges, noise=1e-15)]))
        return integrate(lambda x: np.abs(gap(x)), cuts, floor=1e-14 * float(np.abs(edges).max()))
    if second.atoms:
        first, second = second, first
    if first.atoms:
        return math.sqrt(_to_atoms(second, first))
    edges = panels([first, second])
    rounding = 1e-15 * float(np.abs(edges).max())  # of x - T(x)
    return math.sqrt(integrate_square(_squared_way(first, second), edges, rounding))


def _squared_way(p: Line, q: Line) -> Any:
    def integrand(x: np.ndarray) -> np.ndarray:
        density = p.density(x)
        out = np.zeros_like(x)
        live = density > 1e-40  # beyond, the squared way is far too short to matter
        points = x[live]
        out[live] = (points - q.quantile(p.cdf(points), p.survival(points))) ** 2 * density[live]
        return out

    return integrand


def _to_atoms(smooth: Line, cloud: Line) -> float:
    """int |y - x_i|^2 over the cells of the density that the sorted atoms x_i receive."""
    order = np.argsort(cloud.means, kind="stable")
    atoms, weights = cloud.means[order], cloud.weights[order]
    lower = np.cumsum(weights)[:-1]
    upper = np.cumsum(weights[::-1])[::-1][1:]
    cuts = smooth.quantile(lower, upper)
    edges = np.unique(np.concatenate([panels([smooth]), cuts]))
    return integrate(lambda y: (y - atoms[np.searchsorted(cuts, y)]) ** 2 * smooth.density(y), edges)


def _between_atoms(p: Line, q: Line, order: int) -> float:
    i, j = np.argsort(p.means, kind="stable"), np.argsort(q.means, kind="stable")
    steps_p, steps_q = np.cumsum(p.weights[i]), np.cumsum(q.weights[j])
    levels = np.unique(np.concatenate([steps_p[:-1], steps_q[:-1], [0.0, 1.0]]))
    middle = (levels[1:] + levels[:-1]) / 2
    x = p.means[i][np.searchsorted(steps_p[:-1], middle)]
    y = q.means[j][np.searchsorted(steps_q[:-1], middle)]
    return float(np.sum(np.diff(levels) * np.abs(x - y) ** order)) ** (1 / order)


def sliced_wasserstein(x: Any, y: Any, projections: int, rng: Any, order: int = 2) -> float:
    """Sliced Wasserstein distance between two samples, averaged over random directions.

    ((1 / L) sum_l W_order(theta_l . x, theta_l . y)^order)^(1 / order), theta_l uniform on the sphere; each W is
    exact for the two empirical laws: sorted values, or quantile functions where the sizes differ.

    x: (n, d), y: (m, d), numpy or torch on one device.  projections: L >= 1.  rng: numpy Generator, or
    torch.Generator on the device; same seed, same directions.  order: 1 or 2.  Returns a float.
    Raises ValueError for wrong shapes or NaN, TypeError for mixed namespaces or another kind of generator.
    Defined in chapter 3, eq-sliced.
    """
    x, y = as_float_array(x, "x"), as_float_array(y, "y")
    same_home(x=x, y=y)
    for name, samples in (("x", x), ("y", y)):
        if samples.ndim != 2 or 0 in samples.shape:
            hint = f": use {name}[:, None]" if samples.ndim == 1 else ""
            raise ValueError(f"{name} must have shape (n, d), got {tuple(samples.shape)}{hint}")
        check_finite(samples, name)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x and y must have one dimension, got {x.shape[1]} and {y.shape[1]}: samples of one space")
    projections, order = check_count(projections, "projections", least=1), check_order(order)
    check_rng(rng, x)
    xp = compat.array_namespace(x, y)
    dtype = xp.result_type(x, y)
    x, y = xp.astype(x, dtype), xp.astype(y, dtype)
    directions = standard_normal(rng, (x.shape[1], projections), x)
    directions = (directions / xp.sqrt(xp.sum(directions**2, axis=0))[None, :]).T
    x, y = (xp.sort(xp.matmul(directions, points.T), axis=1) for points in (x, y))
    return float(xp.mean(ways_between_sorted(x, y, order))) ** (1 / order)


def ways_between_sorted(x: Array, y: Array, order: int) -> Array:
    """W_order^order between the rows of x (L, n) and of y (L, m), each row sorted; shape (L,)."""
    xp = compat.array_namespace(x)
    n, m = x.shape[1], y.shape[1]
    if n == m:
        return xp.mean(xp.abs(x - y) ** order, axis=1)
    # both quantile functions are constant between the common levels i / n and j / m; counted in units of 1 / (n m)
    levels = np.sort(np.concatenate([np.arange(n + 1, dtype=np.int64) * m, np.arange(1, m, dtype=np.int64) * n]))
    levels = levels[np.append(True, np.diff(levels) > 0)]
    device = compat.device(x)
    columns_x, columns_y = (xp.asarray(levels[:-1] // step, device=device) for step in (m, n))
    shares = xp.asarray(np.diff(levels) / (n * m), dtype=x.dtype, device=device)
    ways = xp.abs(xp.take(x, columns_x, axis=1) - xp.take(y, columns_y, axis=1)) ** order
    return xp.matmul(ways, shares)
