"""Which share of a score error the samples show: paths that share their end, and regression on the end."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array, standard_normal, to_numpy
from echolimit._checks import check_choice, check_count
from echolimit.learning._paths import (
    BlockScore,
    Cells,
    Score,
    cells_between,
    check_rows,
    mean_and_error,
    row_dots,
    time_cells,
)
from echolimit.learning._regression import explained_by_ends
from echolimit.process import OrnsteinUhlenbeck
from echolimit.samplers._run import check_source, no_gradients
from echolimit.samplers.grids import check_times
from echolimit.samplers.steps import step_coefficients

NOISY = ("euler_maruyama", "exponential_integrator", "ancestral", "ancestral_large")
Features = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class PathObservability:
    """What the ends of perfect paths tell of a score error; each estimate with its standard error, over ends.

    energy: eps^2.  seen: Var(E[M | Y_end]).  observability: eta = seen / energy.  martingale_mean: the mean of M, zero
    if the reference is the exact score: more than four errors from zero refute it.  ends, branches: numbers of ends,
    and of paths from each.
    """

    energy: float
    energy_error: float
    seen: float
    seen_error: float
    observability: float
    observability_error: float
    martingale_mean: float
    martingale_mean_error: float
    ends: int
    branches: int


@dataclass(frozen=True)
class SamplerObservability:
    """What the ends of a sampler's paths tell of the difference of two scores; each estimate with its standard error.

    energy: eps^2 of the two chains.  observability: the share of M's variance that the regression explains on rows it
    has not seen, an unbiased estimate of a lower bound of eta.  twin: covariance of M with the forward estimate of its
    conditional mean, over energy: eta itself where the reference is the score of its own samples; NaN without branches.
    samples: the ends, (n, d).
    """

    energy: float
    energy_error: float
    observability: float
    observability_error: float
    twin: float
    twin_error: float
    samples: Array


def observe_paths(
    score: Score,
    reference: Score,
    data: Any,
    T: float,
    delta: float,
    rng: Any,
    *,
    steps: int = 64,
    branches: int = 4,
    spacing: str = "log_snr",
    rows: int | None = None,
) -> PathObservability:
    """Path energy and observability of score - reference, for the exact score of P_t q as the reference.

    M = sqrt(2) int b . dW along the perfect sampler, b = score - reference.  Read backwards, given its end Y, that
    sampler's path is the forward process started in Y.  So paths from the same end are independent given Y, and

        Var(E[M | Y]) = Cov(M, M')

    for two of them: no regression, no features, no bias in any dimension.  Each path adds, at one time t in each cell,
    (w / sinh h) b(X_t, t) . (X_u - e^h X_t - 2 sinh(h) reference(X_t, t)), with the path's time u = t - h below: the
    last factor has mean zero given X_t, and given Y the sum is the midpoint rule for
    E[M | Y] = -2 int E[div b + b . reference | Y] dt, whose cells are the only error besides that of sampling.

    data: independent draws (n, d) of q: one end each.  branches: paths from each end, >= 2; about 1 / eta is best.
    Other arguments and errors as in `path_energy`; 2 n branches steps rows of scores in all.
    Returns a PathObservability.  Chapter 11, prop-twin-paths; Khelifa, Turner and Venkataramanan (2026) define eta.
    """
    clean = check_rows(data, "data")
    check_source(rng, clean, "the paths")
    scores = BlockScore(score, "score", rows), BlockScore(reference, "reference", rows)
    count = check_count(branches, "branches", least=2)
    cells = time_cells(T, delta, steps, spacing)
    with no_gradients(clean):
        ends = OrnsteinUhlenbeck().perturb(clean, float(cells.edges[0]), rng)
        martingale, squares = _branches(ends, count, cells, *scores, rng)
    energies, means = squares.mean(axis=1), martingale.mean(axis=1)
    within = martingale.var(axis=1, ddof=1).mean() / count
    seen = float(means.var(ddof=1) - within)
    centred = martingale - martingale.mean()
    pairs = (centred.sum(axis=1) ** 2 - (centred**2).sum(axis=1)) / (count * (count - 1))
    energy, energy_error = mean_and_error(energies)
    share, share_error = _ratio(pairs, seen, energies)
    mean, mean_error = mean_and_error(means)
    return PathObservability(
        energy, energy_error, seen, mean_and_error(pairs)[1], share, share_error, mean, mean_error, len(means), count
    )


def observe_sampler(
    score: Score,
    reference: Score,
    start: Any,
    times: Any,
    rng: Any,
    *,
    sampler: str = "euler_maruyama",
    branches: int = 4,
    folds: int = 5,
    features: Features | None = None,
    rows: int | None = None,
) -> SamplerObservability:
    """Path energy and observability of score - reference, for any reference, along the sampler that runs with it.

    A step x <- c x + g reference(x, t) + sqrt(w) z of the sampler adds (g^2 / w) |b|^2 to the energy and
    (g / sqrt(w)) b . z to M, b = score - reference: M is the part of the log-likelihood ratio of the two chains that is
    linear in b, Var M the mean energy, and both tend to those of chapter 7 as the steps shrink.

    E[M | end] is regressed on features of the end.  For every f, E[2 M f - f^2] <= Var(E[M | end]); f is fitted
    on the other folds, so its average over rows is an unbiased estimate of a lower bound.  Features by default: the
    coordinates of the ends on at most 16 leading principal axes, their squares, and the mean of `branches` forward
    estimates of E[M | end], which are exact for an exact reference (see `observe_paths`).

    start: draws (n, d), n >= 2 folds, at times[0].  times: falling, times[-1] = delta.  sampler: "euler_maruyama",
    "exponential_integrator", "ancestral", "ancestral_large".  branches: 0 for none.  features: function of the ends
    (n, d), numpy float64, that returns (n, k), in place of the default; each row from that row's end alone.
    Other arguments and errors as in `path_energy`; 2 n (1 + branches) len(times) rows of scores in all.
    Returns a SamplerObservability.  Chapter 7, eq-drift-energy, where Khelifa, Turner and Venkataramanan (2026) are
    followed; the bound by regression is ours.
    """
    x = check_rows(start, "start")
    check_source(rng, x, "the paths")
    check_choice(sampler, "sampler", NOISY)
    steps = check_times(times)
    count, parts = check_count(branches, "branches"), check_count(folds, "folds", least=2)
    if x.shape[0] < 2 * parts:
        raise ValueError(f"start must have at least 2 folds = {2 * parts} rows, got {x.shape[0]}: pass more")
    if features is not None and not callable(features):
        raise TypeError(f"features must be a function of the ends (n, d), got {type(features).__name__}")
    scores = BlockScore(score, "score", rows), BlockScore(reference, "reference", rows)
    with no_gradients(x):
        ends, martingale, energies = _chain(x, steps, sampler, *scores, rng)
        guess = np.zeros((len(energies), 0))
        if count:
            forward, _ = _branches(ends, count, cells_between(steps), *scores, rng)
            guess = forward.mean(axis=1, keepdims=True)
    energy, energy_error = mean_and_error(energies)
    gain = explained_by_ends(martingale, to_numpy(ends), guess, features, parts)
    share, share_error = _ratio(gain, float(gain.mean()), energies)
    twin, twin_error = math.nan, math.nan
    if count:
        products = martingale * (guess[:, 0] - guess.mean())
        twin, twin_error = _ratio(products, float(products.mean()), energies)
    return SamplerObservability(energy, energy_error, share, share_error, twin, twin_error, ends)


def _chain(
    x: Array, times: list[float], sampler: str, score: BlockScore, reference: BlockScore, rng: Any
) -> tuple[Array, np.ndarray, np.ndarray]:
    """Ends (n, d), M (n,) and energies (n,) of the sampler with the reference score."""
    martingale, energies = np.zeros(x.shape[0]), np.zeros(x.shape[0])
    for t, later in itertools.pairwise(times):
        scale, weight, noise = step_coefficients(sampler, t, later)
        right = reference(x, t)
        gap = score(x, t) - right
        z = standard_normal(rng, tuple(x.shape), x)
        martingale += weight / math.sqrt(noise) * row_dots(gap, z)
        energies += weight**2 / noise * row_dots(gap, gap)
        x = scale * x + weight * right + math.sqrt(noise) * z
    return x, martingale, energies


def _branches(
    ends: Array, count: int, cells: Cells, score: BlockScore, reference: BlockScore, rng: Any
) -> tuple[np.ndarray, np.ndarray]:
    """M and the energy, each (n, count), of `count` forward paths from each end."""
    xp = compat.array_namespace(ends)
    x = xp.repeat(ends, count, axis=0)
    martingale, energies, before = np.zeros(x.shape[0]), np.zeros(x.shape[0]), float(cells.edges[0])
    for t, length in zip(cells.times.tolist(), cells.lengths.tolist(), strict=True):
        h = t - before
        below, x = x, OrnsteinUhlenbeck().perturb(x, h, rng)
        right = reference(x, t)
        gap = score(x, t) - right
        surprise = below - math.exp(h) * x - 2 * math.sinh(h) * right
        martingale += length / math.sinh(h) * row_dots(gap, surprise)
        energies += 2 * length * row_dots(gap, gap)
        before = t
    return martingale.reshape(-1, count), energies.reshape(-1, count)


def _ratio(values: np.ndarray, mean: float, energies: np.ndarray) -> tuple[float, float]:
    """mean / (mean energy) and its standard error, by linearisation; (0, 0) without energy."""
    energy = float(energies.mean())
    if energy == 0:
        return 0.0, 0.0
    share = mean / energy
    return share, mean_and_error((values - share * energies) / energy)[1]
