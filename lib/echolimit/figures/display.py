"""`show`: a figure for the page (inline SVG) and for paper (PNG), with the alternative text that it must have."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from .assets import inline_style
from .svg import inline, prefix_of, render, width_of


class Shown:
    """A figure ready for display: `html` for pages, `png` (bytes) for paper and GitHub, `alt` for who cannot see it."""

    def __init__(self, html_text: str, png: bytes, alt: str) -> None:
        self.html, self.png, self.alt = html_text, png, alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {
            "text/html": inline_style() + self.html,
            "image/png": base64.b64encode(self.png).decode("ascii"),
            "text/plain": f"[figure] {self.alt}",
        }


def show(fig: Figure | Sequence[Figure], *, alt: str, stack: bool = True) -> Shown:
    """The figure as an object that a notebook or a page of the book displays: inline SVG, and a PNG for PDF and GitHub.

    fig: a matplotlib figure, or several that belong together.  alt: what there is to see, in a sentence or two; readers
    who do not see the picture hear it.  stack: panels that stand side by side may stack on a narrow screen.
    Ink (black) takes the page's text colour, the palette its shades for light and dark. Equal input gives equal output.
    Raises ValueError for an empty alt, TypeError for something that is not a figure.
    """
    alt = checked_alt(alt)
    figures = list(fig) if isinstance(fig, Sequence) else [fig]
    if not figures or not all(isinstance(one, Figure) for one in figures):
        raise TypeError(f"fig must be a matplotlib Figure or a list of them, got {type(fig).__name__}: pass ax.figure")
    raw = [render(one, apart=stack) for one in figures]
    shown = Shown(picture_html(raw, alt), picture_png(figures), alt)
    for one in figures:
        plt.close(one)  # else Jupyter shows it a second time
    return shown


def checked_alt(alt: str) -> str:
    """The text, if it says something."""
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(f"alt must say what there is to see, got {alt!r}: describe the picture in a sentence or two")
    return " ".join(alt.split())


def picture_html(raw: Sequence[Sequence[str]], alt: str, prefix: str | None = None, most: float = 1.15) -> str:
    """The panels of each figure side by side, wrapping on narrow screens, as one picture with one text.

    most: how much wider than drawn one of several panels may become.
    """
    prefix = prefix_of(alt, *(text for panels in raw for text in panels)) if prefix is None else prefix
    several = sum(map(len, raw)) > 1
    boxes = []
    for number, panels in enumerate(raw):
        for text in panels:
            width, grow = width_of(text), most if several else 1.0
            basis = 0.78 * width if several else width
            box = f"flex:1 1 {basis:.0f}px;max-width:{width * grow:.0f}px;min-width:0"
            boxes.append(f'<div style="{box}">{inline(text, f"{prefix}{number}-", grow=grow)}</div>')
    style = "display:flex;flex-wrap:wrap;justify-content:center;gap:.5rem .75rem"
    label = html.escape(alt)
    return f'<div class="echo-figure" role="img" aria-label="{label}" style="{style}">{"".join(boxes)}</div>'


def picture_png(figures: Sequence[Figure], dpi: int = 144) -> bytes:
    """The figures on white, one below the other, as the bytes of a PNG."""
    sheets = []
    for one in figures:
        buffer = io.BytesIO()
        one.savefig(buffer, format="png", dpi=dpi, facecolor="white", transparent=False)
        buffer.seek(0)
        sheets.append(matplotlib.image.imread(buffer))
    wide = max(sheet.shape[1] for sheet in sheets)
    sheets = [np.pad(s, ((0, 0), (0, wide - s.shape[1]), (0, 0)), constant_values=1.0) for s in sheets]
    buffer = io.BytesIO()
    matplotlib.image.imsave(buffer, np.vstack(sheets), format="png", metadata={"Software": ""})
    return buffer.getvalue()
