"""How two starts of the reverse chain come together: distances along the path, and the mode weights that stay."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_finite, check_time
from echolimit._law import Law
from echolimit.distances.divergences import total_variation
from echolimit.distances.line import Line, normal_scores, panels
from echolimit.forgetting.kernels import check_line, reverse_kernel
from echolimit.forgetting.variation import Penalty, trapezoid_weights, weighted_variation
from echolimit.mixtures import GaussianMixture

CELLS = 64  # cells a standard deviation, for the kinks of |p - q|
SMOOTH_CELLS = 4  # where the integrand has none: the trapezoidal rule is exact to rounding
MAX_POINTS = 20_000


def forgetting_curves(
    law: Law, first: Law, second: Law, times: Sequence[float], penalty: Penalty | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Distances of two starts, carried by the exact reverse SDE of `law` and by its probability flow.

    The distance is (1/2) int (1 + V) |p - q|, total variation for V = 0 (penalty=None).

    law, first, second: laws on the line with densities; the starts stand at times[0].  times: decreasing, > 0.
    penalty: V, a function (n,) -> (n,), or None.  Returns (sde, flow), each (len(times),); both begin with the distance
    of the starts.  Each point is one exact kernel from times[0], so nothing accumulates; absolute error about
    1e-7, with a penalty 1e-4.
    Raises ValueError outside these ranges, or if two times are so close that the kernel needs too fine a grid.
    Derived in chapter 9, prop-reverse-kernel and prop-flow-keeps.
    """
    for name, one in (("law", law), ("first", first), ("second", second)):
        check_line(one, name)
    path = _decreasing(times)
    starts = [law.diffuse(path[0]), first, second]
    fine = _grid(starts, 1.0, CELLS)
    begin = (
        weighted_variation(_gap(first, second, fine), 0 * fine, fine, penalty)
        if penalty
        else total_variation(first, second)
    )
    x = _grid(starts, path[0] - path[1] if len(path) > 1 else 1.0, SMOOTH_CELLS)
    mass = trapezoid_weights(x) * _gap(first, second, x)
    back = _quantiles(starts[0])
    sde, flow = [begin], [begin]
    for t in path[1:]:
        y = _grid([law.diffuse(t)], 1.0, CELLS)
        carried = mass @ reverse_kernel(law, path[0], t, x, y)
        sde.append(weighted_variation(carried, np.zeros_like(y), y, penalty))
        flow.append(begin if penalty is None else _flow_distance(law, first, second, path[0], t, back, penalty))
    return np.array(sde), np.array(flow)


def frozen_weights(law: GaussianMixture, start: Law, t: float) -> np.ndarray:
    """Mode weights that the reverse SDE of a mixture keeps, from `start` at time t: E_start P(component k | X_t).

    The posterior of the component is a martingale along the reverse SDE, so these weights are the same at every later
    time, and half the sum of the gaps between those of two starts is a floor of their total variation for ever.

    law: a mixture of k components on the line.  start: a law on the line with a density.  t: time >= 0.
    Returns (k,), sum one; start = P_t law gives the mixture's own weights.
    Raises ValueError outside these ranges, TypeError for a law that is no mixture.  Derived in chapter 9, thm-frozen.
    """
    if not isinstance(law, GaussianMixture):
        raise TypeError(f"law must be a GaussianMixture, whose components are the modes, got {type(law).__name__}")
    check_line(law)
    check_line(start, "start")
    noised = law.diffuse(check_time(t))
    x = _grid([noised, start], 1.0, SMOOTH_CELLS)
    parts = [
        math.log(w) + np.asarray(GaussianMixture([1.0], m[None, :], [v]).log_density(x[:, None]))
        for w, m, v in zip(noised.weights, noised.means, noised.variances()[:, 0], strict=True)
        if w > 0
    ]
    posterior = np.exp(np.stack(parts) - np.asarray(noised.log_density(x[:, None])))
    mass = trapezoid_weights(x) * np.asarray(start.density(x[:, None]))
    weights = np.zeros(len(noised.weights))
    weights[np.asarray(noised.weights) > 0] = posterior @ mass
    return weights / weights.sum()


def _gap(first: Law, second: Law, x: np.ndarray) -> np.ndarray:
    return np.asarray(first.density(x[:, None])) - np.asarray(second.density(x[:, None]))


def _flow_distance(
    law: Law, first: Law, second: Law, t: float, later: float, back: CubicSpline, penalty: Penalty
) -> float:
    """The flow carries the gap over the exact law, (first - second) / p_t, unchanged along its paths."""
    noised = law.diffuse(later)
    y = _grid([noised], 1.0, CELLS // 4)
    x = back(np.clip(normal_scores(Line(noised, "law"), y), back.x[0], back.x[-1]))
    log_slope = np.asarray(noised.log_density(y[:, None])) - np.asarray(law.diffuse(t).log_density(x[:, None]))
    return weighted_variation(_gap(first, second, x) * np.exp(log_slope), np.zeros_like(y), y, penalty)


def _quantiles(law: Law) -> CubicSpline:
    """The point of a law that belongs to a quantile of N(0, 1), by interpolation: `flow_map` is exact but slower."""
    x = _grid([law], 1.0, CELLS)
    scores, where = np.unique(normal_scores(Line(law, "law"), x), return_index=True)
    return CubicSpline(scores, x[where])


def _decreasing(times: Sequence[float]) -> list[float]:
    path = to_numpy(as_float_array(times, "times"))
    if path.ndim != 1 or len(path) == 0 or not np.all(path > 0) or not np.all(np.diff(path) < 0):
        raise ValueError(f"times must be decreasing numbers > 0, first the time of the starts, got {times!r}")
    check_finite(path, "times")
    return [float(t) for t in path]


def _grid(laws: list[Law], gap: float, cells: int) -> np.ndarray:
    """Equal cells over all laws, so many to the narrowest component and to the noise added in time `gap`."""
    lines = [Line(law, "law") for law in laws]
    if any(line.atoms for line in lines):
        raise ValueError("law and starts must have densities, got one with atoms: diffuse it first, cloud.diffuse(t)")
    edges = panels(lines)
    spread = min([float(line.spreads.min()) for line in lines] + [math.sqrt(-math.expm1(-2 * gap))])
    count = math.ceil((edges[-1] - edges[0]) / spread * cells)
    if count > MAX_POINTS:
        raise ValueError(
            f"laws and times must fit on a grid of {MAX_POINTS} points, got {count}, in steps of "
            f"{spread / cells:.2g} (the first two times are {gap:.2g} apart) along {edges[-1] - edges[0]:.3g}: "
            "take times further apart, a larger last time, or laws nearer to each other"
        )
    return np.linspace(edges[0], edges[-1], count + 1)
