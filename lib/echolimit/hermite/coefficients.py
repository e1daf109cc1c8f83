"""Hermite coefficients of a law by exact recurrences."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from echolimit._checks import check_count
from echolimit._components import Components, components, has_damped_modes, parts_of
from echolimit._law import check_law
from echolimit.hermite.table import check_table, degree_sums, level_positions, multi_indices

BLOCK = 2_000_000  # numbers a level of the table may hold at once


class HermiteTable(NamedTuple):
    """Multi-index coefficients of a law on R^d: indices (m, d), coefficients (m,), degree_energies (degree + 1,)."""

    indices: np.ndarray
    coefficients: np.ndarray
    degree_energies: np.ndarray


def hermite_coefficients(law: Any, degree: int) -> np.ndarray | HermiteTable:
    """c_n = E[h_n(X)] of a law, by recurrences without quadrature.

    One component N(m, v): c_{n+1} = (m c_n + sqrt(n) (v - 1) c_{n-1}) / sqrt(n + 1), c_0 = 1; an atom is v = 0, so that
    c_n = h_n(m).  Full covariances: e_{n + e_i} = m_i e_n + sum_j (C - I)_ij n_j e_{n - e_j} with c_n = e_n / sqrt(n!).
    An EchoLaw of Ornstein-Uhlenbeck ages: c_n = sum_j w_j exp(-n t_j) c_n(target), the sum over the ages that the law
    holds (for a limit law this is H_n c_n up to its certified error); a variance-exploding one sums over components.

    law: GaussianMixture, PointCloud or EchoLaw.  degree: integer >= 0.  For d = 1 returns an array c_0 .. c_degree;
    for d > 1 a HermiteTable: indices (m, d) by degree, coefficients (m,), degree energies sum_{|k|=n} c_k^2.
    The recurrences are stable forward; a mixture's c_n is exact to rounding of its largest component coefficient.
    Raises ValueError for a table with too many entries (use `degree_energies`) and where a coefficient leaves the range
    of float64, TypeError for anything but a law.
    Derived in chapter 4, prop-mixture-coefficients.
    """
    check_law(law, "law")
    degree = check_count(degree, "degree")
    d = law.dimension
    if d == 1:
        return _finite(_sum_over_ages(law, degree, np.arange(degree + 1), _line), degree)
    check_table(d, degree)
    indices = multi_indices(d, degree)
    degrees = indices.sum(axis=1)
    c = _finite(_sum_over_ages(law, degree, degrees, _table), degree)
    return HermiteTable(indices, c, degree_sums(c**2, degrees, degree))


def _sum_over_ages(law: Any, degree: int, degrees: np.ndarray, one_law: Any) -> np.ndarray:
    """Coefficients of a law from those of its undiffused parts: exp(-n t) each (Mehler)."""
    if not has_damped_modes(law):
        return one_law(components(law), degree)
    total = np.zeros(len(degrees))
    for times, weights, base in parts_of(law):
        shares = np.exp(-np.arange(degree + 1)[:, None] * times) @ weights
        total = total + shares[degrees] * _sum_over_ages(base, degree, degrees, one_law)
    return total


def _line(flat: Components, degree: int) -> np.ndarray:
    mean, excess = flat.means[:, 0], flat.excess()
    out = np.empty(degree + 1)
    before, now = np.zeros_like(mean), np.ones_like(mean)
    with np.errstate(over="ignore", invalid="ignore"):
        for n in range(degree + 1):
            out[n] = flat.weights @ now
            before, now = now, (mean * now + math.sqrt(n) * excess * before) / math.sqrt(n + 1)
    return out


def _table(flat: Components, degree: int) -> np.ndarray:
    d, k = flat.means.shape[1], flat.means.shape[0]
    levels = level_positions(d, degree)
    width = max(1, BLOCK // len(levels[-1].modes))
    out = np.zeros(sum(len(level.modes) for level in levels))
    for first in range(0, k, width):
        rows = slice(first, first + width)
        part = Components(flat.weights[rows], flat.means[rows], flat.covariances[rows])
        out = out + _table_block(part, levels)
    return out


def _table_block(flat: Components, levels: list[Any]) -> np.ndarray:
    """One degree after the other; rows are components, columns the multi-indices of that degree."""
    excess = flat.excess()
    before = now = np.ones((len(flat.weights), 1))
    out = [flat.weights @ now]
    for level in levels[1:]:
        i = level.axis
        new = flat.means[:, i] * now[:, level.parent]
        for j, (columns, source, root) in enumerate(level.grandparents):
            if not columns.size:
                continue
            if flat.isotropic:
                on = i[columns] == j
                columns, source, root = columns[on], source[on], root[on]
                factor = excess[:, None]
            else:
                factor = excess[:, i[columns], j]
            new[:, columns] += factor * root * before[:, source]
        new /= level.root
        before, now = now, new
        out.append(flat.weights @ now)
    return np.concatenate(out)


def _finite(c: np.ndarray, degree: int) -> np.ndarray:
    if not np.all(np.isfinite(c)):
        raise ValueError(
            f"degree {degree} is too high for this law: a coefficient leaves the range of float64; lower the degree or "
            "move the law nearer to N(0, I), for example law.diffuse(t)"
        )
    return c
