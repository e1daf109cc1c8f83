"""The live figure of chapter 8: the variance of a refitted mean when real data are reused, and when they are fresh."""

from __future__ import annotations

import numpy as np

from echolimit.figures.controls import Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import role, style_context
from echolimit.finite_sample import refit_peak, refit_variance

ROLES = {"reused": "round", "fresh": "control"}


def reuse_explorer(rounds: int = 10, ratio: float = 4.0, real: int = 100) -> LiveFigure:
    """Live figure of chapter 8: the variance of a refitted Gaussian mean against the synthetic points per real one.

    rounds in 1..100, ratio lambda in [0.01, 10000], real points n in 10..10000: where the sliders start. n only sets
    the expected total variation that the status line says.
    The curves equal `refit_variance`, the dots `refit_peak`, the words `expected_location_tv`.
    Raises ValueError for a parameter outside its slider, TypeError for what is no number.
    """
    sliders = [
        Slider("round", "round i", 1, 100, rounds, whole=True),
        Slider("ratio", "synthetic per real point λ", 0.01, 10_000, ratio, scale="log"),
        Slider("real", "real points n, for the TV", 10, 10_000, real, scale="log", whole=True),
    ]
    ratios = np.array([float(f"{value:.9g}") for value in np.geomspace(0.01, 10_000, 241)])
    many = ratios / (1 + 2 * ratios)
    with style_context():
        canvas = Canvas()
        axes = canvas.panel(width=4.5, height=3.3, left=0.58, right=0.22, top=0.52)
        parts.log_axis(axes.xaxis, 0.01, 10_000, every=2)
        axes.axhline(1.0, **role("data", label="real data alone"))
        axes.plot(ratios, 1 + many, **role("limit", linewidth=1.2, label="many rounds"))
        axes.plot(ratios, 1 - many, **role("limit", linewidth=1.2))
        canvas.upright(axes, "ratio", ratio, (0.4, 1.6), color="black", linewidth=0.8, alpha=0.5)
        for kind, name in ROLES.items():
            curve = refit_variance(ratios, rounds, kind)
            canvas.line(axes, kind, ratios, curve, **role(name, label=f"{kind} real data"))
        peak = refit_peak(rounds)
        heights = 1 + peak.excess * np.array([1.0, -1.0])
        canvas.dots(axes, "peaks", np.full(2, peak.ratio), heights, 7.0, fixed="", fill=False, color="black")
        here = np.array([refit_variance(ratio, rounds, kind) for kind in ROLES])
        canvas.dots(axes, "here", np.full(2, ratio), here, 5.0, fixed="", color="black")
        axes.set(ylim=(0.4, 1.6), xlabel="synthetic points per real one, λ", ylabel="variance of the fitted mean (v/n)")
        axes.legend(ncols=2, **parts.ABOVE | {"bbox_to_anchor": (0, 0.99)})
        return canvas.finish(
            "reuse",
            {"ratios": ratios.tolist()},
            sliders,
            "The variance of the fitted mean against the number of synthetic points per real one, on a log axis. With "
            "reused real data the curve of a round rises above the line of the real data alone to one peak, marked by "
            "a ring, and falls again; with fresh real data it is the mirror image below the line. After many rounds "
            "the two saturate at one and a half and at one half.",
            parts.start_words(round=rounds, ratio=ratio, real=real),
        )
