"""*Cite this page*, folded at the foot of every page: a line of text and a BibTeX entry, from CITATION.cff."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import yaml
from docutils import nodes
from sphinx.application import Sphinx

from booktools.ext.plain_formulas import plain

BOX = """
<details class="cite-page">
<summary>Cite this page</summary>
<p>{line}</p>
<div class="highlight-bibtex notranslate">{entry}</div>
</details>
"""


def read_citation(source: Path) -> dict[str, Any] | None:
    """What CITATION.cff says; None for a book without one."""
    path = source / "CITATION.cff"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None


def place_of(app: Sphinx, page: str) -> str:
    """"Chapter 3 of ", "Appendix of "; nothing for the first page, which stands for the book."""
    number = ".".join(map(str, app.env.toc_secnumbers.get(page, {}).get("", ())))
    if page == app.config.root_doc:
        return ""
    return f"Chapter {number} of " if number else "Appendix of "


def cited(app: Sphinx, page: str, citation: dict[str, Any]) -> dict[str, str]:
    """The parts of a citation of one page."""
    book = f"{citation['title']}, version {citation['version']}"
    place = place_of(app, page)
    return {
        "author": " and ".join(one["name"] for one in citation["authors"]),
        "year": app.config.copyright,
        "title": plain(app.env.titles[page].astext()) if place else citation["title"],
        "note": f"{place}{book}" if place else f"Version {citation['version']}",
        "url": urljoin(app.config.html_baseurl, app.builder.get_target_uri(page)),
    }


def bibtex(page: str, parts: dict[str, str]) -> str:
    """A BibTeX entry; double braces keep names and capitals as they are."""
    braced = {key: f"{{{value}}}" if key in ("author", "title") else value for key, value in parts.items()}
    fields = "\n".join(f"  {key} = {{{value}}}," for key, value in braced.items())
    return f"@misc{{echolimit-{page.split('/')[-1]},\n{fields}\n}}\n"


def add_box(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Append the box to the page."""
    citation = read_citation(Path(app.srcdir))
    if doctree is None or citation is None:
        return
    parts = cited(app, page, citation)
    line = "{author} ({year}). {title}. {note}. ".format_map({k: html.escape(v) for k, v in parts.items()})
    link = f'<a href="{html.escape(parts["url"])}">{html.escape(parts["url"])}</a>'
    entry = app.builder.highlighter.highlight_block(bibtex(page, parts), "bibtex")
    context["body"] += BOX.format(line=line + link, entry=entry)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_box, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
