"""How large a score error is: path energy against a reference score, and differences of it that need none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import array_api_compat as compat
import numpy as np

from echolimit._arrays import Array
from echolimit._checks import check_weights
from echolimit._law import check_law
from echolimit.learning._paths import BlockScore, Score, check_rows, mean_and_error, row_dots, time_cells
from echolimit.process import OrnsteinUhlenbeck
from echolimit.samplers._run import check_source, no_gradients


@dataclass(frozen=True)
class PathEnergy:
    """A path energy, or a difference of two.

    energy: the estimate.  standard_error: its standard error, over rows.  edges: the ends (K + 1,) of K cells of time,
    rising from delta to T.  times: one time in each, (K,).  rate: the integrand there, 2 E|b|^2, so that energy is
    sum(rate * diff(edges)).  rate_error: its standard error.
    """

    energy: float
    standard_error: float
    edges: np.ndarray
    times: np.ndarray
    rate: np.ndarray
    rate_error: np.ndarray


def path_energy(
    score: Score,
    reference: Score,
    data: Any,
    T: float,
    delta: float,
    rng: Any,
    *,
    steps: int = 64,
    spacing: str = "log_snr",
    rows: int | None = None,
) -> PathEnergy:
    """eps^2 = 2 int_delta^T E|score(X_t, t) - reference(X_t, t)|^2 dt along the paths of the perfect sampler.

    The perfect sampler of a round that was trained on q passes through P_t q, so no path is needed: X_t = a_t X + s_t Z
    for the rows X of `data`, with new Z at each time.  The only errors are those of sampling, which `standard_error`
    states, and of the midpoint rule with `steps` cells.  The relative entropy of the learned sampler's paths (started
    alike) is eps^2 / 2, and that of its samples at most that.

    score, reference: functions score(x, t) of rows x (n, d), numpy or torch, and a number t; called without gradients.
    data: independent draws (n, d) of q, n >= 2.  T > delta > 0.  rng: numpy Generator, or torch.Generator on the
    device.  steps, spacing: as in `time_grid`.  rows: most rows a call of a score; None for all.
    Returns a PathEnergy.  Raises ValueError for wrong values or shapes or a score that is not finite, TypeError for a
    wrong kind of score or generator.  Chapter 7, eq-drift-energy; Khelifa, Turner and Venkataramanan (2026).
    """
    first, second = BlockScore(score, "score", rows), BlockScore(reference, "reference", rows)

    def square(x: Array, clean: Array, t: float) -> np.ndarray:
        gap = first(x, t) - second(x, t)
        return row_dots(gap, gap)

    return _integrate(square, data, T, delta, rng, steps, spacing)


def energy_gap(
    score: Score,
    other: Score,
    data: Any,
    T: float,
    delta: float,
    rng: Any,
    *,
    steps: int = 64,
    spacing: str = "log_snr",
    rows: int | None = None,
) -> PathEnergy:
    """The path energy of `score` minus that of `other`, both against the true score, which is not needed.

    Given X the score of X_t is u = (a_t X - X_t) / s_t^2, and its mean given X_t is the true score s.  So
    E|score - u|^2 = E|score - s|^2 + E|s - u|^2, and the last term, which no network can remove, cancels in

        2 int_delta^T E[|score(X_t, t) - u|^2 - |other(X_t, t) - u|^2] dt,

    estimated with the same rows and noise for both.  As a path energy is not negative, the difference is a lower bound
    of the energy of `score`, whatever `other` is.  Rows must be held out: for points that a network was trained on, s
    is the score of those points alone, which memorises them.

    data: draws (n, d) of q that neither network has seen.  Other arguments, result and errors as in `path_energy`;
    the energy may be negative.  Chapter 11, prop-energy-gap.
    """
    first, second = BlockScore(score, "score", rows), BlockScore(other, "other", rows)
    ou = OrnsteinUhlenbeck()

    def excess(x: Array, clean: Array, t: float) -> np.ndarray:
        one, two = first(x, t), second(x, t)
        target = (ou.signal(t) * clean - x) / ou.noise_variance(t)
        return row_dots(one - two, one + two - 2 * target)

    return _integrate(excess, data, T, delta, rng, steps, spacing)


def _integrate(value: Any, data: Any, T: float, delta: float, rng: Any, steps: int, spacing: str) -> PathEnergy:
    """2 int E value(X_t, X, t) dt, value giving a number a row."""
    clean = check_rows(data, "data")
    check_source(rng, clean, "the path energy")
    cells = time_cells(T, delta, steps, spacing)
    total, rate, error = np.zeros(clean.shape[0]), [], []
    with no_gradients(clean):
        for t, length in zip(cells.times.tolist(), cells.lengths, strict=True):
            values = 2 * value(OrnsteinUhlenbeck().perturb(clean, t, rng), clean, t)
            total += length * values
            mean, spread = mean_and_error(values)
            rate.append(mean)
            error.append(spread)
    energy, standard_error = mean_and_error(total)
    return PathEnergy(energy, standard_error, cells.edges, cells.times, np.asarray(rate), np.asarray(error))


def mixture_score(laws: Sequence[Any], weights: Any) -> Score:
    """The score(x, t) of P_t q for the mixture q = sum_j w_j p_j of laws.

    laws: GaussianMixture, PointCloud or EchoLaw, of one dimension and one kind of array.  weights: nonnegative, sum
    one.  With laws (p*, PointCloud(samples of round i)) and weights (alpha, 1 - alpha) it is the exact score that round
    i + 1 is trained towards, where those samples are all that is left of p_i: in few dimensions near the score of
    P_t q_i, in many a score that memorises the samples.
    Raises ValueError for wrong weights or unequal dimensions, TypeError for something that is not a law.
    """
    parts = [check_law(law, f"laws[{j}]") for j, law in enumerate(laws)]
    if not parts:
        raise ValueError("laws must hold at least one law, got none")
    dimensions = {law.dimension for law in parts}
    if len(dimensions) > 1:
        raise ValueError(f"laws must have one dimension, got {sorted(dimensions)}")
    shares = [float(w) for w in check_weights(weights, len(parts), np.zeros(1))]
    live = [(law, w) for law, w in zip(parts, shares, strict=True) if w > 0]

    def score(x: Any, t: float) -> Array:
        diffused = [(law.diffuse(t), w) for law, w in live]
        if len(diffused) == 1:
            return diffused[0][0].score(x)
        xp = compat.array_namespace(x)
        logs_and_scores = [law._evaluate(x, with_score=True) for law, _ in diffused]
        logs = xp.stack([log + np.log(w) for (log, _), (_, w) in zip(logs_and_scores, diffused, strict=True)])
        logs = xp.exp(logs - xp.max(logs, axis=0)[None, :])
        logs = logs / xp.sum(logs, axis=0)[None, :]
        return sum(logs[j, :][:, None] * value for j, (_, value) in enumerate(logs_and_scores))

    return score


def numpy_score(score: Score, device: Any = None) -> Score:
    """A torch score(x, t), for example `model.score`, as a function of numpy rows; evaluated in float32 on `device`.

    Returns float64 rows, so that a network can stand beside an exact law in numpy.
    Raises TypeError for something that cannot be called.
    """
    import torch

    if not callable(score):
        raise TypeError(f"score must be a function score(x, t), got {type(score).__name__}: pass model.score")

    def wrapped(x: np.ndarray, t: float) -> np.ndarray:
        with torch.no_grad():
            rows = torch.as_tensor(np.asarray(x, dtype=np.float32), device=device)
            return score(rows, t).to("cpu", torch.float64).numpy()

    return wrapped
