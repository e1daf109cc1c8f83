"""`explore`: any figure function under sliders: widgets where a kernel runs, frames drawn beforehand on a page."""

from __future__ import annotations

import html
import itertools
import json
import math
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from .assets import building_book, inline_script, inline_style
from .controls import form, row, status
from .display import Shown, checked_alt, picture_html, picture_png
from .svg import prefix_of, render

MAX_FRAMES = 80
_LABELS = {
    "alpha": "fresh share α",
    "delta": "truncation time δ",
    "tau": "mean blurring time τ",
    "t": "noise time t",
    "rounds": "round i",
    "sigma": "noise level σ",
    "power": "exponent p",
    "error": "error of a round x",
    "error_time": "time of the error t",
    "data_variance": "variance of the data v",
    "start_time": "start time T",
}

Alt = str | Callable[..., str]


def explore(f: Callable[..., Figure], *, alt: Alt, start: dict[str, Any] | None = None, **values: Sequence[Any]) -> Any:
    """Sliders for a figure function: `explore(f, alt="...", alpha=[.1, .5], delta=[.01, .1])` first shows f(.1, .01).

    f: takes the keywords, draws and returns a matplotlib figure.  alt: what there is to see, for every picture (the
    slider values are added), or a function of the same keywords.  values: the places of each slider; the product of
    their numbers is at most MAX_FRAMES.  start: the places to begin at, the first of each if None.
    With a kernel the figure is drawn again when a slider moves (ipywidgets); while the book is built every combination
    is drawn once and the page holds them all. Never both: a page with a widget's state loads megabytes of its code.
    Raises ValueError for no slider, an empty one, too many frames, an empty alt, or a start off its slider; TypeError
    for an f that cannot be called or a slider that is no sequence.
    """
    if not callable(f):
        raise TypeError(f"f must be a function that returns a figure, got {f!r}: pass the function, not its result")
    for name, choices in values.items():
        if not isinstance(choices, Iterable):
            raise TypeError(f"{name} must be a sequence of places for its slider, got {choices!r}: pass [{choices!r}]")
    places = {name: list(choices) for name, choices in values.items()}
    if start is not None and not isinstance(start, dict):
        raise TypeError(f"start must map sliders to their places, got {start!r}: for example {{'alpha': 0.1}}")
    first = _checked_start(places, start or {})
    if not callable(alt):
        checked_alt(alt)
    if building_book() or not _in_notebook():
        return frames(f, places, first, alt)
    return Widgets(f, places, first, alt)


def frames(f: Callable[..., Figure], places: dict[str, list[Any]], first: dict[str, Any], alt: Alt) -> Frames:
    """All pictures drawn beforehand in one element with native sliders; the one at `first` shows without any script."""
    names = list(places)
    drawn: dict[tuple[int, ...], str] = {}
    png = b""
    prefix = ""
    for index in itertools.product(*(range(len(places[name])) for name in names)):
        settings = {name: places[name][i] for name, i in zip(names, index, strict=True)}
        figure = _drawn(f, settings)
        text = _alt_of(alt, settings)
        raw = render(figure)
        prefix = prefix or prefix_of(repr(places), *raw)  # one for all frames: equal parts stay equal
        drawn[index] = picture_html([raw], text, prefix)
        if settings == first:
            png, start_index, start_alt = picture_png([figure]), index, text
        plt.close(figure)
    parts, lists = share(list(drawn.values()))
    parameters: list[dict[str, Any]] = [
        {
            "name": name, "label": label_of(name), "scale": "list", "values": list(range(len(places[name]))),
            "labels": [_word(value) for value in places[name]], "value": start_index[k],
        }
        for k, name in enumerate(names)
    ]  # fmt: skip
    spec = {"parameters": parameters, "parts": parts, "frames": lists}
    blob = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    rows = []
    for parameter in parameters:
        word, count = parameter["labels"][parameter["value"]], len(parameter["values"])
        bounds = f'min="0" max="{count - 1}" step="1" value="{parameter["value"]}"'
        rows.append(
            row(
                parameter["name"],
                parameter["label"],
                bounds,
                word,
                f'<span class="echo-value" aria-hidden="true">{html.escape(word)}</span>',
                prefix,
            )
        )
    body = (
        f'<explore-fig><div class="echo-frame">{drawn[start_index]}</div>{form(rows)}{status(_words(first))}'
        f'<script type="application/json">{blob}</script></explore-fig>'
    )
    return Frames(body, png, start_alt)


