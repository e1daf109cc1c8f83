"""Set formulas with MathJax while the book is built: TeX in, HTML out, no browser and no Node.

MathJax comes whole with the package sphinx-mathjax-offline and runs in V8 (mini-racer). A formula becomes the elements
that MathJax would make in the reader's browser, with MathML in them for screen readers. They need a style sheet and
fonts (`style`, `fonts`), and no script.
"""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path
from types import TracebackType
from typing import Any

PARTS = (  # in order of dependence
    "loader.js", "core.js", "adaptors/liteDOM.js", "input/tex-full.js", "output/chtml.js",
    "output/chtml/fonts/tex.js", "a11y/assistive-mml.js",
)  # fmt: skip
FONTS = "formulas"  # the folder of the fonts, beside the style sheet
START = """
const parts = MathJax._;
const adaptor = parts.adaptors.liteAdaptor.liteAdaptor();
parts.a11y["assistive-mml"].AssistiveMmlHandler(parts.handlers.html_ts.RegisterHTMLHandler(adaptor));
const input = new parts.input.tex_ts.TeX({
  packages: ["base", "ams", "newcommand", "boldsymbol", "mathtools", "textmacros"],
  formatError: (_, error) => { throw Error(error.message); },
});
const font = new parts.output.chtml.fonts.tex_ts.TeXFont({ fontURL: "FONTS" });
const output = new parts.output.chtml_ts.CHTML({ font, adaptiveCSS: false });
const page = parts.mathjax.mathjax.document("", { InputJax: input, OutputJax: output });
function typeset(tex, display) {
  try {
    return "+" + adaptor.outerHTML(page.convert(tex, { display }));
  } catch (error) {
    return "-" + error.message;
  }
}
""".replace("FONTS", FONTS)
# What MathJax writes into every formula, and what the style sheet below says once for all.
SPARE = re.compile(r' (?:style="position: relative;"|unselectable="on"|xmlns="[^"]*"|data-mjx-[\w-]+="[^"]*")')
STYLE = """
/* As large as the text around it: in a browser, MathJax measures this. */
mjx-container { position: relative; font-size: calc(1ex / 0.442); }
"""


class FormulaError(ValueError):
    """A formula that MathJax cannot read; the message says why."""


class Typesetter:
    """MathJax in a V8 of its own, started by the first formula. `close` it, or use it as a context."""

    def __init__(self) -> None:
        self._engine: Any = None

    def __enter__(self) -> Typesetter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def html(self, tex: str, display: bool) -> str:
        """The formula as HTML. Raises FormulaError for TeX that MathJax does not understand."""
        found: str = self._run(f"typeset({json.dumps(tex)}, {json.dumps(display)})")
        if found.startswith("-"):
            raise FormulaError(found[1:])
        return SPARE.sub("", found[1:])

    def style(self) -> str:
        """The style sheet for all formulas that there can be."""
        return self._run("adaptor.textContent(output.styleSheet(page))") + STYLE

    def close(self) -> None:
        """End the engine: a V8 left open can keep Python from ending."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def _run(self, script: str) -> str:
        if self._engine is None:
            self._engine = start()
        return str(self._engine.eval(script))


def start() -> Any:
    """A V8 that has read MathJax."""
    from py_mini_racer import MiniRacer  # 80 MB, and a build with a full cache needs none of it

    engine = MiniRacer()
    engine.eval("globalThis.MathJax = { loader: { load: [] } };")
    for name in PARTS:
        engine.eval((mathjax() / name).read_text(encoding="utf-8") + "\n;0")
    engine.eval(START + "0;")
    return engine


def mathjax() -> Path:
    """The folder of MathJax, as its makers ship it."""
    package = distribution("sphinx-mathjax-offline")
    return Path(str(package.locate_file("sphinx-mathjax-offline/static/mathjax")))


def fonts() -> list[Path]:
    """MathJax's fonts."""
    return sorted((mathjax() / "output/chtml/fonts/woff-v2").glob("*.woff"))
