"""Multi-indices of bounded degree: their order, and where a recurrence finds its neighbours."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

MAX_ENTRIES = 500_000


class Level(NamedTuple):
    """The multi-indices of one degree and their neighbours in the two degrees below.

    modes: (m, d).  axis: (m,), the coordinate i that is lowered.  parent: (m,), position of n - e_i one degree down.
    root: (m,), sqrt(n_i).  grandparents: for each j (columns, positions of n - e_i - e_j, sqrt((n - e_i)_j)).
    """

    modes: np.ndarray
    axis: np.ndarray
    parent: np.ndarray
    root: np.ndarray
    grandparents: list[tuple[np.ndarray, np.ndarray, np.ndarray]]


def check_table(d: int, degree: int) -> None:
    """Refuse tables of more than MAX_ENTRIES multi-indices."""
    entries = math.comb(d + degree, degree)
    if entries > MAX_ENTRIES:
        raise ValueError(
            f"degree {degree} in dimension {d} has {entries} multi-indices, more than {MAX_ENTRIES}: "
            "lower the degree, or use degree_energies(law, degree), which needs no table"
        )


def multi_indices(d: int, degree: int) -> np.ndarray:
    """All multi-indices of degree 0, 1, ..., degree, shape (m, d); within a degree the first coordinate falls first."""
    return np.concatenate([_of_degree(d, n) for n in range(degree + 1)])


def degree_sums(values: np.ndarray, degrees: np.ndarray, degree: int) -> np.ndarray:
    """Sums of `values` over multi-indices of equal degree, shape (degree + 1,)."""
    return np.bincount(degrees, weights=values, minlength=degree + 1)


def level_positions(d: int, degree: int) -> list[Level]:
    """The levels 0 .. degree of the table."""
    binomial = _binomials(d, degree)
    empty = np.zeros(0, dtype=np.int64)
    levels = [Level(_of_degree(d, 0), empty, empty, np.zeros(0), [])]
    for n in range(1, degree + 1):
        index = _of_degree(d, n)
        rows = np.arange(len(index))
        axis = np.argmax(index > 0, axis=1)
        parent = index.copy()
        parent[rows, axis] -= 1
        grandparents = []
        for j in range(d):
            columns = np.flatnonzero(parent[:, j])
            lowered = parent[columns]
            root = np.sqrt(lowered[:, j])
            lowered[:, j] -= 1
            grandparents.append((columns, _rank(lowered, binomial), root))
        levels.append(Level(index, axis, _rank(parent, binomial), np.sqrt(index[rows, axis]), grandparents))
    return levels


def _of_degree(d: int, n: int) -> np.ndarray:
    """Multi-indices of degree n in descending lexicographic order."""
    if d == 1:
        return np.array([[n]], dtype=np.int64)
    out = np.zeros((math.comb(n + d - 1, d - 1), d), dtype=np.int64)
    out[:, 0] = n  # remaining degree, split off coordinate by coordinate
    count = np.ones(1, dtype=np.int64)
    rest, table = np.array([n], dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    for _ in range(d - 1):
        count = rest + 1
        parent = np.repeat(np.arange(len(rest)), count)
        step = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        table = np.concatenate([table[parent], (rest[parent] - step)[:, None]], axis=1)
        rest = step
    out[:, :-1], out[:, -1] = table, rest
    return out


def _binomials(d: int, degree: int) -> np.ndarray:
    """binomial[a, b] = C(a, b), cut at 2^62: the ranks of a table within MAX_ENTRIES never reach the cut."""
    size = d + degree + 1
    return np.array([[min(math.comb(a, b), 2**62) for b in range(d + 1)] for a in range(size)], dtype=np.int64)


def _rank(index: np.ndarray, binomial: np.ndarray) -> np.ndarray:
    """Position of each multi-index among those of its degree.

    sum_i C(r_i + d - i - 2, d - i - 1), r_i the degree of what follows coordinate i.
    """
    d = index.shape[1]
    if not len(index) or d == 1:
        return np.zeros(len(index), dtype=np.int64)
    following = np.cumsum(index[:, ::-1], axis=1)[:, ::-1][:, 1:]
    places = np.arange(d - 1)
    top = following + (d - places - 2)
    return np.where(following > 0, binomial[top, (d - places - 1)[None, :]], 0).sum(axis=1)
