"""The live figure of chapter 7: the map of fresh share and error, and the drift of the loop at the point chosen."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from echolimit.drift import accumulated_drift, chi2_onset, shift_loop_chi2
from echolimit.figures.controls import Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context

ROUNDS, TOP = 120, 1e3  # shown: the rounds, and the largest drift
ROLES = {"alternating": "data", "random": "control", "same": "limit"}
LABELS = {"alternating": "alternating", "random": "random", "same": "same sign"}


def regime_explorer(alpha: float = 0.1, error: float = 0.05, tolerance: float = 0.1) -> LiveFigure:
    """Live figure of chapter 7: a point that the reader drags over the map, and the drift of its loop.

    alpha in [0.02, 1], the size x of a round's error in [0.01, 2], the tolerance D in [0.03, 0.3]: where the sliders
    start.  Lines of the map: x = s sqrt(D) with s = alpha, sqrt(alpha (2 - alpha)), 2 - alpha.  Curves: for errors of
    one sign `shift_loop_chi2` with the shift r = sqrt(ln(1 + x^2)), whose first error has the size x; for the others
    `accumulated_drift`.
    Raises ValueError for a parameter outside its slider, TypeError for what is no number.
    """
    sliders = [
        Slider("alpha", "fresh share α", 0.02, 1.0, alpha, scale="log"),
        Slider("error", "size x of a round's error", 0.01, 2.0, error, scale="log"),
        Slider("tolerance", "tolerance D", 0.03, 0.3, tolerance, scale="log"),
    ]
    shares = np.array([float(f"{share:.9g}") for share in np.geomspace(0.02, 1.0, 61)])
    with style_context():
        canvas = Canvas()
        _map_panel(canvas, shares, alpha, error, tolerance)
        _drift_panel(canvas, alpha, error, tolerance)
        return canvas.finish(
            "regimes",
            {"shares": shares.tolist(), "rounds": list(range(1, ROUNDS + 1)), "top": TOP},
            sliders,
            "First panel: a map of the size of a round's error against the fresh share, on log axes. Three lines "
            "divide it: below the lowest, which rises with the fresh share, the drift is held whatever the signs; "
            "above the highest it is lost; between them the signs decide. They meet at fresh share one. A dot marks "
            "the loop. Second panel: the drift of that loop over 120 rounds on a log axis, for errors of alternating, "
            "of random and of the same sign, with the tolerance as a level line. Errors of the same sign shoot up "
            "near the round marked as onset.",
            parts.start_words(alpha=alpha, error=error, tolerance=tolerance),
        )


def _map_panel(canvas: Canvas, shares: np.ndarray, alpha: float, error: float, tolerance: float) -> None:
    axes, root = canvas.panel(left=0.66), math.sqrt(tolerance)
    lines = {"alternating": 2 - shares, "random": np.sqrt(shares * (2 - shares)), "same": shares}
    _plain_log(axes, "x", (0.02, 1.0), (0.02, 0.05, 0.1, 0.2, 0.5, 1))
    _plain_log(axes, "y", (0.01, 2.0), (0.01, 0.1, 1))
    for name, heights in lines.items():
        canvas.line(axes, f"line_{name}", shares, heights * root, **role(ROLES[name], label=LABELS[name]))
    words = {"fontsize": 10, "color": "black"}
    axes.text(0.9, 0.0135, "held", ha="right", **words)
    axes.text(0.024, 0.215, "signs decide", **words)  # between the upper lines for every tolerance
    axes.text(0.024, 1.35, "lost", **words)
    place = (alpha, error)
    dot = "the loop on the map: fresh share and size of the error, dragged or moved by the arrow keys"
    canvas.handle(axes, "here", place, dot, across="alpha", up="error", color=PALETTE["round"], clip_on=False)
    axes.set(xlabel="fresh share α", ylabel="size x of a round's error")
    axes.legend(ncols=3, **parts.ABOVE | {"handlelength": 1.6, "columnspacing": 0.9})


def _drift_panel(canvas: Canvas, alpha: float, error: float, tolerance: float) -> None:
    axes, rounds = canvas.panel(left=0.82, right=0.16), np.arange(1, ROUNDS + 1)
    parts.log_axis(axes.yaxis, 1e-4, TOP)
    shift = math.sqrt(math.log1p(error**2))
    curves = {
        "alternating": accumulated_drift(alpha, error * np.resize([1.0, -1.0], ROUNDS), 1.0)[1:],
        "random": accumulated_drift(alpha, np.full(ROUNDS, error))[1:],
        "same": np.array([shift_loop_chi2(int(k), alpha, shift) for k in rounds]),
    }
    ends, onset = np.array([0.0, ROUNDS]), chi2_onset(alpha, shift) if alpha < 1 else math.nan
    level: dict[str, Any] = {"color": "black", "linewidth": 0.8, "linestyle": ":", "label": "tolerance"}
    canvas.line(axes, "tolerance", ends, np.full(2, tolerance), **level)
    inside = onset <= ROUNDS
    style = {"color": "black", "linewidth": 1.0, "linestyle": (0, (3, 2)), "label": "onset $N^*$"}
    canvas.upright(axes, "onset", onset if inside else math.nan, (1e-4, TOP), **style)
    for name, curve in curves.items():
        outside = np.cumsum(curve > TOP) > 1  # all but the first point above the panel
        canvas.line(axes, name, rounds, np.where(outside, np.nan, curve), **role(ROLES[name]))
    words = "" if inside or alpha == 1 else f"N* = {parts.short(onset)} →"
    canvas.text(axes, "beyond", 1.0, 1.04, words, ha="right", va="bottom", fontsize=10)
    axes.set(xlim=(0, ROUNDS), xlabel="round", ylabel="drift (chi-square)")
    axes.legend(ncols=2, **parts.ABOVE)


def _plain_log(axes: Axes, which: str, ends: tuple[float, float], ticks: tuple[float, ...]) -> None:
    axis = axes.xaxis if which == "x" else axes.yaxis
    parts.log_axis(axis, *ends)
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
