"""The picture at the head of the README: `python -m echolimit.figures.readme_picture assets/limit.svg`.

A file of its own cannot take the page's colours: its ink is a grey with a contrast of 4:1 on white and on dark pages.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from echolimit import limit_law, round_law

from .explorers import example_mixture
from .style import PALETTE, role, style_context
from .svg import inline, render

ALPHA, DELTA = 0.1, 0.05
TITLE = f"Data, rounds 1, 3 and 10, and the limit law at fresh share {ALPHA:g} and truncation time {DELTA:g}"
INK = "#6e7781"


def draw() -> Figure:
    """Data, the laws after 1, 3 and 10 rounds, and the limit, of the book's example."""
    target = example_mixture()
    x = np.linspace(-3.2, 3.2, 241)
    figure, axes = plt.subplots(figsize=(8.0, 3.4))
    density = target.density(x[:, None])
    axes.fill_between(x, density, color=PALETTE["data"], alpha=0.16, linewidth=0)
    axes.plot(x, density, **role("data", label="data"))
    for rounds, strength in ((1, 0.65), (3, 0.8), (10, 1.0)):
        label = f"{rounds} round{'s' if rounds > 1 else ''}"
        law = round_law(target, rounds, ALPHA, DELTA)
        axes.plot(x, law.density(x[:, None]), **role("round", label=label, alpha=strength))
    axes.plot(x, limit_law(target, ALPHA, DELTA).density(x[:, None]), **role("limit", label="limit"))
    axes.set(xlim=(x[0], x[-1]), ylim=(0, None), xlabel="x", ylabel="density")
    axes.legend(loc="upper left", borderaxespad=0.2)
    return figure


def picture() -> str:
    """The picture as the text of an SVG file."""
    with style_context():
        figure = draw()
        text = inline(render(figure)[0], "limit-")
        plt.close(figure)
    text = text.replace("currentColor", INK)
    view = text.split('viewBox="', 1)[1].split('"', 1)[0]
    width, height = view.split()[2:]
    head = (
        f'<svg viewBox="{view}" width="{width}pt" height="{height}pt" xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" role="img" fill="{INK}" stroke-linejoin="round">'
    )
    return f"{head}<title>{TITLE}</title>{text.split('>', 1)[1]}\n"


def main(arguments: list[str]) -> int:
    """Write the picture to the path given."""
    if len(arguments) != 1:
        print("usage: python -m echolimit.figures.readme_picture PATH.svg", file=sys.stderr)
        return 2
    path = Path(arguments[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
