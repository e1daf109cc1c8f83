"""Look through the built site: nothing is loaded from another host, and every figure has words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from booktools.html_page import IN_MODULE, IN_STYLE, Page

FOREIGN = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
# Most of a page's elements are parts of formulas. Those without an address or a picture need not be read one by one.
FORMULA = re.compile(r"<mjx-container.*?</mjx-container>", re.DOTALL)
WORTH_READING = re.compile(r"//|<img|<svg")


def check_site(site: Path) -> list[str]:
    """All findings, one line each; none for a site that is as it should be."""
    return [f"{path.relative_to(site)}: {finding}" for path, finding in findings(site)]


def findings(site: Path) -> Iterator[tuple[Path, str]]:
    """Pages, and the styles and modules beside them (not inside MathJax and the theme's bundles)."""
    for path in sorted(site.rglob("*.html")):
        if "_static" in path.relative_to(site).parts:
            continue
        page = Page()
        page.feed(without_plain_formulas(path.read_text(encoding="utf-8")))
        yield from ((path, f"loads {one.strip()} from another host") for one in page.loads if FOREIGN.match(one))
        yield from ((path, f"holds {words}") for words in page.mute)
    for path in sorted(site.rglob("*.css")):
        for address in IN_STYLE.findall(path.read_text(encoding="utf-8", errors="replace")):
            yield path, f"loads {address} from another host"
    for path in sorted((site / "_static").glob("*.js")):
        for address in IN_MODULE.findall(path.read_text(encoding="utf-8", errors="replace")):
            yield path, f"imports {address} from another host"


def without_plain_formulas(html: str) -> str:
    """The page without the formulas that can load nothing and hold no picture."""
    return FORMULA.sub(lambda found: found[0] if WORTH_READING.search(found[0]) else "", html)
