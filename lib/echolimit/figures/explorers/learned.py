"""The live figure of chapter 10: mode ratios of recorded networks beside theory and the loop without a network."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from echolimit import mode_amplitudes, mode_ratios, resampled_mode_variances, round_law, transfer
from echolimit.example_laws import named_law
from echolimit.figures.controls import Choice, Slider
from echolimit.figures.explorers import _parts as parts
from echolimit.figures.live import Canvas, LiveFigure
from echolimit.figures.style import PALETTE, role, style_context
from echolimit.results import load_record

RUNS = {  # recorded runs on Gaussian mixtures, and their words in the list
    "plane-a01": "plane, α = 0.1",
    "plane-a05": "plane, α = 0.5",
    "plane-annealed": "plane, annealed",
    "ten-a01": "ten dimensions, α = 0.1",
    "ten-a05": "ten dimensions, α = 0.5",
}
DEGREE = 4  # modes up to it are recorded
DRAWS = 10_000  # exact ones of each round's law, for the spread of a mode


def learned_explorer(run: str = "plane-a01", degree: int = 3, rounds: int = 8) -> LiveFigure:
    """Live figure of chapter 10: theory, control and network of the recorded runs, round by round.

    run: plane-a01, plane-a05, plane-annealed, ten-a01 or ten-a05, of which at least two must be recorded.  degree in
    1..4 of the mode ratio, rounds: how many of them are shown, at most 8: where the controls start.
    Theory equals `mode_amplitudes`, the control's standard deviation the root of `resampled_mode_variances`, with
    spreads from exact draws (seed 4); dots and bars are the records' numbers.
    Raises ValueError for a run that is not recorded or a parameter outside its slider, TypeError for what is no number.
    """
    runs = {name: numbers for name in RUNS if (numbers := recorded(name))}
    if len(runs) < 2:
        raise ValueError(f"at least two of {', '.join(RUNS)} must be recorded, got {len(runs)}: see load_record")
    most = max(len(one["delta"]) for one in runs.values())
    controls: list[Choice | Slider] = [
        Choice("run", "run", {name: RUNS[name] for name in runs}, run),
        Slider("degree", "degree n", 1, DEGREE, degree, whole=True),
        Slider("round", "rounds shown", 1, most, rounds, whole=True),
    ]
    curves = _curves(runs[run], degree, rounds, most)
    with style_context():
        canvas = Canvas()
        _ratio_panel(canvas, curves, most)
        _gap_panel(canvas, curves, most, _largest_gap(runs, most))
        return canvas.finish(
            "learned",
            {"runs": runs, "rounds": most},
            controls,
            "First panel: the mode ratio of each round. The line of theory falls towards its limit, or rises again "
            "where the truncation times are annealed; thin lines two standard deviations above and below it belong to "
            "the control, the loop on as many points without a network; the network's dots with bars lie between them "
            "or close by. Second panel: the distance from theory in standard deviations of the control. Inside the "
            "band of two lie nearly all dots of degrees one to three; at degree four the networks' dots lie below it "
            "in the later rounds, or in all.",
            parts.start_words(run=RUNS[run], degree=degree, rounds=rounds),
        )


@functools.cache
def recorded(name: str) -> dict[str, Any] | None:
    """The numbers of a recorded run that the figure needs, None where there is no such run.

    alpha, delta: one a round.  size: points of a round.  network, error, control, spread: [degree - 1][round - 1], null
    where the data have no modes of this degree; the standard error and the spread of one draw are standard deviations.
    sliced: of each round the sliced W2 of network, control and another exact sample to theory, and of the network to
    the data.
    """
    record = load_record(name)
    if record is None:
        return None
    vectors = record["vectors"]
    rows = vectors["rounds"]
    alpha, delta = ([float(row[key]) for row in rows] for key in ("alpha", "delta"))
    columns = {"network": "modes", "error": "modes_error", "control": "control_modes"}
    return {
        "alpha": alpha,
        "delta": delta,
        "size": int(vectors["samples"]),
        **{ours: _by_degree([row[theirs] for row in rows]) for ours, theirs in columns.items()},
        "spread": _by_degree(_spreads(vectors["data"], tuple(alpha), tuple(delta))),
        "sliced": [[row["sliced"][key] for key in ("theory", "control", "floor", "data")] for row in rows],
    }


def _by_degree(rows: Any) -> list[list[float | None]]:
    """From rows by round to rows by degree, None for what is no number."""
    known = [[None if value is None or math.isnan(value) else float(f"{value:.7g}") for value in row] for row in rows]
    return [[row[k] for row in known] for k in range(DEGREE)]


@functools.cache
def _spreads(law: str, alpha: tuple[float, ...], delta: tuple[float, ...]) -> list[list[float]]:
    """Standard deviation of the mode ratios' functions under the exact law of each round."""
    target, rng = named_law(law), np.random.default_rng(4)
    laws = (round_law(target, i, alpha[:i], delta[:i]) for i in range(1, len(delta) + 1))
    return [mode_ratios(law.sample(DRAWS, rng), target, DEGREE).spread.tolist() for law in laws]


