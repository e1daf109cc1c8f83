"""Cross-fitted ridge regression of path martingales on features of the ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy

AXES = 16  # principal axes whose coordinates are features
PENALTIES = np.geomspace(1e-6, 1e4, 21)  # of ridge regression, in units of the number of rows


def explained_by_ends(
    martingale: np.ndarray, ends: np.ndarray, guess: np.ndarray, features: Callable | None, folds: int
) -> np.ndarray:
    """2 M f(end) - f(end)^2 of each row (n,), where f was fitted on the other folds.

    Its mean is Var(E[M | end]) - E|E[M | end] - f|^2 in expectation, for M of mean zero: never more than what the ends
    tell, up to sampling.
    """
    n = len(martingale)
    given = None if features is None else _given(features, ends)
    fold = np.arange(n) % folds
    gain = np.empty(n)
    for k in range(folds):
        train, test = fold != k, fold == k
        if given is None:
            design = np.concatenate([guess, _coordinates(ends, train)], axis=1)
        else:
            design = given
        f = _ridge(design[train], martingale[train], design[test])
        gain[test] = 2 * martingale[test] * f - f**2
    return gain


def _given(features: Callable, ends: np.ndarray) -> np.ndarray:
    values = to_numpy(as_float_array(features(ends), "features(ends)"))
    if values.ndim != 2 or len(values) != len(ends) or not np.all(np.isfinite(values)):
        raise ValueError(f"features must return finite numbers of shape ({len(ends)}, k), got shape {values.shape}")
    return values


def _coordinates(ends: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Coordinates on the leading principal axes of the training rows, in standard deviations, and their squares."""
    centre = ends[train].mean(axis=0)
    rows = ends[train] - centre
    axes = min(AXES, ends.shape[1], max(1, int(train.sum()) // 20))
    if ends.shape[1] <= AXES:
        basis = np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :axes]
    else:
        basis = _leading(rows, axes)
    scores = (ends - centre) @ basis
    spread = scores[train].std(axis=0)
    scores = scores / np.where(spread > 0, spread, 1.0)
    return np.concatenate([scores, scores**2 - 1], axis=1)


def _leading(rows: np.ndarray, axes: int) -> np.ndarray:
    """The leading right singular vectors (d, axes), from the smaller Gram matrix."""
    if len(rows) < rows.shape[1]:
        basis = rows.T @ np.linalg.eigh(rows @ rows.T)[1][:, ::-1][:, :axes]
        return basis / np.linalg.norm(basis, axis=0)
    return np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :axes]


def _ridge(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Predictions at `new` of ridge regression on standardised columns, its penalty chosen by leaving one row out."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    u, s, vt = np.linalg.svd((x - centre) / spread, full_matrices=False)
    target = u.T @ y
    best: tuple[float, Any] = (np.inf, None)
    for penalty in PENALTIES * len(x):
        shrink = s**2 / (s**2 + penalty)
        leverage = np.minimum((u**2 * shrink).sum(axis=1), 1 - 1e-9)
        loss = float(np.mean(((y - u @ (shrink * target)) / (1 - leverage)) ** 2))
        if loss < best[0]:
            best = (loss, vt.T @ (s / (s**2 + penalty) * target))
    return ((new - centre) / spread) @ best[1]