class Frames(Shown):
    """Pictures drawn beforehand, with sliders that need no kernel."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(include, exclude)
        bundle["text/html"] += inline_script()
        return bundle


class Widgets:
    """Sliders that call f in the kernel. The picture is one HTML widget: a new one replaces the old everywhere."""

    def __init__(self, f: Callable[..., Figure], places: dict[str, list[Any]], first: dict[str, Any], alt: Alt) -> None:
        import ipywidgets

        self.sliders = {
            name: ipywidgets.SelectionSlider(
                options=[(_word(value), value) for value in choices],
                value=first[name],
                description=label_of(name),
                continuous_update=False,  # else drawing lags behind the hand
                style={"description_width": "initial"},
            )
            for name, choices in places.items()
        }
        self.picture = ipywidgets.HTML()
        self.box = ipywidgets.VBox([*self.sliders.values(), self.picture])
        self._f, self._alt = f, alt
        for slider in self.sliders.values():
            slider.observe(self._redraw, names="value")
        self._redraw()

    def _redraw(self, change: Any = None) -> None:
        settings = {name: slider.value for name, slider in self.sliders.items()}
        try:
            figure = _drawn(self._f, settings)
            self.picture.value = inline_style() + picture_html([render(figure)], _alt_of(self._alt, settings))
            plt.close(figure)
        except Exception as error:  # a callback's error would only reach a log that nobody reads
            self.picture.value = f"<pre>{html.escape(f'{type(error).__name__}: {error}')}</pre>"
            raise

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.box)


def share(pictures: Sequence[str]) -> tuple[list[str], list[list[int]]]:
    """Cut the pictures at their elements, keep equal pieces once: the parts, and each picture as indices into them."""
    parts: dict[str, int] = {}
    lists = []
    for picture in pictures:
        pieces = re.split(r"(?=<g |<path |<text |</svg>)", picture)
        lists.append([parts.setdefault(piece, len(parts)) for piece in pieces if piece])
    return list(parts), lists


def _alt_of(alt: Alt, settings: dict[str, Any]) -> str:
    return checked_alt(alt(**settings)) if callable(alt) else f"{checked_alt(alt)} Here {_words(settings)}."


def label_of(name: str) -> str:
    """What a slider is called: the book's words for its parameters, else the keyword itself."""
    return _LABELS.get(name, name.replace("_", " "))


def _drawn(f: Callable[..., Figure], settings: dict[str, Any]) -> Figure:
    figure = f(**settings)
    if not isinstance(figure, Figure):
        raise TypeError(f"f must return a matplotlib Figure, got {type(figure).__name__}: end it with `return fig`")
    return figure


def _checked_start(places: dict[str, list[Any]], start: dict[str, Any]) -> dict[str, Any]:
    if not places:
        raise ValueError("explore needs at least one slider: pass lists such as alpha=[0.1, 0.2, 0.5]")
    for name, choices in places.items():
        if not choices:
            raise ValueError(f"{name} must hold at least one value for its slider, got an empty sequence")
    count = math.prod(len(choices) for choices in places.values())
    if count > MAX_FRAMES:
        sizes = " x ".join(str(len(choices)) for choices in places.values())
        raise ValueError(
            f"the sliders have {sizes} = {count} combinations, more than {MAX_FRAMES} pictures on one page: "
            "give them fewer values, or make a live figure"
        )
    for name, value in start.items():
        if name not in places or value not in places[name]:
            raise ValueError(
                f"start must name places of the sliders, got {name}={value!r}: allowed are "
                f"{places.get(name, sorted(places))}"
            )
    return {name: start.get(name, choices[0]) for name, choices in places.items()}


def _in_notebook() -> bool:
    """Whether a kernel that can call back is running this."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    words = f"{value:g}" if isinstance(value, float) else str(value)
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", words)


def _words(settings: dict[str, Any]) -> str:
    return ", ".join(f"{label_of(name)} = {_word(value)}" for name, value in settings.items())
