"""The live figure of chapter 9: two starts on the way from noise to data, with the reverse SDE and with the flow."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from echolimit import GaussianMixture
from echolimit.figures.controls import Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context
from echolimit.forgetting import flow_map, forgetting_curves, frozen_weights, reverse_kernel

END = 0.02  # the time at which the sampler stops
STARTS = ((0.0, 1.0), (1.5, 0.25))  # mean and variance
EARLY = (0.93, 0.86, 0.78, 0.69, 0.6, 0.5, 0.41, 0.33, 0.26)  # times of the curve as shares of T: where it bends
BEND, LATE = 0.2, 9  # from this share of T on, so many steps in equal ratios to the end


def forgetting_explorer(separation: float = 1.0, start: float = 3.0, time: float = 0.3) -> LiveFigure:
    """Live figure of chapter 9: the laws that exact reverse SDE and flow make of two starts, and their distance.

    The data are the book's example with its means multiplied by `separation` in [0.5, 3]; the starts N(0, 1) and
    N(1.5, 0.25) stand at T = `start` in [0.5, 3]; `time` in [0.02, 3] is where the laws are shown (T, if it is
    later): where the sliders start.
    Densities as by `reverse_kernel` and `flow_map`, distances as by `forgetting_curves`, the floor by `frozen_weights`.
    Raises ValueError for a parameter outside its slider, TypeError for what is no number.
    """
    sliders = [
        Slider("separation", "separation of the modes", 0.5, 3.0, separation, step=0.05),
        Slider("start", "start time T", 0.5, 3.0, start, step=0.1),
        Slider("time", "time t", END, 3.0, time, scale="log"),
    ]
    example = parts.example_mixture()
    law = GaussianMixture(example.weights, separation * np.asarray(example.means), example.covariances)
    starts = [GaussianMixture([1.0], [[mean]], [variance]) for mean, variance in STARTS]
    x = np.linspace(-5.5, 5.0, 176)
    now = min(time, start)
    with style_context():
        canvas = Canvas()
        carried = {"sde": _by_sde(law, starts, start, now, x), "flow": _by_flow(law, starts, start, now, x)}
        for name, colour, words in (("sde", PALETTE["round"], "SDE"), ("flow", "black", "flow")):
            _laws_panel(canvas, name, x, law.diffuse(now), carried[name], colour, words)
        _distance_panel(canvas, law, starts, start, now)
        plain = [{"mean": mean, "width": variance**0.5} for mean, variance in STARTS]
        return canvas.finish(
            "forgetting",
            {
                "mixture": parts.plain(example), "starts": plain, "x": parts.rounded(x), "end": END,
                "early": list(EARLY), "bend": BEND, "late": LATE,
            },
            sliders,
            "First panel: the laws at time t that the reverse SDE makes of two starts, a wide and a narrow bell, over "
            "the exact law in grey. Second panel: those that the flow makes. Third panel: the total variation of the "
            "two laws while the sampler walks from the start time on the left to the data on the right. The flow's is "
            "a level line; the SDE's falls to a dotted floor, or stays a little above it. With the SDE both laws come "
            "close to the exact one, up to the weights of its modes; with the flow the narrow start ends in a spike "
            "on one mode.",
            parts.start_words(separation=separation, T=start, t=now),
        )  # fmt: skip


def _by_sde(
    law: GaussianMixture, starts: list[GaussianMixture], begin: float, t: float, y: np.ndarray
) -> list[np.ndarray]:
    if t >= begin:
        return [np.asarray(start.density(y[:, None])) for start in starts]
    x = np.arange(-1600, 1601) / 200
    kernel = reverse_kernel(law, begin, t, x, y)
    return [np.asarray(start.density(x[:, None])) @ kernel / 200 for start in starts]


def _by_flow(
    law: GaussianMixture, starts: list[GaussianMixture], begin: float, t: float, y: np.ndarray
) -> list[np.ndarray]:
    x = flow_map(law, t, begin, y) if t < begin else y
    slope = np.asarray(law.diffuse(t).density(y[:, None])) / np.asarray(law.diffuse(begin).density(x[:, None]))
    return [slope * np.asarray(start.density(x[:, None])) for start in starts]


def _laws_panel(
    canvas: Canvas,
    name: str,
    x: np.ndarray,
    exact: GaussianMixture,
    carried: list[np.ndarray],
    colour: str,
    words: str,
) -> None:
    axes = canvas.panel(width=3.6, height=2.9)
    density = np.asarray(exact.density(x[:, None]))
    area = {"facecolor": PALETTE["data"], "alpha": 0.3, "linewidth": 0, "label": "exact"}
    canvas.area(axes, f"{name}_exact", x, density, **area)
    for which, curve, dashes, width in zip(("first", "second"), carried, ("-", (0, (4, 2))), (2.0, 1.6), strict=True):
        style: dict[str, Any] = {
            "color": colour,
            "linestyle": dashes,
            "linewidth": width,
            "label": f"{words}, {which} start",
        }
        canvas.line(axes, f"{name}_{which}", x, curve, **style)
    axes.set(xlim=(x[0], x[-1]), ylim=(0, 1.8), xlabel="x", ylabel="density at time t")
    handles, labels = axes.get_legend_handles_labels()
    order = [labels.index(one) for one in sorted(labels, key=lambda one: one == "exact")]
    axes.legend([handles[k] for k in order], [labels[k] for k in order], loc="upper left", handlelength=1.7)


def _distance_panel(
    canvas: Canvas, law: GaussianMixture, starts: list[GaussianMixture], begin: float, now: float
) -> None:
    axes = canvas.panel(width=3.6, height=2.9, left=0.55)
    times = begin * np.array([1.0, *EARLY, *np.geomspace(BEND, END / begin, LATE + 1)])
    first, second = starts
    sde, flow = forgetting_curves(law, first, second, times.tolist())
    here = sde[0] if now >= begin else forgetting_curves(law, first, second, [begin, now])[0][-1]
    floor = np.abs(frozen_weights(law, first, begin) - frozen_weights(law, second, begin)).sum() / 2
    _reversed_time(axes)
    canvas.upright(axes, "now", now, (0.0, 0.85), color="black", linewidth=0.8, alpha=0.5)
    ends = np.array([begin, END])
    canvas.line(
        axes, "floor", ends, np.full(2, floor), fixed=False, color=PALETTE["data"], linewidth=1.8,
        linestyle=(0, (1.2, 1.6)), label="floor",
    )  # fmt: skip
    dashes: dict[str, Any] = {"color": "black", "linewidth": 1.6, "linestyle": (0, (4, 2)), "label": "flow"}
    canvas.line(axes, "flow", ends, np.full(2, flow[0]), fixed=False, **dashes)
    canvas.line(axes, "sde", times, sde, fixed=False, **role("round", linestyle="-", label="SDE"))
    place, words = (now, here), "the time t at which the laws are shown, dragged or moved by the arrow keys"
    canvas.handle(axes, "here", place, words, across="time", color=PALETTE["round"], clip_on=False)
    axes.set(ylim=(0, 0.85), xlabel="time t (the sampler walks right)", ylabel="total variation")
    axes.legend(ncols=3, **parts.ABOVE | {"handlelength": 1.7})


def _reversed_time(axes: Axes) -> None:
    parts.log_axis(axes.xaxis, END, 3.0)
    axes.set_xlim(3.0, END)
    ticks = (3, 1, 0.3, 0.1, 0.03)
    axes.xaxis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
