"""Live figures: matplotlib draws once; a named JavaScript model recomputes the closed form and rewrites the live paths.

A new live figure is (1) a model in static/model_NAME.js, listed in models.js and `assets.MODULES`: from constants and
parameters to the values of each live artist; (2) a function in explorers/ that draws the panels, names the live artists
with `Canvas` and calls `Canvas.finish`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from .assets import inline_script, model_names
from .calibration import calibrate, read_calibration
from .controls import Control, Slider, form, handle, status
from .display import Shown, checked_alt, picture_html, picture_png
from .svg import one_path, prefix_of, render

VERSION = 1  # of the description in the JSON blob; live.js has the same


class Canvas:
    """The panels of a live figure while they are drawn: each a figure of its own, so that they stack on a phone."""

    def __init__(self) -> None:
        self.figures: list[Figure] = []
        self.axes: list[Axes] = []
        self._live: list[dict[str, Any]] = []
        self._handles: list[dict[str, str]] = []
        self._empty_texts: list[Artist] = []

    def panel(
        self, width: float = 4.3, height: float = 3.0, left: float = 0.62, right: float = 0.12, top: float = 0.3
    ) -> Axes:
        """A new panel: width, height and the room around the axes in inches."""
        # With no layout engine matplotlib would take the one of the settings after it has saved the figure once.
        fixed = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)
        figure, axes = plt.subplots(figsize=(width, height), layout=fixed)
        # Fixed margins: the axes of all panels have one size, with room above for a legend, and stay in line.
        figure.subplots_adjust(left=left / width, right=1 - right / width, bottom=0.52 / height, top=1 - top / height)
        self.figures.append(figure)
        self.axes.append(axes)
        return axes

    def line(self, axes: Axes, name: str, x: np.ndarray, y: np.ndarray, *, fixed: bool = True, **style: Any) -> None:
        """A curve over the fixed points x, whose heights the model gives; if fixed is False, it gives pairs."""
        (artist,) = axes.plot(x, y, **style)
        self._add(axes, artist, name, "line", **({"x": _numbers(x)} if fixed else {}))

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

    def dots(
        self, axes: Axes, name: str, x: np.ndarray, y: np.ndarray, size: float = 5.0,
        *, fixed: str = "x", fill: bool = True, **style: Any,
    ) -> None:  # fmt: skip
        """Dots of a diameter in points, or rings (fill=False). NaN is not drawn.

        fixed: the coordinate that stays, "x" or "y", where the model gives the other; "" where it gives pairs [x, y].
        """
        face = {"markeredgewidth": 0.0} if fill else {"markerfacecolor": "none", "markeredgewidth": 1.2}
        (artist,) = axes.plot(x, y, "o", markersize=size, **face, **style)
        kept = {fixed: _numbers(x if fixed == "x" else y)} if fixed else {}
        self._add(axes, artist, name, "dots", size=size, **kept)

    def handle(
        self, axes: Axes, name: str, place: tuple[float, float], label: str, *, across: str = "", up: str = "",
        size: float = 9.0, **style: Any,
    ) -> None:  # fmt: skip
        """A dot that the reader drags, by mouse, finger or arrow keys; its place is the model's one pair [[x, y]].

        label: what a screen reader says.  across, up: the sliders whose parameters it sets; none where it is "".
        Raises ValueError in `finish` if they are no sliders of the figure.
        """
        self.dots(axes, name, np.array(place[:1]), np.array(place[1:]), size, fixed="", **style)
        self._handles.append({"artist": name, "across": across, "up": up, "label": label})

    def upright(self, axes: Axes, name: str, x: float, y: tuple[float, float], **style: Any) -> None:
        """A vertical line between two fixed heights at an x that the model gives, or null to hide it."""
        (artist,) = axes.plot([x, x], y, **style)
        self._add(axes, artist, name, "upright", y=list(y))

    def raster(self, axes: Axes, name: str, pixels: np.ndarray) -> None:
        """A picture that fills the axes: bytes (rows, columns, 4), red to opacity; the model gives them row by row."""
        rows, columns = pixels.shape[:2]
        image = axes.imshow(pixels, interpolation="none", aspect="auto", extent=(0, columns, rows, 0))
        self._add(axes, image, name, "raster", columns=columns, rows=rows)

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
        self, model: str, constants: dict[str, Any], sliders: Sequence[Control], alt: str, start: str,
        *, hidden: Collection[str] = (), below: str = "",
    ) -> LiveFigure:  # fmt: skip
        """The finished live figure.

        model: a name in static/models.js.  constants: what it needs besides the parameters (numbers, strings, lists).
        sliders: the parameters, in the order of the form.
        alt: what there is to see.  start: the status line of the picture as drawn, shown until the script runs.
        hidden: parameters whose rows the script shows when they matter.  below: HTML under the status line.
        Raises ValueError for another model, an empty alt or no panel.
        """
        alt = checked_alt(alt)
        if model not in model_names():
            raise ValueError(
                f"model must be one of {', '.join(model_names())}, got {model!r}: add yours to static/models.js"
            )
        if not self.figures:
            raise ValueError("a live figure needs at least one panel, got none: call canvas.panel() first")
        self._check_handles(sliders)
        png = self._still()
        for number, axes in enumerate(self.axes):
            calibrate(axes, number)
        raw = [text for figure in self.figures for text in render(figure, apart=False)]
        scales = []
        for number, axes in enumerate(self.axes):
            raw[number], scale = read_calibration(raw[number], number, axes)
            scales.append(scale)
        for live in self._live:
            if live.pop("empty", False):
                place = rf'(<g id="live-{live["name"]}">.*?<text[^>]*>)[^<]*'
                raw[live["axes"]] = re.sub(place, r"\1", raw[live["axes"]], count=1, flags=re.S)
            if live["kind"] == "dots":
                raw[live["axes"]] = one_path(raw[live["axes"]], f"live-{live['name']}", live["size"])
        for figure in self.figures:
            plt.close(figure)
        prefix = prefix_of(alt, model, *raw)
        handles = [{key: one[key] for key in ("artist", "across", "up")} for one in self._handles]
        spec = {
            "version": VERSION,
            "model": model,
            "constants": constants,
            "parameters": [slider.spec() for slider in sliders],
            "axes": scales,
            "artists": [{**live, "id": f"{prefix}{live['axes']}-live-{live['name']}"} for live in self._live],
        } | ({"handles": handles} if handles else {})
        blob = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
        most = (
            1.15 if len(raw) < 3 else 0.85
        )  # of three the last stands alone in its row: let it not outgrow the others
        picture = picture_html([[text] for text in raw], alt, prefix, most)
        buttons = "".join(handle(one["artist"], one["label"]) for one in self._handles)
        body = (
            f"<live-fig>{picture}{buttons}{form([slider.row(prefix) for slider in sliders], hidden)}"
            f'{status(start)}{below}<script type="application/json">{blob}</script></live-fig>'
        )
        return LiveFigure(body, png, alt, spec)

    def _check_handles(self, sliders: Sequence[Control]) -> None:
        names = [slider.name for slider in sliders if isinstance(slider, Slider)]
        for one in self._handles:
            sets = [one[side] for side in ("across", "up") if one[side]]
            if not sets or not set(sets) <= set(names):
                known = ", ".join(names)
                raise ValueError(f"across and up of handle {one['artist']!r} must name sliders of {known}, got {sets}")

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
