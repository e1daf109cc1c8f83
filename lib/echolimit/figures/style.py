"""One look for every picture: a colour and a line style for each role a curve can play.

Colours come from Okabe and Ito's set (told apart by colour-blind readers) with a relative luminance between 0.12 and
0.30, so that each has a contrast of 3:1 or more on a white and on a dark page alike. On a web page they are CSS
variables (static/figures.css) with these values as the fallback.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import matplotlib as mpl

PALETTE = MappingProxyType(
    {
        "data": "#6b7280",  # slate: the law p* that all is compared with
        "round": "#d55e00",  # vermillion: the law after finitely many rounds
        "limit": "#0072b2",  # blue: the limit law
        "learned": "#009e73",  # green: what a trained network does
        "control": "#b65fa8",  # purple: the exact loop with as many samples as the experiment had
    }
)

BLENDS = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares of the colour of round in `blend`, for what ages with the rounds


def blend(share: float) -> str:
    """The colour between data (share 0) and round (share 1), a share of `BLENDS`: those follow the page's colours."""
    ends = [[int(PALETTE[name][k : k + 2], 16) for k in (1, 3, 5)] for name in ("data", "round")]
    return "#" + "".join(f"{round((1 - share) * a + share * b):02x}" for a, b in zip(*ends, strict=True))


_LINES: dict[str, dict[str, Any]] = {
    "data": {"linestyle": "-", "linewidth": 1.4},
    "round": {"linestyle": (0, (5, 2)), "linewidth": 1.8},
    "limit": {"linestyle": "-", "linewidth": 2.4},
    "learned": {"linestyle": (0, (6, 2, 1.2, 2)), "linewidth": 1.8},
    "control": {"linestyle": (0, (1.2, 1.6)), "linewidth": 1.8},
}

_RC: dict[str, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",  # the only set whose glyphs are plain Unicode text in an SVG
    "font.size": 10.5,
    "axes.labelsize": 10.5,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "figure.figsize": (4.4, 3.0),  # 422 px: on a phone of 360 px the text is still 10 px high
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "savefig.bbox": None,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.titlesize": 10.5,
    "xtick.major.width": 0.8,
    "ytick.major.width": 0.8,
    "axes.unicode_minus": True,
    "axes.prop_cycle": mpl.cycler(color=list(PALETTE.values())),
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "hatch.linewidth": 0.6,
    "path.simplify": False,  # a curve keeps all its points, on every machine
    "svg.fonttype": "none",  # text stays text: selectable, and it takes the page's colour
    "svg.hashsalt": "echolimit",  # ids that do not change between builds
}


def use_style() -> None:
    """Set matplotlib's defaults to the book's style: transparent ground, no frame, ink that follows the page's colour.

    Call it once at the head of a chapter. Black stands for *ink*: `show` turns it into the page's text colour.
    """
    mpl.rcParams.update(_RC)


def role(name: str, **changes: Any) -> dict[str, Any]:
    """Keyword arguments of `Axes.plot` for a curve that plays the role `name`: colour, line style and width.

    name: data, round, limit, learned or control.  changes: more keywords, which win: `role("limit", label="limit")`.
    Raises ValueError for another role.
    """
    if name not in PALETTE:
        raise ValueError(f"name must be a role, one of {', '.join(PALETTE)}, got {name!r}")
    return {"color": PALETTE[name], **_LINES[name], **changes}


def style_context() -> Any:
    """A context with the book's style, for code that must not change the caller's matplotlib settings."""
    return mpl.rc_context(_RC)
