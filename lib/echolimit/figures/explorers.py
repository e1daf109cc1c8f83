"""The live figures of chapters 2 to 4: ages, the limit law, the low-pass picture."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from echolimit import (
    GaussianMixture,
    age_law,
    cutoff_degree,
    density_from_hermite,
    hermite_coefficients,
    limit_law,
    round_law,
    transfer,
)
from echolimit._arrays import to_numpy

from .controls import Slider
from .live import Canvas, LiveFigure
from .style import PALETTE, role, style_context

POINTS = 321
_ABOVE: dict[str, Any] = {
    "loc": "lower left",
    "bbox_to_anchor": (0, 1.0),
    "borderaxespad": 0.2,
    "handlelength": 2.0,
    "columnspacing": 1.1,
    "handletextpad": 0.5,
}


def example_mixture() -> GaussianMixture:
    """The book's one-dimensional example .3 N(-1.2, .25) + .7 N(.9, .16)."""
    return GaussianMixture([0.3, 0.7], [[-1.2], [0.9]], [0.25, 0.16])


def limit_explorer(
    mixture: GaussianMixture | None = None, alpha: float = 0.2, delta: float = 0.05, rounds: int = 3
) -> LiveFigure:
    """Live figure of chapter 3: densities of data, round and limit, and the share of each Hermite mode that survives.

    mixture: a one-dimensional Gaussian mixture, the book's example if None.  alpha in [0.02, 1], delta in [0.001, 1],
    rounds in 0..40: where the sliders start.  p_i and p_inf as in thm-finite-rounds and thm-limit-law, H_n as in
    prop-transfer; the curves equal `round_law` and `limit_law` to 1e-6.
    Raises ValueError for a parameter outside its slider or a mixture in more dimensions, TypeError for another law.
    """
    target = _one_dimensional(mixture)
    sliders = [_alpha(alpha), _delta(delta), _rounds(rounds)]
    degrees = np.arange(21)
    x = _grid(target)
    with style_context():
        canvas = Canvas()
        _density_panel(canvas, target, x, alpha, delta, rounds, with_limit=True)
        modes = canvas.panel()
        survives = transfer(degrees, alpha, delta)
        canvas.bars(modes, "transfer", degrees, survives, 0.7, color=PALETTE["limit"], linewidth=0)
        modes.axhline(0.5, color="black", linewidth=0.6, alpha=0.35)
        _cutoff(canvas, modes, alpha, delta, degrees, (0.0, 1.0))
        modes.set(xlim=(-0.7, 20.7), ylim=(0, 1.03), xlabel="degree n", ylabel="share surviving, $H_n$")
        modes.set_xticks(range(0, 21, 5))
        return canvas.finish(
            "limit",
            {"mixture": _plain(target), "x": _round(x), "degrees": degrees.tolist()},
            sliders,
            "Left: the density of the data, of the law after some rounds and of the limit law. Right: bars of the "
            "share of each Hermite mode that survives in the limit, falling with the degree, with the cut-off where "
            "half survives. A larger truncation time or a smaller fresh share blurs the limit and lowers the bars.",
            _start(alpha=alpha, delta=delta, round=rounds),
        )


def age_explorer(
    mixture: GaussianMixture | None = None, alpha: float = 0.2, delta: float = 0.05, rounds: int = 5
) -> LiveFigure:
    """Live figure of chapter 2: how old the samples of a round are, and the density that their ages make.

    Parameters and errors as in `limit_explorer`.  Ages as in `age_law`: min(G, i) with G geometric.
    """
    target = _one_dimensional(mixture)
    sliders = [_alpha(alpha), _delta(delta), _rounds(rounds)]
    ages = np.arange(26)
    x = _grid(target)
    with style_context():
        canvas = Canvas()
        old = canvas.panel()
        masses = np.concatenate([[0.0], age_law(rounds, alpha)] if rounds else [[1.0]])
        masses = np.pad(masses, (0, len(ages)))[: len(ages)]
        canvas.bars(old, "ages", ages, masses, 0.7, color=PALETTE["round"], linewidth=0)
        canvas.text(old, "beyond", 0.99, 0.97, "", ha="right", va="top", fontsize=10)
        old.set(xlim=(-0.7, 25.7), ylim=(0, 1.03), xlabel="age (truncations)", ylabel="share of the samples")
        _density_panel(canvas, target, x, alpha, delta, rounds, with_limit=False)
        return canvas.finish(
            "ages",
            {"mixture": _plain(target), "x": _round(x), "ages": ages.tolist()},
            sliders,
            "Left: bars of the ages of the samples in a round, falling geometrically, and a last bar at the age that "
            "equals the round: the samples last refreshed in the first round, together with those never refreshed. "
            "Right: the density of the data and of the round, which is the average of the data diffused by these ages.",
            _start(alpha=alpha, delta=delta, round=rounds),
        )


