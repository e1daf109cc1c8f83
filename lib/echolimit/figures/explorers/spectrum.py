"""The live figure of chapter 4: Hermite modes, and the series cut at a degree."""

from __future__ import annotations

import numpy as np

from echolimit import GaussianMixture, density_from_hermite, hermite_coefficients, limit_law, transfer
from echolimit.figures.controls import Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context


def spectrum_explorer(
    mixture: GaussianMixture | None = None, alpha: float = 0.2, delta: float = 0.05, degree: int = 12
) -> LiveFigure:
    """Live figure of chapter 4: the Hermite modes of the data and of the limit, and the series cut at a degree.

    degree in 0..60: where the series is cut at the start; other parameters and errors as in `limit_explorer`.
    """
    target = parts.one_dimensional(mixture)
    highest = 60
    cut = Slider("degree", "degree N", 0, highest, degree, whole=True)
    sliders = [parts.alpha_slider(alpha), parts.delta_slider(delta), cut]
    coefficients = np.asarray(hermite_coefficients(target, highest))
    degrees = np.arange(1, 25)  # c_0 = 1 always, and would hide the others
    kept = coefficients * transfer(np.arange(highest + 1), alpha, delta)
    x = parts.grid(target)
    with style_context():
        canvas = Canvas()
        modes = canvas.panel(left=0.7)
        top = 1.12 * float(np.max(np.abs(coefficients[degrees])))
        modes.bar(degrees, coefficients[degrees], 0.8, color=PALETTE["data"], alpha=0.45, linewidth=0, label="data")
        canvas.bars(modes, "kept", degrees, kept[degrees], 0.4, color=PALETTE["limit"], linewidth=0, label="limit")
        modes.axhline(0, color="black", linewidth=0.6)
        parts.cutoff_line(canvas, modes, alpha, delta, degrees, (-top, top))
        modes.set(xlim=(0.3, 24.7), ylim=(-top, top), xlabel="degree n", ylabel="mode $c_n$")
        axes = canvas.panel()
        parts.data_curve(axes, target, x)
        limit = limit_law(target, alpha, delta).density(x[:, None])
        canvas.line(axes, "limit", x, limit, **role("limit", label="limit"))
        canvas.line(
            axes, "series", x, density_from_hermite(kept[: degree + 1], x),
            color="black", linestyle=(0, (1.2, 1.6)), linewidth=1.6, label="series to degree N",
        )  # fmt: skip
        axes.axhline(0, color="black", linewidth=0.6)
        height = parts.height(target, x)
        axes.set(xlim=(x[0], x[-1]), ylim=(-0.25 * height, height), xlabel="x", ylabel="density")
        axes.legend(ncols=3, **parts.ABOVE)
        return canvas.finish(
            "spectrum",
            {
                "mixture": parts.plain(target), "x": parts.rounded(x), "degrees": degrees.tolist(),
                "coefficients": [float(c) for c in coefficients],
            },
            sliders,
            "Left: bars of the Hermite modes of the data, and inside them the shorter bars that survive in the "
            "limit; high degrees shrink most. Right: the density of the data, of the limit, and the limit's Hermite "
            "series cut at a degree, which wiggles around it and may dip below zero.",
            parts.start_words(alpha=alpha, delta=delta, degree=degree),
        )  # fmt: skip
