"""Sliders and lists of a figure: what they range over, and their native HTML controls."""

from __future__ import annotations

import html
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from echolimit._checks import check_count, check_number

# A log slider steps through round numbers, some 5 to 15 per cent apart: what an arrow key gives can be said and typed.
_MANTISSAS = (1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9)


@dataclass(frozen=True)
class Slider:
    """One parameter of a live figure.

    name: the model's name for it.  label: what the reader sees ("fresh share α").  low, high: the range, ends included.
    value: at the start and after a reset.  step: of the slider, for a linear one.  scale: "linear" or "log" (low > 0).
    whole: only whole numbers.
    Raises ValueError for a range, value or step that does not fit, TypeError for what is no number.
    """

    name: str
    label: str
    low: float
    high: float
    value: float
    step: float = 0.01
    scale: str = "linear"
    whole: bool = False

    def __post_init__(self) -> None:
        for end, given in (("low", self.low), ("high", self.high), ("step", self.step), (self.name, self.value)):
            check_number(given, end)
        if self.step <= 0:
            raise ValueError(f"step must be greater than 0, got {self.step} for slider {self.name!r}")
        if not self.low < self.high:
            raise ValueError(f"low must lie below high, got {self.low} and {self.high} for slider {self.name!r}")
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"{self.name} must lie in [{self.low:g}, {self.high:g}], the range of its slider, got {self.value}"
            )
        if self.whole:
            check_count(self.value, self.name, least=math.floor(self.low))
        if self.scale not in ("linear", "log"):
            raise ValueError(f"scale must be 'linear' or 'log', got {self.scale!r}")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"low must be positive on a log scale, got {self.low} for slider {self.name!r}")

    def spec(self) -> dict[str, Any]:
        """What the script needs to know."""
        spec: dict[str, Any] = {
            "name": self.name, "low": self.low, "high": self.high, "value": self.value, "scale": self.scale,
            "whole": self.whole,
        }  # fmt: skip
        return spec | ({"places": self.places()} if self.scale == "log" else {"step": 1 if self.whole else self.step})

    def places(self) -> list[float]:
        """Where a log slider can stand, ends included; round numbers, for `whole` the integers among them."""
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        inside = {float(f"{m}e{k}") for k in decades for m in _MANTISSAS if self.low < float(f"{m}e{k}") < self.high}
        return sorted({self.low, self.high} | {place for place in inside if not self.whole or place.is_integer()})

    def row(self, prefix: str = "") -> str:
        """Label, range input and number field; prefix: of the ids."""
        if self.scale == "log":
            places = self.places()
            position = min(range(len(places)), key=lambda k: abs(math.log(places[k] / self.value)))
            bounds = f'min="0" max="{len(places) - 1}" step="1" value="{position}"'
        else:
            step = 1 if self.whole else self.step
            bounds = f'min="{self.low:g}" max="{self.high:g}" step="{step:g}" value="{self.value:g}"'
        extent = f"from {self.low:g} to {self.high:g}; a value outside becomes the nearest end".replace(
            "-", "\N{MINUS SIGN}"
        )
        typed_step = "1" if self.whole else "any"
        typed = (
            f'<input type="number" inputmode="decimal" min="{self.low:g}" max="{self.high:g}" step="{typed_step}" '
            f'value="{self.value:g}" aria-label="{html.escape(self.label)}, typed" title="{extent}" '
            f'aria-description="{extent}">'
        )
        return row(self.name, self.label, bounds, f"{self.value:g}", typed, prefix)


