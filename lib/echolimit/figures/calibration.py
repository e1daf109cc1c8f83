"""Where a panel's data lie in its SVG: a line through the corners of the axes is drawn, read and taken out again."""

from __future__ import annotations

import math
import re
from typing import Any

from matplotlib.axes import Axes


def calibrate(axes: Axes, number: int) -> None:
    """Draw a line through the panel's corners; the limits stay."""
    x, y = axes.get_xlim(), axes.get_ylim()
    axes.plot(x, y, color="black", linewidth=0.1, gid=f"calibration-{number}", scalex=False, scaley=False)
    axes.set_xlim(x)
    axes.set_ylim(y)


def read_calibration(raw: str, number: int, axes: Axes) -> tuple[str, dict[str, dict[str, Any]]]:
    """The SVG without the calibration line, and the scale of both axes."""
    group = re.search(rf'<g id="calibration-{number}">.*?</g>', raw, flags=re.S)
    if group is None:
        raise RuntimeError("matplotlib did not draw the calibration line: is a panel invisible?")
    path = re.search(r' d="([^"]*)"', group[0])
    assert path is not None
    x0, y0, x1, y1 = (float(value) for value in re.findall(r"-?\d+\.?\d*", path[1]))
    scales = {
        "x": _scale(axes.get_xlim(), (x0, x1), axes.get_xscale() == "log"),
        "y": _scale(axes.get_ylim(), (y0, y1), axes.get_yscale() == "log"),
    }
    return raw.replace(group[0], ""), scales


def _scale(ends: tuple[float, float], places: tuple[float, float], log: bool) -> dict[str, Any]:
    """Slope and offset that take a value, or on a log axis its decimal logarithm, to a coordinate of the SVG."""
    low, high = map(math.log10, ends) if log else ends
    slope = (places[1] - places[0]) / (high - low)
    scale: dict[str, Any] = {"slope": slope, "offset": places[0] - slope * low}
    return scale | ({"log": True} if log else {})
