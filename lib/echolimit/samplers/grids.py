"""Time grids of reverse-time samplers, from the start time T down to the truncation time delta."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit._arrays import as_float_array, to_numpy
from echolimit._checks import check_count, check_delta, check_number
from echolimit.process import delta_to_sigma

LATEST = 354.0  # beyond, exp(2 t) leaves the range of float64
KARRAS_RHO = 7.0


def time_grid(T: float, delta: float, steps: int, spacing: str = "log_snr") -> np.ndarray:
    """T = t_0 > t_1 > ... > t_steps = delta: steps + 1 decreasing times in float64, with exact ends.

    spacing:
      "uniform"    t_k in arithmetic progression;
      "geometric"  t_k in geometric progression;
      "log_snr"    ln(a_t / s_t) in arithmetic progression, that is sigma_t = s_t / a_t in geometric progression;
      "karras"     sigma_t^(1/7) in arithmetic progression, equation (5) of Karras et al. (2022) with rho = 7,
                   whose last noise level here is that of delta, not zero.
    Here a_t = exp(-t), s_t^2 = 1 - exp(-2 t), sigma_t^2 = exp(2 t) - 1.

    T: start time in (delta, 354].  delta: truncation time > 0.  steps: integer >= 1.
    Raises ValueError outside these ranges, for another spacing, and where float64 has no `steps` times to choose
    between T and delta.
    """
    delta, end = check_delta(delta), check_number(T, "T")
    steps = check_count(steps, "steps", least=1)
    if not delta < end <= LATEST:
        raise ValueError(
            f"T must be in (delta, {LATEST:g}], got {end} with delta = {delta}: "
            "sampling runs from T down to delta, and T = 4 is far enough for data of unit scale"
        )
    if spacing == "uniform":
        times = np.linspace(end, delta, steps + 1)
    elif spacing == "geometric":
        times = np.geomspace(end, delta, steps + 1)
    elif spacing == "log_snr":
        times = _times(np.geomspace(delta_to_sigma(end), delta_to_sigma(delta), steps + 1))
    elif spacing == "karras":
        first, last = (delta_to_sigma(t) ** (1 / KARRAS_RHO) for t in (end, delta))
        times = _times(np.linspace(first, last, steps + 1) ** KARRAS_RHO)
    else:
        raise ValueError(f'spacing must be "uniform", "geometric", "log_snr" or "karras", got {spacing!r}')
    times[0], times[-1] = end, delta
    if not np.all(np.diff(times) < 0):
        raise ValueError(f"steps = {steps} between T = {end} and delta = {delta} are too many for float64: take fewer")
    return times


def _times(sigma: np.ndarray) -> np.ndarray:
    """t = ln(1 + sigma^2) / 2, without overflow."""
    small = np.minimum(sigma, 1.0)
    large = np.maximum(sigma, 1.0)
    return np.where(sigma < 1, np.log1p(small**2) / 2, np.log(large) + np.log1p(large**-2) / 2)


def check_times(times: Any) -> list[float]:
    """The grid as Python floats: at least two, finite, strictly decreasing, positive, at most 354."""
    grid = to_numpy(as_float_array(times, "times"))
    remedy = "make it with time_grid(T, delta, steps)"
    if grid.ndim != 1 or len(grid) < 2:
        raise ValueError(f"times must be one row of at least two times, got shape {grid.shape}: {remedy}")
    if not np.all(np.isfinite(grid)):
        where = int(np.argmin(np.isfinite(grid)))
        raise ValueError(f"times must be finite, got times[{where}] = {grid[where]}: {remedy}")
    if not np.all(np.diff(grid) < 0):
        where = int(np.argmax(np.diff(grid) >= 0))
        raise ValueError(
            f"times must decrease strictly, got times[{where}] = {grid[where]} before times[{where + 1}] = "
            f"{grid[where + 1]}: {remedy}"
        )
    if grid[-1] <= 0:
        raise ValueError(
            f"times must be greater than 0, got times[-1] = {grid[-1]}: sampling stops at the truncation time delta > 0"
        )
    if grid[0] > LATEST:
        raise ValueError(f"times must be at most {LATEST:g}, got times[0] = {grid[0]}: {remedy}")
    return [float(t) for t in grid]
