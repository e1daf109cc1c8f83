"""Weighted variation of densities on a grid, and the Dobrushin coefficient of a kernel on a grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_finite

Penalty = Callable[[np.ndarray], np.ndarray]
CANDIDATES = 200  # pairs of rows that a rough rule finds farthest apart


def weighted_variation(p: Any, q: Any, x: Any, penalty: Penalty | None = None) -> float:
    """(1/2) int (1 + V) |p - q| of two densities given at the points x: total variation for V = 0 (None).

    The trapezoidal rule, mended in the cells where p - q changes sign; exact to the third order in equal cells.
    p, q: (n,), densities at x, not normalised here.  x: (n,), increasing, n >= 2.  penalty: V, a function (n,) -> (n,).
    Returns a number >= 0.  Raises ValueError for wrong shapes, NaN or points that do not increase.
    Defined in chapter 9, eq-weighted-variation.
    """
    x = check_grid(x, "x")
    gap = _on_grid(p, x, "p") - _on_grid(q, x, "q")
    return float(absolute_integral(gap * weight_at(penalty, x), x)) / 2


def dobrushin_coefficient(kernel: Any, x: Any, y: Any, penalty: Penalty | None = None) -> float:
    """The largest distance of two rows of a kernel: sup over starts of TV(K(x, .), K(x', .)).

    With a penalty V: the largest of int (1 + V) |K(x, .) - K(x', .)| / (2 + V(x) + V(x')), the factor by which K
    contracts int (1 + V) |mu - nu|, over the starts given.  Fewer starts can only lower it.

    kernel: (n, m), row i the density of the next state at the points y, from x[i].  x: (n,) starts, increasing.
    y: (m,), increasing.  penalty: V as a function of points, or None for V = 0.
    Raises ValueError for wrong shapes, NaN or points that do not increase.  Defined in chapter 9, eq-dobrushin.
    """
    x, y = check_grid(x, "x"), check_grid(y, "y")
    rows = to_numpy(as_float_array(kernel, "kernel"))
    if rows.shape != (len(x), len(y)):
        raise ValueError(f"kernel must have shape ({len(x)}, {len(y)}), a row for each start, got {rows.shape}")
    check_finite(rows, "kernel")
    here, rows = weight_at(penalty, x), rows * weight_at(penalty, y)
    first, second = np.triu_indices(len(x), 1)
    sizes = here[first] + here[second]
    rough = pdist(rows * trapezoid_weights(y), "cityblock") / sizes  # without the mending at kinks
    best = np.argsort(rough)[-CANDIDATES:]
    return float(np.max(absolute_integral(rows[first[best]] - rows[second[best]], y) / sizes[best]))


def absolute_integral(gap: np.ndarray, x: np.ndarray) -> np.ndarray:
    """int |gap| over x along the last axis: trapezoidal rule, mended where gap changes sign between two points.

    There |gap| has a kink of slope k on both sides: the cell is split at the linear root, and the end terms k h^2 / 12
    of the trapezoidal rule on the two smooth sides (Euler and Maclaurin) are added.
    """
    left, right = gap[..., :-1], gap[..., 1:]
    size = np.abs(left) + np.abs(right)
    cells = size / 2
    crossing = (left < 0) != (right < 0)
    cells[crossing] += size[crossing] / 6 - np.abs(left[crossing] * right[crossing]) / size[crossing]
    return cells @ np.diff(x)


def trapezoid_weights(x: np.ndarray) -> np.ndarray:
    """Weights of the trapezoidal rule at the points x."""
    step = np.diff(x)
    return np.concatenate([step[:1], step[:-1] + step[1:], step[-1:]]) / 2


def check_grid(x: Any, name: str) -> np.ndarray:
    """Increasing points (n,), n >= 2."""
    points = to_numpy(as_float_array(x, name))
    if points.ndim != 1 or len(points) < 2:
        raise ValueError(f"{name} must have shape (n,) with n >= 2, got {points.shape}: use np.linspace(low, high, n)")
    check_finite(points, name)
    if not np.all(np.diff(points) > 0):
        raise ValueError(f"{name} must increase strictly: use np.unique({name})")
    return points


def weight_at(penalty: Penalty | None, x: np.ndarray) -> np.ndarray:
    """1 + V at the points x."""
    if penalty is None:
        return np.ones_like(x)
    if not callable(penalty):
        raise TypeError(f"penalty must be a function of points or None, got {penalty!r}: for example np.square")
    values = np.asarray(penalty(x), dtype=float)
    if values.shape != x.shape or not np.all(values >= 0):
        raise ValueError(f"penalty must map points of shape {x.shape} to numbers >= 0 of that shape: try np.square")
    return 1 + values


def _on_grid(p: Any, x: np.ndarray, name: str) -> np.ndarray:
    values = to_numpy(as_float_array(p, name))
    if values.shape != x.shape:
        raise ValueError(f"{name} must have shape {x.shape}, one value a point, got {values.shape}")
    check_finite(values, name)
    return values
