"""The live figure of chapter 1: a law on the line noised for a time, its density and its score."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit import GaussianMixture, PointCloud, standard_gaussian
from echolimit._arrays import to_numpy
from echolimit.figures.controls import Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context

LONGEST = 3.0  # the largest time of the slider
POINTS = 401


def noising_explorer(
    law: GaussianMixture | PointCloud | None = None, t: float = 0.1, shortest: float = 0.002
) -> LiveFigure:
    """Live figure of chapter 1: density and score of the law P_t p* as t moves.

    law: p*, a GaussianMixture or a PointCloud of dimension 1 (None: the book's example).  t in [shortest, 3], where the
    slider starts.  shortest in (0, 3): its lower end, which also sets the extent of the score's axis.
    The curves equal `law.diffuse(t).density` and `.score`; the words say the number of peaks among the points drawn,
    E |score|^2, and between which bounds the slope of the score lies there.
    Raises ValueError for another dimension or a time outside its range, TypeError for another law or no number.
    """
    slider = Slider("t", "noising time t", shortest, LONGEST, t, scale="log")
    target = _as_mixture(law)
    cloud = isinstance(law, PointCloud)
    x = _grid(target)
    with style_context():
        canvas = Canvas()
        _density_panel(canvas, target, x, t, cloud)
        _score_panel(canvas, target, x, t, cloud, shortest)
        what = "six points" if cloud and len(target.weights) == 6 else "a set of points" if cloud else "the data"
        sharp = (
            "For small t the density has a spike at each point and the score is a saw with steep teeth; for large t "
            if cloud
            else "With growing t the bumps flow together and the score straightens, until "
        )
        return canvas.finish(
            "noising",
            {"mixture": parts.plain(target), "x": parts.rounded(x)},
            [slider],
            f"First panel the density, second panel the score, of {what} noised for a time t, and of the standard "
            f"Gaussian, dotted. {sharp}both are the Gaussian's: one bell, and a straight line with slope minus one.",
            parts.start_words(t=t),
        )


def _as_mixture(law: GaussianMixture | PointCloud | None) -> GaussianMixture:
    if not isinstance(law, PointCloud):
        return parts.one_dimensional(law)
    if law.dimension != 1:
        raise ValueError(f"law must have dimension 1, got {law.dimension}: project its points onto a line first")
    points = to_numpy(law.points)
    return GaussianMixture(to_numpy(law.weights), points, np.zeros(len(points)))


def _grid(target: GaussianMixture) -> np.ndarray:
    """Points that hold the data, and the standard normal where it has three quarters of its mass or more."""
    means = np.asarray(target.means)[:, 0]
    spread = 0.8 + 3.0 * np.sqrt(np.asarray(target.variances())[:, 0])
    edge = np.ceil(2 * max(*np.abs(means - spread), *np.abs(means + spread), 2.0)) / 2
    return np.round(np.linspace(-edge, edge, POINTS), 9)


def _density_panel(canvas: Canvas, target: GaussianMixture, x: np.ndarray, t: float, cloud: bool) -> None:
    axes = canvas.panel()
    noised = np.asarray(target.diffuse(t).density(x[:, None]))
    axes.plot(x, np.asarray(standard_gaussian(1).density(x[:, None])), **_dotted())
    if cloud:
        places = np.asarray(target.means)[:, 0]
        dot = {"markersize": 4.5, "clip_on": False, "color": PALETTE["data"]}
        axes.plot(places, np.zeros_like(places), "o", label="data", **dot)
        top = 1.06
    else:
        parts.data_curve(axes, target, x)
        top = parts.height(target, x)
    style: dict[str, Any] = role("round", label="noised data", **({"linestyle": "-"} if cloud else {}))
    canvas.line(axes, "density", x, noised, **style)
    axes.set(xlim=(x[0], x[-1]), ylim=(0, top), xlabel="x", ylabel="density")
    axes.legend(ncols=3, **parts.ABOVE | {"columnspacing": 0.8})


def _score_panel(
    canvas: Canvas, target: GaussianMixture, x: np.ndarray, t: float, cloud: bool, shortest: float
) -> None:
    axes = canvas.panel(left=0.7)
    score = lambda law: np.asarray(law.score(x[:, None]))[:, 0]  # noqa: E731
    axes.plot(x, -x, **_dotted())
    if not cloud:
        axes.plot(x, score(target), **role("data"))
    canvas.line(axes, "score", x, score(target.diffuse(t)), **role("round", **({"linestyle": "-"} if cloud else {})))
    steepest = 1.1 * _largest_inside(target, score(target.diffuse(shortest)), x)
    axes.set(xlim=(x[0], x[-1]), ylim=(-steepest, steepest), xlabel="x", ylabel="score")


def _largest_inside(target: GaussianMixture, score: np.ndarray, x: np.ndarray) -> float:
    """The largest |score| within three standard deviations of the outermost components."""
    means, spread = np.asarray(target.means)[:, 0], 3 * np.sqrt(np.asarray(target.variances())[:, 0])
    inside = (x >= np.min(means - spread)) & (x <= np.max(means + spread))
    return float(np.max(np.abs(score[inside]), initial=1.0))


def _dotted() -> dict[str, Any]:
    return {"color": "black", "linewidth": 0.9, "linestyle": (0, (1.2, 1.6)), "label": "Gaussian γ"}
