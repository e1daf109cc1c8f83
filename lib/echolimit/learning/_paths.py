"""What the measures of a score error share: cells of time, scores without gradients, rows of numbers as float64."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, as_float_array, to_numpy
from echolimit._checks import check_count, check_finite
from echolimit.process import delta_to_sigma, sigma_to_delta
from echolimit.samplers.grids import time_grid

Score = Callable[[Any, float], Any]


class Cells(NamedTuple):
    """[delta, T] cut into cells, rising: edges (K + 1,), one time t_k in each (K,), and the lengths w_k (K,).

    sum_k w_k f(t_k) is the midpoint rule (the middle of ln sigma), of second order, exact for constant f.
    """

    edges: np.ndarray
    times: np.ndarray
    lengths: np.ndarray


def time_cells(T: float, delta: float, steps: int, spacing: str) -> Cells:
    """`steps` cells between delta and T."""
    return cells_between(time_grid(T, delta, steps, spacing))


def cells_between(times: Any) -> Cells:
    """The cells between falling times."""
    edges = np.sort(to_numpy(as_float_array(times, "times")))
    middles = [
        sigma_to_delta(math.sqrt(delta_to_sigma(a) * delta_to_sigma(b))) if b < 20 else (a + b) / 2
        for a, b in itertools.pairwise(edges.tolist())
    ]
    return Cells(edges, np.asarray(middles), np.diff(edges))


def check_rows(value: Any, name: str) -> Array:
    """Points (n, d), n >= 2, finite."""
    x = as_float_array(value, name)
    if x.ndim != 2 or x.shape[0] < 2 or x.shape[1] < 1:
        remedy = f"on the line use {name}[:, None], flatten images with reshape(n, -1)"
        raise ValueError(f"{name} must have shape (n, d) with n at least 2, got {tuple(x.shape)}: {remedy}")
    check_finite(x, name)
    return x


class BlockScore:
    """A score called without gradients on at most `rows` rows at once, its answers checked."""

    def __init__(self, score: Score, name: str, rows: int | None) -> None:
        if not callable(score):
            raise TypeError(f"{name} must be a function score(x, t), got {type(score).__name__}: use score_of(law)")
        self._score, self._name = score, name
        self._rows = None if rows is None else check_count(rows, "rows", least=1)

    def __call__(self, x: Array, t: float) -> Array:
        """score(x, t), of x's shape, namespace and device, finite."""
        size = self._rows or x.shape[0]
        parts = [self._checked(x[first : first + size, :], t) for first in range(0, x.shape[0], size)]
        return parts[0] if len(parts) == 1 else compat.array_namespace(x).concat(parts)

    def _checked(self, x: Array, t: float) -> Array:
        value = self._score(x, t)
        if not compat.is_array_api_obj(value) or compat.array_namespace(value) is not compat.array_namespace(x):
            raise TypeError(
                f"{self._name} must return an array of the kind of its argument, got {type(value).__name__} for "
                f"{type(x).__module__.split('.')[0]}: numpy_score(model.score) is a network's score for numpy rows"
            )
        if tuple(value.shape) != tuple(x.shape):
            raise ValueError(f"{self._name} must return x's shape {tuple(x.shape)}, got {tuple(value.shape)}")
        check_finite(value, f"{self._name}(x, {t:.6g})")
        return value


def row_dots(x: Array, y: Array) -> np.ndarray:
    """sum_j x_ij y_ij of rows, (n,) float64."""
    xp = compat.array_namespace(x)
    return to_numpy(xp.sum(x * y, axis=1))


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """The mean of independent values (n,) and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
