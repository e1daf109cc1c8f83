"""The live figure of chapter 3: densities and the share of each mode that survives."""

from __future__ import annotations

import numpy as np

from echolimit import GaussianMixture, transfer
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, style_context


def limit_explorer(
    mixture: GaussianMixture | None = None, alpha: float = 0.2, delta: float = 0.05, rounds: int = 3
) -> LiveFigure:
    """Live figure of chapter 3: densities of data, round and limit, and the share of each Hermite mode that survives.

    mixture: a one-dimensional Gaussian mixture, the book's example if None.  alpha in [0.02, 1], delta in [0.001, 1],
    rounds in 0..40: where the sliders start.  p_i and p_inf as in thm-finite-rounds and thm-limit-law, H_n as in
    prop-transfer; the curves equal `round_law` and `limit_law` to 1e-6.
    Raises ValueError for a parameter outside its slider or a mixture in more dimensions, TypeError for another law.
    """
    target = parts.one_dimensional(mixture)
    sliders = [parts.alpha_slider(alpha), parts.delta_slider(delta), parts.rounds_slider(rounds)]
    degrees = np.arange(21)
    x = parts.grid(target)
    with style_context():
        canvas = Canvas()
        parts.density_panel(canvas, target, x, alpha, delta, rounds, with_limit=True)
        modes = canvas.panel()
        survives = transfer(degrees, alpha, delta)
        canvas.bars(modes, "transfer", degrees, survives, 0.7, color=PALETTE["limit"], linewidth=0)
        modes.axhline(0.5, color="black", linewidth=0.6, alpha=0.35)
        parts.cutoff_line(canvas, modes, alpha, delta, degrees, (0.0, 1.0))
        modes.set(xlim=(-0.7, 20.7), ylim=(0, 1.03), xlabel="degree n", ylabel="share surviving, $H_n$")
        modes.set_xticks(range(0, 21, 5))
        return canvas.finish(
            "limit",
            {"mixture": parts.plain(target), "x": parts.rounded(x), "degrees": degrees.tolist()},
            sliders,
            "Left: the density of the data, of the law after some rounds and of the limit law. Right: bars of the "
            "share of each Hermite mode that survives in the limit, falling with the degree, with the cut-off where "
            "half survives. A larger truncation time or a smaller fresh share blurs the limit and lowers the bars.",
            parts.start_words(alpha=alpha, delta=delta, round=rounds),
        )
