"""What several live figures share: the book's example, its grid, panels and markers, the sliders of the recursion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from echolimit import GaussianMixture, cutoff_degree, limit_law, round_law
from echolimit._arrays import to_numpy
from echolimit.figures.controls import Slider
from echolimit.figures.live import Canvas
from echolimit.figures.style import PALETTE, role

POINTS = 321
ABOVE: dict[str, Any] = {
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


def one_dimensional(mixture: GaussianMixture | None) -> GaussianMixture:
    target = example_mixture() if mixture is None else mixture
    if not isinstance(target, GaussianMixture):
        kind = type(target).__name__
        raise TypeError(f"mixture must be a GaussianMixture or None, got {kind}: an EchoLaw has as_mixture()")
    if target.dimension != 1:
        raise ValueError(f"mixture must have dimension 1, got {target.dimension}: project it onto a line first")
    if isinstance(target.means, np.ndarray):
        return target
    return GaussianMixture(to_numpy(target.weights), to_numpy(target.means), to_numpy(target.variances())[:, 0])


def plain(target: GaussianMixture) -> dict[str, list[float]]:
    return {
        "weights": [float(w) for w in target.weights],
        "means": [float(m) for m in np.asarray(target.means)[:, 0]],
        "variances": [float(v) for v in np.asarray(target.variances())[:, 0]],
    }


def rounded(x: np.ndarray) -> list[float]:
    return [round(float(value), 9) for value in x]


def grid(target: GaussianMixture) -> np.ndarray:
    """Points that hold the data and the standard normal, to which every law of the recursion may fall."""
    means = np.asarray(target.means)[:, 0]
    spread = 3.2 * np.sqrt(np.asarray(target.variances())[:, 0])
    return np.round(np.linspace(min(-3.0, *(means - spread)), max(3.0, *(means + spread)), POINTS), 9)


def height(target: GaussianMixture, x: np.ndarray) -> float:
    """A height that no law of the recursion exceeds: all are averages of the diffused data."""
    times = [0.0, *np.geomspace(1e-3, 8.0, 24)]
    return 1.06 * max(float(np.max(target.diffuse(t).density(x[:, None]))) for t in times)


def data_curve(axes: Axes, target: GaussianMixture, x: np.ndarray) -> None:
    density = np.asarray(target.density(x[:, None]))
    axes.fill_between(x, density, color=PALETTE["data"], alpha=0.16, linewidth=0)
    axes.plot(x, density, **role("data", label="data"))


def density_panel(
    canvas: Canvas, target: GaussianMixture, x: np.ndarray, alpha: float, delta: float, rounds: int, with_limit: bool
) -> None:
    axes = canvas.panel()
    data_curve(axes, target, x)
    if with_limit:
        density = np.asarray(limit_law(target, alpha, delta).density(x[:, None]))
        canvas.line(axes, "limit", x, density, **role("limit", label="limit"))
    law = round_law(target, rounds, alpha, delta) if rounds else target
    canvas.line(axes, "round", x, np.asarray(law.density(x[:, None])), **role("round", label="round"))
    axes.set(xlim=(x[0], x[-1]), ylim=(0, height(target, x)), xlabel="x", ylabel="density")
    axes.legend(ncols=3, **ABOVE)


def cutoff_line(
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
        **ABOVE | {"handlelength": 1.5, "columnspacing": 0.8},
    )


def log_axis(axis: Axis, low: float, high: float, every: int = 1) -> None:
    """Make it a log axis from low to high, with a written tick at every such decade, 1 among them."""
    which = axis.axis_name
    axis.axes.set(**{f"{which}scale": "log", f"{which}lim": (low, high)})
    inside = range(math.ceil(round(math.log10(low), 9)), math.floor(round(math.log10(high), 9)) + 1)
    axis.set_major_locator(FixedLocator([10.0**k for k in inside if k % every == 0]))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: np.format_float_positional(value, trim="-")))


def legend_row(axes: Axes, handles: Sequence[Artist], labels: Sequence[str]) -> None:
    """All in one row above the panel, which may be as wide as the panel with its labels."""
    space = {"handlelength": 1.9, "columnspacing": 0.7, "handletextpad": 0.4, "borderpad": 0.0, "borderaxespad": 0.3}
    place = {"loc": "upper right", "bbox_to_anchor": (1, 1), "bbox_transform": axes.figure.transFigure}
    axes.legend(handles, labels, ncols=len(labels), **place, **space)


def short(value: float) -> str:
    """A number with three significant digits, as static/words.js writes it."""
    if value != 0 and not 1e-4 <= abs(value) < 1e5:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", "\N{MINUS SIGN}")
    return np.format_float_positional(float(f"{value:.3g}"), trim="-").replace("-", "\N{MINUS SIGN}")


def alpha_slider(value: float) -> Slider:
    return Slider("alpha", "fresh share α", 0.02, 1.0, value)


def delta_slider(value: float) -> Slider:
    return Slider("delta", "truncation time δ", 0.001, 1.0, value, scale="log")


def rounds_slider(value: int, most: int = 40) -> Slider:
    return Slider("round", "round i", 0, most, value, whole=True)


def start_words(**values: float | str) -> str:
    drawn = ", ".join(
        f"{name} {value}" if isinstance(value, str) else f"{name} {value:g}" for name, value in values.items()
    )
    return f"Drawn at {drawn}. The sliders move once the page's script runs."
