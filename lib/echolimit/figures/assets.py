"""Script and style of the figures: shared files on a page of the book, inline in a notebook's output.

A notebook's output must carry all it needs: Colab and VS Code give each output a frame of its own. There the modules in
static/ are joined into one classic script. `write_static` writes the same script for a site: unlike a module, a classic
script also runs on a page opened as a file.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).with_name("static")
MODULES = (  # in order of dependence
    "normal.js", "core.js", "hermite.js", "words.js", "draws.js", "model_noising.js", "model_genealogy.js",
    "model_learned.js", "model_limit.js", "model_ages.js", "model_spectrum.js", "model_schedule.js",
    "model_sampler_side.js", "model_reuse.js", "model_regimes.js", "model_forgetting.js",
    "image_power.js", "model_image_grid.js",
    "texts.js", "playground_laws.js", "playground_distances.js", "playground_data.js", "playground_refit.js",
    "model_playground.js", "playground_code.js", "playground_link.js", "playground.js", "models.js",
    "controls.js", "paths.js", "raster.js", "handles.js", "live.js", "explore.js",
)  # fmt: skip
SCRIPT, STYLE = "echolimit-figures.js", "echolimit-figures.css"
TAGS = ("<live-fig", "<explore-fig", "echo-figure")  # HTML that holds the first two needs the script, any the style


def building_book() -> bool:
    """Whether a page of the book is being built: ECHOLIMIT_BUILDING_BOOK is set to 1."""
    return os.environ.get("ECHOLIMIT_BUILDING_BOOK") == "1"


@cache
def script() -> str:
    """All modules as one classic script. Imports and exports fall away: the modules' top-level names are distinct."""
    parts = []
    for name in MODULES:
        text = (STATIC / name).read_text(encoding="utf-8")
        text = re.sub(r"^import .*?;\n", "", text, flags=re.M | re.S)
        parts.append(re.sub(r"^export (?=const|function|class)", "", text, flags=re.M))
    return '(() => {\n"use strict";\n' + "\n".join(parts) + "})();\n"


@cache
def style() -> str:
    """The style sheet of the figures."""
    return (STATIC / "figures.css").read_text(encoding="utf-8")


@cache
def model_names() -> tuple[str, ...]:
    """The models of live figures that models.js holds."""
    text = (STATIC / "models.js").read_text(encoding="utf-8")
    return tuple(re.findall(r"^  (\w+): \w+,$", text[text.index("export const MODELS") :], flags=re.M))


def write_static(folder: Path) -> list[Path]:
    """Write script and style for a site into `folder`; the files written, script first."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in ((SCRIPT, script()), (STYLE, style())):
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def inline_style() -> str:
    """The style as an element for a notebook's output; nothing on a page of the book, which links it."""
    return "" if building_book() else f"<style>{style()}</style>"


def inline_script() -> str:
    """The script as an element for a notebook's output; nothing on a page of the book, which links it."""
    return "" if building_book() else f"<script>{script()}</script>"


def page(body: str, *, theme: str = "", title: str = "figure") -> str:
    """A whole HTML page around the body, script and style inline: a figure to send or to test.

    theme: "light" or "dark" as the book's theme sets it; empty to follow the reader's system.
    """
    mark = f' data-theme="{theme}"' if theme else ""
    return (
        f'<!DOCTYPE html><html lang="en"{mark}><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<style>{style()}</style></head><body>{body}<script>{script()}</script></body></html>"
    )
