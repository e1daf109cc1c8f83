"""The second live figure of chapter 2: a small population of samples, round by round, and the ages in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerTuple
from matplotlib.patches import Patch

from echolimit import GaussianMixture, age_law
from echolimit.figures.controls import Slider
from echolimit.figures.draws import normal, uniform
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import BLENDS, blend, style_context

SIZE, ROUNDS = 40, 12  # samples of a round, and rounds; static/model_genealogy.js has them from the constants
CLASSES = ((0, 0), (1, 1), (2, 3), (4, 6), (7, ROUNDS))  # ages of one colour


@dataclass(frozen=True)
class Population:
    """Rounds 0..rounds of the loop on `SIZE` samples; arrays (rounds + 1, SIZE), row k for round k.

    x: places on the line.  age: rounds since the line of ancestors was data.  parent: index in the row before, -1 for a
    sample whose training point was fresh data.  origin: the place of that fresh point, NaN for the others.
    """

    x: np.ndarray
    age: np.ndarray
    parent: np.ndarray
    origin: np.ndarray


def genealogy_explorer(
    mixture: GaussianMixture | None = None, alpha: float = 0.2, delta: float = 0.01, rounds: int = 8, seed: int = 2
) -> LiveFigure:
    """Live figure of chapter 2: 40 samples a round with their ancestors, and their ages beside the exact age law.

    mixture: p*, on the line (None: the book's example).  alpha in [0.02, 1], delta in [0.001, 1], rounds in 0..12, seed
    in 1..99 of the draws: where the sliders start.  A training point is fresh data with probability alpha, else a
    sample of the round before, drawn with equal chances; round 0 is data.  The rings equal `age_law`.
    Raises ValueError for a parameter outside its slider, TypeError for what is no number.
    """
    target = parts.one_dimensional(mixture)
    sliders = [
        parts.alpha_slider(alpha),
        parts.delta_slider(delta),
        parts.rounds_slider(rounds, ROUNDS),
        Slider("seed", "population number", 1, 99, seed, whole=True),
    ]
    drawn = population(target, alpha, delta, rounds, seed)
    with style_context():
        canvas = Canvas()
        _lines_panel(canvas, target, drawn)
        _ages_panel(canvas, drawn, alpha, rounds)
        return canvas.finish(
            "genealogy",
            {"mixture": parts.plain(target), "size": SIZE, "rounds": ROUNDS, "classes": [list(one) for one in CLASSES]},
            sliders,
            "First panel: rows of forty dots, one row a round, at the places of the samples on the line; their colour "
            "goes from grey for fresh data to orange for old samples. Dark lines lead from the samples of the last row "
            "back to the data points that they descend from, pale ones end where a sample has no descendant there. "
            "Second panel: bars with the share of each age among these samples, and rings at the exact age law, which "
            "falls geometrically up to a larger last ring.",
            parts.start_words(alpha=alpha, delta=delta, round=rounds, population=seed),
        )


def population(target: GaussianMixture, alpha: float, delta: float, rounds: int, seed: int) -> Population:
    """What static/model_genealogy.js draws: sample j of round k takes the numbers k SIZE + j of its streams."""
    x = _data(target, seed, np.arange(SIZE))
    rows = [Population(x, np.zeros(SIZE, dtype=int), np.full(SIZE, -1), np.full(SIZE, np.nan))]
    for k in range(1, rounds + 1):
        number = k * SIZE + np.arange(SIZE)
        fresh = uniform(4 * seed, 2 * number) < alpha
        parent = np.floor(SIZE * uniform(4 * seed, 2 * number + 1)).astype(int)
        origin = _data(target, seed, number)
        training = np.where(fresh, origin, rows[-1].x[parent])
        x = np.exp(-delta) * training + np.sqrt(-np.expm1(-2 * delta)) * normal(4 * seed + 3, number)
        age = np.where(fresh, 1, rows[-1].age[parent] + 1)
        rows.append(Population(x, age, np.where(fresh, -1, parent), np.where(fresh, origin, np.nan)))
    return Population(*(np.array([getattr(row, name) for row in rows]) for name in ("x", "age", "parent", "origin")))


def _data(target: GaussianMixture, seed: int, number: np.ndarray) -> np.ndarray:
    """Draws of p* from the streams 4 seed + 1 (which component) and 4 seed + 2 (where in it)."""
    law = parts.plain(target)
    edges = np.cumsum(law["weights"])[:-1]
    which = np.searchsorted(edges, uniform(4 * seed + 1, number), side="right")
    return np.array(law["means"])[which] + np.sqrt(law["variances"])[which] * normal(4 * seed + 2, number)


def alive(drawn: Population) -> np.ndarray:
    """Which samples have a descendant in the last round, themselves among them: booleans (rounds + 1, SIZE)."""
    living = np.zeros(drawn.x.shape, dtype=bool)
    living[-1] = True
    for k in range(len(living) - 1, 0, -1):
        living[k - 1, drawn.parent[k][living[k] & (drawn.parent[k] >= 0)]] = True
    return living


def _edges(drawn: Population, living: np.ndarray, wanted: bool) -> np.ndarray:
    """Lines from each training point to its sample, for those that live or not: (n, 2) with NaN between two lines."""
    points = []
    for k, j in zip(*np.nonzero(living == wanted), strict=True):
        if k > 0:
            own = drawn.parent[k, j]
            start = drawn.origin[k, j] if own < 0 else drawn.x[k - 1, own]
            points += [(start, k - 1), (drawn.x[k, j], k), (np.nan, np.nan)]
    return np.array(points or [(np.nan, np.nan)], dtype=float)


def _lines_panel(canvas: Canvas, target: GaussianMixture, drawn: Population) -> None:
    axes = canvas.panel(height=3.4)
    edge = float(np.max(np.abs(parts.grid(target)[[0, -1]])))
    living = alive(drawn)
    for name, wanted, strength in (("extinct", False, 0.16), ("lines", True, 0.55)):
        ends = _edges(drawn, living, wanted)
        style = {"color": "black", "linewidth": 0.8, "alpha": strength, "solid_capstyle": "butt"}
        canvas.line(axes, name, ends[:, 0], ends[:, 1], fixed=False, **style)
    row = np.broadcast_to(np.arange(len(drawn.x))[:, None], drawn.x.shape)
    fresh = np.isfinite(drawn.origin)
    for number, (low, high) in enumerate(CLASSES):
        here = (drawn.age >= low) & (drawn.age <= high)
        x, y = drawn.x[here], row[here]
        if low == 0:
            x, y = np.append(x, drawn.origin[fresh]), np.append(y, row[fresh] - 1)
        if not len(x):  # a live artist starts with a dot: one outside the panel, which clips it
            x, y = np.array([edge + 1.0]), np.array([0])
        canvas.dots(axes, f"dots_{number}", x, y, 3.6, fixed="", color=blend(BLENDS[number]))
    axes.set(xlim=(-edge, edge), ylim=(ROUNDS + 0.6, -0.6), xlabel="x", ylabel="round")
    axes.set_yticks(range(0, ROUNDS + 1, 2))
    (data,) = axes.plot([], [], "o", markersize=4.5, markeredgewidth=0.0, color=blend(0.0))
    extinct, lines = axes.lines[:2]
    axes.legend([data, lines, extinct], ["data", "ancestors", "died out"], ncols=3, **parts.ABOVE)


def _ages_panel(canvas: Canvas, drawn: Population, alpha: float, rounds: int) -> None:
    axes = canvas.panel(height=3.4)
    shares = np.bincount(drawn.age[-1], minlength=ROUNDS + 1) / SIZE
    for number, (low, high) in enumerate(CLASSES):
        ages = np.arange(low, high + 1)
        canvas.bars(axes, f"bars_{number}", ages, shares[low : high + 1], 0.7, color=blend(BLENDS[number]), linewidth=0)
    exact = np.full(ROUNDS + 1, np.nan)
    exact[min(rounds, 1) : rounds + 1] = age_law(rounds, alpha) if rounds else 1.0
    canvas.dots(axes, "exact", np.arange(ROUNDS + 1), exact, 6.0, fill=False, color="black", clip_on=False)
    axes.set(xlim=(-0.7, ROUNDS + 0.7), ylim=(0, 1.03), xlabel="age (truncations)", ylabel="share of the samples")
    _legend(axes)


def _legend(axes: Axes) -> None:
    patches = tuple(Patch(color=blend(share), linewidth=0) for share in BLENDS)
    (ring,) = axes.plot([], [], "o", markerfacecolor="none", markeredgewidth=1.2, markersize=6.0, color="black")
    place = parts.ABOVE | {"columnspacing": 1.4}
    handler = {tuple: HandlerTuple(ndivide=None, pad=0.0)}
    axes.legend([patches, ring], ["these samples", "exact law"], ncols=2, handler_map=handler, **place)
