"""axe-core finds nothing to mend on any page, on a desk in light and on a phone in dark."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

# axe-core itself, as the package ships it; its own driver is not needed.
AXE = Path(next(iter(find_spec("axe_playwright_python").submodule_search_locations))) / "axe.min.js"
# Formulas are MathJax's markup, with MathML beside it for those who listen: thousands of elements, in which axe would
# spend minutes. One word stands in for each. The drawings' words stand around them.
RUN = """async () => {
  for (const formula of document.querySelectorAll("mjx-container")) formula.replaceWith("formula");
  const found = await axe.run({ exclude: [["svg"]] }, { resultTypes: ["violations"] });
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")} (${node.any.concat(node.all)[0]?.message ?? ""})`));
}"""


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
    """The look itself can fail: a picture without words, a button without a name."""
    page = visit("search.html").page
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\"><button></button>')")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    assert {"image-alt", "button-name"} <= {line.split(":")[0] for line in page.evaluate(RUN)}
