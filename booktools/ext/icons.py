"""Keep of the theme's icon fonts what the book shows: a dozen icons instead of two thousand.

The theme loads every icon twice, as fonts and as a script of 1.5 MB that draws them again. When a build ends, the
script's tag goes from each page, the fonts are cut to the glyphs that some page, style or script names, and the style
sheet to their rules. (Font Awesome Free: fonts under the SIL Open Font License 1.1; the theme ships its text.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from booktools.ext.fonts import cut

FONTS = ("fa-solid-900", "fa-regular-400", "fa-brands-400")
NAMED = re.compile(r"\bfa-([a-z][a-z0-9-]*)")
ESCAPED = re.compile(r"\\(f[0-9a-f]{3})\b", re.IGNORECASE)
PRIVATE = re.compile("[\ue000-\uf8ff]")
RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"\}')
SCRIPT = re.compile(r'\s*<script src="[^"]*/fontawesome/[^"]*"></script>')
PRELOAD = r'\s*<link rel="preload"[^>]*/{font}\.woff2"\s*/>'


def finish(app: Sphinx, exception: Exception | None) -> None:
    """After a successful HTML build: lighter pages, fonts and style sheet."""
    if exception is None and app.builder.format == "html":
        slim(Path(app.outdir), theme_fonts())


def theme_fonts() -> Path:
    """The folder of Font Awesome in the theme, with css/ and webfonts/ as shipped."""
    vendor = Path(str(resources.files("pydata_sphinx_theme"))) / "theme/pydata_sphinx_theme/static/vendor/fontawesome"
    return next(vendor.iterdir())


def slim(site: Path, shipped: Path) -> None:
    """Cut the copy of `shipped` in `site` to what the pages use. Doing it twice changes nothing."""
    copy = next((site / "_static/vendor/fontawesome").iterdir())
    style = (shipped / "css/all.min.css").read_text(encoding="utf-8")
    pages = sorted(site.rglob("*.html"))
    static = [path for kind in ("css", "js") for path in (site / "_static").rglob(f"*.{kind}")]
    others = [path for path in static if copy not in path.parents]
    wanted = code_points([path.read_text(encoding="utf-8") for path in [*pages, *others]], style)
    (copy / "css/all.min.css").write_text(
        RULE.sub(lambda rule: rule[0] if int(rule[2], 16) in wanted else "", style), encoding="utf-8"
    )
    unused = [font for font in FONTS if not cut(shipped / f"webfonts/{font}.woff2", copy / "webfonts", wanted)]
    for page in pages:
        text = SCRIPT.sub("", page.read_text(encoding="utf-8"))
        for font in unused:
            text = re.sub(PRELOAD.format(font=font), "", text)
        page.write_text(text, encoding="utf-8")
    for heavy in [*copy.glob("js/all.min.js"), *copy.glob("webfonts/*.ttf")]:
        heavy.unlink()


def code_points(texts: Iterable[str], style: str) -> set[int]:
    """The icons that the texts name (fa-sun), escape (\\f185) or hold as characters of the private area."""
    points = {name: int(rule[2], 16) for rule in RULE.finditer(style) for name in NAMED.findall(rule[1])}
    wanted: set[int] = set()
    for text in texts:
        wanted |= {points[name] for name in NAMED.findall(text) if name in points}
        wanted |= {int(code, 16) for code in ESCAPED.findall(text)} | {ord(sign) for sign in PRIVATE.findall(text)}
    return wanted


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
