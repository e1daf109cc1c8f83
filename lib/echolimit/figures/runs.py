"""Pictures of a learned run: loss and metrics so far, and its images round by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import role, style_context

WIDTH, HEIGHT, MOST = 4.2, 2.9, 4  # inches of a panel, and how many panels


def plot_run(log: Sequence[Mapping[str, Any]], metrics: Sequence[Mapping[str, Any]] = ()) -> Figure:
    """The run so far: its loss by step, and by round the metrics that are known, at most three of them.

    log: records of a run's log.jsonl (`read_records`), also of one under way.  metrics: rows with "round", "metric",
    "measured" and, where there are any, "standard_error", "theory", "control", "control_spread", "floor", "normal" (as
    in `MetricRow`): bars are two standard errors, the band two standard deviations of one control set.
    Raises ValueError for a log without a step.
    """
    steps = [line for line in log if line.get("event") == "step"]
    if not steps:
        raise ValueError("log must hold at least one record of a step, got none: wait until the run has logged one")
    names = list(dict.fromkeys(row["metric"] for row in metrics))[: MOST - 1]
    with style_context():
        columns = 1 if not names else 2
        rows = -(-(1 + len(names)) // columns)
        fig = Figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
        axes = [fig.add_subplot(rows, columns, place + 1) for place in range(1 + len(names))]
        _draw_loss(axes[0], steps)
        for ax, name in zip(axes[1:], names, strict=True):
            _draw_metric(ax, name, [row for row in metrics if row["metric"] == name])
        shown = {label: line for ax in axes[1:] for line, label in zip(*ax.get_legend_handles_labels(), strict=True)}
        if shown:
            fig.legend(shown.values(), shown.keys(), loc="outside lower center", ncols=len(shown), fontsize=9)
    return fig


def plot_image_grid(panels: Mapping[str, Mapping[str, np.ndarray]], note: str = "") -> Figure:
    """Images by kind (down) and round (across).

    panels: {"exact law": {"data": images, "round 1": images}, "network": {"round 1": images}}, images (m, c, h, w) in
    [-1, 1] with the same m everywhere, one or three channels; values outside are clipped.  note: printed below, such
    as where the images come from.
    Raises ValueError for images of another shape.
    """
    columns = list(dict.fromkeys(name for kinds in panels.values() for name in kinds))
    counts = {len(images) for kinds in panels.values() for images in kinds.values()}
    if len(counts) != 1:
        raise ValueError(f"panels must hold the same number of images each, got {sorted(counts)}: cut them")
    (each,) = counts
    with style_context():
        high = 0.62 * each * len(panels) + 0.35 + (0.3 if note else 0)
        fig = Figure(figsize=(0.62 * len(columns) + 0.9, high), layout="constrained")
        fig.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.02)
        grid = fig.subplots(each * len(panels), len(columns), squeeze=False)
        for ax in grid.flat:
            ax.set_axis_off()
        for row, (kind, held) in enumerate(panels.items()):
            for column, name in enumerate(columns):
                for place, image in enumerate(held.get(name, ())):
                    ax = grid[row * each + place, column]
                    ax.imshow(**_pixels(image, f"{kind}, {name}"), interpolation="nearest")
            _beside(grid[row * each, 0], kind)
        for column, name in enumerate(columns):
            grid[0, column].set_title(name, fontsize=8)
        if note:
            fig.supxlabel(note, fontsize=5.5, wrap=True)
    return fig


def _beside(ax: Axes, kind: str) -> None:
    ax.text(-0.12, 0.5, kind, transform=ax.transAxes, ha="right", va="center", fontsize=8)


def _pixels(image: np.ndarray, where: str) -> dict[str, Any]:
    """Arguments of imshow for one image (c, h, w) in [-1, 1]."""
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"images must be (m, 1, h, w) or (m, 3, h, w), got one of {image.shape} in {where}")
    shown = np.clip((np.moveaxis(np.asarray(image, dtype=np.float64), 0, -1) + 1) / 2, 0, 1)
    if shown.shape[-1] == 1:
        return {"X": shown[..., 0], "cmap": "gray", "vmin": 0, "vmax": 1}
    return {"X": shown}


def _draw_loss(ax: Axes, steps: Sequence[Mapping[str, Any]]) -> None:
    """Loss by optimiser step, all rounds one after the other, with a line where a round begins."""
    lengths = {line["round"]: line["steps"] for line in steps}
    first = min(lengths)
    before = {number: sum(lengths[k] for k in lengths if k < number) for number in lengths}
    places = [before[line["round"]] + line["step"] for line in steps]
    losses = [np.nan if line["loss"] is None else line["loss"] for line in steps]
    ax.plot(places, losses, **role("learned", linestyle="-", linewidth=1.2))
    for number in lengths:
        if number != first:
            ax.axvline(before[number], color="black", linewidth=0.6, alpha=0.4)
        ax.annotate(
            f"round {number}" if len(lengths) < 5 else str(number), (before[number], 1.0), (3, -2), fontsize=8,
            xycoords=("data", "axes fraction"), textcoords="offset points", va="top",
        )  # fmt: skip
    ax.set_xlim(0, sum(lengths.values()))
    ax.set_xlabel("optimiser step")
    ax.set_ylabel("denoising loss")


def _draw_metric(ax: Axes, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """One metric by round: network, exact law, exact sets of the same size, real images, a normal law's draws."""
    rounds = np.array([row["round"] for row in rows])
    measured, error = _column(rows, "measured"), np.nan_to_num(_column(rows, "standard_error"))
    theory, control = _column(rows, "theory"), _column(rows, "control")
    spread, floor = np.nan_to_num(_column(rows, "control_spread")), _column(rows, "floor")
    normal = _column(rows, "normal")
    if np.isfinite(control).any():
        ax.plot(rounds, control, **role("control", label="exact sampling"))
        low, high = control - 2 * spread, control + 2 * spread
        ax.fill_between(rounds, low, high, color=role("control")["color"], alpha=0.2, linewidth=0)
    if np.isfinite(theory).any():
        ax.plot(rounds, theory, **role("round", label="exact law"))
    if np.isfinite(floor).any():
        ax.plot(rounds, floor, **role("data", label="real images"))
    if np.isfinite(normal).any():
        ax.plot(rounds, normal, color="black", linestyle=":", linewidth=1.0, label="normal law")
    style = role("learned", label="network", marker="o", markersize=4)
    ax.errorbar(rounds, measured, 2 * error, capsize=2, **style)
    ax.set_xticks(rounds)
    ax.set_xlabel("round")
    ax.set_ylabel(name.replace("_", " "))


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    values = [row.get(name) for row in rows]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