def spectrum_explorer(
    mixture: GaussianMixture | None = None, alpha: float = 0.2, delta: float = 0.05, degree: int = 12
) -> LiveFigure:
    """Live figure of chapter 4: the Hermite modes of the data and of the limit, and the series cut at a degree.

    degree in 0..60: where the series is cut at the start; other parameters and errors as in `limit_explorer`.
    """
    target = _one_dimensional(mixture)
    highest = 60
    sliders = [_alpha(alpha), _delta(delta), Slider("degree", "degree N", 0, highest, degree, whole=True)]
    coefficients = np.asarray(hermite_coefficients(target, highest))
    degrees = np.arange(1, 25)  # c_0 = 1 always, and would hide the others
    kept = coefficients * transfer(np.arange(highest + 1), alpha, delta)
    x = _grid(target)
    with style_context():
        canvas = Canvas()
        modes = canvas.panel()
        top = 1.12 * float(np.max(np.abs(coefficients[degrees])))
        modes.bar(degrees, coefficients[degrees], 0.8, color=PALETTE["data"], alpha=0.45, linewidth=0, label="data")
        canvas.bars(modes, "kept", degrees, kept[degrees], 0.4, color=PALETTE["limit"], linewidth=0, label="limit")
        modes.axhline(0, color="black", linewidth=0.6)
        _cutoff(canvas, modes, alpha, delta, degrees, (-top, top))
        modes.set(xlim=(0.3, 24.7), ylim=(-top, top), xlabel="degree n", ylabel="mode $c_n$")
        axes = canvas.panel()
        _data(axes, target, x)
        limit = limit_law(target, alpha, delta).density(x[:, None])
        canvas.line(axes, "limit", x, limit, **role("limit", label="limit"))
        canvas.line(
            axes, "series", x, density_from_hermite(kept[: degree + 1], x),
            color="black", linestyle=(0, (1.2, 1.6)), linewidth=1.6, label="series to degree N",
        )  # fmt: skip
        axes.axhline(0, color="black", linewidth=0.6)
        height = _height(target, x)
        axes.set(xlim=(x[0], x[-1]), ylim=(-0.25 * height, height), xlabel="x", ylabel="density")
        axes.legend(ncols=3, **_ABOVE)
        return canvas.finish(
            "spectrum",
            {
                "mixture": _plain(target), "x": _round(x), "degrees": degrees.tolist(),
                "coefficients": [float(c) for c in coefficients],
            },
            sliders,
            "Left: bars of the Hermite modes of the data, and inside them the shorter bars that survive in the "
            "limit; high degrees shrink most. Right: the density of the data, of the limit, and the limit's Hermite "
            "series cut at a degree, which wiggles around it and may dip below zero.",
            _start(alpha=alpha, delta=delta, degree=degree),
        )  # fmt: skip


def _one_dimensional(mixture: GaussianMixture | None) -> GaussianMixture:
    target = example_mixture() if mixture is None else mixture
    if not isinstance(target, GaussianMixture):
        kind = type(target).__name__
        raise TypeError(f"mixture must be a GaussianMixture or None, got {kind}: an EchoLaw has as_mixture()")
    if target.dimension != 1:
        raise ValueError(f"mixture must have dimension 1, got {target.dimension}: project it onto a line first")
    if isinstance(target.means, np.ndarray):
        return target
    return GaussianMixture(to_numpy(target.weights), to_numpy(target.means), to_numpy(target.variances())[:, 0])


