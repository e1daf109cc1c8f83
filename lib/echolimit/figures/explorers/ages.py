"""The live figure of chapter 2: ages and the density that they make."""

from __future__ import annotations

import numpy as np

from echolimit import GaussianMixture, age_law
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, style_context


def age_explorer(
    mixture: GaussianMixture | None = None, alpha: float = 0.2, delta: float = 0.05, rounds: int = 5
) -> LiveFigure:
    """Live figure of chapter 2: how old the samples of a round are, and the density that their ages make.

    Parameters and errors as in `limit_explorer`.  Ages as in `age_law`: min(G, i) with G geometric.
    """
    target = parts.one_dimensional(mixture)
    sliders = [parts.alpha_slider(alpha), parts.delta_slider(delta), parts.rounds_slider(rounds)]
    ages = np.arange(26)
    x = parts.grid(target)
    with style_context():
        canvas = Canvas()
        old = canvas.panel()
        masses = np.concatenate([[0.0], age_law(rounds, alpha)] if rounds else [[1.0]])
        masses = np.pad(masses, (0, len(ages)))[: len(ages)]
        canvas.bars(old, "ages", ages, masses, 0.7, color=PALETTE["round"], linewidth=0)
        canvas.text(old, "beyond", 0.99, 0.97, "", ha="right", va="top", fontsize=10)
        old.set(xlim=(-0.7, 25.7), ylim=(0, 1.03), xlabel="age (truncations)", ylabel="share of the samples")
        parts.density_panel(canvas, target, x, alpha, delta, rounds, with_limit=False)
        return canvas.finish(
            "ages",
            {"mixture": parts.plain(target), "x": parts.rounded(x), "ages": ages.tolist()},
            sliders,
            "Left: bars of the ages of the samples in a round, falling geometrically, and a last bar at the age that "
            "equals the round: the samples last refreshed in the first round, together with those never refreshed. "
            "Right: the density of the data and of the round, which is the average of the data diffused by these ages.",
            parts.start_words(alpha=alpha, delta=delta, round=rounds),
        )
