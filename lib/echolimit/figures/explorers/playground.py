"""The playground of the appendix: any data on the line, drawn, chosen or typed, and the loop that starts from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from echolimit import GaussianMixture, limit_law, mode_amplitudes, round_law, transfer
from echolimit.figures.controls import Choice, Control, Field, Slider, State
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.explorers.sampler_side import SAMPLERS, START
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context

ROUNDS, LAST = 40, 200  # drawn; after which the loop of a discretised sampler is shown
LOW, HIGH = 1e-2, 10.0  # of the distances
PLACES = np.round(0.12 * np.arange(-30, 31), 2)  # of a drawing
PEN, TALLEST = 0.1, 1000  # the width of its bells, and its greatest height
EMPTY = 1e-9  # a mode of the data below it counts as zero
DEGREES = np.arange(1, 17)
TOPS = (0.5, 0.6, 0.8, 1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 4.8)  # of the density axis
TYPED, LISTED = "0.3 -1.2 0.5; 0.7 0.9 0.4", "0.3 0.1 0.03 0.01"
BELLS: dict[str, list[tuple[float, float, float]]] = {  # weight, mean, width
    "example": [(0.3, -1.2, 0.5), (0.7, 0.9, 0.4)],
    "bell": [(1.0, 0.8, 0.5)],
    "comb": [(0.2, place, 0.1) for place in (-2.0, -1.0, 0.0, 1.0, 2.0)],
    "box": [(1.0, float(place), PEN) for place in PLACES[15:46]],
    "spike": [(0.8, 0.0, 1.0), (0.2, 1.5, 0.1)],
}
NAMES = {
    "example": "the book's example", "bell": "one bell", "comb": "a comb of five", "box": "a box",
    "spike": "a spike on a hill", "drawn": "drawn by hand", "typed": "a typed mixture",
}  # fmt: skip
SCHEDULES = {"constant": "constant δ", "annealed": "annealed, δ / (i + 1)", "listed": "a list of times"}
HIDDEN = ("mixture", "place", "height", "times", "steps")
BELOW = (
    '<div class="echo-tools"><button type="button" data-tool="link" disabled>copy link</button>'
    '<span class="echo-said" aria-live="polite"></span></div>'
    '<details class="echo-code"><summary>Python code</summary>'
    '<button type="button" data-tool="code" disabled>copy code</button>'
    '<pre tabindex="0" aria-label="Python code of this state">'
    "<code># The code appears here once the page's script runs.</code></pre></details>"
)


def playground_explorer(alpha: float = 0.2, delta: float = 0.05, rounds: int = 5) -> LiveFigure:
    """The playground: data that the reader draws, chooses or types, and the loop that starts from them.

    alpha in [0.02, 1], delta in [0.001, 1], rounds in 0..40: where the controls start, with the book's example, a
    constant schedule and the exact sampler.
    A drawing has 61 heights, 0.12 apart, and stands for as many bells of width 0.1, so that every law stays a mixture.
    The densities equal `round_law` and `limit_law`, the distances `wasserstein` (order 2) and `total_variation`, the
    modes `mode_amplitudes` and `transfer`; with a discretised sampler the loop is the closed one of `gaussian_loop`.
    Raises ValueError for a parameter outside its slider, TypeError for what is no number.
    """
    controls = _controls(alpha, delta, rounds)
    data = mixture_of(BELLS["example"])
    with style_context():
        canvas = Canvas()
        _density_panel(canvas, data, alpha, delta, rounds)
        _modes_panel(canvas, alpha, delta, rounds)
        _distances_panel(canvas, data, alpha, delta, rounds)
        return canvas.finish(
            "playground",
            {
                "bells": BELLS,
                "presets": {name: parts.plain(mixture_of(bells)) for name, bells in BELLS.items()},
                "x": parts.rounded(_x()),
                "places": PLACES.tolist(),
                "tops": list(TOPS),
                "pen": PEN,
                "tallest": TALLEST,
                "empty": EMPTY,
                "start": START,
                "degrees": DEGREES.tolist(),
                "rounds": ROUNDS,
                "last": LAST,
            },
            controls,
            "First panel: the density of the data, of the round chosen and of the law in which the loop ends; with "
            "mouse or finger the data can be drawn here. Second panel: for each degree from 1 to 16 the share of that "
            "Hermite mode of the data which is left, a dot for the round and a bar for the end; both fall with the "
            "degree. Third panel: Wasserstein distance and total variation between data and round against the round "
            "on a log axis; both rise from the first round on and level off at the lines of the end.",
            parts.start_words(data=NAMES["example"], alpha=alpha, delta=delta, round=rounds),
            hidden=HIDDEN,
            below=BELOW,
        )


def mixture_of(bells: list[tuple[float, float, float]]) -> GaussianMixture:
    """The mixture of bells (weight, mean, width); weights are divided by their sum."""
    weights, means, widths = np.array(bells).T
    return GaussianMixture(weights / weights.sum(), means[:, None], widths**2)


def _controls(alpha: float, delta: float, rounds: int) -> list[Control]:
    samplers = {"exact": "exact"} | {name: f"normal refit, {words}" for name, (words, _) in SAMPLERS.items()}
    return [
        Choice("data", "data", NAMES, "example"),
        Field("mixture", "mixture", TYPED, "mixture", "weight mean width; means within ±3.5, widths 0.1 to 1"),
        Slider("place", "pen at x", float(PLACES[0]), float(PLACES[-1]), 0.0, step=0.12),
        Slider("height", "height there, per cent", 0, 100, 0, whole=True),
        State("heights", ""),
        parts.alpha_slider(alpha),
        Choice("schedule", "schedule", SCHEDULES, "constant"),
        parts.delta_slider(delta),
        Field("times", "times", LISTED, "times", "first round first, each 0.001 to 1; the last one stays"),
        parts.rounds_slider(rounds, ROUNDS),
        Choice("sampler", "sampler", samplers, "exact"),
        Slider("steps", "steps K of the sampler", 4, 50, 20, whole=True),
    ]


def _x() -> np.ndarray:
    return np.linspace(-5.0, 5.0, 321)


def _density_panel(canvas: Canvas, data: GaussianMixture, alpha: float, delta: float, rounds: int) -> None:
    """The heights are shares of the axis, whose numbers are live: the data may be of any height."""
    axes, x = canvas.panel(left=0.77), _x()
    laws = round_law(data, rounds, alpha, delta), limit_law(data, alpha, delta)
    curve, now, end = (np.asarray(law.density(x[:, None])) for law in (data, *laws))
    top = next(one for one in TOPS if one >= 1.04 * parts.height(data, x) / 1.06)
    canvas.area(axes, "data_area", x, curve / top, facecolor=PALETTE["data"], alpha=0.16, linewidth=0)
    canvas.line(axes, "data", x, curve / top, **role("data", label="data"))
    canvas.line(axes, "end", x, end / top, **role("limit", label="end"))
    canvas.line(axes, "round", x, now / top, **role("round", label="round"))
    pencil: dict[str, Any] = {"color": "black", "linewidth": 1.0, "linestyle": (0, (1.2, 1.6))}
    canvas.line(axes, "pencil", PLACES, np.full(len(PLACES), -1.0), **pencil)
    canvas.upright(axes, "place", np.nan, (0.0, 1.0), color="black", linewidth=0.8, alpha=0.5)
    axes.set(xlim=(-5, 5), ylim=(0, 1), xlabel="x", ylabel="density")
    axes.set_yticks([0.0, 0.5, 1.0], [])
    axes.yaxis.labelpad = 23
    style: dict[str, Any] = {"ha": "right", "va": "center", "fontsize": 10}
    axes.text(-0.025, 0.0, "0", transform=axes.transAxes, **style)
    canvas.text(axes, "half", -0.025, 0.5, parts.short(top / 2), **style)
    canvas.text(axes, "top", -0.025, 1.0, parts.short(top), **style)
    axes.legend(ncols=3, **parts.ABOVE)


def _modes_panel(canvas: Canvas, alpha: float, delta: float, rounds: int) -> None:
    axes = canvas.panel(left=0.77)
    left = mode_amplitudes(DEGREES, alpha, np.full(rounds, delta))[-1] if rounds else np.ones(len(DEGREES))
    axes.axhline(0.0, color="black", linewidth=0.8)
    style = {"facecolor": PALETTE["limit"], "alpha": 0.55, "linewidth": 0, "label": "end"}
    canvas.bars(axes, "kept_end", DEGREES, transfer(DEGREES, alpha, delta), 0.7, **style)
    canvas.dots(axes, "kept_round", DEGREES, left, 5.0, color=PALETTE["round"], label="round")
    axes.set(xlim=(0.3, 16.7), ylim=(-0.25, 1.25), xlabel="degree n of the mode", ylabel="share left")
    axes.set_xticks([1, 4, 8, 12, 16])
    axes.legend(ncols=2, **parts.ABOVE)


def _distances_panel(canvas: Canvas, data: GaussianMixture, alpha: float, delta: float, rounds: int) -> None:
    axes, numbers = canvas.panel(left=0.77), np.arange(1, ROUNDS + 1)
    ways, variations = _distances(data, alpha, delta)
    ends = np.array([0.0, float(ROUNDS)])
    parts.log_axis(axes.yaxis, LOW, HIGH)
    level = role("limit", linewidth=1.0)
    canvas.line(axes, "w2_end", ends, np.full(2, ways[-1]), **level | {"label": "end"})
    canvas.line(axes, "tv_end", ends, np.full(2, variations[-1]), **level | {"linestyle": (0, (1.2, 1.6))})
    canvas.line(axes, "w2", numbers, ways[:-1], **role("round", linestyle="-", label="$W_2$"))
    canvas.line(axes, "tv", numbers, variations[:-1], **role("round", linestyle=(0, (1.2, 1.6)), label="TV"))
    canvas.upright(axes, "now", float(rounds), (LOW, HIGH), color="black", linewidth=0.8, alpha=0.5)
    axes.set(xlim=(0, ROUNDS), xlabel="round i", ylabel="distance to the data")
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(handles[1:] + handles[:1], labels[1:] + labels[:1], ncols=3, **parts.ABOVE)


def _distances(data: GaussianMixture, alpha: float, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """W2 and total variation of the rounds 1..40 and of the limit, to the four digits that a picture shows."""
    x = np.linspace(-7.0, 7.0, 701)
    laws = [round_law(data, i, alpha, delta) for i in range(1, ROUNDS + 1)] + [limit_law(data, alpha, delta)]
    below, density = data.cdf(x), np.asarray(data.density(x[:, None]))
    ways = [np.interp(below, law.cdf(x), x) - x for law in laws]
    apart = [np.abs(np.asarray(law.density(x[:, None])) - density) for law in laws]
    step = x[1] - x[0]
    return np.sqrt(np.square(ways) @ density * step), np.sum(apart, axis=1) * step / 2
