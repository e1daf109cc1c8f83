"""Live figures: matplotlib draws once; a named JavaScript model recomputes the closed form and rewrites the live paths.

A new live figure is (1) a model in static/models.js, from constants and parameters to the values of each live artist,
and (2) a function that draws the panels, names the live artists with `Canvas` and calls `Canvas.finish` (see
explorers.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from .assets import inline_script, model_names
from .controls import Slider, form, status
from .display import Shown, checked_alt, picture_html, picture_png
from .svg import prefix_of, render

VERSION = 1  # of the description in the JSON blob; live.js has the same


class Canvas:
    """The panels of a live figure while they are drawn: each a figure of its own, so that they stack on a phone."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []
        self.axes: list[Axes] = []
        self._live: list[dict[str, Any]] = []
        self._empty_texts: list[Artist] = []

    def panel(self, width: float = 4.3, height: float = 3.0) -> Axes:
        """A new panel, width and height in inches."""
        figure, axes = plt.subplots(figsize=(width, height), layout="none")
        # Fixed margins: the axes of all panels have one size, with room above for a legend, and stay in line.
        figure.subplots_adjust(left=0.62 / width, right=1 - 0.12 / width, bottom=0.52 / height, top=1 - 0.3 / height)
        self.figures.append(figure)
        self.axes.append(axes)
        return axes

    def line(self, axes: Axes, name: str, x: np.ndarray, y: np.ndarray, **style: Any) -> None:
        """A curve over the fixed points x, whose heights the model gives under `name`."""
        (artist,) = axes.plot(x, y, **style)
        self._add(axes, artist, name, "line", x=_numbers(x))

    def area(self, axes: Axes, name: str, x: np.ndarray, y: np.ndarray, **style: Any) -> None:
        """The area between the axis and a curve over the fixed points x."""
        corners = np.concatenate([[[x[0], 0.0]], np.column_stack([x, y]), [[x[-1], 0.0], [x[0], 0.0]]])
        self._add(axes, axes.add_patch(PathPatch(Path(corners), **style)), name, "area", x=_numbers(x))

    def bars(self, axes: Axes, name: str, x: np.ndarray, y: np.ndarray, width: float, **style: Any) -> None:
        """Bars of a width in data units around the fixed points x; all are one path."""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        left, right, base = x - width / 2, x + width / 2, np.zeros_like(x)
        corners = np.stack([left, base, left, y, right, y, right, base, left, base], axis=1).reshape(-1, 2)
        codes = np.tile([Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY], len(x))
        patch = axes.add_patch(PathPatch(Path(corners, codes), **style))
        self._add(axes, patch, name, "bars", x=_numbers(x), width=width)

    def upright(self, axes: Axes, name: str, x: float, y: tuple[float, float], **style: Any) -> None:
        """A vertical line between two fixed heights at an x that the model gives, or null to hide it."""
        (artist,) = axes.plot([x, x], y, **style)
        self._add(axes, artist, name, "upright", y=list(y))

    def text(self, axes: Axes, name: str, x: float, y: float, words: str, **style: Any) -> None:
        """Words at a fixed place in axes units, which the model gives."""
        # An empty text would not reach the SVG: draw a character and empty it there.
        artist = axes.text(x, y, words or "\N{BULLET}", transform=axes.transAxes, **style)
        if not words:
            self._empty_texts.append(artist)
        self._add(axes, artist, name, "text", empty=not words)

    def _add(self, axes: Axes, artist: Artist, name: str, kind: str, **more: Any) -> None:
        if any(live["name"] == name for live in self._live):
            raise ValueError(f"name {name!r} is taken by another live artist of this figure: choose one of its own")
        if axes not in self.axes:
            raise ValueError("axes must be a panel of this canvas, got other axes: take them from canvas.panel()")
        artist.set_gid(f"live-{name}")
        self._live.append({"name": name, "kind": kind, "axes": self.axes.index(axes), **more})

    def finish(
        self, model: str, constants: dict[str, Any], sliders: Sequence[Slider], alt: str, start: str
    ) -> LiveFigure:
        """The finished live figure.

        model: a name in static/models.js.  constants: what it needs besides the parameters (numbers, strings, lists).
        alt: what there is to see.  start: the status line of the picture as drawn, shown until the script runs.
        Raises ValueError for another model, an empty alt or no panel.
        """
        alt = checked_alt(alt)
        if model not in model_names():
            raise ValueError(
                f"model must be one of {', '.join(model_names())}, got {model!r}: add yours to static/models.js"
            )
        if not self.figures:
            raise ValueError("a live figure needs at least one panel, got none: call canvas.panel() first")
        png = self._still()
        marks = [_calibrate(axes, number) for number, axes in enumerate(self.axes)]
        raw = [text for figure in self.figures for text in render(figure, apart=False)]
        scales = []
        for number, mark in enumerate(marks):
            raw[number], scale = _read_calibration(raw[number], number, *mark)
            scales.append(scale)
        for live in self._live:
            if live.pop("empty", False):
                place = rf'(<g id="live-{live["name"]}">.*?<text[^>]*>)[^<]*'
                raw[live["axes"]] = re.sub(place, r"\1", raw[live["axes"]], count=1, flags=re.S)
        for figure in self.figures:
            plt.close(figure)
        prefix = prefix_of(alt, model, *raw)
        spec = {
            "version": VERSION,
            "model": model,
            "constants": constants,
            "parameters": [slider.spec() for slider in sliders],
            "axes": scales,
            "artists": [{**live, "id": f"{prefix}{live['axes']}-live-{live['name']}"} for live in self._live],
        }
        blob = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
        picture = picture_html([[text] for text in raw], alt, prefix)
        body = (
            f"<live-fig>{picture}{form([slider.row(prefix) for slider in sliders])}"
            f'{status(start)}<script type="application/json">{blob}</script></live-fig>'
        )
        return LiveFigure(body, png, alt, spec)

    def _still(self) -> bytes:
        """The PNG twin, drawn before the calibration lines and without the stand-ins of empty texts."""
        for artist in self._empty_texts:
            artist.set_visible(False)
        png = picture_png(self.figures)
        for artist in self._empty_texts:
            artist.set_visible(True)
        return png


