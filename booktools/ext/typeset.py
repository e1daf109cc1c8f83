"""Put finished formulas into the pages: nothing to wait for, nothing that jumps, and they stand without JavaScript.

Measured against MathJax in the reader's browser and KaTeX at build time: see *Measuring* in CONTRIBUTING.md. A formula
that MathJax cannot read is a warning, and so fails the build. Formulas once set are kept in `_build/.formulas`, under a
digest of what set them.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from booktools import typesetting
from booktools.ext import formula_style

logger = logging.getLogger(__name__)


class Formulas:
    """All formulas of one build: those that are kept, and an engine for the others."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / f"{engine()}.json"
        self.kept: dict[str, str] = json.loads(self.file.read_text("utf-8")) if self.file.is_file() else {}
        self.used: dict[str, str] = {}
        self.typesetter = typesetting.Typesetter()

    def html(self, tex: str, display: bool) -> str:
        """One formula, set now or before."""
        key = ("display " if display else "inline ") + tex
        if key not in self.used:
            self.used[key] = self.kept.get(key) or self.typesetter.html(tex, display)
        return self.used[key]

    def style(self) -> str:
        """The style sheet, kept like a formula."""
        self.used["style"] = self.kept.get("style") or self.typesetter.style()
        return self.used["style"]

    def keep(self) -> None:
        """Write down what this build used, and forget the rest."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        for old in self.file.parent.glob("*.json"):
            old.unlink()
        self.file.write_text(json.dumps(self.used), encoding="utf-8")


def engine() -> str:
    """A digest that changes with MathJax and with how it is called."""
    source = Path(typesetting.__file__).read_bytes() + version("sphinx-mathjax-offline").encode()
    return hashlib.sha256(source).hexdigest()[:16]


def begin(app: Sphinx) -> None:
    """Renderers reach the formulas through the application."""
    app.book_formulas = Formulas(Path(app.outdir).parent / ".formulas")


def set_formula(self: Any, node: nodes.Element, tex: str, display: bool) -> str:
    """The formula as HTML; as its TeX where that cannot be read, with a warning that fails the build."""
    try:
        return str(self.builder.app.book_formulas.html(tex, display))
    except typesetting.FormulaError as error:
        logger.warning("formula that MathJax cannot read (%s): %s", error, tex, location=node)
        return str(self.encode(tex))


def display_tex(text: str) -> str:
    """Lines that end in a double backslash stand below each other, and so do parts with an empty line between them."""
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    lines = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    return lines[0] if len(lines) == 1 else r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}"


def visit_inline(self: Any, node: nodes.math) -> None:
    """A formula in the text."""
    html = set_formula(self, node, node.astext(), display=False)
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight") + html + "</span>")
    raise nodes.SkipNode


def visit_display(self: Any, node: nodes.math_block) -> None:
    """A formula on lines of its own, with its number and the link to it."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    tex = node.astext() if node["nowrap"] else display_tex(node.astext())
    self.body.append(set_formula(self, node, tex, display=True) + "</div>\n")
    raise nodes.SkipNode


def finish(app: Sphinx, exception: Exception | None) -> None:
    """After the pages: the style sheet and the fonts of the formulas in them; the engine ends in any case."""
    formulas = app.book_formulas
    try:
        if exception is None and app.builder.format == "html":
            in_pages = list(formulas.used.values())
            digest = formula_style.write(Path(app.outdir) / "_static", formulas.style(), in_pages)
            formula_style.stamp(Path(app.outdir), digest)
            formulas.keep()
    finally:
        formulas.typesetter.close()


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("typeset", (visit_inline, None), (visit_display, None))
    app.connect("builder-inited", begin)
    app.connect("html-page-context", formula_style.link)
    app.connect("build-finished", finish, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