@dataclass(frozen=True)
class Choice:
    """One parameter of a live figure that is a word of a list, chosen in a native select.

    name: the model's name for it.  label: what the reader sees.  options: from each value to the words that name it.
    value: the one at the start and after a reset.
    Raises ValueError for fewer than two options or a value that is none of them.
    """

    name: str
    label: str
    options: Mapping[str, str]
    value: str

    def __post_init__(self) -> None:
        if len(self.options) < 2:
            raise ValueError(f"options must hold at least two, got {list(self.options)} for {self.name!r}")
        if self.value not in self.options:
            raise ValueError(f"{self.name} must be one of {', '.join(self.options)}, got {self.value!r}")

    def spec(self) -> dict[str, Any]:
        """What the script needs to know."""
        return {"name": self.name, "value": self.value, "scale": "choice"}

    def row(self, prefix: str = "") -> str:
        """Label and list; prefix: of the ids."""
        key = html.escape(f"{prefix}choice-{self.name}")
        options = "".join(
            f'<option value="{html.escape(value)}"{" selected" if value == self.value else ""}>{html.escape(words)}'
            "</option>"
            for value, words in self.options.items()
        )
        return (
            f'<div class="echo-row" data-name="{html.escape(self.name)}"><label class="echo-name" for="{key}">'
            f'{html.escape(self.label)}</label><select id="{key}">{options}</select></div>'
        )


@dataclass(frozen=True)
class Field:
    """One parameter of a live figure that is a line of text.

    name: the model's name for it.  label: what the reader sees.  value: at the start and after a reset.
    check: a name in static/texts.js, whose function lets a text pass or says what is wrong.  hint: how to write it.
    """

    name: str
    label: str
    value: str
    check: str
    hint: str

    def spec(self) -> dict[str, Any]:
        """What the script needs to know."""
        return {"name": self.name, "value": self.value, "scale": "text", "check": self.check}

    def row(self, prefix: str = "") -> str:
        """Label, text input, how to write it, and room for what is wrong."""
        key, name = html.escape(f"{prefix}text-{self.name}"), html.escape(self.name)
        return (
            f'<div class="echo-row" data-name="{name}"><label class="echo-name" for="{key}">{html.escape(self.label)}'
            f'</label><input type="text" id="{key}" value="{html.escape(self.value)}" autocomplete="off" '
            f'spellcheck="false" aria-describedby="{key}-hint {key}-wrong">'
            f'<span class="echo-hint" id="{key}-hint">{html.escape(self.hint)}</span>'
            f'<span class="echo-wrong" id="{key}-wrong" aria-live="polite"></span></div>'
        )


@dataclass(frozen=True)
class State:
    """One parameter of a live figure without a control of its own: a script sets it.  value: at the start."""

    name: str
    value: str

    def spec(self) -> dict[str, Any]:
        """What the script needs to know."""
        return {"name": self.name, "value": self.value, "scale": "state"}

    def row(self, prefix: str = "") -> str:
        """Nothing."""
        return ""


Control = Slider | Choice | Field | State


def row(name: str, label: str, bounds: str, words: str, beside: str, prefix: str = "") -> str:
    """One line of controls: the name, the range input, and what stands beside it; prefix: of the ids."""
    key = html.escape(f"{prefix}slider-{name}")
    return (
        f'<div class="echo-row" data-name="{html.escape(name)}"><label class="echo-name" for="{key}">'
        f'{html.escape(label)}</label><input type="range" id="{key}" {bounds} '
        f'aria-valuetext="{html.escape(words)}">{beside}</div>'
    )


def handle(name: str, label: str) -> str:
    """A button over a dot of the picture that can be dragged; the script puts it there and shows it."""
    return (
        f'<button type="button" class="echo-handle" data-handle="{html.escape(name)}" '
        f'aria-label="{html.escape(label)}" hidden></button>'
    )


def form(rows: Sequence[str], hidden: Collection[str] = ()) -> str:
    """The controls, disabled until the script runs; hidden: names of rows that are not shown at first."""
    text = "".join(rows)
    for name in hidden:
        shown = f'<div class="echo-row" data-name="{html.escape(name)}"'
        text = text.replace(f"{shown}>", f"{shown} hidden>")
    return (
        f'<fieldset class="echo-controls" disabled aria-label="parameters of the figure">{text}'
        '<button type="button">reset</button></fieldset>'
    )


def status(text: str) -> str:
    """The line that says the numbers, also to a screen reader."""
    return f'<p class="echo-status" role="status">{html.escape(text)}</p>'