class LiveFigure(Shown):
    """A figure with sliders that needs no kernel; `spec` is the description which the script reads."""

    def __init__(self, html_text: str, png: bytes, alt: str, spec: dict[str, Any]) -> None:
        super().__init__(html_text, png, alt)
        self.spec = spec

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(include, exclude)
        bundle["text/html"] += inline_script()
        return bundle


def _numbers(x: np.ndarray) -> list[float]:
    return [round(float(value), 9) for value in x]


def _calibrate(axes: Axes, number: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Draw a line through the panel's corners, whose coordinates in the SVG tell the way from data to pixels."""
    x, y = axes.get_xlim(), axes.get_ylim()
    axes.plot(x, y, color="black", linewidth=0.1, gid=f"calibration-{number}", scalex=False, scaley=False)
    axes.set_xlim(x)
    axes.set_ylim(y)
    return x, y


def _read_calibration(
    raw: str, number: int, x: tuple[float, float], y: tuple[float, float]
) -> tuple[str, dict[str, dict[str, Any]]]:
    """The SVG without the calibration line, and slope and offset of both axes."""
    group = re.search(rf'<g id="calibration-{number}">.*?</g>', raw, flags=re.S)
    if group is None:
        raise RuntimeError("matplotlib did not draw the calibration line: is a panel invisible?")
    x0, y0, x1, y1 = (float(value) for value in re.findall(r"-?\d+\.?\d*", re.search(r' d="([^"]*)"', group[0])[1]))  # type: ignore[index]
    scales = {
        "x": {"slope": (x1 - x0) / (x[1] - x[0]), "offset": x0 - (x1 - x0) / (x[1] - x[0]) * x[0]},
        "y": {"slope": (y1 - y0) / (y[1] - y[0]), "offset": y0 - (y1 - y0) / (y[1] - y[0]) * y[0]},
    }
    return raw.replace(group[0], ""), scales
