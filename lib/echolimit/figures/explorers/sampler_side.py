"""The live figure of chapter 6: on which side of the ideal limit the loop of each sampler ends."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from echolimit.figures.controls import Choice, Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context
from echolimit.hermite import transfer
from echolimit.robustness import gaussian_loop
from echolimit.samplers import time_grid

START = 4.0  # the time T at which every pass begins
ROUNDS, LAST = 40, 200  # shown, and after which the loop's end is read
LOW, HIGH = 0.03, 10.0
SAMPLERS = {  # words of the list, words of the row
    "euler_maruyama": ("Euler-Maruyama", "Euler-Maruyama"),
    "exponential_integrator": ("exponential integrator", "exp. integrator"),
    "ancestral": ("DDPM, small variance", "DDPM, small var."),
    "ancestral_large": ("DDPM, large variance", "DDPM, large var."),
    "ddim": ("DDIM", "DDIM"),
    "heun": ("Heun", "Heun"),
    "dpmpp_2m": ("DPM++(2M)", "DPM++(2M)"),
}


def sampler_side_explorer(
    *,
    sampler: str = "exponential_integrator",
    steps: int = 20,
    alpha: float = 0.2,
    delta: float = 0.02,
    v: float = 0.3,
) -> LiveFigure:
    """Live figure of chapter 6: the variance of each round of a discretised Gaussian loop, and where the loops end.

    sampler: euler_maruyama, exponential_integrator, ancestral, ancestral_large, ddim, heun or dpmpp_2m.  steps in
    4..200 of a geometric time grid from T = 4, alpha in [0.05, 0.95], delta in [0.002, 0.2], v in [0.05, 3], the
    variance of the centred data, from which the loop starts: where the controls start.
    The variances equal `gaussian_loop`; an end is round 200, which need not be a limit.
    Raises ValueError for a parameter outside its slider, TypeError for what is no number.
    """
    controls: list[Choice | Slider] = [
        Choice("sampler", "sampler", {name: words for name, (words, _) in SAMPLERS.items()}, sampler),
        Slider("steps", "steps K", 4, 200, steps, scale="log", whole=True),
        Slider("alpha", "fresh share α", 0.05, 0.95, alpha),
        Slider("delta", "truncation time δ", 0.002, 0.2, delta, scale="log"),
        Slider("v", "variance of the data v", 0.05, 3.0, v, scale="log"),
    ]
    grid = time_grid(START, delta, steps, "geometric")
    paths = {name: gaussian_loop(name, 0.0, v, alpha, grid, LAST)[1] for name in SAMPLERS}
    limit = float(1 - transfer(2, alpha, delta) * (1 - v))
    ideal = gaussian_loop("ideal", 0.0, v, alpha, grid, ROUNDS)[1]
    with style_context():
        canvas = Canvas()
        _paths_panel(canvas, paths[sampler][: ROUNDS + 1], ideal, limit, v)
        _ends_panel(canvas, {name: float(path[-1]) for name, path in paths.items()}, sampler, limit, v)
        names = {name: words for name, (words, _) in SAMPLERS.items()}
        return canvas.finish(
            "sampler_side",
            {"start": START, "low": LOW, "high": HIGH, "rounds": ROUNDS, "last": LAST, "samplers": names},
            controls,
            "First panel: the variance of each round on a log axis, for the chosen sampler and for the ideal loop, and "
            "lines at the ideal limit and at the variance of the data. Second panel: one row for each of seven "
            "samplers with a ring at its variance after 200 rounds, filled for the chosen one. With few steps "
            "Euler-Maruyama, the exponential integrator and DDPM with the large variance end to the right of the line "
            "of the ideal limit, DDPM with the small variance and DDIM to the left; with many steps all come close.",
            parts.start_words(sampler=SAMPLERS[sampler][0], steps=steps, alpha=alpha, delta=delta, v=v),
        )


def _paths_panel(canvas: Canvas, path: np.ndarray, ideal: np.ndarray, limit: float, v: float) -> None:
    axes = canvas.panel()
    rounds, ends = np.arange(ROUNDS + 1), np.array([0.0, ROUNDS])
    parts.log_axis(axes.yaxis, LOW, HIGH)
    canvas.line(axes, "data", ends, np.full(2, v), **role("data"))
    canvas.line(axes, "limit", ends, np.full(2, limit), **role("limit"))
    canvas.line(axes, "ideal", rounds, ideal, **role("limit", linewidth=1.4, linestyle=(0, (1.2, 1.6))))
    canvas.line(axes, "path", rounds, path, **role("round", linestyle="-", linewidth=1.0))
    canvas.dots(axes, "path_dots", rounds, path, 4.0, color=PALETTE["round"])
    axes.set(xlim=(-0.8, ROUNDS + 0.8), xlabel="round i", ylabel="variance of the round")
    _legend(axes)


def _legend(axes: Axes) -> None:
    """Handles of their own: the sampler's line with a dot."""
    style = role("round", linestyle="-", linewidth=1.0)
    (sampler,) = axes.plot([], [], marker="o", markersize=4.0, markeredgewidth=0.0, **style)
    data, limit, ideal = axes.lines[:3]
    parts.legend_row(axes, [sampler, ideal, limit, data], ["sampler", "ideal loop", "ideal limit", "data"])


def _ends_panel(canvas: Canvas, ends: dict[str, float], sampler: str, limit: float, v: float) -> None:
    axes = canvas.panel(left=1.38, right=0.75)
    rows = -np.arange(len(SAMPLERS), dtype=float)
    values = np.clip(list(ends.values()), LOW, HIGH)
    chosen = np.where([name == sampler for name in SAMPLERS], values, np.nan)
    parts.log_axis(axes.xaxis, LOW, HIGH)
    axes.set(ylim=(rows[-1] - 0.6, 0.6), xlabel=f"variance after {LAST} rounds")
    axes.set_yticks(rows, [short for _, short in SAMPLERS.values()])
    axes.tick_params(axis="y", length=0, pad=7)
    canvas.upright(axes, "data_line", v, axes.get_ylim(), **role("data"))
    canvas.upright(axes, "limit_line", limit, axes.get_ylim(), **role("limit"))
    orange = PALETTE["round"]
    canvas.dots(axes, "ends", values, rows, 6.0, fixed="y", fill=False, color=orange, clip_on=False)
    canvas.dots(axes, "chosen", chosen, rows, 8.0, fixed="y", color=orange, clip_on=False)
    for row, (name, end) in zip(rows, ends.items(), strict=True):
        height = (row - axes.get_ylim()[0]) / (axes.get_ylim()[1] - axes.get_ylim()[0])
        canvas.text(axes, f"value_{name}", 1.05, height, parts.short(end), ha="left", va="center", fontsize=10)
