"""A matplotlib figure as inline SVG that takes its colours from the page and is the same at every build."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from .style import BLENDS, PALETTE, blend

_POINT = 96 / 72  # CSS pixels in a point
_VARIABLES = {colour: f"var(--echo-{name}, {colour})" for name, colour in PALETTE.items()}
_MIXES = {
    blend(share): f"color-mix(in srgb, {_VARIABLES[PALETTE['round']]} {share:.0%}, {_VARIABLES[PALETTE['data']]})"
    for share in BLENDS
}
_BLACK = {"#000000", "#000", "black"}


def groups_of(fig: Figure) -> list[list[Axes]]:
    """The figure's axes in groups that must stay together: a cell of the grid with its twin axes and colour bars.

    One group means that the figure stays in one piece: also when something belongs to the figure as a whole (a heading,
    a common legend, a sub-figure, axes placed by hand).
    """
    whole = [list(fig.axes)]
    if len(fig.axes) < 2 or fig.texts or fig.legends or fig.subfigs or fig.lines or fig.patches or fig.artists:
        return whole
    cells: dict[tuple[int, ...], list[Axes]] = {}
    for axes in fig.axes:
        bar = getattr(axes, "_colorbar", None)
        place = (bar.mappable.axes if bar is not None and bar.mappable.axes is not None else axes).get_subplotspec()
        if place is None:
            return whole
        place = place.get_topmost_subplotspec()
        cells.setdefault((place.rowspan.start, place.colspan.start), []).append(axes)
    return [cells[key] for key in sorted(cells)]


def render(fig: Figure, *, apart: bool = True) -> list[str]:
    """Raw SVG texts of the figure, one for each group of axes (`apart`) or one for all; the figure stays as it was.

    The figure is drawn once and its SVG cut up, so ids may be defined in one text and used in another: give all texts
    of one figure the same prefix.
    """
    groups = groups_of(fig) if apart else [list(fig.axes)]
    if len(groups) < 2:
        return [_save(fig)]
    names = {axes: axes.get_gid() for axes in fig.axes}
    silent = [axes for axes in fig.axes if _without_numbers(axes)]
    for number, axes in enumerate(fig.axes):
        axes.set_gid(f"panel-{number}")
    for axes in silent:  # alone in its row, a panel must say its own numbers
        axes.tick_params(axis="y", labelleft=True)
    try:
        text = _save(fig)
        pieces = [[_element(text, axes.get_gid()) for axes in fig.axes if axes in group] for group in groups]
        boxes = _level(groups, [_box(fig, group) for group in groups])
    finally:
        for axes, name in names.items():
            axes.set_gid(name)
        for axes in silent:
            axes.tick_params(axis="y", labelleft=False)
    shared = "".join(re.findall(r"<defs>.*?</defs>", text[text.rindex("</g>") :], flags=re.S))  # clip paths
    height = fig.get_figheight()
    panels = []
    for piece, box in zip(pieces, boxes, strict=True):
        view = f"{72 * box.x0:.3f} {72 * (height - box.y1):.3f} {72 * box.width:.3f} {72 * box.height:.3f}"
        panels.append(f'<svg viewBox="{view}">{"".join(piece)}{shared}</svg>')
        shared = ""
    return panels


def _without_numbers(axes: Axes) -> bool:
    """Whether it leaves the numbers of its vertical axis to a panel with which it shares it."""
    shown = axes.yaxis.get_tick_params(which="major")
    shares = len(axes.get_shared_y_axes().get_siblings(axes)) > 1
    return shares and axes.yaxis.get_visible() and not (shown.get("labelleft") or shown.get("labelright"))


def _element(text: str, name: str) -> str:
    """The group with this id, up to the end tag that closes it."""
    start = text.index(f'<g id="{name}">')
    depth = 0
    for tag in re.finditer(r"<g\b[^>]*>|</g>", text[start:]):
        depth += -1 if tag[0] == "</g>" else 0 if tag[0].endswith("/>") else 1
        if depth == 0:
            return text[start : start + tag.end()]
    raise ValueError(f"the group {name!r} is not closed: the text is no well-formed SVG")


def _box(fig: Figure, group: Sequence[Axes]) -> Bbox:
    boxes = [axes.get_tightbbox() for axes in group if axes.get_visible()]
    around = Bbox.union([box for box in boxes if box is not None])
    return around.transformed(fig.dpi_scale_trans.inverted()).padded(0.04)


def _level(groups: Sequence[Sequence[Axes]], boxes: Sequence[Bbox]) -> list[Bbox]:
    """Give the boxes of one row the same height, so that their axes stand on one line."""
    rows = [group[0].get_subplotspec().get_topmost_subplotspec().rowspan.start for group in groups]
    level = []
    for row, box in zip(rows, boxes, strict=True):
        mates = [other for place, other in zip(rows, boxes, strict=True) if place == row]
        level.append(Bbox.from_extents(box.x0, min(b.y0 for b in mates), box.x1, max(b.y1 for b in mates)))
    return level


def _save(fig: Figure) -> str:
    buffer = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "echolimit", "path.simplify": False}):
        fig.savefig(buffer, format="svg", bbox_inches=None, transparent=True, metadata=nothing)
    return buffer.getvalue()


def one_path(raw: str, name: str, size: float) -> str:
    """The SVG with the markers of this group, circles of a diameter in points, as one path at the head of the group.

    static/paths.js writes the same circles. The markers' definitions stay: other groups may use them.
    """
    group = _element(raw, name)
    markers = re.findall(r'<use [^>]*?x="([^"]*)" y="([^"]*)"(?: style="([^"]*)")?/>', group)
    if not markers:
        raise ValueError(f"{name!r} must start with at least one dot on its panel, got none: choose other start values")
    radius = size / 2
    arc = f"a{radius:g} {radius:g} 0 1 0"
    circles = "".join(
        f"M{float(x) - radius:.2f} {float(y):.2f}{arc} {size:g} 0{arc} {-size:g} 0Z" for x, y, _ in markers
    )
    path = f'<path d="{circles}" style="{markers[0][2]}"/>'
    first, last = group.index("<use "), group.rindex("<use ")
    rest = group[:first] + path + group[group.index("/>", last) + 2 :]
    definitions = "".join(re.findall(r"<defs>.*?</defs>", rest, flags=re.S))
    rest = re.sub(r"<defs>.*?</defs>", "", rest, flags=re.S)
    return raw.replace(group, rest[: rest.rindex("</g>")] + definitions + "</g>")


def prefix_of(*parts: str) -> str:
    """An id prefix that depends on nothing but the content."""
    return "e" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8] + "-"


def inline(raw: str, prefix: str, *, grow: float = 1.0) -> str:
    """The raw SVG made fit for a page: ids prefixed, ink as currentColor, palette as CSS variables, two decimals.

    grow: how much wider than drawn the picture may become (1: never).
    """
    text = raw[raw.index("<svg") :].strip()
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.S)
    text = re.sub(r"\s*<style[^>]*>.*?</style>", "", text, flags=re.S)  # its `*` would style the whole page
    text = re.sub(r"\s*<defs>\s*</defs>", "", text)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.S)
    view, width = _view(text)
    head = (
        f'<svg viewBox="{view}" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" aria-hidden="true" focusable="false" '
        'fill="currentColor" stroke-linejoin="round" stroke-linecap="butt" '
        f'style="display:block;width:100%;max-width:{width * grow:.0f}px;height:auto;overflow:visible">'
    )
    text = head + text[text.index(">") + 1 :]
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', text)
    text = re.sub(r"url\(#", f"url(#{prefix}", text)
    text = re.sub(r'href="#', f'href="#{prefix}', text)
    text = re.sub(r'style="([^"]*)"', lambda m: f'style="{_colours(m[1])}"', text)
    text = re.sub(r'\b(d|points)="([^"]*)"', lambda m: f'{m[1]}="{_short(" ".join(m[2].split()))}"', text)
    text = re.sub(r'\b(x|y|cx|cy|x1|y1|x2|y2)="(-?[\d.]+)"', lambda m: f'{m[1]}="{_short(m[2])}"', text)
    text = re.sub(r"translate\([^)]*\)", lambda m: _short(m[0]), text)
    return re.sub(r">\s+<", "><", text)


def _colours(style: str) -> str:
    def swap(match: re.Match[str]) -> str:
        colour = match[0].lower()
        return (_MIXES | _VARIABLES).get(colour, "currentColor" if colour in _BLACK else colour)

    return re.sub(r"#[0-9a-fA-F]{3,8}\b", swap, style)


def _short(numbers: str) -> str:
    """The text with every decimal cut to two places: a hundredth of a point is less than any screen shows."""
    return re.sub(r"-?\d+\.\d{3,}(?:e-?\d+)?", lambda m: f"{round(float(m[0]), 2) + 0:g}", numbers)


def width_of(raw: str) -> float:
    """Natural width of a raw SVG in CSS pixels."""
    return _view(raw)[1]


def _view(raw: str) -> tuple[str, float]:
    """The view box as written, and its width in CSS pixels."""
    found = re.search(r'viewBox="([^"]*)"', raw)
    if found is None:
        raise ValueError("the SVG has no viewBox: pass what `render` returns")
    return found[1], float(found[1].split()[2]) * _POINT