def _curves(run: dict[str, Any], degree: int, rounds: int, most: int) -> dict[str, np.ndarray]:
    """What the panels show, arrays (most,) with NaN where there is nothing; theory has round 0, too."""
    network, error, control, spread = (
        np.array(run[key][degree - 1], dtype=float) for key in ("network", "error", "control", "spread")
    )
    known = np.isfinite(spread)
    theory = mode_amplitudes(degree, run["alpha"], run["delta"])
    deviation = np.full(len(spread), np.nan)
    if known.all():
        variances = resampled_mode_variances(spread, run["size"], degree, run["alpha"], run["delta"])
        deviation = np.sqrt(variances)
    else:
        theory = np.full_like(theory, np.nan)
    shown = np.arange(1, len(spread) + 1) <= rounds
    network, error, control = (np.where(shown, values, np.nan) for values in (network, error, control))
    same = len(set(run["alpha"])) == len(set(run["delta"])) == 1
    limit = float(transfer(degree, run["alpha"][0], run["delta"][0])) if same and known.all() else math.nan
    curves = {"network": network, "error": error, "control": control, "deviation": deviation}
    padded = {name: np.append(values, np.full(most - len(values), np.nan)) for name, values in curves.items()}
    theory = np.append(theory, np.full(most + 1 - len(theory), np.nan))
    return padded | {"theory": theory, "limit": np.full(2, limit)}


def _bars(y: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Error bars as pairs with NaN between two of them, (3 rounds, 2)."""
    points = []
    for k, (middle, reach) in enumerate(zip(y, half, strict=True), start=1):
        points += [(k, middle - reach), (k, middle + reach), (np.nan, np.nan)]
    return np.array(points, dtype=float)


def _network(canvas: Canvas, axes: Axes, name: str, y: np.ndarray, half: np.ndarray) -> None:
    bars = _bars(y, half)
    colour = PALETTE["learned"]
    canvas.line(axes, f"{name}_bars", bars[:, 0], bars[:, 1], fixed=False, color=colour, linewidth=1.4)
    canvas.dots(axes, name, np.arange(1, len(y) + 1), y, 5.0, color=colour)


def _dot(axes: Axes) -> Line2D:
    """The network's dot with a bar, for a legend."""
    style = {"marker": "o", "markersize": 5.0, "markeredgewidth": 0, "linewidth": 1.4}
    return axes.plot([], [], color=PALETTE["learned"], **style)[0]


def _ratio_panel(canvas: Canvas, curves: dict[str, np.ndarray], most: int) -> None:
    axes = canvas.panel()
    rounds = np.arange(1, most + 1)
    theory, deviation = curves["theory"], curves["deviation"]
    canvas.line(axes, "limit", np.array([0.0, most + 0.4]), curves["limit"], **role("limit", linewidth=1.2))
    for name, sign in (("upper", 2), ("lower", -2)):
        style = role("control", linewidth=1.2)
        canvas.line(axes, name, rounds, theory[1:] + sign * deviation, **style)
    canvas.line(axes, "theory", np.arange(most + 1), theory, **role("round"))
    _network(canvas, axes, "network", curves["network"], 2 * curves["error"])
    canvas.text(axes, "none", 0.5, 0.5, "", ha="center", va="center", fontsize=10)
    axes.set(xlim=(-0.3, most + 0.4), ylim=(0, 1.25), xlabel="round i", ylabel="mode ratio", xticks=range(most + 1))
    lines = axes.lines
    words = ["theory", "control ± 2 s.d.", "network", "limit"]
    parts.legend_row(axes, [lines[3], lines[1], _dot(axes), lines[0]], words)


def _gap_panel(canvas: Canvas, curves: dict[str, np.ndarray], most: int, top: float) -> None:
    axes = canvas.panel()
    theory, deviation = curves["theory"][1:], curves["deviation"]
    axes.axhspan(-2, 2, color=PALETTE["control"], alpha=0.16, linewidth=0)
    axes.axhline(0.0, **role("round"))
    gap = (curves["control"] - theory) / deviation
    canvas.line(axes, "control", np.arange(1, most + 1), gap, **role("control", marker=""))
    _network(canvas, axes, "gap", (curves["network"] - theory) / deviation, 2 * curves["error"] / deviation)
    axes.set(xlim=(-0.3, most + 0.4), ylim=(-top, top), xlabel="round i", xticks=range(most + 1))
    axes.yaxis.set_major_locator(MultipleLocator(2))
    axes.set_ylabel("distance from theory (s.d.)")
    parts.legend_row(axes, [*axes.lines[:2], _dot(axes)], ["theory", "one control run", "network"])


def _largest_gap(runs: dict[str, dict[str, Any]], most: int) -> float:
    """An even number of standard deviations that holds every dot with its bar and every control."""
    largest = 4.0
    for run in runs.values():
        for degree in range(1, DEGREE + 1):
            one = _curves(run, degree, most, most)
            ends = [np.abs(one["network"] - one["theory"][1:]) + 2 * one["error"]]
            ends.append(np.abs(one["control"] - one["theory"][1:]))
            seen = np.array(ends) / one["deviation"]
            largest = max(largest, float(np.max(seen[np.isfinite(seen)], initial=0.0)))
    return 2.0 * math.ceil((largest + 0.2) / 2)
