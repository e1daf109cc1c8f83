"""axe-core finds nothing to mend on any page, on a desk in light and on a phone in dark."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

# axe-core itself, as the package ships it; its own driver is not needed.
AXE = Path(next(iter(find_spec("axe_playwright_python").submodule_search_locations))) / "axe.min.js"
# Formulas are MathJax's markup, with MathML beside it for those who listen: thousands of elements, in which axe would
# spend minutes. One word stands in for each. The drawings' words stand around them.
# The contrast of words follows from their kind: element, class, colour, size, and every ground behind them. axe takes
# as long for each of the thousands of words of a page, so it is given two of each kind. All other rules see the page,
# in which the colours of code, spans without any other attribute, are words of their line.
RUN = """async () => {
  for (const formula of document.querySelectorAll("mjx-container")) formula.replaceWith("formula");
  const grounds = new Map([[null, ""]]);
  const ground = (node) => {
    if (!grounds.has(node)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(node);
      const own = [backgroundColor, backgroundImage, opacity, position].join();
      grounds.set(node, `${ground(node.parentElement)}|${own}`);
    }
    return grounds.get(node);
  };
  const has_words = (node) => [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  const kinds = {};
  for (const node of document.querySelectorAll("body *")) {
    if (!has_words(node) && !node.matches("input, select, textarea")) continue;
    const { color, fontSize, fontWeight } = getComputedStyle(node);
    (kinds[[node.tagName, node.className, color, fontSize, fontWeight, ground(node)]] ??= []).push(node);
  }
  const words = Object.values(kinds).flatMap((same) => same.slice(0, 2));
  const contrast = await axe.run({ include: words, exclude: [["svg"]] },
    { resultTypes: ["violations"], runOnly: { type: "rule", values: ["color-contrast"] } });
  for (const span of document.querySelectorAll("pre span")) {
    if (span.getAttributeNames().every((name) => name === "class")) span.replaceWith(...span.childNodes);
  }
  const others = await axe.run({ exclude: [["svg"]] },
    { resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } } });
  return contrast.violations.concat(others.violations).flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")} (${node.any.concat(node.all)[0]?.message ?? ""})`));
}"""
WRONG = """<img src="data:,"><button></button>
  <p class="x">black on white</p> <p class="x">black on white</p> <p class="x">black on white</p>
  <div style="background: #333"><p class="x" id="on-black">black on black</p></div>
  <pre><span class="x">words</span> <span class="y" style="color: #ccc; background: #fff">pale</span></pre>"""


def pages(site: Path) -> list[str]:
    """All pages; without `index.html`, which only forwards to the first one."""
    found = (path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return sorted(name for name in found if not name.startswith("_static/") and name != "index.html")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize(("width", "color_scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing(site: Path, visit, width: int, color_scheme: str) -> None:
    opened = visit("intro.html", width=width, color_scheme=color_scheme)
    found = {}
    for name in pages(site):
        page = opened.open(name).page
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found[name] = page.evaluate(RUN)
    assert {name: lines[:10] for name, lines in found.items() if lines} == {}


@pytest.mark.browser
def test_axe_sees_what_is_wrong(visit) -> None:
    """The look itself can fail: a picture without words, a button without a name, dark words on a dark ground."""
    page = visit("search.html", color_scheme="light").page
    page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", WRONG)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN)
    assert {"image-alt", "button-name"} <= {line.split(":")[0] for line in found}
    contrast = [line for line in found if line.startswith("color-contrast")]
    assert ["on-black" in line or ".y" in line for line in contrast] == [True, True]