def _plain(target: GaussianMixture) -> dict[str, list[float]]:
    return {
        "weights": [float(w) for w in target.weights],
        "means": [float(m) for m in np.asarray(target.means)[:, 0]],
        "variances": [float(v) for v in np.asarray(target.variances())[:, 0]],
    }


def _round(x: np.ndarray) -> list[float]:
    return [round(float(value), 9) for value in x]


def _grid(target: GaussianMixture) -> np.ndarray:
    """Points that hold the data and the standard normal, to which every law of the recursion may fall."""
    means = np.asarray(target.means)[:, 0]
    spread = 3.2 * np.sqrt(np.asarray(target.variances())[:, 0])
    return np.round(np.linspace(min(-3.0, *(means - spread)), max(3.0, *(means + spread)), POINTS), 9)


def _height(target: GaussianMixture, x: np.ndarray) -> float:
    """A height that no law of the recursion exceeds: all are averages of the diffused data."""
    times = [0.0, *np.geomspace(1e-3, 8.0, 24)]
    return 1.06 * max(float(np.max(target.diffuse(t).density(x[:, None]))) for t in times)


def _data(axes: Axes, target: GaussianMixture, x: np.ndarray) -> None:
    density = np.asarray(target.density(x[:, None]))
    axes.fill_between(x, density, color=PALETTE["data"], alpha=0.16, linewidth=0)
    axes.plot(x, density, **role("data", label="data"))


def _density_panel(
    canvas: Canvas, target: GaussianMixture, x: np.ndarray, alpha: float, delta: float, rounds: int, with_limit: bool
) -> None:
    axes = canvas.panel()
    _data(axes, target, x)
    if with_limit:
        density = np.asarray(limit_law(target, alpha, delta).density(x[:, None]))
        canvas.line(axes, "limit", x, density, **role("limit", label="limit"))
    law = round_law(target, rounds, alpha, delta) if rounds else target
    canvas.line(axes, "round", x, np.asarray(law.density(x[:, None])), **role("round", label="round"))
    axes.set(xlim=(x[0], x[-1]), ylim=(0, _height(target, x)), xlabel="x", ylabel="density")
    axes.legend(ncols=3, **_ABOVE)


def _cutoff(
    canvas: Canvas, axes: Axes, alpha: float, delta: float, degrees: np.ndarray, span: tuple[float, float]
) -> None:
    """The cut-off degree as a line, or as words at the edge when it lies beyond it."""
    cutoff = float(cutoff_degree(alpha, delta))
    inside = cutoff <= degrees[-1] + 0.5
    style = {"color": "black", "linewidth": 1.2, "linestyle": (0, (3, 2)), "label": "cut-off"}
    canvas.upright(axes, "cutoff", cutoff if inside else math.nan, span, **style)
    words = "" if inside else f"cut-off = {cutoff:.3g} →"
    canvas.text(axes, "beyond", 1.0, 1.04, words, ha="right", va="bottom", fontsize=10)  # beside the legend
    handles, labels = axes.get_legend_handles_labels()
    order = sorted(range(len(labels)), key=lambda k: ["data", "limit", "cut-off"].index(labels[k]))
    axes.legend(
        [handles[k] for k in order],
        [labels[k] for k in order],
        ncols=3,
        **_ABOVE | {"handlelength": 1.5, "columnspacing": 0.8},
    )


def _alpha(value: float) -> Slider:
    return Slider("alpha", "fresh share α", 0.02, 1.0, value)


def _delta(value: float) -> Slider:
    return Slider("delta", "truncation time δ", 0.001, 1.0, value, scale="log")


def _rounds(value: int) -> Slider:
    return Slider("round", "round i", 0, 40, value, whole=True)


def _start(**values: float) -> str:
    drawn = ", ".join(f"{name} {value:g}" for name, value in values.items())
    return f"Drawn at {drawn}. The sliders move once the page's script runs."
