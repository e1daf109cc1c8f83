"""Adaptive Gauss-Kronrod quadrature over many panels at once, and the points where a function changes sign."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Function = Callable[[np.ndarray], np.ndarray]

_HALF_NODES = np.array(
    [
        0.991455371120812639206854697526329,
        0.949107912342758524526189684047851,
        0.864864423359769072789712788640926,
        0.741531185599394439863864773280788,
        0.586087235467691130294144691693013,
        0.405845151377397166906606412076961,
        0.207784955007898467600689403773245,
        0.0,
    ]
)
_HALF_KRONROD = np.array(
    [
        0.022935322010529224963732008058970,
        0.063092092629978553290700663189204,
        0.104790010322250183839876322541518,
        0.140653259715525918745189590510238,
        0.169004726639267902826583426598550,
        0.190350578064785409913256402421014,
        0.204432940075298892414161999234649,
        0.209482141084727828012999174891714,
    ]
)
_HALF_GAUSS = np.array(
    [
        0.129484966168869693270611432679082,
        0.279705391489276667901467771423780,
        0.381830050505118944950369775488975,
    ]
)
NODES = np.concatenate([-_HALF_NODES, _HALF_NODES[-2::-1]])
KRONROD = np.concatenate([_HALF_KRONROD, _HALF_KRONROD[-2::-1]])
GAUSS = np.zeros(15)
GAUSS[1::2] = [*_HALF_GAUSS, 0.417959183673469387755102040816327, *_HALF_GAUSS[::-1]]

RELATIVE = 1e-13
MAX_DEPTH = 60
MAX_PANELS = 100_000  # only the rounding noise of an integrand near zero asks for more


def nodes_in(edges: np.ndarray) -> np.ndarray:
    """The 15 nodes of every panel, sorted, shape (15 (m - 1),) for m edges."""
    centre, half = (edges[1:] + edges[:-1]) / 2, (edges[1:] - edges[:-1]) / 2
    return (centre[:, None] + half[:, None] * NODES).ravel()


def integrate_square(f: Function, edges: np.ndarray, noise: float) -> float:
    """The integral of f, the square of a difference known up to rounding `noise`: no digit is sought beyond that."""
    rough = max(0.0, integrate(f, edges, noise**2, relative=1e-3))
    return max(0.0, integrate(f, edges, noise**2 + 2 * noise * math.sqrt(rough)))


def integrate(f: Function, edges: np.ndarray, floor: float = 0.0, relative: float = RELATIVE) -> float:
    """The integral of f over [edges[0], edges[-1]] to about `relative` times the integral of |f|, or to `floor`.

    Gauss 7, Kronrod 15 on each panel between edges; panels that are not resolved are halved, all at once.
    """
    left, right = edges[:-1], edges[1:]
    done, done_size = 0.0, 0.0
    for _ in range(MAX_DEPTH):
        half = (right - left) / 2
        values = f((((right + left) / 2)[:, None] + half[:, None] * NODES).ravel()).reshape(-1, 15)
        fine, coarse = half * (values @ KRONROD), half * (values @ GAUSS)
        size = half * (np.abs(values) @ KRONROD)
        bend = half * (np.abs(values - (values @ KRONROD / 2)[:, None]) @ KRONROD)
        with np.errstate(divide="ignore", invalid="ignore"):
            error = np.where(bend > 0, bend * np.minimum(1, (200 * np.abs(fine - coarse) / bend) ** 1.5), 0.0)
        whole = done_size + size.sum()
        good = (error <= max(relative * whole, floor) / 50) | (error <= 5e-15 * size)
        done += float(fine[good].sum())
        done_size += float(size[good].sum())
        left, right = left[~good], right[~good]
        if not left.size:
            return done
        if left.size > MAX_PANELS:
            break
        middle = (left + right) / 2
        left, right = np.concatenate([left, middle]), np.concatenate([middle, right])
    return done + float(fine[~good].sum())  # noise, or panels of relative width 2^-60


def sign_changes(f: Function, edges: np.ndarray, noise: float) -> np.ndarray:
    """Points where f changes sign, found on the nodes of the panels and refined; |f| <= noise counts as zero.

    Where |f| has a smallest value between nodes of one sign, its minimum is sought too: close pairs of roots are seen.
    """
    x = np.unique(np.concatenate([edges, nodes_in(edges)]))
    y = f(x)
    keep = np.abs(y) > noise
    x, y = x[keep], y[keep]
    if len(x) < 2:
        return np.zeros(0)

    size, side = np.abs(y), np.sign(y)
    same = (side[:-2] == side[1:-1]) & (side[2:] == side[1:-1])
    dips = 1 + np.flatnonzero(same & (size[1:-1] < size[:-2]) & (size[1:-1] < size[2:]))
    if dips.size:
        lowest, value = _lowest(f, x[dips - 1], x[dips + 1], side[dips])
        crossed = value < -noise
        x = np.concatenate([x, lowest[crossed]])
        y = np.concatenate([y, (side[dips] * value)[crossed]])
        order = np.argsort(x)
        x, y = x[order], y[order]
    crossings = np.flatnonzero(np.sign(y[1:]) != np.sign(y[:-1]))
    return _bisect(f, x[crossings], x[crossings + 1], np.sign(y[crossings]))


def _lowest(f: Function, left: np.ndarray, right: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where side * f is smallest between left and right, by golden section in all intervals at once."""
    share = (math.sqrt(5) - 1) / 2
    for _ in range(40):
        inner = right - share * (right - left)
        outer = left + share * (right - left)
        lower = side * f(inner) < side * f(outer)
        left, right = np.where(lower, left, inner), np.where(lower, outer, right)
    middle = (left + right) / 2
    return middle, side * f(middle)


def _bisect(f: Function, left: np.ndarray, right: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The sign changes of f between left, where f has the sign `side`, and right, to rounding."""
    for _ in range(60):
        middle = (left + right) / 2
        before = np.sign(f(middle)) == side
        left, right = np.where(before, middle, left), np.where(before, right, middle)
    return (left + right) / 2
